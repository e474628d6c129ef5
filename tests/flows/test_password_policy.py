"""A pool that was told its password policy refuses a new password before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.flows.stage import CLIENT, NOW, Stage, config, signed_in
from userpool.flows import password, respond, sign_in, sign_up
from userpool.flows.config import AuthFlow, ClientConfig
from userpool.protocol.challenges import NewPasswordRequired
from userpool.protocol.effects import Flow
from userpool.protocol.errors import PasswordPolicyError
from userpool.protocol.passwords import PasswordPolicy, PasswordRule
from userpool.testing.scripted import answer

STRICT = config(password_policy=PasswordPolicy(10))
WEAK, STRONG = "Weak-pass", "Strong-pass-1"
FORCED = NewPasswordRequired(
    name="NEW_PASSWORD_REQUIRED",
    username="ada",
    client_id=CLIENT,
    issued_at=datetime.fromtimestamp(NOW, UTC),
    session="s" * 20,
)

NEW: dict[str, tuple[Callable[[ClientConfig, str], Flow[Any]], dict[str, Any]]] = {
    "SignUp": (lambda c, new: sign_up.sign_up(c, "ada", new), {"UserConfirmed": True, "UserSub": "sub"}),
    "ConfirmForgotPassword": (lambda c, new: password.confirm_forgot_password(c, "ada", "123456", new), {}),
    "ChangePassword": (lambda c, new: password.change_password(c, "a.b.c", WEAK, new), {}),
    "RespondToAuthChallenge": (lambda c, new: respond.respond(c, FORCED.answer(new)), signed_in()),
}


@pytest.mark.parametrize("name", NEW)
def test_a_weak_new_password_is_refused_before_anything_is_sent(name: str) -> None:
    flow, _ = NEW[name]
    with pytest.raises(PasswordPolicyError, match=r"10 characters or more, a number") as caught:
        Stage().run(flow(STRICT, WEAK))
    assert caught.value.missing == (PasswordRule.MIN_LENGTH, PasswordRule.NUMBERS)
    assert WEAK not in str(caught.value)


@pytest.mark.parametrize("name", NEW)
def test_a_good_one_goes_out_and_so_does_any_without_a_policy(name: str) -> None:
    flow, reply = NEW[name]
    for settings, new in ((STRICT, STRONG), (config(), WEAK)):
        stage = Stage([answer(reply)])
        stage.run(flow(settings, new))
        assert stage.targets == [name]


def test_a_password_that_exists_is_nobody_s_business() -> None:
    stage = Stage([answer(signed_in())])
    stage.run(sign_in.sign_in(STRICT, "ada", WEAK, auth_flow=AuthFlow.PASSWORD))
    assert stage.targets == ["InitiateAuth"]


def test_a_sign_up_without_a_password_has_none_to_judge() -> None:
    stage = Stage([answer({"UserConfirmed": False, "UserSub": "sub"})])
    stage.run(sign_up.sign_up(STRICT, "ada", None))
    assert "Password" not in stage.body()
