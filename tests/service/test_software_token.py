"""Codes of authenticator apps at sign-in: each bad case by its number."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.service.second_factors import (
    EMAIL,
    INVALID,
    USED,
    preference,
    refused,
)
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    App,
    ClientOf,
    World,
    together,
    with_app,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
    ServiceError,
)


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
