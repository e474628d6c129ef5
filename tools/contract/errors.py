"""Writes the classes of errors and the enumerations."""

from __future__ import annotations

import re

from . import overlay
from .hints import HINTS
from .layout import HEADER, WIDTH, exported, quoted, words
from .model import Service, snake


def exception_block(code: str, status: int) -> str:
    """One class."""
    parent = overlay.SUBCLASSES.get(code, "ServiceError")
    lines = [
        f"class {code}({parent}):",
        f'    """The service answered: {words(code.removesuffix("Exception"))}."""',
        "",
        f"    default_code = {quoted(code)}",
    ]
    if status != 400:
        lines.append(f"    default_status = {status}")
    if code in overlay.THROTTLED:
        lines.append("    throttled = True")
    if code in overlay.SUBCLASSES.values():
        lines.append("    reads_reason = True")
    if code in HINTS:
        line = f"    hint = {quoted(HINTS[code])}"
        if len(line) > WIDTH:
            cut = HINTS[code].rfind(" ", 0, 90) + 1
            parts = (quoted(HINTS[code][:cut]), quoted(HINTS[code][cut:]))
            line = f"    hint = (\n        {parts[0]}\n        {parts[1]}\n    )"
        lines.append(line)
    return "\n".join(lines) + "\n"


def exceptions_module(services: list[Service]) -> str:
    """One class a wire code, the same for both services."""
    codes: dict[str, int] = dict(overlay.PROTOCOL_ERRORS)
    for service in services:
        for name, raw in service.exceptions.items():
            codes[name] = 500 if raw.get("fault") else 400
    if missing := sorted(set(codes) - set(HINTS) - set(overlay.SUBCLASSES)):
        raise SystemExit(f"tools/contract/hints.py: say what to do about {missing}")
    if unknown := sorted((set(HINTS) | set(overlay.SUBCLASSES)) - set(codes)):
        raise SystemExit(f"tools/contract: the model has no error named {unknown}")
    parents_first = sorted(codes, key=lambda code: (code in overlay.SUBCLASSES, code))
    blocks = "\n\n".join(exception_block(code, codes[code]) for code in parents_first)
    table = "".join(f"    {quoted(name)}: {name},\n" for name in sorted(codes))
    return f'''{HEADER}"""The errors that a service answers: one class a wire code."""

from .._service_error import ServiceError

{exported(sorted(codes))}


{blocks}

BY_CODE: dict[str, type[ServiceError]] = {{
{table}}}
"""Wire code -> class."""
'''


def enum_member(value: str) -> str:
    """`SignIn` -> `SIGN_IN`, `V1_0` -> `V1_0`."""
    return re.sub(r"\W", "_", value if value.isupper() else snake(value)).upper()


def enums_module(services: list[Service]) -> str:
    """All enumerations; refuses one that both services have."""
    blocks: dict[str, str] = {}
    for service in services:
        for name, values in service.enums.items():
            if name in blocks:
                raise SystemExit(f"both services have an enumeration {name}; give one of them another name")
            lines = [
                f"class {name}(StrEnum):",
                f'    """Known values: {words(name.removesuffix("Type"))}."""',
                "",
            ]
            lines += [f"    {enum_member(value)} = {quoted(value)}" for value in values]
            blocks[name] = "\n".join(lines) + "\n"
    body = "\n\n".join(blocks.values())
    return f'''{HEADER}"""The values that the model knows today; fields are `str` and take others."""

from enum import StrEnum

{exported(blocks)}


{body}'''
