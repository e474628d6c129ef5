"""The lock of passwords and the quotas, as functions of a counter and the time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.service.domain.lockout import (
    FREE_FAILURES,
    HOUR,
    MAX_LOCK_SECONDS,
    QUIET_SECONDS,
    Quota,
    charge_password,
    charge_quota,
    lock_seconds,
    refund_password,
)
from userpool.service.domain.records import Attempts


def test_the_lock_doubles_to_fifteen_minutes() -> None:
    assert [lock_seconds(failures) for failures in range(1, 18)] == [
        *[0.0] * 4,
        *[2.0**exponent for exponent in range(10)],
        *[900.0] * 3,
    ]
    assert lock_seconds(10**9) == MAX_LOCK_SECONDS


waits = st.lists(st.floats(0, 2000, allow_nan=False), min_size=1, max_size=60)


@given(waits)
def test_no_failure_is_looked_at_during_a_lock(gaps: list[float]) -> None:
    now, attempts = 1000.0, None
    for gap in gaps:
        now += gap
        charged = charge_password(attempts, "key", now)
        if charged is None:
            assert attempts is not None
            assert attempts.count >= FREE_FAILURES
            assert now < attempts.locked_until <= attempts.last_at + MAX_LOCK_SECONDS
            continue
        if attempts is not None and now < attempts.expires_at:
            assert charged.count == attempts.count + 1
        else:
            assert charged.count == 1
        assert charged.locked_until == now + lock_seconds(charged.count)
        attempts = charged


@given(waits)
def test_a_day_brings_few_guesses(gaps: list[float]) -> None:
    """Who tries again as soon as a lock ends gets some hundred guesses in a day."""
    now, attempts, guesses = 0.0, None, 0
    while now < 86_400:
        charged = charge_password(attempts, "key", now)
        assert charged is not None
        guesses += 1
        attempts = charged
        now = max(charged.locked_until, now + gaps[guesses % len(gaps)] % 1)
        if guesses > 200:
            break
    assert guesses <= 120


def test_quiet_time_counts_from_the_end_of_the_lock() -> None:
    attempts = None
    for _ in range(FREE_FAILURES):
        attempts = charge_password(attempts, "key", 100.0)
    assert attempts is not None
    assert attempts.expires_at == 101.0 + QUIET_SECONDS
    later = charge_password(attempts, "key", attempts.expires_at)
    assert later is not None
    assert later.count == 1


def test_a_refund_takes_one_charge_back() -> None:
    assert refund_password(None) is None
    attempts: Attempts | None = None
    history = []
    for number in range(FREE_FAILURES + 1):
        attempts = charge_password(attempts, "key", 100.0 * number)
        history.append(attempts)
    assert attempts is not None
    before, after = history[-2], refund_password(attempts)
    assert before is not None
    assert after is not None
    assert after.count == before.count
    assert after.locked_until == attempts.last_at + lock_seconds(before.count)
    free = refund_password(after)
    assert free is not None
    assert free.locked_until == free.last_at
    first = charge_password(None, "key", 0.0)
    assert refund_password(first) is None


@given(st.integers(1, 20), st.lists(st.floats(0, 4000, allow_nan=False), max_size=80))
def test_a_quota_holds_in_every_window(limit: int, gaps: list[float]) -> None:
    quota, now, attempts = Quota("test", limit), 0.0, None
    taken: list[float] = []
    for gap in gaps:
        now += gap
        charged = charge_quota(quota, attempts, "key", now)
        if charged is None:
            assert attempts is not None
            assert attempts.count == limit
        else:
            attempts = charged
            taken.append(now)
            started = attempts.window_started_at
            assert sum(started <= at < started + HOUR for at in taken) <= limit


@pytest.mark.parametrize("seconds", [0.0, 3599.9])
def test_a_used_up_quota_stays_so_for_the_hour(seconds: float) -> None:
    quota = Quota("test", 1)
    first = charge_quota(quota, None, "key", 0.0)
    assert charge_quota(quota, first, "key", seconds) is None
    again = charge_quota(quota, first, "key", HOUR)
    assert again is not None
    assert again.count == 1
