"""A FIDO2 security key on no wire: CTAP 2 above a `SoftwareAuthenticator`, with a PIN where it is given one.

The numbers are those of CTAP 2.1, section 6: members of requests and answers, commands, states.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.base import Ctap2
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.hid import CAPABILITY, CTAPHID

from userpool.crypto.cose import CoseAlgorithm
from userpool.testing import SoftwareAuthenticator

TRIES_AT_ONCE = 3
TRIES = 8


class FakeKey(CtapDevice):
    """A key. `touched` says whether a person is there to touch it; `broken` is an error that it always gives.

    Args:
        authenticator: what is inside.
        pin: its PIN, if one is set.
        built_in: whether it verifies its user itself, as by a finger.
        protocol: the version of the PIN protocol that it speaks.
    """

    def __init__(
        self,
        authenticator: SoftwareAuthenticator | None = None,
        *,
        pin: str | None = None,
        built_in: bool = False,
        protocol: int = 2,
    ) -> None:
        self.inside = authenticator or SoftwareAuthenticator(transports=["usb"], attachment="cross-platform")
        self.pin = pin
        self.built_in = built_in
        self.touched = True
        self.broken: CtapError.ERR | OSError | None = None
        self.closed = 0
        self.wrong_pins = 0
        self._protocol: Any = PinProtocolV2() if protocol == 2 else PinProtocolV1()
        self._agreement = ec.generate_private_key(ec.SECP256R1())
        self._token = os.urandom(32)

    @property
    def capabilities(self) -> int:
        return CAPABILITY.CBOR

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        raise AssertionError("a test gives its keys itself")

    def close(self) -> None:
        self.closed += 1

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        assert cmd == CTAPHID.CBOR
        if isinstance(self.broken, OSError):
            raise self.broken
        request: Any = cbor.decode(data[1:]) if data[1:] else {}
        try:
            match data[0]:
                case Ctap2.CMD.GET_INFO:
                    answer = self._info()
                case Ctap2.CMD.CLIENT_PIN:
                    answer = self._client_pin(request)
                case Ctap2.CMD.MAKE_CREDENTIAL:
                    answer = self._make(request, event, on_keepalive)
                case Ctap2.CMD.GET_ASSERTION:
                    answer = self._assert(request, event, on_keepalive)
                case _:
                    raise CtapError(CtapError.ERR.INVALID_COMMAND)
        except CtapError as error:
            return bytes([error.code])
        return b"\x00" + cbor.encode(answer)

    def _info(self) -> dict[int, Any]:
        options = {"rk": True, "up": True, "clientPin": self.pin is not None, "pinUvAuthToken": True}
        if self.built_in:
            options["uv"] = True
            del options["pinUvAuthToken"]
        return {
            1: ["FIDO_2_0", "FIDO_2_1"],
            3: bytes(range(16)),
            4: options,
            5: 1200,
            6: [self._protocol.VERSION],
            9: ["nfc", "usb"],
        }

    def _client_pin(self, request: Mapping[int, Any]) -> dict[int, Any]:
        if request[2] == ClientPin.CMD.GET_KEY_AGREEMENT:
            point = self._agreement.public_key().public_numbers()
            return {1: {1: 2, 3: -25, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}}
        assert request[2] in (ClientPin.CMD.GET_TOKEN_USING_PIN, ClientPin.CMD.GET_TOKEN_USING_PIN_LEGACY)
        theirs = ec.EllipticCurvePublicNumbers(
            int.from_bytes(request[3][-2]), int.from_bytes(request[3][-3]), ec.SECP256R1()
        )
        shared = self._protocol.kdf(self._agreement.exchange(ec.ECDH(), theirs.public_key()))
        given = self._protocol.decrypt(shared, request[6])
        self._check_pin(given)
        return {2: self._protocol.encrypt(shared, self._token)}

    def _check_pin(self, given: bytes) -> None:
        assert self.pin is not None
        if self.wrong_pins >= TRIES:
            raise CtapError(CtapError.ERR.PIN_BLOCKED)
        if hmac.compare_digest(given, hashlib.sha256(self.pin.encode()).digest()[:16]):
            self.wrong_pins = 0
            return
        self.wrong_pins += 1
        if self.wrong_pins >= TRIES:
            raise CtapError(CtapError.ERR.PIN_BLOCKED)
        if self.wrong_pins % TRIES_AT_ONCE == 0:
            raise CtapError(CtapError.ERR.PIN_AUTH_BLOCKED)
        raise CtapError(CtapError.ERR.PIN_INVALID)

    def _make(
        self, request: Mapping[int, Any], event: Event | None, tell: Callable[[STATUS], None] | None
    ) -> dict[int, Any]:
        options = request.get(7, {})
        verified = self._verified(request[1], options, request.get(8))
        self._wait_for_touch(event, tell)
        offered = [entry["alg"] for entry in request[4]]
        known = [number for number in offered if number in set(CoseAlgorithm)]
        if not known:
            raise CtapError(CtapError.ERR.UNSUPPORTED_ALGORITHM)
        if self._holds(request[2]["id"], request.get(5, [])):
            raise CtapError(CtapError.ERR.CREDENTIAL_EXCLUDED)
        made, data = self.inside.make(
            request[2]["id"], request[3]["id"], CoseAlgorithm(known[0]), options.get("rk", False), verified
        )
        # What real keys do: they attest, whatever was asked.
        return {1: "packed", 2: data, 3: {"alg": -7, "sig": made.key.sign(data + request[1])}}

    def _assert(
        self, request: Mapping[int, Any], event: Event | None, tell: Callable[[STATUS], None] | None
    ) -> dict[int, Any]:
        options = request.get(5, {})
        verified = self._verified(request[2], options, request.get(6))
        if options.get("up", True):
            self._wait_for_touch(event, tell)
        if 3 in request:
            fitting = self._holds(request[1], request[3])
        else:
            fitting = [
                held for held in self.inside.credentials if held.rp_id == request[1] and held.discoverable
            ]
        if not fitting:
            raise CtapError(CtapError.ERR.NO_CREDENTIALS)
        chosen = fitting[-1]
        data, signature = self.inside.sign(chosen, request[2], verified)
        answer = {1: {"type": "public-key", "id": chosen.credential_id}, 2: data, 3: signature}
        return answer | ({4: {"id": chosen.user_handle}} if chosen.discoverable else {})

    def _verified(self, client_data_hash: bytes, options: Mapping[str, bool], proof: bytes | None) -> bool:
        if proof is None:
            return self.built_in and options.get("uv", False)
        if not hmac.compare_digest(proof, self._protocol.authenticate(self._token, client_data_hash)):
            raise CtapError(CtapError.ERR.PIN_AUTH_INVALID)
        return True

    def _holds(self, rp_id: str, named: list[dict[str, Any]]) -> list[Any]:
        ids = {entry["id"] for entry in named}
        return [held for held in self.inside.credentials if held.rp_id == rp_id and held.credential_id in ids]

    def _wait_for_touch(self, event: Event | None, tell: Callable[[STATUS], None] | None) -> None:
        if isinstance(self.broken, CtapError.ERR):
            raise CtapError(self.broken)
        if tell is not None:
            tell(STATUS.UPNEEDED)
        if not self.touched:
            assert event is not None
            assert event.wait(10)
            raise CtapError(CtapError.ERR.KEEPALIVE_CANCEL)
