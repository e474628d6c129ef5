"""Keeping a user signed in: one refresh for all, nothing lost, nobody signed out on a doubt."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.helpers import until, wait_until, watch_joins
from tests.client.rotating import Rotating
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    FileStorage,
    MemoryStorage,
    SignedIn,
    SignedOutError,
    TransportError,
    User,
    UserPool,
)
from userpool.testing.scripted import refusal

DEAD = refusal("NotAuthorizedException", "Refresh Token has been revoked")
LATER = 4000


def sign_in(pool: UserPool) -> User:
    step = pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


def test_r05_fifty_threads_cause_one_refresh() -> None:
    service = Rotating()
    user = sign_in(service.pool())
    service.advance(LATER)
    service.gate.clear()
    with ThreadPoolExecutor(50) as threads:
        asked = [threads.submit(user.access_token) for _ in range(50)]
        assert service.arrived.wait(10)
        service.gate.set()
        assert len({future.result(10) for future in asked}) == 1
    assert service.refreshes == 1


async def test_r05_fifty_tasks_cause_one_refresh() -> None:
    service = Rotating()
    step = await service.async_pool().sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    service.advance(LATER)
    tokens = await asyncio.gather(*(step.user.access_token() for _ in range(50)))
    assert (len(set(tokens)), service.refreshes) == (1, 1)


def test_r05_users_of_the_same_tokens_cause_one_refresh() -> None:
    """A web back end makes a user for every request."""
    service = Rotating()
    pool, tokens = service.pool(), service.tokens()
    service.advance(LATER)
    service.gate.clear()
    joined = watch_joins(pool._home.flights._board)
    with ThreadPoolExecutor(10) as threads:
        asked = [threads.submit(pool.user(**tokens).access_token) for _ in range(10)]
        wait_until(lambda: len(joined) == 10)
        service.gate.set()
        assert len({future.result(10) for future in asked}) == 1
    assert service.refreshes == 1


def test_r05_what_another_object_has_refreshed_is_stored_too() -> None:
    """Tokens of a stored user were also handed in, and that object is the first to find them old."""
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    tokens = user.tokens()
    copy = pool.user(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    service.advance(LATER)
    service.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(copy.access_token)
        assert service.arrived.wait(10)
        joined = watch_joins(pool._home.flights._board)
        second = threads.submit(user.access_token)
        wait_until(lambda: len(joined) == 1)
        service.gate.set()
        assert first.result(10) == second.result(10)
    assert service.refreshes == 1
    found = pool.current_user()
    assert found is not None
    assert found.tokens() == user.tokens()


def test_r05_on_failure_all_get_the_same_error() -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    joined = watch_joins(pool._home.flights._board)
    service.advance(LATER)
    service.instead = [TransportError("the line is cut")]
    service.gate.clear()

    def ask() -> BaseException:
        with pytest.raises(TransportError) as caught:
            user.access_token()
        return caught.value

    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(ask) for _ in range(5)]
        wait_until(lambda: len(joined) == 5)
        service.gate.set()
        assert len({id(future.result(10)) for future in asked}) == 1
    assert user.access_token(), "nobody was signed out"


def test_r07_two_processes_cause_one_refresh(tmp_path: Path) -> None:
    service = Rotating()
    first = service.pool(storage=FileStorage(tmp_path))
    user = sign_in(first)
    other = service.pool(storage=FileStorage(tmp_path)).current_user()
    assert other is not None
    service.advance(LATER)
    service.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(user.access_token), threads.submit(other.access_token)]
        assert service.arrived.wait(10)
        service.gate.set()
        assert len({future.result(10) for future in asked}) == 1
    assert service.refreshes == 1


def test_r12_a_late_reply_does_not_bring_the_session_back() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    service.advance(LATER)
    service.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        refreshing = threads.submit(user.access_token)
        assert service.arrived.wait(10)
        leaving = threads.submit(user.sign_out)
        wait_until(lambda: user._session._ended)
        service.gate.set()
        with pytest.raises(SignedOutError, match="meanwhile"):
            refreshing.result(10)
        assert leaving.result(10).revoked
    assert service.revoked == ["refresh-2"], "the late token is the one that is alive"
    assert pool.current_user() is None
    assert storage.keys() == []


async def test_r06_a_cancelled_caller_does_not_lose_the_new_token() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    service.advance(LATER)
    service.gate.clear()
    service.arrived.clear()
    asking = asyncio.create_task(step.user.access_token())
    await until(service.arrived.is_set)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    service.gate.set()
    tokens = await step.user.tokens()
    assert (service.refreshes, tokens.refresh_token) == (1, "refresh-2")
    assert b"refresh-2" in (storage.load(pool._home.keys.user("ada")) or b"")


async def test_c33_a_cancelled_sign_in_leaves_nothing_behind() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    service.gate.clear()
    asking = asyncio.create_task(pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD))
    await until(service.arrived.is_set)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    service.gate.set()
    assert storage.keys() == []
    assert await pool.current_user() is None


async def test_an_asynchronous_storage_is_taken_as_it_is() -> None:
    from userpool.storage.threads import ThreadedStorage

    service, memory = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=ThreadedStorage(memory))
    assert isinstance(await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD), SignedIn)
    assert await pool.current_user() is not None
    assert len(memory.keys()) == 2


@contextmanager
def interrupted(service: Rotating) -> Iterator[None]:
    service.gate.clear()
    yield
    service.gate.set()


def test_threads_do_not_wait_for_each_other_s_users() -> None:
    service = Rotating()
    pool = service.pool()
    slow, quick = pool.user(**service.tokens()), pool.user(**service.tokens())
    service.advance(LATER)
    with interrupted(service):
        thread = threading.Thread(target=slow.access_token)
        thread.start()
        assert service.arrived.wait(10)
        service.now -= LATER
        service.passed -= LATER
        assert quick.access_token()
    thread.join(10)
    assert service.refreshes == 1


async def async_sign_in(pool: AsyncUserPool) -> AsyncUser:
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


async def test_r07_tasks_of_two_pools_cause_one_refresh(tmp_path: Path) -> None:
    service = Rotating()
    user = await async_sign_in(service.async_pool(storage=FileStorage(tmp_path)))
    other = await service.async_pool(storage=FileStorage(tmp_path)).current_user()
    assert other is not None
    service.advance(LATER)
    assert len(set(await asyncio.gather(user.access_token(), other.access_token()))) == 1
    assert service.refreshes == 1


async def test_r05_what_another_object_has_refreshed_is_stored_by_tasks_too() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await async_sign_in(pool)
    tokens = await user.tokens()
    copy = pool.user(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    service.advance(LATER)
    first, second = await asyncio.gather(copy.access_token(), user.access_token())
    assert first == second
    assert service.refreshes == 1
    found = await pool.current_user()
    assert found is not None
    assert await found.tokens() == await user.tokens()


async def test_r12_a_late_reply_does_not_bring_the_session_back_to_tasks() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await async_sign_in(pool)
    service.advance(LATER)
    service.gate.clear()
    service.arrived.clear()
    refreshing = asyncio.create_task(user.access_token())
    await until(service.arrived.is_set)
    leaving = asyncio.create_task(user.sign_out())
    await until(lambda: user._session._ended)
    service.gate.set()
    with pytest.raises(SignedOutError, match="meanwhile"):
        await refreshing
    assert (await leaving).revoked
    assert service.revoked == ["refresh-2"]
    assert storage.keys() == []


@pytest.mark.parametrize("stored", [True, False])
def test_r12_nor_does_what_another_object_has_refreshed(stored: bool) -> None:
    """The user signs out while the answer to somebody else is on its way."""
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    tokens = user.tokens()
    copy = pool.user(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    if not stored:
        user = pool.user(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    service.advance(LATER)
    service.gate.clear()
    service.arrived.clear()
    joined = watch_joins(pool._home.flights._board)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(copy.access_token)
        assert service.arrived.wait(10)
        second = threads.submit(user.access_token)
        wait_until(lambda: len(joined) == 2)
        user._session._ended = True
        service.gate.set()
        assert first.result(10)
        with pytest.raises(SignedOutError):
            second.result(10)
    assert b"refresh-2" not in (storage.load(pool._home.keys.user("ada")) or b"")
