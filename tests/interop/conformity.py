"""Holds what a service answers to boto3 against botocore's own model: names, types, enumerations, errors."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tools.contract.overlay import MISSING_VALUES

PROTOCOL_ERRORS = frozenset({"SerializationException", "InvalidParameterException"})
"""What may be answered to any request, declared or not."""

_TYPES: dict[str, Callable[[Any], bool]] = {
    "boolean": lambda raw: type(raw) is bool,
    "integer": lambda raw: type(raw) is int,
    "long": lambda raw: type(raw) is int,
    "timestamp": lambda raw: type(raw) in (int, float),
    "blob": lambda raw: isinstance(raw, str) and base64.b64decode(raw, validate=True) is not None,
    "string": lambda raw: isinstance(raw, str),
}


def faults(raw: Any, shape: Any, place: str) -> Iterator[str]:
    """What `raw`, parsed JSON, has in it that botocore's `shape` does not allow."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(raw, dict):
            yield f"{place} is no object"
            return
        if shape.is_document_type:
            return  # any JSON
        yield from (f"{place}.{name} is not there" for name in shape.required_members if name not in raw)
        for name, value in raw.items():
            if name in shape.members:
                yield from faults(value, shape.members[name], f"{place}.{name}")
            else:
                yield f"{place}.{name} is not in the model"
    elif kind == "list":
        for number, value in enumerate(raw):
            yield from faults(value, shape.member, f"{place}[{number}]")
    elif kind == "map":
        for name, value in raw.items():
            yield from faults(name, shape.key, f"{place} key")
            yield from faults(value, shape.value, f"{place}.{name}")
    elif not _TYPES[kind](raw):
        yield f"{place} is {raw!r}, no {kind}"
    elif getattr(shape, "enum", None) and raw not in (*shape.enum, *MISSING_VALUES.get(shape.name, ())):
        yield f"{place} is {raw!r}, none of {shape.enum}"


class Watched:
    """All that a boto3 client calls and is answered."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        """Operations that succeeded."""
        self.errors: Counter[str] = Counter()
        self.faults: list[str] = []

    def look(self, http_response: Any, model: Any, **_: Any) -> None:
        """botocore's event after each call."""
        if "x-amzn-requestid" not in http_response.headers:
            self.faults.append(f"{model.name}: no request id")
        raw = json.loads(http_response.content)
        if http_response.status_code < 300:
            self.answered[model.name] += 1
            if model.output_shape is not None:
                self.faults += faults(raw, model.output_shape, model.name)
            elif raw != {}:
                self.faults.append(f"{model.name}: an answer, where the model has none")
            return
        code = raw["__type"]
        self.errors[code] += 1
        declared = {shape.name for shape in model.error_shapes} | PROTOCOL_ERRORS
        if code not in declared:
            self.faults.append(f"{model.name}: undeclared {code}")
        if not isinstance(raw.get("message"), str) or not raw["message"]:
            self.faults.append(f"{model.name}: {code} without a message")


@contextmanager
def watched(client: Any) -> Iterator[Watched]:
    """Watch a boto3 client, and fail at the end where an answer did not keep to the model."""
    watch = Watched()
    client.meta.events.register("after-call.cognito-idp", watch.look)
    try:
        yield watch
    finally:
        client.meta.events.unregister("after-call.cognito-idp", watch.look)
    assert watch.faults == []
