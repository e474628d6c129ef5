"""Every flow of our client over a socket, against our service as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.faces import Face
from tests.interop.pools import OTHER_PASSWORD, PASSWORD, Pool, Totp, boto_client, make_pool, new_name
from tests.interop.running import our_service
from userpool import (
    AuthFactor,
    AuthFlow,
    Challenge,
    ConfirmSignUpResult,
    CustomChallenge,
    EmailCodeRequired,
    FactorSelectionRequired,
    MfaPreference,
    NewPasswordRequired,
    SignUpResult,
    TotpRequired,
    TotpSetupRequired,
)

FLOWS = [
    "ALLOW_USER_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
TRIGGERS = """
from userpool.service.triggers import Triggers


def define(event):
    session = event["request"]["session"]
    asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
    by_srp = [one["challengeName"] for one in session] == ["SRP_A"]
    event["response"]["challengeName"] = "PASSWORD_VERIFIER" if by_srp else "CUSTOM_CHALLENGE"
    event["response"]["issueTokens"] = any(one["challengeResult"] for one in asked)
    event["response"]["failAuthentication"] = len(asked) > 2


def create(event):
    event["response"]["publicChallengeParameters"] = {"question": "4 + 5"}
    event["response"]["privateChallengeParameters"] = {"answer": "9"}


def verify(event):
    wanted = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == wanted


def migrate(event):
    if event["request"].get("password") == "Correct-horse-7":
        event["response"]["userAttributes"] = {"email": event["userName"] + "@example.com"}
        event["response"]["finalUserStatus"] = "CONFIRMED"


triggers = Triggers(
    define_auth_challenge=define,
    create_auth_challenge=create,
    verify_auth_challenge_response=verify,
    user_migration=migrate,
)
"""
FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}


@pytest.fixture(scope="module", params=[False, True], ids=["public", "secret"])
def choice(boto: Any, request: pytest.FixtureRequest) -> Pool:
    """A pool with first factors to choose among."""
    client = {"ExplicitAuthFlows": FLOWS, "GenerateSecret": request.param}
    return make_pool(boto, settings={"Policies": FACTORS}, client=client)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """A pool of a service that has triggers."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "questions.py").write_text(TRIGGERS)
    with our_service(folder, "--development", "--triggers", "questions:triggers") as url:
        boto = boto_client(url)
        yield make_pool(boto, client={"ExplicitAuthFlows": [*FLOWS, "ALLOW_CUSTOM_AUTH"]})
        boto.close()


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with Face(request.param) as opened:
        yield opened


def client_of(face: Face, pool: Pool) -> Any:
    return face.pool(pool.id, pool.client_id, pool.client_secret, endpoint=pool.endpoint)


def elsewhere(challenge: Any) -> Any:
    """The same challenge, as another process reads it."""
    return Challenge.from_dict(json.loads(json.dumps(challenge.to_dict())))


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD, AuthFlow.CHOICE])
def test_by_password(face: Face, choice: Pool, flow: AuthFlow) -> None:
    client, name = client_of(face, choice), choice.user()
    assert face.user(client.sign_in(name, PASSWORD, auth_flow=flow)).username == name
    assert face.refusal(client.sign_in, name, OTHER_PASSWORD, auth_flow=flow) == "NotAuthorizedException"


@pytest.mark.parametrize("factor", [AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP])
def test_by_a_chosen_password(face: Face, choice: Pool, factor: AuthFactor) -> None:
    client, name = client_of(face, choice), choice.user()
    assert face.user(client.sign_in(name, PASSWORD, preferred_challenge=factor)).username == name
    step = elsewhere(face(client.sign_in(name, auth_flow=AuthFlow.CHOICE)))
    assert isinstance(step, FactorSelectionRequired)
    assert face.user(client.respond(step.answer(factor, PASSWORD))).username == name


def test_by_a_code(face: Face, choice: Pool) -> None:
    client, name = client_of(face, choice), choice.user()
    step = elsewhere(face(client.sign_in(name, preferred_challenge=AuthFactor.EMAIL_OTP)))
    assert isinstance(step, EmailCodeRequired)
    code = choice.code(f"{name}@example.com")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    assert face.refusal(client.respond, step.answer(wrong)) == "CodeMismatchException"
    assert face.user(client.respond(step.answer(code))).username == name


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["passwordless", "password"])
def test_straight_from_a_sign_up(face: Face, choice: Pool, password: str | None) -> None:
    client, name = client_of(face, choice), new_name()
    email = f"{name}@example.com"
    written = json.dumps(face(client.sign_up(name, password, {"email": email})).to_dict())
    result = SignUpResult.from_dict(json.loads(written))
    confirmed = face(client.confirm_sign_up(name, choice.code(email), session=result.session))
    last = ConfirmSignUpResult.from_dict(json.loads(json.dumps(confirmed.to_dict())))
    assert face.user(client.sign_in(last.username, session=last.session)).username == name


def test_a_first_sign_in_with_all_that_can_come(boto: Any, face: Face) -> None:
    """A new password, an authenticator app to set up; from then on its codes."""
    pool = make_pool(boto, mfa={"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}})
    client, name = client_of(face, pool), new_name()
    boto.admin_create_user(
        UserPoolId=pool.id, Username=name, TemporaryPassword=OTHER_PASSWORD, MessageAction="SUPPRESS"
    )
    new = elsewhere(face(client.sign_in(name, OTHER_PASSWORD)))
    assert isinstance(new, NewPasswordRequired)
    setup = elsewhere(face(client.respond(new.answer(PASSWORD))))
    assert isinstance(setup, TotpSetupRequired)
    app = Totp(setup.secret_code)
    assert face.refusal(client.respond, setup.answer("000000")) == "EnableSoftwareTokenMFAException"
    assert face.user(client.respond(setup.answer(app.code()))).username == name
    step = elsewhere(face(client.sign_in(name, PASSWORD)))
    assert isinstance(step, TotpRequired)
    assert face.user(client.respond(step.answer(app.code()))).username == name


def test_a_second_factor_by_e_mail(face: Face, mfa_pool: Pool) -> None:
    client, name = client_of(face, mfa_pool), mfa_pool.user()
    user = face.user(client.sign_in(name, PASSWORD))
    face(user.set_user_mfa_preference(email=MfaPreference.PREFERRED))
    step = elsewhere(face(client.sign_in(name, PASSWORD)))
    assert isinstance(step, EmailCodeRequired)
    code = mfa_pool.code(f"{name}@example.com")
    assert face.user(client.respond(step.answer(code))).username == name


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["without SRP", "SRP first"])
def test_by_triggers(face: Face, asking: Pool, password: str | None) -> None:
    client, name = client_of(face, asking), asking.user()
    step = elsewhere(face(client.sign_in(name, password, auth_flow=AuthFlow.CUSTOM)))
    assert isinstance(step, CustomChallenge)
    again = elsewhere(face(client.respond(step.answer("8"))))
    assert isinstance(again, CustomChallenge)
    assert again.session != step.session
    assert face.user(client.respond(again.answer("9"))).username == name


def test_users_move_in(face: Face, asking: Pool) -> None:
    client, name = client_of(face, asking), new_name()
    assert face.refusal(client.sign_in, name, PASSWORD) == "UserNotFoundException"
    assert face.user(client.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD)).username == name
    assert face.user(client.sign_in(name, PASSWORD)).username == name
