"""The user that does not exist: everything that an answer about one needs, the same for the same name for
ever.

Where a client hides which users exist, an unknown name walks the very path of a known one. What the store
would have given is made here from keyed hashes instead; without the key nobody can tell the difference.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from userpool.protocol.srp import decoy_verifier

from .codes import simulated_address
from .records import PasswordRecord, User, UserStatus
from .settings import PoolSettings
from .usernames import canonical, looks_like_alias

Keyed = Callable[[str, bytes], bytes]
"""`keyed(label, data)`: 32 bytes that only the holder of the service's key can compute."""

SALT_BYTES = 16
_VERIFIER_BYTES = 400


@dataclass(frozen=True, slots=True)
class Ghost:
    """A believable user behind an unknown name."""

    sub: str
    username: str = field(repr=False)


def ghost(settings: PoolSettings, typed: str, keyed: Keyed) -> Ghost:
    """The user that seems to bear the name `typed`.

    Its user name is the name itself, as it is for those who exist; for an address it is an identifier,
    because a user who signs in with an address has another name too.
    """
    name = canonical(settings, typed)
    sub = str(uuid.UUID(bytes=keyed("ghost sub", _bytes(settings.pool.id, name))[:16], version=4))
    return Ghost(sub, sub if looks_like_alias(settings, name) else name)


def stand_in(settings: PoolSettings, typed: str, keyed: Keyed) -> User:
    """A record of the user that seems to bear the name `typed`: one with a password and both addresses.

    It is in no store. Its password record holds no verifier: see `ghost_verifier`.
    """
    shade, material = ghost(settings, typed, keyed), ghost_material(settings, typed, keyed)
    pool_id = settings.pool.id
    addresses = {name: simulated_address(name, typed, material) for name in ("email", "phone_number")}
    return User(
        pool_id=pool_id,
        sub=shade.sub,
        username=shade.username,
        status=UserStatus.CONFIRMED,
        enabled=True,
        attributes={"sub": shade.sub, **addresses},
        created_at=0.0,
        modified_at=0.0,
        password=PasswordRecord(ghost_salt(pool_id, shade.sub, keyed), b"", 0.0),
    )


def ghost_salt(pool_id: str, sub: str, keyed: Keyed) -> bytes:
    """The salt that the password of an unknown user seems to have."""
    return keyed("ghost salt", _bytes(pool_id, sub))[:SALT_BYTES]


def ghost_verifier(pool_id: str, sub: str, keyed: Keyed) -> int:
    """The verifier of an unknown user: no password fits it, and it costs no modular power."""
    seed = keyed("ghost verifier", _bytes(pool_id, sub))
    return decoy_verifier(hashlib.shake_256(seed).digest(_VERIFIER_BYTES))


def ghost_material(settings: PoolSettings, typed: str, keyed: Keyed) -> bytes:
    """Keyed bytes for a simulated delivery to an unknown user."""
    return keyed("ghost delivery", _bytes(settings.pool.id, canonical(settings, typed)))


def _bytes(pool_id: str, name: str) -> bytes:
    return f"{pool_id}\0{name}".encode("utf-8", "surrogatepass")
