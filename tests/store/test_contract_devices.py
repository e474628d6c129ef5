"""What every store does: remembered devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.examples import (
    OTHER_POOL,
    POOL,
    add_pool,
    add_user,
    make_device,
    make_family,
    make_user,
)
from userpool.service.domain.records import Device, Pool, User
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


def add(store: Store, *devices: Device) -> None:
    def work(writer: Writer) -> None:
        for one in devices:
            writer.add_device(one)

    store.write(work)


def found(store: Store, key: str, user: User = ADA, pool: Pool = POOL) -> Device | None:
    return store.read(lambda reader: reader.device(pool.id, user.sub, key))


def test_a_device_is_kept_as_it_is(store: Store) -> None:
    whole = make_device(1, ADA, name="Ada\u2019s \U0001f600\0", remembered=True)
    bare = make_device(2, ADA, name=None, last_ip=None)
    add(store, whole, bare)
    for one in (whole, bare):
        assert found(store, one.key) == one
        assert found(store, one.key, BOB) is None
        assert found(store, one.key, ADA, OTHER_POOL) is None


def test_devices_of_a_user_come_in_pages(store: Store) -> None:
    mine = [make_device(n, ADA) for n in range(5)]
    add(store, *reversed(mine), make_device(2, BOB))
    assert store.read(lambda r: list(r.devices(POOL.id, ADA.sub, limit=3, after=None))) == mine[:3]
    assert store.read(lambda r: list(r.devices(POOL.id, ADA.sub, limit=3, after=mine[2].key))) == mine[3:]
    assert store.read(lambda r: list(r.devices(POOL.id, ADA.sub, limit=3, after=mine[4].key))) == []
    assert store.read(lambda r: list(r.devices(OTHER_POOL.id, ADA.sub, limit=3, after=None))) == []


def test_a_device_is_added_once_and_only_to_a_user_who_exists(store: Store) -> None:
    one = make_device(1, ADA)
    add(store, one, make_device(1, BOB))
    with pytest.raises(Conflict, match="device"):
        add(store, replace(one, name="again"))
    assert found(store, one.key) == one
    with pytest.raises(Conflict, match="user"):
        add(store, make_device(1, make_user(9)))


def test_a_device_is_replaced_while_it_is_there(store: Store) -> None:
    one = make_device(1, ADA)
    with pytest.raises(Conflict, match="device"):
        store.write(lambda w: w.put_device(one))
    add(store, one, make_device(1, BOB))
    changed = replace(one, remembered=True, modified_at=99.0, last_ip=None)
    store.write(lambda w: w.put_device(changed))
    assert found(store, one.key) == changed
    assert found(store, one.key, BOB) == make_device(1, BOB)


def test_a_forgotten_device_is_gone(store: Store) -> None:
    add(store, make_device(1, ADA), make_device(1, BOB))
    for _ in range(2):
        store.write(lambda w: w.delete_device(POOL.id, ADA.sub, make_device(1, ADA).key))
    assert store.read(lambda r: list(r.devices(POOL.id, ADA.sub, limit=9, after=None))) == []
    assert store.read(lambda r: len(r.devices(POOL.id, BOB.sub, limit=9, after=None))) == 1


def test_devices_go_with_their_user_and_their_pool(store: Store) -> None:
    add(store, make_device(1, ADA), make_device(1, BOB))
    store.write(lambda w: w.delete_user(POOL.id, ADA.sub))
    assert store.read(lambda r: list(r.devices(POOL.id, ADA.sub, limit=9, after=None))) == []
    assert store.read(lambda r: len(r.devices(POOL.id, BOB.sub, limit=9, after=None))) == 1
    store.write(lambda w: w.delete_pool(POOL.id))
    assert store.read(lambda r: list(r.devices(POOL.id, BOB.sub, limit=9, after=None))) == []


def test_a_sign_in_has_its_device_until_that_is_forgotten(store: Store) -> None:
    one, two = make_device(1, ADA), make_device(2, ADA)
    add(store, one, two, make_device(1, BOB))
    families = [
        make_family(1, ADA, device_key=one.key),
        make_family(2, ADA, device_key=two.key),
        make_family(3, BOB, device_key=one.key),
    ]

    def keep(writer: Writer) -> None:
        for family in families:
            writer.add_family(family)

    store.write(keep)
    store.write(lambda w: w.delete_device(POOL.id, ADA.sub, one.key))
    left = store.read(lambda r: [r.family(family.origin_jti) for family in families])
    assert left == [replace(families[0], device_key=None), *families[1:]]
