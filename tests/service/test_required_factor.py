"""Pools that want a second factor, and what users prefer."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.service.second_factors import (
    ALL_MFA,
    BY_EMAIL,
    BY_PHONE,
    EMAIL,
    EMAIL_MFA,
    INVALID,
    PHONE,
    SMS_MFA,
    USED,
    preference,
    refused,
)
from tests.service.world import (
    PASSWORD,
    TOTP_ON,
    TOTP_OPTIONAL,
    App,
    ClientOf,
    Tokens,
    World,
    together,
    with_app,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    ServiceError,
    SoftwareTokenMFANotFoundException,
    TooManyRequestsException,
)


class TestRequiredFactor:
    """A pool whose users all need a second factor."""

    def make(self, world: World, mfa: dict[str, Any], **settings: Any) -> ClientOf:
        return world.pool(mfa={**mfa, "MfaConfiguration": "ON"}, **settings).client()

    def test_without_any_factor_one_is_set_up(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        challenge = client.by_srp()
        assert challenge["ChallengeName"] == "MFA_SETUP"
        assert json.loads(challenge["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
        error = refused(client, challenge)
        assert isinstance(error, InvalidParameterException)

        started = world.call("AssociateSoftwareToken", Session=challenge["Session"])
        app = App(world, started["SecretCode"])
        assert len(app.secret) == 52
        again = world.error("AssociateSoftwareToken", Session=challenge["Session"])
        assert again.message == USED
        verified = world.call("VerifySoftwareToken", Session=started["Session"], UserCode=app.code())
        assert verified["Status"] == "SUCCESS"
        done = client.respond("MFA_SETUP", verified["Session"], USERNAME="ada")
        assert done["AuthenticationResult"]
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="MFA_SETUP",
            Session=verified["Session"],
            ChallengeResponses={"USERNAME": "ada"},
        )
        assert error.message == USED
        assert client.by_srp()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def test_A11_wrong_codes_close_the_set_up(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        challenge = client.by_password()
        premature = world.error("VerifySoftwareToken", Session=challenge["Session"], UserCode="123456")
        assert isinstance(premature, InvalidParameterException)
        started = world.call("AssociateSoftwareToken", Session=challenge["Session"])
        app = App(world, started["SecretCode"])
        for _ in range(3):
            error = world.error("VerifySoftwareToken", Session=started["Session"], UserCode=app.wrong())
            assert isinstance(error, EnableSoftwareTokenMFAException)
            assert error.message == "Code mismatch and fail enable Software Token MFA"
        error = world.error("VerifySoftwareToken", Session=started["Session"], UserCode=app.code())
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)
        # The session that was not verified gives no tokens.
        error = refused(client, {"ChallengeName": "MFA_SETUP", "Session": started["Session"]})
        assert isinstance(error, InvalidParameterException)
        assert client.pool.user("ada").totp is None

    def test_setting_up_a_code_by_email(self, world: World) -> None:
        client = self.make(world, EMAIL_MFA)
        client.signed_up()
        challenge = client.by_password()
        assert json.loads(challenge["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["EMAIL_OTP"]
        no_app = world.error("AssociateSoftwareToken", Session=challenge["Session"])
        assert isinstance(no_app, SoftwareTokenMFANotFoundException)
        assert refused(client, challenge, EMAIL="none").message == "Invalid email address format."
        following = client.answer(challenge, EMAIL=EMAIL)
        assert following["ChallengeName"] == "EMAIL_OTP"
        assert "email" not in client.pool.user("ada").attributes
        assert client.answer(following, EMAIL_OTP_CODE=world.code(EMAIL))["AuthenticationResult"]
        user = client.pool.user("ada")
        assert (user.attributes["email"], user.attributes["email_verified"]) == (EMAIL, "true")
        assert client.by_password()["ChallengeName"] == "EMAIL_OTP"

    def test_codes_do_not_go_to_strangers_without_end(self, world: World) -> None:
        client = self.make(world, EMAIL_MFA)
        client.signed_up()
        for _ in range(5):
            client.answer(client.by_password(), EMAIL="eve@example.com")
        challenge = client.by_password()
        assert isinstance(refused(client, challenge, EMAIL="eve@example.com"), TooManyRequestsException)
        assert len(world.outbox("eve@example.com")) == 5
        world.time += 3600
        assert client.answer(client.by_password(), EMAIL=EMAIL)["ChallengeName"] == "EMAIL_OTP"

    def test_the_address_of_another_user_cannot_be_set_up(self, world: World) -> None:
        client = self.make(world, EMAIL_MFA, AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
        client.sign_up("eve", email=EMAIL)
        client.call("ConfirmSignUp", Username="eve", ConfirmationCode=world.code())
        client.signed_up("ada")
        following = client.answer(client.by_password(), email=EMAIL)
        error = refused(client, following, EMAIL_OTP_CODE=world.code(EMAIL))
        assert error.code == "AliasExistsException"

    def test_email_is_not_set_up_where_it_is_not_offered(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        error = refused(client, client.by_password(), EMAIL=EMAIL)
        assert error.message == "Selected challenge is not available"

    def test_an_address_is_used_at_once(self, world: World) -> None:
        client = self.make(world, {**EMAIL_MFA, **TOTP_ON})
        client.signed_up("ada", email=EMAIL)
        assert client.by_password()["ChallengeName"] == "EMAIL_OTP"

    def test_an_address_that_recovers_the_password_is_no_second_factor(self, world: World) -> None:
        client = self.make(world, {**EMAIL_MFA, **TOTP_ON}, AccountRecoverySetting=BY_EMAIL)
        client.signed_up("ada", email=EMAIL)
        challenge = client.by_password()
        assert json.loads(challenge["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]

        only_email = self.make(world, EMAIL_MFA, AccountRecoverySetting=BY_EMAIL)
        only_email.signed_up("ada", email=EMAIL)
        error = only_email.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        assert isinstance(error, InvalidUserPoolConfigurationException)

    def test_of_two_addresses_the_one_that_does_not_recover(self, world: World) -> None:
        mfa = {**EMAIL_MFA, **SMS_MFA}
        client = self.make(world, mfa, AccountRecoverySetting=BY_PHONE)
        client.signed_up("ada", email=EMAIL, phone_number=PHONE)
        assert client.by_password()["ChallengeName"] == "EMAIL_OTP"
        free = self.make(world, mfa)
        free.signed_up("ada", email=EMAIL, phone_number=PHONE)
        assert free.by_password()["ChallengeName"] == "SELECT_MFA_TYPE"

    def set_up(self, client: ClientOf) -> App:
        """Set an authenticator app up in the course of a sign-in."""
        world, session = client.world, client.by_password()["Session"]
        started = world.call("AssociateSoftwareToken", Session=session)
        app = App(world, started["SecretCode"])
        verified = world.call("VerifySoftwareToken", Session=started["Session"], UserCode=app.code())
        assert client.respond("MFA_SETUP", verified["Session"], USERNAME="ada")["AuthenticationResult"]
        return app

    def test_A10_an_open_set_up_does_not_replace_the_app_that_the_user_has_by_now(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        held = client.by_password()["Session"]
        started = world.call("AssociateSoftwareToken", Session=client.by_password()["Session"])
        self.set_up(client)
        before = client.pool.user("ada").totp
        other = App(world, started["SecretCode"]).code()
        for error in (
            world.error("AssociateSoftwareToken", Session=held),
            world.error("VerifySoftwareToken", Session=started["Session"], UserCode=other),
        ):
            assert (type(error), error.message) == (NotAuthorizedException, INVALID)
        assert client.pool.user("ada").totp == before

    def test_A10_of_two_apps_that_are_verified_at_once_one_is_set_up(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        sessions = [client.by_password()["Session"] for _ in range(4)]
        started = [world.call("AssociateSoftwareToken", Session=session) for session in sessions]

        def verify(number: int) -> str:
            one = started[number]
            code = App(world, one["SecretCode"]).code()
            done = world.call("VerifySoftwareToken", Session=one["Session"], UserCode=code)
            return str(done["Status"])

        outcomes = together(len(started), verify)
        assert outcomes.count("SUCCESS") == 1
        assert [one.message for one in outcomes if isinstance(one, ServiceError)] == [INVALID] * 3

    def test_A10_an_open_set_up_puts_no_address_beside_the_app_that_the_user_has_by_now(
        self, world: World
    ) -> None:
        client = self.make(world, {**EMAIL_MFA, **TOTP_ON}, AccountRecoverySetting=BY_PHONE)
        client.signed_up()
        held, late = client.by_password(), client.by_password()
        asked = client.answer(held, EMAIL="eve@example.com")
        self.set_up(client)
        code = world.code("eve@example.com")
        for error in (
            refused(client, asked, EMAIL_OTP_CODE=code),
            refused(client, late, EMAIL="eve@example.com"),
        ):
            assert (type(error), error.message) == (NotAuthorizedException, INVALID)
        assert "email" not in client.pool.user("ada").attributes

    def test_a_set_up_that_the_pool_does_not_want_any_more(self, world: World) -> None:
        client = self.make(world, {**EMAIL_MFA, **TOTP_ON}, AccountRecoverySetting=BY_EMAIL)
        client.signed_up("ada", email=EMAIL)
        held = client.by_password()["Session"]
        only_email = {
            **EMAIL_MFA,
            "MfaConfiguration": "ON",
            "SoftwareTokenMfaConfiguration": {"Enabled": False},
        }
        client.pool.admin("SetUserPoolMfaConfig", **only_email)
        assert world.error("AssociateSoftwareToken", Session=held).message == INVALID

    def test_a_set_up_of_a_user_who_is_gone(self, world: World) -> None:
        client = self.make(world, TOTP_ON)
        client.signed_up()
        challenge = client.by_password()
        client.pool.admin("AdminDeleteUser", Username="ada")
        assert world.error("AssociateSoftwareToken", Session=challenge["Session"]).message == INVALID


def test_preferences(world: World) -> None:
    client = world.pool(mfa=ALL_MFA).client()
    client.signed_up("ada", email=EMAIL)
    tokens: Tokens = client.tokens()
    for members, text in (
        (preference(totp=True), "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"),
        (preference(sms=True), "User does not have delivery config set to turn on SMS_MFA"),
        (
            {"EmailMfaSettings": {"Enabled": False, "PreferredMfa": True}},
            "EMAIL_OTP must be enabled to be preferred.",
        ),
    ):
        error = tokens.error("SetUserMFAPreference", **members)
        assert (type(error), error.message) == (InvalidParameterException, text)
    app = with_app(client, tokens)
    both = tokens.error("SetUserMFAPreference", **preference(totp=True, email=True))
    assert both.message == "Only one MFA method can be preferred."
    tokens.call("SetUserMFAPreference", **preference(email=True))
    shown = tokens.call("GetUser")
    assert shown["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    assert shown["PreferredMfaSetting"] == "EMAIL_OTP"
    tokens.call("SetUserMFAPreference", EmailMfaSettings={"Enabled": False})
    shown = tokens.call("GetUser")
    assert shown["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert "PreferredMfaSetting" not in shown
    assert client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]
    error = tokens.error("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": True})
    assert "WebAuthnMfaSettings" in error.message


def test_an_app_that_works_keeps_working_until_another_is_verified(world: World) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    client.signed_up()
    tokens = client.tokens()
    old = with_app(client, tokens)
    new = App(world, tokens.call("AssociateSoftwareToken")["SecretCode"])
    assert client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=old.code())["AuthenticationResult"]
    error = tokens.error("VerifySoftwareToken", UserCode=new.wrong())
    assert isinstance(error, EnableSoftwareTokenMFAException)
    tokens.call("VerifySoftwareToken", UserCode=new.code())
    world.time += 60
    challenge = client.by_password()
    assert isinstance(refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=old.code()), CodeMismatchException)
    assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=new.code())["AuthenticationResult"]


def test_verification_alone_switches_nothing_on(world: World) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    client.signed_up()
    tokens = client.tokens()
    missing = tokens.error("VerifySoftwareToken", UserCode="123456")
    assert isinstance(missing, SoftwareTokenMFANotFoundException)
    app = App(world, tokens.call("AssociateSoftwareToken")["SecretCode"])
    tokens.call("VerifySoftwareToken", UserCode=app.code())
    assert "UserMFASettingList" not in tokens.call("GetUser")
    assert client.by_password()["AuthenticationResult"]


def test_guesses_at_a_new_app_are_counted(world: World) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    client.signed_up()
    tokens = client.tokens()
    app = App(world, tokens.call("AssociateSoftwareToken")["SecretCode"])
    outcomes = together(40, lambda _: tokens.call("VerifySoftwareToken", UserCode=app.wrong()))
    kinds = Counter(one.code for one in outcomes if isinstance(one, ServiceError))
    assert kinds == {"EnableSoftwareTokenMFAException": 15, "TooManyRequestsException": 25}


def test_apps_where_the_pool_has_none(client: ClientOf) -> None:
    client.signed_up()
    error = client.tokens().error("AssociateSoftwareToken")
    assert isinstance(error, SoftwareTokenMFANotFoundException)
    assert error.message == "Software Token MFA has not been enabled by the userPool"
    for operation in ("AssociateSoftwareToken", "VerifySoftwareToken"):
        more = {"UserCode": "123456"} if operation == "VerifySoftwareToken" else {}
        assert isinstance(client.world.error(operation, **more), InvalidParameterException)
