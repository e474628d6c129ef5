"""One operation: what is sent, and when it is sent again."""

from __future__ import annotations

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.stage import Stage, config
from userpool.flows.invoke import exchange, invoke
from userpool.protocol import operations as ops
from userpool.protocol.effects import Random, Send, Sleep
from userpool.protocol.errors import (
    DeadlineExceeded,
    InternalErrorException,
    LimitExceededException,
    NotAuthorizedException,
    ParameterError,
    ProtocolError,
    ServiceUnavailableException,
    TooManyFailedAttemptsException,
    TooManyRequestsException,
    TransportError,
)
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import Step, answer, refusal

USER = {"Username": "ada", "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]}
GET_USER = ops.GET_USER.input(access_token="a.b.c")
SIGN_UP = ops.SIGN_UP.input(client_id="client", username="ada", password="Correct-horse-7")
SIGNED_UP = {"UserConfirmed": False, "UserSub": "sub"}
UNSENT = TransportError("refused", sent="no")
LOST = TransportError("reset", sent="maybe")
TYPES = {"content-type": "text/html"}


def test_a_request_carries_operation_agent_and_body() -> None:
    stage = Stage([answer(USER)])
    reply = stage.run(invoke(config(user_agent="shop/1"), ops.GET_USER, GET_USER))
    assert reply.username == "ada"
    (request,) = stage.transport.requests
    assert (request.method, request.url) == ("POST", "https://cognito-idp.us-east-1.amazonaws.com/")
    assert request.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.GetUser"
    assert request.headers["content-type"] == "application/x-amz-json-1.1"
    assert request.headers["user-agent"] == "shop/1"
    assert "authorization" not in request.headers
    assert stage.body() == {"AccessToken": "a.b.c"}
    assert stage.transport.timeouts == [20.0]
    assert stage.sleeps == []


def test_by_hand() -> None:
    """A flow is a generator: it can be driven with nothing but `next`, `send` and `throw`."""
    flow = invoke(config(), ops.GET_USER, GET_USER)
    next(flow)
    sent = flow.send(100.0)
    assert isinstance(sent, Send)
    drawn = flow.throw(UNSENT)
    assert drawn == Random(4)
    flow.send(bytes(4))
    waited = flow.send(100.5)
    assert waited == Sleep(0.0)
    again = flow.send(None)
    assert isinstance(again, Send)
    assert again.request.headers["amz-sdk-request"] == "attempt=2"
    with pytest.raises(StopIteration) as end:
        flow.send(answer(USER))
    assert end.value.value.username == "ada"


def test_exchange_gives_the_reply_s_headers_too() -> None:
    stage = Stage([answer(USER, headers={"Date": "today"})])
    reply = stage.run(exchange(config(), ops.GET_USER, GET_USER))
    assert reply.response.header("date") == "today"
    assert reply.output.username == "ada"


def test_faults_are_found_before_the_wire() -> None:
    stage = Stage()
    with pytest.raises(ParameterError, match="username"):
        stage.run(invoke(config(), ops.SIGN_UP, ops.SIGN_UP.input(client_id="client", username="")))
    assert stage.targets == []


@pytest.mark.parametrize(
    "failure",
    [UNSENT, refusal("TooManyRequestsException"), Response(429, TYPES), Response(503, TYPES, b"<html>")],
)
@pytest.mark.parametrize("operation", ["read", "write"])
def test_c25_what_was_turned_away_is_sent_again(failure: Response | TransportError, operation: str) -> None:
    """Throttling and requests that never left are repeated for every operation, after a growing,
    jittered pause.
    """
    steps = [failure, failure, answer(USER if operation == "read" else SIGNED_UP)]
    stage = Stage(steps)
    if operation == "read":
        stage.run(invoke(config(), ops.GET_USER, GET_USER))
    else:
        stage.run(invoke(config(), ops.SIGN_UP, SIGN_UP))
    assert len(stage.sleeps) == 2
    assert 0 < stage.sleeps[0] <= 0.2
    assert 0 < stage.sleeps[1] <= 0.4
    attempts = [request.headers.get("amz-sdk-request") for request in stage.transport.requests]
    assert attempts == [None, "attempt=2", "attempt=3"]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (LOST, TransportError),
        (DeadlineExceeded("late"), DeadlineExceeded),
        (refusal("InternalErrorException", status=500), InternalErrorException),
        (Response(502, TYPES), ServiceUnavailableException),
    ],
)
def test_what_may_have_been_acted_on_is_repeated_for_safe_operations_only(
    failure: Response | TransportError, error: type[Exception]
) -> None:
    Stage([failure, answer(USER)]).run(invoke(config(), ops.GET_USER, GET_USER))
    stage = Stage([failure])
    with pytest.raises(error):
        stage.run(invoke(config(), ops.SIGN_UP, SIGN_UP))
    assert stage.targets == ["SignUp"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("LimitExceededException", LimitExceededException),
        ("TooManyFailedAttemptsException", TooManyFailedAttemptsException),
        ("NotAuthorizedException", NotAuthorizedException),
    ],
)
def test_c25_refusals_are_not_repeated(code: str, error: type[Exception]) -> None:
    stage = Stage([refusal(code)])
    with pytest.raises(error):
        stage.run(invoke(config(), ops.GET_USER, GET_USER))
    assert stage.sleeps == []


