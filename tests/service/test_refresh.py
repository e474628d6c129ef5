"""Refresh, rotation, revocation and access tokens: each bad case by its number in the project's catalogue."""

from __future__ import annotations

import base64
import json
import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ROTATING,
    ClientOf,
    PoolOf,
    Tokens,
    World,
    claims,
    together,
)
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    RefreshTokenReuseException,
    ServiceError,
    UnauthorizedException,
    UnsupportedOperationException,
    UnsupportedTokenTypeException,
    UserNotFoundException,
)
from userpool.service import tokens as issuing
from userpool.service.context import Settings
from userpool.service.domain.records import KeyUse
from userpool.service.keyfile import KeySet, SealingKey
from userpool.service.sealed import open_signing_key

INVALID = "Invalid Refresh Token"
REVOKED = "Access Token has been revoked"


def refreshed(client: ClientOf, token: str | None) -> dict[str, Any]:
    result: dict[str, Any] = client.call("GetTokensFromRefreshToken", RefreshToken=token)[
        "AuthenticationResult"
    ]
    return result


def refused(client: ClientOf, token: str | None) -> ServiceError:
    error = client.error("GetTokensFromRefreshToken", RefreshToken=token)
    if not client.pool.world.call("DescribeUserPoolClient", UserPoolId=client.pool.id, ClientId=client.id)[
        "UserPoolClient"
    ].get("RefreshTokenRotation"):
        parameters = {"REFRESH_TOKEN": token}
        same = client.error("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)
        assert (type(same), same.message) == (type(error), error.message)
    return error


@pytest.fixture
def tokens(client: ClientOf) -> Tokens:
    client.signed_up()
    return client.tokens()


@pytest.fixture
def rotating(pool: PoolOf) -> ClientOf:
    client = pool.client(**ROTATING)
    client.signed_up()
    return client


class TestWithoutRotation:
    @pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "GetTokensFromRefreshToken"])
    def test_new_tokens_of_the_same_sign_in(self, tokens: Tokens, world: World, flow: str) -> None:
        client = tokens.client
        world.clock.advance(100)
        assert tokens.refresh is not None
        if flow == "GetTokensFromRefreshToken":
            result = refreshed(client, tokens.refresh)
        else:
            result = client.initiate(flow, REFRESH_TOKEN=tokens.refresh)["AuthenticationResult"]
        assert "RefreshToken" not in result
        before, after = claims(tokens.access), claims(result["AccessToken"])
        for name in ("auth_time", "origin_jti", "event_id", "sub", "client_id", "scope", "username"):
            assert before[name] == after[name]
        assert after["jti"] != before["jti"]
        assert (after["iat"], after["exp"]) == (before["iat"] + 100, before["exp"] + 100)
        assert world.call("GetUser", AccessToken=result["AccessToken"])["Username"] == "ada"

    def test_it_writes_nothing(self, tokens: Tokens, world: World) -> None:
        _, calls = world.counted(lambda: refreshed(tokens.client, tokens.refresh))
        assert calls["write"] == 0
        assert calls["read"] == 1

    def test_current_attributes_are_shown(self, tokens: Tokens) -> None:
        tokens.call("UpdateUserAttributes", UserAttributes=[{"Name": "name", "Value": "Ada"}])
        assert claims(refreshed(tokens.client, tokens.refresh)["IdToken"])["name"] == "Ada"

    def test_a_refresh_token_expires(self, pool: PoolOf, world: World) -> None:
        client = pool.client(RefreshTokenValidity=1, TokenValidityUnits={"RefreshToken": "hours"})
        client.signed_up()
        tokens = client.tokens()
        world.clock.advance(3599)
        assert refreshed(client, tokens.refresh)
        world.clock.advance(1)
        error = refused(client, tokens.refresh)
        assert (type(error), error.message) == (NotAuthorizedException, "Refresh Token has expired")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "A" * 107, "A" * 86, "=", "é"])
    def test_what_is_no_refresh_token(self, tokens: Tokens, token: str) -> None:
        parameters = {"REFRESH_TOKEN": token}
        error = tokens.client.error("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)

    def test_every_character_of_a_refresh_token_counts(self, tokens: Tokens, world: World) -> None:
        assert tokens.refresh is not None
        for place in range(0, len(tokens.refresh), 7):
            other = "A" if tokens.refresh[place] != "A" else "B"
            changed = tokens.refresh[:place] + other + tokens.refresh[place + 1 :]
            error = tokens.client.error("GetTokensFromRefreshToken", RefreshToken=changed)
            assert error.message == INVALID

    def test_an_id_or_access_token_is_no_refresh_token(self, tokens: Tokens) -> None:
        for token in (tokens.access, tokens.id):
            assert refused(tokens.client, token).message == INVALID

    def test_only_a_hash_is_kept(self, tokens: Tokens, world: World) -> None:
        origin = claims(tokens.access)["origin_jti"]
        family = world.service.context.store.read(lambda reader: reader.family(origin))
        assert family is not None
        assert tokens.refresh is not None
        raw = base64.urlsafe_b64decode(tokens.refresh + "==")
        assert family.refresh_hash not in raw
        assert len(family.refresh_hash) == 32
        assert tokens.refresh not in repr(family)


class TestA40:
    """A refresh token after the end of its sign-in."""

    @pytest.mark.parametrize(
        ("end", "text"),
        [
            ("revoke", "Refresh Token has been revoked"),
            ("global", "Refresh Token has been revoked"),
            ("admin-global", "Refresh Token has been revoked"),
            ("disable", "Refresh Token has been revoked"),
            ("delete", INVALID),
            ("valid-after", "Refresh Token has been revoked"),
        ],
    )
    def test_A40_is_refused(self, tokens: Tokens, world: World, end: str, text: str) -> None:
        client = tokens.client
        world.clock.advance(1)
        if end == "revoke":
            client.call("RevokeToken", Token=tokens.refresh)
            client.call("RevokeToken", Token=tokens.refresh)  # a second time is a success too
        elif end == "global":
            tokens.call("GlobalSignOut")
        elif end == "admin-global":
            client.pool.admin("AdminUserGlobalSignOut", Username="ada")
        elif end == "disable":
            client.pool.admin("AdminDisableUser", Username="ada")
        elif end == "valid-after":
            client.pool.change("ada", tokens_valid_after=world.clock.now())
        else:
            tokens.call("DeleteUser")
        error = refused(client, tokens.refresh)
        assert (type(error), error.message) == (NotAuthorizedException, text)
        assert isinstance(tokens.error("GetUser"), NotAuthorizedException)

    def test_A40_a_user_who_is_disabled_behind_the_services_back(self, tokens: Tokens) -> None:
        tokens.client.pool.change("ada", enabled=False)
        assert refused(tokens.client, tokens.refresh).message == "User is disabled."
        assert tokens.error("GetUser").message == "User is disabled."

    def test_A40_after_a_restart(self, tmp_path: Path) -> None:
        keys = KeySet().with_sealing(SealingKey.generate(bytes_of_one, 0.0))
        database = f"sqlite:///{tmp_path / 'users.db'}"
        with World(database, keys=keys) as world:
            client = world.pool().client()
            client.signed_up()
            ended, going_on = client.tokens(), client.tokens()
            client.call("RevokeToken", Token=ended.refresh)
            for _ in range(5):
                client.error(
                    "InitiateAuth",
                    AuthFlow="USER_PASSWORD_AUTH",
                    AuthParameters={"USERNAME": "ada", "PASSWORD": "wrong"},
                )
        with World(database, keys=keys) as world:
            client = ClientOf(PoolOf(world, client.pool.id), client.id)
            assert refused(client, ended.refresh).message == "Refresh Token has been revoked"
            assert world.error("GetUser", AccessToken=ended.access).message == REVOKED
            assert refreshed(client, going_on.refresh)["AccessToken"]
            # A19: so does the count of failures.
            error = client.error(
                "InitiateAuth",
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            )
            assert error.message == "Password attempts exceeded"


def bytes_of_one(size: int) -> bytes:
    return b"\1" * size


def test_A41_a_refresh_by_another_client(tokens: Tokens, world: World) -> None:
    other = tokens.client.pool.client()
    assert refused(other, tokens.refresh).message == INVALID
    stranger = world.pool().client()
    assert refused(stranger, tokens.refresh).message == INVALID
    # A41 without the secret hash: test_sign_in.TestClientSecret.


class TestRotation:
    def test_each_refresh_gives_a_new_token_of_the_same_sign_in(
        self, rotating: ClientOf, world: World
    ) -> None:
        tokens = rotating.tokens()
        seen = [tokens.refresh]
        for _ in range(4):
            world.clock.advance(60)
            result = refreshed(rotating, seen[-1])
            seen.append(result["RefreshToken"])
            assert claims(result["AccessToken"])["origin_jti"] == claims(tokens.access)["origin_jti"]
        assert len(set(seen)) == 5

    def test_A42_parallel_refreshes_have_one_successor(self, rotating: ClientOf) -> None:
        token = rotating.tokens().refresh
        outcomes = together(20, lambda _: refreshed(rotating, token)["RefreshToken"])
        assert len(set(outcomes)) == 1
        assert refreshed(rotating, outcomes[0])["RefreshToken"] != outcomes[0]  # type: ignore[arg-type]

    def test_A43_an_old_token_after_the_grace(
        self, rotating: ClientOf, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = rotating.tokens().refresh
        new = refreshed(rotating, old)
        world.clock.advance(29)
        assert refreshed(rotating, old)["RefreshToken"] == new["RefreshToken"]
        world.clock.advance(1)
        with caplog.at_level(logging.WARNING, "userpool.service"):
            error = refused(rotating, old)
        assert isinstance(error, RefreshTokenReuseException)
        [record] = caplog.records
        assert "used again" in record.getMessage()
        assert str(old) not in record.getMessage()
        # Somebody holds a copy: the whole sign-in ends.
        assert refused(rotating, new["RefreshToken"]).message == "Refresh Token has been revoked"
        assert world.error("GetUser", AccessToken=new["AccessToken"]).message == REVOKED

    def test_A43_a_family_that_goes_on(self) -> None:
        with World(settings=Settings(development=True, revoke_on_reuse=False)) as world:
            client = world.pool().client(**ROTATING)
            client.signed_up()
            old = client.tokens().refresh
            new = refreshed(client, old)
            world.clock.advance(60)
            assert isinstance(refused(client, old), RefreshTokenReuseException)
            assert refreshed(client, new["RefreshToken"])

    def test_A43_of_a_token_many_generations_old(self, rotating: ClientOf, world: World) -> None:
        first = rotating.tokens().refresh
        token = first
        for _ in range(3):
            world.clock.advance(60)
            token = refreshed(rotating, token)["RefreshToken"]
        world.clock.advance(60)
        assert isinstance(refused(rotating, first), RefreshTokenReuseException)
        assert refused(rotating, token).message == "Refresh Token has been revoked"

    def test_without_grace_a_race_signs_nobody_out(self, pool: PoolOf, world: World) -> None:
        client = pool.client(**{**ROTATING, "RefreshTokenRotation": {"Feature": "ENABLED"}})
        client.signed_up()
        token = client.tokens().refresh
        outcomes = together(10, lambda _: refreshed(client, token)["RefreshToken"])
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {str: 1, RefreshTokenReuseException: 9}
        [following] = [one for one in outcomes if isinstance(one, str)]
        assert refreshed(client, following)

    def test_a_rotated_token_keeps_the_remaining_life(self, rotating: ClientOf, world: World) -> None:
        token = rotating.tokens().refresh
        world.clock.advance(29 * 86400)
        token = refreshed(rotating, token)["RefreshToken"]
        world.clock.advance(86400)
        assert refused(rotating, token).message == "Refresh Token has expired"

    def test_the_auth_flow_is_not_available(self, rotating: ClientOf) -> None:
        parameters = {"REFRESH_TOKEN": rotating.tokens().refresh}
        error = rotating.error("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)
        assert isinstance(error, InvalidParameterException)

    def test_a_sign_in_that_ends_between_look_and_write(
        self, rotating: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens = rotating.tokens()
        original = issuing.issue

        def end_and_issue(*args: Any, **more: Any) -> Any:
            world.service.context.store.write(
                lambda writer: writer.revoke_families(rotating.pool.id, args[2].sub, 1.0)
            )
            return original(*args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(issuing, "issue", end_and_issue)
            assert refused_once(rotating, tokens.refresh).message == "Refresh Token has been revoked"

        def delete_and_issue(*args: Any, **more: Any) -> Any:
            world.service.context.store.write(
                lambda writer: writer.delete_user(rotating.pool.id, args[2].sub)
            )
            return original(*args, **more)

        with monkeypatch.context() as patch:
            other = rotating.tokens()
            patch.setattr(issuing, "issue", delete_and_issue)
            assert refused_once(rotating, other.refresh).message == "Refresh Token has been revoked"

    def test_rotation_that_was_switched_off(self, rotating: ClientOf, world: World) -> None:
        old = rotating.tokens().refresh
        new = refreshed(rotating, old)["RefreshToken"]
        store = world.service.context.store
        client = store.read(lambda reader: reader.client(rotating.id))
        assert client is not None
        settings = {name: value for name, value in client.settings.items() if "Rotation" not in name}
        store.write(lambda writer: writer.put_client(replace(client, settings=settings)))
        assert refused_once(rotating, old).message == "Refresh Token has been revoked"
        assert "RefreshToken" not in refreshed(rotating, new)


def refused_once(client: ClientOf, token: str | None) -> ServiceError:
    return client.error("GetTokensFromRefreshToken", RefreshToken=token)


class TestRevokeToken:
    def test_every_token_of_the_sign_in_dies_and_no_other(self, tokens: Tokens) -> None:
        other = tokens.client.tokens()
        later = refreshed(tokens.client, tokens.refresh)
        tokens.client.call("RevokeToken", Token=tokens.refresh)
        for access in (tokens.access, later["AccessToken"]):
            assert tokens.client.world.error("GetUser", AccessToken=access).message == REVOKED
        assert other.call("GetUser")

    def test_unknown_tokens_are_a_success(self, tokens: Tokens) -> None:
        assert tokens.client.call("RevokeToken", Token="unknown") == {}

    def test_other_kinds_of_tokens(self, tokens: Tokens) -> None:
        for token in (tokens.access, tokens.id):
            error = tokens.client.error("RevokeToken", Token=token)
            assert isinstance(error, UnsupportedTokenTypeException)

    def test_another_clients_token(self, tokens: Tokens) -> None:
        error = tokens.client.pool.client().error("RevokeToken", Token=tokens.refresh)
        assert isinstance(error, UnauthorizedException)
        assert tokens.call("GetUser")

    def test_where_revocation_is_off(self, pool: PoolOf) -> None:
        client = pool.client(EnableTokenRevocation=False)
        error = client.error("RevokeToken", Token="x")
        assert isinstance(error, UnsupportedOperationException)

    def test_who_is_not_the_client(self, pool: PoolOf, world: World) -> None:
        client = pool.client(GenerateSecret=True)
        for secret in (None, "x" * 30):
            assert isinstance(
                client.error("RevokeToken", Token="x", ClientSecret=secret), UnauthorizedException
            )
        assert client.call("RevokeToken", Token="x", ClientSecret=client.secret) == {}
        error = pool.client().error("RevokeToken", Token="x", ClientSecret="x" * 30)
        assert isinstance(error, UnauthorizedException)
        unknown = world.error("RevokeToken", ClientId="nothere", Token="x")
        assert isinstance(unknown, UnauthorizedException)


class TestAccessTokens:
    def forged(self, tokens: Tokens, world: World, **changes: Any) -> str:
        """A token of the pool's own key with other claims."""
        pool_id = tokens.client.pool.id
        records = world.service.context.store.read(lambda reader: reader.signing_keys(pool_id))
        [record] = [one for one in records if one.use is KeyUse.ACCESS]
        merged = {**claims(tokens.access), **changes}
        key = open_signing_key(world.context.keys, record)
        return key.sign({name: value for name, value in merged.items() if value is not None})

    def test_one_read_and_no_write(self, tokens: Tokens, world: World) -> None:
        _, calls = world.counted(lambda: tokens.call("GetUser"))
        assert (calls["read"], calls["write"]) == (1, 0)

    def test_an_expired_token(self, tokens: Tokens, world: World) -> None:
        world.clock.advance(3599)
        assert tokens.call("GetUser")
        world.clock.advance(1)
        error = tokens.error("GetUser")
        assert (type(error), error.message) == (NotAuthorizedException, "Access Token has expired")

    def test_A37_a_token_without_the_scope(self, tokens: Tokens, world: World) -> None:
        forged = self.forged(tokens, world, scope="openid email")
        for operation in ("GetUser", "DeleteUser", "GlobalSignOut"):
            error = world.error(operation, AccessToken=forged)
            assert error.message == "Access Token does not have required scopes"

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_000000000"},
            {"iss": None},
            {"client_id": "nothere"},
            {"client_id": None},
            {"sub": None},
            {"event_id": 5},
            {"token_use": "id"},
            {"iat": 9_999_999_999},
        ],
    )
    def test_other_claims(self, tokens: Tokens, world: World, changes: dict[str, Any]) -> None:
        error = world.error("GetUser", AccessToken=self.forged(tokens, world, **changes))
        assert (type(error), error.message) == (NotAuthorizedException, "Invalid Access Token")

    def test_claims_of_another_user_or_sign_in(self, tokens: Tokens, world: World) -> None:
        sub = tokens.client.signed_up("bob")
        assert world.error("GetUser", AccessToken=self.forged(tokens, world, sub=sub)).message == REVOKED
        other = self.forged(tokens, world, event_id="another")
        assert world.error("GetUser", AccessToken=other).message == REVOKED

    def test_A38_an_id_token(self, tokens: Tokens, world: World) -> None:
        error = world.error("GetUser", AccessToken=tokens.id)
        assert (type(error), error.message) == (NotAuthorizedException, "Invalid Access Token")

    def test_tampered_tokens(self, tokens: Tokens, world: World) -> None:
        header, payload, signature = tokens.access.split(".")
        changed = dict(claims(tokens.access), username="root")
        other = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
        flipped = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
        for token in (
            f"{header}.{other}.{signature}",
            f"{header}.{payload}.{flipped}",
            f"{header}.{payload}.",
            "a.b.c",
            "x",
            f"{tokens.id.split('.')[0]}.{payload}.{signature}",
        ):
            error = world.error("GetUser", AccessToken=token)
            assert (type(error), error.message) == (NotAuthorizedException, "Invalid Access Token")

    def test_A39_a_token_of_another_pool_or_client(self, tokens: Tokens, world: World) -> None:
        other = world.pool().client()
        other.signed_up()
        theirs = other.tokens()
        assert theirs.call("GetUser")["Username"] == "ada"
        mixed = self.forged(tokens, world, client_id=other.id)
        assert world.error("GetUser", AccessToken=mixed).message == "Invalid Access Token"

    def test_A39_of_a_deleted_user(self, tokens: Tokens) -> None:
        tokens.client.pool.admin("AdminDeleteUser", Username="ada")
        error = tokens.error("GetUser")
        assert (type(error), error.message) == (UserNotFoundException, "User does not exist.")
        # GlobalSignOut does not declare that error.
        assert tokens.error("GlobalSignOut").message == REVOKED

    def test_A39_of_a_signed_out_user(self, tokens: Tokens) -> None:
        other = tokens.client.tokens()
        other.call("GlobalSignOut")
        for one in (tokens, other):
            assert one.error("GetUser").message == REVOKED
        assert tokens.client.tokens().call("GetUser")

    def test_A39_of_a_user_with_a_new_password(self, tokens: Tokens) -> None:
        other = tokens.client.tokens()
        tokens.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)
        assert other.error("GetUser").message == REVOKED
        assert refused(tokens.client, other.refresh).message == "Refresh Token has been revoked"
        # Who changed it stays signed in.
        assert tokens.call("GetUser")
        assert refreshed(tokens.client, tokens.refresh)

    def test_A39_of_a_user_whose_password_an_administrator_set(self, tokens: Tokens) -> None:
        tokens.client.pool.admin(
            "AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True
        )
        assert tokens.error("GetUser").message == REVOKED

    def test_a_sign_in_after_the_end_is_a_new_one(self, tokens: Tokens) -> None:
        tokens.call("GlobalSignOut")
        again = tokens.client.tokens()
        assert again.call("GetUser")

    def test_A67_another_service_has_other_keys(self, tokens: Tokens) -> None:
        with World() as other:
            assert other.error("GetUser", AccessToken=tokens.access).message == "Invalid Access Token"
