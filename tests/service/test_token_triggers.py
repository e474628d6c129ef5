"""The trigger before tokens; bad cases bear their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.scripted_triggers import Scripted, no
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ClientOf,
    World,
    claims,
)
from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    NotAuthorizedException,
)
from userpool.service.triggers import Triggers

EMAIL = "ada@example.com"


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def world(scripted: Scripted) -> Iterator[World]:
    functions = Triggers(
        pre_sign_up=scripted,
        post_confirmation=scripted,
        pre_authentication=scripted,
        post_authentication=scripted,
        pre_token_generation=scripted,
        user_migration=scripted,
    )
    with World(triggers=functions) as made:
        yield made


class TestTokens:
    @pytest.fixture
    def client(self, world: World, scripted: Scripted) -> ClientOf:
        client = world.pool().client()
        client.signed_up("ada", email=EMAIL, name="Ada")
        client.pool.admin("CreateGroup", GroupName="staff", RoleArn="arn:aws:iam::1:role/staff")
        client.pool.admin("AdminAddUserToGroup", Username="ada", GroupName="staff")
        scripted.events.clear()
        return client

    def signed_in(self, client: ClientOf, scripted: Scripted, details: object) -> tuple[Any, Any]:
        scripted.answers = [{}, {}, {"claimsOverrideDetails": details}]
        tokens = client.tokens()
        return claims(tokens.id), claims(tokens.access)

    def test_what_it_is_told(self, client: ClientOf, scripted: Scripted) -> None:
        self.signed_in(client, scripted, None)
        [request] = scripted.requests("TokenGeneration")
        assert request["groupConfiguration"] == {
            "groupsToOverride": ["staff"],
            "iamRolesToOverride": ["arn:aws:iam::1:role/staff"],
            "preferredRole": "arn:aws:iam::1:role/staff",
        }
        assert request["userAttributes"]["email"] == EMAIL
        assert scripted.events[-1]["response"] == {"claimsOverrideDetails": None}

    def test_claims_of_the_id_token(self, client: ClientOf, scripted: Scripted) -> None:
        details = {
            "claimsToAddOrOverride": {"team": "blue", "name": "Lady Ada", "email": "x@example.com"},
            "claimsToSuppress": ["email", "nothing"],
        }
        identity, access = self.signed_in(client, scripted, details)
        assert (identity["team"], identity["name"]) == ("blue", "Lady Ada")
        assert "email" not in identity
        assert "team" not in access
        assert identity["cognito:groups"] == access["cognito:groups"] == ["staff"]

    def test_A56_what_stays_ours(self, client: ClientOf, scripted: Scripted) -> None:
        before, _ = self.signed_in(client, scripted, {})
        names = [
            "iss",
            "sub",
            "aud",
            "exp",
            "token_use",
            "client_id",
            "jti",
            "origin_jti",
            "cognito:username",
            "auth_time",
            "event_id",
        ]
        details = {"claimsToAddOrOverride": dict.fromkeys(names, "mine"), "claimsToSuppress": names}
        identity, _ = self.signed_in(client, scripted, details)
        assert set(identity) == set(before)
        assert "mine" not in identity.values()
        assert identity["sub"] == before["sub"]

    @pytest.mark.parametrize("given", [None, {}])
    def test_groups_that_are_taken_away(
        self, client: ClientOf, scripted: Scripted, given: dict[str, Any] | None
    ) -> None:
        identity, access = self.signed_in(client, scripted, {"groupOverrideDetails": given})
        assert "cognito:groups" not in identity | access
        assert "cognito:roles" not in identity

    def test_other_groups(self, client: ClientOf, scripted: Scripted) -> None:
        given = {"groupsToOverride": ["a", "b"], "iamRolesToOverride": ["r"], "preferredRole": "r"}
        identity, access = self.signed_in(client, scripted, {"groupOverrideDetails": given})
        assert identity["cognito:groups"] == access["cognito:groups"] == ["a", "b"]
        assert (identity["cognito:roles"], identity["cognito:preferred_role"]) == (["r"], "r")

    @pytest.mark.parametrize(
        "details",
        [
            [],
            {"claimsToAddOrOverride": {"n": 1}},
            {"claimsToAddOrOverride": "x"},
            {"claimsToSuppress": "email"},
            {"claimsToSuppress": [1]},
            {"groupOverrideDetails": []},
            {"groupOverrideDetails": {"groupsToOverride": [None]}},
        ],
    )
    def test_A55_details_that_are_none(self, client: ClientOf, scripted: Scripted, details: object) -> None:
        scripted.answers = [{}, {}, {"claimsOverrideDetails": details}]
        with pytest.raises(InvalidLambdaResponseException):
            client.by_password()

    def test_events_of_version_2(self, scripted: Scripted) -> None:
        with World(triggers=Triggers(pre_token_generation=scripted, token_version=2)) as world:
            client = world.pool().client()
            client.signed_up("ada", email=EMAIL)
            details = {
                "idTokenGeneration": {
                    "claimsToAddOrOverride": {"team": {"name": "blue"}, "level": 3},
                    "claimsToSuppress": ["email"],
                },
                "accessTokenGeneration": {
                    "claimsToAddOrOverride": {"tenants": ["a", "b"], "sub": "mine", "scope": "all"},
                    "scopesToAdd": ["shop/read", "shop/read"],
                    "scopesToSuppress": ["nothing"],
                },
                "groupOverrideDetails": {"groupsToOverride": ["a"]},
            }
            scripted.answers = [{"claimsAndScopeOverrideDetails": details}]
            tokens = client.tokens()
            identity, access = claims(tokens.id), claims(tokens.access)
            [event] = scripted.events
            assert event["version"] == "2"
            assert event["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
            assert event["response"] == {"claimsAndScopeOverrideDetails": None}
            assert (identity["team"], identity["level"]) == ({"name": "blue"}, 3)
            assert "email" not in identity
            assert (access["tenants"], access["sub"]) == (["a", "b"], identity["sub"])
            assert access["scope"] == "aws.cognito.signin.user.admin shop/read"
            assert identity["cognito:groups"] == access["cognito:groups"] == ["a"]
            assert tokens.call("GetUser")["Username"] == "ada"

    def test_A37_a_scope_that_is_taken_away(self, scripted: Scripted) -> None:
        with World(triggers=Triggers(pre_token_generation=scripted, token_version=2)) as world:
            client = world.pool().client()
            client.signed_up("ada")
            suppress = {"scopesToAdd": ["a/b"], "scopesToSuppress": ["aws.cognito.signin.user.admin"]}
            scripted.answers = [{"claimsAndScopeOverrideDetails": {"accessTokenGeneration": suppress}}]
            tokens = client.tokens()
            assert claims(tokens.access)["scope"] == "a/b"
            assert isinstance(tokens.error("GetUser"), NotAuthorizedException)
            scripted.answers = [{"claimsAndScopeOverrideDetails": None}]
            assert client.tokens().call("GetUser")["Username"] == "ada"

    @pytest.mark.parametrize(
        "details",
        [
            [],
            {"idTokenGeneration": []},
            {"idTokenGeneration": {"claimsToAddOrOverride": {"email_verified": {}}}},
            {"accessTokenGeneration": {"claimsToAddOrOverride": {"address": {}}}},
            {"accessTokenGeneration": {"scopesToAdd": "all"}},
        ],
    )
    def test_A55_details_of_version_2_that_are_none(self, scripted: Scripted, details: object) -> None:
        with World(triggers=Triggers(pre_token_generation=scripted, token_version=2)) as world:
            client = world.pool().client()
            client.signed_up("ada")
            scripted.answers = [{"claimsAndScopeOverrideDetails": details}]
            with pytest.raises(InvalidLambdaResponseException):
                client.by_password()

    def test_at_a_refresh(self, client: ClientOf, scripted: Scripted) -> None:
        tokens = client.tokens()
        assert tokens.refresh is not None
        scripted.events.clear()
        client.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens.refresh)
        client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh, ClientMetadata={"a": "b"})
        assert [event["triggerSource"] for event in scripted.events] == ["TokenGeneration_RefreshTokens"] * 2
        assert [one["request"]["clientMetadata"] for one in scripted.events] == [None, {"a": "b"}]
        scripted.answers = [no]
        error = client.error("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        assert error.message == "PreTokenGeneration failed with error not today."

    def test_after_a_new_password(self, client: ClientOf, scripted: Scripted) -> None:
        client.pool.admin("AdminCreateUser", Username="bob", TemporaryPassword=PASSWORD)
        challenge = client.by_password("bob")
        client.answer(challenge, USERNAME="bob", NEW_PASSWORD=OTHER_PASSWORD)
        assert scripted.events[-1]["triggerSource"] == "TokenGeneration_NewPasswordChallenge"
