"""A ceremony of WebAuthn, judged: what a browser and an authenticator say of it, against what was asked for.

The steps are those of WebAuthn level 3, section 7.1 (a passkey is made) and section 7.2 (one signs).
Signatures are checked elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from userpool.protocol.errors import InvalidParameterException

CREATE, GET = "webauthn.create", "webauthn.get"


@dataclass(frozen=True, slots=True)
class ClientData:
    """What the browser says of a ceremony, and the authenticator signs a hash of."""

    type: str
    challenge: bytes = field(repr=False)
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


@dataclass(frozen=True, slots=True)
class AuthenticatorData:
    """What the authenticator says of a ceremony."""

    rp_id_hash: bytes
    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    sign_count: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a ceremony was asked for."""

    type: str
    """`CREATE` or `GET`."""
    rp_id: str
    challenge: bytes = field(repr=False)
    verification: bool
    """Whether the authenticator has to have verified its user."""
    origins: Collection[str] = ()
    """The only origins that count; without any, those that `belongs` lets pass."""


class Fault(StrEnum):
    """What is wrong with a ceremony."""

    TYPE = "type"
    CHALLENGE = "challenge"
    ORIGIN = "origin"
    RELYING_PARTY = "relying party"
    NOT_PRESENT = "nobody present"
    NOT_VERIFIED = "user not verified"
    BACKUP = "backed up, but not eligible for it"


def fault_in(client: ClientData, authenticator: AuthenticatorData, expected: Expected) -> Fault | None:
    """The first fault of a ceremony; `None` when all is as it should be."""
    if client.type != expected.type:
        return Fault.TYPE
    if not hmac.compare_digest(client.challenge, expected.challenge):
        return Fault.CHALLENGE
    # In another site's frame a user may be led to sign what she does not see.
    if client.cross_origin or client.top_origin is not None or not _is_expected(client.origin, expected):
        return Fault.ORIGIN
    if authenticator.rp_id_hash != hashlib.sha256(expected.rp_id.encode()).digest():
        return Fault.RELYING_PARTY
    if not authenticator.user_present:
        return Fault.NOT_PRESENT
    if expected.verification and not authenticator.user_verified:
        return Fault.NOT_VERIFIED
    if authenticator.backed_up and not authenticator.backup_eligible:
        return Fault.BACKUP
    return None


def _is_expected(origin: str, expected: Expected) -> bool:
    return origin in expected.origins if expected.origins else belongs(origin, expected.rp_id)


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_SECURE = re.compile(rf"https://({_HOST})")
# Browsers take these for secure without TLS, on any port: programs are developed there.
_LOCAL = re.compile(rf"https?://((?:{_LABEL}\.)*localhost)(?::[1-9][0-9]{{0,4}})?")
_RP_ID = re.compile(rf"{_HOST}\.(?=[0-9-]*[a-z]){_LABEL}|localhost")


def belongs(origin: str, rp_id: str) -> bool:
    """Whether pages of `origin` may use passkeys of the relying party `rp_id`: those of its own host and of
    the hosts below it, over TLS and on the usual port.
    """
    found = _SECURE.fullmatch(origin) or _LOCAL.fullmatch(origin)
    return found is not None and f".{found[1]}".endswith(f".{rp_id}")


def check_rp_id(rp_id: str) -> None:
    """Refuse what cannot be a relying party: a domain name in lower case is one, or `localhost`.

    Raises:
        InvalidParameterException: it is another thing: a URL, a port, an address.
    """
    if not _RP_ID.fullmatch(rp_id):
        raise InvalidParameterException(
            "WebAuthnConfiguration.RelyingPartyId must be a domain name in lower case such as "
            "auth.example.com, without scheme, port and path; localhost serves for development."
        )
