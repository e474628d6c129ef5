"""Seed files: the same pools, clients and users after every start."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.service.world import PASSWORD, ClientOf, PoolOf, World
from userpool.service.seed import SeedError, parse_seed, read_seed

POOL = "us-east-1_aB12cDe34"
CLIENT = "7ghr5379orhbo88d52vphda6s9"
SECRET = "s" * 40

TEXT = f"""
[[pool]]
id = "{POOL}"
name = "example"
[pool.settings]
AutoVerifiedAttributes = ["email"]
Schema = [{{Name = "team", AttributeDataType = "String", Mutable = true}}]
[pool.settings.Policies.PasswordPolicy]
MinimumLength = 6
[pool.mfa]
MfaConfiguration = "OPTIONAL"
SoftwareTokenMfaConfiguration = {{Enabled = true}}

[[pool.client]]
id = "{CLIENT}"
name = "web"
[pool.client.settings]
ExplicitAuthFlows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

[[pool.client]]
id = "1h57kf5cpq17m0eml12EXAMPLE"
name = "server"
secret = "{SECRET}"

[[pool.user]]
username = "ada"
password = "{PASSWORD}"
[pool.user.attributes]
email = "ada@example.com"
email_verified = true
"custom:team" = "engines"

[[pool.user]]
username = "eve"
password = "{PASSWORD}"
temporary = true
"""


@pytest.fixture
def planted(world: World) -> World:
    parse_seed(tomllib.loads(TEXT)).plant(world.context)
    return world


def test_a_seed_makes_all_that_it_says(planted: World) -> None:
    pool = planted.call("DescribeUserPool", UserPoolId=POOL)["UserPool"]
    assert pool["Name"] == "example"
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 6
    mfa = planted.call("GetUserPoolMfaConfig", UserPoolId=POOL)
    assert mfa["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    server = planted.call("DescribeUserPoolClient", UserPoolId=POOL, ClientId="1h57kf5cpq17m0eml12EXAMPLE")[
        "UserPoolClient"
    ]
    assert server["ClientSecret"] == SECRET
    client = ClientOf(PoolOf(planted, POOL), CLIENT)
    tokens = client.tokens(client.by_password("ada"))
    shown = {one["Name"]: one["Value"] for one in tokens.call("GetUser")["UserAttributes"]}
    assert shown["email_verified"] == "true"
    user = PoolOf(planted, POOL).user("ada")
    assert user.attributes["custom:team"] == "engines"
    assert client.by_password("eve")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_planting_again_changes_nothing(planted: World) -> None:
    pool = PoolOf(planted, POOL)
    before = pool.user("ada")
    keys = planted.service.context.store.read(lambda reader: reader.signing_keys(POOL))
    pool.admin("UpdateUserPoolClient", ClientId=CLIENT, ClientName="renamed")
    pool.admin("AdminDeleteUser", Username="eve")
    parse_seed(tomllib.loads(TEXT)).plant(planted.context)
    assert pool.user("ada") == before
    assert planted.service.context.store.read(lambda reader: reader.signing_keys(POOL)) == keys
    client = pool.admin("DescribeUserPoolClient", ClientId=CLIENT)["UserPoolClient"]
    assert client["ClientName"] == "renamed"
    assert pool.user("eve").username == "eve"


def test_what_was_seeded_is_there_again_after_a_reset(world: World) -> None:
    world.service.seed(parse_seed(tomllib.loads(TEXT)).plant)
    world.service.reset()
    assert PoolOf(world, POOL).user("ada").username == "ada"


def test_seeds_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(TEXT)
    assert len(read_seed(file).pools) == 1
    with pytest.raises(SeedError, match="cannot be read"):
        read_seed(tmp_path / "none")
    file.write_text("[[pool")
    with pytest.raises(SeedError, match="not TOML"):
        read_seed(file)
    file.write_bytes(b"\xff")
    with pytest.raises(SeedError, match="not TOML"):
        read_seed(file)


NAMED = {"id": POOL, "name": "p"}
USER = {"username": "ada", "password": PASSWORD}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"pools": []}, "'pools'"),
        ({"pool": {"id": "x"}}, r"\[\[…\]\]"),
        ({"pool": ["x"]}, r"\[\[…\]\]"),
        ({"pool": [{"name": "p"}]}, "'id'"),
        ({"pool": [{"id": POOL, "name": ""}]}, "'name'"),
        ({"pool": [{**NAMED, "clients": []}]}, "'clients'"),
        ({"pool": [{**NAMED, "client": [{"id": "x"}]}]}, "client needs 'name'"),
        ({"pool": [{**NAMED, "user": [{"username": "x"}]}]}, "user needs 'password'"),
        ({"pool": [{**NAMED, "user": [{**USER, "mail": "x"}]}]}, "'mail'"),
    ],
)
def test_files_that_are_no_seeds(data: dict[str, Any], text: str) -> None:
    with pytest.raises(SeedError, match=text):
        parse_seed(data)


@pytest.mark.parametrize(
    ("pool", "text"),
    [
        ({"id": "no_pool_id"}, "pool no_pool_id: .*not a user pool id"),
        ({"settings": {"PoolNames": "x"}}, "CreateUserPool has no member 'PoolNames'"),
        ({"settings": {"MfaConfiguration": "MAYBE"}}, "MAYBE"),
        ({"settings": {"MfaConfiguration": "ON"}}, "SMS configuration"),
        ({"settings": {"AutoVerifiedAttributes": "email"}}, "AutoVerifiedAttributes must be a list"),
        (
            {"client": [{"id": "c", "name": "c", "settings": {"ReadAttributes": ["x"]}}]},
            "client c: Invalid read",
        ),
        ({"client": [{"id": "c", "name": "c", "secret": "short"}]}, "client c"),
        ({"user": [{**USER, "password": "short"}]}, "user ada: Password did not conform"),
        ({"user": [{**USER, "attributes": {"email": "none"}}]}, "user ada: Invalid email"),
    ],
)
def test_seeds_that_the_service_refuses(world: World, pool: dict[str, Any], text: str) -> None:
    with pytest.raises(SeedError, match=text) as caught:
        parse_seed({"pool": [{**NAMED, **pool}]}).plant(world.context)
    assert PASSWORD not in str(caught.value)


def test_a_client_of_another_pool_is_not_taken_over(planted: World) -> None:
    client = {"id": CLIENT, "name": "web"}
    other = {"id": "us-east-1_other1234", "name": "o", "client": [client]}
    with pytest.raises(SeedError, match="there already"):
        parse_seed({"pool": [other]}).plant(planted.context)


def test_two_users_with_one_alias_are_refused(world: World) -> None:
    alias = {"email": "a@example.com", "email_verified": True}
    users = [{**USER, "username": name, "attributes": alias} for name in ("ada", "eve")]
    pool = {**NAMED, "settings": {"AliasAttributes": ["email"]}, "user": users}
    with pytest.raises(SeedError, match="user eve: somebody else"):
        parse_seed({"pool": [pool]}).plant(world.context)
