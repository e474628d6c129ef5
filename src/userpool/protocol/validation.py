"""Holds plain JSON against the limits of the contract, and names every fault in Cognito's words.

    faults(ops.LIST_USERS, {"UserPoolId": "?", "Limit": 61})
    # Value '?' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression …
    # Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60

Values are what `json` gives, by wire names. A wrong JSON type is no fault but a `WrongType`: nothing below it
has a meaning. The work is bounded by the size of the value: lengths come before patterns, and patterns are
linear.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from ._operation import Operation
from ._patterns import matcher
from .errors import ParameterError
from .shapes import Shape

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


@dataclass(frozen=True, slots=True)
class Fault:
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
        return replace(self, path=path, shown=None if hidden else self.shown)


class WrongType(ValueError):
    """A value of another JSON type than the contract's; tells where, never what."""

    def __init__(self, expected: str, got: object) -> None:
        super().__init__(expected)
        self.path: list[str] = []
        self.expected = expected
        self.got = _NAMES.get(type(got), type(got).__name__)

    def __str__(self) -> str:
        where = "".join(f".{name}" for name in reversed(self.path)).lstrip(".") or "The body"
        return f"{where} must be {self.expected}, not {self.got}."


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a fraction",
    bool: "a boolean",
    type(None): "null",
}

