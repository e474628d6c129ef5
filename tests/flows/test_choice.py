"""Choice-based sign-in (USER_AUTH): every first factor, a sign-in after a sign-up, and step-up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.srp_service import PASSWORD, USER_ID, SrpService
from tests.flows.stage import CLIENT, SECRET, Stage, challenge, config, signed_in
from userpool.flows.choice import Wishes
from userpool.flows.config import AuthFlow
from userpool.flows.grant import Grant
from userpool.flows.respond import respond
from userpool.flows.sign_in import sign_in
from userpool.protocol.challenges import (
    AuthFactor,
    Challenge,
    EmailCodeRequired,
    FactorSelectionRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCodeRequired,
)
from userpool.protocol.errors import ClockSkewError, NotAuthorizedException, ParameterError
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer

SESSION = "session-" + "x" * 20
FACTORS = ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
SELECT = {**challenge("SELECT_CHALLENGE"), "AvailableChallenges": list(FACTORS)}
SELECTION = FactorSelectionRequired(
    username="ada",
    client_id=CLIENT,
    issued_at=datetime(2026, 11, 23, tzinfo=UTC),
    session=SESSION,
    available_challenges=FACTORS,
)


def parameters(stage: Stage, index: int = -1) -> dict[str, str]:
    """What the request carried by name, at the start or with an answer."""
    body: Any = stage.body(index)
    found: dict[str, str] = body.get("AuthParameters") or body["ChallengeResponses"]
    return found


def test_without_a_preference_the_user_chooses() -> None:
    stage = Stage([answer(SELECT)])
    step = stage.run(sign_in(config(), "ada", auth_flow=AuthFlow.CHOICE))
    assert isinstance(step, FactorSelectionRequired)
    assert step.factors == FACTORS
    assert stage.body() == {
        "AuthFlow": "USER_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "ada"},
    }


@pytest.mark.parametrize(
    ("factor", "kind"),
    [
        (AuthFactor.EMAIL_OTP, EmailCodeRequired),
        (AuthFactor.SMS_OTP, SmsCodeRequired),
        (AuthFactor.WEB_AUTHN, PasskeyRequired),
    ],
)
def test_a_preferred_factor_ends_with_its_challenge(factor: AuthFactor, kind: type[Challenge]) -> None:
    stage = Stage([answer({**challenge(factor), "AvailableChallenges": [factor, "PASSWORD"]})])
    step = stage.run(sign_in(config(), "ada", preferred_challenge=factor))
    assert isinstance(step, kind)
    assert step.available_challenges == (factor, "PASSWORD")
    assert stage.body()["AuthFlow"] == "USER_AUTH"
    assert parameters(stage) == {"USERNAME": "ada", "PREFERRED_CHALLENGE": factor}


def test_a_preference_that_the_user_cannot_have_leaves_the_choice() -> None:
    step = Stage([answer(SELECT)]).run(sign_in(config(), "ada", preferred_challenge=AuthFactor.WEB_AUTHN))
    assert isinstance(step, FactorSelectionRequired)


@pytest.mark.parametrize("preference", [None, AuthFactor.PASSWORD_SRP])
def test_a_password_is_proved_and_never_sent(preference: AuthFactor | None) -> None:
    service = SrpService(signed_in(USER_ID))
    stage = Stage(service.steps())
    flow = sign_in(config(), "ada", PASSWORD, auth_flow=AuthFlow.CHOICE, preferred_challenge=preference)
    outcome = stage.run(flow)
    assert isinstance(outcome, Grant)
    assert (service.verified, outcome.user_id) == (True, USER_ID)
    assert parameters(stage, 0) == {
        "USERNAME": "ada",
        "PREFERRED_CHALLENGE": "PASSWORD_SRP",
        "SRP_A": service.srp_a,
    }
    assert all(PASSWORD.encode() not in request.body for request in stage.transport.requests)


def test_a_password_is_sent_where_that_is_preferred() -> None:
    stage = Stage([answer(signed_in())])
    outcome = stage.run(sign_in(config(), "ada", PASSWORD, preferred_challenge=AuthFactor.PASSWORD))
    assert isinstance(outcome, Grant)
    assert parameters(stage) == {"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}
    assert stage.drawn == 0


@pytest.mark.parametrize("reply", [SELECT, challenge("EMAIL_OTP")], ids=["choice", "code"])
def test_what_comes_in_place_of_the_proof_is_asked(reply: dict[str, object]) -> None:
    stage = Stage([answer(reply)])
    step = stage.run(sign_in(config(), "ada", PASSWORD, auth_flow=AuthFlow.CHOICE))
    assert isinstance(step, FactorSelectionRequired | EmailCodeRequired)
    assert stage.targets == ["InitiateAuth"]


@pytest.mark.parametrize(
    ("password", "factor", "words"),
    [
        (None, AuthFactor.PASSWORD, "PASSWORD needs the password"),
        (None, AuthFactor.PASSWORD_SRP, "PASSWORD_SRP needs the password"),
        (PASSWORD, AuthFactor.EMAIL_OTP, "EMAIL_OTP takes no password"),
        (PASSWORD, "TOMORROW", "TOMORROW takes no password"),
    ],
)
def test_a_password_goes_with_its_factors_alone(password: str | None, factor: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Stage().run(sign_in(config(), "ada", password, preferred_challenge=factor))


def test_the_wishes_of_a_choice_go_with_no_other_flow() -> None:
    wishes: list[dict[str, Any]] = [
        {"preferred_challenge": AuthFactor.EMAIL_OTP},
        {"session": SESSION},
        {"acr_values": ["urn:cognito:loa:3"]},
        {"max_age": 0},
        {"access_token": "token"},
    ]
    for wish in wishes:
        with pytest.raises(ParameterError, match=r"AuthFlow\.CHOICE; this is USER_SRP_AUTH"):
            Stage().run(sign_in(config(), "ada", PASSWORD, auth_flow=AuthFlow.SRP, **wish))


@pytest.mark.parametrize("flow", [None, AuthFlow.SRP, AuthFlow.PASSWORD])
def test_flows_by_password_need_one(flow: AuthFlow | None) -> None:
    with pytest.raises(ParameterError, match=r"needs the password\. auth_flow=AuthFlow\.CHOICE"):
        Stage().run(sign_in(config(), "ada", auth_flow=flow))


# ---------------------------------------------------------------- straight from a sign-up


def test_a_sign_in_follows_on_a_sign_up_by_its_session() -> None:
    stage = Stage([answer(signed_in())])
    assert isinstance(stage.run(sign_in(config(), "ada", session=SESSION)), Grant)
    assert stage.body() == {
        "AuthFlow": "USER_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "ada"},
        "Session": SESSION,
    }


@pytest.mark.parametrize("factor", [AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP])
def test_a_password_does_not_lose_the_session_of_the_sign_up(factor: AuthFactor) -> None:
    """Amplify drops it when the preference is PASSWORD_SRP."""
    stage = Stage([answer(signed_in())])
    outcome = stage.run(sign_in(config(), "ada", PASSWORD, preferred_challenge=factor, session=SESSION))
    assert isinstance(outcome, Grant), "the service may be content with the session"
    assert stage.body()["Session"] == SESSION


# ---------------------------------------------------------------- step-up


def test_step_up_says_what_is_to_be_reached() -> None:
    stage = Stage([answer(challenge("SOFTWARE_TOKEN_MFA"))])
    levels = ["urn:cognito:loa:4", "urn:cognito:loa:3"]
    stage.run(sign_in(config(), "ada", acr_values=levels, max_age=300, access_token="a.b.c"))
    assert parameters(stage) == {
        "USERNAME": "ada",
        "TARGET_ACR_VALUES": "urn:cognito:loa:4 urn:cognito:loa:3",
        "MAX_AGE": "300",
        "ACCESS_TOKEN": "a.b.c",
    }


def test_step_up_goes_with_a_password() -> None:
    stage = Stage(SrpService(signed_in(USER_ID)).steps())
    stage.run(sign_in(config(), "ada", PASSWORD, acr_values=("urn:cognito:loa:1",), max_age=0))
    first = parameters(stage, 0)
    assert (first["TARGET_ACR_VALUES"], first["MAX_AGE"]) == ("urn:cognito:loa:1", "0")
    assert first["PREFERRED_CHALLENGE"] == "PASSWORD_SRP"


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"acr_values": "urn:cognito:loa:3"}, "sequence of names"),
        ({"acr_values": ["urn:cognito:loa:3 urn:cognito:loa:4"]}, "sequence of names"),
        ({"acr_values": [""]}, "sequence of names"),
        ({"access_token": "a.b.c"}, "give acr_values as well"),
        ({"max_age": -1}, "seconds"),
    ],
)
def test_senseless_step_ups_are_not_sent(wishes: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        Stage().run(sign_in(config(), "ada", **wishes))
    assert_hidden(caught.value, "a.b.c")


# ---------------------------------------------------------------- the choice as a challenge


def test_a_code_is_chosen_and_asked_for() -> None:
    stage = Stage([answer(challenge("EMAIL_OTP", CODE_DELIVERY_DESTINATION="a***@e***"))])
    step = stage.run(respond(config(), SELECTION.answer(AuthFactor.EMAIL_OTP)))
    assert isinstance(step, EmailCodeRequired)
    assert step.position == 2
    assert stage.body() == {
        "ClientId": CLIENT,
        "ChallengeName": "SELECT_CHALLENGE",
        "Session": SESSION,
        "ChallengeResponses": {"USERNAME": "ada", "ANSWER": "EMAIL_OTP"},
    }


def test_what_else_may_be_chosen_stays_with_what_was_chosen() -> None:
    """Amplify loses it; and the service may repeat it or not."""
    given = SELECTION.answer(AuthFactor.EMAIL_OTP)
    step = Stage([answer(challenge("EMAIL_OTP"))]).run(respond(config(), given))
    assert isinstance(step, EmailCodeRequired)
    assert step.available_challenges == FACTORS
    told = {**challenge("EMAIL_OTP"), "AvailableChallenges": ["EMAIL_OTP"]}
    again = Stage([answer(told)]).run(respond(config(), given))
    assert isinstance(again, EmailCodeRequired)
    assert again.available_challenges == ("EMAIL_OTP",)
    second = Stage([answer(challenge("EMAIL_OTP"))]).run(
        respond(config(), SELECTION.answer(AuthFactor.PASSWORD, PASSWORD))
    )
    assert isinstance(second, EmailCodeRequired), "as the second factor"
    assert second.available_challenges == ()


def test_another_factor_can_be_chosen_instead() -> None:
    """The security key is at home: what Amplify does after a ceremony that was given up."""
    passkey = Stage([answer(challenge("WEB_AUTHN", "session-2" + "x" * 20))]).run(
        respond(config(), SELECTION.answer(AuthFactor.WEB_AUTHN))
    )
    assert isinstance(passkey, PasskeyRequired)
    stage = Stage([answer(challenge("EMAIL_OTP"))])
    code = stage.run(respond(config(), passkey.instead(AuthFactor.EMAIL_OTP)))
    assert isinstance(code, EmailCodeRequired)
    assert (code.position, code.available_challenges) == (3, FACTORS)
    assert stage.body() == {
        "ClientId": CLIENT,
        "ChallengeName": "SELECT_CHALLENGE",
        "Session": "session-2" + "x" * 20,
        "ChallengeResponses": {"USERNAME": "ada", "ANSWER": "EMAIL_OTP"},
    }
    service = SrpService(signed_in(USER_ID))
    outcome = Stage(service.steps()).run(respond(config(), code.instead(AuthFactor.PASSWORD_SRP, PASSWORD)))
    assert isinstance(outcome, Grant)
    assert service.verified


def test_where_the_service_told_no_others_it_is_the_judge() -> None:
    asked = Stage([answer(challenge("WEB_AUTHN"))]).run(
        sign_in(config(), "ada", preferred_challenge=AuthFactor.WEB_AUTHN)
    )
    assert isinstance(asked, PasskeyRequired)
    step = Stage([answer(challenge("SMS_OTP"))]).run(respond(config(), asked.instead(AuthFactor.SMS_OTP)))
    assert isinstance(step, SmsCodeRequired)
    assert step.available_challenges == ()
    with pytest.raises(ParameterError, match="'TOMORROW' is not offered"):
        asked.instead("TOMORROW")
    told = replace(asked, available_challenges=("WEB_AUTHN", "PASSWORD"))
    with pytest.raises(ParameterError, match="choose one of WEB_AUTHN, PASSWORD"):
        told.instead(AuthFactor.SMS_OTP)


def test_a_chosen_password_is_sent() -> None:
    stage = Stage([answer(signed_in())])
    outcome = stage.run(respond(config(), SELECTION.answer(AuthFactor.PASSWORD, PASSWORD)))
    assert isinstance(outcome, Grant)
    assert parameters(stage) == {"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD}


@pytest.mark.parametrize(
    ("given", "along"),
    [
        (SELECTION.answer(AuthFactor.PASSWORD_SRP, PASSWORD), {"ANSWER": "PASSWORD_SRP"}),
        (
            PasswordRequired(
                name="PASSWORD_SRP",
                username="ada",
                client_id=CLIENT,
                issued_at=SELECTION.issued_at,
                session=SESSION,
            ).answer(PASSWORD),
            {},
        ),
    ],
    ids=["chosen", "asked for"],
)
def test_a_chosen_proof_is_given_in_the_same_conversation(given: Any, along: dict[str, str]) -> None:
    service = SrpService(challenge("SOFTWARE_TOKEN_MFA", USER_ID_FOR_SRP=USER_ID))
    stage = Stage(service.steps())
    step = stage.run(respond(config(client_secret=SECRET), given))
    assert isinstance(step, Challenge)
    assert (service.verified, step.username, step.user_id, step.position) == (True, USER_ID, USER_ID, 2)
    assert stage.targets == ["RespondToAuthChallenge"] * 2
    assert parameters(stage, 0) == {
        **along,
        "USERNAME": "ada",
        "SRP_A": service.srp_a,
        "SECRET_HASH": secret_hash("ada", CLIENT, SECRET),
    }
    assert parameters(stage, 1)["USERNAME"] == USER_ID
    assert parameters(stage, 1)["SECRET_HASH"] == secret_hash(USER_ID, CLIENT, SECRET)
    assert str(stage.body(1)["Session"]).startswith("session-")
    assert all(PASSWORD.encode() not in request.body for request in stage.transport.requests)


def test_what_comes_in_place_of_a_chosen_proof_keeps_the_name_that_was_told() -> None:
    given = replace(SELECTION, user_id=USER_ID).answer(AuthFactor.PASSWORD_SRP, PASSWORD)
    step = Stage([answer(challenge("EMAIL_OTP"))]).run(respond(config(), given))
    assert isinstance(step, EmailCodeRequired)
    assert (step.user_id, step.position) == (USER_ID, 2)


def test_a_wrong_chosen_password_leaves_the_choice_as_it_is() -> None:
    stage = Stage([*SrpService(signed_in()).steps(), answer(signed_in())])
    with pytest.raises(NotAuthorizedException):
        stage.attempt(respond(config(), SELECTION.answer(AuthFactor.PASSWORD_SRP, "wrong")))
    assert isinstance(stage.run(respond(config(), SELECTION.answer(AuthFactor.PASSWORD, PASSWORD))), Grant)
    assert stage.body()["Session"] == SESSION


def test_c13_a_wrong_clock_is_named_in_the_middle_too() -> None:
    service = SrpService(signed_in(), headers={"Date": "Mon, 21 Sep 2026 13:13:20 GMT"})
    stage = Stage(service.steps())
    with pytest.raises(ClockSkewError):
        stage.run(respond(config(), SELECTION.answer(AuthFactor.PASSWORD_SRP, PASSWORD)))
    assert stage.targets == ["RespondToAuthChallenge"]


def test_the_choice_is_made_by_another_process() -> None:
    again = Challenge.from_dict(json.loads(json.dumps(SELECTION.to_dict())))
    assert isinstance(again, FactorSelectionRequired)
    assert again.factors == FACTORS
    stage = Stage([answer(challenge("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS='{"challenge":"AAEC"}'))])
    step = stage.run(respond(config(), again.answer(AuthFactor.WEB_AUTHN)))
    assert isinstance(step, PasskeyRequired)
    assert step.options == {"challenge": "AAEC"}


def test_a_passkey_s_credential_goes_out_as_text() -> None:
    asked = PasskeyRequired(username="ada", client_id=CLIENT, issued_at=SELECTION.issued_at, session=SESSION)
    stage = Stage([answer(signed_in())])
    credential = {"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {"signature": "AAEC"}}
    stage.run(respond(config(), asked.answer(credential)))
    assert stage.body()["ChallengeName"] == "WEB_AUTHN"
    assert json.loads(parameters(stage)["CREDENTIAL"]) == credential


def test_c27_neither_wishes_nor_answers_print() -> None:
    secret = canary()
    assert_hidden(Wishes(session=secret, access_token=secret), secret)
    assert_hidden(replace(SELECTION, session=secret).answer(AuthFactor.PASSWORD_SRP, secret), secret)
