"""Strategies that make plain JSON of the types that a shape of the contract wants, limits left aside."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hypothesis import strategies as st

PACKAGE = "userpool.protocol._generated"

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "timestamp": st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000),
    "blob": st.sampled_from(["", "AA==", "aGFsbG8="]),
}
DOCUMENT = st.recursive(TEXT | st.booleans() | st.integers(-5, 5), lambda inner: st.lists(inner, max_size=2))


def tables(service: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Where the structures of a service live, and its simple types."""
    homes: dict[str, str] = import_module(f"{PACKAGE}.{service}").HOMES
    types: dict[str, dict[str, Any]] = import_module(f"{PACKAGE}.limits.{service}_types").TYPES
    return homes, types


def members(service: str, structure: str) -> dict[str, str]:
    """The members of a structure, with their marks."""
    homes, _ = tables(service)
    module = import_module(f"{PACKAGE}.limits.{service}_{homes[structure]}")
    found: dict[str, str] = module.STRUCTURES[structure]
    return found


def values(service: str, shape: str) -> st.SearchStrategy[Any]:
    """Plain JSON for a shape."""
    homes, types = tables(service)
    if shape in homes:
        inner = {wire: values(service, use.rstrip("!*")) for wire, use in members(service, shape).items()}
        required = {wire for wire, use in members(service, shape).items() if "!" in use}
        return st.fixed_dictionaries(
            {wire: inner[wire] for wire in inner if wire in required},
            optional={wire: inner[wire] for wire in inner if wire not in required},
        )
    rule = types.get(shape)
    if rule is None:
        return DOCUMENT
    match rule["type"]:
        case "list":
            return st.lists(values(service, rule["member"]), max_size=2)
        case "map":
            return st.dictionaries(TEXT, values(service, rule["value"]), max_size=2)
    return SCALARS[rule["type"]]
