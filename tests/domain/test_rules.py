"""What pools and clients may not be set to."""

from __future__ import annotations

from typing import Any

import pytest

from userpool.protocol.errors import (
    FeatureUnavailableInTierException,
    InvalidOAuthFlowException,
    InvalidParameterException,
)
from userpool.service.domain.client_rules import check_client
from userpool.service.domain.pool_rules import check_pool, check_schema
from userpool.service.domain.records import AppClient

TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


def recovery(*names: str) -> dict[str, Any]:
    mechanisms = [{"Name": name, "Priority": number + 1} for number, name in enumerate(names)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": mechanisms}}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"AliasAttributes": ["email", "preferred_username"]},
        {"UsernameAttributes": ["email"]},
        {"MfaConfiguration": "ON", **TOTP},
        {"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {}},
        {"MfaConfiguration": "OPTIONAL", "SmsConfiguration": {"SnsCallerArn": "arn"}},
        recovery("verified_email", "verified_phone_number"),
        recovery("admin_only"),
        {
            "AutoVerifiedAttributes": ["email"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        },
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
        {"UserPoolTier": "LITE", "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}},
        {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}},
        {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"}},
        {"LambdaConfig": {}},
        {"DcrConfiguration": {"EnableStatus": "DISABLED"}},
        {"KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"}},
        {"IssuerConfiguration": {"Type": "ORIGINAL"}},
        {
            "Schema": [
                {"Name": "email", "Required": True, "StringAttributeConstraints": {"MaxLength": "100"}},
                {"Name": "updated_at", "NumberAttributeConstraints": {"MinValue": "-5"}},
                {
                    "Name": "age",
                    "AttributeDataType": "Number",
                    "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "150"},
                    "StringAttributeConstraints": {},
                },
                {"Name": "team", "StringAttributeConstraints": {"MinLength": "", "MaxLength": "20"}},
            ]
        },
    ],
)
def test_good_pools(settings: dict[str, Any]) -> None:
    check_pool(settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"AliasAttributes": ["email"], "UsernameAttributes": ["email"]}, "Only one of the aliasAttributes"),
        ({"MfaConfiguration": "ON"}, "SMS configuration and Auto verification"),
        (recovery("admin_only", "verified_email"), "admin_only"),
        (recovery("verified_email", "verified_email"), "once"),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Name": "verified_email", "Priority": 1},
                        {"Name": "verified_phone_number", "Priority": 1},
                    ]
                }
            },
            "once",
        ),
        (
            {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}},
            "AutoVerifiedAttributes",
        ),
        ({"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["EMAIL_OTP"]}}}, "PASSWORD"),
        (
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SOFTWARE_TOKEN"]}}},
            "SOFTWARE_TOKEN",
        ),
        ({"WebAuthnConfiguration": {"RelyingPartyId": "https://example.com"}}, "RelyingPartyId"),
        (
            {
                "AliasAttributes": ["preferred_username"],
                "Schema": [{"Name": "preferred_username", "Required": True}],
            },
            "preferred_username",
        ),
        ({"LambdaConfig": {"PreSignUp": "arn"}}, "LambdaConfig"),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, "threat protection"),
        ({"DcrConfiguration": {"EnableStatus": "ENABLED"}}, "DcrConfiguration"),
        ({"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}, "KeyConfiguration"),
        ({"IssuerConfiguration": {"Type": "UPDATED"}}, "IssuerConfiguration"),
        ({"AcrConfiguration": {"LOA_1": {"AcrValue": "x"}}}, "AcrConfiguration"),
        ({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}, "CONFIRM_WITH_LINK"),
    ],
)
def test_pools_that_cannot_be(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        check_pool(settings)
    assert text in caught.value.message


@pytest.mark.parametrize(
    "settings",
    [
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}},
        {"WebAuthnConfiguration": {"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}},
        {"EmailMfaConfiguration": {}},
    ],
)
def test_features_that_the_tier_lite_has_not(settings: dict[str, Any]) -> None:
    check_pool(settings)
    with pytest.raises(FeatureUnavailableInTierException):
        check_pool({"UserPoolTier": "LITE", **settings})


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ({}, "without a Name"),
        ({"Name": "sub"}, "sub"),
        ({"Name": "email", "AttributeDataType": "Number"}, "standard schema attribute email"),
        ({"Name": "email", "DeveloperOnlyAttribute": True}, "standard schema attribute email"),
        ({"Name": "team", "Required": True}, "Required custom attributes"),
        ({"Name": "team", "NumberAttributeConstraints": {"MinValue": "1"}}, "type String"),
        ({"Name": "x", "StringAttributeConstraints": {"MinLength": "one"}}, "whole number"),
        ({"Name": "x", "StringAttributeConstraints": {"MaxLength": "٣"}}, "whole number"),
        ({"Name": "x", "StringAttributeConstraints": {"MinLength": "3", "MaxLength": "2"}}, "greater"),
    ],
)
def test_attributes_that_cannot_be(attribute: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        check_schema([attribute])
    assert text in caught.value.message


def test_a66_attributes_are_of_one_name_each_and_fifty_at_most() -> None:
    with pytest.raises(InvalidParameterException):
        check_schema([{"Name": "team"}, {"Name": "custom:team"}])
    with pytest.raises(InvalidParameterException):
        check_schema([{"Name": "team"}], taken=["custom:team"])
    fifty = [{"Name": f"a{number}"} for number in range(50)]
    check_schema(fifty)
    with pytest.raises(InvalidParameterException):
        check_schema([*fifty, {"Name": "one_more"}])


def check(**settings: Any) -> None:
    client = AppClient("client", "us-east-1_abc", "app", settings, (), 0.0, 0.0)
    check_client(client, {"email", "name", "custom:team"}, {"email"})


ROTATION = {"RefreshTokenRotation": {"Feature": "ENABLED"}}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"]},
        {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"], **ROTATION},
        {"RefreshTokenRotation": {"Feature": "DISABLED"}},
        {"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"RefreshTokenValidity": 60, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        {"ReadAttributes": ["email"], "WriteAttributes": ["email", "custom:team"]},
        {"AllowedOAuthFlows": ["code", "implicit"]},
        {"CallbackURLs": ["https://a.example/cb", "http://localhost:3000", "myapp://cb"]},
        {"CallbackURLs": ["https://a.example"], "DefaultRedirectURI": "https://a.example"},
        {"SupportedIdentityProviders": ["COGNITO"]},
    ],
)
def test_good_clients(settings: dict[str, Any]) -> None:
    check(**settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"]}, "cannot mix"),
        (ROTATION, "rotation"),
        ({"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"], **ROTATION}, "rotation"),
        ({"ExplicitAuthFlows": ["USER_PASSWORD_AUTH"], **ROTATION}, "rotation"),
        ({"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}}, "token validity"),
        ({"IdTokenValidity": 25}, "token validity"),
        ({"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}}, "Refresh tokens"),
        ({"RefreshTokenValidity": 3651}, "Refresh tokens"),
        (
            {
                "AccessTokenValidity": 2,
                "RefreshTokenValidity": 1,
                "TokenValidityUnits": {"RefreshToken": "hours"},
            },
            "outlive",
        ),
        ({"ReadAttributes": ["custom:none"]}, "read attributes"),
        ({"WriteAttributes": ["email", "custom:none"]}, "write attributes"),
        ({"WriteAttributes": ["name"]}, "write attributes"),
        ({"CallbackURLs": ["http://a.example"]}, "HTTP protocol"),
        ({"CallbackURLs": ["https://a.example/#top"]}, "fragment"),
        ({"LogoutURLs": ["/here"]}, "absolute"),
        ({"LogoutURLs": ["https://[bad"]}, "not a URL"),
        ({"CallbackURLs": ["https://a.example"], "DefaultRedirectURI": "https://b.example"}, "CallbackURLs"),
        ({"SupportedIdentityProviders": ["Google"]}, "The provider Google does not exist"),
    ],
)
def test_clients_that_cannot_be(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        check(**settings)
    assert text in caught.value.message


def test_machines_and_people_do_not_share_a_client() -> None:
    with pytest.raises(InvalidOAuthFlowException):
        check(AllowedOAuthFlows=["client_credentials", "code"])
