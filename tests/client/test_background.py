"""Tokens that are kept fresh ahead of use, by a thread and by a task."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tests.client.helpers import until, wait_until
from tests.client.rotating import Rotating
from userpool import (
    AsyncBackgroundRefresh,
    AsyncUser,
    AuthFlow,
    BackgroundRefresh,
    ChangeReason,
    FileStorage,
    MemoryStorage,
    ParameterError,
    SessionChange,
    SessionState,
    SignedIn,
    StorageError,
    TransportError,
    User,
    UserPool,
)
from userpool.client import ticking
from userpool.client._async.background import LONGEST, LOOK
from userpool.testing.scripted import refusal

DEAD = refusal("NotAuthorizedException", "Refresh Token has been revoked")
LATER = 3500
"""When a token has 100 seconds left: fresh for a call, and old for who looks ahead."""


class Steps:
    """Lets whoever works in the background go on step by step, in place of real time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.go = threading.Semaphore(0)
        self.stopped = threading.Event()

    def step(self) -> None:
        """One more look, up to the pause after it."""
        before = len(self.pauses)
        self.go.release()
        wait_until(lambda: len(self.pauses) > before)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    found = Steps()

    def pause(ticker: ticking.Ticker, seconds: float) -> bool:
        found.pauses.append(seconds)
        while not found.go.acquire(timeout=0.005):
            if ticker._stopped.is_set():
                return True
        return ticker._stopped.is_set()

    async def apause(ticker: ticking.AsyncTicker, seconds: float) -> bool:
        found.pauses.append(seconds)
        await until(lambda: found.go.acquire(blocking=False))
        return False

    monkeypatch.setattr(ticking.Ticker, "pause", pause)
    monkeypatch.setattr(ticking.AsyncTicker, "pause", apause)
    return found


def runs(keeper: BackgroundRefresh | AsyncBackgroundRefresh) -> bool:
    """Whether it goes on by now; type checkers believe that it stays as it was."""
    return keeper.running


def sign_in(pool: UserPool) -> User:
    step = pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


def test_a_thread_refreshes_ahead_of_use(steps: Steps) -> None:
    service = Rotating()
    user = sign_in(service.pool())
    with user.keep_fresh() as keeper:
        wait_until(lambda: len(steps.pauses) == 1)
        assert service.refreshes == 0
        service.advance(LATER)
        steps.step()
        assert service.refreshes == 1
        asked = len(service.operations)
        user.access_token()
        assert len(service.operations) == asked, "no call has to wait"
        steps.step()
        assert service.refreshes == 1
        assert runs(keeper)
    assert not runs(keeper)
    assert set(steps.pauses) == {LOOK}


async def test_a_task_refreshes_ahead_of_use(steps: Steps) -> None:
    service = Rotating()
    pool = service.async_pool()
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    user: AsyncUser = step.user
    async with user.keep_fresh() as keeper:
        await until(lambda: len(steps.pauses) == 1)
        service.advance(LATER)
        steps.go.release()
        await until(lambda: len(steps.pauses) == 2)
        assert service.refreshes == 1
        assert runs(keeper)
    assert not runs(keeper)
    other = user.keep_fresh()
    await pool.aclose()
    assert not other.running
    await other.stop()


def test_a_doubt_is_quiet_and_tried_again_later_and_later(
    steps: Steps, recwarn: pytest.WarningsRecorder
) -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    changes: list[SessionChange] = []
    pool.on_change(changes.append)
    keeper = user.keep_fresh()
    wait_until(lambda: len(steps.pauses) == 1)
    service.advance(LATER)
    service.instead = [TransportError("no network", sent="maybe")] * 10
    for _ in range(10):
        steps.step()
    assert steps.pauses[1:4] == [2 * LOOK, 4 * LOOK, 8 * LOOK]
    assert max(steps.pauses) <= LONGEST
    service.instead = []
    steps.step()
    assert steps.pauses[-1] == LOOK
    assert [change.reason for change in changes] == [ChangeReason.REFRESH_FAILED, ChangeReason.REFRESHED]
    keeper.stop()
    assert len(recwarn) == 0


def test_it_ends_with_the_session(steps: Steps) -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    keeper = user.keep_fresh()
    wait_until(lambda: len(steps.pauses) == 1)
    service.advance(LATER)
    service.instead = [DEAD]
    steps.go.release()
    wait_until(lambda: not keeper.running)
    assert user.state == SessionState.EXPIRED
    assert pool._keepers == set()

    user = sign_in(pool)
    keeper = user.keep_fresh()
    user.sign_out()
    steps.go.release()
    wait_until(lambda: not keeper.running)


