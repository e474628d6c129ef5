"""The attributes that a pool's users have: the standard ones, and what a pool adds or narrows.

The bounds of the standard attributes are those that DescribeUserPool shows for a new pool. Values are strings
on the wire whatever their kind is; checking them is the business of `attributes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

CUSTOM = "custom:"
DEVELOPER = "dev:"
MAX_LENGTH = 2048
"""Characters that any attribute value may have at most."""


class Kind(StrEnum):
    """`AttributeDataType`: how the text of a value is to be read."""

    STRING = "String"
    NUMBER = "Number"
    DATETIME = "DateTime"
    BOOLEAN = "Boolean"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a pool's schema, under the name that users' attributes bear (`email`,
    `custom:team`).
    """

    name: str
    kind: Kind = Kind.STRING
    mutable: bool = True
    required: bool = False
    developer_only: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: int | None = None
    max_value: int | None = None

    @property
    def custom(self) -> bool:
        """Whether the pool added it."""
        return is_custom(self.name)

    def to_wire(self) -> dict[str, Any]:
        """The `SchemaAttributeType` that DescribeUserPool answers."""
        wire: dict[str, Any] = {
            "Name": self.name,
            "AttributeDataType": str(self.kind),
            "DeveloperOnlyAttribute": self.developer_only,
            "Mutable": self.mutable,
            "Required": self.required,
        }
        if self.kind is Kind.STRING:
            bounds = {"MinLength": self.min_length, "MaxLength": self.max_length}
            wire["StringAttributeConstraints"] = {k: str(v) for k, v in bounds.items() if v is not None}
        elif self.kind is Kind.NUMBER:
            bounds = {"MinValue": self.min_value, "MaxValue": self.max_value}
            wire["NumberAttributeConstraints"] = {k: str(v) for k, v in bounds.items() if v is not None}
        return wire


def is_custom(name: str) -> bool:
    """Whether an attribute's name is one that a pool added."""
    return name.startswith((CUSTOM, DEVELOPER))


def _text(name: str, minimum: int = 0, maximum: int = MAX_LENGTH) -> Attribute:
    return Attribute(name, min_length=minimum, max_length=maximum)


_IN_ORDER = (
    replace(_text("sub", 1), mutable=False, required=True),
    *map(_text, ("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username")),
    *map(_text, ("profile", "picture", "website", "email")),
    Attribute("email_verified", Kind.BOOLEAN),
    _text("gender"),
    _text("birthdate", 10, 10),
    *map(_text, ("zoneinfo", "locale", "phone_number")),
    Attribute("phone_number_verified", Kind.BOOLEAN),
    _text("address"),
    Attribute("updated_at", Kind.NUMBER, min_value=0),
    Attribute("identities"),
)

STANDARD: Mapping[str, Attribute] = MappingProxyType({one.name: one for one in _IN_ORDER})
"""What every pool has, in the order that DescribeUserPool shows."""

VERIFIED_FLAGS = {"email": "email_verified", "phone_number": "phone_number_verified"}
"""Which flag says that an address was verified."""

NOT_CLIENT_WRITABLE = frozenset({"sub", "identities", *VERIFIED_FLAGS.values()})
"""What no app client can write for its user: the service and administrators do."""


def wire_name(stored: Mapping[str, Any]) -> str:
    """The full name of a `SchemaAttributeType` as it came in: what is not standard gets its prefix."""
    name = str(stored["Name"])
    if name in STANDARD or is_custom(name):
        return name
    return (DEVELOPER if stored.get("DeveloperOnlyAttribute") else "") + CUSTOM + name


def pool_schema(stored: Iterable[Mapping[str, Any]]) -> dict[str, Attribute]:
    """All attributes of a pool by name: the standard ones, changed and joined by the pool's own `Schema`.

    `stored` is a list of `SchemaAttributeType` by wire name. The table is in DescribeUserPool's order.
    """
    schema = dict(STANDARD)
    for wire in stored:
        name = wire_name(wire)
        schema[name] = _parsed(wire, schema.get(name, Attribute(name)))
    return schema


def _parsed(wire: Mapping[str, Any], base: Attribute) -> Attribute:
    text = wire.get("StringAttributeConstraints") or {}
    number = wire.get("NumberAttributeConstraints") or {}
    return replace(
        base,
        kind=Kind(wire.get("AttributeDataType") or base.kind),
        mutable=_given(wire.get("Mutable"), base.mutable),
        required=_given(wire.get("Required"), base.required),
        developer_only=_given(wire.get("DeveloperOnlyAttribute"), base.developer_only),
        min_length=_bound(text.get("MinLength"), base.min_length),
        max_length=_bound(text.get("MaxLength"), base.max_length),
        min_value=_bound(number.get("MinValue"), base.min_value),
        max_value=_bound(number.get("MaxValue"), base.max_value),
    )


def _given(value: Any, default: bool) -> bool:
    return default if value is None else bool(value)


def _bound(text: Any, default: int | None) -> int | None:
    return default if text in (None, "") else int(text)
