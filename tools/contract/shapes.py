"""Writes the modules of shapes, and the package that finds them."""

from __future__ import annotations

import re

from .layout import HEADER, filled, imported, quoted, words
from .model import Service, field_name, pascal

SCALARS = {
    "string": "str",
    "integer": "int",
    "long": "int",
    "boolean": "bool",
    "timestamp": "datetime",
    "blob": "bytes",
}


def annotation(service: Service, shape: str) -> str:
    """The Python type of a model shape. Enums are `str`, so that tomorrow's values survive."""
    if shape in service.structures:
        return shape
    raw = service.shapes[shape]
    match raw["type"]:
        case "list":
            return f"list[{annotation(service, raw['member']['shape'])}]"
        case "map":
            return f"dict[str, {annotation(service, raw['value']['shape'])}]"
        case "structure":  # a document: any JSON
            return "Any"
        case kind:
            return SCALARS[kind]


def role(service: Service, name: str) -> str:
    """One sentence about a structure, from names alone."""
    for operation in service.operations:
        if name == service.input_of(operation):
            return f"Input of {operation}."
        if name == service.output_of(operation):
            return f"Output of {operation}."
    return f"Part of other shapes: {words(name.removesuffix('Type'))}."


def structure(service: Service, name: str) -> str:
    """One class. Required fields come first; a field whose wire name does not follow from its own says it."""
    raw = service.structures[name]
    members = raw["members"]
    required = raw.get("required", ())
    lines = [f"class {name}(Shape, frozen=True, kw_only=True):", f'    """{role(service, name)}"""', ""]
    secret = sorted(
        field_name(member) for member, use in members.items() if service.sensitive(member, use["shape"])
    )
    if secret:
        lines += [filled("    SENSITIVE = frozenset({", map(quoted, secret), "})"), ""]
    for member, use in sorted(members.items(), key=lambda item: item[0] not in required):
        field, kind = field_name(member), annotation(service, use["shape"])
        optional = member not in required
        facts = ["default=None"] if optional else []
        if pascal(field) != member:
            facts.append(f"name={quoted(member)}")
        line = f"    {field}: {kind}{' | None' if optional and kind != 'Any' else ''}"
        if facts:
            line += " = None" if facts == ["default=None"] else f" = field({', '.join(facts)})"
        lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def shapes_module(service: Service, family: str) -> str:
    """The module of one family."""
    own = [name for name, home in service.homes.items() if home == family]
    body = "\n\n".join(structure(service, name) for name in service.ordered(own))
    elsewhere = [name for name, home in service.homes.items() if home == "common" and family != "common"]
    common = [name for name in elsewhere if re.search(rf"\b{name}\b", body)]
    standard = ["from datetime import datetime"] if re.search(r"\bdatetime\b", body) else []
    standard += ["from typing import Any"] if re.search(r"\bAny\b", body) else []
    groups = [
        standard,
        ["from msgspec import field"] if "field(" in body else [],
        ["from ...shapes import Shape"] + ([imported(".common", common)] if common else []),
    ]
    imports = "\n\n".join("\n".join(group) for group in groups if group)
    title = "Shapes that several families use" if family == "common" else f"Shapes of the family {family}"
    return f'{HEADER}"""{title}."""\n\n{imports}\n\n\n{body}'


def shapes_index(service: Service) -> str:
    """The package of a service's shapes: says where each lives and loads it on first use."""
    by_family: dict[str, list[str]] = {}
    for name, home in service.homes.items():
        by_family.setdefault(home, []).append(f"{name} as {name}")
    typed = "\n".join(imported(f".{family}", names, "    ") for family, names in sorted(by_family.items()))
    homes = "".join(f"    {quoted(name)}: {quoted(home)},\n" for name, home in service.homes.items())
    return f'''{HEADER}"""The structures of {service.metadata["serviceFullName"]}, loaded on first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
{typed}

HOMES: dict[str, str] = {{
{homes}}}
"""Structure -> its family."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"the contract has no shape {{name!r}}; HOMES of {{__name__}} lists them")
    value = getattr(import_module(f".{{HOMES[name]}}", __name__), name)
    globals()[name] = value
    return value
'''
