"""Challenges after the password, a new one and the order: each bad case by its number."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.service.second_factors import (
    ALL_MFA,
    EMAIL,
    INVALID,
    PHONE,
    USED,
    preference,
    refused,
)
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_ON,
    ClientOf,
    PoolOf,
    World,
    pairs,
    together,
)
from userpool.protocol.challenges import NEXT
from userpool.protocol.errors import (
    InvalidParameterException,
    InvalidPasswordException,
    NotAuthorizedException,
)
from userpool.service.domain.records import UserStatus


class TestNewPassword:
    """A user whom an administrator made."""

    @pytest.fixture
    def client(self, world: World) -> ClientOf:
        required = [{"Name": "email", "Required": True, "Mutable": True}]
        return world.pool(Schema=required).client()

    @pytest.fixture
    def invited(self, client: ClientOf) -> ClientOf:
        client.pool.admin(
            "AdminCreateUser",
            Username="ada",
            TemporaryPassword=PASSWORD,
            UserAttributes=pairs({"name": "Ada"}),
        )
        return client

    @pytest.mark.parametrize("flow", ["srp", "password", "admin"])
    def test_A09_no_path_gives_tokens_for_a_temporary_password(self, invited: ClientOf, flow: str) -> None:
        if flow == "srp":
            challenge = invited.by_srp()
        elif flow == "password":
            challenge = invited.by_password()
        else:
            challenge = invited.pool.admin(
                "AdminInitiateAuth",
                ClientId=invited.id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            )
        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert "AuthenticationResult" not in challenge
        parameters = challenge["ChallengeParameters"]
        assert json.loads(parameters["requiredAttributes"]) == ["userAttributes.email"]
        assert json.loads(parameters["userAttributes"]) == {"name": "Ada"}
        assert parameters["USER_ID_FOR_SRP"] == "ada"

    def answer(self, client: ClientOf, challenge: dict[str, Any], **more: str) -> dict[str, Any]:
        responses = {"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": EMAIL, **more}
        return client.answer(challenge, **responses)

    def test_the_new_password_confirms_the_user(self, invited: ClientOf) -> None:
        assert self.answer(invited, invited.by_srp())["AuthenticationResult"]
        user = invited.pool.user("ada")
        assert user.status is UserStatus.CONFIRMED
        assert user.attributes["email"] == EMAIL
        assert invited.by_password("ada", OTHER_PASSWORD)["AuthenticationResult"]

    def test_an_administrator_may_answer(self, invited: ClientOf) -> None:
        challenge = invited.by_srp()
        answer = invited.pool.admin(
            "AdminRespondToAuthChallenge",
            ClientId=invited.id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge["Session"],
            ChallengeResponses={
                "USERNAME": "ada",
                "NEW_PASSWORD": OTHER_PASSWORD,
                "userAttributes.email": EMAIL,
            },
        )
        assert answer["AuthenticationResult"]

    def test_faults_leave_the_session_usable(self, invited: ClientOf) -> None:
        challenge = invited.by_password()
        for more, kind, text in (
            (
                {"NEW_PASSWORD": "short"},
                InvalidPasswordException,
                "Password did not conform with policy: Password not long enough",
            ),
            ({"NEW_PASSWORD": ""}, InvalidParameterException, "Missing required parameter NEW_PASSWORD"),
            (
                {"NEW_PASSWORD": OTHER_PASSWORD},
                InvalidParameterException,
                "Invalid attributes given, email is missing",
            ),
            (
                {"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": "none"},
                InvalidParameterException,
                "Invalid email address format.",
            ),
            (
                {"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email_verified": "true"},
                NotAuthorizedException,
                "A client attempted to write unauthorized attribute",
            ),
        ):
            error = refused(invited, challenge, **more)
            assert (type(error), error.message) == (kind, text)
        assert self.answer(invited, challenge)["AuthenticationResult"]

    def test_a_required_attribute_that_is_there_stays(self, client: ClientOf) -> None:
        client.pool.admin(
            "AdminCreateUser",
            Username="ada",
            TemporaryPassword=PASSWORD,
            UserAttributes=pairs({"email": EMAIL}),
        )
        challenge = client.by_password()
        error = refused(
            client, challenge, **{"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": "eve@example.com"}
        )
        assert error.message == "Cannot modify an already provided email"
        assert self.answer(client, challenge)["AuthenticationResult"]

    def test_a_fixed_attribute_that_is_there_stays(self, world: World) -> None:
        schema = [{"Name": "badge", "AttributeDataType": "String", "Mutable": False}]
        client = world.pool(Schema=schema).client(WriteAttributes=["custom:badge"])
        for name, badge in (("ada", "7"), ("eve", "")):
            attributes = pairs({"custom:badge": badge} if badge else {})
            client.pool.admin(
                "AdminCreateUser", Username=name, TemporaryPassword=PASSWORD, UserAttributes=attributes
            )
        given = {"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.custom:badge": "8"}
        error = refused(client, client.by_password(), **given)
        assert error.message == "user.custom:badge: Attribute cannot be updated."
        assert client.answer(client.by_password("eve"), USERNAME="eve", **given)["AuthenticationResult"]
        assert client.pool.user("eve").attributes["custom:badge"] == "8"

    def test_A65_a_temporary_password_past_its_days(self, invited: ClientOf, world: World) -> None:
        world.clock.advance(7 * 86400)
        error = world.error(
            "InitiateAuth",
            ClientId=invited.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        assert isinstance(error, NotAuthorizedException)
        assert error.message == "Temporary password has expired and must be reset by an administrator."

    def test_A08_the_session_is_good_once(self, invited: ClientOf) -> None:
        challenge = invited.by_password()
        outcomes = together(6, lambda _: self.answer(invited, challenge))
        assert Counter(isinstance(one, dict) for one in outcomes)[True] == 1
        error = refused(invited, challenge, **{"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": EMAIL})
        assert error.message in (USED, INVALID)

    def test_a_password_that_was_set_meanwhile_ends_the_session(self, invited: ClientOf) -> None:
        challenge = invited.by_password()
        invited.pool.admin("AdminSetUserPassword", Username="ada", Password="Quite-other-9", Permanent=False)
        error = refused(invited, challenge, **{"NEW_PASSWORD": OTHER_PASSWORD, "userAttributes.email": EMAIL})
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)

    def test_A10_the_second_factor_is_asked_for_afterwards(self, world: World) -> None:
        client = world.pool(mfa=TOTP_ON).client()
        client.pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
        after = client.answer(client.by_password(), NEW_PASSWORD=OTHER_PASSWORD)
        assert after["ChallengeName"] == "MFA_SETUP"
        assert "AuthenticationResult" not in after


def test_the_engine_goes_only_where_the_table_of_order_allows(world: World, pool: PoolOf) -> None:
    """Every answer of these walks is a row of NEXT."""
    client = world.pool(mfa={**ALL_MFA, "MfaConfiguration": "ON"}).client()
    client.pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
    walked = []

    def step(before: str, answer: dict[str, Any]) -> dict[str, Any]:
        after = answer.get("ChallengeName", "TOKENS")
        assert after in NEXT[before], f"{before} -> {after}"
        walked.append(after)
        return answer

    verifier = step("USER_SRP_AUTH", client.srp().challenge)
    assert verifier["ChallengeName"] == "PASSWORD_VERIFIER"
    new_password = step("PASSWORD_VERIFIER", client.by_srp())
    set_up = step("NEW_PASSWORD_REQUIRED", client.answer(new_password, NEW_PASSWORD=OTHER_PASSWORD))
    email = step("MFA_SETUP", client.answer(set_up, EMAIL=EMAIL))
    tokens = client.tokens(step("EMAIL_OTP", client.answer(email, EMAIL_OTP_CODE=world.code(EMAIL))))
    tokens.call("UpdateUserAttributes", UserAttributes=pairs({"phone_number": PHONE}))
    tokens.call("SetUserMFAPreference", **preference(email=False, sms=False))
    choice = step("USER_PASSWORD_AUTH", client.by_password("ada", OTHER_PASSWORD))
    sms = step("SELECT_MFA_TYPE", client.answer(choice, ANSWER="SMS_MFA"))
    step("SMS_MFA", client.answer(sms, SMS_MFA_CODE=world.code(PHONE)))
    assert walked == [
        "PASSWORD_VERIFIER",
        "NEW_PASSWORD_REQUIRED",
        "MFA_SETUP",
        "EMAIL_OTP",
        "TOKENS",
        "SELECT_MFA_TYPE",
        "SMS_MFA",
        "TOKENS",
    ]


def test_a_step_that_the_table_of_order_forbids_is_not_taken(
    world: World, pool: PoolOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a decision ever skip the second factor, the engine stops instead of giving tokens."""
    client = world.pool(mfa={**ALL_MFA, "MfaConfiguration": "ON"}).client()
    client.signed_up("ada", email=EMAIL, phone_number=PHONE)
    choice = client.by_password()
    assert choice["ChallengeName"] == "SELECT_MFA_TYPE"
    monkeypatch.setattr("userpool.service.operations.challenges.challenge_of", lambda method: None)
    with pytest.raises(AssertionError, match="failed inside"):
        client.answer(choice, ANSWER="SMS_MFA")
