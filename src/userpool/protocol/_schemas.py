"""Compiles the generated tables of limits into closures that check; `validation` is the way in.

A check returns the faults it found, most often none, and raises `WrongType` where a value is of another JSON
type. Both are found without their place; every structure, list and map on the way up puts its own part in
front.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from math import inf
from typing import Any, TypeAlias

import msgspec

from ._patterns import matcher

MAX_SHOWN = 256
"""Characters of a value that a message repeats."""

MAX_FAULTS = 100
"""Faults after which a list, map or structure is left: nobody reads more, and the work stays bounded."""


class Rules(IntEnum):
    """How much is asked of a value."""

    TYPES = 0
    """JSON types and required members: what a client asks of an answer."""
    LIMITS = 1
    """Also lengths, ranges and patterns: what a client asks of itself; enumerations may have grown since."""
    ALL = 2
    """Also enumerations: what the service asks of a request."""


class Fault(msgspec.Struct, frozen=True):
    """One member that does not keep to the contract; `shown` is `None` where it must not be repeated."""

    path: str
    constraint: str
    shown: str | None

    def __str__(self) -> str:
        value = "Value" if self.shown is None else f"Value {self.shown}"
        return f"{value} at '{self.path}' failed to satisfy constraint: {self.constraint}"

    def under(self, name: str, hidden: bool) -> Fault:
        """The same fault, seen from the structure in which `name` holds the value."""
        path = f"{name}.{self.path}" if self.path else name
        return Fault(path, self.constraint, None if hidden else self.shown)


class WrongType(ValueError):
    """A value of another JSON type than the contract's; tells where, never what."""

    def __init__(self, expected: str, got: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.got = _NAMES.get(type(got), "something else")
        self.path: list[str] = []
        """The place, from the inside out."""

    def __str__(self) -> str:
        where = ".".join(reversed(self.path)) or "The body"
        return f"{where} must be {self.expected}, not {self.got}."


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "another string",
    int: "another number",
    float: "a fraction",
    bool: "a boolean",
    type(None): "null",
}

Faults: TypeAlias = tuple[Fault, ...]
Check: TypeAlias = Callable[[Any], Faults]
Stamp: TypeAlias = Callable[[Any], Any]
Rule: TypeAlias = dict[str, Any]


class Schema(msgspec.Struct, frozen=True):
    """A compiled shape."""

    check: Check
    constraints: tuple[str, ...] = ()
    """All texts that it could fail with: a list or map of it quotes them together."""
    nested: bool = False
    """Whether it is or holds structures: its faults then have places of their own."""
    stamp: Stamp | None = None
    """Turns the `datetime`s in it into seconds, where it may hold any."""


class Compiler:
    """Turns the tables of one service into schemas.

    Args:
        homes: structure -> family.
        types: the limits of the simple shapes.
        members: the members of a structure in a family, by wire name; `!` is required, `*` is secret.
        rules: how much is asked.
    """

    def __init__(
        self,
        homes: dict[str, str],
        types: dict[str, Rule],
        members: Callable[[str, str], dict[str, str]],
        rules: Rules,
    ) -> None:
        self._homes = homes
        self._types = types
        self._members = members
        self._rules = rules

    def structure(self, name: str, family: str) -> Schema:
        """The schema of a structure."""
        members = [
            (wire, wire[0].lower() + wire[1:], "!" in use, "*" in use, self._shape(use.rstrip("!*")))
            for wire, use in self._members(name, family).items()
        ]
        stamps = {wire: inner.stamp for wire, *_, inner in members if inner.stamp}
        return Schema(
            _structure(members, self._rules), nested=True, stamp=_stamps(stamps) if stamps else None
        )

    def _shape(self, name: str) -> Schema:
        if name in self._homes:
            return self.structure(name, self._homes[name])
        if name not in self._types:
            return Schema(_document)
        rule = self._types[name]
        match rule["type"]:
            case "list":
                return _list(self._shape(rule["member"]), self._bounds(rule))
            case "map":
                return _map(
                    self._shape(rule["key"]), self._shape(rule["value"]), self._bounds(rule), self._rules
                )
            case "string":
                return _string(rule, self._bounds(rule), self._rules)
            case "blob":
                return _blob(self._bounds(rule))
            case "boolean":
                return Schema(_boolean)
            case "timestamp":
                return Schema(_timestamp, stamp=_seconds)
        return _integer(63 if rule["type"] == "long" else 31, self._bounds(rule, "value"))

    def _bounds(self, rule: Rule, kind: str = "length") -> Bounds:
        return (
            Bounds()
            if self._rules is Rules.TYPES
            else Bounds(rule.get("min", -inf), rule.get("max", inf), kind)
        )


