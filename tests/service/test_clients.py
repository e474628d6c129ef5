"""App clients through the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.service.world import PoolOf, World


def test_a_new_client_has_cognitos_form_and_defaults(pool: PoolOf, world: World) -> None:
    made = pool.admin("CreateUserPoolClient", ClientName="app")["UserPoolClient"]
    assert re.fullmatch(r"[0-9a-z]{26}", made.pop("ClientId"))
    assert made == {
        "UserPoolId": pool.id,
        "ClientName": "app",
        "LastModifiedDate": world.time,
        "CreationDate": world.time,
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    }


GIVEN: dict[str, Any] = {
    "RefreshTokenValidity": 5,
    "AccessTokenValidity": 10,
    "IdTokenValidity": 20,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    "ReadAttributes": ["email"],
    "WriteAttributes": ["email"],
    "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://app.example/callback"],
    "LogoutURLs": ["https://app.example/"],
    "DefaultRedirectURI": "https://app.example/callback",
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AnalyticsConfiguration": {"ApplicationId": "a" * 32},
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": False,
    "EnablePropagateAdditionalUserContextData": True,
    "AuthSessionValidity": 10,
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
}


def test_what_a_client_is_given_it_shows(pool: PoolOf) -> None:
    made = pool.admin("CreateUserPoolClient", ClientName="app", **GIVEN)["UserPoolClient"]
    assert {name: made[name] for name in GIVEN} == GIVEN
    assert pool.admin("DescribeUserPoolClient", ClientId=made["ClientId"])["UserPoolClient"] == made


def test_a_generated_secret_is_long_and_lasts(pool: PoolOf, world: World) -> None:
    made = pool.admin("CreateUserPoolClient", ClientName="app", GenerateSecret=True)["UserPoolClient"]
    assert re.fullmatch(r"[0-9a-z]{52}", made["ClientSecret"])
    world.time += 5
    changed = pool.admin("UpdateUserPoolClient", ClientId=made["ClientId"], AuthSessionValidity=5)
    assert changed["UserPoolClient"] == {
        **made,
        "AuthSessionValidity": 5,
        "LastModifiedDate": world.time,
    }
    stored = world.service.context.store.read(lambda reader: reader.client(made["ClientId"]))
    assert stored is not None
    assert made["ClientSecret"].encode() not in stored.secrets[0].sealed
    assert made["ClientSecret"] not in repr(stored)


def test_a_secret_of_your_own(pool: PoolOf, world: World) -> None:
    secret = "s" * 30
    made = pool.admin("CreateUserPoolClient", ClientName="app", ClientSecret=secret)["UserPoolClient"]
    assert made["ClientSecret"] == secret
    both = world.error(
        "CreateUserPoolClient",
        UserPoolId=pool.id,
        ClientName="app",
        ClientSecret=secret,
        GenerateSecret=True,
    )
    assert both.code == "InvalidParameterException"


def test_an_update_sets_what_it_leaves_out_back(pool: PoolOf) -> None:
    made = pool.admin("CreateUserPoolClient", ClientName="app", **GIVEN)["UserPoolClient"]
    pool.admin("UpdateUserPoolClient", ClientId=made["ClientId"], ClientName="new")
    shown = pool.admin("DescribeUserPoolClient", ClientId=made["ClientId"])["UserPoolClient"]
    assert shown["ClientName"] == "new"
    assert shown["RefreshTokenValidity"] == 30
    assert "CallbackURLs" not in shown


@pytest.mark.parametrize(
    "members",
    [
        {"ReadAttributes": ["custom:none"]},
        {"WriteAttributes": ["custom:none"]},
        {"AccessTokenValidity": 25},
        {"SupportedIdentityProviders": ["Google"]},
        {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"]},
        {"AuthSessionValidity": 2},
        {"PreventUserExistenceErrors": "MAYBE"},
    ],
)
def test_clients_that_cannot_be(pool: PoolOf, world: World, members: dict[str, Any]) -> None:
    refused = world.error("CreateUserPoolClient", UserPoolId=pool.id, ClientName="app", **members)
    assert refused.code == "InvalidParameterException"
    assert pool.admin("ListUserPoolClients", MaxResults=60)["UserPoolClients"] == []
    client = pool.client()
    refused = world.error("UpdateUserPoolClient", UserPoolId=pool.id, ClientId=client.id, **members)
    assert refused.code == "InvalidParameterException"


def test_clients_come_in_pages_of_their_pool(pool: PoolOf, world: World) -> None:
    made = {pool.client().id for _ in range(3)}
    world.pool().client()
    first = pool.admin("ListUserPoolClients", MaxResults=2)
    second = pool.admin("ListUserPoolClients", MaxResults=2, NextToken=first["NextToken"])
    assert "NextToken" not in second
    found = first["UserPoolClients"] + second["UserPoolClients"]
    assert {one["ClientId"] for one in found} == made
    assert found[0] == {"ClientId": found[0]["ClientId"], "UserPoolId": pool.id, "ClientName": "app"}
    assert pool.admin("ListUserPoolClients", MaxResults=2, ClientType="DCR")["UserPoolClients"] == []


def test_a_client_is_found_in_its_own_pool_only(pool: PoolOf, world: World) -> None:
    client, other = pool.client(), world.pool()
    for operation in ("DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"):
        error = world.error(operation, UserPoolId=other.id, ClientId=client.id)
        assert error.code == "ResourceNotFoundException"
        assert error.message == f"User pool client {client.id} does not exist."
    pool.admin("DeleteUserPoolClient", ClientId=client.id)
    gone = world.error("DescribeUserPoolClient", UserPoolId=pool.id, ClientId=client.id)
    assert gone.code == "ResourceNotFoundException"
    assert client.error("SignUp", Username="ada", Password="Correct-horse-7").code == (
        "ResourceNotFoundException"
    )