_Faults = tuple[Fault, ...]
_Check = Callable[[Any], _Faults]
_NULL = "Member must not be null"


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled shape. `constraints` are all texts that it could fail with; lists and maps quote them."""

    check: _Check
    constraints: tuple[str, ...] = ()
    nested: bool = False
    dated: bool = False


# ---------------------------------------------------------------- what others call


def faults(shape: type[Shape] | Operation[Any, Any], value: Mapping[str, Any]) -> list[Fault]:
    """Every fault of `value`, a JSON object by wire names, in the order of the model's members.

    Args:
        shape: the shape to hold it against, or an operation, which means its input.
        value: what `json` gave.

    Raises:
        WrongType: a member has another JSON type.
    """
    wanted = shape.input if isinstance(shape, Operation) else shape
    return list(schema(wanted, Rules.ALL).check(value))


def message(found: list[Fault] | tuple[Fault, ...]) -> str:
    """All faults as the one text that the service answers."""
    errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return f"{errors} detected: {'; '.join(map(str, found))}"


def check(shape: Shape) -> Any:
    """Hold an input against the contract before it is sent; returns it as plain JSON by wire names.

    Enumerations are not checked: the service may know more values than this version does.

    Raises:
        ParameterError: with every fault.
    """
    name = type(shape).__name__
    try:
        plain = msgspec.to_builtins(shape)
        found = schema(type(shape), Rules.LIMITS).check(plain)
    except WrongType as error:
        raise ParameterError(f"{name}: {error}", faults=[str(error)]) from None
    except (TypeError, UnicodeEncodeError):
        raise ParameterError(f"{name}: give plain values; one of them cannot be written as JSON.") from None
    if found:
        raise ParameterError(f"{name}: {message(found)}", faults=map(str, found))
    return plain


def schema(shape: type[Shape], rules: Rules) -> Schema:
    """The compiled form of a shape; compiled on first use."""
    return _compiled(shape.__module__, shape.__name__, rules)


@cache
def _compiled(module: str, name: str, rules: Rules) -> Schema:
    *_, service, family = module.split(".")
    return _Compiler(service, rules).structure(name, family)


# ---------------------------------------------------------------- compiling


class _Compiler:
    """Turns the generated tables of one service into closures."""

    def __init__(self, service: str, rules: Rules) -> None:
        self.service = service
        self.rules = rules
        package = f"{__package__}._generated"
        self.homes: dict[str, str] = import_module(f"{package}.{service}").HOMES
        self.types: dict[str, dict[str, Any]] = import_module(f"{package}.limits.{service}_types").TYPES
        self.limits = f"{package}.limits.{service}_"

    def structure(self, name: str, family: str) -> Schema:
        members: dict[str, str] = import_module(self.limits + family).STRUCTURES[name]
        compiled = []
        dated = False
        for wire, use in members.items():
            inner = self.shape(use.rstrip("!*"))
            dated = dated or inner.dated
            compiled.append((wire, wire[0].lower() + wire[1:], "!" in use, "*" in use, inner.check))
        return Schema(_structure(tuple(compiled), self.rules), nested=True, dated=dated)

    def shape(self, name: str) -> Schema:
        if name in self.homes:
            return self.structure(name, self.homes[name])
        rule = self.types.get(name, {"type": "document"})
        match rule["type"]:
            case "list":
                return _list(self.shape(rule["member"]), rule, self.rules)
            case "map":
                return _map(self.shape(rule["key"]), self.shape(rule["value"]), rule, self.rules)
            case "string":
                return _string(rule, self.rules)
            case "blob":
                return _blob(rule, self.rules)
            case "integer" | "long":
                return _integer(rule, self.rules)
            case "boolean":
                return Schema(_boolean)
            case "timestamp":
                return Schema(_timestamp, dated=True)
            case _:
                return Schema(_document)


def _structure(members: tuple[tuple[str, str, bool, bool, _Check], ...], rules: Rules) -> _Check:
    def check(value: Any) -> _Faults:
        if type(value) is not dict:
            raise WrongType("an object", value)
        found: _Faults = ()
        wire = ""
        try:
            for wire, name, required, hidden, inner in members:
                if len(found) >= MAX_FAULTS:
                    break
                item = value.get(wire)
                if item is not None:
                    if below := inner(item):
                        found += tuple(fault.under(name, hidden) for fault in below)
                elif required:
                    if rules is Rules.TYPES:
                        raise WrongType("present", None)
                    found += (Fault(name, _NULL, None if hidden else "null"),)
        except WrongType as error:
            error.path.append(wire)
            raise
        return found

    return check


def _list(member: Schema, rule: dict[str, Any], rules: Rules) -> Schema:
    sizes = _sizes(rule, rules, "length")

    def check(value: Any) -> _Faults:
        if type(value) is not list:
            raise WrongType("a list", value)
        found = _bounds(len(value), sizes, lambda: None if member.nested else _shown(value))
        place = 0
        bad = False
        try:
            for place, item in enumerate(value, start=1):
                if len(found) >= MAX_FAULTS:
                    break
                below = member.check(item)
                if below and member.nested:
                    found += tuple(fault.under(f"{place}.member", False) for fault in below)
                bad = bad or bool(below)
        except WrongType as error:
            error.path.append(str(place))
            raise
        if bad and not member.nested:
            text = f"Member must satisfy constraint: [{', '.join(member.constraints)}]"
            found += (Fault("", text, _shown(value)),)
        return found

    return Schema(check, _texts(sizes), nested=member.nested, dated=member.dated)


def _map(key: Schema, member: Schema, rule: dict[str, Any], rules: Rules) -> Schema:
    sizes = _sizes(rule, rules, "length")

    def check(value: Any) -> _Faults:
        if type(value) is not dict:
            raise WrongType("an object", value)
        found = _bounds(len(value), sizes, lambda: None if member.nested else _shown(value))
        bad_key = bad = False
        name = ""
        try:
            for name, item in value.items():
                if len(found) >= MAX_FAULTS:
                    break
                bad_key = bad_key or bool(key.check(name))
                below = member.check(item)
                if below and member.nested:
                    found += tuple(fault.under(f"{name[:64]}.member", False) for fault in below)
                bad = bad or bool(below)
        except WrongType as error:
            error.path.append(name[:64])
            raise
        for wrong, part, quoted in ((bad_key, "keys", key), (bad and not member.nested, "value", member)):
            if wrong:
                text = f"Map {part} must satisfy constraint: [{', '.join(quoted.constraints)}]"
                found += (Fault("", text, None if member.nested else _shown(value)),)
        return found

    return Schema(check, _texts(sizes), nested=member.nested, dated=member.dated)


def _string(rule: dict[str, Any], rules: Rules) -> Schema:
    sizes = _sizes(rule, rules, "length")
    match = matcher(rule["pattern"]) if rules is not Rules.TYPES and "pattern" in rule else None
    pattern = f"Member must satisfy regular expression pattern: {rule.get('pattern')}"
    allowed = frozenset(rule["enum"]) if rules is Rules.ALL and "enum" in rule else None
    members = f"Member must satisfy enum value set: [{', '.join(rule.get('enum', ()))}]"
    low, high, _, _ = sizes
    empty = "empty" in rule

    def check(value: Any) -> _Faults:
        if type(value) is not str:
            raise WrongType("a string", value)
        length = len(value)
        fits = length <= high
        if (
            fits
            and length >= low
            and (match is None or match(value))
            and (allowed is None or value in allowed)
        ):
            return ()
        if empty and not value:
            return ()
        found = _bounds(length, sizes, lambda: _shown(value))
        if fits and match is not None and not match(value):
            found += (Fault("", pattern, _shown(value)),)
        if allowed is not None and value not in allowed:
            found += (Fault("", members, _shown(value)),)
        return found

    texts = _texts(sizes)
    texts += (pattern,) if match else ()
    texts += (members,) if allowed is not None else ()
    return Schema(check, texts)


def _blob(rule: dict[str, Any], rules: Rules) -> Schema:
    sizes = _sizes(rule, rules, "length")

    def check(value: Any) -> _Faults:
        if type(value) is not str:
            raise WrongType("a string of base64", value)
        try:
            size = len(a2b_base64(value, strict_mode=True))
        except (Base64Error, ValueError):
            raise WrongType("a string of base64", value) from None
        return _bounds(size, sizes, lambda: None)

    return Schema(check, _texts(sizes))


def _integer(rule: dict[str, Any], rules: Rules) -> Schema:
    sizes = _sizes(rule, rules, "value")
    bits = 63 if rule["type"] == "long" else 31

    def check(value: Any) -> _Faults:
        if type(value) is not int or not -(1 << bits) <= value < 1 << bits:
            raise WrongType(f"a whole number of {bits + 1} bits", value)
        return _bounds(value, sizes, lambda: _shown(value))

    return Schema(check, _texts(sizes))


def _boolean(value: Any) -> _Faults:
    if type(value) is not bool:
        raise WrongType("a boolean", value)
    return ()


def _timestamp(value: Any) -> _Faults:
    if type(value) is not int and type(value) is not float:
        raise WrongType("a number of seconds since 1970", value)
    return ()


def _document(_: Any) -> _Faults:
    return ()


# ---------------------------------------------------------------- bounds and texts

_Sizes = tuple[float, float, str, str]


def _sizes(rule: dict[str, Any], rules: Rules, kind: str) -> _Sizes:
    """Lower and upper bound with the texts of their faults; infinite where there is none."""
    low, high = (None, None) if rules is Rules.TYPES else (rule.get("min"), rule.get("max"))
    return (
        float("-inf") if low is None else low,
        float("inf") if high is None else high,
        f"Member must have {kind} greater than or equal to {low}",
        f"Member must have {kind} less than or equal to {high}",
    )


def _bounds(size: int, sizes: _Sizes, shown: Callable[[], str | None]) -> _Faults:
    low, high, too_low, too_high = sizes
    if low <= size <= high:
        return ()
    return (Fault("", too_low if size < low else too_high, shown()),)


def _texts(sizes: _Sizes) -> tuple[str, ...]:
    low, high, too_low, too_high = sizes
    upper = (too_high,) if high != float("inf") else ()
    lower = (too_low,) if low != float("-inf") else ()
    return upper + lower


def _shown(value: Any) -> str:
    """A value as the service repeats it, in quotes and no longer than is useful."""
    if isinstance(value, list):
        text = f"[{', '.join(map(str, value[:MAX_SHOWN]))}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{name}={item}' for name, item in list(value.items())[:MAX_SHOWN])}}}"
    else:
        text = str(value)
    return f"'{text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + '…'}'"
