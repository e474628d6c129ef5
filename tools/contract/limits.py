"""Writes the tables of limits: the model without its prose."""

from __future__ import annotations

from . import overlay
from .layout import HEADER, WIDTH, filled, quoted
from .model import Raw, Service


def type_block(name: str, raw: Raw) -> str:
    """The limits of one simple shape."""
    facts = [f'"type": {quoted(raw["type"])}']
    facts += [f'"{part}": {quoted(raw[part]["shape"])}' for part in ("member", "key", "value") if part in raw]
    facts += [f'"{bound}": {raw[bound]}' for bound in ("min", "max") if bound in raw]
    if "pattern" in raw:
        facts.append(f'"pattern": {quoted(raw["pattern"])}')
    if "enum" in raw:
        facts.append(filled('        "enum": [', map(quoted, raw["enum"]), "]").lstrip())
    if name in overlay.EMPTY_ALLOWED:
        facts.append('"empty": True')
    line = f"    {quoted(name)}: {{{', '.join(facts)}}},"
    if len(line) <= WIDTH:
        return line + "\n"
    return f"    {quoted(name)}: {{\n" + "".join(f"        {fact},\n" for fact in facts) + "    },\n"


def types_module(service: Service) -> str:
    """The limits of every shape that is no structure."""
    blocks = "".join(type_block(name, raw) for name, raw in service.simple.items())
    return f'''{HEADER}"""The limits of the simple shapes of {service.metadata["serviceFullName"]}."""

from typing import Any

TYPES: dict[str, dict[str, Any]] = {{
{blocks}}}
'''


def structure_block(service: Service, name: str) -> str:
    """The members of one structure, by wire name, with their shapes and marks."""
    raw = service.structures[name]
    members = []
    for member, use in raw["members"].items():
        marks = "!" if member in raw.get("required", ()) else ""
        marks += "*" if service.sensitive(member, use["shape"]) else ""
        members.append(f"{quoted(member)}: {quoted(use['shape'] + marks)}")
    return filled(f"    {quoted(name)}: {{", members, "},") + "\n"


def structures_module(service: Service, family: str) -> str:
    """The members of a family's structures."""
    own = [name for name, home in service.homes.items() if home == family]
    blocks = "".join(structure_block(service, name) for name in own)
    return f'''{HEADER}"""The members of the family {family}: `!` is required, `*` must never be shown."""

STRUCTURES: dict[str, dict[str, str]] = {{
{blocks}}}
'''
