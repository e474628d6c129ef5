"""aws-jwt-verify, AWS's own verifier, over tokens of our service: its issuer in AWS's form, keys by hand."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.interop.javascript import Event, Node
from tests.interop.pools import Pool, make_pool
from tests.interop.test_boto3 import sign_in


@pytest.fixture(scope="module")
def tokens(pool: Pool) -> dict[str, Any]:
    return sign_in(pool, pool.user())


def verify(node: Node, pool: Pool, token: str, use: str, **changed: Any) -> Event:
    """Have the token verified by keys that are handed over, since no host of AWS's has them."""
    asked = {"userPoolId": pool.id, "clientId": pool.client_id, "jwks": pool.jwks(), **changed}
    return node.do("verify", token=token, tokenUse=use, **asked)


def test_tokens_are_genuine(node: Node, pool: Pool, tokens: dict[str, Any]) -> None:
    access = verify(node, pool, tokens["AccessToken"], "access").value
    identity = verify(node, pool, tokens["IdToken"], "id").value
    assert access["iss"] == identity["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    assert access["sub"] == identity["sub"]
    assert (access["client_id"], identity["aud"]) == (pool.client_id, pool.client_id)
    assert access["scope"] == "aws.cognito.signin.user.admin"


def test_one_is_not_taken_for_the_other(node: Node, pool: Pool, tokens: dict[str, Any]) -> None:
    assert verify(node, pool, tokens["IdToken"], "access").error[0] == "CognitoJwtInvalidTokenUseError"
    assert verify(node, pool, tokens["AccessToken"], "id").error[0] == "CognitoJwtInvalidTokenUseError"


def test_another_client_or_pool(node: Node, boto: Any, pool: Pool, tokens: dict[str, Any]) -> None:
    token = tokens["AccessToken"]
    other = verify(node, pool, token, "access", clientId="x" * 26)
    assert other.error[0] == "CognitoJwtInvalidClientIdError"
    refused = verify(node, make_pool(boto), token, "access", jwks=pool.jwks())
    assert refused.error[1].startswith(
        f"issuer not configured: https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    )


def test_a_token_that_was_altered(node: Node, pool: Pool, tokens: dict[str, Any]) -> None:
    head, body, mark = tokens["AccessToken"].split(".")
    read = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = json.dumps({**read, "username": "root"}).encode()
    altered = f"{head}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}.{mark}"
    assert verify(node, pool, altered, "access").error[0] == "JwtInvalidSignatureError"
