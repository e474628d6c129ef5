"""Passwords as the service keeps them: SRP verifiers, sealed. One record checks SRP and clear passwords
alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from userpool.protocol import srp
from userpool.protocol.errors import PasswordHistoryPolicyViolationException

from .context import Context
from .domain.existence import ghost_salt, ghost_verifier
from .domain.passwords import remembered
from .domain.records import PasswordRecord, Pool, User
from .domain.settings import PoolSettings
from .keys import KeyRing

SALT_BYTES = 16
_LABEL = "password verifier"
_VERIFIER_BYTES = 384


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against: a user's own record, or what stands in for an unknown user's."""

    pool_name: str
    username: str = field(repr=False)
    salt: bytes = field(repr=False)
    verifier: int = field(repr=False)

    def match(self, context: Context, password: str) -> bool:
        """Whether a clear password is the right one; one modular power, compared in constant time."""
        return srp.check_password(
            self.verifier,
            pool_name=self.pool_name,
            user_id=self.username,
            password=password,
            salt=int.from_bytes(self.salt),
            power=context.power,
        )


def credentials(context: Context, pool: Pool, user: User | None, sub: str, username: str) -> Credentials:
    """The credentials of a user; for one that does not exist, or has no password, some that nothing fits.

    Args:
        context: the world.
        pool: the user's.
        user: as stored, or `None`.
        sub: the user's, or the one that an unknown user seems to have.
        username: likewise.
    """
    # Made for those who exist too, who do not need it: the time that it takes would tell who does.
    keyed = context.keys.digest
    salt, verifier = ghost_salt(pool.id, sub, keyed), ghost_verifier(pool.id, sub, keyed)
    if user is None or user.password is None:
        # Nobody needs this either: opening takes as long as opening what a user who exists has, and sealing
        # about as long as reading that user's row.
        binding = _binding(pool.id, sub, salt)
        context.keys.open(
            _LABEL, context.keys.seal(_LABEL, verifier.to_bytes(_VERIFIER_BYTES), binding), binding
        )
        return Credentials(_name(pool), username, salt, verifier)
    return _opened(context, pool, user, user.password)


def make_record(
    context: Context, pool: Pool, sub: str, username: str, password: str, *, temporary: bool = False
) -> PasswordRecord:
    """Make the record of a new password, with a salt of its own; one modular power.

    Args:
        context: the world.
        pool: the user's.
        sub: the user's; the record is bound to it.
        username: the user's immutable name, which enters the verifier.
        password: in clear; it is not kept.
        temporary: whether it has to be changed at the first sign-in.
    """
    salt = context.random(SALT_BYTES)
    verifier = srp.verifier(_name(pool), username, password, int.from_bytes(salt), context.power)
    sealed = context.keys.seal(_LABEL, verifier.to_bytes(_VERIFIER_BYTES), _binding(pool.id, sub, salt))
    return PasswordRecord(salt, sealed, context.clock.now(), temporary)


def renew_passwords(ring: KeyRing, user: User) -> User:
    """A user with the verifiers of present and earlier passwords under the newest sealing key."""

    def renew(record: PasswordRecord) -> PasswordRecord:
        binding = _binding(user.pool_id, user.sub, record.salt)
        return replace(record, sealed_verifier=ring.renew(_LABEL, record.sealed_verifier, binding))

    return replace(
        user,
        password=None if user.password is None else renew(user.password),
        password_history=tuple(map(renew, user.password_history)),
    )


def check_history(context: Context, pool: Pool, user: User, password: str) -> None:
    """Refuse a password that the user had before, as far back as the pool's policy looks; a power for each.

    Raises:
        PasswordHistoryPolicyViolationException: it is one of them.
    """
    for record in remembered(PoolSettings(pool), user):
        if _opened(context, pool, user, record).match(context, password):
            raise PasswordHistoryPolicyViolationException("Password has previously been used.")


def _opened(context: Context, pool: Pool, user: User, record: PasswordRecord) -> Credentials:
    plain = context.keys.open(_LABEL, record.sealed_verifier, _binding(pool.id, user.sub, record.salt))
    return Credentials(_name(pool), user.username, record.salt, int.from_bytes(plain))


def _binding(pool_id: str, sub: str, salt: bytes) -> bytes:
    return f"{pool_id}|{sub}|".encode() + salt


def _name(pool: Pool) -> str:
    return pool.id.partition("_")[2]
