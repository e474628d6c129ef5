"""What every store does: passkeys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.examples import OTHER_POOL, POOL, add_pool, add_user, make_passkey, make_user
from userpool.service.domain.records import Passkey
from userpool.service.ports import Conflict, Store, Writer

ADA = make_user(1)
BOB = make_user(2)


@pytest.fixture
def store(store: Store) -> Store:
    for pool in (POOL, OTHER_POOL):
        add_pool(store, pool)
    add_user(store, ADA)
    add_user(store, BOB)
    return store


def add(store: Store, *passkeys: Passkey) -> None:
    def work(writer: Writer) -> None:
        for one in passkeys:
            writer.add_passkey(one)

    store.write(work)


def test_a_passkey_is_kept_as_it_is(store: Store) -> None:
    whole = make_passkey(
        1,
        ADA,
        sign_count=2**32 - 1,
        friendly_name="Ada\u2019s \U0001f600",
        attachment=None,
        transports=(),
        backup_eligible=False,
    )
    backed_up = make_passkey(2, ADA, backed_up=True)
    add(store, whole, backed_up)
    assert store.read(lambda r: r.passkey(POOL.id, whole.credential_id)) == whole
    assert store.read(lambda r: r.passkey(POOL.id, backed_up.credential_id)) == backed_up
    assert store.read(lambda r: r.passkey(OTHER_POOL.id, whole.credential_id)) is None
    assert store.read(lambda r: r.passkey(POOL.id, b"another")) is None


def test_passkeys_of_a_user_come_oldest_first(store: Store) -> None:
    newest, oldest, same_age = (
        make_passkey(1, ADA, created_at=9.0),
        make_passkey(2, ADA, created_at=3.0),
        make_passkey(3, ADA, created_at=9.0),
    )
    add(store, newest, oldest, same_age, make_passkey(4, BOB))
    assert store.read(lambda r: list(r.passkeys(POOL.id, ADA.sub))) == [oldest, newest, same_age]
    assert store.read(lambda r: list(r.passkeys(OTHER_POOL.id, ADA.sub))) == []


def test_a_credential_id_is_taken_once_a_pool(store: Store) -> None:
    first = make_passkey(1, ADA)
    add(store, first)
    with pytest.raises(Conflict, match="passkey"):
        add(store, replace(make_passkey(1, BOB), credential_id=first.credential_id))
    elsewhere = make_user(1, OTHER_POOL)
    add_user(store, elsewhere)
    add(store, make_passkey(1, elsewhere))
    assert store.read(lambda r: list(r.passkeys(POOL.id, BOB.sub))) == []


def test_a_passkey_belongs_to_a_user_that_is_there(store: Store) -> None:
    with pytest.raises(Conflict, match="user"):
        add(store, make_passkey(1, make_user(99)))


def test_a_passkey_is_replaced_only_where_it_is(store: Store) -> None:
    first = make_passkey(1, ADA)
    add(store, first)
    used = replace(first, sign_count=7, backed_up=True)
    store.write(lambda w: w.put_passkey(used))
    assert store.read(lambda r: r.passkey(POOL.id, first.credential_id)) == used
    store.write(lambda w: w.delete_passkey(POOL.id, first.credential_id))
    with pytest.raises(Conflict, match="passkey"):
        store.write(lambda w: w.put_passkey(used))
    assert store.read(lambda r: r.passkey(POOL.id, first.credential_id)) is None


def test_a69_passkeys_go_with_their_user_and_pool(store: Store) -> None:
    add(store, make_passkey(1, ADA), make_passkey(2, BOB))
    store.write(lambda w: w.delete_user(POOL.id, ADA.sub))
    assert store.read(lambda r: r.passkey(POOL.id, make_passkey(1, ADA).credential_id)) is None
    assert store.read(lambda r: list(r.passkeys(POOL.id, BOB.sub))) == [make_passkey(2, BOB)]
    store.write(lambda w: w.delete_pool(POOL.id))
    assert store.read(lambda r: list(r.passkeys(POOL.id, BOB.sub))) == []
