"""The credentials that browsers send, read: JSON, base64url, CBOR. Whatever is not whole is refused here.

python-fido2 reads what authenticators write. It takes more than CTAP 2's canonical CBOR, so what it read is
written again and has to come out as it came in: then nothing was named twice, cut off or left over.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

from userpool.crypto.cose import CosePublicKey, UnusableKey
from userpool.crypto.strict import b64url_decode, load_object
from userpool.protocol.errors import InvalidParameterException, WebAuthnCredentialNotSupportedException

from .domain.ceremony import AuthenticatorData, ClientData

if TYPE_CHECKING:
    from fido2 import webauthn as fido2

P = ParamSpec("P")
T = TypeVar("T")

MAX_BYTES = 16 * 1024
"""Bytes of any part of a credential: certificates of an attestation are some thousands."""
MAX_CREDENTIAL_ID = 1023
"""Bytes of a credential's id (WebAuthn level 3, section 4)."""

_ATTACHMENTS = frozenset({"platform", "cross-platform"})
_MAX_TRANSPORTS = 16


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was made."""

    client: ClientData
    authenticator: AuthenticatorData
    credential_id: bytes
    public_key: bytes
    """A COSE key in CBOR, of an algorithm that `CosePublicKey` takes."""
    aaguid: str
    attachment: str | None
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a passkey has signed."""

    client: ClientData
    authenticator: AuthenticatorData
    credential_id: bytes
    user_handle: bytes | None
    data: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def fits(self, public_key: bytes) -> bool:
        """Whether the signature is that of the passkey with this public key, as `Made` has it."""
        from fido2 import cbor

        members = cbor.decode(public_key)
        return isinstance(members, Mapping) and CosePublicKey.parse(members).check(self.signature, self.data)


def read_made(document: object) -> Made:
    """Read a `RegistrationResponseJSON` (WebAuthn level 3, section 5.1.8.1).

    Whatever attestation comes along is not asked for, and nothing is concluded from it: it only has to be
    well-formed, and empty where it says `none`.

    Raises:
        InvalidParameterException: it is malformed.
        WebAuthnCredentialNotSupportedException: its key is of an algorithm that was not offered, or weak.
    """
    credential_id, credential, response = _parts(document)
    client, _ = _client_data(response)
    data = _attested(_bytes(response, "attestationObject"))
    attested = data.credential_data
    if attested is None or attested.credential_id != credential_id:
        _refuse("its authenticator data holds no key of this id")
    try:
        CosePublicKey.parse(attested.public_key)
    except UnusableKey as error:
        raise WebAuthnCredentialNotSupportedException(
            f"The passkey cannot be used: {error}. Use another authenticator."
        ) from None
    attachment = credential.get("authenticatorAttachment")
    return Made(
        client,
        _authenticator_data(data),
        credential_id,
        public_key=_written(attested.public_key),
        aaguid=str(attested.aaguid),
        attachment=attachment if attachment in _ATTACHMENTS else None,
        transports=_transports(response),
    )


def read_signed(document: object) -> Signed:
    """Read an `AuthenticationResponseJSON` (WebAuthn level 3, section 5.1.8.2).

    Raises:
        InvalidParameterException: it is malformed.
    """
    credential_id, _, response = _parts(document)
    client, client_bytes = _client_data(response)
    raw = _bytes(response, "authenticatorData")
    handle = None if response.get("userHandle") is None else _bytes(response, "userHandle")
    return Signed(
        client,
        _authenticator_data(_data(raw)),
        credential_id,
        handle,
        data=raw + hashlib.sha256(client_bytes).digest(),
        signature=_bytes(response, "signature"),
    )


def read_text(text: str) -> object:
    """The object of a credential that came as text.

    Raises:
        InvalidParameterException: it is no JSON object of a credential's size.
    """
    if len(text) > 4 * MAX_BYTES:
        _refuse("it is too long")
    try:
        return load_object(text.encode())
    except ValueError:
        _refuse("it is not a JSON object")


