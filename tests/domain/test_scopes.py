"""Scopes of resource servers, and which of them a token gets."""

from __future__ import annotations

import pytest

from userpool.protocol.errors import InvalidParameterException, ScopeDoesNotExistException
from userpool.protocol.tokens import SIGN_IN_SCOPE
from userpool.service.domain.records import ResourceServer
from userpool.service.domain.scopes import (
    check_known,
    collected,
    derived,
    for_client,
    scopes_of,
    server_of,
)

API = ResourceServer("pool", "https://api.example.com/v1", "API", {"read": "", "write": ""})
OTHER = ResourceServer("pool", "other", "Other", {"read": ""})
BOTH = (API, OTHER)
READ, WRITE, OTHER_READ = f"{API.identifier}/read", f"{API.identifier}/write", "other/read"


@pytest.mark.parametrize(
    ("scope", "server"),
    [
        (READ, API.identifier),
        (OTHER_READ, "other"),
        ("openid", None),
        (SIGN_IN_SCOPE, None),
        ("x", None),
        ("/x", None),
    ],
)
def test_a_scope_names_its_server(scope: str, server: str | None) -> None:
    assert server_of(scope) == server


def test_a_client_may_have_scopes_that_exist() -> None:
    assert scopes_of(BOTH) == {READ, WRITE, OTHER_READ}
    check_known(["openid", SIGN_IN_SCOPE, READ, OTHER_READ], BOTH)
    for unknown in ("other/write", "openid/read", "nothing"):
        with pytest.raises(ScopeDoesNotExistException, match=unknown):
            check_known(["openid", unknown], BOTH)


def test_a_resource_server_has_each_scope_once() -> None:
    given = [
        {"ScopeName": "read", "ScopeDescription": "to read"},
        {"ScopeName": "write", "ScopeDescription": "w"},
    ]
    assert collected(given) == {"read": "to read", "write": "w"}
    with pytest.raises(InvalidParameterException, match="read is given twice"):
        collected([*given, given[0]])


def test_a_client_gets_what_it_asks_for_or_all_of_a_resource_servers_that_it_may_have() -> None:
    allowed = ["openid", WRITE, READ, "gone/read"]
    assert for_client(allowed, BOTH, None) == (WRITE, READ)
    assert for_client(allowed, BOTH, []) == (WRITE, READ)
    assert for_client(allowed, BOTH, [READ, READ]) == (READ,)
    for wanted in (OTHER_READ, "openid", "gone/read"):
        with pytest.raises(InvalidParameterException, match=wanted):
            for_client(allowed, BOTH, [READ, wanted])
    with pytest.raises(InvalidParameterException, match="no scopes"):
        for_client(["openid"], BOTH, None)


def test_a_derived_token_has_what_all_three_have_and_never_the_users_own_calls() -> None:
    subject, allowed = [SIGN_IN_SCOPE, "openid", READ, WRITE], [SIGN_IN_SCOPE, "openid", READ, OTHER_READ]
    assert derived(subject, allowed, BOTH, None) == ("openid", READ)
    assert derived(subject, allowed, BOTH, [OTHER_READ, READ, WRITE, READ, SIGN_IN_SCOPE]) == (READ,)
    assert derived(subject, allowed, BOTH, []) == ()
    assert derived(subject, allowed, (), None) == ("openid",)
