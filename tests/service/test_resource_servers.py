"""Resource servers through the wire, and clients that may have their scopes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import PoolOf, World
from userpool.service.operations import resource_servers

READ = {"ScopeName": "read", "ScopeDescription": "to read"}
WRITE = {"ScopeName": "write", "ScopeDescription": "to write"}


def make(pool: PoolOf, identifier: str = "api", *scopes: dict[str, str]) -> dict[str, Any]:
    given = list(scopes) or None
    made: dict[str, Any] = pool.admin(
        "CreateResourceServer", Identifier=identifier, Name="API", Scopes=given
    )["ResourceServer"]
    return made


def test_a_resource_server_is_made_shown_and_changed(pool: PoolOf) -> None:
    made = make(pool, "https://api.example.com", READ, WRITE)
    assert made == {
        "UserPoolId": pool.id,
        "Identifier": "https://api.example.com",
        "Name": "API",
        "Scopes": [READ, WRITE],
    }
    named = {"Identifier": "https://api.example.com"}
    assert pool.admin("DescribeResourceServer", **named)["ResourceServer"] == made
    changed = pool.admin("UpdateResourceServer", **named, Name="new", Scopes=[WRITE])["ResourceServer"]
    assert changed == {**made, "Name": "new", "Scopes": [WRITE]}
    emptied = pool.admin("UpdateResourceServer", **named, Name="new")["ResourceServer"]
    assert emptied == {**made, "Name": "new", "Scopes": []}
    pool.admin("DeleteResourceServer", **named)
    assert pool.admin("ListResourceServers")["ResourceServers"] == []


def test_they_come_in_pages_of_their_pool(pool: PoolOf, world: World) -> None:
    for identifier in ("c", "a", "b"):
        make(pool, identifier)
    make(world.pool(), "d")
    first = pool.admin("ListResourceServers", MaxResults=2)
    second = pool.admin("ListResourceServers", MaxResults=2, NextToken=first["NextToken"])
    found = first["ResourceServers"] + second["ResourceServers"]
    assert [one["Identifier"] for one in found] == ["a", "b", "c"]
    assert "NextToken" not in second
    error = world.error("ListResourceServers", UserPoolId=world.pool().id, NextToken=first["NextToken"])
    assert error.code == "InvalidParameterException"


def test_what_cannot_be(pool: PoolOf, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make(pool)
    named = {"UserPoolId": pool.id, "Name": "API"}
    assert world.error("CreateResourceServer", **named, Identifier="api").code == "InvalidParameterException"
    twice = world.error("CreateResourceServer", **named, Identifier="b", Scopes=[READ, READ])
    assert twice.code == "InvalidParameterException"
    monkeypatch.setattr(resource_servers, "MAX_RESOURCE_SERVERS", 1)
    assert world.error("CreateResourceServer", **named, Identifier="b").code == "LimitExceededException"


@pytest.mark.parametrize(
    "operation", ["DescribeResourceServer", "UpdateResourceServer", "DeleteResourceServer"]
)
def test_what_is_not_there_is_not_found(pool: PoolOf, world: World, operation: str) -> None:
    make(world.pool())
    more = {"Name": "API"} if operation == "UpdateResourceServer" else {}
    for pool_id in (pool.id, "us-east-1_none12345"):
        error = world.error(operation, UserPoolId=pool_id, Identifier="api", **more)
        assert error.code == "ResourceNotFoundException"


def test_a_client_may_only_be_allowed_scopes_that_exist(pool: PoolOf, world: World) -> None:
    make(pool, "api", READ)
    allowed = ["openid", "aws.cognito.signin.user.admin", "api/read"]
    client = pool.client(AllowedOAuthScopes=allowed)
    named = {"UserPoolId": pool.id, "ClientName": "app"}
    for scopes in (["api/write"], ["other/read"], ["read"]):
        error = world.error("CreateUserPoolClient", **named, AllowedOAuthScopes=scopes)
        assert error.code == "ScopeDoesNotExistException"
        error = world.error("UpdateUserPoolClient", **named, ClientId=client.id, AllowedOAuthScopes=scopes)
        assert error.code == "ScopeDoesNotExistException"
    shown = pool.admin("DescribeUserPoolClient", ClientId=client.id)["UserPoolClient"]
    assert shown["AllowedOAuthScopes"] == allowed
