"""Pools through the wire: made, shown, listed, changed, deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from tests.service.world import World
from userpool.service.context import Settings
from userpool.service.domain.records import SigningKey


def test_a_new_pool_has_cognitos_form_and_defaults(world: World) -> None:
    made = world.call("CreateUserPool", PoolName="people")["UserPool"]
    assert re.fullmatch(r"us-east-1_[0-9A-Za-z]{9}", made["Id"])
    assert made["Arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{made['Id']}"
    assert made["Name"] == "people"
    assert made["Policies"] == {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    }
    assert made["MfaConfiguration"] == "OFF"
    assert made["DeletionProtection"] == "INACTIVE"
    assert made["UserPoolTier"] == "ESSENTIALS"
    assert made["EstimatedNumberOfUsers"] == 0
    assert made["LambdaConfig"] == made["UserPoolTags"] == {}
    assert made["EmailConfiguration"] == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    assert made["AdminCreateUserConfig"] == {
        "AllowAdminCreateUserOnly": False,
        "UnusedAccountValidityDays": 7,
    }
    assert made["VerificationMessageTemplate"] == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}
    assert made["CreationDate"] == made["LastModifiedDate"] == world.time
    names = [one["Name"] for one in made["SchemaAttributes"]]
    assert names[0] == "sub"
    assert len(names) == 21
    assert world.call("DescribeUserPool", UserPoolId=made["Id"])["UserPool"] == made


GIVEN: dict[str, Any] = {
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 10,
            "RequireUppercase": False,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": False,
            "PasswordHistorySize": 3,
            "TemporaryPasswordValidityDays": 2,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "DeletionProtection": "INACTIVE",
    "AutoVerifiedAttributes": ["email"],
    "AliasAttributes": ["email"],
    "SmsAuthenticationMessage": "Your code is {####}",
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "DeviceConfiguration": {
        "ChallengeRequiredOnNewDevice": True,
        "DeviceOnlyRememberedOnUserPrompt": False,
    },
    "EmailConfiguration": {"ReplyToEmailAddress": "a@b.example", "EmailSendingAccount": "COGNITO_DEFAULT"},
    "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"},
    "UserPoolTags": {"stage": "test"},
    "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
    "UsernameConfiguration": {"CaseSensitive": False},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    "UserPoolTier": "PLUS",
    "MfaConfiguration": "OPTIONAL",
}


@pytest.mark.parametrize("member", sorted(GIVEN))
def test_what_a_pool_is_given_it_shows(world: World, member: str) -> None:
    made = world.call("CreateUserPool", PoolName="people", **GIVEN)["UserPool"]
    assert made[member] == GIVEN[member]


def test_messages_are_shown_under_their_old_and_new_names(world: World) -> None:
    template = {
        "SmsMessage": "sms {####}",
        "EmailMessage": "mail {####}",
        "EmailSubject": "subject",
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
    }
    made = world.call("CreateUserPool", PoolName="p", VerificationMessageTemplate=template)["UserPool"]
    assert made["VerificationMessageTemplate"] == template
    assert made["SmsVerificationMessage"] == "sms {####}"
    older = world.call("CreateUserPool", PoolName="p", EmailVerificationMessage="mail {####}")["UserPool"]
    assert older["EmailVerificationMessage"] == "mail {####}"
    assert older["VerificationMessageTemplate"]["EmailMessage"] == "mail {####}"


def test_an_attribute_of_the_pools_own(world: World) -> None:
    schema = [
        {"Name": "team", "AttributeDataType": "String", "Mutable": True},
        {"Name": "email", "Required": True, "AttributeDataType": "String"},
    ]
    made = world.call("CreateUserPool", PoolName="p", Schema=schema)["UserPool"]
    shown = {one["Name"]: one for one in made["SchemaAttributes"]}
    assert shown["custom:team"]["Mutable"]
    assert shown["email"]["Required"]


def test_every_pool_has_two_keys_and_its_own(world: World) -> None:
    pools = [world.call("CreateUserPool", PoolName="p")["UserPool"]["Id"] for _ in range(2)]

    def keys_of(pool_id: str) -> Sequence[SigningKey]:
        return world.service.context.store.read(lambda reader: reader.signing_keys(pool_id))

    keys = [keys_of(pool_id) for pool_id in pools]
    kids = {key.kid for pair in keys for key in pair}
    assert [len(pair) for pair in keys] == [2, 2]
    assert len(kids) == 4
    assert {key.use for key in keys[0]} == {"id", "access"}


def test_pools_come_in_pages(world: World) -> None:
    made = {world.call("CreateUserPool", PoolName=f"p{number}")["UserPool"]["Id"] for number in range(5)}
    found: list[str] = []
    token: str | None = None
    pages = 0
    while pages == 0 or token:
        answer = world.call("ListUserPools", MaxResults=2, NextToken=token)
        found += [pool["Id"] for pool in answer["UserPools"]]
        token = answer.get("NextToken")
        pages += 1
    assert pages == 3
    assert set(found) == made
    assert len(found) == 5


def test_a53_a_pages_token_is_good_for_its_own_list_only(world: World) -> None:
    for number in range(2):
        world.call("CreateUserPool", PoolName=f"p{number}")
    pool = world.pool()
    for _ in range(2):
        pool.client()
    token = world.call("ListUserPools", MaxResults=1)["NextToken"]
    clients = {"UserPoolId": pool.id, "MaxResults": 1}
    of_clients = world.call("ListUserPoolClients", **clients)["NextToken"]
    for wrong in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "made-up", of_clients):
        error = world.error("ListUserPools", MaxResults=1, NextToken=wrong)
        assert (error.code, error.message) == (
            "InvalidParameterException",
            "Invalid pagination token provided.",
        )
    other = world.pool()
    other.client()
    refused = world.error("ListUserPoolClients", UserPoolId=other.id, MaxResults=1, NextToken=of_clients)
    assert refused.code == "InvalidParameterException"


def test_an_update_sets_what_it_leaves_out_back_but_not_what_is_fixed(world: World) -> None:
    pool = world.pool(**GIVEN)
    pool.admin("SetUserPoolMfaConfig", SoftwareTokenMfaConfiguration={"Enabled": True})
    world.time += 10
    pool.admin("UpdateUserPool", PoolName="renamed", MfaConfiguration="OPTIONAL")
    shown = pool.admin("DescribeUserPool")["UserPool"]
    assert shown["Name"] == "renamed"
    assert shown["AliasAttributes"] == ["email"]
    assert shown["UsernameConfiguration"] == {"CaseSensitive": False}
    assert shown["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert "AutoVerifiedAttributes" not in shown
    assert shown["LastModifiedDate"] == world.time
    assert pool.admin("GetUserPoolMfaConfig")["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    assert pool.world.error("UpdateUserPool", UserPoolId=pool.id, LambdaConfig={"PreSignUp": ARN}).code == (
        "InvalidParameterException"
    )


ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_a_deleted_pool_is_gone_with_all_that_it_had(world: World) -> None:
    pool = world.pool()
    client = pool.client()
    client.signed_up("ada")
    pool.admin("DeleteUserPool")
    for operation, members in (
        ("DescribeUserPool", {}),
        ("DeleteUserPool", {}),
        ("AdminGetUser", {"Username": "ada"}),
        ("ListUsers", {}),
        ("DescribeUserPoolClient", {"ClientId": client.id}),
        ("ListUserPoolClients", {"MaxResults": 1}),
        ("CreateUserPoolClient", {"ClientName": "x"}),
        ("AdminCreateUser", {"Username": "x"}),
        ("GetUserPoolMfaConfig", {}),
        ("SetUserPoolMfaConfig", {"MfaConfiguration": "OFF"}),
        ("UpdateUserPool", {}),
    ):
        error = world.error(operation, UserPoolId=pool.id, **members)
        assert error.code == "ResourceNotFoundException", operation
        assert error.message == f"User pool {pool.id} does not exist."


def test_a_protected_pool_is_not_deleted(world: World) -> None:
    pool = world.pool(DeletionProtection="ACTIVE")
    assert world.error("DeleteUserPool", UserPoolId=pool.id).code == "InvalidParameterException"
    pool.admin("UpdateUserPool", DeletionProtection="INACTIVE")
    pool.admin("DeleteUserPool")


def test_settings_that_are_not_carried_out_are_refused_by_name(world: World) -> None:
    error = world.error("CreateUserPool", PoolName="p", LambdaConfig={"PreSignUp": ARN})
    assert error.code == "InvalidParameterException"
    assert "LambdaConfig" in error.message


def test_second_factors_are_set_and_shown(world: World) -> None:
    pool = world.pool()
    assert pool.admin("GetUserPoolMfaConfig") == {"MfaConfiguration": "OFF"}
    email = {"Message": "Code {####}", "Subject": "Code"}
    answer = pool.admin(
        "SetUserPoolMfaConfig",
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        EmailMfaConfiguration=email,
    )
    assert answer == {
        "MfaConfiguration": "ON",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "EmailMfaConfiguration": email,
    }
    pool.admin("SetUserPoolMfaConfig", MfaConfiguration="OPTIONAL")
    assert pool.admin("GetUserPoolMfaConfig") == {**answer, "MfaConfiguration": "OPTIONAL"}
    assert pool.admin("DescribeUserPool")["UserPool"]["MfaConfiguration"] == "OPTIONAL"


def test_a_pool_made_with_sms_mfa_shows_it(world: World) -> None:
    pool = world.pool(**GIVEN)
    assert pool.admin("GetUserPoolMfaConfig") == {
        "MfaConfiguration": "OPTIONAL",
        "SmsMfaConfiguration": {"SmsConfiguration": GIVEN["SmsConfiguration"]},
    }


@pytest.mark.parametrize(
    "members",
    [
        {"MfaConfiguration": "ON"},
        {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": False}},
        {"WebAuthnConfiguration": {"RelyingPartyId": "https://auth.example.com"}},
        {"WebAuthnConfiguration": {"UserVerification": "discouraged"}},
    ],
)
def test_second_factors_that_cannot_be(world: World, members: dict[str, Any]) -> None:
    pool = world.pool()
    assert world.error("SetUserPoolMfaConfig", UserPoolId=pool.id, **members).code == (
        "InvalidParameterException"
    )
    assert pool.admin("GetUserPoolMfaConfig") == {"MfaConfiguration": "OFF"}


def test_pools_of_another_region_have_its_name() -> None:
    with World(settings=Settings(region="cn-north-1", account_id="123456789012", development=True)) as world:
        made = world.call("CreateUserPool", PoolName="p")["UserPool"]
        assert made["Arn"] == f"arn:aws-cn:cognito-idp:cn-north-1:123456789012:userpool/{made['Id']}"
        issuer = world.context.settings.issuer_of(made["Id"])
        assert issuer == f"https://cognito-idp.cn-north-1.amazonaws.com.cn/{made['Id']}"