class Bounds(msgspec.Struct, frozen=True):
    """A lower and an upper bound."""

    low: float = -inf
    high: float = inf
    kind: str = "length"

    @property
    def constraints(self) -> tuple[str, ...]:
        """The texts of the bounds that there are."""
        upper = (f"Member must have {self.kind} less than or equal to {self.high}",)
        lower = (f"Member must have {self.kind} greater than or equal to {self.low}",)
        return (upper if self.high != inf else ()) + (lower if self.low != -inf else ())

    def faults(self, size: int, value: object) -> Faults:
        """The fault of a `value` of this size."""
        if self.low <= size <= self.high:
            return ()
        text = self.constraints[-1] if size < self.low else self.constraints[0]
        return (Fault("", text, shown(value)),)


# ---------------------------------------------------------------- structures, lists, maps


def _structure(members: list[tuple[str, str, bool, bool, Schema]], rules: Rules) -> Check:
    steps = [(wire, name, required, hidden, inner.check) for wire, name, required, hidden, inner in members]

    def check(value: Any) -> Faults:
        if type(value) is not dict:
            raise WrongType("an object", value)
        found: Faults = ()
        wire = ""
        try:
            for wire, name, required, hidden, inner in steps:
                item = value.get(wire)
                if item is not None:
                    if below := inner(item):
                        found += tuple(fault.under(name, hidden) for fault in below)
                elif required:
                    if rules is Rules.TYPES:
                        raise WrongType("present", None)
                    found += (Fault(name, "Member must not be null", None if hidden else "null"),)
        except WrongType as error:
            error.path.append(wire)
            raise
        return found[:MAX_FAULTS]

    return check


def _stamps(members: dict[str, Stamp]) -> Stamp:
    steps = tuple(members.items())

    def stamp(value: Any) -> Any:
        for wire, inner in steps:
            item = value.get(wire)
            if item is not None:
                value[wire] = inner(item)
        return value

    return stamp


def _list(member: Schema, bounds: Bounds) -> Schema:
    inner, once = member.check, member.stamp
    quoted = f"Member must satisfy constraint: [{', '.join(member.constraints)}]"

    def check(value: Any) -> Faults:
        if type(value) is not list:
            raise WrongType("a list", value)
        found = bounds.faults(len(value), value)
        place = 0
        try:
            for item in value:
                place += 1
                if below := inner(item):
                    if not member.nested:
                        return (*found, Fault("", quoted, shown(value)))
                    found += tuple(fault.under(f"{place}.member", False) for fault in below)
                    if len(found) >= MAX_FAULTS:
                        break
        except WrongType as error:
            error.path.append(str(place))
            raise
        return found

    stamp = (lambda value: [once(item) for item in value]) if once else None
    return Schema(check, bounds.constraints, member.nested, stamp)


