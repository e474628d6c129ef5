"""Everything about an account that is one operation: what goes out, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.stage import CLIENT, NOW, POOL, SECRET, Stage, config
from userpool import flows
from userpool.flows import feedback, machine, mfa, password, profile, sign_out, sign_up, user_sessions
from userpool.flows.client_secret import SecretPair
from userpool.flows.config import ClientConfig, UserContext
from userpool.flows.device_facts import DeviceFacts
from userpool.flows.grant import NewDevice, Tokens
from userpool.flows.results import (
    MfaOption,
    MfaPreference,
    Page,
    TotpSeed,
    UserAuthFactors,
    UserProfile,
)
from userpool.flows.sign_up_results import ConfirmSignUpResult, SignUpResult
from userpool.flows.user_sessions import UserSession
from userpool.protocol.code_delivery import CodeDelivery
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
        SignUpResult("ada", "sub", confirmed=True, delivery=WENT, session=SESSION),
    ),
    "ConfirmSignUp": (
        lambda c: sign_up.confirm_sign_up(c, "ada", "123456", force_alias_creation=True, session=SESSION),
        {"Session": SESSION},
        {**NAMED, "ConfirmationCode": "123456", "ForceAliasCreation": True, "Session": SESSION},
        ConfirmSignUpResult("ada", SESSION),
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
IN_A_MINUTE = datetime.fromtimestamp(NOW + 60, UTC)
SESSION_ID = "tkn" + "a" * 25
FULL_SESSION = {
    "SessionId": SESSION_ID,
    "SessionType": "TOKEN",
    "ClientId": CLIENT,
    "CreateDate": NOW,
    "LastActiveDate": NOW + 60,
    "DeviceType": "Desktop",
    "LastIPAddress": "192.0.2.1",
    "LastLocation": {"City": "London", "Country": "United Kingdom"},
    "OriginSessionId": "sso" + "b" * 25,
    "IsCurrentSession": True,
}
SESSION_TOLD = UserSession(
    session_id=SESSION_ID,
    session_type="TOKEN",
    client_id=CLIENT,
    created_at=datetime.fromtimestamp(NOW, UTC),
    last_active_at=IN_A_MINUTE,
    device_type="Desktop",
    last_ip_address="192.0.2.1",
    city="London",
    country="United Kingdom",
    origin_session_id="sso" + "b" * 25,
    is_current=True,
)
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
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA", "TELEPATHY"],
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
            "MFAOptions": [{"AttributeName": "phone_number", "DeliveryMedium": "SMS"}],
        },
        TOKEN,
        UserProfile(
            "ada",
            {"email": "a@b", "empty": ""},
            ("SOFTWARE_TOKEN_MFA", "TELEPATHY"),
            "SOFTWARE_TOKEN_MFA",
            (MfaOption("phone_number", "SMS"),),
        ),
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
            web_authn=True,
        ),
        {},
        {
            **TOKEN,
            "SMSMfaSettings": {"Enabled": False},
            "SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True},
            "EmailMfaSettings": {"Enabled": True, "PreferredMfa": False},
            "WebAuthnMfaSettings": {"Enabled": True},
        },
        None,
    ),
    "GetUserAuthFactors": (
        lambda c: mfa.get_user_auth_factors(c, "a.b.c"),
        {
            "Username": "ada",
            "ConfiguredUserAuthFactors": ["PASSWORD", "TELEPATHY"],
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"],
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
        },
        TOKEN,
        UserAuthFactors("ada", ("PASSWORD", "TELEPATHY"), ("SOFTWARE_TOKEN_MFA",), "SOFTWARE_TOKEN_MFA"),
    ),
    "SetUserSettings": (
        lambda c: mfa.set_user_settings(c, "a.b.c", [MfaOption()]),
        {},
        {**TOKEN, "MFAOptions": [{"AttributeName": "phone_number", "DeliveryMedium": "SMS"}]},
        None,
    ),
    "ListUserSessions": (
        lambda c: user_sessions.list_user_sessions(c, "a.b.c", next_token="n"),
        {"Sessions": [FULL_SESSION, {}], "NextToken": "more"},
        {**TOKEN, "NextToken": "n"},
        Page((SESSION_TOLD, UserSession(session_id="")), "more"),
    ),
    "RevokeUserSession": (
        lambda c: user_sessions.revoke_user_session(
            c, "a.b.c", SESSION_ID, revoke_associated_sessions="LINKED"
        ),
        {},
        {**TOKEN, "SessionId": SESSION_ID, "RevokeAssociatedSessions": "LINKED"},
        None,
    ),
    "UpdateAuthEventFeedback": (
        lambda c: feedback.update_auth_event_feedback(
            c, "ada", event_id="e", feedback_token="f", feedback_value="Valid"
        ),
        {},
        {
            "UserPoolId": POOL,
            "Username": "ada",
            "EventId": "e",
            "FeedbackToken": "f",
            "FeedbackValue": "Valid",
        },
        None,
    ),
    "GetDerivedToken": (
        lambda c: machine.get_derived_token(c, "subject", "ACCESS_TOKEN", scopes="a/b", audiences=["x"]),
        {
            "IssuedToken": "issued",
            "IssuedTokenType": "ACCESS_TOKEN",
            "TokenType": "Bearer",
            "ExpiresIn": 60,
            "Scopes": ["a/b"],
        },
        {
            "ClientId": CLIENT,
            "SubjectToken": "subject",
            "SubjectTokenType": "ACCESS_TOKEN",
            "Scopes": ["a/b"],
            "Audiences": ["x"],
        },
        machine.DerivedToken(
            issued_token="issued",
            issued_token_type="ACCESS_TOKEN",
            token_type="Bearer",
            expires_at=IN_A_MINUTE,
            scopes=("a/b",),
        ),
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


def test_linked_sessions_go_with_a_revoked_token_only_when_asked() -> None:
    stage = Stage([answer()])
    stage.run(sign_out.revoke_token(config(), "refresh", revoke_associated_sessions="LINKED"))
    assert stage.body()["RevokeAssociatedSessions"] == "LINKED"


def test_a_client_gets_a_token_of_its_own() -> None:
    reply = {"ClientAuthenticationResult": {"AccessToken": "own", "ExpiresIn": 60}}
    stage = Stage([answer(reply)])
    token = stage.run(machine.get_client_token(FULL, iter(["orders/read", "orders/write"])))
    assert token == machine.ClientToken(access_token="own", token_type="Bearer", expires_at=IN_A_MINUTE)
    assert stage.body() == {
        "ClientId": CLIENT,
        "Secret": SECRET,
        "Scopes": ["orders/read", "orders/write"],
        "ClientMetadata": {"from": "config"},
    }
    assert "authorization" not in stage.transport.requests[0].headers, "the secret is the proof"


def test_a_client_s_token_that_does_not_say_when_it_ends() -> None:
    reply = {"ClientAuthenticationResult": {"AccessToken": "own", "TokenType": "DPoP"}}
    token = Stage([answer(reply)]).run(machine.get_client_token(config(client_secret=SECRET)))
    assert (token.token_type, token.expires_at) == ("DPoP", None)


def test_a_client_without_a_secret_gets_no_token_and_asks_nobody() -> None:
    with pytest.raises(ParameterError, match="client_secret="):
        Stage().run(machine.get_client_token(config()))


@pytest.mark.parametrize("reply", [{}, {"ClientAuthenticationResult": {"ExpiresIn": 60}}])
def test_a_client_s_token_that_did_not_come(reply: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="no token"):
        Stage([answer(reply)]).run(machine.get_client_token(config(client_secret=SECRET)))


def test_a_derived_token_shows_the_client_s_secret() -> None:
    reply = {"IssuedToken": "i", "IssuedTokenType": "ID_TOKEN", "TokenType": "N_A"}
    stage = Stage([answer(reply)])
    token = stage.run(
        machine.get_derived_token(
            config(client_secret=SECRET), "s", "SAML2", actor_token="a", actor_token_type="ID_TOKEN"
        )
    )
    assert stage.body()["ClientSecret"] == SECRET
    assert (token.expires_at, token.scopes) == (None, ())


def test_a_sign_up_may_be_told_nothing_and_tell_nothing() -> None:
    stage = Stage([answer({"UserConfirmed": True, "UserSub": "sub"})])
    result = stage.run(sign_up.sign_up(config(), "ada", None))
    assert result == SignUpResult("ada", "sub", confirmed=True)
    assert stage.body() == NAMED


def test_updates_that_need_no_code() -> None:
    assert Stage([answer({})]).run(profile.update_user_attributes(config(), "a.b.c", {"name": "A"})) == ()


def test_a_preference_names_something() -> None:
    with pytest.raises(ParameterError, match="sms, totp, email or web_authn"):
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
    results: tuple[object, ...] = (
        TotpSeed(secret, "ada"),
        SignUpResult("ada", "sub", confirmed=True, session=secret),
        ConfirmSignUpResult("ada", session=secret),
        Tokens(access_token=secret, id_token=secret, refresh_token=secret),
        NewDevice(secret, secret),
        UserProfile("ada", {"email": secret}),
        UserContext("192.0.2.1", secret),
        DeviceFacts(device_id=secret, fingerprint=secret, third_party_id=secret),
        SecretPair(secret, secret + "2"),
        machine.ClientToken(access_token=secret, token_type="Bearer", expires_at=None),
        machine.DerivedToken(
            issued_token=secret, issued_token_type="ID_TOKEN", token_type="N_A", expires_at=None
        ),
        Page((), secret),
        config(secrets=SecretPair(secret, secret)),
        config(client_secret=secret, client_metadata={"k": secret}),
    )
    for result in results:
        assert_hidden(result, secret)


@pytest.mark.parametrize(
    "ask",
    [
        lambda given: sign_up.sign_up(config(), "ada", "Correct-horse-7", given),
        lambda given: profile.update_user_attributes(config(), "token", given),
    ],
    ids=["sign_up", "update_user_attributes"],
)
def test_attributes_of_another_form_are_refused_before_the_wire(ask: Callable[[Any], Flow[object]]) -> None:
    with pytest.raises(ParameterError, match=r'\{"email": "ada@example.com"\}'):
        Stage().run(ask([{"Name": "email", "Value": "ada@example.com"}]))
    with pytest.raises(ParameterError, match=r"Leave out what has no value: email, name\.") as refused:
        Stage().run(ask({"name": None, "email": None, "nickname": "countess"}))
    assert "countess" not in str(refused.value)


@pytest.mark.parametrize("wrong", ["PREFERRED", "on", True])
def test_a_preference_is_one_of_four(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="give one of enabled, disabled, preferred, not_preferred"):
        Stage().run(mfa.set_user_mfa_preference(config(), "token", totp=wrong))
