"""Groups of users, through the wire and in the tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import ClientOf, PoolOf, World, claims, together
from userpool.protocol.errors import ServiceError
from userpool.service.operations import groups as operations

ROLE, OTHER_ROLE = (f"arn:aws:iam::000000000000:role/{name}" for name in ("one", "two"))


def make(pool: PoolOf, *names: str, **members: Any) -> None:
    for name in names:
        pool.admin("CreateGroup", GroupName=name, **members)


def join(pool: PoolOf, *names: str, username: str = "ada") -> None:
    for name in names:
        pool.admin("AdminAddUserToGroup", GroupName=name, Username=username)


def groups_of(pool: PoolOf, username: str = "ada") -> list[str]:
    answer = pool.admin("AdminListGroupsForUser", Username=username)
    return [one["GroupName"] for one in answer["Groups"]]


def members(pool: PoolOf, group: str) -> list[str]:
    return [one["Username"] for one in pool.admin("ListUsersInGroup", GroupName=group)["Users"]]


class TestGroups:
    def test_a_group_is_made_and_shown(self, pool: PoolOf, world: World) -> None:
        given = {"GroupName": "Ada’s", "Description": "d", "RoleArn": ROLE, "Precedence": 0}
        made = pool.admin("CreateGroup", **given)["Group"]
        dates = {"CreationDate": world.clock.now(), "LastModifiedDate": world.clock.now()}
        assert made == {**given, **dates, "UserPoolId": pool.id}
        assert pool.admin("GetGroup", GroupName="Ada’s")["Group"] == made
        bare = pool.admin("CreateGroup", GroupName="bare")["Group"]
        assert bare == {"GroupName": "bare", "UserPoolId": pool.id, **dates}

    def test_an_update_keeps_what_it_leaves_out(self, pool: PoolOf, world: World) -> None:
        make(pool, "a", Description="d", RoleArn=ROLE, Precedence=3)
        before = pool.admin("GetGroup", GroupName="a")["Group"]
        world.clock.advance(5)
        changed = pool.admin("UpdateGroup", GroupName="a", Precedence=0, RoleArn=OTHER_ROLE)["Group"]
        assert changed == {
            **before,
            "Precedence": 0,
            "RoleArn": OTHER_ROLE,
            "LastModifiedDate": world.clock.now(),
        }
        assert pool.admin("GetGroup", GroupName="a")["Group"] == changed

    def test_a_name_is_taken_once_a_pool(self, pool: PoolOf, world: World) -> None:
        make(pool, "a")
        error = world.error("CreateGroup", UserPoolId=pool.id, GroupName="a")
        assert error.code == "GroupExistsException"
        make(pool, "A")
        make(world.pool(), "a")

    def test_of_many_who_make_one_group_one_does(self, pool: PoolOf) -> None:
        results = together(8, lambda _: pool.admin("CreateGroup", GroupName="a"))
        refused = [one.code for one in results if isinstance(one, ServiceError)]
        assert refused == ["GroupExistsException"] * 7

    def test_what_is_not_there_is_not_found(self, pool: PoolOf, client: ClientOf, world: World) -> None:
        client.signed_up()
        make(world.pool(), "a")
        operations = {
            "GetGroup": {},
            "UpdateGroup": {},
            "DeleteGroup": {},
            "ListUsersInGroup": {},
            "AdminAddUserToGroup": {"Username": "ada"},
            "AdminRemoveUserFromGroup": {"Username": "ada"},
        }
        for operation, more in operations.items():
            error = world.error(operation, UserPoolId=pool.id, GroupName="a", **more)
            assert (error.code, error.message) == ("ResourceNotFoundException", "Group not found.")
            error = world.error(operation, UserPoolId="us-east-1_none12345", GroupName="a", **more)
            assert error.message == "User pool us-east-1_none12345 does not exist."
        for operation in ("CreateGroup", "ListGroups", "AdminListGroupsForUser"):
            named = {"CreateGroup": {"GroupName": "a"}, "ListGroups": {}}.get(operation, {"Username": "ada"})
            error = world.error(operation, UserPoolId="us-east-1_none12345", **named)
            assert error.code == "ResourceNotFoundException"

    def test_a66_a_pool_has_so_many_groups_and_no_more(
        self, pool: PoolOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "MAX_GROUPS", 3)
        make(pool, "a", "b", "c")
        make(world.pool(), "a")
        error = world.error("CreateGroup", UserPoolId=pool.id, GroupName="d")
        assert error.code == "LimitExceededException"
        pool.admin("DeleteGroup", GroupName="a")
        make(pool, "d")

    def test_groups_come_in_pages(self, pool: PoolOf, world: World) -> None:
        make(pool, "c", "a", "b")
        first = pool.admin("ListGroups", Limit=2)
        assert [one["GroupName"] for one in first["Groups"]] == ["a", "b"]
        second = pool.admin("ListGroups", Limit=2, NextToken=first["NextToken"])
        assert [one["GroupName"] for one in second["Groups"]] == ["c"]
        assert "NextToken" not in second
        for limit in (0, None):
            assert len(pool.admin("ListGroups", Limit=limit)["Groups"]) == 3


class TestMembers:
    def test_users_join_and_leave(self, pool: PoolOf, client: ClientOf) -> None:
        sub = client.signed_up(email="ada@example.com")
        client.signed_up("bob")
        make(pool, "b", "a")
        join(pool, "b", "a", "a")
        join(pool, "b", username="bob")
        assert groups_of(pool) == ["a", "b"]
        assert groups_of(pool, sub) == ["a", "b"]
        assert sorted(members(pool, "b")) == ["ada", "bob"]
        shown = pool.admin("ListUsersInGroup", GroupName="a")["Users"]
        assert shown == pool.admin("ListUsers", Filter='username = "ada"')["Users"]
        pool.admin("AdminRemoveUserFromGroup", GroupName="b", Username="ada")
        pool.admin("AdminRemoveUserFromGroup", GroupName="b", Username="ada")
        assert groups_of(pool) == ["a"]
        assert members(pool, "b") == ["bob"]

    def test_unknown_users(self, pool: PoolOf, world: World) -> None:
        make(pool, "a")
        for operation in ("AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminListGroupsForUser"):
            named = {} if operation == "AdminListGroupsForUser" else {"GroupName": "a"}
            error = world.error(operation, UserPoolId=pool.id, Username="nobody", **named)
            assert error.code == "UserNotFoundException"

    def test_lists_come_in_pages(self, pool: PoolOf, client: ClientOf) -> None:
        make(pool, "a", "b", "c")
        for name in ("ada", "bob", "cyd"):
            client.signed_up(name)
            join(pool, "b", username=name)
        join(pool, "a", "c")
        first = pool.admin("AdminListGroupsForUser", Username="ada", Limit=2)
        second = pool.admin("AdminListGroupsForUser", Username="ada", Limit=2, NextToken=first["NextToken"])
        assert [one["GroupName"] for one in first["Groups"] + second["Groups"]] == ["a", "b", "c"]
        assert "NextToken" not in second
        first = pool.admin("ListUsersInGroup", GroupName="b", Limit=2)
        second = pool.admin("ListUsersInGroup", GroupName="b", Limit=2, NextToken=first["NextToken"])
        assert {one["Username"] for one in first["Users"] + second["Users"]} == {"ada", "bob", "cyd"}
        assert "NextToken" not in second

    def test_a53_a_page_of_one_list_begins_no_other(
        self, pool: PoolOf, client: ClientOf, world: World
    ) -> None:
        make(pool, "a", "b")
        for name in ("ada", "bob"):
            client.signed_up(name)
            join(pool, "a", "b", username=name)
        token = pool.admin("ListUsersInGroup", GroupName="a", Limit=1)["NextToken"]
        other = world.pool()
        make(other, "a")
        for operation, members in (
            ("ListUsersInGroup", {"UserPoolId": pool.id, "GroupName": "b"}),
            ("ListUsersInGroup", {"UserPoolId": other.id, "GroupName": "a"}),
            ("ListGroups", {"UserPoolId": pool.id}),
            ("AdminListGroupsForUser", {"UserPoolId": pool.id, "Username": "ada"}),
        ):
            assert world.error(operation, NextToken=token, **members).code == "InvalidParameterException"

    def test_a66_the_101st_group_of_a_user_is_refused(
        self, pool: PoolOf, client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "MAX_OF_USER", 2)
        client.signed_up()
        make(pool, "a", "b", "c")
        join(pool, "a", "b", "b")
        error = world.error("AdminAddUserToGroup", UserPoolId=pool.id, GroupName="c", Username="ada")
        assert error.code == "InvalidParameterException"
        assert groups_of(pool) == ["a", "b"]

    def test_a69_a_user_of_the_same_name_is_in_none_of_the_groups(
        self, pool: PoolOf, client: ClientOf
    ) -> None:
        make(pool, "a", "b")
        client.signed_up()
        join(pool, "a", "b")
        pool.admin("DeleteGroup", GroupName="b")
        assert groups_of(pool) == ["a"]
        pool.admin("AdminDeleteUser", Username="ada")
        assert members(pool, "a") == []
        client.signed_up()
        assert groups_of(pool) == []
        assert "cognito:groups" not in claims(client.tokens().access)


class TestTokens:
    def test_they_name_groups_by_precedence(self, pool: PoolOf, client: ClientOf) -> None:
        client.signed_up()
        make(pool, "last", RoleArn=OTHER_ROLE)
        make(pool, "second", Precedence=2)
        make(pool, "first", Precedence=1, RoleArn=ROLE)
        join(pool, "last", "second", "first")
        for answer in (client.by_password(), client.by_srp()):
            tokens = client.tokens(answer)
            shown = claims(tokens.id)
            assert shown["cognito:groups"] == ["first", "second", "last"]
            assert shown["cognito:roles"] == [ROLE, OTHER_ROLE]
            assert shown["cognito:preferred_role"] == ROLE
            shown = claims(tokens.access)
            assert shown["cognito:groups"] == ["first", "second", "last"]
            assert not {"cognito:roles", "cognito:preferred_role"} & set(shown)

    def test_who_is_in_no_group_has_no_such_claims(self, pool: PoolOf, client: ClientOf) -> None:
        client.signed_up()
        make(pool, "a", RoleArn=ROLE)
        tokens = client.tokens()
        for token in (tokens.id, tokens.access):
            assert not [name for name in claims(token) if name.startswith("cognito:") and name.endswith("s")]

    @pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "GetTokensFromRefreshToken"])
    def test_a_refresh_sees_what_has_changed(self, pool: PoolOf, client: ClientOf, flow: str) -> None:
        client.signed_up()
        make(pool, "a", "b", RoleArn=ROLE)
        join(pool, "a")
        tokens = client.tokens()

        def refreshed() -> dict[str, Any]:
            if flow == "REFRESH_TOKEN_AUTH":
                answer = client.initiate(flow, REFRESH_TOKEN=str(tokens.refresh))
            else:
                answer = client.call(flow, RefreshToken=tokens.refresh)
            return claims(client.tokens(answer).id)

        assert refreshed()["cognito:groups"] == ["a"]
        join(pool, "b")
        pool.admin("UpdateGroup", GroupName="b", RoleArn=OTHER_ROLE)
        assert refreshed()["cognito:groups"] == ["a", "b"]
        assert "cognito:preferred_role" not in refreshed()
        pool.admin("DeleteGroup", GroupName="a")
        assert refreshed()["cognito:preferred_role"] == OTHER_ROLE
        pool.admin("AdminRemoveUserFromGroup", GroupName="b", Username="ada")
        assert "cognito:groups" not in refreshed()

    def test_they_cost_one_read_of_an_index_whatever_the_number(
        self, pool: PoolOf, client: ClientOf, world: World
    ) -> None:
        """A sign-in has one more view of the store for them; a refresh reads them in the view it has."""
        client.signed_up()
        tokens = client.tokens()

        def counts() -> list[Any]:
            sign_in = world.counted(client.by_password)[1]
            refresh = world.counted(
                lambda: client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
            )[1]
            assert (sign_in["groups_of"], refresh["groups_of"]) == (1, 1)
            assert (refresh["read"], refresh["write"]) == (1, 0)
            return [sign_in, refresh]

        before = counts()
        make(pool, *"abcdefgh")
        join(pool, *"abcdefgh")
        assert counts() == before
