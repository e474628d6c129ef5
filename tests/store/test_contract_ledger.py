"""What every store does: codes, attempts, sessions, token families, messages, purging."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.examples import (
    CLIENT,
    OTHER_POOL,
    POOL,
    add_belongings,
    add_pool,
    add_user,
    make_code,
    make_family,
    make_message,
    make_user,
)
from userpool.service.domain.records import Attempts, CodePurpose, Message, SessionUse
from userpool.service.ports import Conflict, Store, Writer
from userpool.service.store.writer import PURGED_AT_ONCE

ADA = make_user(1)
BOB = make_user(2)
DAY = 86_400.0


@pytest.fixture
def store(store: Store) -> Store:
    add_pool(store)
    add_user(store, ADA)
    add_user(store, BOB)
    return store


def test_a_code_replaces_the_one_before(store: Store) -> None:
    first = make_code(ADA)
    other = make_code(ADA, CodePurpose.VERIFY_ATTRIBUTE, "email")
    store.write(lambda w: w.put_code(first))
    store.write(lambda w: w.put_code(other))
    assert store.read(lambda r: r.code(POOL.id, ADA.sub, CodePurpose.SIGN_UP)) == first
    second = replace(first, hash=b"other", used_at=5.0)
    store.write(lambda w: w.put_code(second))
    assert store.read(lambda r: r.code(POOL.id, ADA.sub, CodePurpose.SIGN_UP)) == second
    assert store.read(lambda r: r.code(POOL.id, ADA.sub, CodePurpose.VERIFY_ATTRIBUTE, "email")) == other
    assert store.read(lambda r: r.code(POOL.id, ADA.sub, CodePurpose.VERIFY_ATTRIBUTE)) is None
    assert store.read(lambda r: r.code(POOL.id, BOB.sub, CodePurpose.SIGN_UP)) is None


def test_codes_are_deleted_by_purpose_or_all(store: Store) -> None:
    def codes_left() -> list[CodePurpose]:
        return store.read(lambda r: [p for p in CodePurpose if r.code(POOL.id, ADA.sub, p) is not None])

    def add_all(writer: Writer) -> None:
        for purpose in CodePurpose:
            writer.put_code(make_code(ADA, purpose))

    store.write(add_all)
    store.write(lambda w: w.delete_codes(POOL.id, ADA.sub, CodePurpose.SIGN_UP))
    assert codes_left() == [CodePurpose.RESET_PASSWORD, CodePurpose.VERIFY_ATTRIBUTE]
    store.write(lambda w: w.delete_codes(POOL.id, BOB.sub))
    assert len(codes_left()) == 2
    store.write(lambda w: w.delete_codes(POOL.id, ADA.sub))
    assert codes_left() == []


def test_a_code_may_be_for_a_user_that_never_was_but_not_for_a_pool(store: Store) -> None:
    nobody = make_user(99)
    store.write(lambda w: w.put_code(make_code(nobody)))
    assert store.read(lambda r: r.code(POOL.id, nobody.sub, CodePurpose.SIGN_UP)) == make_code(nobody)
    with pytest.raises(Conflict, match="pool"):
        store.write(lambda w: w.put_code(replace(make_code(ADA), pool_id="gone")))


def test_attempts_are_kept_replaced_and_deleted(store: Store) -> None:
    first = Attempts("password:1", 1, 10.0, 11.0, 0.0, 20.0)
    store.write(lambda w: w.put_attempts(first))
    second = replace(first, count=2**31 - 1, locked_until=99.5)
    store.write(lambda w: w.put_attempts(second))
    assert store.read(lambda r: r.attempts(first.key)) == second
    store.write(lambda w: w.delete_attempts(first.key))
    assert store.read(lambda r: r.attempts(first.key)) is None


def test_session_uses_are_kept_and_replaced(store: Store) -> None:
    first = SessionUse("session", 1, None, 20.0)
    store.write(lambda w: w.put_session_use(first))
    assert store.read(lambda r: r.session_use("session")) == first
    used = replace(first, attempts=2, consumed_at=3.0)
    store.write(lambda w: w.put_session_use(used))
    assert store.read(lambda r: r.session_use("session")) == used
    assert store.read(lambda r: r.session_use("another")) is None


def test_a_family_is_found_by_its_current_and_its_previous_token(store: Store) -> None:
    family = make_family(1, ADA, event_id="event", scope="a b")
    store.write(lambda w: w.add_family(family))
    assert store.read(lambda r: r.family("jti-1")) == family
    assert store.read(lambda r: r.family_by_refresh(b"hash-1")) == family
    rotated = replace(family, refresh_hash=b"new", previous_hash=b"hash-1", rotated_at=5.0)
    store.write(lambda w: w.put_family(rotated))
    assert store.read(lambda r: r.family_by_refresh(b"new")) == rotated
    assert store.read(lambda r: r.family_by_refresh(b"hash-1")) == rotated
    assert store.read(lambda r: r.family_by_refresh(b"older")) is None


def test_what_an_access_token_names_is_found_at_once(store: Store) -> None:
    family, gone = make_family(1, ADA), make_user(99)
    store.write(lambda w: w.add_client(CLIENT))
    store.write(lambda w: w.add_family(family))

    def facts(pool_id: str, client_id: str, sub: str, origin_jti: str) -> object:
        return store.read(lambda r: r.token_facts(pool_id, client_id, sub, origin_jti))

    assert facts(POOL.id, CLIENT.id, ADA.sub, "jti-1") == (POOL, CLIENT, ADA, family)
    assert facts(POOL.id, CLIENT.id, BOB.sub, "jti-1") == (POOL, CLIENT, BOB, family)
    assert facts(POOL.id, CLIENT.id, ADA.sub, "jti-2") == (POOL, CLIENT, ADA, None)
    assert facts(POOL.id, CLIENT.id, gone.sub, "jti-1") == (POOL, CLIENT, None, family)
    assert facts(POOL.id, "another", ADA.sub, "jti-1") is None
    assert facts(OTHER_POOL.id, CLIENT.id, ADA.sub, "jti-1") is None


def test_families_are_added_once_and_only_known_ones_replaced(store: Store) -> None:
    store.write(lambda w: w.add_family(make_family(1, ADA)))
    with pytest.raises(Conflict, match="family"):
        store.write(lambda w: w.add_family(make_family(1, BOB)))
    with pytest.raises(Conflict, match="family"):
        store.write(lambda w: w.put_family(make_family(2, ADA)))
    with pytest.raises(Conflict, match="pool"):
        store.write(lambda w: w.add_family(replace(make_family(3, ADA), pool_id="gone")))


def test_all_families_of_a_user_are_revoked_once(store: Store) -> None:
    for n, user in enumerate((ADA, ADA, BOB)):
        add_belongings(store, n, user)
    store.write(lambda w: w.put_family(make_family(1, ADA, revoked_at=3.0)))
    store.write(lambda w: w.revoke_families(POOL.id, ADA.sub, 7.0))
    revoked = [store.read(lambda r: r.family("jti-0")), store.read(lambda r: r.family("jti-1"))]
    assert [family and family.revoked_at for family in revoked] == [7.0, 3.0]
    assert store.read(lambda r: r.family("jti-2")) == make_family(2, BOB)


def test_messages_come_in_the_order_of_arrival(store: Store) -> None:
    sent = [make_message(n, user) for n, user in enumerate((ADA, BOB, ADA))]
    sent[1] = replace(sent[1], created_at=0.5)  # the service's clock was put back meanwhile

    def send(message: Message) -> None:
        store.write(lambda w: w.add_message(message))

    for message in sent:
        send(message)
    assert store.read(lambda r: list(r.messages())) == sent
    assert store.read(lambda r: list(r.messages(to=ADA.attributes["email"]))) == [sent[0], sent[2]]
    assert store.read(lambda r: list(r.messages(pool_id=POOL.id))) == sent
    assert store.read(lambda r: list(r.messages(pool_id="other", to=sent[0].to))) == []
    assert store.read(lambda r: list(r.messages(pool_id=POOL.id, to=sent[1].to))) == [sent[1]]
    store.write(lambda w: w.delete_message("message-1"))
    assert store.read(lambda r: list(r.messages())) == [sent[0], sent[2]]
    with pytest.raises(Conflict, match="message"):
        store.write(lambda w: w.add_message(sent[0]))


def test_what_expired_is_purged_and_nothing_else(store: Store) -> None:
    def add(expires_at: float, n: int) -> None:
        user = (ADA, BOB)[n]
        store.write(lambda w: w.put_code(make_code(user, expires_at=expires_at)))
        store.write(lambda w: w.put_attempts(Attempts(f"key-{n}", 1, 0.0, 0.0, 0.0, expires_at)))
        store.write(lambda w: w.put_session_use(SessionUse(f"session-{n}", 1, None, expires_at)))
        store.write(lambda w: w.add_message(make_message(n, user, expires_at=expires_at)))
        store.write(lambda w: w.add_family(make_family(n, user, expires_at=expires_at)))

    add(99.0, 0)
    add(100.0, 1)
    assert store.write(lambda w: w.purge(99.0)) == 0
    assert store.write(lambda w: w.purge(100.0)) == 4
    assert store.write(lambda w: w.purge(100.0)) == 0
    assert store.read(lambda r: r.family("jti-0")) is not None
    assert store.write(lambda w: w.purge(99.5 + DAY)) == 5
    assert store.read(lambda r: r.family("jti-0")) is None
    assert store.read(lambda r: r.family("jti-1")) is not None
    assert store.write(lambda w: w.purge(101.0 + DAY)) == 1
    assert store.read(lambda r: r.user(POOL.id, ADA.sub)) == ADA


def test_purging_is_bounded(store: Store) -> None:
    def add(writer: Writer) -> None:
        for n in range(PURGED_AT_ONCE + 5):
            writer.put_session_use(SessionUse(str(n), 1, None, 1.0))

    store.write(add)
    assert store.write(lambda w: w.purge(2.0)) == PURGED_AT_ONCE
    assert store.write(lambda w: w.purge(2.0)) == 5
    assert store.write(lambda w: w.purge(2.0)) == 0
