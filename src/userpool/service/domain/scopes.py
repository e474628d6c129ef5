"""Scopes: those that every pool has, those of its resource servers, and which of them a token gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from userpool.protocol.errors import InvalidParameterException, ScopeDoesNotExistException
from userpool.protocol.tokens import SIGN_IN_SCOPE

from .records import ResourceServer

MAX_RESOURCE_SERVERS = 300
SYSTEM_SCOPES = frozenset({"openid", "email", "phone", "profile", SIGN_IN_SCOPE})


def server_of(scope: str) -> str | None:
    """The identifier of the resource server that a scope belongs to (`identifier/name`, and no name has a
    slash); `None` for a scope that every pool has, and for what is none.
    """
    return None if scope in SYSTEM_SCOPES else scope.rpartition("/")[0] or None


def scopes_of(servers: Iterable[ResourceServer]) -> frozenset[str]:
    """All scopes of resource servers, in full."""
    return frozenset(f"{server.identifier}/{name}" for server in servers for name in server.scopes)


def check_known(scopes: Iterable[str], servers: Iterable[ResourceServer]) -> None:
    """Refuse scopes for an app client that neither every pool nor one of `servers` has.

    Raises:
        ScopeDoesNotExistException: names the first of them.
    """
    known = SYSTEM_SCOPES | scopes_of(servers)
    for scope in scopes:
        if scope not in known:
            raise ScopeDoesNotExistException(f"Scope {scope} does not exist.")


def collected(scopes: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The scopes of a request for a resource server, name to description.

    Raises:
        InvalidParameterException: one stands there twice.
    """
    found: dict[str, str] = {}
    for one in scopes:
        if one["ScopeName"] in found:
            raise InvalidParameterException(f"Scope {one['ScopeName']} is given twice.")
        found[one["ScopeName"]] = one["ScopeDescription"]
    return found


def for_client(
    allowed: Sequence[str], servers: Iterable[ResourceServer], wanted: Sequence[str] | None
) -> tuple[str, ...]:
    """The scopes of a token that an app client gets for itself: those that it asks for, or all it may have.

    Args:
        allowed: the client's `AllowedOAuthScopes`. Only those of resource servers count here.
        servers: the pool's resource servers, as far as the client's scopes name them.
        wanted: what the request asks for.

    Raises:
        InvalidParameterException: it asks for a scope that it may not have, or may have none at all.
    """
    known = scopes_of(servers)
    may = tuple(scope for scope in dict.fromkeys(allowed) if scope in known)
    for scope in wanted or ():
        if scope not in may:
            raise InvalidParameterException(f"Scope {scope} is not allowed for this client.")
    if not may:
        raise InvalidParameterException("This client has no scopes of a resource server: allow it some.")
    return tuple(dict.fromkeys(wanted or may))


def derived(
    subject: Sequence[str],
    allowed: Sequence[str],
    servers: Iterable[ResourceServer],
    wanted: Sequence[str] | None,
) -> tuple[str, ...]:
    """The scopes of a token that is made out of another one: what is wanted, what the other one has, and what
    the client may have, and of that only what it may be used for elsewhere: no user's own calls.

    Args:
        subject: the scopes of the other token.
        allowed: the client's `AllowedOAuthScopes`.
        servers: the pool's resource servers, as far as the client's scopes name them.
        wanted: what the request asks for; `None` for all that the other token has.
    """
    may = (SYSTEM_SCOPES - {SIGN_IN_SCOPE} | scopes_of(servers)) & set(allowed) & set(subject)
    return tuple(scope for scope in dict.fromkeys(subject if wanted is None else wanted) if scope in may)
