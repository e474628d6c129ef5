"""Second factors by the oldest operations, and the events that there are none of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import ClientOf, Tokens, World

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
BY_SMS = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
PHONE = "+12065550123"


@pytest.fixture
def client(world: World) -> ClientOf:
    mfa = {
        "MfaConfiguration": "OPTIONAL",
        "SmsMfaConfiguration": {"SmsConfiguration": SMS},
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
    }
    return world.pool(mfa=mfa).client()


@pytest.fixture
def tokens(client: ClientOf) -> Tokens:
    client.signed_up("ada", phone_number=PHONE)
    verified = [{"Name": "phone_number_verified", "Value": "true"}]
    client.pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=verified)
    return client.tokens()


def set_by(door: str, tokens: Tokens, options: list[dict[str, Any]]) -> None:
    if door == "user":
        tokens.call("SetUserSettings", MFAOptions=options)
    else:
        tokens.client.pool.admin("AdminSetUserSettings", Username="ada", MFAOptions=options)


@pytest.mark.parametrize("door", ["user", "administrator"])
def test_codes_by_sms_are_switched_on_and_off(tokens: Tokens, world: World, door: str) -> None:
    client = tokens.client
    set_by(door, tokens, BY_SMS)
    challenge = client.by_password()
    assert challenge["ChallengeName"] == "SMS_MFA"
    assert client.answer(challenge, SMS_MFA_CODE=world.code(PHONE))["AuthenticationResult"]
    assert tokens.call("GetUser")["MFAOptions"] == BY_SMS
    assert client.pool.admin("AdminGetUser", Username="ada")["MFAOptions"] == BY_SMS
    assert client.pool.admin("ListUsers")["Users"][0]["MFAOptions"] == BY_SMS
    set_by(door, tokens, [])
    assert client.by_password()["AuthenticationResult"]
    assert "MFAOptions" not in tokens.call("GetUser")


@pytest.mark.parametrize("door", ["user", "administrator"])
def test_other_factors_stay_as_they_are(tokens: Tokens, door: str) -> None:
    tokens.call("SetUserMFAPreference", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    set_by(door, tokens, BY_SMS)
    assert tokens.call("GetUser")["PreferredMfaSetting"] == "SMS_MFA"
    tokens.client.pool.change(
        "ada", mfa_enabled=frozenset({"SMS_MFA", "SOFTWARE_TOKEN_MFA"}), mfa_preferred="SOFTWARE_TOKEN_MFA"
    )
    set_by(door, tokens, [])
    user = tokens.call("GetUser")
    assert (user["UserMFASettingList"], user["PreferredMfaSetting"]) == (
        ["SOFTWARE_TOKEN_MFA"],
        "SOFTWARE_TOKEN_MFA",
    )


@pytest.mark.parametrize(
    "option",
    [
        {},
        {"DeliveryMedium": "EMAIL", "AttributeName": "email"},
        {"DeliveryMedium": "SMS", "AttributeName": "email"},
        {"DeliveryMedium": "SMS"},
    ],
)
def test_anything_but_sms_to_the_phone_is_refused(tokens: Tokens, world: World, option: Any) -> None:
    options = [*BY_SMS, option]
    assert tokens.error("SetUserSettings", MFAOptions=options).code == "InvalidParameterException"
    by_admin = {"UserPoolId": tokens.client.pool.id, "Username": "ada"}
    error = world.error("AdminSetUserSettings", **by_admin, MFAOptions=options)
    assert error.code == "InvalidParameterException"
    assert "UserMFASettingList" not in tokens.call("GetUser")


def test_who_has_no_phone_gets_no_codes(client: ClientOf, world: World) -> None:
    client.signed_up()
    error = client.tokens().error("SetUserSettings", MFAOptions=BY_SMS)
    assert error.code == "InvalidParameterException"
    named = {"UserPoolId": client.pool.id, "Username": "nobody", "MFAOptions": BY_SMS}
    assert world.error("AdminSetUserSettings", **named).code == "UserNotFoundException"


EVENT = {"EventId": "event", "FeedbackValue": "Valid"}


@pytest.mark.parametrize("mode", ["OFF", "AUDIT"])
def test_there_are_no_events_of_sign_ins_and_nothing_pretends(world: World, mode: str) -> None:
    pool = world.pool(UserPoolAddOns={"AdvancedSecurityMode": mode})
    pool.client().signed_up()
    for name in ("ada", "nobody"):
        for operation, more in (
            ("AdminListUserAuthEvents", {}),
            ("AdminUpdateAuthEventFeedback", EVENT),
            ("UpdateAuthEventFeedback", {**EVENT, "FeedbackToken": "e.e.e"}),
        ):
            error = world.error(operation, UserPoolId=pool.id, Username=name, **more)
            assert error.code == "UserPoolAddOnNotEnabledException"
            error = world.error(operation, UserPoolId="us-east-1_none12345", Username=name, **more)
            assert error.code == "ResourceNotFoundException"
