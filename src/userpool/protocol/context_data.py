"""`EncodedData` of `UserContextData`: what threat protection is told of the device, signed.

Cognito's own mobile clients make it themselves, where a browser has a script for it; this is their form.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Final

VERSION: Final = "FLUTTER20230306"
"""Names the form, which the service has to know. This is the newest one; its makers run on desktops too."""


def encoded_data(
    facts: Mapping[str, str],
    *,
    username: str,
    user_pool_id: str,
    client_id: str,
    at: float,
    version: str = VERSION,
) -> str:
    """Make `EncodedData` for one request.

    The signature is keyed with the client id, which is no secret: it ties the data to the app client and
    keeps nobody from making his own.

    Args:
        facts: of the device, by Cognito's names, such as `DeviceName`.
        username: the user name of this very request.
        user_pool_id: the pool.
        client_id: the app client.
        at: seconds since the epoch.
        version: the name of the form.
    """
    payload = _json(
        {
            "contextData": dict(facts),
            "username": username,
            "userPoolId": user_pool_id,
            "timestamp": str(int(at * 1000)),
        }
    )
    digest = hmac.digest(client_id.encode(), f"{version}{payload}".encode(), "sha256")
    signed = {"payload": payload, "signature": base64.b64encode(digest).decode(), "version": version}
    return base64.b64encode(_json(signed).encode()).decode()


def _json(value: Mapping[str, object]) -> str:
    # ASCII throughout: the service signs the text that it reads, and half a surrogate pair has no UTF-8.
    return json.dumps(value, separators=(",", ":"))