def test_it_ends_with_the_pool_and_not_with_a_view_of_it() -> None:
    service = Rotating()
    pool = service.pool()
    view = pool.with_storage(MemoryStorage())
    keepers = [sign_in(each).keep_fresh() for each in (pool, view)]
    view.close()
    assert all(keeper.running for keeper in keepers)
    pool.close()
    assert not any(keeper.running for keeper in keepers)


def test_a_full_disk_does_not_end_it(steps: Steps) -> None:
    class Full(MemoryStorage):
        full = False

        def save(self, key: str, data: bytes) -> None:
            if self.full:
                raise StorageError("The disk is full: make room.")
            super().save(key, data)

    service, storage = Rotating(), Full()
    user = sign_in(service.pool(storage=storage))
    with user.keep_fresh() as keeper:
        wait_until(lambda: len(steps.pauses) == 1)
        service.advance(LATER)
        storage.full = True
        steps.step()
        storage.full = False
        steps.step()
        assert keeper.running
    assert service.refreshes == 1
    assert b"refresh-2" in (storage.load(storage.keys()[0]) or b"")


def test_of_two_programs_one_refreshes(steps: Steps, tmp_path: Path) -> None:
    service = Rotating()
    pools = [service.pool(storage=FileStorage(tmp_path / "kept")) for _ in range(2)]
    sign_in(pools[0])
    users = [user for pool in pools if (user := pool.current_user())]
    keepers = [user.keep_fresh() for user in users]
    wait_until(lambda: len(steps.pauses) == 2)
    service.advance(LATER)

    def both_have_looked() -> bool:
        steps.go.release()
        return service.refreshes == 1 and users[0].access_claims == users[1].access_claims

    wait_until(both_have_looked)
    for keeper in keepers:
        keeper.stop()
    assert service.refreshes == 1


def test_it_may_be_stopped_from_within(steps: Steps) -> None:
    """By a function that is told of the change, in the very thread that has made it."""
    service = Rotating()
    pool = service.pool()
    keeper = sign_in(pool).keep_fresh()
    wait_until(lambda: len(steps.pauses) == 1)
    pool.on_change(lambda change: keeper.stop())
    service.advance(LATER)
    steps.go.release()
    wait_until(lambda: not keeper.running)
    assert service.refreshes == 1


async def test_a_task_may_be_stopped_from_within(steps: Steps) -> None:
    service = Rotating()
    pool = service.async_pool()
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    keeper = step.user.keep_fresh()

    async def stop(change: SessionChange) -> None:
        await keeper.stop()

    pool.on_change(stop)
    await until(lambda: len(steps.pauses) == 1)
    service.advance(LATER)
    steps.go.release()
    await until(lambda: not pool._keepers)
    assert service.refreshes == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")  # from Python 3.12 on
def test_s15_a_forked_child_goes_on_without(steps: Steps) -> None:
    service = Rotating()
    pool = service.pool()
    user = sign_in(pool)
    keeper = user.keep_fresh()
    wait_until(lambda: len(steps.pauses) == 1)
    pid = os.fork()
    if pid == 0:
        alone = not keeper.running
        keeper.stop()
        service.advance(4000)
        fine = alone and user.access_token() and service.refreshes == 1
        pool.close()
        os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert keeper.running
    pool.close()


def test_what_cannot_be_kept_fresh_is_refused() -> None:
    service = Rotating()
    pool = service.pool()
    with pytest.raises(ParameterError, match="without a refresh token"):
        pool.user(access_token=service.tokens()["access_token"]).keep_fresh()
    for ahead in (0.0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match="above 0"):
            sign_in(pool).keep_fresh(ahead=ahead)


def test_a_real_pause_ends_when_it_is_stopped() -> None:
    ticker = ticking.Ticker()
    ticker.stop()
    assert not ticker.running
    assert not ticker.pause(0)
    ended = threading.Event()

    def work() -> None:
        assert ticker.pause(60)
        ended.set()

    ticker.start(work)
    ticker.stop()
    assert ended.wait(10)


async def test_a_real_pause_of_a_task_ends_when_it_is_stopped() -> None:
    ticker = ticking.AsyncTicker()
    await ticker.stop()
    assert not await ticker.pause(0)

    async def work() -> None:
        await ticker.pause(60)

    ticker.start(work)
    await asyncio.sleep(0)
    assert ticker.running
    await ticker.stop()
    assert not ticker.running
