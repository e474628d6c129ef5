"""What pools and clients are set to, when little or much was said."""

from __future__ import annotations

from typing import Any

import pytest

from userpool.service.domain.records import AppClient, ClientSecret, Pool
from userpool.service.domain.settings import (
    DAY,
    DEFAULT_FLOWS,
    HOUR,
    ClientSettings,
    Flow,
    MessageText,
    MfaMethod,
    MfaMode,
    PasswordPolicy,
    PoolSettings,
)


def pool(**settings: Any) -> PoolSettings:
    return PoolSettings(Pool("us-east-1_abc", "pool", settings, 0.0, 0.0))


def client(*secrets: ClientSecret, **settings: Any) -> ClientSettings:
    return ClientSettings(AppClient("client", "us-east-1_abc", "app", settings, secrets, 0.0, 0.0))


def test_a_pool_of_which_nothing_was_said_has_the_defaults_of_the_api() -> None:
    settings = pool()
    assert settings.password_policy == PasswordPolicy(8, True, True, True, True, 7, 0)
    assert settings.password_policy.temporary_seconds == 7 * DAY
    assert settings.first_factors == ("PASSWORD",)
    assert settings.mfa is MfaMode.OFF
    assert settings.mfa_methods == frozenset()
    assert settings.case_sensitive
    assert settings.auto_verified == settings.username_attributes == settings.alias_attributes == frozenset()
    assert settings.required_attributes == ()
    assert settings.verify_before_update == frozenset()
    assert settings.recovery == ("verified_phone_number", "verified_email")
    assert not settings.recovery_configured
    assert not settings.admin_create_only
    assert settings.tier == "ESSENTIALS"
    assert not settings.deletion_protected
    assert not settings.devices_tracked
    assert not settings.devices_need_opt_in
    assert not settings.device_skips_mfa
    empty = MessageText()
    assert settings.mfa_message == settings.invite_message == settings.verification_message == empty


def test_of_a_policy_given_in_part_the_rest_is_not_required() -> None:
    policy = pool(Policies={"PasswordPolicy": {"MinimumLength": 6, "RequireNumbers": True}}).password_policy
    assert policy == PasswordPolicy(6, False, False, True, False, 7, 0)


@pytest.mark.parametrize(
    ("policies", "admin", "days"),
    [
        (None, None, 7),
        (None, {"UnusedAccountValidityDays": 3}, 3),
        ({"PasswordPolicy": {"TemporaryPasswordValidityDays": 2}}, {"UnusedAccountValidityDays": 3}, 2),
        ({"PasswordPolicy": {"TemporaryPasswordValidityDays": 0}}, {"UnusedAccountValidityDays": 3}, 3),
        ({"PasswordPolicy": {"TemporaryPasswordValidityDays": 0}}, None, 7),
    ],
)
def test_days_of_a_temporary_password(policies: Any, admin: Any, days: int) -> None:
    assert pool(Policies=policies, AdminCreateUserConfig=admin).password_policy.temporary_days == days


@pytest.mark.parametrize(
    ("settings", "methods"),
    [
        ({"SmsConfiguration": {"SnsCallerArn": "arn"}}, {MfaMethod.SMS}),
        ({"SmsConfiguration": {"SnsCallerArn": "arn"}, "SmsMfaConfiguration": {}}, set()),
        ({"SmsMfaConfiguration": {"SmsAuthenticationMessage": "{####}"}}, {MfaMethod.SMS}),
        ({"SoftwareTokenMfaConfiguration": {"Enabled": True}}, {MfaMethod.TOTP}),
        ({"SoftwareTokenMfaConfiguration": {"Enabled": False}}, set()),
        ({"EmailMfaConfiguration": {}}, {MfaMethod.EMAIL}),
    ],
)
def test_second_factors(settings: dict[str, Any], methods: set[MfaMethod]) -> None:
    assert pool(MfaConfiguration="OPTIONAL", **settings).mfa_methods == methods
    assert pool(MfaConfiguration="OFF", **settings).mfa_methods == set()


def test_texts_of_messages() -> None:
    settings = pool(
        SmsAuthenticationMessage="pool {####}",
        SmsVerificationMessage="old sms",
        EmailVerificationMessage="old mail",
        EmailVerificationSubject="old subject",
        AdminCreateUserConfig={
            "AllowAdminCreateUserOnly": True,
            "InviteMessageTemplate": {"SMSMessage": "s", "EmailMessage": "e", "EmailSubject": "j"},
        },
    )
    assert settings.mfa_message == MessageText(sms="pool {####}")
    assert settings.verification_message == MessageText("old sms", "old mail", "old subject")
    assert settings.invite_message == MessageText("s", "e", "j")
    assert settings.admin_create_only
    newer = pool(
        EmailVerificationMessage="old",
        VerificationMessageTemplate={"SmsMessage": "a", "EmailMessage": "b", "EmailSubject": "c"},
        SmsMfaConfiguration={"SmsAuthenticationMessage": "x"},
        EmailMfaConfiguration={"Message": "y", "Subject": "z"},
    )
    assert newer.verification_message == MessageText("a", "b", "c")
    assert newer.mfa_message == MessageText("x", "y", "z")


