"""Keeping a user signed in: one refresh for all, nothing lost, nobody signed out on a doubt."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.helpers import until, wait_until
from tests.client.rotating import Rotating
from userpool import (
    AuthFlow,
    FileStorage,
    MemoryStorage,
    SessionExpired,
    SignedIn,
    SignedOutError,
    StorageError,
    StorageWarning,
    TokenError,
    TransportError,
    User,
    UserPool,
    errors,
)
from userpool.client.held import Held
from userpool.testing.scripted import answer, refusal

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


def test_r05_users_of_the_same_tokens_cause_one_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web back end makes a user for every request."""
    service = Rotating()
    pool, tokens = service.pool(), service.tokens()
    service.advance(LATER)
    service.gate.clear()
    joined: list[str] = []
    board = pool._home.flights._board
    join = board.join

    def watched(key: str) -> tuple[Future[Held], bool]:
        flight = join(key)
        joined.append(key)
        return flight

    monkeypatch.setattr(board, "join", watched)
    with ThreadPoolExecutor(10) as threads:
        asked = [threads.submit(pool.user(**tokens).access_token) for _ in range(10)]
        wait_until(lambda: len(joined) == 10)
        service.gate.set()
        assert len({future.result(10) for future in asked}) == 1
    assert service.refreshes == 1


def test_r05_on_failure_all_get_the_same_error() -> None:
    service = Rotating()
    user = sign_in(service.pool())
    service.advance(LATER)
    service.instead = [TransportError("the line is cut")]
    service.gate.clear()

    def ask() -> BaseException:
        with pytest.raises(TransportError) as caught:
            user.access_token()
        return caught.value

    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(ask) for _ in range(5)]
        wait_until(lambda: all(future.running() for future in asked))
        service.instead = [TransportError("the line is cut")] * 5
        service.gate.set()
        failures = {str(future.result(10)) for future in asked}
    assert failures == {"the line is cut"}
    service.instead = []
    assert user.access_token(), "nobody was signed out"


@pytest.mark.parametrize(
    "doubt",
    [
        TransportError("no network"),
        refusal("InternalErrorException", status=500),
        refusal("NotAuthorizedException", "Something new"),
        refusal("NotAuthorizedException", "User is disabled."),
        refusal("PasswordResetRequiredException"),
        refusal("ResourceNotFoundException"),
        answer({}),
    ],
)
def test_a_doubt_signs_nobody_out(doubt: Exception) -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    service.advance(LATER)
    service.instead = [doubt]
    with pytest.raises(errors.UserPoolError) as caught:
        user.access_token()
    assert not isinstance(caught.value, SignedOutError)
    assert pool.current_user() is not None
    assert user.access_token()


@pytest.mark.parametrize(
    "refused",
    [
        DEAD,
        refusal("NotAuthorizedException", "Invalid Refresh Token"),
        refusal("NotAuthorizedException", "Refresh Token has expired"),
        refusal("RefreshTokenReuseException"),
        refusal("UserNotFoundException", "User does not exist."),
    ],
)
def test_r01_a_definite_answer_ends_the_session(refused: Exception) -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    service.advance(LATER)
    service.instead = [refused]
    with pytest.raises(SessionExpired, match="sign in again"):
        user.access_token()
    assert pool.current_user() is None
    assert storage.keys() == []
    with pytest.raises(SignedOutError):
        user.access_token()


def test_r01_only_the_dead_token_is_cleared() -> None:
    """Meanwhile the same user has signed in anew, in another process."""
    service, storage = Rotating(), MemoryStorage()
    first = sign_in(service.pool(storage=storage))
    unaware = first._session._held
    second = sign_in(service.pool(storage=storage))
    first._session._stored = False
    service.advance(LATER)
    service.instead = [DEAD]
    with pytest.raises(SessionExpired):
        first.access_token()
    assert unaware.tokens.refresh_token != second._session._held.tokens.refresh_token
    assert service.pool(storage=storage).current_user() is not None


def test_r03_the_new_refresh_token_is_stored_before_the_access_token_is_given() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    service.advance(LATER)
    seen: list[bytes] = []
    save = storage.save

    def watched(key: str, data: bytes) -> None:
        seen.append(data)
        save(key, data)

    storage.save = watched  # type: ignore[method-assign]  # a storage that is watched
    tokens = user.tokens()
    assert any((tokens.refresh_token or "").encode() in data for data in seen)
    found = pool.current_user()
    assert found is not None
    assert found.tokens() == tokens


def test_r04_another_process_s_token_is_used_once() -> None:
    """The record changes between the first look and the refusal: whoever wrote it did not ask for the
    lock.
    """
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    service.advance(LATER)
    record = storage.load(pool._home.keys.user("ada"))
    assert record is not None
    newer = service.tokens()
    load, looks = storage.load, 0

    def changing(key: str) -> bytes | None:
        nonlocal looks
        looks += 1
        data = load(key)
        if looks > 1 and data is not None:
            old = user._session._held.tokens.refresh_token or ""
            return data.replace(old.encode(), newer["refresh_token"].encode())
        return data

    storage.load = changing  # type: ignore[method-assign]  # a storage that changes under our hands
    service.alive.discard(user._session._held.tokens.refresh_token or "")
    assert user.access_token()
    assert service.operations.count("GetTokensFromRefreshToken") == 2


