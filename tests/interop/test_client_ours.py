"""Every flow of our client over a socket, against our service as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.faces import Face
from tests.interop.pools import OTHER_PASSWORD, PASSWORD, Pool, Totp, make_pool, new_name
from userpool import (
    AuthFactor,
    AuthFlow,
    Challenge,
    ConfirmSignUpResult,
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
FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}


@pytest.fixture(scope="module", params=[False, True], ids=["public", "secret"])
def choice(boto: Any, request: pytest.FixtureRequest) -> Pool:
    """A pool with first factors to choose among."""
    client = {"ExplicitAuthFlows": FLOWS, "GenerateSecret": request.param}
    return make_pool(boto, settings={"Policies": FACTORS}, client=client)


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