def test_an_answer_that_is_none_is_not_repeated() -> None:
    stage = Stage([Response(200, TYPES, b"<html>")])
    with pytest.raises(ProtocolError, match="GetUser"):
        stage.run(invoke(config(), ops.GET_USER, GET_USER))


def test_attempts_end() -> None:
    stage = Stage([refusal("TooManyRequestsException", "Rate exceeded")] * 3)
    with pytest.raises(TooManyRequestsException, match="Rate exceeded"):
        stage.run(invoke(config(attempts=3), ops.GET_USER, GET_USER))
    assert len(stage.targets) == 3


def test_the_deadline_ends_it_with_the_failure_itself() -> None:
    throttled = refusal("TooManyRequestsException")
    stage = Stage([throttled] * 2)
    slow = config(deadline=0.25, timeout=9.0, attempts=50)
    with pytest.raises(TooManyRequestsException):
        stage.run(invoke(slow, ops.GET_USER, GET_USER))
    assert stage.transport.timeouts[0] == 0.25
    assert stage.transport.timeouts[1] == pytest.approx(0.25 - stage.sleeps[0])
    assert stage.passed < 0.25


def test_retry_after_is_kept_and_bounded_by_the_deadline() -> None:
    busy = Response(503, {"retry-after": "7"})
    stage = Stage([busy, answer(USER)])
    stage.run(invoke(config(), ops.GET_USER, GET_USER))
    assert stage.sleeps == [7.0]
    stage = Stage([Response(503, {"retry-after": "600"})])
    with pytest.raises(ServiceUnavailableException):
        stage.run(invoke(config(), ops.GET_USER, GET_USER))
    assert stage.sleeps == []


def test_no_pause_is_longer_than_five_seconds() -> None:
    stage = Stage([UNSENT] * 11 + [answer(USER)])
    stage.run(invoke(config(attempts=12, deadline=600.0), ops.GET_USER, GET_USER))
    assert max(stage.sleeps) <= 5.0
    assert len(stage.sleeps) == 11


def test_each_attempt_is_signed_anew() -> None:
    seen: list[tuple[str | None, float]] = []

    def sign(request: Request, at: float) -> dict[str, str]:
        seen.append((request.headers.get("amz-sdk-request"), at))
        return {"authorization": f"signed {len(seen)}"}

    stage = Stage([UNSENT, answer(USER)])
    stage.run(invoke(config(), ops.GET_USER, GET_USER, sign=sign))
    assert seen == [(None, stage.now), ("attempt=2", stage.now)]
    assert [request.headers["authorization"] for request in stage.transport.requests] == [
        "signed 1",
        "signed 2",
    ]


def test_c27_what_goes_wrong_shows_no_secret() -> None:
    password = canary("password")
    request = ops.SIGN_UP.input(client_id="client", username="ada", password=password)
    echo = Response(200, TYPES, password.encode())
    failures: list[Step] = [LOST, refusal("InvalidPasswordException"), echo]
    for failure in failures:
        with pytest.raises((TransportError, ProtocolError, Exception)) as caught:
            Stage([failure]).run(invoke(config(), ops.SIGN_UP, request))
        assert_hidden(caught.value, password)
