"""Writes the table of operations of a service."""

from __future__ import annotations

from . import overlay
from .layout import HEADER, WIDTH, exported, fill, filled, imported, quoted
from .model import Service, field_name, snake


def auth_of(service: Service, operation: str) -> str:
    """Who may call."""
    if service.operations[operation].get("authtype") != "none":
        return "NONE" if operation in overlay.UNSIGNED else "SIGV4"
    members = service.structures[service.input_of(operation)]["members"]
    return "ACCESS_TOKEN" if "AccessToken" in members else "NONE"


def retry_of(operation: str) -> str:
    """When it may be sent again."""
    read = operation.startswith(overlay.SAFE_PREFIXES) and operation not in overlay.UNSAFE_READS
    return "SAFE" if read or operation in overlay.SAFE_WRITES else "UNSENT_ONLY"


def pagination_of(service: Service, operation: str) -> str | None:
    """The members of a paged operation, found by what input and output have in common."""
    given = service.structures[service.input_of(operation)]["members"]
    answered = service.structures[service.output_of(operation)]["members"]
    tokens = [name for name in ("NextToken", "PaginationToken") if name in given and name in answered]
    if not tokens:
        return None
    limit = next((quoted(field_name(name)) for name in ("Limit", "MaxResults") if name in given), "None")
    (items,) = [name for name, use in answered.items() if service.shapes[use["shape"]]["type"] == "list"]
    return f"Pagination({quoted(field_name(tokens[0]))}, {limit}, {quoted(field_name(items))})"


def constant(operation: str, first: Service | None) -> str:
    """The name of an operation's constant; one that `first` has too says whose it is."""
    shared = first is not None and operation in first.operations
    return ("IDENTITY_" if shared else "") + snake(operation).upper()


def declared_errors(errors: set[str], usual: list[str]) -> str:
    """The argument that says how an operation's errors differ from the usual ones."""
    less = sorted(set(usual) - errors)
    more = sorted(errors - set(usual))
    head = f"(_USUAL - {{{', '.join(map(quoted, less))}}})" if less else "_USUAL"
    return filled(f"    {head} | {{", map(quoted, more), "},") if more else f"    {head},"


def operation_block(service: Service, operation: str, first: Service | None, usual: list[str]) -> str:
    """The constant of one operation."""
    given, answered = service.input_of(operation), service.output_of(operation)
    family = service.families[operation]
    if {service.homes[given], service.homes[answered]} != {family}:
        raise SystemExit(
            f"{operation}: its shapes are shared between families; teach Operation._shape about it"
        )
    facts = [
        quoted(operation),
        f"Service.{service.key.upper()}",
        quoted(family),
        f"Auth.{auth_of(service, operation)}",
        f"Retry.{retry_of(operation)}",
    ]
    rest = [quoted(given), quoted(answered)]
    if pages := pagination_of(service, operation):
        rest.append(pages)
    if operation in overlay.OPTIONAL_TOKEN:
        rest.append("session_allowed=True")
    name = constant(operation, first)
    head = f"{name}: Operation[{given}, {answered}] = Operation("
    if len(head) > WIDTH:
        head = f"{name}: Operation[\n    {given}, {answered}\n] = Operation("
    lines = [
        head,
        fill([f"{fact}," for fact in facts], "    "),
        declared_errors(service.errors_of(operation), usual),
        fill([f"{fact}," for fact in rest], "    "),
        ")",
    ]
    return "\n".join(lines)


def operations_module(service: Service, first: Service | None) -> str:
    """The table of one service; `first` is the service whose names come first where both have one."""
    declared = [service.errors_of(operation) for operation in service.families]
    usual = sorted(
        name
        for name in set.union(*declared)
        if sum(name in errors for errors in declared) > 0.8 * len(declared)
    )
    used: dict[str, set[str]] = {}
    for operation, family in service.families.items():
        used.setdefault(family, set()).update((service.input_of(operation), service.output_of(operation)))
    imports = "\n".join(
        imported(f".{service.key}.{family}", names, "    ") for family, names in sorted(used.items())
    )
    blocks = "\n".join(operation_block(service, operation, first, usual) for operation in service.families)
    return f'''{HEADER}"""The operations of {service.metadata["serviceFullName"]}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._operation import Auth, Operation, Pagination, Retry, Service

if TYPE_CHECKING:
{imports}

{exported(constant(operation, first) for operation in service.families)}

{filled("_USUAL = frozenset({", map(quoted, usual), "})")}

{blocks}
'''
