"""The seeds of authenticator apps, in and out of their seals."""

from __future__ import annotations

from dataclasses import replace

from .context import Context
from .domain.records import User
from .keys import KeyRing

_LABEL = "totp seed"


def seal_seed(context: Context, user: User, secret: str) -> bytes:
    """Seal a seed for its user."""
    return context.keys.seal(_LABEL, secret.encode(), _binding(user))


def open_seed(context: Context, user: User, sealed: bytes) -> str:
    """The seed in base32."""
    return context.keys.open(_LABEL, sealed, _binding(user)).decode()


def renew_seed(ring: KeyRing, user: User) -> User:
    """A user with the seeds of its apps under the newest sealing key."""
    if user.totp is None:
        return user
    held, binding = user.totp, _binding(user)
    sealed = ring.renew(_LABEL, held.sealed_secret, binding)
    pending = None if held.pending is None else ring.renew(_LABEL, held.pending, binding)
    return replace(user, totp=replace(held, sealed_secret=sealed, pending=pending))


def _binding(user: User) -> bytes:
    return f"{user.pool_id}|{user.sub}".encode()
