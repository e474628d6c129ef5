"""Invitations: the temporary password that a new user is given, and where it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .codes import Delivery
from .identifiers import letters
from .records import User
from .settings import PasswordPolicy

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_LOWER = "abcdefghijkmnopqrstuvwxyz"
_DIGITS = "23456789"
_SYMBOLS = "!#%*+-=?@_"
_SHORTEST = 12
_ATTRIBUTES = {"SMS": "phone_number", "EMAIL": "email"}


def temporary_password(policy: PasswordPolicy, random: Callable[[int], bytes]) -> str:
    """A random password that the policy allows, whatever it asks for, without letters that look alike."""
    length = max(policy.minimum_length, _SHORTEST)
    classes = (_UPPER, _LOWER, _DIGITS, _SYMBOLS)
    characters = [letters(random, 1, one) for one in classes]
    characters += letters(random, length - len(classes), "".join(classes))
    # A random order: sorted by random numbers that are too long to be equal.
    order = [random(8) for _ in characters]
    return "".join(character for _, character in sorted(zip(order, characters, strict=True)))


def invitation_deliveries(user: User, media: Iterable[str] | None) -> list[Delivery]:
    """Where an invitation goes: by the media that were asked for (SMS if none), where the user has the
    address.
    """
    wanted = [_ATTRIBUTES[medium] for medium in dict.fromkeys(media or ("SMS",))]
    return [Delivery(name, user.attributes[name]) for name in wanted if user.attributes.get(name)]
