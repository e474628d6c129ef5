"""A user's second factors in the hands of administrators."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import TOTP_ON, TOTP_OPTIONAL, App, ClientOf, World, with_app
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    ResourceNotFoundException,
    UserNotFoundException,
)

SET = "AdminSetUserMFAPreference"
DELETE = "AdminDeleteSoftwareToken"
ON = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}
OFF = {"SoftwareTokenMfaSettings": {"Enabled": False}}


def new_client(world: World, mfa: dict[str, Any]) -> ClientOf:
    client = world.pool(mfa=mfa).client()
    client.signed_up("ada")
    return client


@pytest.fixture
def client(world: World) -> ClientOf:
    return new_client(world, TOTP_OPTIONAL)


@pytest.fixture
def app(client: ClientOf) -> App:
    return with_app(client, client.tokens())


class TestPreference:
    def test_it_is_switched_off_and_on(self, client: ClientOf, app: App) -> None:
        client.pool.admin(SET, Username="ada", **OFF)
        assert client.by_password()["AuthenticationResult"]
        client.pool.admin(SET, Username="ada", **ON)
        assert client.by_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert (
            client.pool.admin("AdminGetUser", Username="ada")["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
        )

    def test_what_the_user_cannot_be_asked_for_is_refused(self, client: ClientOf) -> None:
        error = client.world.error(SET, UserPoolId=client.pool.id, Username="ada", **ON)
        assert (type(error), error.message) == (
            InvalidParameterException,
            "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA",
        )

    def test_an_unknown_user(self, client: ClientOf) -> None:
        error = client.world.error(SET, UserPoolId=client.pool.id, Username="nobody", **OFF)
        assert isinstance(error, UserNotFoundException)


class TestLostApp:
    def test_its_codes_are_not_asked_for_any_more(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        client.pool.admin(DELETE, Username="ada")
        assert client.by_password()["AuthenticationResult"]
        user = client.pool.user("ada")
        assert (user.totp, user.mfa_enabled, user.mfa_preferred) == (None, frozenset(), None)
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": app.code()},
        )
        assert isinstance(error, NotAuthorizedException)

    def test_other_methods_stay(self, client: ClientOf, app: App) -> None:
        client.pool.change(
            "ada", mfa_enabled=frozenset({"SOFTWARE_TOKEN_MFA", "SMS_MFA"}), mfa_preferred="SMS_MFA"
        )
        client.pool.admin(DELETE, Username="ada")
        user = client.pool.user("ada")
        assert (user.mfa_enabled, user.mfa_preferred) == (frozenset({"SMS_MFA"}), "SMS_MFA")

    def test_an_app_that_was_never_verified_goes_too(self, client: ClientOf) -> None:
        tokens = client.tokens()
        app = App(client.world, tokens.call("AssociateSoftwareToken")["SecretCode"])
        client.pool.admin(DELETE, Username="ada")
        assert tokens.error("VerifySoftwareToken", UserCode=app.code()).code == (
            "SoftwareTokenMFANotFoundException"
        )

    def test_where_one_is_required_the_next_sign_in_sets_it_up(self, world: World) -> None:
        client = new_client(world, TOTP_OPTIONAL)
        with_app(client, client.tokens())
        client.pool.admin("SetUserPoolMfaConfig", **TOTP_ON)
        client.pool.admin(DELETE, Username="ada")
        assert client.by_password()["ChallengeName"] == "MFA_SETUP"

    def test_there_is_none(self, client: ClientOf) -> None:
        error = client.world.error(DELETE, UserPoolId=client.pool.id, Username="ada")
        assert isinstance(error, ResourceNotFoundException)
        error = client.world.error(DELETE, UserPoolId=client.pool.id, Username="nobody")
        assert isinstance(error, UserNotFoundException)