def _map(key: Schema, member: Schema, bounds: Bounds, rules: Rules) -> Schema:
    inner = member.check
    keys = f"Map keys must satisfy constraint: [{', '.join(key.constraints)}]"
    values = f"Map value must satisfy constraint: [{', '.join(member.constraints)}]"

    def check(value: Any) -> Faults:
        if type(value) is not dict:
            raise WrongType("an object", value)
        if rules is Rules.ALL:
            _drop_nulls(value)
        found = bounds.faults(len(value), value)
        bad_key = bad_value = False
        name = ""
        try:
            for name, item in value.items():
                bad_key = bad_key or bool(key.check(name))
                if below := inner(item):
                    bad_value = bad_value or not member.nested
                    if member.nested:
                        found += tuple(fault.under(f"{name[:64]}.member", False) for fault in below)
                if len(found) >= MAX_FAULTS:
                    break
        except WrongType as error:
            error.path.append(name[:64])
            raise
        found += (Fault("", keys, shown(value)),) if bad_key else ()
        found += (Fault("", values, shown(value)),) if bad_value else ()
        return found

    # No map of the model holds a timestamp.
    return Schema(check, bounds.constraints, member.nested)


def _drop_nulls(value: dict[str, Any]) -> None:
    """Take entries of a request's map that are null for absent, as AWS's services do with maps that are not
    sparse (Smithy 2.0, trait `sparse`): amazon-cognito-identity-js refreshes with `DEVICE_KEY: null`.
    """
    for name in [name for name, item in value.items() if item is None]:
        del value[name]


# ---------------------------------------------------------------- scalars


def _string(rule: Rule, bounds: Bounds, rules: Rules) -> Schema:
    if rules is Rules.TYPES:
        return Schema(_text)
    match = matcher(rule["pattern"]) if "pattern" in rule else None
    allowed = frozenset(rule["enum"]) if rules is Rules.ALL and "enum" in rule else None
    pattern = f"Member must satisfy regular expression pattern: {rule.get('pattern')}"
    members = f"Member must satisfy enum value set: [{', '.join(rule.get('enum', ()))}]"
    low, high, empty = bounds.low, bounds.high, "empty" in rule

    def check(value: Any) -> Faults:
        if type(value) is not str:
            raise WrongType("a string", value)
        size = len(value)
        fits = size > high or match is None or match(value)
        known = allowed is None or value in allowed
        if (fits and known and low <= size <= high) or (empty and not value):
            return ()
        found = bounds.faults(size, value)
        found += () if fits else (Fault("", pattern, shown(value)),)
        found += () if known else (Fault("", members, shown(value)),)
        return found

    constraints = bounds.constraints + ((pattern,) if match else ()) + ((members,) if allowed else ())
    return Schema(check, constraints)


def _text(value: Any) -> Faults:
    if type(value) is not str:
        raise WrongType("a string", value)
    return ()


def _blob(bounds: Bounds) -> Schema:
    def check(value: Any) -> Faults:
        try:
            data = msgspec.convert(value, bytes)
        except msgspec.ValidationError:
            raise WrongType("a string of base64", value) from None
        return bounds.faults(len(data), data)

    return Schema(check, bounds.constraints)


def _integer(bits: int, bounds: Bounds) -> Schema:
    def check(value: Any) -> Faults:
        if type(value) is not int or not -(1 << bits) <= value < 1 << bits:
            raise WrongType(f"a whole number of {bits + 1} bits", value)
        return bounds.faults(value, value)

    return Schema(check, bounds.constraints)


def _boolean(value: Any) -> Faults:
    if type(value) is not bool:
        raise WrongType("a boolean", value)
    return ()


def _timestamp(value: Any) -> Faults:
    if type(value) is not int and type(value) is not float:
        raise WrongType("a number of seconds since 1970", value)
    return ()


def _seconds(moment: datetime) -> float:
    """Seconds since 1970, to the millisecond, as the service gives them."""
    return round(moment.timestamp(), 3)


def _document(_: Any) -> Faults:
    return ()


def shown(value: object) -> str | None:
    """A value as the service repeats it, quoted and no longer than is useful; `None` for structures and
    blobs."""
    if isinstance(value, bytes):
        return None
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            return None
        text = f"[{', '.join(map(str, value[:MAX_SHOWN]))}]"
    elif isinstance(value, dict):
        if any(isinstance(item, dict | list) for item in value.values()):
            return None
        text = f"{{{', '.join(f'{name}={item}' for name, item in list(value.items())[:MAX_SHOWN])}}}"
    else:
        text = str(value)
    return f"'{text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + '…'}'"