def _parts(document: object) -> tuple[bytes, Mapping[str, Any], Mapping[str, Any]]:
    if not isinstance(document, Mapping) or not isinstance(document.get("response"), Mapping):
        _refuse("it is not what credential.toJSON() gives in a browser")
    if document.get("type") != "public-key":
        _refuse("its type is not public-key")
    credential_id = _bytes(document, "id")
    if document.get("rawId", document["id"]) != document["id"]:
        _refuse("id and rawId differ")
    if not 0 < len(credential_id) <= MAX_CREDENTIAL_ID:
        _refuse(f"its id has not 1 to {MAX_CREDENTIAL_ID} bytes")
    return credential_id, document, document["response"]


def _bytes(members: Mapping[str, Any], name: str) -> bytes:
    text = members.get(name)
    if not isinstance(text, str) or len(text) > MAX_BYTES * 4 // 3 or not text.isascii():
        _refuse(f"{name} is missing, too long, or not base64url")
    try:
        return b64url_decode(text.encode())
    except ValueError:
        _refuse(f"{name} is not base64url without padding")


def _client_data(response: Mapping[str, Any]) -> tuple[ClientData, bytes]:
    raw = _bytes(response, "clientDataJSON")
    try:
        # A browser may add members that nobody knows yet (section 5.8.1).
        said = load_object(raw)
        texts = [said["type"], said["challenge"], said["origin"], said.get("topOrigin", "")]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("not a text")
        challenge = b64url_decode(texts[1].encode())
    except (ValueError, KeyError):
        _refuse("clientDataJSON is not what a browser writes")
    cross_origin = said.get("crossOrigin", False) is not False
    return ClientData(texts[0], challenge, texts[2], cross_origin, said.get("topOrigin")), raw


def _attested(raw: bytes) -> fido2.AuthenticatorData:
    """The authenticator data of an attestation object."""
    from fido2 import cbor

    whole: Any = _read(cbor.decode, raw)
    if _read(cbor.encode, whole) != raw:
        _refuse("attestationObject is not canonical CBOR")
    if not isinstance(whole, Mapping) or set(whole) != {"fmt", "attStmt", "authData"}:
        _refuse("attestationObject has not just a format, a statement and authenticator data")
    statement, data = whole["attStmt"], whole["authData"]
    # A number would become so many bytes below.
    if not (isinstance(whole["fmt"], str) and isinstance(statement, Mapping) and isinstance(data, bytes)):
        _refuse("a part of attestationObject is of another type")
    if whole["fmt"] == "none" and statement:
        _refuse("an attestation of the format none has a statement")
    return _data(data)


def _data(raw: bytes) -> fido2.AuthenticatorData:
    from fido2.webauthn import AuthenticatorData as Data

    data = _read(Data, raw)
    attested = data.credential_data or b""
    if _read(Data.create, data.rp_id_hash, data.flags, data.counter, attested, data.extensions) != raw:
        _refuse("authenticatorData is not canonical CBOR")
    return data


def _read(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the library reads; every way in which it stumbles over what is malformed is one refusal."""
    try:
        return read(*args, **kwargs)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error):
        _refuse("it holds what no authenticator writes")


def _written(key: Mapping[Any, Any]) -> bytes:
    from fido2 import cbor

    return cbor.encode(key)


def _authenticator_data(data: fido2.AuthenticatorData) -> AuthenticatorData:
    return AuthenticatorData(
        rp_id_hash=data.rp_id_hash,
        user_present=data.is_user_present(),
        user_verified=data.is_user_verified(),
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        sign_count=data.counter,
    )


def _transports(response: Mapping[str, Any]) -> tuple[str, ...]:
    given = response.get("transports") or []
    if (
        not isinstance(given, list)
        or len(given) > _MAX_TRANSPORTS
        or not all(isinstance(one, str) and re.fullmatch("[a-z-]{1,32}", one) for one in given)
    ):
        _refuse("transports are not a list of their names")
    return tuple(given)


def _refuse(why: str) -> NoReturn:
    raise InvalidParameterException(f"Credential is malformed: {why}.")
