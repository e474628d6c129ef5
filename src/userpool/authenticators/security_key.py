"""Security keys (FIDO2, CTAP 2) by python-fido2, the extra `fido2`.

A browser stands between a web page and a key; here this module does. It writes the client data with the
origin, refuses a relying party that the origin does not belong to, asks for the PIN, and takes off the
attestation, which would tell the key's make, where none was asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from userpool.protocol.errors import AuthenticatorError, MissingExtra

if TYPE_CHECKING:
    from fido2.client import ClientError, UserInteraction, WebAuthnClient
    from fido2.ctap import CtapDevice
    from fido2.ctap2.base import Info
    from fido2.webauthn import PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions

    Options = TypeVar("Options", PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions)

_VERIFIES: Final = ("uv", "clientPin", "bioEnroll")
"""The options that say, where true, that a key is set up to verify its user."""


def usb_keys() -> Iterator[CtapDevice]:
    """The security keys that are plugged in."""
    from fido2.hid import CtapHidDevice

    yield from CtapHidDevice.list_devices()


class SecurityKey:
    """An `Authenticator`: the one FIDO2 security key that is connected.

        key = SecurityKey(pin=getpass, touch=lambda: print("Touch the key."))
        step = pool.sign_in_with_passkey("ada", key)

    On Windows the system itself talks to the key, asks for the PIN and shows what to do.

    Args:
        pin: asks the person for the key's PIN; `None` from it gives up. Needed for a key that has one.
        touch: tells the person to touch the key, which waits for it.
        origin: the site that the passkeys are for; `https://` and the relying party's id if not given. The
            pool must allow it.
        timeout: seconds to wait for the person at most.
        devices: finds the keys. For those on an NFC reader, `CtapPcscDevice.list_devices` of `fido2.pcsc`,
            which comes with `fido2[pcsc]`.

    Raises:
        MissingExtra: python-fido2 is not installed.
    """

    def __init__(
        self,
        *,
        pin: Callable[[], str | None] | None = None,
        touch: Callable[[], object] | None = None,
        origin: str | None = None,
        timeout: float = 60.0,
        devices: Callable[[], Iterable[CtapDevice]] = usb_keys,
    ) -> None:
        try:
            import fido2.client  # noqa: F401 - to have it loaded before a person is asked for anything
        except ImportError:
            raise MissingExtra("fido2", "security keys") from None
        self._pin = pin
        self._touch = touch
        self._origin = origin
        self._timeout = timeout
        self._devices = devices

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Make a passkey on the key, as `Authenticator.create`. It blocks until the person has touched it.

        Raises:
            AuthenticatorError: no key, or more than one, or it made none; the message says what to do.
        """
        from fido2.webauthn import (
            AttestationObject,
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialCreationOptions,
            UserVerificationRequirement,
        )

        wanted = self._read(PublicKeyCredentialCreationOptions, options)
        taken = "This security key holds a passkey of the user already: use it, or another key."
        with self._client(wanted.rp.id, taken) as (client, info):
            selection = wanted.authenticator_selection or AuthenticatorSelectionCriteria()
            if _cannot_verify(info, selection.user_verification):
                selection = replace(selection, user_verification=UserVerificationRequirement.DISCOURAGED)
                wanted = replace(wanted, authenticator_selection=selection)
            made = client.make_credential(wanted)
        attestation = made.response.attestation_object
        if wanted.attestation in (None, "none"):
            attestation = AttestationObject.create("none", attestation.auth_data, {})
        passkey = attestation.auth_data.credential_data
        credential = _plain(made)
        credential["response"] |= _plain(
            {
                "attestationObject": _base64url(attestation),
                "authenticatorData": _base64url(attestation.auth_data),
                "publicKeyAlgorithm": passkey.public_key[3] if passkey else None,
                "transports": list(info.transports) if info and info.transports else ["usb"],
            }
        )
        return credential

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Sign with a passkey of the key, as `Authenticator.get`. It blocks until the person has touched it.

        Raises:
            AuthenticatorError: no key, or more than one, or it has no such passkey; the message says what to
                do.
        """
        from fido2.webauthn import PublicKeyCredentialRequestOptions, UserVerificationRequirement

        wanted = self._read(PublicKeyCredentialRequestOptions, options)
        missing = f"This security key holds no passkey of the user for {wanted.rp_id}: use another key."
        with self._client(wanted.rp_id, missing) as (client, info):
            if _cannot_verify(info, wanted.user_verification):
                wanted = replace(wanted, user_verification=UserVerificationRequirement.DISCOURAGED)
            # A key may hold several where none was named: the newest comes first.
            return _plain(client.get_assertion(wanted).get_response(0))

    def _read(self, kind: type[Options], options: Mapping[str, Any]) -> Options:
        try:
            wanted = kind.from_dict(dict(options))
        except (TypeError, ValueError, AttributeError):
            raise AuthenticatorError(
                "These are not the options of a passkey, as the service gives them."
            ) from None
        ours = round(self._timeout * 1000)
        return replace(wanted, timeout=min(wanted.timeout or ours, ours))

    @contextmanager
    def _client(self, rp_id: str | None, ineligible: str) -> Iterator[tuple[WebAuthnClient, Info | None]]:
        """A client of the one key, with what the key says of itself; refusals are told in words."""
        from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
        from fido2.ctap import CtapError
        from fido2.rpid import verify_rp_id

        if not rp_id:
            raise AuthenticatorError("The options name no relying party: give the pool a relying party id.")
        origin = self._origin or f"https://{rp_id}"
        if not verify_rp_id(rp_id, origin):
            raise AuthenticatorError(
                f"The relying party {rp_id} does not belong to the origin {origin}: give SecurityKey the "
                "`origin` of the site, https:// and a host that is the relying party's id or ends with it."
            )
        collector = DefaultClientDataCollector(origin)
        try:
            system = _client_of_the_system(collector) if self._devices is usb_keys else None
            if system is not None:
                yield system, None
                return
            with self._device() as device:
                client = Fido2Client(device, collector, self._interaction())
                yield client, client.info
        except ClientError as error:
            raise AuthenticatorError(_advice(error, ineligible)) from error
        except (CtapError, OSError, ValueError) as error:
            raise AuthenticatorError(
                "The security key does not answer: take it out and put it back."
            ) from error

    @contextmanager
    def _device(self) -> Iterator[CtapDevice]:
        devices = list(self._devices())
        try:
            if not devices:
                raise AuthenticatorError(
                    "There is no security key: plug one in. If one is, this user may not open it (on Linux, "
                    "udev rules must allow it: they come with the package of libfido2)."
                )
            if len(devices) > 1:
                raise AuthenticatorError(
                    f"There are {len(devices)} security keys: leave one of them connected."
                )
            yield devices[0]
        finally:
            for device in devices:
                device.close()

    def _interaction(self) -> UserInteraction:
        from fido2.client import UserInteraction

        touch, pin = self._touch, self._pin

        class Person(UserInteraction):
            def prompt_up(self) -> None:
                if touch is not None:
                    touch()

            def request_pin(self, permissions: Any, rp_id: str | None) -> str | None:
                return None if pin is None else pin()

        return Person()


def _client_of_the_system(collector: Any) -> WebAuthnClient | None:
    # Windows lets programs at a key only as administrator; it has a client of its own for all others.
    if sys.platform == "win32":
        from fido2.client.windows import WindowsClient

        if WindowsClient.is_available():
            return WindowsClient(collector)
    return None


def _cannot_verify(info: Info | None, wanted: object) -> bool:
    """Whether verification is not required, and this key is not set up for it: browsers then do without."""
    return info is not None and wanted != "required" and not any(info.options.get(name) for name in _VERIFIES)


def _advice(error: ClientError, ineligible: str) -> str:
    from fido2.client import ClientError, PinRequiredError
    from fido2.ctap import CtapError

    if isinstance(error, PinRequiredError):
        return "The security key asks for its PIN: give SecurityKey a `pin` that asks the person for it."
    by_cause = {
        CtapError.ERR.PIN_INVALID: "The PIN is wrong: try again. Too many wrong ones lock the key.",
        CtapError.ERR.PIN_AUTH_BLOCKED: "Too many wrong PINs: take the security key out and put it back.",
        CtapError.ERR.PIN_BLOCKED: "Too many wrong PINs: the security key is locked until it is reset.",
        CtapError.ERR.PIN_NOT_SET: "The security key has no PIN: set one in the system's settings first.",
        CtapError.ERR.KEY_STORE_FULL: "The security key is full: delete passkeys on it, or use another.",
        CtapError.ERR.UNSUPPORTED_ALGORITHM: "The security key knows no algorithm that the pool takes.",
    }
    cause = getattr(error.cause, "code", None)
    if cause in by_cause:
        return by_cause[cause]
    by_code = {
        ClientError.ERR.DEVICE_INELIGIBLE: ineligible,
        ClientError.ERR.TIMEOUT: "Nobody touched the security key in time: try again.",
        ClientError.ERR.CONFIGURATION_UNSUPPORTED: (
            "The security key cannot do what the pool asks: set a PIN if it has none yet, or use another key."
        ),
    }
    return by_code.get(
        error.code, f"The security key refused ({error.code.name}): try again, or use another."
    )


def _plain(value: Any) -> dict[str, Any]:
    """As plain JSON, in the form of browsers."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(value), default=dict))
    return plain


def _base64url(data: bytes) -> str:
    from fido2.utils import websafe_encode

    return websafe_encode(data)
