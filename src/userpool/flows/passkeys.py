"""A signed-in user's passkeys.

StartWebAuthnRegistration, CompleteWebAuthnRegistration, ListWebAuthnCredentials, DeleteWebAuthnCredential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from userpool.protocol import operations as ops
from userpool.protocol.credential_json import credential_object
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ProtocolError

from .config import ServiceConfig
from .invoke import invoke
from .results import Page


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as the service knows it."""

    credential_id: str
    friendly_name: str
    """What the service calls it; it cannot be chosen."""
    relying_party_id: str
    """The domain that it works for."""
    created_at: datetime
    authenticator_transports: tuple[str, ...] = ()
    """How its authenticator is reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`, as it said itself."""
    authenticator_attachment: str | None = None
    """`platform` for one that is built in, `cross-platform` for a security key or another device."""


def start_web_authn_registration(config: ServiceConfig, access_token: str) -> Flow[dict[str, Any]]:
    """Ask for the options to make a passkey with (StartWebAuthnRegistration)."""
    operation = ops.START_WEB_AUTHN_REGISTRATION
    reply = yield from invoke(config, operation, operation.input(access_token=access_token))
    options = reply.credential_creation_options
    if not isinstance(options, dict) or not isinstance(options.get("challenge"), str):
        raise ProtocolError("The service gave no options to make a passkey with.", operation=operation.name)
    return options


def complete_web_authn_registration(
    config: ServiceConfig, access_token: str, credential: str | Mapping[str, Any]
) -> Flow[None]:
    """Hand in the passkey that was made (CompleteWebAuthnRegistration).

    Raises:
        ParameterError: this is no new passkey; nothing was sent.
    """
    operation = ops.COMPLETE_WEB_AUTHN_REGISTRATION
    made = credential_object(credential, "attestationObject")
    yield from invoke(config, operation, operation.input(access_token=access_token, credential=made))


def list_web_authn_credentials(
    config: ServiceConfig, access_token: str, *, limit: int | None = None, next_token: str | None = None
) -> Flow[Page[Passkey]]:
    """Read one page of passkeys (ListWebAuthnCredentials)."""
    operation = ops.LIST_WEB_AUTHN_CREDENTIALS
    request = operation.input(access_token=access_token, next_token=next_token, max_results=limit)
    reply = yield from invoke(config, operation, request)
    passkeys = (
        Passkey(
            credential_id=found.credential_id,
            friendly_name=found.friendly_credential_name,
            relying_party_id=found.relying_party_id,
            created_at=found.created_at,
            authenticator_transports=tuple(found.authenticator_transports),
            authenticator_attachment=found.authenticator_attachment,
        )
        for found in reply.credentials
    )
    return Page(tuple(passkeys), reply.next_token)


def delete_web_authn_credential(config: ServiceConfig, access_token: str, credential_id: str) -> Flow[None]:
    """Delete a passkey (DeleteWebAuthnCredential)."""
    operation = ops.DELETE_WEB_AUTHN_CREDENTIAL
    yield from invoke(
        config, operation, operation.input(access_token=access_token, credential_id=credential_id)
    )
