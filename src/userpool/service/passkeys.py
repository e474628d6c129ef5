"""What browsers are given so that a passkey is made or signs, and the challenges that tie their answers to
it.

The challenge of a registration is a sealed value, as the sessions of a sign-in are: nothing is stored until
it is answered, and then only that it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from userpool.crypto.aead import Unsealable
from userpool.crypto.cose import CoseAlgorithm
from userpool.crypto.strict import b64url_encode
from userpool.protocol.errors import WebAuthnChallengeNotFoundException, WebAuthnClientMismatchException

from .context import Caller, Context
from .domain.factors.passkey import FACTOR, needs_verification, seeming, usable
from .domain.identifiers import uuid
from .domain.records import Passkey, User
from .domain.sessions import Session
from .domain.settings import ClientSettings, PoolSettings
from .realm import Realm

CHALLENGE_BYTES = 32
REGISTRATION_MILLISECONDS = 60_000
"""For how long a browser is advised to wait for the user. The challenge itself is good for longer: as long as
the sessions of the client's sign-ins.
"""

STAND_IN_KEY = bytes.fromhex(
    "a5010203262001"
    "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The base point of P-256 as a COSE key: what a signature is checked with where there is no passkey. Right or
wrong, it lets nobody in.
"""

_LABEL = "passkey registration"
_STEP = "PASSKEY_REGISTRATION"
_NOT_FOUND = "The challenge of this registration is not known or has expired. Start the registration again."


def creation_options(
    settings: PoolSettings, user: User, rp_id: str, passkeys: Sequence[Passkey], challenge: bytes
) -> dict[str, Any]:
    """The `PublicKeyCredentialCreationOptionsJSON` for a new passkey (WebAuthn level 3, section 5.1.9)."""
    by_address = settings.username_attributes & user.attributes.keys()
    name = user.attributes[min(by_address)] if by_address else user.username
    return {
        "rp": {"id": rp_id, "name": rp_id},
        "user": {
            "id": b64url_encode(user.sub.encode()),
            "name": name,
            "displayName": user.attributes.get("name") or name,
        },
        "challenge": b64url_encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": one.value} for one in CoseAlgorithm],
        "timeout": REGISTRATION_MILLISECONDS,
        "excludeCredentials": [_descriptor(one) for one in usable(settings, passkeys)],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": _verification(settings.passkeys_verify_user),
        },
    }


def registration_challenge(context: Context, caller: Caller) -> bytes:
    """A challenge that only this user can answer, through this client, once and not for long."""
    now, seconds = context.clock.now(), ClientSettings(caller.client).auth_session_seconds
    values = [uuid(context.random), caller.user.sub, caller.client.id, now + seconds]
    return context.keys.seal(_LABEL, json.dumps(values).encode(), caller.pool.id.encode())


def open_registration(context: Context, caller: Caller, challenge: bytes) -> Session:
    """The registration that a challenge belongs to, as a session that can be used up.

    Raises:
        WebAuthnChallengeNotFoundException: it was not made here, for this user, or its time is over.
        WebAuthnClientMismatchException: the registration was started through another app client.
    """
    try:
        opened = json.loads(context.keys.open(_LABEL, challenge, caller.pool.id.encode()))
    except Unsealable:
        raise WebAuthnChallengeNotFoundException(_NOT_FOUND) from None
    name, sub, client_id, expires_at = opened
    if sub != caller.user.sub or context.clock.now() >= expires_at:
        raise WebAuthnChallengeNotFoundException(_NOT_FOUND)
    if client_id != caller.client.id:
        raise WebAuthnClientMismatchException(
            "This registration was started with an access token of another app client. Start it again."
        )
    user = caller.user
    return Session(name, caller.pool.id, client_id, sub, user.username, user.username, _STEP, expires_at)


def passkeys_of(context: Context, settings: PoolSettings, user: User | None, sub: str) -> tuple[Passkey, ...]:
    """The passkeys of a user that can sign in today, or those that an unknown one seems to have.

    Args:
        context: the world.
        settings: of the pool.
        user: `None` where nobody bears the name.
        sub: the user's, or the one that an unknown user seems to have.
    """
    if FACTOR not in settings.first_factors:
        return ()
    stored = context.store.read(lambda reader: reader.passkeys(settings.pool.id, sub))
    # Made for everybody: the time that it takes would tell who exists.
    shade = seeming(settings, sub, context.keys.digest)
    return usable(settings, shade if user is None else stored)


def request_options(
    context: Context, realm: Realm, user: User, passkeys: Sequence[Passkey]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the session of WEB_AUTHN remembers, and the parameters of the challenge: the
    `PublicKeyCredentialRequestOptionsJSON` (WebAuthn level 3, section 5.1.10) as text.
    """
    challenge = context.random(CHALLENGE_BYTES)
    verification = _verification(needs_verification(realm.settings, user))
    options = {
        "challenge": b64url_encode(challenge),
        "timeout": realm.client_settings.auth_session_seconds * 1000,
        "rpId": realm.settings.rp_id,
        "allowCredentials": [_descriptor(one) for one in passkeys],
        "userVerification": verification,
    }
    data = {"challenge": challenge.hex(), "verification": verification}
    return data, {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(options, separators=(",", ":"))}


def _verification(required: bool) -> str:
    return "required" if required else "preferred"


def _descriptor(passkey: Passkey) -> dict[str, Any]:
    told = {"type": "public-key", "id": b64url_encode(passkey.credential_id)}
    return {**told, "transports": list(passkey.transports)} if passkey.transports else told
