"""Everything about an account that is one operation: what goes out, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.stage import CLIENT, SECRET, Stage, config
from userpool import flows
from userpool.flows import mfa, password, profile, sign_out, sign_up
from userpool.flows.config import ClientConfig, UserContext
from userpool.flows.grant import NewDevice, Tokens
from userpool.flows.results import MfaPreference, SignUpResult, TotpSeed, UserProfile
from userpool.protocol.challenges import CodeDelivery
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ParameterError, ProtocolError
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import answer

SENT = {"CodeDeliveryDetails": {"Destination": "a***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}}
WENT = CodeDelivery("EMAIL", "a***", "email")
HASH = secret_hash("ada", CLIENT, SECRET)
FULL = config(
    client_secret=SECRET,
    client_metadata={"from": "config"},
    analytics_endpoint_id="endpoint",
    user_context=UserContext("192.0.2.1"),
)
ALONG = {
    "ClientMetadata": {"from": "config"},
    "AnalyticsMetadata": {"AnalyticsEndpointId": "endpoint"},
    "UserContextData": {"IpAddress": "192.0.2.1"},
}
NAMED = {"ClientId": CLIENT, "Username": "ada"}
SESSION = "s" * 20

CALLS: dict[str, tuple[Callable[[ClientConfig], Flow[Any]], dict[str, Any], dict[str, Any], Any]] = {
    "SignUp": (
        lambda c: sign_up.sign_up(c, "ada", "Correct-horse-7", {"email": "a@b"}, validation_data={"k": "v"}),
        {"UserConfirmed": True, "UserSub": "sub", "Session": SESSION, **SENT},
        {
            **NAMED,
            "Password": "Correct-horse-7",
            "UserAttributes": [{"Name": "email", "Value": "a@b"}],
            "ValidationData": [{"Name": "k", "Value": "v"}],
        },
        SignUpResult("sub", confirmed=True, delivery=WENT, session=SESSION),
    ),
    "ConfirmSignUp": (
        lambda c: sign_up.confirm_sign_up(c, "ada", "123456", force_alias_creation=True, session=SESSION),
        {"Session": SESSION},
        {**NAMED, "ConfirmationCode": "123456", "ForceAliasCreation": True, "Session": SESSION},
        SESSION,
    ),
    "ResendConfirmationCode": (lambda c: sign_up.resend_confirmation_code(c, "ada"), SENT, NAMED, WENT),
    "ForgotPassword": (lambda c: password.forgot_password(c, "ada"), SENT, NAMED, WENT),
    "ConfirmForgotPassword": (
        lambda c: password.confirm_forgot_password(c, "ada", "123456", "New-pass-1"),
        {},
        {**NAMED, "ConfirmationCode": "123456", "Password": "New-pass-1"},
        None,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_before_a_sign_in(name: str) -> None:
    flow, reply, body, result = CALLS[name]
    stage = Stage([answer(reply)])
    assert stage.run(flow(config())) == result
    assert (stage.targets, stage.body()) == ([name], body)


@pytest.mark.parametrize("name", CALLS)
def test_what_goes_along_with_calls_before_a_sign_in(name: str) -> None:
    flow, reply, body, _ = CALLS[name]
    stage = Stage([answer(reply)])
    stage.run(flow(FULL))
    assert stage.body() == {**body, **ALONG, "SecretHash": HASH}


TOKEN = {"AccessToken": "a.b.c"}
SIGNED_IN: dict[str, tuple[Callable[[ClientConfig], Flow[Any]], dict[str, Any], dict[str, Any], Any]] = {
    "ChangePassword": (
        lambda c: password.change_password(c, "a.b.c", "Old-pass-1", "New-pass-1"),
        {},
        {**TOKEN, "PreviousPassword": "Old-pass-1", "ProposedPassword": "New-pass-1"},
        None,
    ),
    "GetUser": (
        lambda c: profile.get_user(c, "a.b.c"),
        {
            "Username": "ada",
            "UserAttributes": [{"Name": "email", "Value": "a@b"}, {"Name": "empty"}],
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"],
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
        },
        TOKEN,
        UserProfile("ada", {"email": "a@b", "empty": ""}, ("SOFTWARE_TOKEN_MFA",), "SOFTWARE_TOKEN_MFA"),
    ),
    "UpdateUserAttributes": (
        lambda c: profile.update_user_attributes(c, "a.b.c", {"email": "a@b"}, client_metadata={"k": "v"}),
        {"CodeDeliveryDetailsList": [SENT["CodeDeliveryDetails"], {}]},
        {**TOKEN, "UserAttributes": [{"Name": "email", "Value": "a@b"}], "ClientMetadata": {"k": "v"}},
        (WENT, CodeDelivery("", "")),
    ),
    "DeleteUserAttributes": (
        lambda c: profile.delete_user_attributes(c, "a.b.c", iter(["nickname"])),
        {},
        {**TOKEN, "UserAttributeNames": ["nickname"]},
        None,
    ),
    "GetUserAttributeVerificationCode": (
        lambda c: profile.get_user_attribute_verification_code(c, "a.b.c", "email", client_metadata={}),
        SENT,
        {**TOKEN, "AttributeName": "email"},
        WENT,
    ),
    "VerifyUserAttribute": (
        lambda c: profile.verify_user_attribute(c, "a.b.c", "email", "123456"),
        {},
        {**TOKEN, "AttributeName": "email", "Code": "123456"},
        None,
    ),
    "DeleteUser": (lambda c: profile.delete_user(c, "a.b.c"), {}, TOKEN, None),
    "GlobalSignOut": (lambda c: sign_out.global_sign_out(c, "a.b.c"), {}, TOKEN, None),
    "RevokeToken": (
        lambda c: sign_out.revoke_token(c, "refresh"),
        {},
        {"Token": "refresh", "ClientId": CLIENT},
        None,
    ),
    "AssociateSoftwareToken": (
        lambda c: mfa.associate_software_token(c, access_token="a.b.c"),
        {"SecretCode": "JBSWY3DPEHPK3PXP"},
        TOKEN,
        ("JBSWY3DPEHPK3PXP", None),
    ),
    "VerifySoftwareToken": (
        lambda c: mfa.verify_software_token(c, "123456", device_name="phone", access_token="a.b.c"),
        {"Status": "SUCCESS"},
        {**TOKEN, "UserCode": "123456", "FriendlyDeviceName": "phone"},
        None,
    ),
    "SetUserMFAPreference": (
        lambda c: mfa.set_user_mfa_preference(
            c,
            "a.b.c",
            sms=MfaPreference.DISABLED,
            totp=MfaPreference.PREFERRED,
            email=MfaPreference.NOT_PREFERRED,
        ),
        {},
        {
            **TOKEN,
            "SMSMfaSettings": {"Enabled": False},
            "SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True},
            "EmailMfaSettings": {"Enabled": True, "PreferredMfa": False},
        },
        None,
    ),
}


@pytest.mark.parametrize("name", SIGNED_IN)
def test_calls_of_a_signed_in_user(name: str) -> None:
    flow, reply, body, result = SIGNED_IN[name]
    stage = Stage([answer(reply)])
    assert stage.run(flow(config())) == result
    assert (stage.targets, stage.body()) == ([name], body)


def test_revoking_shows_the_client_s_secret() -> None:
    stage = Stage([answer()])
    stage.run(sign_out.revoke_token(config(client_secret=SECRET), "refresh"))
    assert stage.body()["ClientSecret"] == SECRET


def test_a_sign_up_may_be_told_nothing_and_tell_nothing() -> None:
    stage = Stage([answer({"UserConfirmed": True, "UserSub": "sub"})])
    result = stage.run(sign_up.sign_up(config(), "ada", None))
    assert result == SignUpResult("sub", confirmed=True)
    assert stage.body() == NAMED


def test_updates_that_need_no_code() -> None:
    assert Stage([answer({})]).run(profile.update_user_attributes(config(), "a.b.c", {"name": "A"})) == ()


def test_a_preference_names_something() -> None:
    with pytest.raises(ParameterError, match="sms, totp or email"):
        Stage().run(mfa.set_user_mfa_preference(config(), "a.b.c"))
    stage = Stage([answer()])
    stage.run(mfa.set_user_mfa_preference(config(), "a.b.c", totp=MfaPreference.ENABLED))
    assert stage.body() == {**TOKEN, "SoftwareTokenMfaSettings": {"Enabled": True}}


def test_a_seed_comes_with_its_operation() -> None:
    with pytest.raises(ProtocolError, match="seed"):
        Stage([answer()]).run(mfa.associate_software_token(config(), access_token="a.b.c"))


def test_a_seed_makes_a_uri() -> None:
    seed = TotpSeed("JBSWY3DPEHPK3PXP", "ada")
    assert seed.otpauth_uri("x") == "otpauth://totp/x:ada?secret=JBSWY3DPEHPK3PXP&issuer=x"
    assert "x:me?" in seed.otpauth_uri("x", "me")


def test_a_conversation_that_does_not_exist_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'small_talk'"):
        flows.small_talk  # noqa: B018 - that is the test


def test_c27_results_hide_what_they_hold() -> None:
    secret = canary()
    for result in (
        TotpSeed(secret, "ada"),
        SignUpResult("sub", confirmed=True, session=secret),
        Tokens(access_token=secret, id_token=secret, refresh_token=secret),
        NewDevice(secret, secret),
        UserProfile("ada", {"email": secret}),
        UserContext("192.0.2.1", secret),
        config(client_secret=secret, client_metadata={"k": secret}),
    ):
        assert_hidden(result, secret)
