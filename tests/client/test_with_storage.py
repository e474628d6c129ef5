"""One pool for many requests, each with a storage of its own."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tests.client.helpers import PASSWORD
from userpool import AsyncUserPool, CookieStorage, MemoryStorage, ParameterError, SignedIn, UserPool
from userpool.storage.threads import ThreadedStorage

KEY = os.urandom(32)


async def test_k04_parallel_requests_of_one_browser_share_a_refresh() -> None:
    async with AsyncUserPool.embedded() as pool:
        await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        await pool.confirm_sign_up("ada", pool.outbox.code())
        first = CookieStorage({}, KEY)
        step = await pool.with_storage(first).sign_in("ada", PASSWORD)
        assert isinstance(step, SignedIn)
        old = (await step.user.tokens()).access_token
        browser = {cookie.name: cookie.value for cookie in first.changes()}
        pool.clock.advance(3600)

        requests = [CookieStorage(browser, KEY) for _ in range(5)]

        async def serve(storage: CookieStorage) -> str:
            user = await pool.with_storage(storage).current_user()
            assert user is not None
            return await user.access_token()

        new = await asyncio.gather(*(serve(storage) for storage in requests))
        assert len({old, *new}) == 2
        for storage in requests:
            after = {**browser, **{cookie.name: cookie.value for cookie in storage.changes()}}
            assert await serve(CookieStorage(after, KEY)) == new[0]


def test_a_view_shares_nothing_that_is_a_users_and_closes_nothing() -> None:
    with UserPool.embedded() as pool:
        pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        pool.confirm_sign_up("ada", pool.outbox.code())
        kept = MemoryStorage()
        with pool.with_storage(kept) as view:
            assert isinstance(view.sign_in("ada", PASSWORD), SignedIn)
            assert pool.current_user() is None
            assert pool.with_storage(MemoryStorage()).current_user() is None
        again = pool.with_storage(kept).current_user()
        assert again is not None
        assert again.get_user().username == "ada"


async def test_what_is_no_storage_is_refused_with_what_is_one() -> None:
    folder: Any = "tokens"
    empty: Any = {}
    for wrong in (folder, empty):
        pool = UserPool("us-east-1_aB12cDe34", "client", storage=wrong)
        with pytest.raises(ParameterError, match=r"FileStorage\('tokens'\), not (str|dict)"):
            pool.current_user()
        async with AsyncUserPool("us-east-1_aB12cDe34", "client", storage=wrong) as later:
            with pytest.raises(ParameterError, match=r"FileStorage\('tokens'\), not (str|dict)"):
                await later.current_user()
    waiting: Any = ThreadedStorage(MemoryStorage())
    pool = UserPool("us-east-1_aB12cDe34", "client", storage=waiting)
    with pytest.raises(ParameterError, match="AsyncUserPool"):
        pool.current_user()


def test_a_storage_that_counts_as_false_is_used_all_the_same() -> None:
    class Counted(MemoryStorage):
        def __len__(self) -> int:
            return len(self.keys())

    storage = Counted()
    with UserPool.embedded(storage=storage) as pool:
        pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        pool.confirm_sign_up("ada", pool.outbox.code())
        assert isinstance(pool.sign_in("ada", PASSWORD), SignedIn)
        assert len(storage) > 0
