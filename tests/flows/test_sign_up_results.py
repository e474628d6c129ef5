"""What a sign-up comes to, written down between its steps."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.flows.sign_up_results import ConfirmSignUpResult, SignUpResult
from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.errors import ParameterError

RESULTS: list[SignUpResult | ConfirmSignUpResult] = [
    SignUpResult("ada", "sub", False, CodeDelivery("EMAIL", "a***@e***", "email"), "session"),
    SignUpResult("ada", "sub", False, CodeDelivery("SMS", "")),
    SignUpResult("ada", "sub", True),
    ConfirmSignUpResult("ada", "session"),
    ConfirmSignUpResult("ada"),
]


@pytest.mark.parametrize("result", RESULTS, ids=repr)
def test_a_result_survives_json(result: SignUpResult | ConfirmSignUpResult) -> None:
    assert type(result).from_dict(json.loads(json.dumps(result.to_dict()))) == result


@pytest.mark.parametrize("result", RESULTS, ids=repr)
@pytest.mark.parametrize(
    ("member", "value"), [("version", 2), ("username", None), ("session", 7), ("version", None)]
)
def test_what_is_none_is_refused(
    result: SignUpResult | ConfirmSignUpResult, member: str, value: object
) -> None:
    with pytest.raises(ParameterError, match="version 1"):
        type(result).from_dict(result.to_dict() | {member: value})


@given(
    st.sampled_from(["version", "username", "user_sub", "confirmed", "delivery", "session"]),
    st.recursive(st.none() | st.booleans() | st.text(), lambda item: st.lists(item, max_size=3)),
)
def test_whatever_is_read_is_a_result_or_a_parameter_error(member: str, value: Any) -> None:
    written = RESULTS[0].to_dict() | {member: value}
    with contextlib.suppress(ParameterError):
        assert SignUpResult.from_dict(written).to_dict() == written


def test_a_result_of_the_other_step_is_refused() -> None:
    with pytest.raises(ParameterError, match="sign_up"):
        SignUpResult.from_dict(ConfirmSignUpResult("ada", "session").to_dict())
