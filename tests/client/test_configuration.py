"""Pools made from what Amplify, a file or the environment say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.stage import CLIENT, POOL
from userpool import (
    AsyncIdentityPool,
    AsyncUserPool,
    IdentityPool,
    ParameterError,
    PasswordPolicy,
    PoolConfig,
    UserPool,
)

IDENTITY_POOL = "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"
STRICT = PasswordPolicy(12, True, False, True, False)

OUTPUTS = {
    "version": "1.4",
    "auth": {
        "user_pool_id": POOL,
        "aws_region": "us-east-1",
        "user_pool_client_id": CLIENT,
        "identity_pool_id": IDENTITY_POOL,
        "mfa_methods": [],
        "standard_required_attributes": ["email"],
        "password_policy": {"min_length": 12, "require_uppercase": True, "require_numbers": True},
        "unauthenticated_identities_enabled": True,
    },
    "data": {"url": "https://example.com/graphql"},
}
RESOURCES = {
    "Auth": {
        "Cognito": {
            "userPoolId": POOL,
            "userPoolClientId": CLIENT,
            "identityPoolId": IDENTITY_POOL,
            "loginWith": {"email": True},
            "passwordFormat": {"minLength": 12, "requireUppercase": True, "requireNumbers": True},
        }
    }
}
EXPORTS = {
    "aws_project_region": "us-east-1",
    "aws_cognito_region": "us-east-1",
    "aws_cognito_identity_pool_id": IDENTITY_POOL,
    "aws_user_pools_id": POOL,
    "aws_user_pools_web_client_id": CLIENT,
    "oauth": {},
    "aws_cognito_password_protection_settings": {
        "passwordPolicyMinLength": 12,
        "passwordPolicyCharacters": ["REQUIRES_UPPERCASE", "REQUIRES_NUMBERS"],
    },
}
OWN = {
    "user_pool_id": POOL,
    "client_id": CLIENT,
    "identity_pool_id": IDENTITY_POOL,
    "password_policy": {"minimum_length": 12, "require_lowercase": False, "require_symbols": False},
    "colour": "blue",
}
EARLIER = {"Auth": {"userPoolId": POOL, "userPoolWebClientId": CLIENT, "identityPoolId": IDENTITY_POOL}}
SHAPES = {"amplify_outputs": OUTPUTS, "ResourcesConfig": RESOURCES, "aws-exports": EXPORTS, "our own": OWN}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_every_shape_is_read_from_mappings_and_files(content: Mapping[str, Any], tmp_path: Path) -> None:
    wanted = PoolConfig(
        user_pool_id=POOL, client_id=CLIENT, identity_pool_id=IDENTITY_POOL, password_policy=STRICT
    )
    assert PoolConfig.read(content) == wanted
    file = tmp_path / "configuration.json"
    file.write_text(json.dumps(content), "utf-8-sig")
    assert PoolConfig.read(file) == PoolConfig.read(str(file)) == wanted
    program = tmp_path / "aws-exports.ts"
    program.write_text(
        f"/* eslint-disable */\nconst it = {json.dumps(content, indent=4)};\nexport default it;"
    )
    assert PoolConfig.read(program) == wanted


def test_the_form_before_version_6_is_read() -> None:
    assert PoolConfig.read(EARLIER) == PoolConfig(
        user_pool_id=POOL, client_id=CLIENT, identity_pool_id=IDENTITY_POOL
    )


def test_a_policy_may_be_given_as_one() -> None:
    assert PoolConfig.read({**OWN, "password_policy": STRICT}).password_policy is STRICT


def test_pools_are_made_of_it() -> None:
    config = PoolConfig.read(
        {
            **OWN,
            "client_secret": "hush",
            "endpoint": "http://pool.example:9339",
            "allow_insecure_http": True,
            "identity_endpoint": "http://identities.example",
        }
    )
    pool = UserPool.from_config(config, attempts=1)
    assert (pool.user_pool_id, pool.client_id) == (POOL, CLIENT)
    assert pool._config.endpoint == "http://pool.example:9339"
    assert (pool._config.client_secret, pool._config.attempts) == ("hush", 1)
    assert pool._config.password_policy == STRICT
    there = IdentityPool.from_config(config, account_id="123456789012")
    assert there.config.identity_pool_id == IDENTITY_POOL
    assert there.config.endpoint == "http://identities.example"
    assert there.config.account_id == "123456789012"


def test_pools_of_asyncio_are_made_of_it() -> None:
    assert AsyncUserPool.from_config(RESOURCES, client_id="another").client_id == "another"
    assert AsyncIdentityPool.from_config(RESOURCES).config.identity_pool_id == IDENTITY_POOL


def test_a_configuration_without_an_identity_pool_makes_none() -> None:
    with pytest.raises(ParameterError, match="names no identity pool"):
        IdentityPool.from_config({"user_pool_id": POOL, "client_id": CLIENT})


def changed(content: Mapping[str, Any], *path: str, to: Any) -> dict[str, Any]:
    """A copy with another value at one place."""
    copy = json.loads(json.dumps(content))
    inside = copy
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = to
    return dict(copy)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "the configuration names no user pool"),
    "another version": (changed(OUTPUTS, "version", to="2"), "version 1 is read"),
    "no object": (changed(OUTPUTS, "auth", to="eu"), "auth in the configuration has to be an object"),
    "a number": (
        changed(OUTPUTS, "auth", "user_pool_client_id", to=7),
        "auth.user_pool_client_id in .* text",
    ),
    "no client": (
        changed(RESOURCES, "Auth", "Cognito", "userPoolClientId", to=""),
        r"Auth\.Cognito\.userPoolClientId is missing",
    ),
    "no pool": (changed(OUTPUTS, "auth", "user_pool_id", to=None), r"auth\.user_pool_id is missing"),
    "a pool that is none": (
        changed(EXPORTS, "aws_user_pools_id", to="pool"),
        "aws_user_pools_id in the configuration: 'pool' is not a user pool id",
    ),
    "a policy that is none": (
        changed(RESOURCES, "Auth", "Cognito", "passwordFormat", to=8),
        r"Auth\.Cognito\.passwordFormat in the configuration has to be an object",
    ),
    "a length that is none": (
        changed(OUTPUTS, "auth", "password_policy", "min_length", to="8"),
        r"auth\.password_policy in the configuration: The minimum length",
    ),
    "a length that is true": (
        changed(OWN, "password_policy", "minimum_length", to=True),
        r"password_policy\.minimum_length in the configuration has to be a whole number",
    ),
    "a rule that is text": (
        changed(OWN, "password_policy", "require_symbols", to="no"),
        r"password_policy\.require_symbols in the configuration has to be true or false",
    ),
    "a switch that is text": (
        {**OWN, "allow_insecure_http": "no"},
        "allow_insecure_http in .* true or false",
    ),
}


@pytest.mark.parametrize(("content", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_path(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        PoolConfig.read(content)


FILES: dict[str, tuple[str, bytes, str]] = {
    "no JSON": ("a.json", b'{"auth": \n}', "is not JSON: .* in line 2"),
    "no object": ("a.json", b"[]", "holds no object"),
    "no text": ("a.json", b"\xff\xfe", "no text in UTF-8"),
    "too deep": ("a.json", b"[" * 100_000, "nested too deep"),
    "too large": ("a.json", b" " * (1024 * 1024 + 1), "larger than a configuration"),
    "a program": ("aws-exports.js", b"export default {\n  a: secret() }", r"Line 2: Here stands something"),
}


@pytest.mark.parametrize(("name", "content", "words"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_read_is_named(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ParameterError, match=words) as caught:
        UserPool.from_config(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"amplify_outputs.json cannot be read"):
        PoolConfig.read(tmp_path / "amplify_outputs.json")


def test_the_environment_is_read() -> None:
    variables = {"USERPOOL_POOL_ID": POOL, "USERPOOL_CLIENT_ID": CLIENT, "USERPOOL_ALLOW_INSECURE_HTTP": "1"}
    assert PoolConfig.from_environment(variables) == PoolConfig(
        user_pool_id=POOL, client_id=CLIENT, allow_insecure_http=True
    )
    no = {**variables, "USERPOOL_ALLOW_INSECURE_HTTP": "no", "USERPOOL_ENDPOINT": ""}
    assert PoolConfig.from_environment(no) == PoolConfig(user_pool_id=POOL, client_id=CLIENT)


def test_the_environment_goes_before_the_file_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "amplify_outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    variables = {"USERPOOL_CONFIG": str(file), "USERPOOL_CLIENT_ID": "another"}
    config = PoolConfig.from_environment(variables)
    assert (config.client_id, config.user_pool_id) == ("another", POOL)
    assert (config.identity_pool_id, config.password_policy) == (IDENTITY_POOL, STRICT)


def test_a_variable_that_is_missing_or_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERPOOL_CONFIG", "USERPOOL_POOL_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ParameterError, match="Set USERPOOL_POOL_ID, or USERPOOL_CONFIG"):
        PoolConfig.from_environment()
    with pytest.raises(ParameterError, match="USERPOOL_POOL_ID: 'pool' is not"):
        PoolConfig.from_environment({"USERPOOL_POOL_ID": "pool", "USERPOOL_CLIENT_ID": CLIENT})


def test_the_secret_is_shown_nowhere() -> None:
    secret = canary("client secret")
    assert_hidden(PoolConfig.read({**OWN, "client_secret": secret}), secret)
    with pytest.raises(ParameterError) as caught:
        PoolConfig.read({**OWN, "client_secret": [secret]})
    assert secret not in str(caught.value)
