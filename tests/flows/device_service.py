"""The service's half of a device's life, for flows: it tracks, confirms, asks for the proof, and forgets."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.flows.stage import challenge
from userpool.flows.grant import Device
from userpool.protocol import device as device_protocol
from userpool.protocol import srp
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import answer, refusal

KEY = "us-east-1_11111111-2222-3333-4444-555555555555"
GROUP = "-GroupKey1"
METADATA: dict[str, Any] = {"NewDeviceMetadata": {"DeviceKey": KEY, "DeviceGroupKey": GROUP}}
UNKNOWN = refusal("ResourceNotFoundException", "Device does not exist.")
BLOCK = base64.b64encode(b"device block").decode()

_SECRET = device_protocol.new_device(GROUP, KEY, bytes(range(1, 57)))
DEVICE = Device(KEY, GROUP, _SECRET.password)


def body(request: Request) -> dict[str, Any]:
    """What was sent."""
    sent: dict[str, Any] = json.loads(request.body)
    return sent


class DeviceService:
    """Asks for a device's proof, checks it, and ends with `last`.

    `verifier` and `salt` are the device's as ConfirmDevice brings them; `changes` replace what the second
    step tells.
    """

    def __init__(self, last: dict[str, Any], **changes: str) -> None:
        self.salt, verifier = device_protocol.parse_config(_SECRET.salt, _SECRET.verifier)
        self.side = srp.ServerSide.start(verifier, 0xB0B << 250)
        self.last = last
        self.changes = changes
        self.srp_a = ""
        self.verified = False

    def begin(self, request: Request) -> Response:
        """Answer DEVICE_SRP_AUTH."""
        self.srp_a = body(request)["ChallengeResponses"]["SRP_A"]
        parameters = {"SALT": f"{self.salt:x}", "SRP_B": self.side.public, "SECRET_BLOCK": BLOCK}
        parameters.update(self.changes)
        return answer(challenge("DEVICE_PASSWORD_VERIFIER", session="device-" + "y" * 20, **parameters))

    def verify(self, request: Request) -> Response:
        """Answer DEVICE_PASSWORD_VERIFIER."""
        given = body(request)["ChallengeResponses"]
        self.verified = self.side.verify(
            self.srp_a,
            pool_name=GROUP,
            user_id=KEY,
            secret_block=b"device block",
            timestamp=given["TIMESTAMP"],
            signature_b64=given["PASSWORD_CLAIM_SIGNATURE"],
        )
        return answer(self.last) if self.verified else refusal("NotAuthorizedException")
