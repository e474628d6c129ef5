"""Which names find a user, and what a name may look like.

Every name that finds somebody (user name, e-mail address, phone number, preferred user name) is one key of
one table per pool, in one canonical form. So two spellings of a name are one user, whoever typed them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from userpool.protocol.errors import InvalidParameterException

from .attributes import is_email, is_phone_number
from .records import LoginName, NameKind
from .settings import PoolSettings

MAX_LENGTH = 128
_FORMATS = {"email": is_email, "phone_number": is_phone_number}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a new user is: the immutable user name, its attributes so far, and the names that find it at
    once.
    """

    username: str
    attributes: Mapping[str, str] = field(repr=False)
    names: tuple[LoginName, ...] = field(repr=False)


def canonical(settings: PoolSettings, name: str) -> str:
    """The one form of a name: compatibility-normalised (NFKC), and case-folded where the pool folds case."""
    normal = unicodedata.normalize("NFKC", name)
    if settings.case_sensitive:
        return normal
    return unicodedata.normalize("NFKC", normal.casefold())


def identify(settings: PoolSettings, typed: str, attributes: Mapping[str, str], sub: str) -> Identity:
    """Decide the names of a new user from the `Username` of SignUp or AdminCreateUser.

    In a pool whose users sign up with an address, the address becomes an attribute and the real user name
    is `sub`. An alias is no name yet: it becomes one when it is verified.

    Raises:
        InvalidParameterException: the name has a form that this pool does not take.
    """
    if settings.username_attributes:
        return _by_address(settings, typed, attributes, sub)
    username = canonical(settings, typed)
    check_username(settings, username)
    name = LoginName(settings.pool.id, username, NameKind.USERNAME, sub)
    return Identity(username, attributes, (name,))


def check_username(settings: PoolSettings, username: str) -> None:
    """Refuse a user name that could be taken for an alias, or that canonical form has made unusable.

    Raises:
        InvalidParameterException: with Cognito's text.
    """
    if len(username) > MAX_LENGTH or any(character.isspace() for character in username):
        raise InvalidParameterException("Username contains characters that have no safe form.")
    if "email" in settings.alias_attributes and is_email(username):
        raise InvalidParameterException(
            "Username cannot be of email format, since user pool is configured for email alias."
        )
    if "phone_number" in settings.alias_attributes and is_phone_number(username):
        raise InvalidParameterException(
            "Username cannot be of phone number format, since user pool is configured for phone number alias."
        )


def _by_address(settings: PoolSettings, typed: str, attributes: Mapping[str, str], sub: str) -> Identity:
    taken = [name for name in sorted(settings.username_attributes) if _FORMATS[name](typed)]
    if not taken:
        raise InvalidParameterException(_WRONG_ADDRESS[settings.username_attributes])
    attribute = taken[0]
    if attributes.get(attribute, typed) != typed:
        raise InvalidParameterException(f"The attribute {attribute} must be the username, or be left out.")
    complete = {**attributes, attribute: typed}
    pool_id = settings.pool.id
    names = [LoginName(pool_id, sub, NameKind.USERNAME, sub)]
    names += [
        LoginName(pool_id, canonical(settings, complete[name]), NameKind(name), sub)
        for name in sorted(settings.username_attributes)
        if complete.get(name)
    ]
    return Identity(sub, complete, tuple(names))


_WRONG_ADDRESS = {
    frozenset({"email"}): "Username should be an email.",
    frozenset({"phone_number"}): "Username should be a phone number.",
    frozenset({"email", "phone_number"}): "Username should be either an email or a phone number.",
}


def names_user(settings: PoolSettings, attribute: str, *, verified: bool) -> bool:
    """Whether the value of `attribute` finds its user: always where users sign up with it, as an alias
    once verified.

    A preferred user name is nothing that can be verified: it is an alias as soon as it is set.
    """
    if attribute in settings.username_attributes:
        return True
    return attribute in settings.alias_attributes and (verified or attribute == "preferred_username")


def looks_like_alias(settings: PoolSettings, name: str) -> bool:
    """Whether `name` has the form of an address under which this pool finds users besides their user name."""
    addresses = settings.username_attributes | settings.alias_attributes
    return any(check(name) for attribute, check in _FORMATS.items() if attribute in addresses)
