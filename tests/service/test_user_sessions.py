"""Tracked sessions of users: listed, revoked, evicted, and configured."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.service.world import ROTATING, ClientOf, PoolOf, Tokens, World, claims, together
from userpool.protocol.errors import ServiceError

REVOKED = "Access Token has been revoked"
UNKNOWN = f"tkn{'0' * 25}"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


def track(pool: PoolOf, most: int = 20, tracking: str = "ENABLED") -> dict[str, Any]:
    return pool.admin(
        "SetUserPoolSessionConfiguration",
        UserSessionTracking=tracking,
        TokenSession={"MaxPerUser": most},
    )


@pytest.fixture
def tracked(pool: PoolOf, client: ClientOf) -> ClientOf:
    track(pool)
    client.signed_up()
    return client


def listed(tokens: Tokens) -> list[dict[str, Any]]:
    sessions: list[dict[str, Any]] = tokens.call("ListUserSessions")["Sessions"]
    return sessions


def by_admin(client: ClientOf, username: str = "ada") -> list[dict[str, Any]]:
    sessions: list[dict[str, Any]] = client.pool.admin("AdminListUserSessions", Username=username)["Sessions"]
    return sessions


def current(tokens: Tokens) -> str:
    [one] = [one["SessionId"] for one in listed(tokens) if one["IsCurrentSession"]]
    return str(one)


class TestLists:
    def test_a_sign_in_is_a_session(self, tracked: ClientOf, world: World) -> None:
        world.source_ip, world.user_agent = "192.0.2.7", FIREFOX
        tokens = tracked.tokens(tracked.by_srp())
        now = world.clock.now()
        [session] = listed(tokens)
        assert re.fullmatch("tkn[a-z0-9]{25}", session["SessionId"])
        assert session == {
            "SessionId": session["SessionId"],
            "SessionType": "TOKEN",
            "ClientId": tracked.id,
            "CreateDate": now,
            "LastActiveDate": now,
            "DeviceType": "Firefox on Linux",
            "LastIPAddress": "192.0.2.7",
            "IsCurrentSession": True,
        }
        assert by_admin(tracked) == [{**session, "IsCurrentSession": False}]

    def test_sessions_of_all_clients_are_listed_those_used_last_first(
        self, tracked: ClientOf, world: World
    ) -> None:
        other = tracked.pool.client()
        first = tracked.tokens()
        world.clock.advance(10)
        second = other.tokens()
        assert [one["ClientId"] for one in listed(first)] == [other.id, tracked.id]
        assert [one["IsCurrentSession"] for one in listed(first)] == [False, True]
        assert [one["IsCurrentSession"] for one in listed(second)] == [True, False]
        world.clock.advance(10)
        tracked.call("GetTokensFromRefreshToken", RefreshToken=first.refresh)
        assert [one["ClientId"] for one in listed(second)] == [tracked.id, other.id]
        tracked.pool.admin("DeleteUserPoolClient", ClientId=tracked.id)
        assert [one["ClientId"] for one in listed(second)] == [other.id]

    @pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "GetTokensFromRefreshToken", "rotation"])
    def test_a_refresh_is_its_last_use(self, pool: PoolOf, world: World, flow: str) -> None:
        track(pool)
        client = pool.client(**ROTATING) if flow == "rotation" else pool.client()
        client.signed_up()
        world.source_ip, world.user_agent = "192.0.2.7", FIREFOX
        tokens = client.tokens()
        before = by_admin(client)[0]
        world.clock.advance(60)
        world.source_ip, world.user_agent = "2001:DB8::1", "tool/1"
        if flow == "REFRESH_TOKEN_AUTH":
            client.initiate(flow, REFRESH_TOKEN=str(tokens.refresh))
        else:
            client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        assert by_admin(client) == [
            {
                **before,
                "LastActiveDate": world.clock.now(),
                "LastIPAddress": "2001:db8::1",
                "DeviceType": "tool",
            }
        ]

    @pytest.mark.parametrize(
        ("headers", "wanted"), [({"User-Agent": FIREFOX}, "Firefox on Linux"), ({}, None)]
    )
    def test_an_administrators_server_tells_whose_program_it_is(
        self, tracked: ClientOf, world: World, headers: dict[str, str], wanted: str | None
    ) -> None:
        world.source_ip, world.user_agent = "192.0.2.7", "Boto3/1.34"
        tracked.pool.admin(
            "AdminInitiateAuth",
            ClientId=tracked.id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": "Correct-horse-7"},
            ContextData={
                "IpAddress": "198.51.100.3",
                "ServerName": "example",
                "ServerPath": "/",
                "HttpHeaders": [
                    {"headerName": name, "headerValue": value} for name, value in headers.items()
                ],
            },
        )
        [session] = by_admin(tracked)
        assert session["LastIPAddress"] == "198.51.100.3"
        assert session.get("DeviceType") == wanted

    def test_what_is_over_is_not_listed(self, tracked: ClientOf, world: World) -> None:
        short = tracked.pool.client(RefreshTokenValidity=1, TokenValidityUnits={"RefreshToken": "hours"})
        short.tokens()
        revoked = tracked.tokens()
        tracked.call("RevokeToken", Token=revoked.refresh)
        assert len(by_admin(tracked)) == 1
        world.clock.advance(3600)
        assert by_admin(tracked) == []
        tracked.tokens()
        tracked.tokens().call("GlobalSignOut")
        assert by_admin(tracked) == []
        tracked.tokens()
        tracked.pool.admin("AdminUserGlobalSignOut", Username="ada")
        assert by_admin(tracked) == []
        tracked.tokens()
        tracked.pool.change("ada", tokens_valid_after=world.clock.now() + 1)
        assert by_admin(tracked) == []

    def test_without_tracking_there_are_none_and_nothing_is_kept(
        self, pool: PoolOf, client: ClientOf, world: World
    ) -> None:
        world.source_ip, world.user_agent = "192.0.2.7", FIREFOX
        client.signed_up()
        tokens = client.tokens()
        assert listed(tokens) == by_admin(client) == []
        family = world.service.context.store.read(
            lambda reader: reader.family(claims(tokens.access)["origin_jti"])
        )
        assert family is not None
        assert (family.session_id, family.ip_address, family.device_type) == (None, None, None)
        track(pool)
        client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        assert listed(tokens) == []
        client.tokens()
        assert len(listed(tokens)) == 1
        track(pool, tracking="DISABLED")
        assert listed(tokens) == []
        error = tokens.error("RevokeUserSession", SessionId=UNKNOWN)
        assert error.code == "ResourceNotFoundException"
        track(pool)
        assert len(listed(tokens)) == 1

    def test_a53_sessions_have_one_page(self, tracked: ClientOf, world: World) -> None:
        error = tracked.tokens().error("ListUserSessions", NextToken="made-up")
        assert error.code == "InvalidParameterException"
        error = world.error(
            "AdminListUserSessions", UserPoolId=tracked.pool.id, Username="ada", NextToken="made-up"
        )
        assert error.code == "InvalidParameterException"


class TestRevoking:
    @pytest.mark.parametrize("associated", [None, "NONE", "LINKED"])
    def test_another_session_ends_with_all_its_tokens(
        self, tracked: ClientOf, associated: str | None
    ) -> None:
        here, there = tracked.tokens(), tracked.tokens()
        wanted = current(there)
        here.call("RevokeUserSession", SessionId=wanted, RevokeAssociatedSessions=associated)
        assert there.error("GetUser").message == REVOKED
        error = tracked.error("GetTokensFromRefreshToken", RefreshToken=there.refresh)
        assert error.message == "Refresh Token has been revoked"
        assert here.call("GetUser")
        assert len(listed(here)) == 1
        again = here.error("RevokeUserSession", SessionId=wanted)
        assert again.code == "ResourceNotFoundException"

    def test_the_current_session_cannot_be_revoked_by_itself(self, tracked: ClientOf) -> None:
        tokens = tracked.tokens()
        error = tokens.error("RevokeUserSession", SessionId=current(tokens))
        assert error.code == "InvalidParameterException"
        assert len(listed(tokens)) == 1

    def test_a52_another_users_session_is_not_found(self, tracked: ClientOf, world: World) -> None:
        tracked.signed_up("bob")
        theirs = tracked.tokens(tracked.by_password("bob"))
        mine = tracked.tokens()
        for session in (current(theirs), UNKNOWN, UNKNOWN.replace("tkn", "sso")):
            error = mine.error("RevokeUserSession", SessionId=session)
            assert error.code == "ResourceNotFoundException"
            error = world.error(
                "AdminRevokeUserSession", UserPoolId=tracked.pool.id, Username="ada", SessionId=session
            )
            assert error.code == "ResourceNotFoundException"
        assert theirs.call("GetUser")

    def test_an_administrator_revokes_any(self, tracked: ClientOf) -> None:
        tokens = tracked.tokens()
        tracked.pool.admin("AdminRevokeUserSession", Username="ada", SessionId=current(tokens))
        assert tokens.error("GetUser").message == REVOKED
        assert by_admin(tracked) == []

    def test_unknown_users_and_pools(self, tracked: ClientOf, world: World) -> None:
        pool = tracked.pool.id
        for operation, more in (
            ("AdminListUserSessions", {}),
            ("AdminRevokeUserSession", {"SessionId": UNKNOWN}),
        ):
            error = world.error(operation, UserPoolId=pool, Username="nobody", **more)
            assert error.code == "UserNotFoundException"
            error = world.error(operation, UserPoolId="us-east-1_none12345", Username="ada", **more)
            assert error.code == "ResourceNotFoundException"

    def test_of_many_who_revoke_one_session_one_does(self, tracked: ClientOf) -> None:
        here, there = tracked.tokens(), tracked.tokens()
        wanted = current(there)
        results = together(8, lambda _: here.call("RevokeUserSession", SessionId=wanted))
        assert len([one for one in results if isinstance(one, ServiceError)]) == 7

    def test_changing_the_password_leaves_this_session_alone(self, tracked: ClientOf) -> None:
        here, there = tracked.tokens(), tracked.tokens()
        here.call("ChangePassword", PreviousPassword="Correct-horse-7", ProposedPassword="Battery-staple-8")
        [left] = listed(here)
        assert left["IsCurrentSession"]
        assert there.error("GetUser").message == REVOKED

    def test_revoke_token_takes_the_same_member(self, tracked: ClientOf) -> None:
        tokens = tracked.tokens()
        tracked.call("RevokeToken", Token=tokens.refresh, RevokeAssociatedSessions="LINKED")
        assert by_admin(tracked) == []
        error = tracked.error("RevokeToken", Token=tokens.refresh, RevokeAssociatedSessions="ALL")
        assert error.code == "InvalidParameterException"


class TestEviction:
    def test_the_session_used_least_recently_makes_room(self, pool: PoolOf, world: World) -> None:
        track(pool, 2)
        client = pool.client()
        client.signed_up()
        first = client.tokens()
        world.clock.advance(1)
        second = client.tokens()
        world.clock.advance(1)
        client.call("GetTokensFromRefreshToken", RefreshToken=first.refresh)
        world.clock.advance(1)
        third = client.tokens()
        assert second.error("GetUser").message == REVOKED
        assert {current(first), current(third)} == {one["SessionId"] for one in by_admin(client)}

    def test_a_lower_limit_counts_from_the_next_sign_in(self, pool: PoolOf) -> None:
        track(pool, 5)
        client = pool.client()
        client.signed_up()
        for _ in range(4):
            client.tokens()
        track(pool, 2)
        assert len(by_admin(client)) == 4
        last = client.tokens()
        assert len(listed(last)) == 2

    def test_sign_ins_at_once_never_leave_too_many(self, pool: PoolOf) -> None:
        track(pool, 3)
        client = pool.client()
        client.signed_up()
        results = together(12, lambda _: client.by_password())
        assert not [one for one in results if isinstance(one, ServiceError)]
        assert len(by_admin(client)) == 3

    def test_others_sessions_do_not_count(self, pool: PoolOf) -> None:
        track(pool, 1)
        client = pool.client()
        for name in ("ada", "bob"):
            client.signed_up(name)
            client.by_password(name)
        assert (len(by_admin(client, "ada")), len(by_admin(client, "bob"))) == (1, 1)


class TestConfiguration:
    def test_a_pool_tracks_nothing_by_default(self, pool: PoolOf) -> None:
        default = {
            "UserPoolId": pool.id,
            "UserSessionTracking": "DISABLED",
            "TokenSession": {"MaxPerUser": 20},
        }
        assert pool.admin("GetUserPoolSessionConfiguration") == default
        changed = {**default, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 100}}
        assert track(pool, 100) == changed
        assert pool.admin("GetUserPoolSessionConfiguration") == changed
        pool.admin("UpdateUserPool", AutoVerifiedAttributes=["email"])
        assert pool.admin("GetUserPoolSessionConfiguration") == changed

    @pytest.mark.parametrize("most", [0, 101])
    def test_limits_of_the_limit(self, pool: PoolOf, world: World, most: int) -> None:
        error = world.error(
            "SetUserPoolSessionConfiguration",
            UserPoolId=pool.id,
            UserSessionTracking="ENABLED",
            TokenSession={"MaxPerUser": most},
        )
        assert error.code == "InvalidParameterException"

    def test_a_client_has_its_own(self, pool: PoolOf, client: ClientOf, world: World) -> None:
        named = {"UserPoolId": pool.id, "ClientId": client.id}
        default = {**named, "SSOSession": {"MaxValidityMinutes": 60}}
        assert pool.admin("GetUserPoolClientSessionConfiguration", ClientId=client.id) == default
        wanted = {**named, "SSOSession": {"MaxValidityMinutes": 0}}
        error = world.error("SetUserPoolClientSessionConfiguration", **wanted)
        assert error.code == "InvalidParameterException"
        track(pool)
        assert world.call("SetUserPoolClientSessionConfiguration", **wanted) == wanted
        pool.admin("UpdateUserPoolClient", ClientId=client.id, ClientName="other")
        track(pool, tracking="DISABLED")
        assert pool.admin("GetUserPoolClientSessionConfiguration", ClientId=client.id) == wanted
        assert "SSOSession" not in pool.admin("DescribeUserPoolClient", ClientId=client.id)["UserPoolClient"]

    def test_the_lowest_tier_has_no_sessions(self, world: World) -> None:
        pool = world.pool(UserPoolTier="LITE")
        client = pool.client()
        calls: tuple[tuple[str, dict[str, Any]], ...] = (
            (
                "SetUserPoolSessionConfiguration",
                {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}},
            ),
            (
                "SetUserPoolClientSessionConfiguration",
                {"ClientId": client.id, "SSOSession": {"MaxValidityMinutes": 5}},
            ),
        )
        for operation, more in calls:
            error = world.error(operation, UserPoolId=pool.id, **more)
            assert error.code == "FeatureUnavailableInTierException"
        higher = world.pool()
        track(higher)
        error = world.error("UpdateUserPool", UserPoolId=higher.id, UserPoolTier="LITE")
        assert error.code == "FeatureUnavailableInTierException"

    def test_what_is_not_there_is_not_found(self, pool: PoolOf, client: ClientOf, world: World) -> None:
        other = world.pool()
        track(other)
        sso = {"SSOSession": {"MaxValidityMinutes": 5}}
        for operation, more in (
            ("GetUserPoolClientSessionConfiguration", {}),
            ("SetUserPoolClientSessionConfiguration", sso),
        ):
            error = world.error(operation, UserPoolId=other.id, ClientId=client.id, **more)
            assert error.code == "ResourceNotFoundException"
        error = world.error("GetUserPoolSessionConfiguration", UserPoolId="us-east-1_none12345")
        assert error.code == "ResourceNotFoundException"


def test_tracking_costs_no_further_transaction_of_a_sign_in(
    pool: PoolOf, client: ClientOf, world: World
) -> None:
    client.signed_up()
    client.by_password()
    before = world.counted(client.by_password)[1]
    track(pool)
    after = world.counted(client.by_password)[1]
    assert (after["read"], after["write"]) == (before["read"], before["write"])
    assert after["user_sessions"] == 1
