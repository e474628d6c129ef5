"""Custom sign-in (CUSTOM_AUTH): the triggers ask, with and without a proof of the password first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.srp_service import PASSWORD, USER_ID, SrpService
from tests.flows.stage import CLIENT, SECRET, Stage, challenge, config, signed_in
from userpool.flows.asking import MAX_CHALLENGES, MAX_CUSTOM_CHALLENGES
from userpool.flows.config import AuthFlow
from userpool.flows.grant import Grant
from userpool.flows.respond import respond
from userpool.flows.sign_in import sign_in
from userpool.protocol.challenges import (
    Challenge,
    ChallengeStep,
    CustomChallenge,
    NewPasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    UnknownChallenge,
)
from userpool.protocol.errors import NotAuthorizedException, ParameterError, ProtocolError
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer, refusal


def begin(stage: Stage, password: str | None = None, **more: Any) -> Grant | ChallengeStep:
    return stage.run(sign_in(config(**more), "ada", password, auth_flow=AuthFlow.CUSTOM))


def question(text: str = "4+5", session: str = "session-" + "x" * 20) -> dict[str, object]:
    return challenge("CUSTOM_CHALLENGE", session, USERNAME=USER_ID, question=text)


def test_the_triggers_ask_at_once_where_there_is_no_password() -> None:
    stage = Stage([answer(question())])
    step = begin(stage)
    assert isinstance(step, CustomChallenge)
    assert step.parameters["question"] == "4+5"
    assert stage.body() == {
        "AuthFlow": "CUSTOM_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "ada"},
    }
    assert stage.drawn == 0


def test_a_password_is_proved_first() -> None:
    service = SrpService(question())
    stage = Stage(service.steps())
    step = begin(stage, PASSWORD, client_secret=SECRET)
    assert isinstance(step, CustomChallenge)
    assert service.verified
    assert (step.username, step.user_id) == (USER_ID, USER_ID)
    first: Any = stage.body(0)["AuthParameters"]
    assert first == {
        "USERNAME": "ada",
        "CHALLENGE_NAME": "SRP_A",
        "SRP_A": service.srp_a,
        "SECRET_HASH": secret_hash("ada", CLIENT, SECRET),
    }
    assert stage.body(1)["ChallengeName"] == "PASSWORD_VERIFIER"


def test_an_empty_password_is_none_of_both() -> None:
    with pytest.raises(ParameterError, match="empty"):
        begin(Stage(), "")


def test_triggers_may_ask_before_or_instead_of_the_password() -> None:
    step = begin(Stage([answer(question())]), PASSWORD)
    assert isinstance(step, CustomChallenge)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (challenge("SMS_MFA"), SmsCodeRequired),
        (challenge("SOFTWARE_TOKEN_MFA"), TotpRequired),
        (challenge("NEW_PASSWORD_REQUIRED"), NewPasswordRequired),
        (challenge("TOMORROW"), UnknownChallenge),
        (signed_in(), Grant),
    ],
    ids=["sms", "totp", "new password", "unknown", "tokens"],
)
def test_whatever_else_comes_after_a_custom_start_is_taken_for_what_it_is(
    reply: dict[str, object], kind: type
) -> None:
    """JavaScript's SDK reports a success with an empty session here."""
    assert isinstance(begin(Stage([answer(reply)])), kind)
    asked = begin(Stage([answer(question())]))
    assert isinstance(asked, CustomChallenge)
    assert isinstance(Stage([answer(reply)]).run(respond(config(), asked.answer("9"))), kind)


def test_each_round_takes_the_new_session_over() -> None:
    """A wrong answer is no error here: the triggers ask again, with a session of its own."""
    sessions = [f"session-{number}" + "x" * 20 for number in range(3)]
    stage = Stage([answer(question(session=session)) for session in sessions])
    step = stage.attempt(sign_in(config(), "ada", auth_flow=AuthFlow.CUSTOM))
    for number in (0, 1):
        assert isinstance(step, CustomChallenge)
        assert (step.position, step.session) == (number + 1, sessions[number])
        step = stage.attempt(respond(config(), step.answer("wrong")))
        assert stage.body()["Session"] == sessions[number]
        assert stage.body()["ChallengeResponses"] == {"USERNAME": USER_ID, "ANSWER": "wrong"}


def test_the_same_question_can_be_answered_by_another_process() -> None:
    asked = begin(Stage([answer(question())]))
    assert isinstance(asked, CustomChallenge)
    read = Challenge.from_dict(json.loads(json.dumps(asked.to_dict())))
    assert isinstance(read, CustomChallenge)
    assert read.parameters["question"] == "4+5"
    assert isinstance(Stage([answer(signed_in())]).run(respond(config(), read.answer("9"))), Grant)


def test_triggers_that_give_up_end_the_sign_in() -> None:
    asked = begin(Stage([answer(question())]))
    assert isinstance(asked, CustomChallenge)
    with pytest.raises(NotAuthorizedException):
        Stage([refusal("NotAuthorizedException")]).run(respond(config(), asked.answer("wrong")))


def rounds(number: int) -> tuple[Stage, CustomChallenge]:
    """A stage and its triggers' last question, after that many."""
    stage = Stage([answer(question())] * number)
    asked = stage.attempt(sign_in(config(), "ada", auth_flow=AuthFlow.CUSTOM))
    for _ in range(number - 1):
        assert isinstance(asked, CustomChallenge)
        asked = stage.attempt(respond(config(), asked.answer("x")))
    assert isinstance(asked, CustomChallenge)
    assert asked.position == number
    return stage, asked


def test_c17_triggers_may_ask_often_but_not_for_ever() -> None:
    stage, asked = rounds(MAX_CUSTOM_CHALLENGES)
    stage.transport.add(answer(question()))
    with pytest.raises(ProtocolError, match=f"more than {MAX_CUSTOM_CHALLENGES} times"):
        stage.run(respond(config(), asked.answer("x")))


def test_a_second_factor_may_come_after_many_rounds() -> None:
    for number in (MAX_CHALLENGES, MAX_CHALLENGES + 1, MAX_CHALLENGES + 5):
        stage, asked = rounds(number)
        stage.transport.add(answer(challenge("SMS_MFA")), answer(challenge("NEW_PASSWORD_REQUIRED")))
        code = stage.attempt(respond(config(), asked.answer("x")))
        assert isinstance(code, SmsCodeRequired)
        assert code.position == number + 1
