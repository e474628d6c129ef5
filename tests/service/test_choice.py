"""Choice-based sign-in (USER_AUTH): each bad case by its number in the project's catalogue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    SrpAttempt,
    Tokens,
    World,
    claims,
    other_code,
    pairs,
    together,
    with_app,
)
from userpool.crypto.powers import power
from userpool.protocol import srp
from userpool.protocol.errors import (
    CodeDeliveryFailureException,
    CodeMismatchException,
    FeatureUnavailableInTierException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ServiceError,
    TooManyRequestsException,
    UnsupportedOperationException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.service.domain.records import UserStatus

EMAIL = "ada@example.com"
PHONE = "+15555550123"
ALL = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
SRP, CLEAR = "PASSWORD_SRP", "PASSWORD"
CODES = {"EMAIL_OTP": "EMAIL_OTP_CODE", "SMS_OTP": "SMS_OTP_CODE"}
USED = "Invalid session for the user, session can only be used once."
WRONG = "Incorrect username or password."


def factors(*names: str) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(names or ALL)}}}


@pytest.fixture
def pool(world: World) -> PoolOf:
    return world.pool(AutoVerifiedAttributes=["email"], **factors())


@pytest.fixture
def ada(client: ClientOf) -> ClientOf:
    client.signed_up("ada", email=EMAIL, phone_number=PHONE)
    return client


def choose(client: ClientOf, factor: str | None = None, /, user: str = "ada", **more: str) -> dict[str, Any]:
    parameters = {"USERNAME": user, **more}
    return client.initiate("USER_AUTH", **parameters, **({"PREFERRED_CHALLENGE": factor} if factor else {}))


def refused(client: ClientOf, factor: str | None = None, /, user: str = "ada", **more: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        choose(client, factor, user, **more)
    return caught.value


def not_accepted(client: ClientOf, challenge: Mapping[str, Any], /, **responses: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        client.answer(challenge, **responses)
    return caught.value


def by_code(client: ClientOf, factor: str = "EMAIL_OTP", user: str = "ada") -> dict[str, Any]:
    challenge = choose(client, factor, user)
    return client.answer(challenge, USERNAME=user, **{CODES[factor]: client.world.code()})


def srp_side() -> srp.ClientSide:
    return srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), power())


class TestChoosing:
    def test_without_a_preference_the_user_chooses(self, ada: ClientOf) -> None:
        challenge = choose(ada)
        assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
        assert challenge["AvailableChallenges"] == [SRP, CLEAR, "EMAIL_OTP", "SMS_OTP"]
        assert challenge["ChallengeParameters"] == {}
        assert ada.world.outbox() == ada.world.outbox(EMAIL)  # only the code of the sign-up

    def test_a_password_in_one_call(self, ada: ClientOf) -> None:
        answer = choose(ada, CLEAR, PASSWORD=PASSWORD)
        assert claims(ada.tokens(answer).access)["username"] == "ada"

    def test_a_password_in_three_steps(self, ada: ClientOf) -> None:
        asked = ada.answer(choose(ada), ANSWER=CLEAR)
        assert (asked["ChallengeName"], asked["AvailableChallenges"][0]) == (CLEAR, SRP)
        assert ada.answer(asked, PASSWORD=PASSWORD)["AuthenticationResult"]

    def test_a_password_after_a_wrong_code(self, ada: ClientOf) -> None:
        challenge = choose(ada, "EMAIL_OTP")
        code = other_code(ada.world.code())
        assert isinstance(not_accepted(ada, challenge, EMAIL_OTP_CODE=code), CodeMismatchException)
        instead = {**challenge, "ChallengeName": "SELECT_CHALLENGE"}
        assert ada.answer(instead, ANSWER=CLEAR, PASSWORD=PASSWORD)["AuthenticationResult"]
        assert not_accepted(ada, challenge, EMAIL_OTP_CODE=ada.world.code()).message == USED

    def test_a_password_with_the_choice(self, ada: ClientOf) -> None:
        assert ada.answer(choose(ada), ANSWER=CLEAR, PASSWORD=PASSWORD)["AuthenticationResult"]

    @pytest.mark.parametrize("way", ["preferred", "chosen", "asked"])
    def test_srp(self, ada: ClientOf, way: str) -> None:
        side = srp_side()
        if way == "preferred":
            challenge = choose(ada, SRP, SRP_A=side.public)
        elif way == "chosen":
            challenge = ada.answer(choose(ada), ANSWER=SRP, SRP_A=side.public)
        else:
            challenge = ada.answer(choose(ada, SRP), SRP_A=side.public)
        assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
        assert "EMAIL_OTP" in challenge["AvailableChallenges"]
        assert SrpAttempt(ada, side, PASSWORD, challenge).answer()["AuthenticationResult"]
        wrong = SrpAttempt(ada, side, OTHER_PASSWORD, challenge)
        assert "once" in str(not_accepted(ada, challenge, **wrong.responses()))

    @pytest.mark.parametrize("factor", CODES)
    @pytest.mark.parametrize("way", ["preferred", "chosen"])
    def test_a_code(self, ada: ClientOf, factor: str, way: str) -> None:
        challenge = choose(ada, factor) if way == "preferred" else ada.answer(choose(ada), ANSWER=factor)
        assert challenge["ChallengeName"] == factor
        assert challenge["ChallengeParameters"] == (
            {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "a***@e***"}
            if factor == "EMAIL_OTP"
            else {"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0123"}
        )
        message = ada.world.outbox()[-1]
        assert (message.purpose, message.to) == ("sign_in", EMAIL if factor == "EMAIL_OTP" else PHONE)
        assert len(message.code) == 8
        answer = ada.answer(challenge, **{CODES[factor]: message.code})
        assert claims(ada.tokens(answer).access)["username"] == "ada"

    def test_the_administrators_calls(self, ada: ClientOf) -> None:
        start = {"ClientId": ada.id, "AuthFlow": "USER_AUTH"}
        parameters = {"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"}
        challenge = ada.pool.admin("AdminInitiateAuth", AuthParameters=parameters, **start)
        answer = ada.pool.admin(
            "AdminRespondToAuthChallenge",
            ClientId=ada.id,
            ChallengeName="EMAIL_OTP",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": ada.world.code()},
        )
        assert answer["AuthenticationResult"]

    def test_only_the_flow_of_the_choice_has_to_be_allowed(self, ada: ClientOf) -> None:
        alone = ada.pool.client(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
        assert choose(alone, CLEAR, PASSWORD=PASSWORD)["AuthenticationResult"]

    def test_another_factor_may_be_chosen_while_one_waits(self, ada: ClientOf) -> None:
        by_mail = choose(ada, "EMAIL_OTP")
        by_sms = ada.respond("SELECT_CHALLENGE", by_mail["Session"], USERNAME="ada", ANSWER="SMS_OTP")
        assert by_sms["ChallengeName"] == "SMS_OTP"
        # The choice used the first session up.
        assert not_accepted(ada, by_mail, EMAIL_OTP_CODE="12345678").message == USED
        answer = ada.answer(by_sms, SMS_OTP_CODE=ada.world.code(PHONE))
        assert answer["AuthenticationResult"]

    def test_a_secret_is_asked_for_at_each_step(self, ada: ClientOf) -> None:
        client = ada.pool.client(GenerateSecret=True)
        assert client.secret is not None
        hashed = {"SECRET_HASH": secret_hash("ada", client.id, client.secret)}
        assert "secret was not received" in refused(client).message
        challenge = choose(client, **hashed)
        assert "secret was not received" in not_accepted(client, challenge, ANSWER="EMAIL_OTP").message
        assert client.answer(challenge, ANSWER="EMAIL_OTP", **hashed)["ChallengeName"] == "EMAIL_OTP"


class TestWhatIsAvailable:
    def test_a_pool_offers_the_password_alone_by_default(self, world: World) -> None:
        client = world.pool().client()
        client.signed_up("ada", email=EMAIL)
        assert choose(client, "EMAIL_OTP")["AvailableChallenges"] == [SRP, CLEAR]

    def test_a_factor_that_the_user_cannot_show_leads_to_the_choice(self, client: ClientOf) -> None:
        client.signed_up("ada", email=EMAIL)
        for factor in ("SMS_OTP", "WEB_AUTHN"):
            challenge = choose(client, factor)
            assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
            assert challenge["AvailableChallenges"] == [SRP, CLEAR, "EMAIL_OTP"]
            error = not_accepted(client, challenge, ANSWER=factor)
            assert (type(error), error.message) == (
                InvalidParameterException,
                "Selected challenge is not available",
            )
        # The refused choice left the session as it was.
        assert client.answer(challenge, ANSWER="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"

    def test_a_preference_that_is_none(self, ada: ClientOf) -> None:
        assert isinstance(refused(ada, "TELEPATHY"), InvalidParameterException)
        assert isinstance(refused(ada, "SMS_MFA"), InvalidParameterException)

    def test_a_temporary_password_has_to_be_used_first(self, client: ClientOf) -> None:
        client.pool.admin(
            "AdminCreateUser",
            Username="ada",
            TemporaryPassword=PASSWORD,
            UserAttributes=pairs({"email": EMAIL}),
        )
        assert choose(client, "EMAIL_OTP")["AvailableChallenges"] == [SRP, CLEAR]

    @pytest.mark.parametrize("way", [CLEAR, SRP])
    def test_A09_a_temporary_password_gives_no_tokens(self, client: ClientOf, way: str) -> None:
        client.pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
        if way == CLEAR:
            challenge = choose(client, CLEAR, PASSWORD=PASSWORD)
        else:
            side = srp_side()
            challenge = SrpAttempt(client, side, PASSWORD, choose(client, SRP, SRP_A=side.public)).answer()
        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert client.answer(challenge, NEW_PASSWORD=OTHER_PASSWORD)["AuthenticationResult"]

    def test_whoever_has_a_second_factor_shows_the_password_first(self, world: World) -> None:
        client = world.pool(AutoVerifiedAttributes=["email"], mfa=TOTP_OPTIONAL, **factors()).client()
        client.signed_up("ada", email=EMAIL)
        tokens = client.tokens(by_code(client))
        app = with_app(client, tokens)
        challenge = choose(client, "EMAIL_OTP")
        assert challenge["AvailableChallenges"] == [SRP, CLEAR]
        challenge = client.answer(challenge, ANSWER=CLEAR, PASSWORD=PASSWORD)
        assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_A10_a_required_second_factor_is_asked_for(self, world: World) -> None:
        pool = world.pool(AutoVerifiedAttributes=["email"], mfa={**TOTP_OPTIONAL, "MfaConfiguration": "ON"})
        client = pool.client()
        client.signed_up("ada", email=EMAIL)
        assert choose(client)["AvailableChallenges"] == [SRP, CLEAR]
        assert choose(client, CLEAR, PASSWORD=PASSWORD)["ChallengeName"] == "MFA_SETUP"

    def test_codes_and_a_required_second_factor_exclude_each_other(self, world: World) -> None:
        required = {**TOTP_OPTIONAL, "MfaConfiguration": "ON"}
        error = world.error("SetUserPoolMfaConfig", UserPoolId=world.pool(**factors()).id, **required)
        assert isinstance(error, InvalidParameterException)
        pool = world.pool(mfa=required)
        error = world.error("UpdateUserPool", UserPoolId=pool.id, MfaConfiguration="ON", **factors())
        assert "AllowedFirstAuthFactors" in error.message

    def test_factors_are_kept_and_changed_with_the_pool(self, world: World) -> None:
        pool = world.pool(**factors("PASSWORD", "SMS_OTP"))
        policies = pool.admin("DescribeUserPool")["UserPool"]["Policies"]
        assert policies["SignInPolicy"] == {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}
        client = pool.client()
        client.signed_up("ada", email=EMAIL, phone_number=PHONE)
        assert choose(client)["AvailableChallenges"] == [SRP, CLEAR, "SMS_OTP"]
        pool.admin("UpdateUserPool", **factors("PASSWORD", "EMAIL_OTP"))
        assert choose(client)["AvailableChallenges"] == [SRP, CLEAR, "EMAIL_OTP"]


class TestLevelsOfAssurance:
    """They are not there: whoever asks for one is told so, and does not sign in with less."""

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"TARGET_ACR_VALUES": "urn:cognito:loa:1"}, UnsupportedOperationException),
            ({"TARGET_ACR_VALUES": "x", "ACCESS_TOKEN": "y"}, UnsupportedOperationException),
            ({"ACCESS_TOKEN": "y"}, InvalidParameterException),
            ({"MAX_AGE": "soon"}, InvalidParameterException),
            ({"MAX_AGE": "-1"}, InvalidParameterException),
        ],
    )
    def test_refused(self, ada: ClientOf, more: dict[str, str], error: type[ServiceError]) -> None:
        assert isinstance(refused(ada, CLEAR, PASSWORD=PASSWORD, **more), error)

    def test_in_the_lowest_tier(self, world: World) -> None:
        client = world.pool(UserPoolTier="LITE").client()
        error = refused(client, TARGET_ACR_VALUES="urn:cognito:loa:1")
        assert isinstance(error, FeatureUnavailableInTierException)

    def test_a_proof_that_is_given_now_is_never_too_old(self, ada: ClientOf) -> None:
        assert choose(ada, CLEAR, PASSWORD=PASSWORD, MAX_AGE="0")["AuthenticationResult"]


class TestCodes:
    def test_a_code_confirms_a_sign_up_and_its_address(self, client: ClientOf) -> None:
        client.sign_up("ada", email=EMAIL, phone_number=PHONE)
        answer = by_code(client, "SMS_OTP")
        user = client.pool.user("ada")
        assert user.status is UserStatus.CONFIRMED
        assert user.attributes["phone_number_verified"] == "true"
        assert user.attributes["email_verified"] == "false"
        assert claims(client.tokens(answer).id)["phone_number_verified"] is True

    def test_a_password_does_not(self, client: ClientOf) -> None:
        client.sign_up("ada", email=EMAIL)
        assert isinstance(refused(client, CLEAR, PASSWORD=PASSWORD), UserNotConfirmedException)

    def test_an_address_that_another_has_as_alias_stays_theirs(self, world: World) -> None:
        pool = world.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"], **factors())
        client = pool.client()
        client.sign_up("bob", email=EMAIL)
        client.call("ConfirmSignUp", Username="bob", ConfirmationCode=world.code())
        client.sign_up("ada", email=EMAIL)
        assert by_code(client)["AuthenticationResult"]
        ada = pool.user("ada")
        assert (ada.status, ada.attributes["email_verified"]) == (UserStatus.CONFIRMED, "false")
        assert claims(client.tokens(by_code(client)).access)["username"] == "ada"
        assert pool.user(EMAIL).username == "bob"

    def test_a_user_who_must_reset_the_password_may_sign_in_by_code(self, ada: ClientOf) -> None:
        ada.pool.change("ada", status=UserStatus.RESET_REQUIRED, password=None)
        assert by_code(ada)["AuthenticationResult"]
        assert ada.pool.user("ada").status is UserStatus.RESET_REQUIRED
        ada.pool.change("ada", attributes={"sub": ada.pool.user("ada").sub})
        assert refused(ada, CLEAR, PASSWORD=PASSWORD).message == WRONG

    def test_a_wrong_code_leaves_the_session_and_is_counted(self, ada: ClientOf) -> None:
        challenge = choose(ada, "EMAIL_OTP")
        code = ada.world.code()
        for _ in range(4):
            error = not_accepted(ada, challenge, EMAIL_OTP_CODE=other_code(code))
            assert (type(error), error.message) == (
                CodeMismatchException,
                "Invalid code or auth state for the user.",
            )
        assert ada.answer(challenge, EMAIL_OTP_CODE=code)["AuthenticationResult"]
        assert not_accepted(ada, challenge, EMAIL_OTP_CODE=code).message == USED

    def test_A17_parallel_guesses_are_few(self, ada: ClientOf) -> None:
        challenge = choose(ada, "EMAIL_OTP")
        wrong = other_code(ada.world.code())
        answers = together(60, lambda _: ada.answer(challenge, EMAIL_OTP_CODE=wrong))
        assert sum(isinstance(answer, CodeMismatchException) for answer in answers) <= 5
        ada.world.clock.advance(60)
        assert isinstance(
            not_accepted(ada, challenge, EMAIL_OTP_CODE=ada.world.code()), NotAuthorizedException
        )

    def test_A07_a_code_lives_as_long_as_the_session(self, ada: ClientOf) -> None:
        client = ada.pool.client(AuthSessionValidity=5)
        challenge = choose(client, "EMAIL_OTP")
        client.world.clock.advance(5 * 60)
        error = not_accepted(client, challenge, EMAIL_OTP_CODE=client.world.service.outbox()[-1].code)
        assert error.message == "Invalid session for the user, session is expired."

    def test_A16_a_code_is_good_for_its_own_session(self, ada: ClientOf) -> None:
        first = choose(ada, "EMAIL_OTP")
        code = ada.world.code()
        second = choose(ada, "EMAIL_OTP")
        assert isinstance(not_accepted(ada, second, EMAIL_OTP_CODE=code), CodeMismatchException)
        assert ada.answer(first, EMAIL_OTP_CODE=code)["AuthenticationResult"]

    def test_A06_a_session_is_good_at_its_own_client(self, ada: ClientOf) -> None:
        challenge, other = choose(ada), ada.pool.client()
        assert not_accepted(other, challenge, ANSWER="EMAIL_OTP").message == "Invalid session for the user."

    def test_A08_a_choice_is_good_once(self, ada: ClientOf) -> None:
        challenge, side = choose(ada), srp_side()
        assert ada.answer(challenge, ANSWER="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"
        assert not_accepted(ada, challenge, ANSWER="EMAIL_OTP").message == USED
        assert not_accepted(ada, challenge, ANSWER=SRP, SRP_A=side.public).message == USED
        assert not_accepted(ada, challenge, ANSWER=CLEAR, PASSWORD=PASSWORD).message == USED

    def test_A08_a_second_factor_is_no_choice(self, world: World) -> None:
        email = {"Message": "Your code is {####}", "Subject": "Code"}
        mfa = {"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": email}
        client = world.pool(mfa=mfa, **factors()).client()
        client.signed_up("ada", email=EMAIL)
        client.tokens().call("SetUserMFAPreference", EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
        challenge = choose(client, CLEAR, PASSWORD=PASSWORD)
        assert (challenge["ChallengeName"], len(world.code())) == ("EMAIL_OTP", 6)
        with pytest.raises(NotAuthorizedException, match="Invalid session for the user"):
            client.respond("SELECT_CHALLENGE", challenge["Session"], USERNAME="ada", ANSWER=CLEAR)
        assert client.answer(challenge, EMAIL_OTP_CODE=world.code())["AuthenticationResult"]

    def test_a_wrong_password_ends_the_session(self, ada: ClientOf) -> None:
        challenge = choose(ada, CLEAR)
        assert not_accepted(ada, challenge, PASSWORD=OTHER_PASSWORD).message == WRONG
        assert not_accepted(ada, challenge, PASSWORD=PASSWORD).message == USED

    def test_what_has_to_be_answered(self, ada: ClientOf) -> None:
        for challenge, name in (
            (choose(ada), "ANSWER"),
            (choose(ada, CLEAR), "PASSWORD"),
            (choose(ada, SRP), "SRP_A"),
            (choose(ada, "EMAIL_OTP"), "EMAIL_OTP_CODE"),
            (choose(ada, "SMS_OTP"), "SMS_OTP_CODE"),
        ):
            assert not_accepted(ada, challenge).message == f"Missing required parameter {name}"
        error = not_accepted(ada, choose(ada, SRP), SRP_A="0")
        assert isinstance(error, InvalidParameterException)

    def test_so_many_codes_an_hour_until_one_was_right(self, ada: ClientOf) -> None:
        for _ in range(19):
            choose(ada, "EMAIL_OTP")
        assert by_code(ada)["AuthenticationResult"]
        for _ in range(20):
            choose(ada, "EMAIL_OTP")
        for factor in CODES:
            error = refused(ada, factor)
            assert (type(error), error.message) == (
                TooManyRequestsException,
                "Attempt limit exceeded, please try after some time.",
            )
        assert choose(ada, CLEAR, PASSWORD=PASSWORD)["AuthenticationResult"]
        ada.world.clock.advance(3600)
        assert by_code(ada)["AuthenticationResult"]

    def test_A62_a_code_that_cannot_be_delivered(
        self, ada: ClientOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise CodeDeliveryFailureException("no")

        monkeypatch.setattr(type(ada.world.context.messages), "send", fail)
        assert isinstance(refused(ada, "EMAIL_OTP"), InvalidUserPoolConfigurationException)


class TestWhatChangedMeanwhile:
    @pytest.fixture
    def challenge(self, ada: ClientOf) -> dict[str, Any]:
        return choose(ada, "EMAIL_OTP")

    def refusal(self, ada: ClientOf, challenge: dict[str, Any]) -> str:
        error = not_accepted(ada, challenge, EMAIL_OTP_CODE=ada.world.code())
        assert isinstance(error, NotAuthorizedException)
        return error.message

    def test_the_address(self, ada: ClientOf, challenge: dict[str, Any]) -> None:
        user = ada.pool.user("ada")
        ada.pool.change("ada", attributes={**user.attributes, "email": "eve@example.com"})
        assert self.refusal(ada, challenge) == "Invalid session for the user."

    def test_the_password(self, ada: ClientOf, challenge: dict[str, Any]) -> None:
        ada.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        assert self.refusal(ada, challenge) == "Invalid session for the user."

    def test_the_user_was_disabled(self, ada: ClientOf, challenge: dict[str, Any]) -> None:
        ada.pool.admin("AdminDisableUser", Username="ada")
        assert self.refusal(ada, challenge) == "User is disabled."

    def test_the_user_was_deleted(self, ada: ClientOf, challenge: dict[str, Any]) -> None:
        ada.pool.admin("AdminDeleteUser", Username="ada")
        error = not_accepted(ada, challenge, EMAIL_OTP_CODE="00000000")
        assert isinstance(error, CodeMismatchException)

    def test_T04_a_second_factor_is_due_now(self, world: World) -> None:
        pool = world.pool(mfa=TOTP_OPTIONAL, **factors())
        client = pool.client()
        client.signed_up("ada", email=EMAIL)
        tokens = client.tokens(by_code(client))
        challenge, code = choose(client, "EMAIL_OTP"), world.code()
        app = with_app(client, tokens)
        challenge = client.answer(challenge, EMAIL_OTP_CODE=code)
        assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_T04_one_address_is_not_two_factors(self, world: World) -> None:
        email = {"Message": "Your code is {####}", "Subject": "Code"}
        mfa = {"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": email}
        client = world.pool(mfa=mfa, **factors()).client()
        client.signed_up("ada", email=EMAIL)
        tokens: Tokens = client.tokens()
        challenge, code = choose(client, "EMAIL_OTP"), world.code()
        tokens.call("SetUserMFAPreference", EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
        error = not_accepted(client, challenge, EMAIL_OTP_CODE=code)
        assert (type(error), error.message) == (NotAuthorizedException, "Invalid session for the user.")


class TestHiddenUsers:
    """PreventUserExistenceErrors: ida does not exist."""

    @pytest.fixture
    def hiding(self, hiding: ClientOf) -> ClientOf:
        hiding.signed_up("ada", email=EMAIL, phone_number=PHONE)
        return hiding

    def test_where_nothing_is_hidden_an_unknown_user_is_named(self, client: ClientOf) -> None:
        for factor in (None, CLEAR, SRP, "EMAIL_OTP"):
            error = refused(client, factor, user="ida", PASSWORD="x", SRP_A="5")
            assert (type(error), error.message) == (UserNotFoundException, "User does not exist.")

    @pytest.mark.parametrize("factor", [None, CLEAR, SRP, "EMAIL_OTP", "SMS_OTP"])
    def test_A23_the_challenge_of_an_unknown_name(self, hiding: ClientOf, factor: str | None) -> None:
        known, unknown = choose(hiding, factor), choose(hiding, factor, user="ida")
        for challenge in (known, unknown):
            assert "Session" in challenge or factor == SRP
            challenge.pop("Session", None)
            challenge["ChallengeParameters"].pop("CODE_DELIVERY_DESTINATION", None)
        assert known == unknown
        assert not [one for one in hiding.world.outbox() if one.username == "ida"]

    def test_A23_sessions_are_of_one_length(self, hiding: ClientOf) -> None:
        for factor in (None, CLEAR, "EMAIL_OTP"):
            known, unknown = choose(hiding, factor), choose(hiding, factor, user="ida")
            assert len(known["Session"]) == len(unknown["Session"])

    def test_A23_whatever_address_the_user_has(self, hiding: ClientOf) -> None:
        lengths = set()
        for size in range(1, 240, 12):
            name = f"user{size:03}"
            hiding.signed_up(
                name, email=f"{'x' * min(size, 60)}@{'y.' * (max(size - 60, 0) // 2)}example.com"
            )
            lengths.add(len(choose(hiding, "EMAIL_OTP", user=name)["Session"]))
        assert lengths == {len(choose(hiding, "EMAIL_OTP", user="user000")["Session"])}

    @pytest.mark.parametrize("factor", [None, CLEAR, SRP, "EMAIL_OTP"])
    def test_A23_the_same_work_is_done(self, hiding: ClientOf, factor: str | None) -> None:
        def begin(name: str) -> object:
            more = {"SRP_A": srp_side().public} if factor == SRP else {}
            return choose(hiding, factor, user=name, **more)

        begin("ada")  # what is kept in memory is in memory now
        known, unknown = (
            hiding.world.counted(lambda: begin("ada")),
            hiding.world.counted(lambda: begin("ida")),
        )
        assert known[0] == unknown[0]
        for name in ("read", "write", "user_named", "user"):
            assert known[1][name] == unknown[1][name]
        # A message is added for the one, a counter written again for the other.
        assert abs(known[1].total() - unknown[1].total()) <= 1

    @pytest.mark.parametrize("factor", [CLEAR, "EMAIL_OTP"])
    def test_A23_a_wrong_answer_is_one_for_all(self, hiding: ClientOf, factor: str) -> None:
        answers, counted = set(), []
        given = {"PASSWORD": "wrong", "EMAIL_OTP_CODE": "not one"}
        for name in ("ada", "ada", "ida"):
            challenge = choose(hiding, factor, user=name)

            def answer(challenge: dict[str, Any] = challenge, name: str = name) -> None:
                error = not_accepted(hiding, challenge, USERNAME=name, **given)
                answers.add((type(error), error.message))

            counted.append(hiding.world.counted(answer))
        assert len(answers) == 1
        assert counted[1] == counted[2]

    def test_A24_a_destination_is_made_of_the_name(self, hiding: ClientOf) -> None:
        def destination(factor: str, name: str) -> str:
            parameters = choose(hiding, factor, user=name)["ChallengeParameters"]
            return str(parameters["CODE_DELIVERY_DESTINATION"])

        assert destination("EMAIL_OTP", "nobody@example.net") == "n***@e***"
        assert destination("SMS_OTP", "+15555550177") == "+*******0177"
        assert destination("EMAIL_OTP", "ida") == destination("EMAIL_OTP", "ida")

    def test_A22_unknown_names_lock_as_well(self, hiding: ClientOf) -> None:
        for name in ("ada", "ida"):
            texts = [refused(hiding, CLEAR, user=name, PASSWORD="wrong").message for _ in range(6)]
            assert texts == [WRONG] * 5 + ["Password attempts exceeded"]

    def test_a_disabled_user_is_sent_nothing(self, hiding: ClientOf, client: ClientOf) -> None:
        hiding.pool.admin("AdminDisableUser", Username="ada")
        before = len(hiding.world.outbox())
        challenge = choose(hiding, "EMAIL_OTP")
        assert challenge["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
        assert len(hiding.world.outbox()) == before
        assert refused(client, "EMAIL_OTP").message == "User is disabled."
        assert refused(hiding, CLEAR, PASSWORD=PASSWORD).message == "User is disabled."

    def test_a_state_shows_after_a_right_password(self, hiding: ClientOf) -> None:
        hiding.pool.change("ada", status=UserStatus.RESET_REQUIRED)
        assert refused(hiding, CLEAR, PASSWORD="wrong").message == WRONG
        assert isinstance(refused(hiding, CLEAR, PASSWORD=PASSWORD), PasswordResetRequiredException)
