"""Tokens for programs: for an app client itself, and made out of a user's token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.service.world import ALL_FLOWS, ClientOf, PoolOf, Tokens, World, claims
from userpool.protocol.errors import ServiceError
from userpool.service.domain.records import KeyUse
from userpool.service.sealed import open_signing_key

READ = {"ScopeName": "read", "ScopeDescription": "to read"}
WRITE = {"ScopeName": "write", "ScopeDescription": "to write"}
EXCHANGES = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]


@pytest.fixture(autouse=True)
def resource_server(pool: PoolOf) -> None:
    pool.admin("CreateResourceServer", Identifier="api", Name="API", Scopes=[READ, WRITE])


@pytest.fixture
def machine(pool: PoolOf) -> ClientOf:
    return pool.client(
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthScopes=["openid", "api/write", "api/read"],
        AccessTokenValidity=2,
    )


def token_of(client: ClientOf, **members: Any) -> dict[str, Any]:
    answer = client.call("GetClientToken", Secret=client.secret, **members)
    result: dict[str, Any] = answer["ClientAuthenticationResult"]
    return result


class TestClientTokens:
    def test_a_client_gets_a_token_of_its_own(self, machine: ClientOf, world: World) -> None:
        result = token_of(machine)
        token = result.pop("AccessToken")
        assert result == {"ExpiresIn": 7200, "TokenType": "Bearer"}
        shown, now = claims(token), int(world.clock.now())
        assert shown == {
            "sub": machine.id,
            "token_use": "access",
            "scope": "api/write api/read",
            "auth_time": now,
            "iss": f"https://cognito-idp.us-east-1.amazonaws.com/{machine.pool.id}",
            "exp": now + 7200,
            "iat": now,
            "version": 2,
            "jti": shown["jti"],
            "client_id": machine.id,
        }

    def test_it_asks_for_fewer_scopes(self, machine: ClientOf) -> None:
        assert claims(token_of(machine, Scopes=["api/read"])["AccessToken"])["scope"] == "api/read"
        secret = {"Secret": machine.secret}
        for scope in ("openid", "api/delete", "aws.cognito.signin.user.admin"):
            error = machine.error("GetClientToken", **secret, Scopes=["api/read", scope])
            assert error.code == "InvalidParameterException"
        machine.pool.admin("UpdateResourceServer", Identifier="api", Name="API", Scopes=[READ])
        assert claims(token_of(machine)["AccessToken"])["scope"] == "api/read"
        machine.pool.admin("DeleteResourceServer", Identifier="api")
        assert machine.error("GetClientToken", **secret).code == "InvalidParameterException"

    def test_a37_it_is_no_users_token(self, machine: ClientOf, world: World) -> None:
        token = token_of(machine)["AccessToken"]
        for operation in ("GetUser", "GlobalSignOut", "DeleteUser"):
            error = world.error(operation, AccessToken=token)
            assert (error.code, error.message) == ("NotAuthorizedException", "Invalid Access Token")

    def test_a44_only_its_secret_opens(self, machine: ClientOf, pool: PoolOf, world: World) -> None:
        wrong = machine.error("GetClientToken", Secret="x" * 30)
        assert wrong.code == "NotAuthorizedException"
        assert machine.call("GetClientToken", Secret=machine.secret)
        unknown = world.error("GetClientToken", ClientId="x" * 26, Secret="x" * 30)
        assert unknown.code == "ResourceNotFoundException"
        public = pool.client(ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"], AllowedOAuthScopes=["api/read"])
        assert public.error("GetClientToken", Secret="x" * 30).code == "NotAuthorizedException"

    def test_a44_either_of_two_secrets_opens(self, machine: ClientOf) -> None:
        added = machine.pool.admin("AddUserPoolClientSecret", ClientId=machine.id)["ClientSecretDescriptor"]
        for secret in (machine.secret, added["ClientSecretValue"]):
            assert machine.call("GetClientToken", Secret=secret)

    def test_the_flow_must_be_allowed_and_alone(self, pool: PoolOf, world: World) -> None:
        client = pool.client(GenerateSecret=True, AllowedOAuthScopes=["api/read"])
        error = client.error("GetClientToken", Secret=client.secret)
        assert (error.code, error.message) == (
            "InvalidParameterException",
            "CLIENT_TOKEN_AUTH flow not enabled for this client",
        )
        flows = [*ALL_FLOWS, "ALLOW_CLIENT_TOKEN_AUTH"]
        refused = world.error(
            "CreateUserPoolClient", UserPoolId=pool.id, ClientName="x", ExplicitAuthFlows=flows
        )
        assert refused.code == "InvalidParameterException"


@pytest.fixture
def exchanger(pool: PoolOf) -> ClientOf:
    return pool.client(
        GenerateSecret=True,
        ExplicitAuthFlows=EXCHANGES,
        AllowedOAuthScopes=["aws.cognito.signin.user.admin", "api/read"],
    )


@pytest.fixture
def tokens(client: ClientOf) -> Tokens:
    client.signed_up("ada", email="ada@example.com")
    return client.tokens()


def members(exchanger: ClientOf, subject: str, kind: str = "ACCESS_TOKEN", **more: Any) -> dict[str, Any]:
    return {"ClientSecret": exchanger.secret, "SubjectToken": subject, "SubjectTokenType": kind, **more}


def exchange(exchanger: ClientOf, subject: str, kind: str = "ACCESS_TOKEN", **more: Any) -> dict[str, Any]:
    return exchanger.call("GetDerivedToken", **members(exchanger, subject, kind, **more))


def refused(exchanger: ClientOf, subject: str, kind: str = "ACCESS_TOKEN", **more: Any) -> ServiceError:
    return exchanger.error("GetDerivedToken", **members(exchanger, subject, kind, **more))


class TestDerivedTokens:
    def test_a44_a_client_without_a_secret_gets_none(self, pool: PoolOf, tokens: Tokens) -> None:
        public = pool.client(ExplicitAuthFlows=EXCHANGES, AllowedOAuthScopes=["api/read"])
        subject = {"SubjectToken": tokens.access, "SubjectTokenType": "ACCESS_TOKEN"}
        for more in ({}, {"RequestedTokenType": "ID_TOKEN"}, {"ClientSecret": "x" * 30}):
            error = public.error("GetDerivedToken", **subject, **more)
            assert error.code == "NotAuthorizedException"

    def test_a_token_for_another_service(self, exchanger: ClientOf, tokens: Tokens, world: World) -> None:
        pool, before = exchanger.pool, claims(tokens.access)
        pool.admin("CreateGroup", GroupName="editors")
        pool.admin("AdminAddUserToGroup", GroupName="editors", Username="ada")
        world.clock.advance(600)
        answer = exchange(exchanger, tokens.access, Resources=["api"])
        token = answer.pop("IssuedToken")
        assert answer == {
            "IssuedTokenType": "ACCESS_TOKEN",
            "TokenType": "Bearer",
            "ExpiresIn": 3000,
            "Scopes": [],
        }
        shown = claims(token)
        assert shown == {
            "sub": before["sub"],
            "cognito:groups": ["editors"],
            "iss": before["iss"],
            "client_id": exchanger.id,
            "origin_jti": before["origin_jti"],
            "aud": "api",
            "event_id": before["event_id"],
            "token_use": "access",
            "auth_time": before["auth_time"],
            "exp": before["exp"],
            "iat": before["iat"] + 600,
            "jti": shown["jti"],
            "username": "ada",
        }
        assert shown["jti"] != before["jti"]

    def test_a37_it_is_no_key_to_the_users_own_calls(
        self, exchanger: ClientOf, tokens: Tokens, world: World
    ) -> None:
        token = exchange(exchanger, tokens.access, Scopes=["aws.cognito.signin.user.admin"])["IssuedToken"]
        assert world.error("GetUser", AccessToken=token).code == "NotAuthorizedException"

    def test_scopes_are_those_that_all_allow(self, exchanger: ClientOf, tokens: Tokens, world: World) -> None:
        store, origin = world.service.context.store, claims(tokens.access)["origin_jti"]
        family = store.read(lambda reader: reader.family(origin))
        assert family is not None
        # As a sign-in at an OAuth endpoint, or a trigger, would grant them.
        granted = replace(family, scope="aws.cognito.signin.user.admin api/read api/write")
        store.write(lambda writer: writer.put_family(granted))
        subject = tokens.client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        token = subject["AuthenticationResult"]["AccessToken"]
        for wanted in (None, ["api/write", "api/read"]):
            answer = exchange(exchanger, token, Scopes=wanted)
            assert answer["Scopes"] == ["api/read"]
            assert claims(answer["IssuedToken"])["scope"] == "api/read"
        assert exchange(exchanger, token, Scopes=["api/write"])["Scopes"] == []

    def test_an_id_token_can_be_asked_for_and_be_shown(self, exchanger: ClientOf, tokens: Tokens) -> None:
        answer = exchange(exchanger, tokens.id, "ID_TOKEN", RequestedTokenType="ID_TOKEN")
        assert (answer["IssuedTokenType"], answer["TokenType"]) == ("ID_TOKEN", "N_A")
        assert "Scopes" not in answer
        shown = claims(answer["IssuedToken"])
        assert (shown["aud"], shown["token_use"], shown["email"]) == (exchanger.id, "id", "ada@example.com")
        assert exchange(exchanger, tokens.id, "ID_TOKEN", Audiences=["other"])["IssuedToken"]

    def test_who_acts_for_the_user_is_named(
        self, exchanger: ClientOf, machine: ClientOf, tokens: Tokens, client: ClientOf
    ) -> None:
        acting = token_of(machine)["AccessToken"]
        as_actor = {"ActorToken": acting, "ActorTokenType": "ACCESS_TOKEN"}
        first = exchange(exchanger, tokens.access, **as_actor)["IssuedToken"]
        assert claims(first)["act"] == {"sub": machine.id}
        bob = client.signed_up("bob")
        bobs = client.tokens(client.by_password("bob"))
        second = exchange(exchanger, first, ActorToken=bobs.id, ActorTokenType="ID_TOKEN")["IssuedToken"]
        assert claims(second)["act"] == {"sub": bob, "act": {"sub": machine.id}}
        third = exchange(exchanger, second)["IssuedToken"]
        assert claims(third)["act"] == claims(second)["act"]

    def test_each_way_needs_its_flow(self, pool: PoolOf, machine: ClientOf, tokens: Tokens) -> None:
        as_actor = {"ActorToken": token_of(machine)["AccessToken"], "ActorTokenType": "ACCESS_TOKEN"}
        alone, acting = (pool.client(GenerateSecret=True, ExplicitAuthFlows=[flow]) for flow in EXCHANGES)
        assert exchange(alone, tokens.access)
        assert exchange(acting, tokens.access, **as_actor)
        for error in (
            refused(alone, tokens.access, **as_actor),
            refused(acting, tokens.access),
            refused(pool.client(GenerateSecret=True), tokens.access),
        ):
            assert error.code == "InvalidParameterException"
            assert "flow not enabled" in error.message

    @pytest.mark.parametrize("secret", ["x" * 30, None])
    def test_a44_the_secret_is_asked_for(
        self, exchanger: ClientOf, tokens: Tokens, secret: str | None
    ) -> None:
        error = refused(exchanger, tokens.access, ClientSecret=secret)
        assert error.code == "NotAuthorizedException"

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"Audiences": ["a"], "Resources": ["api"]}, "InvalidParameterException"),
            ({"Resources": ["none"]}, "ResourceNotFoundException"),
            ({"Audiences": ["a"], "RequestedTokenType": "ID_TOKEN"}, "InvalidParameterException"),
            ({"SubjectTokenProviderName": "Google"}, "InvalidParameterException"),
            ({"SubjectTokenType": "SAML2"}, "InvalidParameterException"),
            ({"SubjectTokenType": "ID_TOKEN"}, "NotAuthorizedException"),
            ({"ActorToken": "e.e.e"}, "InvalidParameterException"),
            ({"ActorTokenType": "ID_TOKEN"}, "InvalidParameterException"),
            ({"ActorTokenProviderName": "Google"}, "InvalidParameterException"),
            ({"ActorToken": "e.e.e", "ActorTokenType": "ACCESS_TOKEN"}, "NotAuthorizedException"),
            ({"ActorToken": "e.e.e", "ActorTokenType": "SAML2"}, "InvalidParameterException"),
        ],
    )
    def test_what_cannot_be_asked_for(
        self, exchanger: ClientOf, tokens: Tokens, more: dict[str, Any], code: str
    ) -> None:
        assert refused(exchanger, tokens.access, **more).code == code


class TestSubjects:
    """Whose tokens are taken."""

    def test_a39_tokens_that_are_over(self, exchanger: ClientOf, tokens: Tokens, world: World) -> None:
        pool, client = exchanger.pool, tokens.client
        pool.admin("AdminDisableUser", Username="ada")
        assert refused(exchanger, tokens.access).code == "NotAuthorizedException"
        pool.admin("AdminEnableUser", Username="ada")
        fresh = client.tokens()
        pool.change("ada", enabled=False)
        assert refused(exchanger, fresh.access).message == "User is disabled."
        pool.change("ada", enabled=True)
        client.call("RevokeToken", Token=fresh.refresh)
        for token, kind in ((fresh.access, "ACCESS_TOKEN"), (fresh.id, "ID_TOKEN")):
            assert refused(exchanger, token, kind).message == "Subject Token has been revoked"
        fresh = client.tokens()
        derived = exchange(exchanger, fresh.access)["IssuedToken"]
        pool.change("ada", tokens_valid_after=world.clock.now() + 1)
        for token in (fresh.access, derived):
            assert refused(exchanger, token).message == "Subject Token has been revoked"
        pool.change("ada", tokens_valid_after=0.0)
        world.clock.advance(3600)
        assert refused(exchanger, fresh.access).message == "Subject Token has expired"
        fresh = client.tokens()
        pool.admin("AdminDeleteUser", Username="ada")
        assert refused(exchanger, fresh.access).code == "UserNotFoundException"

    def test_a39_tokens_of_elsewhere(self, exchanger: ClientOf, tokens: Tokens, world: World) -> None:
        other = world.pool().client()
        other.signed_up()
        foreign = other.tokens().access
        head, payload, signature = tokens.access.split(".")
        for token in (foreign, "x", f"{head}.{payload}.{signature[:-4]}AAAA", str(tokens.refresh)):
            assert refused(exchanger, token).message == "Invalid Subject Token"
        records = world.service.context.store.read(lambda reader: reader.signing_keys(exchanger.pool.id))
        [key] = [open_signing_key(world.context.keys, one) for one in records if one.use is KeyUse.ACCESS]
        forged = key.sign({**claims(tokens.access), "iss": "https://elsewhere.example"})
        assert refused(exchanger, forged).message == "Invalid Subject Token"
        exchanger.pool.admin("DeleteUserPoolClient", ClientId=tokens.client.id)
        assert refused(exchanger, tokens.access).message == "Invalid Subject Token"

    def test_a_clients_own_token_speaks_for_no_user(self, exchanger: ClientOf, machine: ClientOf) -> None:
        error = refused(exchanger, token_of(machine)["AccessToken"])
        assert error.code == "NotAuthorizedException"
