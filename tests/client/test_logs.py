"""What is logged of a call: that it was made and how it went, and never what was said."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from tests.canary import assert_hidden, canary, watch
from tests.client.helpers import finish, fresh_name, totp_code
from tests.flows.stage import Stage, config
from userpool import (
    AuthFactor,
    AuthFlow,
    CustomChallenge,
    FactorSelectionRequired,
    MfaPreference,
    NotAuthorizedException,
    SignedIn,
    TotpRequired,
    TransportError,
    UserPool,
)
from userpool.client.logs import logged
from userpool.flows.invoke import invoke
from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow, compute, send
from userpool.protocol.http import Request, Response
from userpool.protocol.shapes import idp
from userpool.service.triggers import Triggers
from userpool.testing.scripted import Step, answer, refusal

GET_USER = ops.GET_USER.input(access_token="a.b.c")
USER = answer({"Username": "ada", "UserAttributes": []})


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    names = ("operation", "attempt", "status", "error", "request_id")
    return [{name: getattr(record, name) for name in names} for record in caplog.records]


def test_every_exchange_is_logged_in_words_and_in_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "userpool")
    steps: list[Step] = [TransportError("refused", sent="no"), refusal("TooManyRequestsException"), USER]
    Stage(steps).run(logged(invoke(config(), ops.GET_USER, GET_USER)))
    known = "00000000-0000-4000-8000-000000000000"
    assert records(caplog) == [
        {
            "operation": "GetUser",
            "attempt": "1",
            "status": None,
            "error": "TransportError",
            "request_id": None,
        },
        {
            "operation": "GetUser",
            "attempt": "2",
            "status": 400,
            "error": "TooManyRequestsException",
            "request_id": known,
        },
        {"operation": "GetUser", "attempt": "3", "status": 200, "error": None, "request_id": known},
    ]
    words = [record.getMessage() for record in caplog.records]
    assert words[0].startswith("GetUser: error TransportError, attempt 1, ")
    assert words[2].startswith(f"GetUser: status 200, attempt 3, request_id {known}, ")
    assert all(record.duration >= 0 for record in caplog.records)  # type: ignore[attr-defined]  # an extra field


def test_what_is_no_operation_is_logged_by_its_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "userpool")

    def fetch() -> Flow[Response]:
        return (yield from send(Request("GET", "https://host/pool/jwks.json?secret=1"), 1.0))

    Stage([answer({})]).run(logged(fetch()))
    assert records(caplog)[0]["operation"] == "GET /pool/jwks.json"


def test_nothing_is_logged_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "userpool")
    assert Stage([USER]).run(logged(invoke(config(), ops.GET_USER, GET_USER))).username == "ada"
    assert caplog.records == []


def test_nobody_listens_where_logging_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    assert Stage([USER]).run(logged(invoke(config(), ops.GET_USER, GET_USER))).username == "ada"
    assert "logging" not in sys.modules


def test_errors_and_interrupts_go_through(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "userpool")
    ended: list[str] = []

    def busy() -> Flow[int]:
        try:
            return (yield from compute(lambda power: 1 // 0))
        finally:
            ended.append("ended")

    with pytest.raises(ZeroDivisionError):
        Stage().run(logged(busy()))
    flow = logged(busy())
    next(flow)
    flow.close()
    assert ended == ["ended", "ended"]
    assert caplog.records == []


def test_c27_a_whole_life_shows_no_secret() -> None:
    """Every secret of a sign-up, two sign-ins and a refresh: in no log, at no level, in no text of a
    value.
    """
    password, wrong = canary("password"), canary("wrong")
    pool = UserPool.embedded()
    pool.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL",
        software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
    )
    name = fresh_name()
    values: list[object] = []
    with watch(password, wrong) as logged_texts:
        values.append(pool.sign_up(name, password, {"email": f"{name}@example.com"}))
        code = pool.outbox.code()
        pool.confirm_sign_up(name, code)
        with pytest.raises(Exception, match="Incorrect") as caught:
            pool.sign_in(name, wrong)
        values.append(caught.value)
        step = pool.sign_in(name, password)
        assert isinstance(step, SignedIn)
        user = step.user
        tokens = user.tokens()
        seed = user.associate_software_token()
        user.verify_software_token(totp_code(seed.secret_code))
        user.set_user_mfa_preference(totp=MfaPreference.ENABLED)
        challenge = pool.sign_in(name, password)
        assert isinstance(challenge, TotpRequired)
        answered = challenge.answer(totp_code(seed.secret_code, ahead=1))
        done = pool.respond(answered)
        new = user.refresh()
        values += [
            step,
            user,
            user._session,
            user._session.held,
            tokens,
            seed,
            challenge,
            answered,
            done,
            new,
        ]
        values += [pool, pool._config, pool._home, user.get_user(), user.sign_out()]
    secrets = [
        *(password, wrong, seed.secret_code, challenge.session or ""),
        *(tokens.access_token, tokens.id_token or "", tokens.refresh_token or "", new.access_token),
    ]
    assert all(secrets)
    for value in values:
        assert_hidden(value, *secrets)
    assert logged_texts is not None
    finish(pool)


def test_c27_choices_triggers_and_sign_ups_show_no_secret() -> None:
    """Passwords on all their ways, sessions, codes and private answers of the other flows."""
    password, wrong, private = canary("password"), canary("wrong"), canary("answer")

    def define(event: dict[str, Any]) -> None:
        rounds = event["request"]["session"]
        event["response"]["issueTokens"] = bool(rounds) and rounds[-1]["challengeResult"]
        event["response"]["challengeName"] = "CUSTOM_CHALLENGE"

    def create(event: dict[str, Any]) -> None:
        event["response"]["publicChallengeParameters"] = {"question": "?"}
        event["response"]["privateChallengeParameters"] = {"answer": private}

    def verify(event: dict[str, Any]) -> None:
        answered, wanted = event["request"]["challengeAnswer"], event["request"]["privateChallengeParameters"]
        event["response"]["answerCorrect"] = answered == wanted["answer"]

    triggers = Triggers(
        define_auth_challenge=define, create_auth_challenge=create, verify_auth_challenge_response=verify
    )
    pool = UserPool.embedded(triggers=triggers)
    name = fresh_name()
    values: list[object] = []
    with watch(password, wrong, private):
        signed_up = pool.sign_up(name, password, {"email": f"{name}@example.com"})
        confirmed = pool.confirm_sign_up(name, pool.outbox.code(), session=signed_up.session)
        first = pool.sign_in(name, session=confirmed.session)
        choice = pool.sign_in(name, auth_flow=AuthFlow.CHOICE)
        assert isinstance(choice, FactorSelectionRequired)
        for factor in (AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP):
            with pytest.raises(NotAuthorizedException) as caught:
                pool.sign_in(name, wrong, preferred_challenge=factor)
            values += [caught.value, choice.answer(factor, password)]
        chosen = pool.respond(choice.answer(AuthFactor.PASSWORD_SRP, password))
        custom = pool.sign_in(name, auth_flow=AuthFlow.CUSTOM)
        assert isinstance(custom, CustomChallenge)
        given = custom.answer(private)
        done = pool.complete_sign_in(custom, lambda challenge: given)
        values += [signed_up, confirmed, first, choice, chosen, custom, given, done]
    sessions = [signed_up.session, confirmed.session, choice.session, custom.session]
    secrets = [password, wrong, private, *(session or "" for session in sessions)]
    assert all(secrets)
    for value in values:
        assert_hidden(value, *secrets)
    finish(pool)
