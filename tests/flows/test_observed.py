"""What the real service was seen to answer, played to the flows: recorded publicly, by test suites that ran
against AWS and by captured traffic.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.srp_service import PASSWORD, USER_ID, SrpService
from tests.flows.stage import Stage, config, signed_in
from userpool.flows.config import AuthFlow
from userpool.flows.grant import Grant
from userpool.flows.password import forgot_password
from userpool.flows.respond import respond
from userpool.flows.sign_in import sign_in
from userpool.flows.sign_up import sign_up
from userpool.protocol.challenges import (
    AuthFactor,
    Challenge,
    ChallengeStep,
    EmailCodeRequired,
    FactorSelectionRequired,
    MfaMethod,
    MfaSelectionRequired,
    NewPasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
    NotAuthorizedReason,
    ServiceError,
)
from userpool.protocol.http import Response
from userpool.testing.scripted import answer, refusal

SESSION = "AYABe" + "x" * 1495
"""As long as real ones are."""
LONGEST = "AYABe" + "x" * 4091
JWE = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.a.b.c.d"
"""A refresh token: five parts, opaque to clients."""
MAIL = {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "j***@g***"}
SMS = {"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******1234"}
WHO = {"USER_ID_FOR_SRP": USER_ID}
WRONG_CODE = refusal("CodeMismatchException", "Invalid code or auth state for the user.")


def asked(name: str, /, *available: str, **parameters: str) -> dict[str, Any]:
    reply: dict[str, Any] = {"ChallengeName": name, "Session": SESSION, "ChallengeParameters": parameters}
    return {**reply, "AvailableChallenges": list(available)} if available else reply


def begin(reply: object, password: str | None = None, **options: Any) -> Grant | ChallengeStep:
    chosen = {"auth_flow": AuthFlow.CHOICE, **options}
    return Stage([answer(reply)]).run(sign_in(config(), "jo@gmail.com", password, **chosen))


def go_on(challenge: Any, reply: object | Response, *given: Any) -> Grant | ChallengeStep:
    step = reply if isinstance(reply, Response) else answer(reply)
    return Stage([step]).run(respond(config(), challenge.answer(*given)))


def test_a_user_without_a_password_is_asked_for_the_code_at_once() -> None:
    step = begin(asked("EMAIL_OTP", "EMAIL_OTP", **MAIL))
    assert isinstance(step, EmailCodeRequired)
    assert (step.delivery.medium, step.delivery.destination) == ("EMAIL", "j***@g***")
    assert step.available_challenges == ("EMAIL_OTP",)
    for _ in range(6):
        with pytest.raises(CodeMismatchException):
            go_on(step, WRONG_CODE, "00000000")
    assert isinstance(go_on(step, signed_in(RefreshToken=JWE), "12345678"), Grant)


def test_a_user_who_must_change_the_password_may_show_nothing_else() -> None:
    step = begin(asked("SELECT_CHALLENGE", "PASSWORD_SRP", "PASSWORD"))
    assert isinstance(step, FactorSelectionRequired)
    assert step.factors == ("PASSWORD_SRP", "PASSWORD")


def test_a_preferred_password_gives_tokens_in_one_call() -> None:
    outcome = begin(signed_in(RefreshToken=JWE), PASSWORD, preferred_challenge=AuthFactor.PASSWORD)
    assert isinstance(outcome, Grant)
    assert outcome.tokens.refresh_token == JWE


def test_a_first_sign_in_goes_from_the_new_password_to_an_app_to_tokens() -> None:
    required = {"requiredAttributes": "[]", "userAttributes": '{"email_verified":"true","email":"j@g.de"}'}
    service = SrpService(asked("NEW_PASSWORD_REQUIRED", **WHO, **required))
    new = Stage(service.steps()).run(sign_in(config(), "jo@gmail.com", PASSWORD))
    assert isinstance(new, NewPasswordRequired)
    assert (new.missing_attributes, new.attributes["email_verified"]) == ((), "true")
    associated = answer({"SecretCode": "JBSWY3DPEHPK3PXP", "Session": LONGEST})
    setup = asked("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]', **WHO)
    app = Stage([answer(setup), associated]).run(respond(config(), new.answer("New-pass-1")))
    assert isinstance(app, TotpSetupRequired)
    assert (app.session, app.username) == (LONGEST, USER_ID)
    verified = answer({"Status": "SUCCESS", "Session": SESSION})
    done = Stage([verified, answer(signed_in(USER_ID))]).run(respond(config(), app.answer("123456")))
    assert isinstance(done, Grant)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (asked("EMAIL_OTP", **MAIL, **WHO), EmailCodeRequired),
        (asked("SMS_MFA", **SMS, **WHO), SmsCodeRequired),
        (asked("SOFTWARE_TOKEN_MFA", **WHO), TotpRequired),
        (asked("SOFTWARE_TOKEN_MFA", FRIENDLY_DEVICE_NAME="phone", **WHO), TotpRequired),
    ],
    ids=["e-mail", "sms", "app", "named app"],
)
def test_a_second_factor_comes_straight_after_the_password(
    reply: dict[str, Any], kind: type[Challenge]
) -> None:
    step = Stage(SrpService(reply).steps()).run(sign_in(config(), "jo@gmail.com", PASSWORD))
    assert isinstance(step, kind)
    assert (step.username, step.session) == (USER_ID, SESSION)


def test_e_mail_is_chosen_by_the_name_that_clients_send() -> None:
    """The guide says EMAIL_MFA, and MFAS_CAN_SELECT for the list."""
    listed = '["SMS_MFA","EMAIL_OTP"]'
    for member in ("MFAS_CAN_CHOOSE", "MFAS_CAN_SELECT"):
        step = begin(asked("SELECT_MFA_TYPE", **{member: listed}, **WHO), PASSWORD)
        assert isinstance(step, MfaSelectionRequired)
        assert step.answer(MfaMethod.EMAIL).responses == {"ANSWER": "EMAIL_OTP"}


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("NotAuthorizedException", "Incorrect username or password.", NotAuthorizedReason.BAD_CREDENTIALS),
        ("NotAuthorizedException", "Password attempts exceeded", NotAuthorizedReason.LOCKED),
        (
            "NotAuthorizedException",
            "Invalid session for the user, session is expired.",
            NotAuthorizedReason.SESSION_EXPIRED,
        ),
        (
            "NotAuthorizedException",
            "Invalid session for the user, session can only be used once.",
            NotAuthorizedReason.SESSION_USED,
        ),
        ("ExpiredCodeException", "Your software token has already been used once.", None),
        ("CodeMismatchException", "Invalid code or auth state for the user.", None),
    ],
)
def test_refusals_are_told_apart(code: str, message: str, reason: str | None) -> None:
    step = begin(asked("SOFTWARE_TOKEN_MFA", **WHO), PASSWORD)
    with pytest.raises((NotAuthorizedException, ExpiredCodeException, CodeMismatchException)) as caught:
        go_on(step, refusal(code, message), "123456")
    error: ServiceError = caught.value
    assert (error.code, error.message, error.reason) == (code, message, reason)


def test_a_sign_up_may_send_no_code() -> None:
    """Where no attribute is verified automatically, or the user has none of them."""
    stage = Stage([answer({"UserConfirmed": False, "UserSub": USER_ID})])
    result = stage.run(sign_up(config(), "jo", "Correct-horse-7"))
    assert (result.confirmed, result.delivery) == (False, None)


def test_nobody_can_be_sent_a_code_for_a_new_password() -> None:
    said = "Cannot reset password for the user as there is no registered/verified email or phone_number"
    with pytest.raises(InvalidParameterException, match="no registered/verified email"):
        Stage([refusal("InvalidParameterException", said)]).run(forgot_password(config(), "jo"))
