"""What every store does: pools, clients, users, names. Run over memory, file and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.examples import (
    CLIENT,
    KEYS,
    OTHER_POOL,
    POOL,
    add_belongings,
    add_client,
    add_pool,
    add_user,
    full_user,
    make_user,
    name_of,
    named,
)
from userpool.service.domain.records import CodePurpose, LoginName, NameKind, UserStatus
from userpool.service.ports import Conflict, Store


def test_meta_values_are_kept_and_replaced(store: Store) -> None:
    name = "root"
    store.write(lambda w: w.put_meta(name, b"\x00one"))
    assert store.read(lambda r: r.meta(name)) == b"\x00one"
    store.write(lambda w: w.put_meta(name, b""))
    assert store.read(lambda r: r.meta(name)) == b""
    assert store.read(lambda r: r.meta("nothing")) is None


def test_a_pool_comes_back_as_it_was(store: Store) -> None:
    store.write(lambda w: w.add_pool(POOL, KEYS))
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    assert store.read(lambda r: list(r.signing_keys(POOL.id))) == list(KEYS)
    assert store.read(lambda r: r.pool("us-east-1_nothing")) is None
    changed = replace(POOL, name="renamed", settings={"a": [None, True, 1.5, "é"]}, modified_at=9.0)
    store.write(lambda w: w.put_pool(changed))
    assert store.read(lambda r: r.pool(POOL.id)) == changed


def test_pools_and_clients_come_in_pages(store: Store) -> None:
    pools = [replace(OTHER_POOL, id=f"p{n}") for n in range(5)]
    clients = [replace(CLIENT, id=f"c{n}", pool_id="p0") for n in range(5)]
    for pool in reversed(pools):
        add_pool(store, pool)
    for client in reversed(clients):
        add_client(store, client)
    assert store.read(lambda r: list(r.pools(limit=3, after=None))) == pools[:3]
    assert store.read(lambda r: list(r.pools(limit=3, after="p2"))) == pools[3:]
    assert store.read(lambda r: list(r.clients("p0", limit=3, after=None))) == clients[:3]
    assert store.read(lambda r: list(r.clients("p0", limit=3, after="c2"))) == clients[3:]
    assert store.read(lambda r: list(r.clients("p1", limit=3, after=None))) == []


def test_what_exists_is_not_added_and_what_does_not_is_not_replaced(store: Store) -> None:
    with pytest.raises(Conflict, match="pool"):
        store.write(lambda w: w.put_pool(POOL))
    with pytest.raises(Conflict, match="pool"):
        store.write(lambda w: w.add_client(CLIENT))
    with pytest.raises(Conflict, match="pool"):
        add_user(store, make_user(1))
    store.write(lambda w: w.add_pool(POOL, KEYS))
    with pytest.raises(Conflict, match="pool"):
        add_pool(store)
    with pytest.raises(Conflict, match="client"):
        store.write(lambda w: w.put_client(CLIENT))
    store.write(lambda w: w.add_client(CLIENT))
    with pytest.raises(Conflict, match="client"):
        store.write(lambda w: w.add_client(replace(CLIENT, name="again")))
    assert store.read(lambda r: r.client(CLIENT.id)) == CLIENT


def test_a_client_comes_back_as_it_was(store: Store) -> None:
    add_pool(store)
    store.write(lambda w: w.add_client(CLIENT))
    assert store.read(lambda r: r.client(CLIENT.id)) == CLIENT
    changed = replace(CLIENT, secrets=(), settings={}, modified_at=5.0)
    store.write(lambda w: w.put_client(changed))
    assert store.read(lambda r: r.client(CLIENT.id)) == changed
    store.write(lambda w: w.delete_client(CLIENT.id))
    assert store.read(lambda r: r.client(CLIENT.id)) is None


def test_a_user_comes_back_as_it_was(store: Store) -> None:
    add_pool(store)
    user = full_user()
    add_user(store, user)
    assert store.read(lambda r: r.user(POOL.id, user.sub)) == user
    assert store.read(lambda r: r.user(OTHER_POOL.id, user.sub)) is None
    bare = make_user(2)
    add_user(store, bare)
    assert store.read(lambda r: r.user(POOL.id, bare.sub)) == bare
    assert store.read(lambda r: r.count_users(POOL.id)) == 2
    assert store.read(lambda r: r.count_users(OTHER_POOL.id)) == 0


def test_a_user_is_replaced_only_as_it_was_read(store: Store) -> None:
    add_pool(store)
    add_user(store, make_user(1))
    read = store.read(lambda r: r.user(POOL.id, make_user(1).sub))
    assert read is not None
    changed = replace(full_user(), version=read.version)
    stored = store.write(lambda w: w.put_user(changed))
    assert stored == replace(changed, version=read.version + 1)
    assert store.read(lambda r: r.user(POOL.id, read.sub)) == stored
    with pytest.raises(Conflict, match="user"):
        store.write(lambda w: w.put_user(changed))
    again = store.write(lambda w: w.put_user(replace(stored, status=UserStatus.CONFIRMED)))
    assert store.read(lambda r: r.user(POOL.id, read.sub)) == again
    with pytest.raises(Conflict, match="user"):
        store.write(lambda w: w.put_user(make_user(7)))


def test_a_user_is_found_by_the_first_of_its_names(store: Store) -> None:
    add_pool(store)
    add_pool(store, OTHER_POOL)
    one, two = make_user(1), make_user(2)
    add_user(store, one)
    add_user(store, two)
    store.write(lambda w: w.add_name(name_of(one, "ada@example.com", NameKind.EMAIL)))
    for keys, found in (
        (["user1"], one),
        (["ada@example.com"], one),
        (["nobody", "user2", "user1"], two),
        (["user1", "user2"], one),
        (["user1", "ada@example.com"], one),
        (["nobody"], None),
        ([], None),
    ):
        assert named(store, POOL, keys) == found
    assert store.read(lambda r: r.user_named(OTHER_POOL.id, ["user1"])) is None


def test_a_name_is_taken_once(store: Store) -> None:
    add_pool(store)
    one, two = make_user(1), make_user(2)
    add_user(store, one)
    with pytest.raises(Conflict, match="name"):
        store.write(lambda w: w.add_user(two, [name_of(two), name_of(two, "user1")]))
    assert store.read(lambda r: r.user(POOL.id, two.sub)) is None
    assert store.read(lambda r: r.name_owner(POOL.id, "user2")) is None
    add_user(store, two)
    with pytest.raises(Conflict, match="name"):
        store.write(lambda w: w.add_name(name_of(two, "user1")))
    with pytest.raises(Conflict, match="user"):
        store.write(lambda w: w.add_user(one, []))
    with pytest.raises(Conflict, match="user"):
        store.write(lambda w: w.add_name(name_of(make_user(9))))
    assert store.read(lambda r: r.name_owner(POOL.id, "user1")) == name_of(one)


def test_a_user_may_be_given_its_own_name_again(store: Store) -> None:
    add_pool(store)
    one = make_user(1)
    add_user(store, one)
    store.write(lambda w: w.add_name(name_of(one)))
    assert store.read(lambda r: list(r.login_names(POOL.id, one.sub))) == [name_of(one)]


def test_names_are_listed_and_deleted(store: Store) -> None:
    add_pool(store)
    one = make_user(1)
    mail = LoginName(POOL.id, "a@example.com", NameKind.EMAIL, one.sub)
    store.write(lambda w: w.add_user(one, [name_of(one), mail]))
    assert store.read(lambda r: list(r.login_names(POOL.id, one.sub))) == [mail, name_of(one)]
    store.write(lambda w: w.delete_name(POOL.id, mail.key))
    assert store.read(lambda r: list(r.login_names(POOL.id, one.sub))) == [name_of(one)]
    store.write(lambda w: w.delete_name(POOL.id, "nobody's"))


def test_a_very_long_name_is_taken_once_and_found(store: Store) -> None:
    add_pool(store)
    one, two = make_user(1), make_user(2)
    add_user(store, one)
    add_user(store, two)
    long = "é" * 2_000 + "@example.com"
    store.write(lambda w: w.add_name(name_of(one, long, NameKind.EMAIL)))
    store.write(lambda w: w.add_name(name_of(two, long + "x", NameKind.EMAIL)))
    with pytest.raises(Conflict, match="name"):
        store.write(lambda w: w.add_name(name_of(two, long, NameKind.EMAIL)))
    assert store.read(lambda r: r.user_named(POOL.id, [long])) == one
    stored = next(
        n for n in store.read(lambda r: r.login_names(POOL.id, one.sub)) if n.kind is NameKind.EMAIL
    )
    store.write(lambda w: w.delete_name(POOL.id, stored.key))
    assert store.read(lambda r: r.name_owner(POOL.id, long)) is None


def test_a_deleted_user_leaves_nothing_behind(store: Store) -> None:
    add_pool(store)
    one, two = make_user(1), make_user(2)
    for n, user in enumerate((one, two)):
        add_user(store, user)
        add_belongings(store, n, user)
    store.write(lambda w: w.delete_user(POOL.id, one.sub))
    store.write(lambda w: w.delete_user(POOL.id, one.sub))
    assert store.read(lambda r: r.user(POOL.id, one.sub)) is None
    assert store.read(lambda r: r.name_owner(POOL.id, one.username)) is None
    assert store.read(lambda r: r.code(POOL.id, one.sub, CodePurpose.SIGN_UP)) is None
    assert store.read(lambda r: r.family("jti-0")) is None
    assert store.read(lambda r: [m.username for m in r.messages()]) == [two.username]
    assert store.read(lambda r: r.code(POOL.id, two.sub, CodePurpose.SIGN_UP)) is not None
    assert store.read(lambda r: r.family("jti-1")) is not None
    add_user(store, one)


def test_a_deleted_pool_takes_everything_with_it(store: Store) -> None:
    for n, pool in enumerate((POOL, OTHER_POOL)):
        add_pool(store, pool)
        user = make_user(1, pool)
        add_user(store, user)
        add_client(store, replace(CLIENT, id=f"c-{pool.name}", pool_id=pool.id))
        add_belongings(store, n, user)
    store.write(lambda w: w.delete_pool(POOL.id))
    sub = make_user(1).sub
    assert store.read(lambda r: [p.id for p in r.pools(limit=9, after=None)]) == [OTHER_POOL.id]
    assert store.read(lambda r: r.client("c-first")) is None
    assert store.read(lambda r: r.user(POOL.id, sub)) is None
    assert store.read(lambda r: r.name_owner(POOL.id, "user1")) is None
    assert store.read(lambda r: r.code(POOL.id, sub, CodePurpose.SIGN_UP)) is None
    assert store.read(lambda r: r.family("jti-0")) is None
    assert store.read(lambda r: [m.pool_id for m in r.messages()]) == [OTHER_POOL.id]
    assert store.read(lambda r: r.user_named(OTHER_POOL.id, ["user1"])) == make_user(1, OTHER_POOL)
    assert store.read(lambda r: r.family("jti-1")) is not None


def test_reset_empties_the_store_but_for_its_own_values(store: Store) -> None:
    store.write(lambda w: w.put_meta("root", b"key"))
    store.write(lambda w: w.add_pool(POOL, KEYS))
    add_user(store, make_user(1))
    store.reset()
    assert store.read(lambda r: list(r.pools(limit=9, after=None))) == []
    assert store.read(lambda r: r.name_owner(POOL.id, "user1")) is None
    assert store.read(lambda r: r.meta("root")) == b"key"
    store.write(lambda w: w.add_pool(POOL, KEYS))
