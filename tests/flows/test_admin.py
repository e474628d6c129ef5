"""Operations of administrators: signed, with every attempt signed for its own moment."""

from __future__ import annotations

import pytest

from tests.flows.stage import NOW, Stage, config
from userpool.flows.admin import call
from userpool.protocol import operations as ops
from userpool.protocol import sigv4
from userpool.protocol.errors import TransportError
from userpool.testing.scripted import answer

KEYS = sigv4.Credentials("AKIDEXAMPLE", "secret-of-the-example")
REQUEST = ops.ADMIN_GET_USER.input(user_pool_id="us-east-1_aB12cDe34", username="ada")
USER = answer({"Username": "ada"})


def test_a_request_is_signed_for_service_and_region() -> None:
    stage = Stage([USER])
    assert stage.run(call(config(), ops.ADMIN_GET_USER, REQUEST, credentials=KEYS)).username == "ada"
    (request,) = stage.transport.requests
    assert request.headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/us-east-1/cognito-idp/aws4_request"
    )
    assert request.headers["x-amz-date"] == "20260921T141320Z"
    assert "secret-of-the-example" not in repr((request, KEYS))


def test_the_service_side_accepts_the_signature() -> None:
    stage = Stage([TransportError("refused", sent="no"), USER])
    stage.run(call(config(), ops.ADMIN_GET_USER, REQUEST, credentials=KEYS))
    for request in stage.transport.requests:
        arrived = request.with_headers({"host": "cognito-idp.us-east-1.amazonaws.com"})
        who = sigv4.verify(
            arrived,
            secret_for={"AKIDEXAMPLE": "secret-of-the-example"}.get,
            region="us-east-1",
            service="cognito-idp",
            now=NOW,
        )
        assert who


def test_without_credentials_it_goes_out_unsigned() -> None:
    stage = Stage([USER])
    stage.run(call(config(), ops.ADMIN_GET_USER, REQUEST))
    assert "authorization" not in stage.transport.requests[0].headers


@pytest.mark.parametrize("token", [None, "session-token"])
def test_a_session_token_is_sent_along(token: str | None) -> None:
    stage = Stage([USER])
    keys = sigv4.Credentials("AKIDEXAMPLE", "secret", token)
    stage.run(call(config(), ops.ADMIN_GET_USER, REQUEST, credentials=keys))
    assert stage.transport.requests[0].headers.get("x-amz-security-token") == token
