"""An authenticator for tests: it makes real passkeys in memory, and lies where it is told to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from userpool.crypto.cose import CoseAlgorithm, CoseKey
from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol.errors import AuthenticatorError

from ._cbor import Cbor, encode

USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
BACKUP_ELIGIBLE: Final = 0x08
BACKED_UP: Final = 0x10
ATTESTED: Final = 0x40
EXTENDED: Final = 0x80

_OFFERED: Final = (CoseAlgorithm.ES256, CoseAlgorithm.RS256)


@dataclass(slots=True)
class SoftwareCredential:
    """One passkey that a `SoftwareAuthenticator` has made."""

    credential_id: bytes
    rp_id: str
    user_handle: bytes
    key: CoseKey
    discoverable: bool
    """Whether it is found without being named in `allowCredentials`."""
    counter: int = 0
    """How often it has signed, as it says itself."""


@dataclass(frozen=True, kw_only=True)
class Misbehaviour:
    """What a `SoftwareAuthenticator` does wrong. Whatever is not named here it does right.

    Client data (what a browser writes): `type`, `challenge` (base64url), `origin`, `cross_origin`,
    `top_origin`, and `members` that are added. Authenticator data: `rp_id`, whose hash stands there;
    `flip`, bits of the flags that are turned over, such as `USER_VERIFIED`; `counter`.
    """

    type: str | None = None
    challenge: str | None = None
    origin: str | None = None
    cross_origin: bool | None = None
    top_origin: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict, hash=False)
    rp_id: str | None = None
    flip: int = 0
    counter: int | None = None
    algorithm: CoseAlgorithm | None = None
    """Makes a key of this, whatever was offered."""
    credential_id: bytes | None = None
    """Makes a passkey of this id, or answers with it."""
    user_handle: bytes | None = None
    """Answers with this one."""
    sign: Callable[[CoseKey, bytes], bytes] | None = field(default=None, hash=False)
    """Signs in place of the key: `lambda key, data: key.sign(data)[:-1]`."""
    attestation: tuple[str, Mapping[str, Cbor]] | None = field(default=None, hash=False)
    """Format and statement, in place of `("none", {})`."""
    trailing: bytes = b""
    """Stands after the attestation object."""


class SoftwareAuthenticator:
    """An `Authenticator` that holds its passkeys in memory: for tests of whatever signs in with passkeys.

        authenticator = SoftwareAuthenticator()
        user.register_passkey(authenticator)

    Its signatures are real, its attestation is `none`, and it asks nobody: presence and verification are what
    it was told to say.

    Args:
        algorithms: what it can, of which it takes what the options prefer.
        verifies_user: whether it can verify its user, as by a PIN or a finger.
        resident_keys: whether it can keep passkeys that are found without being named.
        backup: whether its passkeys are synchronised (the flags BE and BS); such a one counts nothing.
        attachment: `platform` or `cross-platform`.
        transports: how it is reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`.
        origin: where the browser stands that it plays; `https://` and the relying party's id if not given.
        aaguid: its model, 16 bytes.
        random: a source of bytes.
    """

    def __init__(
        self,
        *,
        algorithms: Sequence[CoseAlgorithm] = _OFFERED,
        verifies_user: bool = True,
        resident_keys: bool = True,
        backup: bool = False,
        attachment: str = "platform",
        transports: Sequence[str] = ("internal",),
        origin: str | None = None,
        aaguid: bytes = bytes(16),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._algorithms = tuple(algorithms)
        self._verifies_user = verifies_user
        self._resident_keys = resident_keys
        self._backup = backup
        self._attachment = attachment
        self._transports = list(transports)
        self._origin = origin
        self._aaguid = aaguid
        self._random = random
        self._wrong = Misbehaviour()
        self._lock = Lock()
        self.credentials: list[SoftwareCredential] = []
        """Its passkeys, the oldest first. They may be changed, and taken out."""

    def __repr__(self) -> str:
        return f"<SoftwareAuthenticator of {len(self.credentials)} passkeys>"

    def misbehaving(self, how: Misbehaviour) -> SoftwareAuthenticator:
        """This authenticator with the same passkeys, but lying."""
        other = object.__new__(SoftwareAuthenticator)
        vars(other).update(vars(self))
        other._wrong = how
        return other

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Make a passkey, as `Authenticator.create`.

        Raises:
            AuthenticatorError: it holds one of `excludeCredentials`, or cannot do what is required.
        """
        rp_id = self._relying_party(options["rp"].get("id"))
        if self._held(rp_id, options.get("excludeCredentials", ())):
            raise AuthenticatorError("This authenticator holds a passkey of the user: take it, or another.")
        wanted = options.get("authenticatorSelection", {})
        user_handle = b64url_decode(options["user"]["id"].encode())
        algorithm = self._algorithm(options["pubKeyCredParams"])
        discoverable = self._is_discoverable(wanted)
        verified = self._is_verified(wanted.get("userVerification", "preferred"))
        credential, data = self.make(rp_id, user_handle, algorithm, discoverable, verified)
        form, statement = self._wrong.attestation or ("none", {})
        attestation = encode({"fmt": form, "attStmt": statement, "authData": data}) + self._wrong.trailing
        client_data = self._client_data("webauthn.create", options["challenge"], rp_id)
        response = {
            "clientDataJSON": b64url_encode(client_data),
            "attestationObject": b64url_encode(attestation),
            "transports": self._transports,
            "authenticatorData": b64url_encode(data),
            "publicKey": b64url_encode(credential.key.public_der()),
            "publicKeyAlgorithm": credential.key.algorithm.value,
        }
        return self._credential(credential.credential_id, response)

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Sign with a passkey, as `Authenticator.get`: one that is named in the options, or the newest.

        Raises:
            AuthenticatorError: it holds no passkey that would do, or cannot verify its user.
        """
        rp_id = self._relying_party(options.get("rpId"))
        credential = self._chosen(rp_id, options.get("allowCredentials") or ())
        verified = self._is_verified(options.get("userVerification", "preferred"))
        client_data = self._client_data("webauthn.get", options["challenge"], rp_id)
        data, signature = self.sign(credential, hashlib.sha256(client_data).digest(), verified)
        response = {
            "clientDataJSON": b64url_encode(client_data),
            "authenticatorData": b64url_encode(data),
            "signature": b64url_encode(signature),
        }
        user_handle = credential.user_handle if self._wrong.user_handle is None else self._wrong.user_handle
        if credential.discoverable or self._wrong.user_handle is not None:
            response["userHandle"] = b64url_encode(user_handle)
        return self._credential(self._wrong.credential_id or credential.credential_id, response)

    def make(
        self,
        rp_id: str,
        user_handle: bytes,
        algorithm: CoseAlgorithm,
        discoverable: bool,
        verified: bool,
    ) -> tuple[SoftwareCredential, bytes]:
        """Make a passkey as the device below a browser does; returns it, and its authenticator data."""
        credential = SoftwareCredential(
            credential_id=self._wrong.credential_id or self._random(32),
            rp_id=rp_id,
            user_handle=user_handle,
            key=CoseKey.generate(self._wrong.algorithm or algorithm),
            discoverable=discoverable,
        )
        length = len(credential.credential_id).to_bytes(2)
        attested = self._aaguid + length + credential.credential_id + encode(credential.key.public())
        with self._lock:
            self.credentials.append(credential)
        return credential, self._authenticator_data(rp_id, verified, credential.counter, attested)

    def sign(
        self, credential: SoftwareCredential, client_data_hash: bytes, verified: bool
    ) -> tuple[bytes, bytes]:
        """Sign as the device below a browser does; returns the authenticator data and the signature."""
        with self._lock:
            credential.counter += not self._backup
            counter = credential.counter
        data = self._authenticator_data(credential.rp_id, verified, counter)
        sign = self._wrong.sign or CoseKey.sign
        return data, sign(credential.key, data + client_data_hash)

    def _relying_party(self, rp_id: str | None) -> str:
        host = urlsplit(self._origin or "").hostname or rp_id
        if not rp_id:
            rp_id = host
        if not rp_id or not f".{host}".endswith(f".{rp_id}"):
            raise AuthenticatorError(
                f"The relying party {rp_id!r} does not belong to the origin {self._origin}."
            )
        return rp_id

    def _algorithm(self, offered: Sequence[Mapping[str, Any]]) -> CoseAlgorithm:
        # Nothing offered means these two (WebAuthn level 3, section 5.1.3, step 10).
        numbers = (
            [entry["alg"] for entry in offered if entry["type"] == "public-key"] if offered else _OFFERED
        )
        for number in numbers:
            if number in self._algorithms:
                return CoseAlgorithm(number)
        raise AuthenticatorError(
            f"This authenticator has none of the algorithms {list(numbers)}: use another."
        )

    def _is_discoverable(self, wanted: Mapping[str, Any]) -> bool:
        required = "required" if wanted.get("requireResidentKey") else "discouraged"
        resident = wanted.get("residentKey", required)
        if resident == "required" and not self._resident_keys:
            raise AuthenticatorError(
                "This authenticator keeps no passkeys that are found unnamed: use another."
            )
        return self._resident_keys and resident != "discouraged"

    def _held(self, rp_id: str, named: Sequence[Mapping[str, Any]]) -> list[SoftwareCredential]:
        ids = {entry["id"] for entry in named}
        mine = (known for known in list(self.credentials) if known.rp_id == rp_id)
        return [known for known in mine if b64url_encode(known.credential_id) in ids]

    def _chosen(self, rp_id: str, allowed: Sequence[Mapping[str, Any]]) -> SoftwareCredential:
        if allowed:
            fitting = self._held(rp_id, allowed)
        else:
            fitting = [held for held in list(self.credentials) if held.rp_id == rp_id and held.discoverable]
        if not fitting:
            raise AuthenticatorError(f"This authenticator holds no passkey for {rp_id} that is asked for.")
        return fitting[-1]

    def _is_verified(self, verification: str) -> bool:
        if verification == "required" and not self._verifies_user:
            raise AuthenticatorError(
                "This authenticator cannot verify its user, which is required: use another."
            )
        return self._verifies_user and verification != "discouraged"

    def _authenticator_data(self, rp_id: str, verified: bool, counter: int, attested: bytes = b"") -> bytes:
        flags = USER_PRESENT
        if verified:
            flags |= USER_VERIFIED
        if self._backup:
            flags |= BACKUP_ELIGIBLE | BACKED_UP
        if attested:
            flags |= ATTESTED
        told = counter if self._wrong.counter is None else self._wrong.counter
        digest = hashlib.sha256((self._wrong.rp_id or rp_id).encode()).digest()
        return digest + bytes([flags ^ self._wrong.flip]) + told.to_bytes(4) + attested

    def _client_data(self, kind: str, challenge: str, rp_id: str) -> bytes:
        wrong = self._wrong
        members = {
            "type": wrong.type or kind,
            "challenge": wrong.challenge or challenge,
            "origin": wrong.origin or self._origin or f"https://{rp_id}",
            "crossOrigin": bool(wrong.cross_origin),
            **({} if wrong.top_origin is None else {"topOrigin": wrong.top_origin}),
            **wrong.members,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()

    def _credential(self, credential_id: bytes, response: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": b64url_encode(credential_id),
            "rawId": b64url_encode(credential_id),
            "type": "public-key",
            "authenticatorAttachment": self._attachment,
            "clientExtensionResults": {},
            "response": dict(response),
        }
