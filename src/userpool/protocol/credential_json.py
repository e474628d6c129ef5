"""Passkeys as browsers write them: the JSON forms of WebAuthn level 3, section 5.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .errors import ParameterError

_MADE_BY: Final = {"attestationObject": "create", "signature": "get"}


def credential_object(credential: str | Mapping[str, Any], member: str) -> dict[str, Any]:
    """The object of a credential that was given as text or as an object.

    Args:
        credential: what `toJSON()` of the browser's `PublicKeyCredential` gave.
        member: what its `response` holds: `attestationObject` where a passkey was made, `signature` where
            one has signed.

    Raises:
        ParameterError: it is none, or none of that kind; it is not repeated.
    """
    try:
        given = json.loads(credential if isinstance(credential, str) else json.dumps(dict(credential)))
    except (TypeError, ValueError, RecursionError):
        given = None
    response = given.get("response") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(response, dict) or member not in response:
        raise ParameterError(
            "This is not the credential that is needed: give what credential.toJSON() gave in the browser "
            f"after navigator.credentials.{_MADE_BY[member]}(…), an object with `id`, `type` and a "
            f"`response` that holds `{member}`."
        )
    return given
