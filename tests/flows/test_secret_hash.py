"""The secret hash of every request of every sign-in: over the name that this very request carries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.flows.srp_service import PASSWORD, USER_ID, SrpService
from tests.flows.stage import CLIENT, SECRET, Stage, challenge, config, signed_in
from userpool.flows.config import AuthFlow
from userpool.flows.respond import respond
from userpool.flows.sign_in import sign_in
from userpool.protocol.challenges import (
    Answer,
    AuthFactor,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    FactorSelectionRequired,
    MfaSelectionRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
)
from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer

ALIAS = "ada@example.com"
COMMON: dict[str, Any] = {
    "username": USER_ID,
    "client_id": CLIENT,
    "issued_at": datetime(2026, 11, 23, tzinfo=UTC),
    "session": "session-" + "x" * 20,
}
SMS = CodeDelivery("SMS", "")
CREDENTIAL = {"id": "AQ", "type": "public-key", "response": {"signature": "AAEC"}}
CHOICE = FactorSelectionRequired(**COMMON, available_challenges=tuple(AuthFactor))
TOTP_SETUP = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP")

STARTS: dict[str, dict[str, Any]] = {
    "SRP": {"password": PASSWORD},
    "password": {"password": PASSWORD, "auth_flow": AuthFlow.PASSWORD},
    "choice": {"auth_flow": AuthFlow.CHOICE},
    "choice, code": {"preferred_challenge": AuthFactor.EMAIL_OTP},
    "choice, password": {"password": PASSWORD, "preferred_challenge": AuthFactor.PASSWORD},
    "choice, SRP": {"password": PASSWORD, "preferred_challenge": AuthFactor.PASSWORD_SRP},
    "after a sign-up": {"session": "session-" + "x" * 20},
    "custom": {"auth_flow": AuthFlow.CUSTOM},
    "custom, SRP": {"password": PASSWORD, "auth_flow": AuthFlow.CUSTOM},
}
ANSWERS: list[Answer] = [
    CHOICE.answer(AuthFactor.EMAIL_OTP),
    CHOICE.answer(AuthFactor.PASSWORD, PASSWORD),
    CHOICE.answer(AuthFactor.PASSWORD_SRP, PASSWORD),
    PasswordRequired(**COMMON).answer(PASSWORD),
    PasswordRequired(**COMMON, name="PASSWORD_SRP").answer(PASSWORD),
    PasskeyRequired(**COMMON).answer(CREDENTIAL),
    NewPasswordRequired(**COMMON).answer("New-pass-1"),
    SmsCodeRequired(**COMMON, delivery=SMS).answer("123456"),
    SmsCodeRequired(**COMMON, delivery=SMS, name="SMS_OTP").answer("123456"),
    EmailCodeRequired(**COMMON, delivery=SMS).answer("123456"),
    TotpRequired(**COMMON).answer("123456"),
    MfaSelectionRequired(**COMMON, methods=("SMS_MFA",)).answer("SMS_MFA"),
    TOTP_SETUP.answer("123456"),
    EmailSetupRequired(**COMMON).answer(ALIAS),
    CustomChallenge(**COMMON).answer("9"),
    UnknownChallenge(**COMMON, name="TOMORROW").answer({"COLOUR": "blue"}),
]


def sent(stage: Stage) -> list[tuple[str, str]]:
    """Name and hash of each request that carries parameters or responses."""
    bodies: list[Any] = [stage.body(index) for index in range(len(stage.targets))]
    maps = [body.get("AuthParameters") or body.get("ChallengeResponses") for body in bodies]
    return [(found["USERNAME"], found["SECRET_HASH"]) for found in maps if found]


def hashed(*names: str) -> list[tuple[str, str]]:
    return [(name, secret_hash(name, CLIENT, SECRET)) for name in names]


@pytest.mark.parametrize("start", STARTS)
def test_c23_every_flow_begins_with_the_typed_name_and_goes_on_with_the_service_s(start: str) -> None:
    by_srp = start.endswith("SRP")
    steps: list[Any] = (
        SrpService(challenge("SMS_MFA")).steps()
        if by_srp
        else [answer(challenge("SMS_MFA", USER_ID_FOR_SRP=USER_ID))]
    )
    stage = Stage(steps)
    step = stage.run(sign_in(config(client_secret=SECRET), ALIAS, **STARTS[start]))
    assert isinstance(step, SmsCodeRequired)
    assert sent(stage) == hashed(ALIAS, *([USER_ID] if by_srp else []))
    after = Stage([answer(signed_in())])
    after.run(respond(config(client_secret=SECRET), step.answer("123456")))
    assert sent(after) == hashed(USER_ID)


@pytest.mark.parametrize("given", ANSWERS, ids=lambda given: f"{given.challenge.name} {given.challenge.kind}")
def test_c23_every_answer_carries_the_service_s_name(given: Answer) -> None:
    steps: list[Any] = [answer(challenge("TOMORROW_2"))]
    if given.password is not None:
        steps = list(SrpService(challenge("TOMORROW_2")).steps())
    if given.challenge is TOTP_SETUP:
        steps = [answer({"Status": "SUCCESS", "Session": COMMON["session"]}), *steps]
    stage = Stage(steps)
    stage.run(respond(config(client_secret=SECRET), given))
    assert set(sent(stage)) == set(hashed(USER_ID))
    without = Stage(steps)
    without.attempt(respond(config(), given))
    assert all(b"SECRET_HASH" not in request.body for request in without.transport.requests)


def test_c23_while_the_service_tells_no_name_the_typed_one_goes_on() -> None:
    stage = Stage([answer({**challenge("SELECT_CHALLENGE"), "AvailableChallenges": ["EMAIL_OTP"]})])
    step = stage.run(sign_in(config(client_secret=SECRET), ALIAS, auth_flow=AuthFlow.CHOICE))
    assert isinstance(step, FactorSelectionRequired)
    stage = Stage([answer(challenge("EMAIL_OTP"))])
    stage.run(respond(config(client_secret=SECRET), step.answer(AuthFactor.EMAIL_OTP)))
    assert sent(stage) == hashed(ALIAS)
