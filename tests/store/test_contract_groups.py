"""What every store does: groups, who is in them, tracked sessions, resource servers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.examples import OTHER_POOL, POOL, add_pool, add_user, make_family, make_user
from userpool.service.domain.records import Group, Pool, ResourceServer
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


def make_group(name: str, pool: Pool = POOL, **changes: Any) -> Group:
    values: dict[str, Any] = {
        "description": None,
        "role_arn": None,
        "precedence": None,
        "created_at": 1.5,
        "modified_at": 2.5,
    }
    return Group(pool.id, name, **{**values, **changes})


def add(store: Store, *groups: Group) -> None:
    def work(writer: Writer) -> None:
        for one in groups:
            writer.add_group(one)

    store.write(work)


def join(store: Store, group: str, *subs: str) -> None:
    def work(writer: Writer) -> None:
        for sub in subs:
            writer.add_member(POOL.id, sub, group)

    store.write(work)


def found(store: Store, name: str, pool: Pool = POOL) -> Group | None:
    return store.read(lambda r: r.group(pool.id, name))


def groups_of(store: Store, sub: str) -> list[str]:
    return [one.name for one in store.read(lambda r: r.groups_of(POOL.id, sub))]


def members(store: Store, group: str, limit: int = 10, after: str | None = None) -> list[str]:
    return [one.sub for one in store.read(lambda r: r.members(POOL.id, group, limit=limit, after=after))]


def test_a_group_is_kept_as_it_is(store: Store) -> None:
    whole = make_group(
        "Ada’s \U0001f600",
        description="\0 and ❤",
        role_arn="arn:aws:iam::000000000000:role/x",
        precedence=2**31 - 1,
    )
    bare = make_group("bare")
    add(store, whole, bare)
    for one in (whole, bare):
        assert found(store, one.name) == one
        assert found(store, one.name, OTHER_POOL) is None
    changed = replace(whole, description=None, precedence=0, modified_at=9.0)
    store.write(lambda w: w.put_group(changed))
    assert store.read(lambda r: r.group(POOL.id, whole.name)) == changed


def test_groups_come_in_pages_of_their_pool(store: Store) -> None:
    mine = [make_group(name) for name in ("A", "B", "a", "b", "é")]
    add(store, *reversed(mine), make_group("c", OTHER_POOL))
    assert store.read(lambda r: list(r.groups(POOL.id, limit=3, after=None))) == mine[:3]
    assert store.read(lambda r: list(r.groups(POOL.id, limit=3, after="a"))) == mine[3:]
    assert store.read(lambda r: list(r.groups(POOL.id, limit=3, after="é"))) == []


def test_a_store_says_whether_a_pool_has_so_many_groups(store: Store) -> None:
    add(store, make_group("A"), make_group("B"), make_group("C", OTHER_POOL))
    assert store.read(lambda r: [r.has_groups(POOL.id, n) for n in (1, 2, 3)]) == [True, True, False]


def test_a_group_is_added_once_and_only_a_known_one_replaced(store: Store) -> None:
    add(store, make_group("A"))
    with pytest.raises(Conflict, match="group"):
        add(store, make_group("A", precedence=1))
    with pytest.raises(Conflict, match="group"):
        store.write(lambda w: w.put_group(make_group("B")))
    with pytest.raises(Conflict, match="pool"):
        add(store, replace(make_group("A"), pool_id="gone"))
    assert store.read(lambda r: r.group(POOL.id, "A")) == make_group("A")


def test_users_join_and_leave_groups(store: Store) -> None:
    add(store, make_group("b"), make_group("a"), make_group("a", OTHER_POOL))
    join(store, "b", ADA.sub, BOB.sub)
    join(store, "a", ADA.sub)
    join(store, "a", ADA.sub)
    assert groups_of(store, ADA.sub) == ["a", "b"]
    assert groups_of(store, BOB.sub) == ["b"]
    assert store.read(lambda r: r.groups_of(OTHER_POOL.id, ADA.sub)) == []
    store.write(lambda w: w.delete_member(POOL.id, ADA.sub, "b"))
    store.write(lambda w: w.delete_member(POOL.id, ADA.sub, "never joined"))
    assert groups_of(store, ADA.sub) == ["a"]
    assert members(store, "b") == [BOB.sub]


def test_members_come_in_pages(store: Store) -> None:
    users = sorted((make_user(n) for n in range(3, 8)), key=lambda user: user.sub)
    add(store, make_group("a"), make_group("b"))
    for user in users:
        add_user(store, user)
    join(store, "a", *(user.sub for user in reversed(users)))
    join(store, "b", ADA.sub)
    subs = [user.sub for user in users]
    assert members(store, "a", 3) == subs[:3]
    assert members(store, "a", 3, subs[2]) == subs[3:]
    assert store.read(lambda r: list(r.members(POOL.id, "a", limit=1, after=None))) == users[:1]


def test_nobody_joins_what_is_not_there(store: Store) -> None:
    add(store, make_group("a"), make_group("there", OTHER_POOL))
    for group, sub in (("none", ADA.sub), ("there", ADA.sub), ("a", "nobody")):
        with pytest.raises(Conflict, match="member"):
            join(store, group, sub)


def test_what_goes_takes_memberships_with_it(store: Store) -> None:
    add(store, make_group("a"), make_group("b"))
    join(store, "a", ADA.sub, BOB.sub)
    join(store, "b", ADA.sub)
    store.write(lambda w: w.delete_group(POOL.id, "b"))
    assert groups_of(store, ADA.sub) == ["a"]
    assert store.read(lambda r: r.user(POOL.id, ADA.sub)) == ADA
    store.write(lambda w: w.delete_user(POOL.id, ADA.sub))
    assert members(store, "a") == [BOB.sub]
    add_user(store, ADA)
    assert groups_of(store, ADA.sub) == []
    store.write(lambda w: w.add_resource_server(make_server("api")))
    store.write(lambda w: w.delete_pool(POOL.id))
    add_pool(store, POOL)
    assert store.read(lambda r: list(r.groups(POOL.id, limit=5, after=None))) == []
    assert store.read(lambda r: list(r.resource_servers(POOL.id, limit=5, after=None))) == []
    add(store, make_group("a"))
    add_user(store, BOB)
    assert members(store, "a") == []


def make_server(identifier: str, pool: Pool = POOL, **scopes: str) -> ResourceServer:
    return ResourceServer(pool.id, identifier, f"\0{identifier}", scopes)


def test_resource_servers_are_kept_replaced_and_deleted(store: Store) -> None:
    one, two = make_server("https://api.example.com", read="to read \0", write=""), make_server("api")

    def add_all(writer: Writer) -> None:
        for server in (one, two, make_server("api", OTHER_POOL)):
            writer.add_resource_server(server)

    store.write(add_all)
    with pytest.raises(Conflict, match="resource server"):
        store.write(lambda w: w.add_resource_server(replace(two, name="again")))
    assert store.read(lambda r: r.resource_server(POOL.id, one.identifier)) == one
    assert store.read(lambda r: list(r.resource_servers(POOL.id, limit=5, after=None))) == [two, one]
    assert store.read(lambda r: list(r.resource_servers(POOL.id, limit=1, after="api"))) == [one]
    changed = replace(one, scopes={"read": "again"})
    store.write(lambda w: w.put_resource_server(changed))
    assert store.read(lambda r: r.resource_server(POOL.id, one.identifier)) == changed
    store.write(lambda w: w.delete_resource_server(POOL.id, one.identifier))
    assert store.read(lambda r: r.resource_server(POOL.id, one.identifier)) is None
    with pytest.raises(Conflict, match="resource server"):
        store.write(lambda w: w.put_resource_server(changed))


def test_sessions_are_the_tracked_sign_ins_that_are_alive(store: Store) -> None:
    tracked = {"session_id": "tkn1", "last_active_at": 3.0, "ip_address": "::1", "device_type": "Linux"}
    alive = make_family(1, ADA, **tracked)
    others = (
        make_family(2, ADA),
        make_family(3, ADA, session_id="tkn3", revoked_at=5.0),
        make_family(4, ADA, session_id="tkn4", expires_at=50.0),
        make_family(5, BOB, session_id="tkn5"),
    )

    def add_all(writer: Writer) -> None:
        for family in (alive, *others):
            writer.add_family(family)

    store.write(add_all)
    assert store.read(lambda r: list(r.user_sessions(POOL.id, ADA.sub, 50.0))) == [alive]
    assert len(store.read(lambda r: r.user_sessions(POOL.id, ADA.sub, 49.0))) == 2
    assert store.read(lambda r: list(r.user_sessions(OTHER_POOL.id, ADA.sub, 50.0))) == []


def test_a_user_who_is_signed_out_everywhere_has_no_sessions(store: Store) -> None:
    store.write(lambda w: w.add_family(make_family(1, ADA, session_id="tkn1")))
    store.write(lambda w: w.revoke_families(POOL.id, ADA.sub, 7.0))
    assert store.read(lambda r: list(r.user_sessions(POOL.id, ADA.sub, 8.0))) == []
    assert store.read(lambda r: r.family("jti-1")) == make_family(1, ADA, revoked_at=7.0)
