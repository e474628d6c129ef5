"""Keeping the names that find a user in step with its attributes."""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol.errors import AliasExistsException

from .domain.attributes import is_verified
from .domain.records import LoginName, NameKind, User
from .domain.schema import VERIFIED_FLAGS
from .domain.settings import PoolSettings
from .domain.usernames import canonical, names_user
from .ports import Writer

ADDRESSES = ("email", "phone_number")
NAMING = (*ADDRESSES, "preferred_username")


def names_of(settings: PoolSettings, user: User) -> dict[str, LoginName]:
    """The names that a user's attributes give it, by attribute."""
    names = {}
    for attribute in NAMING:
        value = user.attributes.get(attribute)
        verified = attribute in ADDRESSES and is_verified(user.attributes, attribute)
        if value and names_user(settings, attribute, verified=verified):
            key = canonical(settings, value)
            names[attribute] = LoginName(settings.pool.id, key, NameKind(attribute), user.sub)
    return names


def move_names(
    writer: Writer, settings: PoolSettings, before: User, after: User, *, force: bool = False
) -> None:
    """Let the names follow from `before` to `after`, inside the transaction that changes the user.

    Args:
        writer: of that transaction.
        settings: of the pool.
        before: the user as stored.
        after: the user as it will be stored.
        force: take a name from another user, whose address is then no longer verified (`ForceAliasCreation`).

    Raises:
        AliasExistsException: another user has one of the new names.
    """
    old, new = names_of(settings, before), names_of(settings, after)
    kept = {name.key for name in new.values()}
    for name in old.values():
        # A preferred user name may equal the user name, which stays.
        owner = writer.name_owner(name.pool_id, name.key)
        if name.key not in kept and owner == name:
            writer.delete_name(name.pool_id, name.key)
    for attribute, name in new.items():
        owner = writer.name_owner(name.pool_id, name.key)
        if owner is None:
            writer.add_name(name)
        elif owner.sub != name.sub:
            if not (force and owner.kind is name.kind and attribute in settings.alias_attributes):
                raise AliasExistsException(f"An account with the given {attribute} already exists.")
            _take(writer, owner, attribute)
            writer.add_name(name)


def _take(writer: Writer, name: LoginName, attribute: str) -> None:
    writer.delete_name(name.pool_id, name.key)
    owner = writer.user(name.pool_id, name.sub)
    if owner is not None:
        attributes = {**owner.attributes, VERIFIED_FLAGS[attribute]: "false"}
        writer.put_user(replace(owner, attributes=attributes))
