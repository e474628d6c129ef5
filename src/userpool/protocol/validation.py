"""Holds plain JSON against the limits of the contract, and names every fault in Cognito's words.

    faults(ops.LIST_USERS, {"UserPoolId": "?", "Limit": 61})
    # Value '?' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression …
    # Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60

Values are what `json` gives, by wire names. A wrong JSON type is no fault but a `WrongType`: nothing below it
has a meaning. The work is bounded by the size of the value: lengths come before patterns, and patterns are
linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from ._operation import Operation
from ._schemas import MAX_FAULTS as MAX_FAULTS
from ._schemas import MAX_SHOWN as MAX_SHOWN
from ._schemas import Compiler, Schema
from ._schemas import Fault as Fault
from ._schemas import Rules as Rules
from ._schemas import WrongType as WrongType
from .errors import ParameterError
from .shapes import Shape


def faults(shape: type[Shape] | Operation[Any, Any], value: dict[str, Any]) -> list[Fault]:
    """Every fault of `value`, in the order of the model's members, but no more than `MAX_FAULTS` a list.

    Args:
        shape: the shape to hold it against, or an operation, which means its input.
        value: a JSON object by wire names.

    Raises:
        WrongType: a member has another JSON type.
    """
    wanted = shape.input if isinstance(shape, Operation) else shape
    return list(schema(wanted, Rules.ALL).check(value))


def message(found: Sequence[Fault]) -> str:
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
    except TypeError:
        raise ParameterError(
            f"{name}: one of its values cannot be written as JSON; give plain values."
        ) from None
    if found:
        raise ParameterError(f"{name}: {message(found)}", faults=map(str, found))
    return plain


def schema(shape: type[Shape], rules: Rules) -> Schema:
    """The compiled form of a shape; its tables are loaded, and it is compiled, on first use."""
    return _compiled(shape.__module__, shape.__name__, rules)


@cache
def _compiled(module: str, name: str, rules: Rules) -> Schema:
    package, service, family = module.rsplit(".", 2)
    homes: dict[str, str] = import_module(f"{package}.{service}").HOMES
    types: dict[str, dict[str, Any]] = import_module(f"{package}.limits.{service}_types").TYPES

    def members(structure: str, home: str) -> dict[str, str]:
        table: dict[str, dict[str, str]] = import_module(f"{package}.limits.{service}_{home}").STRUCTURES
        return table[structure]

    return Compiler(homes, types, members, rules).structure(name, family)
