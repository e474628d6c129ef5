"""The devices of users: their keys and verifiers, and what a sign-in makes of the one that it comes from.

A pool that tracks devices gives each sign-in a device key, unless it names a device that is known. The key
is good for ConfirmDevice with an access token of that very sign-in, and for nothing else before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from userpool.crypto.strict import b64url_encode
from userpool.protocol import srp
from userpool.protocol.device import parse_config
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidParameterException, ResourceNotFoundException
from userpool.protocol.shapes import idp

from .context import Caller, Context
from .domain import identifiers
from .domain.factors.device import CARRIED, in_place_of
from .domain.factors.second import Ask
from .domain.records import Device, Pool, User
from .domain.sessions import Session
from .domain.settings import PoolSettings
from .keys import KeyRing
from .ports import Reader, Writer
from .realm import Realm
from .stage import Stage

PARAMETER = "DEVICE_KEY"
"""How parameters and responses name a device."""

_DEVICE_STEPS = (ChallengeNameType.DEVICE_SRP_AUTH, ChallengeNameType.DEVICE_PASSWORD_VERIFIER)
_LABEL = "device verifier"
_VERIFIER_BYTES = 384
_GROUP_BYTES = 6
_KEY = re.compile(r"[A-Za-z0-9-]{1,18}_[0-9a-f-]{1,36}", re.ASCII)


def unknown_device() -> ResourceNotFoundException:
    """What is answered about a device that the user does not have: clients drop theirs when they read it."""
    return ResourceNotFoundException("Device does not exist.")


def group_key(context: Context, pool_id: str) -> str:
    """The `DeviceGroupKey` of a pool: where a device's SRP has the pool's name."""
    return "-" + b64url_encode(context.keys.digest("device group", pool_id.encode())[:_GROUP_BYTES])


def draw_key(context: Context, pool: Pool) -> str:
    """A new `DeviceKey`: the pool's region and a UUID."""
    return f"{pool.id.partition('_')[0]}_{identifiers.uuid(context.random)}"


# ---------------------------------------------------------------- in a sign-in


def known_device(reader: Reader, realm: Realm, sub: str, given: Mapping[str, str]) -> Device | None:
    """The device that a request names; `None` where it names none, or the pool does not track devices.

    It is looked for before anything is compared or counted. That tells nothing: whoever knows a user's
    device key has the device, and for a user who does not exist there is none either.

    Args:
        reader: a view of the store.
        realm: where the sign-in takes place.
        sub: the user's, or the one that an unknown user seems to have.
        given: the parameters or responses of the request.

    Raises:
        ResourceNotFoundException: the user has no device of this key, or has it no more.
    """
    key = given.get(PARAMETER)
    if not key or not realm.settings.devices_tracked:
        return None
    device = reader.device(realm.pool.id, sub, key) if _KEY.fullmatch(key) else None
    if device is None:
        raise unknown_device()
    return device


