"""Second factors that are sent: each bad case by its number."""

from __future__ import annotations

import json

import pytest

from tests.service.second_factors import (
    EMAIL,
    EMAIL_MFA,
    PHONE,
    SMS_MFA,
    USED,
    preference,
    refused,
)
from tests.service.world import (
    ClientOf,
    World,
    other_code,
)
from userpool.protocol.errors import (
    CodeDeliveryFailureException,
    CodeMismatchException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
)


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