def test_the_rest_of_a_pool_as_it_was_set() -> None:
    settings = pool(
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        UsernameConfiguration={"CaseSensitive": False},
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        AccountRecoverySetting={
            "RecoveryMechanisms": [
                {"Name": "verified_phone_number", "Priority": 2},
                {"Name": "verified_email", "Priority": 1},
            ]
        },
        DeviceConfiguration={
            "ChallengeRequiredOnNewDevice": True,
            "DeviceOnlyRememberedOnUserPrompt": True,
        },
        UserPoolTier="LITE",
        DeletionProtection="ACTIVE",
        Schema=[{"Name": "email", "Required": True}, {"Name": "team", "AttributeDataType": "String"}],
    )
    assert settings.first_factors == ("PASSWORD", "EMAIL_OTP")
    assert not settings.case_sensitive
    assert settings.verify_before_update == {"email"}
    assert settings.recovery == ("verified_email", "verified_phone_number")
    assert settings.recovery_configured
    assert settings.devices_tracked
    assert settings.devices_need_opt_in
    assert settings.device_skips_mfa
    assert settings.tier == "LITE"
    assert settings.deletion_protected
    assert settings.required_attributes == ("email",)
    assert "custom:team" in settings.schema


def test_a_client_of_which_nothing_was_said_has_the_defaults_of_the_api() -> None:
    settings = client()
    assert not settings.has_secret
    assert settings.flows == DEFAULT_FLOWS
    assert settings.access_seconds == settings.id_seconds == HOUR
    assert settings.refresh_seconds == 30 * DAY
    assert settings.auth_session_seconds == 180
    assert not settings.prevent_user_existence_errors
    assert settings.token_revocation
    assert not settings.rotation
    assert settings.rotation_grace_seconds == 0
    assert (
        settings.oauth_flows == settings.oauth_scopes == settings.callback_urls == settings.logout_urls == ()
    )
    assert settings.may_read("email_verified")
    assert settings.may_write("email")
    assert not settings.may_write("email_verified")
    assert not settings.may_read("custom:team")
    assert not settings.may_write("custom:team")


@pytest.mark.parametrize(
    ("given", "flows"),
    [
        (["ALLOW_USER_AUTH"], {Flow.USER_AUTH}),
        (["ADMIN_NO_SRP_AUTH"], {Flow.ADMIN_USER_PASSWORD_AUTH, *DEFAULT_FLOWS}),
        (["CUSTOM_AUTH_FLOW_ONLY"], {Flow.CUSTOM_AUTH, Flow.REFRESH_TOKEN_AUTH}),
        (["USER_PASSWORD_AUTH"], {Flow.USER_PASSWORD_AUTH, *DEFAULT_FLOWS}),
    ],
)
def test_flows_by_their_old_and_new_names(given: list[str], flows: set[Flow]) -> None:
    settings = client(ExplicitAuthFlows=given)
    assert settings.flows == flows
    assert all(settings.allows(flow) for flow in flows)
    assert not settings.allows("TOKEN_EXCHANGE_DELEGATION")


def test_lifetimes_in_their_units() -> None:
    settings = client(
        AccessTokenValidity=5,
        IdTokenValidity=2,
        RefreshTokenValidity=10,
        TokenValidityUnits={"AccessToken": "minutes"},
        AuthSessionValidity=15,
    )
    assert settings.access_seconds == 300
    assert settings.id_seconds == 2 * HOUR
    assert settings.refresh_seconds == 10 * DAY
    assert settings.auth_session_seconds == 900
    assert client(RefreshTokenValidity=0).refresh_seconds == 30 * DAY


def test_the_rest_of_a_client_as_it_was_set() -> None:
    settings = client(
        ClientSecret("id", b"", 0.0),
        PreventUserExistenceErrors="ENABLED",
        EnableTokenRevocation=False,
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 30},
        ReadAttributes=["email", "custom:team"],
        WriteAttributes=["custom:team", "sub"],
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=["https://a"],
        LogoutURLs=["https://b"],
    )
    assert settings.has_secret
    assert settings.prevent_user_existence_errors
    assert not settings.token_revocation
    assert settings.rotation
    assert settings.rotation_grace_seconds == 30
    assert settings.may_read("custom:team")
    assert settings.may_read("sub")
    assert not settings.may_read("name")
    assert settings.may_write("custom:team")
    assert not settings.may_write("email")
    assert not settings.may_write("sub")
    assert settings.oauth_flows == ("code",)
    assert settings.oauth_scopes == ("openid",)
    assert settings.callback_urls == ("https://a",)
    assert settings.logout_urls == ("https://b",)