def named_at_start(context: Context, realm: Realm, sub: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a sign-in carries along of the device that it names as it begins.

    Where a password comes at once, the device must be known, as with answers; errors as `known_device`. What
    begins in another way has an answer still to come, and a device that is not known is passed over.
    """
    key = given.get(PARAMETER)
    if not key or not realm.settings.devices_tracked:
        return {}
    if given.get("PASSWORD"):
        context.store.read(lambda reader: known_device(reader, realm, sub, given))
    return {CARRIED: key} if _KEY.fullmatch(key) else {}


def naming(context: Context, realm: Realm, session: Session, given: Mapping[str, str]) -> Session:
    """The session of a sign-in, with the device that this answer names; errors as `known_device`.

    The device that was asked for its proof stays the one.
    """
    if not given.get(PARAMETER) or session.step in _DEVICE_STEPS:
        return session
    device = context.store.read(lambda reader: known_device(reader, realm, session.sub, given))
    return session if device is None else replace(session, carried={**session.carried, CARRIED: device.key})


def device_of(context: Context, stage: Stage) -> Device | None:
    """The device that this sign-in named, as the store has it now."""
    key = stage.course.get(CARRIED)
    if key is None or not stage.realm.settings.devices_tracked:
        return None
    return context.store.read(lambda reader: reader.device(stage.user.pool_id, stage.user.sub, key))


def device_step(context: Context, stage: Stage, ask: Ask | None) -> Ask | None:
    """Ask the device for its own proof where a second factor is due that it stands in for."""
    if ask is None or not stage.realm.settings.device_skips_mfa:
        return ask
    return in_place_of(stage.realm.settings, device_of(context, stage), ask)


@dataclass(frozen=True, slots=True)
class SignInDevice:
    """The device of a sign-in that ends in tokens: its key is kept with them (`TokenFamily.device_key`)."""

    key: str | None = None
    new: idp.NewDeviceMetadataType | None = None
    """What the client is told of a device that was not known."""


def sign_in_device(context: Context, stage: Stage) -> SignInDevice:
    """The device that a sign-in named; else the new one that it seems to come from; none where none are
    tracked.
    """
    if not stage.realm.settings.devices_tracked:
        return SignInDevice()
    known, pool = device_of(context, stage), stage.realm.pool
    if known is not None:
        return SignInDevice(known.key)
    key = draw_key(context, pool)
    metadata = idp.NewDeviceMetadataType(device_key=key, device_group_key=group_key(context, pool.id))
    return SignInDevice(key, metadata)


def note_sign_in(writer: Writer, stage: Stage, key: str | None, now: float) -> None:
    """Write down that a user has signed in from a device, in the transaction that ends the sign-in.

    Args:
        writer: of that transaction.
        stage: of the sign-in.
        key: of `sign_in_device`.
        now: the service's time.

    Raises:
        ResourceNotFoundException: it stood in for a second factor, and was forgotten or is not remembered
            any more.
    """
    device = None if key is None else writer.device(stage.user.pool_id, stage.user.sub, key)
    if stage.step == ChallengeNameType.DEVICE_PASSWORD_VERIFIER and not (device and device.remembered):
        raise unknown_device()
    if device is not None:
        last_ip = plain_ip(stage.realm.source_ip) or device.last_ip
        writer.put_device(replace(device, authenticated_at=now, last_ip=last_ip))


def plain_ip(text: str | None) -> str | None:
    """An address as attributes show it; `None` for what is none."""
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None


# ---------------------------------------------------------------- their records


def check_tracked(settings: PoolSettings) -> None:
    """Refuse whatever is about devices in a pool that does not track them.

    Raises:
        InvalidParameterException: it does not.
    """
    if not settings.devices_tracked:
        raise InvalidParameterException("Device tracking not currently enabled for this pool.")


def make_device(
    context: Context,
    caller: Caller,
    key: str,
    config: idp.DeviceSecretVerifierConfigType | None,
    name: str | None,
    source_ip: str,
) -> Device:
    """The record of a device that its user confirms.

    Args:
        context: the world.
        caller: whose it is.
        key: the device's.
        config: its salt and verifier, as they were received.
        name: what the user or the program calls it.
        source_ip: where the request came from.

    Raises:
        InvalidParameterException: salt or verifier are missing or malformed.
    """
    given = config or idp.DeviceSecretVerifierConfigType()
    try:
        salt, verifier = parse_config(given.salt, given.password_verifier)
    except srp.SrpError as error:
        raise InvalidParameterException(f"DeviceSecretVerifierConfig: {error}") from None
    user, now = caller.user, context.clock.now()
    return Device(
        pool_id=user.pool_id,
        sub=user.sub,
        key=key,
        name=name,
        salt=srp.pad(salt),
        sealed_verifier=seal_verifier(context, user, key, verifier),
        remembered=not PoolSettings(caller.pool).devices_need_opt_in,
        created_at=now,
        modified_at=now,
        authenticated_at=now,
        last_ip=plain_ip(source_ip),
    )


def seal_verifier(context: Context, user: User, key: str, verifier: int) -> bytes:
    """Seal the verifier of a user's device."""
    binding = _binding(user.pool_id, user.sub, key)
    return context.keys.seal(_LABEL, verifier.to_bytes(_VERIFIER_BYTES), binding)


def open_verifier(context: Context, device: Device) -> int:
    """The verifier of a device."""
    binding = _binding(device.pool_id, device.sub, device.key)
    return int.from_bytes(context.keys.open(_LABEL, device.sealed_verifier, binding))


def renew_device(ring: KeyRing, device: Device) -> Device:
    """A device with its verifier under the newest sealing key."""
    binding = _binding(device.pool_id, device.sub, device.key)
    return replace(device, sealed_verifier=ring.renew(_LABEL, device.sealed_verifier, binding))


def _binding(pool_id: str, sub: str, key: str) -> bytes:
    return f"{pool_id}|{sub}|{key}".encode()
