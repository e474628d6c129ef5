"""Many who ask for the credentials of one identity at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.identity import test_identity_async as tasks
from tests.identity import test_identity_sync as threads


async def test_i09_tasks_get_one_answer() -> None:
    desk = tasks.Desk(tasks.found(), tasks.credentials())
    identity = desk.pool.of_provider("ada", tasks.google)
    held = await asyncio.gather(*(identity.credentials() for _ in range(20)))
    assert {each.access_key_id for each in held} == {"ASIA1"}
    assert desk.transport.remaining == 0


def test_i09_threads_get_one_answer() -> None:
    desk = threads.Desk(threads.found(), threads.credentials())
    identity = desk.pool.of_provider("ada", threads.google)
    with ThreadPoolExecutor(20) as many:
        held = list(many.map(lambda _: identity.credentials(), range(20)))
    assert {each.access_key_id for each in held} == {"ASIA1"}
    assert desk.transport.remaining == 0


async def test_i09_whoever_is_cancelled_takes_nobody_along() -> None:
    asked = asyncio.Event()

    async def slow() -> Mapping[str, str]:
        asked.set()
        await asyncio.sleep(0)
        return await tasks.google()

    desk = tasks.Desk(tasks.found(), tasks.credentials())
    identity = desk.pool.of_provider("ada", slow)
    first, second = (asyncio.ensure_future(identity.credentials()) for _ in range(2))
    await asked.wait()
    first.cancel()
    assert (await second).access_key_id == "ASIA1"
