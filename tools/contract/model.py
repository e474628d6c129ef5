"""Reads the pinned service model: names, shapes, families and what is secret, with no documentation text."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore

from . import overlay

SERVICES = {"idp": "cognito-idp", "identity": "cognito-identity"}

Raw = dict[str, Any]


def snake(name: str) -> str:
    """`UserMFASettingList` -> `user_mfa_setting_list`, as boto3 users know it, but `OAuth` is one word."""
    name = re.sub(r"(URL|ARN)s(?=[A-Z]|$)", lambda m: m[1].capitalize() + "s", name.replace("OAuth", "Oauth"))
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def pascal(field: str) -> str:
    """What msgspec's `rename="pascal"` makes of a field's name."""
    return "".join(part.capitalize() for part in field.split("_"))


RESERVED = frozenset({"from", "bytes"})
"""Members whose snake_case name is a keyword, or hides a type that annotations use."""


def field_name(member: str) -> str:
    """The Python name of a member."""
    name = snake(member)
    return name + "_" if name in RESERVED else name


@dataclass(frozen=True)
class Service:
    """One service's model, and the questions the emitters ask of it."""

    key: str
    metadata: Raw
    operations: dict[str, Raw]
    shapes: dict[str, Raw]

    @classmethod
    def load(cls, key: str) -> Service:
        folder = Path(botocore.__file__).parent / "data" / SERVICES[key]
        newest = max(path for path in folder.iterdir() if path.is_dir())
        model = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
        for name, values in overlay.MISSING_VALUES.items():
            known = model["shapes"].get(name, {}).get("enum", [])
            if set(values) & set(known):
                raise SystemExit(f"tools/contract/overlay.py: the model has the missing value of {name} now")
            known.extend(values)
        return cls(key, model["metadata"], model["operations"], model["shapes"])

    @cached_property
    def families(self) -> dict[str, str]:
        """Operation -> family; refuses an operation that has none or two, and a name that is unknown."""
        families: dict[str, str] = {}
        for family, names in overlay.FAMILIES[self.key].items():
            for name in names:
                if name in families or name not in self.operations:
                    raise SystemExit(
                        f"tools/contract/overlay.py: {name!r} is unknown, or stands in two families"
                    )
                families[name] = family
        if missing := sorted(set(self.operations) - set(families)):
            raise SystemExit(f"tools/contract/overlay.py: put these operations into a family: {missing}")
        return {name: families[name] for name in sorted(families)}

    def errors_of(self, operation: str) -> set[str]:
        return {error["shape"] for error in self.operations[operation]["errors"]}

    def input_of(self, operation: str) -> str:
        return str(self.operations[operation]["input"]["shape"])

    def output_of(self, operation: str) -> str:
        """The output shape; an operation without one gets an empty shape of our own making."""
        output = self.operations[operation].get("output")
        return str(output["shape"]) if output else f"{operation}Response"

    @cached_property
    def structures(self) -> dict[str, Raw]:
        """Every structure that crosses the wire in a body, exceptions left out, documents left out."""
        found = {
            name: shape
            for name, shape in self.shapes.items()
            if shape["type"] == "structure" and not shape.get("exception") and not shape.get("document")
        }
        for operation in self.operations:
            found.setdefault(self.output_of(operation), {"type": "structure", "members": {}})
        return {name: found[name] for name in sorted(found)}

    @cached_property
    def simple(self) -> dict[str, Raw]:
        """Every shape that is no structure."""
        return {name: shape for name, shape in sorted(self.shapes.items()) if shape["type"] != "structure"}

    @cached_property
    def exceptions(self) -> dict[str, Raw]:
        return {name: shape for name, shape in sorted(self.shapes.items()) if shape.get("exception")}

    @cached_property
    def enums(self) -> dict[str, list[str]]:
        return {name: list(shape["enum"]) for name, shape in self.simple.items() if "enum" in shape}

    def parts(self, name: str) -> list[str]:
        """The shapes that `name` is directly made of."""
        shape = self.structures.get(name) or self.shapes[name]
        match shape["type"]:
            case "structure":
                return [member["shape"] for member in shape.get("members", {}).values()]
            case "list":
                return [shape["member"]["shape"]]
            case "map":
                return [shape["key"]["shape"], shape["value"]["shape"]]
        return []

    def reach(self, name: str, seen: set[str] | None = None) -> set[str]:
        """`name` and every shape below it."""
        seen = set() if seen is None else seen
        if name not in seen:
            seen.add(name)
            for part in self.parts(name):
                self.reach(part, seen)
        return seen

    @cached_property
    def homes(self) -> dict[str, str]:
        """Structure -> the one family that uses it, or `common`."""
        users: dict[str, set[str]] = {}
        for operation, family in self.families.items():
            for root in (self.input_of(operation), self.output_of(operation)):
                for name in self.reach(root):
                    users.setdefault(name, set()).add(family)
        homes = {}
        for name in self.structures:
            if name not in users:
                raise SystemExit(
                    f"{name}: no operation uses this shape; teach tools/contract/model.py where it goes"
                )
            homes[name] = next(iter(users[name])) if len(users[name]) == 1 else "common"
        return homes

    def sensitive(self, member: str, shape: str) -> bool:
        """Whether a member's value must never be shown: by its name, or by a shape that it is made of."""
        if member in overlay.SENSITIVE_MEMBERS or self.shapes[shape].get("sensitive"):
            return True
        return self.shapes[shape]["type"] in ("list", "map") and any(
            self.shapes[part].get("sensitive") for part in self.parts(shape)
        )

    def ordered(self, names: list[str]) -> list[str]:
        """Structures so that each stands after what it is made of."""
        order: list[str] = []

        def visit(name: str) -> None:
            for part in sorted(self.parts(name)):
                if part != name:
                    visit(part)
            if name in names and name not in order:
                order.append(name)

        for name in names:
            visit(name)
        return order
