"""A pool that issues tokens and publishes its keys, for tests of verification."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

from userpool.crypto.rs256 import SigningKey
from userpool.protocol.http import Request, Response
from userpool.protocol.tokens import (
    Issue,
    SignInFacts,
    access_token_claims,
    id_token_claims,
    issuer,
)

POOL = "us-east-1_aB12cDe34"
CLIENT = "7ghr5379orhbo88d52vphda6s9"
NOW = 1_800_000_000.0
KEYS = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aB12cDe34/.well-known/jwks.json"


@functools.cache
def key(number: int = 0) -> SigningKey:
    """One of a few signing keys, made once a test run."""
    return SigningKey.generate()


def facts(pool: str = POOL, client: str = CLIENT) -> SignInFacts:
    return SignInFacts(
        issuer=issuer(pool),
        client_id=client,
        sub="6b3f8f0a-3d3c-4f57-9c0f-0d7a3c5b2f11",
        username="ada",
        auth_time=int(NOW) - 60,
        origin_jti="origin",
        event_id="event",
        groups=("admins", "users"),
    )


ISSUE = Issue(at=int(NOW) - 10, lifetime=3600, jti="jti")


def access_claims(**changes: Any) -> dict[str, Any]:
    claims = access_token_claims(facts(), ISSUE, scope="aws.cognito.signin.user.admin shop/read")
    return changed(claims, changes)


def id_claims(access_token: str | None = None, **changes: Any) -> dict[str, Any]:
    claims = id_token_claims(
        facts(),
        ISSUE,
        attributes={"email": "ada@example.com", "email_verified": "true"},
        nonce="nonce-1",
        access_token=access_token,
    )
    return changed(claims, changes)


def changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`claims` with `changes`; `...` takes a claim away; `__` in a name stands for a colon."""
    claims |= {name.replace("__", ":"): value for name, value in changes.items()}
    return {name: value for name, value in claims.items() if value is not ...}


def access(signer: SigningKey | None = None, **changes: Any) -> str:
    return (signer or key()).sign(access_claims(**changes))


def identity(signer: SigningKey | None = None, access_token: str | None = None, **changes: Any) -> str:
    return (signer or key()).sign(id_claims(access_token, **changes))


def raw(header: dict[str, Any], payload: bytes, signer: SigningKey | None = None) -> str:
    """A token with any header and payload, signed as RS256 whatever the header says."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    data = b64(json.dumps(header).encode()) + "." + b64(payload)
    signature = (signer or key())._key.sign(data.encode(), PKCS1v15(), SHA256())
    return f"{data}.{b64(signature)}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwks(*signers: SigningKey) -> dict[str, Any]:
    return {"keys": [signer.public.jwk() for signer in signers or (key(),)]}


class Publisher:
    """A transport of both colours that answers with a key set, or with whatever it is told."""

    def __init__(self, *signers: SigningKey) -> None:
        self.document: object = jwks(*signers)
        self.failure: Exception | None = None
        self.requests: list[Request] = []

    def publish(self, *signers: SigningKey) -> None:
        self.document = jwks(*signers)

    def send(self, request: Request, *, timeout: float) -> Response:
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        if isinstance(self.document, Response):
            return self.document
        body = self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()
        return Response(200, {"content-type": "application/json"}, body)

    def close(self) -> None:
        raise AssertionError("a verifier never closes a transport that it was given")

    async def asend(self, request: Request, *, timeout: float) -> Response:
        return self.send(request, timeout=timeout)

    async def aclose(self) -> None:
        raise AssertionError("a verifier never closes a transport that it was given")
