"""Answering challenges."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.flows.stage import CLIENT, SECRET, Stage, challenge, config, signed_in
from userpool.flows.config import UserContext
from userpool.flows.grant import Grant
from userpool.flows.respond import respond
from userpool.protocol.challenges import (
    Answer,
    Challenge,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    MfaMethod,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
)
from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.errors import (
    ChallengeError,
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    ProtocolError,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer, refusal

SESSION = "session-" + "x" * 20
COMMON: dict[str, Any] = {
    "username": "user-id",
    "client_id": CLIENT,
    "issued_at": datetime(2026, 11, 23, tzinfo=UTC),
    "session": SESSION,
}
SMS = SmsCodeRequired(**COMMON, delivery=CodeDelivery("SMS", "+*******1234"))
METHODS = ("SOFTWARE_TOKEN_MFA", "EMAIL_OTP")

ANSWERS: list[tuple[Answer, dict[str, str]]] = [
    (SMS.answer("123456"), {"SMS_MFA_CODE": "123456"}),
    (
        EmailCodeRequired(**COMMON, delivery=CodeDelivery("EMAIL", "a***")).answer("123456"),
        {"EMAIL_OTP_CODE": "123456"},
    ),
    (TotpRequired(**COMMON).answer("123456"), {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
    (EmailSetupRequired(**COMMON).answer("a@b"), {"EMAIL": "a@b"}),
    (
        NewPasswordRequired(**COMMON).answer("New-pass-1", {"name": "Ada"}),
        {"NEW_PASSWORD": "New-pass-1", "userAttributes.name": "Ada"},
    ),
    (CustomChallenge(**COMMON).answer("9"), {"ANSWER": "9"}),
    (UnknownChallenge(**COMMON, name="TOMORROW").answer({"COLOUR": "blue"}), {"COLOUR": "blue"}),
]


@pytest.mark.parametrize(("given", "responses"), ANSWERS, ids=[given.challenge.kind for given, _ in ANSWERS])
def test_an_answer_goes_out_with_name_and_session(given: Answer, responses: dict[str, str]) -> None:
    stage = Stage([answer(challenge("TOMORROW_2"))])
    outcome = stage.run(respond(config(), given))
    assert isinstance(outcome, UnknownChallenge)
    assert outcome.position == 2
    assert stage.body() == {
        "ClientId": CLIENT,
        "ChallengeName": given.challenge.name,
        "Session": SESSION,
        "ChallengeResponses": {**responses, "USERNAME": "user-id"},
    }


def test_what_goes_along() -> None:
    stage = Stage([answer(signed_in())])
    given = replace(SMS, device_key="us-east-1_device").answer("123456")
    settings = config(client_secret=SECRET)
    outcome = stage.run(
        respond(settings, given, client_metadata={"a": "b"}, user_context=UserContext("192.0.2.1"))
    )
    body = stage.body()
    responses = body["ChallengeResponses"]
    assert isinstance(responses, dict)
    assert responses["SECRET_HASH"] == secret_hash("user-id", CLIENT, SECRET)
    assert responses["DEVICE_KEY"] == "us-east-1_device"
    assert body["ClientMetadata"] == {"a": "b"}
    assert body["UserContextData"] == {"IpAddress": "192.0.2.1"}
    assert isinstance(outcome, Grant)
    assert (outcome.user_id, outcome.device_key) == (None, "us-east-1_device")


def test_the_name_that_the_service_has_told_is_carried_on() -> None:
    told = replace(SMS, user_id="user-id").answer("123456")
    following = Stage([answer(challenge("CUSTOM_CHALLENGE"))]).run(respond(config(), told))
    assert isinstance(following, CustomChallenge)
    assert (following.username, following.user_id) == ("user-id", "user-id")
    done = Stage([answer(signed_in())]).run(respond(config(), following.answer("x")))
    assert isinstance(done, Grant)
    assert done.user_id == "user-id"


def test_it_can_be_answered_by_another_process() -> None:
    written = json.dumps(SMS.to_dict())
    read = Challenge.from_dict(json.loads(written))
    assert isinstance(read, SmsCodeRequired)
    stage = Stage([answer(signed_in())])
    assert isinstance(stage.run(respond(config(), read.answer("123456"))), Grant)


def test_a_wrong_code_leaves_the_challenge_answerable() -> None:
    stage = Stage([refusal("CodeMismatchException"), answer(signed_in())])
    with pytest.raises(CodeMismatchException):
        stage.attempt(respond(config(), SMS.answer("000000")))
    assert isinstance(stage.run(respond(config(), SMS.answer("123456"))), Grant)
    assert [stage.body(index)["Session"] for index in (0, 1)] == [SESSION, SESSION]


def test_another_client_s_challenge_is_not_sent() -> None:
    with pytest.raises(ChallengeError, match=CLIENT):
        Stage().run(respond(config(client_id="otherclient"), SMS.answer("123456")))


@pytest.mark.parametrize("following", ["PASSWORD_VERIFIER", "SELECT_MFA_TYPE", "SMS_MFA"])
def test_a_step_out_of_order_is_refused(following: str) -> None:
    with pytest.raises(ProtocolError, match=f"{following}, which may not follow SMS_MFA"):
        Stage([answer(challenge(following))]).run(respond(config(), SMS.answer("123456")))


def test_a_chosen_method_s_challenge_follows() -> None:
    selection = MfaSelectionRequired(**COMMON, methods=("SMS_MFA", "SOFTWARE_TOKEN_MFA"))
    outcome = Stage([answer(challenge("SOFTWARE_TOKEN_MFA"))]).run(
        respond(config(), selection.answer(MfaMethod.TOTP))
    )
    assert isinstance(outcome, TotpRequired)
    with pytest.raises(ProtocolError, match="tokens, which may not follow SELECT_MFA_TYPE"):
        Stage([answer(signed_in())]).run(respond(config(), selection.answer(MfaMethod.TOTP)))


def test_choosing_what_to_set_up() -> None:
    setup = MfaSetupRequired(**COMMON, methods=METHODS)
    stage = Stage()
    email = stage.run(respond(config(), setup.answer(MfaMethod.EMAIL)))
    assert isinstance(email, EmailSetupRequired)
    assert (email.session, email.username, email.position) == (SESSION, "user-id", 1)
    assert stage.targets == []
    stage = Stage([answer({"SecretCode": "JBSWY3DPEHPK3PXP"})])
    totp = stage.run(respond(config(), setup.answer(MfaMethod.TOTP)))
    assert isinstance(totp, TotpSetupRequired)
    assert totp.session == SESSION


def test_setting_up_an_authenticator_app() -> None:
    setup = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP")
    verified = answer({"Status": "SUCCESS", "Session": "session-2" + "x" * 20})
    stage = Stage([verified, answer(signed_in())])
    outcome = stage.run(respond(config(), setup.answer("123456", "phone")))
    assert isinstance(outcome, Grant)
    assert stage.targets == ["VerifySoftwareToken", "RespondToAuthChallenge"]
    assert stage.body(0) == {"UserCode": "123456", "FriendlyDeviceName": "phone", "Session": SESSION}
    assert stage.body(1)["Session"] == "session-2" + "x" * 20
    assert stage.body(1)["ChallengeName"] == "MFA_SETUP"
    assert stage.body(1)["ChallengeResponses"] == {"USERNAME": "user-id"}


@pytest.mark.parametrize(
    "reply", [refusal("EnableSoftwareTokenMFAException"), answer({"Status": "ERROR"}), answer({})]
)
def test_a_wrong_first_code_goes_no_further(reply: Any) -> None:
    setup = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP")
    stage = Stage([reply])
    with pytest.raises(EnableSoftwareTokenMFAException):
        stage.run(respond(config(), setup.answer("123456")))
    assert stage.targets == ["VerifySoftwareToken"]


def test_c17_a_service_that_asks_for_ever_is_left() -> None:
    question: Any = UnknownChallenge(**COMMON, name="TOMORROW")
    stage = Stage([answer(challenge("TOMORROW"))] * 10)
    for _ in range(9):
        question = stage.attempt(respond(config(), question.answer({})))
    assert question.position == 10
    with pytest.raises(ProtocolError, match="more than 10 times"):
        stage.run(respond(config(), question.answer({})))