def test_r04_and_only_once() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = sign_in(service.pool(storage=storage))
    service.advance(LATER)
    service.instead = [DEAD, DEAD]
    with pytest.raises(SessionExpired):
        user.access_token()
    assert service.operations.count("GetTokensFromRefreshToken") == 1


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


def test_s08_a_lock_that_is_held_for_ever_is_a_typed_error(tmp_path: Path) -> None:
    service = Rotating()
    pool = service.pool(storage=FileStorage(tmp_path), deadline=0.01)
    user = sign_in(pool)
    service.advance(LATER)
    with (
        FileStorage(tmp_path).lock(pool._home.keys.user("ada"), 1),
        pytest.raises(StorageError, match="in use"),
    ):
        user.access_token()
    assert service.refreshes == 0
    assert user.access_token()


def test_r08_another_user_s_tokens_are_refused_and_the_old_ones_kept() -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    held = user._session.held
    service.advance(LATER)
    service.sub = "sub-eve"
    with pytest.raises(TokenError, match="another user's"):
        user.access_token()
    assert user._session.held is held


def test_r09_the_token_s_own_expiry_decides() -> None:
    """`ExpiresIn` of this service is -1."""
    service = Rotating()
    user = sign_in(service.pool())
    for _ in range(3):
        user.access_token()
    assert service.refreshes == 0
    dead = Rotating(life=-5)
    user = sign_in(dead.pool())
    for _ in range(9):
        user.access_token()
        dead.advance(1)
    assert dead.refreshes <= 2


@pytest.mark.parametrize("step", [86400, -86400])
def test_r10_a_stepping_clock_causes_one_refresh_at_most(step: int) -> None:
    service = Rotating()
    user = sign_in(service.pool())
    service.now += step
    for _ in range(5):
        user.access_token()
    assert service.refreshes <= 1


def test_a_machine_with_a_wrong_clock_stays_signed_in() -> None:
    service = Rotating()
    service.behind = 86400.0
    user = sign_in(service.pool())
    user.access_token()
    assert service.refreshes == 0
    service.advance(LATER)
    user.access_token()
    user.access_token()
    assert service.refreshes == 1


class Failing(MemoryStorage):
    """A disk that is full while `full` is true."""

    full = False

    def save(self, key: str, data: bytes) -> None:
        if self.full:
            raise StorageError("The disk is full: make room.")
        super().save(key, data)


def test_r11_a_full_disk_leaves_the_session_alive() -> None:
    service, storage = Rotating(), Failing()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    storage.full = True
    service.advance(LATER)
    with pytest.warns(StorageWarning, match="The disk is full"):
        tokens = user.tokens()
    with pytest.warns(StorageWarning):
        assert user.tokens() == tokens, "it is tried again"
    service.advance(LATER)
    with pytest.warns(StorageWarning):
        assert user.tokens() != tokens, "the record on the disk is not taken for newer"
    storage.full = False
    tokens = user.tokens()
    found = pool.current_user()
    assert found is not None
    assert found.tokens() == tokens


def test_a_full_disk_does_not_stop_a_sign_in() -> None:
    service, storage = Rotating(), Failing()
    storage.full = True
    with pytest.warns(StorageWarning):
        user = sign_in(service.pool(storage=storage))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StorageWarning)
        assert user.access_token()


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
    assert pool.current_user() is None
    assert storage.keys() == []


def test_a_sign_out_elsewhere_is_seen() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = sign_in(service.pool(storage=storage))
    other = service.pool(storage=storage).current_user()
    assert other is not None
    user.sign_out()
    service.advance(LATER)
    with pytest.raises(SignedOutError, match="elsewhere"):
        other.access_token()
    assert storage.keys() == []


def test_a_sign_out_without_network_is_a_sign_out() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = sign_in(service.pool(storage=storage))
    service.instead = [TransportError("no network")] * 4
    result = user.sign_out()
    assert not result.revoked
    assert isinstance(result.error, TransportError)
    assert storage.keys() == []


def test_a_refresh_that_was_asked_for_is_shared_too() -> None:
    service = Rotating()
    user = sign_in(service.pool())
    before = user._session.held
    user.refresh()
    assert user._session.renewed(before) is user._session.held, "somebody has done it already"
    assert service.refreshes == 1


def test_a_record_of_another_version_is_written_anew() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.pool(storage=storage)
    user = sign_in(pool)
    storage.save(pool._home.keys.user("ada"), b'{"version": 99}')
    assert pool.current_user() is None
    service.advance(LATER)
    user.access_token()
    assert pool.current_user() is not None


def test_tokens_that_were_handed_in_are_not_stored() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = service.pool(storage=storage).user(**service.tokens())
    service.advance(LATER)
    assert user.tokens().refresh_token == "refresh-2"
    assert storage.keys() == []
    user.sign_out()
    with pytest.raises(SignedOutError):
        user.tokens()


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
