"""What every store does: whole works or nothing, one view a read, one winner a race."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.store.examples import (
    OTHER_POOL,
    POOL,
    add_pool,
    add_user,
    make_code,
    make_family,
    make_user,
    name_of,
)
from userpool.service.domain.records import Attempts, CodePurpose, SessionUse
from userpool.service.ports import Conflict, Reader, Store, StoreError, Writer


class Refused(Exception):
    """What an operation raises to refuse."""


def test_a_write_returns_what_its_work_returns_and_sees_its_own_changes(store: Store) -> None:
    def work(writer: Writer) -> str:
        writer.add_pool(POOL, ())
        writer.add_user(make_user(1), [name_of(make_user(1))])
        found = writer.user_named(POOL.id, ["user1"])
        return found.username if found else ""

    assert store.write(work) == "user1"


def test_what_raises_changes_nothing(store: Store) -> None:
    def work(writer: Writer) -> None:
        writer.add_pool(POOL, ())
        raise Refused

    with pytest.raises(Refused):
        store.write(work)
    assert store.read(lambda r: r.pool(POOL.id)) is None


def test_a_conflict_undoes_the_rest_of_its_work(store: Store) -> None:
    add_pool(store)

    def work(writer: Writer) -> None:
        writer.add_pool(OTHER_POOL, ())
        writer.add_pool(POOL, ())

    with pytest.raises(Conflict):
        store.write(work)
    assert store.read(lambda r: r.pool(OTHER_POOL.id)) is None


def test_a_read_that_raises_leaves_the_store_usable(store: Store) -> None:
    def work(reader: Reader) -> None:
        raise Refused

    for _ in range(40):  # more than there are connections
        with pytest.raises(Refused):
            store.read(work)
    add_pool(store)
    assert store.read(lambda r: r.pool(POOL.id)) == POOL


def test_a_work_inside_of_a_work_is_refused_and_harms_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError, match="given"):
        store.write(lambda w: store.write(lambda w: w.add_pool(POOL, ())))
    with pytest.raises(RuntimeError, match="given"):
        store.write(lambda w: store.read(lambda r: r.pool(POOL.id)))
    add_pool(store)


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.write(lambda w: w.add_pool(POOL, ()))
    with pytest.raises(StoreError, match="closed"):
        store.read(lambda r: r.pool(POOL.id))
    store.close()


def run_together(works: list[Callable[[], object]]) -> list[object]:
    """Run `works` each in a thread, begun at once; what each returned or raised."""
    barrier = threading.Barrier(len(works))
    outcomes: list[object] = [None] * len(works)

    def run(n: int, work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes[n] = work()
        except Exception as error:
            outcomes[n] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def test_of_many_who_want_a_name_one_gets_it(store: Store) -> None:
    add_pool(store)

    def wanting(n: int) -> Callable[[], object]:
        user = make_user(n)
        return lambda: store.write(lambda w: w.add_user(user, [name_of(user, "ada")]))

    outcomes = run_together([wanting(n) for n in range(8)])
    assert outcomes.count(None) == 1
    assert [error.what for error in outcomes if isinstance(error, Conflict)] == ["name"] * 7
    assert store.read(lambda r: r.count_users(POOL.id)) == 1


def test_of_many_who_change_a_user_as_they_read_it_one_does(store: Store) -> None:
    add_pool(store)
    user = make_user(1)
    add_user(store, user)

    def changing(n: int) -> Callable[[], object]:
        return lambda: store.write(lambda w: w.put_user(replace(user, modified_at=float(n))))

    outcomes = run_together([changing(n) for n in range(8)])
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7
    stored = store.read(lambda r: r.user(POOL.id, user.sub))
    assert stored in outcomes
    assert stored is not None
    assert stored.version == 1


def test_of_many_who_have_the_code_one_uses_it(store: Store) -> None:
    add_pool(store)
    user = make_user(1)
    store.write(lambda w: w.put_code(make_code(user)))

    def use(writer: Writer) -> bool:
        code = writer.code(POOL.id, user.sub, CodePurpose.SIGN_UP)
        if code is None or code.used_at is not None:
            return False
        writer.put_code(replace(code, used_at=5.0))
        return True

    assert sorted(map(bool, run_together([lambda: store.write(use)] * 8))) == [False] * 7 + [True]


def test_of_many_who_have_the_refresh_token_one_rotates_it(store: Store) -> None:
    add_pool(store)
    user = make_user(1)
    store.write(lambda w: w.add_family(make_family(1, user)))

    def rotating(n: int) -> Callable[[], object]:
        def work(writer: Writer) -> bool:
            family = writer.family_by_refresh(b"hash-1")
            if family is None or family.refresh_hash != b"hash-1":
                return False
            new = b"new-%d" % n
            writer.put_family(replace(family, refresh_hash=new, previous_hash=b"hash-1"))
            return True

        return lambda: store.write(work)

    outcomes = run_together([rotating(n) for n in range(8)])
    assert outcomes.count(True) == 1
    assert outcomes.count(False) == 7


def test_no_attempt_of_many_goes_uncounted(store: Store) -> None:
    def charge(writer: Writer) -> int:
        before = writer.attempts("key")
        count = before.count + 1 if before else 1
        writer.put_attempts(Attempts("key", count, 0.0, 0.0, 0.0, 9.0))
        return count

    outcomes = run_together([lambda: [store.write(charge) for _ in range(5)]] * 6)
    counts = [count for outcome in outcomes if isinstance(outcome, list) for count in outcome]
    assert sorted(counts) == list(range(1, 31))


def test_a_read_is_one_view_while_others_write(store: Store) -> None:
    store.write(lambda w: w.put_session_use(SessionUse("a", 0, None, 9.0)))
    store.write(lambda w: w.put_session_use(SessionUse("b", 0, None, 9.0)))
    stop = threading.Event()

    def write_both(n: int) -> None:
        def work(writer: Writer) -> None:
            writer.put_session_use(SessionUse("a", n, None, 9.0))
            writer.put_session_use(SessionUse("b", n, None, 9.0))

        store.write(work)

    def keep_writing() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            write_both(n)

    def look(reader: Reader) -> tuple[int, int]:
        first, second = reader.session_use("a"), reader.session_use("b")
        return (first.attempts if first else -1, second.attempts if second else -1)

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        views = [store.read(look) for _ in range(100)]
    finally:
        stop.set()
        thread.join(60)
    assert all(a == b for a, b in views)
