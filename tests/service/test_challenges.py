"""Challenges after the password: each bad case by its number in the project's catalogue."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_ON,
    TOTP_OPTIONAL,
    App,
    ClientOf,
    PoolOf,
    Tokens,
    World,
    other_code,
    pairs,
    together,
    with_app,
)
from userpool.protocol.challenges import NEXT
from userpool.protocol.errors import (
    CodeDeliveryFailureException,
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    InvalidParameterException,
    InvalidPasswordException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    ServiceError,
    SoftwareTokenMFANotFoundException,
    TooManyRequestsException,
)
from userpool.service.domain.records import UserStatus

EMAIL = "ada@example.com"
PHONE = "+15555550123"
EMAIL_MFA = {
    "EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Code"},
    "MfaConfiguration": "OPTIONAL",
}
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
SMS_MFA = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}, "MfaConfiguration": "OPTIONAL"}
ALL_MFA = {**EMAIL_MFA, **SMS_MFA, **TOTP_OPTIONAL}
BY_PHONE = {"RecoveryMechanisms": [{"Name": "verified_phone_number", "Priority": 1}]}
BY_EMAIL = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
USED = "Invalid session for the user, session can only be used once."
INVALID = "Invalid session for the user."


def refused(client: ClientOf, challenge: dict[str, Any], **responses: str) -> ServiceError:
    return client.error(
        "RespondToAuthChallenge",
        ChallengeName=challenge["ChallengeName"],
        Session=challenge.get("Session"),
        ChallengeResponses={"USERNAME": "ada", **responses},
    )


def preference(**methods: bool) -> dict[str, Any]:
    """The members of SetUserMFAPreference: the method is enabled, and preferred if true."""
    names = {"sms": "SMSMfaSettings", "totp": "SoftwareTokenMfaSettings", "email": "EmailMfaSettings"}
    return {names[name]: {"Enabled": True, "PreferredMfa": first} for name, first in methods.items()}


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


class TestSoftwareToken:
    @pytest.fixture
    def client(self, world: World) -> ClientOf:
        client = world.pool(mfa=TOTP_OPTIONAL).client()
        client.signed_up()
        return client

    @pytest.fixture
    def app(self, client: ClientOf) -> App:
        return with_app(client, client.tokens())

    @pytest.mark.parametrize("flow", ["srp", "password", "admin", "reset"])
    def test_A10_the_second_factor_is_asked_for_on_every_path(
        self, client: ClientOf, app: App, flow: str
    ) -> None:
        if flow == "srp":
            challenge = client.by_srp()
        elif flow == "admin":
            challenge = client.pool.admin(
                "AdminInitiateAuth",
                ClientId=client.id,
                AuthFlow="ADMIN_NO_SRP_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            )
        elif flow == "reset":
            client.pool.change("ada", attributes={"email": EMAIL, "email_verified": "true"})
            client.call("ForgotPassword", Username="ada")
            code = client.world.code()
            answer = client.call(
                "ConfirmForgotPassword", Username="ada", ConfirmationCode=code, Password=OTHER_PASSWORD
            )
            assert answer == {}
            challenge = client.by_password("ada", OTHER_PASSWORD)
        else:
            challenge = client.by_password()
        assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert challenge["ChallengeParameters"] == {"USER_ID_FOR_SRP": "ada"}
        assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_A12_a_code_is_good_once(self, client: ClientOf, app: App) -> None:
        client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
        challenge = client.by_password()
        error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert isinstance(error, ExpiredCodeException)
        assert error.message == "Your software token has already been used once."
        # This error ends the session.
        app.world.time += 30
        assert refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code()).message == USED

    def test_A12_a_code_is_good_once_for_several_at_the_same_time(self, client: ClientOf, app: App) -> None:
        challenges = [client.by_password() for _ in range(4)]
        outcomes = together(
            4, lambda number: client.answer(challenges[number], SOFTWARE_TOKEN_MFA_CODE=app.code())
        )
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {dict: 1, ExpiredCodeException: 3}

    @pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_A13_the_window_is_one_step_either_side(
        self, client: ClientOf, app: App, steps: int, good: bool
    ) -> None:
        app.world.time += 300
        challenge = client.by_password()
        if good:
            assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code(steps))["AuthenticationResult"]
        else:
            error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code(steps))
            assert (type(error), error.message) == (
                CodeMismatchException,
                "Invalid code received for user",
            )

    def test_the_movable_clock_does_not_move_codes(self, client: ClientOf, app: App) -> None:
        app.world.clock.advance(5000)
        assert client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())

    @pytest.mark.parametrize(
        "code", ["", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "abcdef"]
    )
    def test_what_is_no_code(self, client: ClientOf, app: App, code: str) -> None:
        error = refused(client, client.by_password(), SOFTWARE_TOKEN_MFA_CODE=code)
        assert isinstance(error, CodeMismatchException | InvalidParameterException)

    def test_wrong_codes_end_in_a_session_that_is_used_up_and_a_lock(
        self, client: ClientOf, app: App
    ) -> None:
        challenge = client.by_password()
        texts = [refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.wrong()).message for _ in range(7)]
        assert texts == ["Invalid code received for user"] * 5 + [INVALID] * 2
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        assert error.message == "Password attempts exceeded"

    def test_who_knows_the_password_gets_no_more_guesses_by_starting_again(
        self, client: ClientOf, app: App
    ) -> None:
        guesses = 0
        for _ in range(20):
            try:
                challenge = client.by_password()
            except NotAuthorizedException:
                continue
            error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
            guesses += isinstance(error, CodeMismatchException)
        assert guesses <= 5

    def test_parallel_guesses_are_charged_before_they_are_compared(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        outcomes = together(100, lambda _: client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.wrong()))
        assert Counter(type(one) for one in outcomes)[CodeMismatchException] <= 5

    def test_A08_a_session_is_good_once(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code(1))
        assert (type(error), error.message) == (NotAuthorizedException, USED)

    def test_A08_of_parallel_right_answers_one_signs_in(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        outcomes = together(4, lambda _: client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code()))
        assert Counter(type(one) for one in outcomes)[dict] == 1

    def test_A08_an_answer_out_of_order(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        for name, responses in (
            ("NEW_PASSWORD_REQUIRED", {"NEW_PASSWORD": OTHER_PASSWORD}),
            ("MFA_SETUP", {}),
            ("SELECT_MFA_TYPE", {"ANSWER": "SMS_MFA"}),
            ("SMS_MFA", {"SMS_MFA_CODE": "123456"}),
            ("CUSTOM_CHALLENGE", {"ANSWER": "x"}),
            ("DEVICE_SRP_AUTH", {"SRP_A": "5"}),
            ("WEB_AUTHN", {"CREDENTIAL": "{}"}),
        ):
            error = refused(client, {**challenge, "ChallengeName": name}, **responses)
            assert (type(error), error.message) == (NotAuthorizedException, INVALID), name
        assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_a_secret_block_is_no_session(self, client: ClientOf, app: App) -> None:
        block = client.srp().parameters["SECRET_BLOCK"].replace("+", "-").replace("/", "_").rstrip("=")
        error = refused(
            client,
            {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": block},
            SOFTWARE_TOKEN_MFA_CODE=app.code(),
        )
        assert error.message == INVALID

    def test_A06_a_session_at_another_client(self, client: ClientOf, app: App) -> None:
        other = client.pool.client()
        error = refused(other, client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert error.message == INVALID

    def test_A07_a_session_that_is_too_old(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        app.world.clock.advance(180)
        error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert error.message == "Invalid session for the user, session is expired."

    @pytest.mark.parametrize(
        ("session", "kind", "text"),
        [
            (None, InvalidParameterException, "Missing required parameter Session"),
            ("A" * 40, NotAuthorizedException, INVALID),
            ("!" * 40, NotAuthorizedException, INVALID),
        ],
    )
    def test_a_session_that_is_none(
        self, client: ClientOf, session: str | None, kind: type[ServiceError], text: str
    ) -> None:
        challenge = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": session}
        error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE="123456")
        assert (type(error), error.message) == (kind, text)

    def test_the_session_of_another_user(self, client: ClientOf, app: App) -> None:
        client.signed_up("bob")
        error = refused(client, client.by_password(), USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert error.message == INVALID

    def test_a_user_who_was_disabled_or_deleted_meanwhile(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        client.pool.admin("AdminDisableUser", Username="ada")
        error = refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert error.message == "User is disabled."
        client.pool.admin("AdminDeleteUser", Username="ada")
        assert refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code()).message == INVALID

    def test_an_app_that_was_removed_meanwhile(self, client: ClientOf, app: App) -> None:
        challenge = client.by_password()
        client.pool.change("ada", totp=None)
        assert refused(client, challenge, SOFTWARE_TOKEN_MFA_CODE=app.code()).message == INVALID

    def test_a_friendly_name_is_shown(self, client: ClientOf, world: World) -> None:
        tokens = client.tokens()
        app = App(world, tokens.call("AssociateSoftwareToken")["SecretCode"])
        tokens.call("VerifySoftwareToken", UserCode=app.code(), FriendlyDeviceName="phone")
        tokens.call("SetUserMFAPreference", **preference(totp=True))
        assert client.by_password()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"


class TestSentCodes:
    @pytest.fixture
    def client(self, world: World) -> ClientOf:
        client = world.pool(mfa={**EMAIL_MFA, **SMS_MFA}).client()
        client.signed_up("ada", email=EMAIL, phone_number=PHONE)
        return client

    @pytest.mark.parametrize(
        ("method", "name", "code_name", "to", "masked"),
        [
            ("email", "EMAIL_OTP", "EMAIL_OTP_CODE", EMAIL, "a***@e***"),
            ("sms", "SMS_MFA", "SMS_MFA_CODE", PHONE, "+*******0123"),
        ],
    )
    def test_a_code_is_sent_and_proves_the_address(
        self, client: ClientOf, world: World, method: str, name: str, code_name: str, to: str, masked: str
    ) -> None:
        client.tokens().call("SetUserMFAPreference", **preference(**{method: True}))
        challenge = client.by_srp()
        assert challenge["ChallengeName"] == name
        parameters = challenge["ChallengeParameters"]
        assert parameters["CODE_DELIVERY_DESTINATION"] == masked
        assert parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] == world.outbox(to)[-1].medium
        code = world.code(to)
        error = refused(client, challenge, **{code_name: other_code(code)})
        assert (type(error), error.message) == (
            CodeMismatchException,
            "Invalid code or auth state for the user.",
        )
        assert client.answer(challenge, **{code_name: code})["AuthenticationResult"]
        flag = {"email": "email_verified", "sms": "phone_number_verified"}[method]
        assert client.pool.user("ada").attributes[flag] == "true"
        # The second time the address is known to be the user's; nothing changes.
        version = client.pool.user("ada").version
        client.answer(client.by_srp(), **{code_name: world.code(to)})
        assert client.pool.user("ada").version == version

    def test_the_code_of_one_session_is_worthless_in_another(self, client: ClientOf, world: World) -> None:
        client.tokens().call("SetUserMFAPreference", **preference(email=True))
        first = client.by_password()
        old = world.code(EMAIL)
        second = client.by_password()
        if old != world.code(EMAIL):
            error = refused(client, second, EMAIL_OTP_CODE=old)
            assert isinstance(error, CodeMismatchException)
        assert client.answer(first, EMAIL_OTP_CODE=old)["AuthenticationResult"]

    def test_choosing_a_method(self, client: ClientOf, world: World) -> None:
        client.tokens().call("SetUserMFAPreference", **preference(email=False, sms=False))
        challenge = client.by_password()
        assert challenge["ChallengeName"] == "SELECT_MFA_TYPE"
        assert json.loads(challenge["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
        for answer in ("SOFTWARE_TOKEN_MFA", "nonsense"):
            error = refused(client, challenge, ANSWER=answer)
            assert (type(error), error.message) == (
                InvalidParameterException,
                "Selected challenge is not available",
            )
        # Cognito's guide says EMAIL_MFA, its clients send EMAIL_OTP.
        following = client.answer(challenge, ANSWER="EMAIL_MFA")
        assert following["ChallengeName"] == "EMAIL_OTP"
        assert refused(client, challenge, ANSWER="EMAIL_OTP").message == USED
        assert client.answer(following, EMAIL_OTP_CODE=world.code(EMAIL))["AuthenticationResult"]

    def test_a_code_that_cannot_be_delivered(
        self, client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.tokens().call("SetUserMFAPreference", **preference(email=True))

        def fail(*_: object) -> None:
            raise CodeDeliveryFailureException("Unable to deliver message")

        with monkeypatch.context() as patch:
            patch.setattr(type(world.context.messages), "send", fail)
            with pytest.raises(InvalidUserPoolConfigurationException, match="Sign in again"):
                client.by_password()
        challenge = client.by_password()
        assert client.answer(challenge, EMAIL_OTP_CODE=world.code(EMAIL))["AuthenticationResult"]

    def test_choosing_gives_no_guess_back(self, client: ClientOf, world: World) -> None:
        """Who knows the password cannot trade choices for guesses."""
        client.tokens().call("SetUserMFAPreference", **preference(email=False, sms=False))
        guesses = 0
        for _ in range(20):
            try:
                choice = client.by_password()
                sent = client.answer(choice, ANSWER="EMAIL_OTP")
            except NotAuthorizedException:
                continue
            error = refused(client, sent, EMAIL_OTP_CODE=other_code(world.code(EMAIL)))
            guesses += isinstance(error, CodeMismatchException)
        assert guesses <= 5

    def test_an_address_that_changed_meanwhile_is_not_verified(self, client: ClientOf, world: World) -> None:
        client.tokens().call("SetUserMFAPreference", **preference(email=True))
        challenge = client.by_password()
        other = {"email": "eve@example.com", "email_verified": "false"}
        client.pool.change("ada", attributes=other)
        client.answer(challenge, EMAIL_OTP_CODE=world.code(EMAIL))
        assert client.pool.user("ada").attributes == other

    def test_an_alias_of_another_user_stays_theirs(self, world: World) -> None:
        client = world.pool(
            AliasAttributes=["email"], AutoVerifiedAttributes=["email"], mfa=EMAIL_MFA
        ).client()
        client.sign_up("eve", email=EMAIL)
        client.call("ConfirmSignUp", Username="eve", ConfirmationCode=world.code())
        client.signed_up("ada", email=EMAIL)
        client.tokens().call("SetUserMFAPreference", **preference(email=True))
        challenge = client.by_password()
        assert client.answer(challenge, EMAIL_OTP_CODE=world.code(EMAIL))["AuthenticationResult"]
        assert client.pool.user(EMAIL).username == "eve"
        assert client.pool.user("ada").attributes["email_verified"] == "false"


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
