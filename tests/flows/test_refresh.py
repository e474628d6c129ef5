"""New tokens for a refresh token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.stage import CLIENT, SECRET, Stage, challenge, config, signed_in
from userpool.flows.config import RefreshFlow, UserContext
from userpool.flows.refresh import refresh
from userpool.protocol.errors import NotAuthorizedException, ProtocolError, TransportError
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer, refusal

OLD = "the-old-refresh-token"


def renew(stage: Stage, settings: Any = None, **more: Any) -> Any:
    return stage.run(refresh(settings or config(), OLD, username="ada", **more))


def test_the_operation_that_works_with_rotation_comes_first() -> None:
    stage = Stage([answer(signed_in())])
    grant = renew(
        stage, config(client_secret=SECRET), device_key="us-east-1_1a2b", client_metadata={"a": "b"}
    )
    assert stage.targets == ["GetTokensFromRefreshToken"]
    assert stage.body() == {
        "RefreshToken": OLD,
        "ClientId": CLIENT,
        "ClientSecret": SECRET,
        "DeviceKey": "us-east-1_1a2b",
        "ClientMetadata": {"a": "b"},
    }
    assert grant.tokens.refresh_token.startswith("refresh-ada")
    assert (grant.user_id, grant.device_key) == ("ada", "us-east-1_1a2b")


@pytest.mark.parametrize("flow", list(RefreshFlow))
def test_r02_without_a_new_refresh_token_the_old_one_stays(flow: RefreshFlow) -> None:
    stage = Stage([answer(signed_in(RefreshToken=None))])
    assert renew(stage, refresh_flow=flow).tokens.refresh_token == OLD


def test_the_older_flow_when_asked_for() -> None:
    stage = Stage([answer(signed_in())])
    renew(
        stage,
        config(client_secret=SECRET),
        refresh_flow=RefreshFlow.REFRESH_TOKEN_AUTH,
        device_key="us-east-1_1a2b",
        user_context=UserContext("192.0.2.1"),
    )
    assert stage.body() == {
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {
            "REFRESH_TOKEN": OLD,
            "SECRET_HASH": secret_hash("ada", CLIENT, SECRET),
            "DEVICE_KEY": "us-east-1_1a2b",
        },
        "UserContextData": {"IpAddress": "192.0.2.1"},
    }


@pytest.mark.parametrize("code", ["UnknownOperationException", "NotImplementedException"])
def test_a_service_that_knows_no_other_gets_the_older_flow(code: str) -> None:
    stage = Stage([refusal(code), answer(signed_in())])
    renew(stage)
    assert stage.targets == ["GetTokensFromRefreshToken", "InitiateAuth"]


def test_r13_a_client_with_rotation_gets_the_newer_operation() -> None:
    refused = refusal("InvalidParameterException", "REFRESH_TOKEN_AUTH flow not enabled for this client")
    stage = Stage([refused, answer(signed_in())])
    renew(stage, refresh_flow="REFRESH_TOKEN_AUTH")
    assert stage.targets == ["InitiateAuth", "GetTokensFromRefreshToken"]


@pytest.mark.parametrize("flow", list(RefreshFlow))
def test_a_dead_token_is_tried_once(flow: RefreshFlow) -> None:
    stage = Stage([refusal("NotAuthorizedException", "Refresh Token has expired")])
    with pytest.raises(NotAuthorizedException) as caught:
        renew(stage, refresh_flow=flow)
    assert caught.value.reason == "refresh_token_expired"
    assert len(stage.targets) == 1


def test_a_lost_answer_is_not_asked_for_again() -> None:
    """The service may have rotated the token: asking blindly could look like theft."""
    stage = Stage([TransportError("reset")])
    with pytest.raises(TransportError):
        renew(stage)
    assert len(stage.targets) == 1


@pytest.mark.parametrize("reply", [{}, challenge("SMS_MFA")])
@pytest.mark.parametrize("flow", list(RefreshFlow))
def test_a_refresh_without_tokens_is_none(flow: RefreshFlow, reply: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="without tokens"):
        renew(Stage([answer(reply)]), refresh_flow=flow)


def test_tokens_and_a_challenge_are_no_refresh() -> None:
    both = {**signed_in(), "ChallengeName": "SMS_MFA"}
    with pytest.raises(ProtocolError, match="without tokens"):
        renew(Stage([answer(both)]), refresh_flow=RefreshFlow.REFRESH_TOKEN_AUTH)
