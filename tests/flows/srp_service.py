"""The service's half of SRP, for flows that prove a password to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.flows.stage import challenge
from userpool.protocol import srp
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import answer, refusal

PASSWORD = " Grüße-7 🐎 "
USER_ID = "3f2b7c1e-user-id"
SALT = 0x1234ABCD5678
BLOCK = base64.b64encode(b"secret block").decode()
PARAMETERS = {"USERNAME": USER_ID, "USER_ID_FOR_SRP": USER_ID, "SALT": f"{SALT:x}", "SECRET_BLOCK": BLOCK}


class SrpService:
    """Takes SRP_A wherever it comes, checks the proof, and ends with `last`.

    `headers` go with the reply that asks for the proof; `message` is the refusal of a wrong one.
    """

    def __init__(
        self,
        last: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        message: str = "Incorrect username or password.",
    ) -> None:
        verifier = srp.verifier("aB12cDe34", USER_ID, PASSWORD, SALT)
        self.side = srp.ServerSide.start(verifier, 0xB0B << 250)
        self.last = last
        self.headers = headers or {}
        self.message = message
        self.srp_a = ""
        self.verified = False

    def initiate(self, request: Request) -> Response:
        body = _json(request)
        self.srp_a = (body.get("AuthParameters") or body["ChallengeResponses"])["SRP_A"]
        reply = challenge("PASSWORD_VERIFIER", **PARAMETERS, SRP_B=self.side.public)
        return answer(reply, headers=self.headers)

    def respond(self, request: Request) -> Response:
        answers = _json(request)["ChallengeResponses"]
        self.verified = self.side.verify(
            self.srp_a,
            pool_name="aB12cDe34",
            user_id=USER_ID,
            secret_block=b"secret block",
            timestamp=answers["TIMESTAMP"],
            signature_b64=answers["PASSWORD_CLAIM_SIGNATURE"],
        )
        return answer(self.last) if self.verified else refusal("NotAuthorizedException", self.message)

    def steps(self) -> list[Callable[[Request], Response]]:
        return [self.initiate, self.respond]


def _json(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body)
    return body
