"""Remembered devices of other people's clients, against our service: confirmed, proved, listed, forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP, generate_hash_device

from tests.interop.javascript import JsPool, JsUser, Node
from tests.interop.pools import PASSWORD, Pool, Totp, make_pool
from tests.interop.test_amplify import Amplify
from userpool.protocol.tokens import decode_unverified

TOTP = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}


def tracking(boto: Any, **configuration: bool) -> Pool:
    """A pool whose remembered devices skip the second factor."""
    configuration = {"ChallengeRequiredOnNewDevice": True, **configuration}
    return make_pool(boto, settings={"DeviceConfiguration": configuration}, mfa=TOTP)


@pytest.fixture(scope="module")
def always(boto: Any) -> Pool:
    """A pool that remembers every device."""
    return tracking(boto)


@pytest.fixture(scope="module")
def opt_in(boto: Any) -> Pool:
    """A pool whose users are asked."""
    return tracking(boto, DeviceOnlyRememberedOnUserPrompt=True)


def devices_of(pool: Pool, name: str) -> list[dict[str, str]]:
    """A user's devices: their attributes, with the key."""
    listed = pool.boto.admin_list_devices(UserPoolId=pool.id, Username=name)["Devices"]
    return [
        {"key": one["DeviceKey"]} | {pair["Name"]: pair["Value"] for pair in one["DeviceAttributes"]}
        for one in listed
    ]


# ---------------------------------------------------------------- amazon-cognito-identity-js


def storage_of(node: Node, pool: Pool) -> JsPool:
    """The library's pool: its storage is what a browser would keep."""
    return node.pool(pool.endpoint, pool.id, pool.client_id)


def with_app(user: JsUser) -> Totp:
    """Give a signed-in user an authenticator app, and prefer it."""
    app = Totp(user.start("associateSoftwareToken").only("associateSecretCode"))
    user.start("verifySoftwareToken", app.code(), "phone").only("onSuccess")
    preferred = {"PreferredMfa": True, "Enabled": True}
    assert user.call("setUserMfaPreference", None, preferred).value == "SUCCESS"
    return app


def test_the_javascript_sdk_skips_the_second_factor(node: Node, always: Pool) -> None:
    """Signed in, confirmed, signed in again by the device's own SRP, listed, read, forgotten."""
    name, browser = always.user(), storage_of(node, always)
    user = browser.user(name)
    signed_in = user.sign_in(name, PASSWORD)
    assert signed_in.value["valid"]
    assert signed_in.values[1:] == []  # nobody has to be asked
    [device] = devices_of(always, name)
    assert device["dev:device_remembered_status"] == "remembered"
    assert decode_unverified(signed_in.value["access"])["device_key"] == device["key"]
    app = with_app(user)

    again = browser.user(name)
    session = again.sign_in(name, PASSWORD).value
    assert session["valid"]
    assert decode_unverified(session["access"])["device_key"] == device["key"]
    listed = again.start("listDevices", 5, None).value
    assert [one["DeviceKey"] for one in listed["Devices"]] == [device["key"]]
    assert again.start("getDevice").value["Device"]["DeviceKey"] == device["key"]

    elsewhere = storage_of(node, always).user(name)
    assert elsewhere.sign_in(name, PASSWORD).name == "totpRequired"
    assert elsewhere.start("sendMFACode", app.code(), "$callback", "SOFTWARE_TOKEN_MFA").value["valid"]
    [other] = [one for one in devices_of(always, name) if one["key"] != device["key"]]
    assert again.start("forgetSpecificDevice", other["key"]).value == "SUCCESS"
    assert again.start("forgetDevice").value == "SUCCESS"
    assert devices_of(always, name) == []
    assert browser.user(name).sign_in(name, PASSWORD).name == "totpRequired"


def test_the_javascript_sdk_refreshes_with_its_device(node: Node, always: Pool) -> None:
    name, browser = always.user(), storage_of(node, always)
    user = browser.user(name)
    session = user.sign_in(name, PASSWORD).value
    renewed = user.call("refreshSession", {"$refreshToken": session["refresh"]}).value
    assert renewed["access"] != session["access"]
    [device] = devices_of(always, name)
    assert decode_unverified(renewed["access"])["device_key"] == device["key"]
    always.boto.admin_forget_device(UserPoolId=always.id, Username=name, DeviceKey=device["key"])
    refused = user.call("refreshSession", {"$refreshToken": session["refresh"]})
    assert refused.error == ("NotAuthorizedException", "Invalid Refresh Token")


def test_the_javascript_sdk_drops_a_device_that_was_forgotten(node: Node, always: Pool) -> None:
    """Its answer is sent again without the device: the same proof, which is still good."""
    name, browser = always.user(), storage_of(node, always)
    browser.user(name).sign_in(name, PASSWORD)
    [device] = devices_of(always, name)
    always.boto.admin_forget_device(UserPoolId=always.id, Username=name, DeviceKey=device["key"])
    assert browser.user(name).sign_in(name, PASSWORD).value["valid"]
    [new] = devices_of(always, name)
    assert new["key"] != device["key"]


def test_the_javascript_sdk_asks_where_users_are_asked(node: Node, opt_in: Pool) -> None:
    name, browser = opt_in.user(), storage_of(node, opt_in)
    user = browser.user(name)
    assert user.sign_in(name, PASSWORD).values[1] is True
    with_app(user)
    assert browser.user(name).sign_in(name, PASSWORD).name == "totpRequired"
    assert user.start("setDeviceStatusRemembered").value == "SUCCESS"
    again = browser.user(name)
    assert again.sign_in(name, PASSWORD).value["valid"]
    assert again.start("setDeviceStatusNotRemembered").value == "SUCCESS"
    assert browser.user(name).sign_in(name, PASSWORD).name == "totpRequired"


# ---------------------------------------------------------------- Amplify


def test_amplify_skips_the_second_factor(node: Node, opt_in: Pool) -> None:
    amplify, name = Amplify(node, opt_in), opt_in.user()
    amplify.sign_in(name)
    app = Totp(amplify("setUpTOTP")["sharedSecret"])
    amplify("verifyTOTPSetup", code=app.code())
    amplify("updateMFAPreference", totp="PREFERRED")
    [device] = amplify("fetchDevices")
    amplify("rememberDevice")
    assert devices_of(opt_in, name)[0]["dev:device_remembered_status"] == "remembered"
    amplify("signOut")

    assert amplify.sign_in(name)["signInStep"] == "DONE"
    assert amplify.session(forceRefresh=True)["device_key"] == device["id"]
    amplify("forgetDevice")
    assert devices_of(opt_in, name) == []
    amplify("signOut")
    assert amplify.sign_in(name)["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"


def test_amplify_drops_a_device_that_was_forgotten(node: Node, always: Pool) -> None:
    amplify, name = Amplify(node, always), always.user()
    amplify.sign_in(name)
    amplify("signOut")
    [device] = devices_of(always, name)
    always.boto.admin_forget_device(UserPoolId=always.id, Username=name, DeviceKey=device["key"])
    assert amplify.sign_in(name)["signInStep"] == "DONE"
    [new] = devices_of(always, name)
    assert new["key"] != device["key"]


# ---------------------------------------------------------------- pycognito


class PycognitoDevice:
    """A device by pycognito's arithmetic and boto3.

    Its own calls cannot be led here: `confirm_device` asks an address that it writes down itself, and its
    answers to the device's challenges leave the session out, without which nothing ties them to a password.
    """

    def __init__(self, pool: Pool, name: str) -> None:
        self.pool, self.name = pool, name
        signed_in = self.srp().authenticate_user()["AuthenticationResult"]
        told = signed_in["NewDeviceMetadata"]
        self.key, self.group = told["DeviceKey"], told["DeviceGroupKey"]
        self.password, config = generate_hash_device(self.group, self.key)
        self.token = signed_in["AccessToken"]
        pool.boto.confirm_device(
            AccessToken=self.token,
            DeviceKey=self.key,
            DeviceName="pycognito",
            DeviceSecretVerifierConfig=config,
        )

    def srp(self, **device: str) -> AWSSRP:
        return AWSSRP(
            username=self.name,
            password=PASSWORD,
            pool_id=self.pool.id,
            client_id=self.pool.client_id,
            client=self.pool.boto,
            **device,
        )

    def known(self) -> AWSSRP:
        return self.srp(device_key=self.key, device_group_key=self.group, device_password=self.password)


def test_pycognitos_device(always: Pool) -> None:
    name = always.user()
    device = PycognitoDevice(always, name)
    boto = always.boto
    app = Totp(boto.associate_software_token(AccessToken=device.token)["SecretCode"])
    boto.verify_software_token(AccessToken=device.token, UserCode=app.code())
    boto.set_user_mfa_preference(
        AccessToken=device.token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )

    srp = device.known()
    asked = boto.initiate_auth(
        ClientId=always.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=srp.get_auth_params()
    )
    proof = srp.process_challenge(asked["ChallengeParameters"], srp.get_auth_params())
    asked = boto.respond_to_auth_challenge(
        ClientId=always.client_id, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=proof
    )
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    begun = boto.respond_to_auth_challenge(
        ClientId=always.client_id,
        ChallengeName="DEVICE_SRP_AUTH",
        Session=asked["Session"],
        ChallengeResponses={
            "USERNAME": name,
            "DEVICE_KEY": device.key,
            "SRP_A": f"{srp.large_a_value:x}",
        },
    )
    done = boto.respond_to_auth_challenge(
        ClientId=always.client_id,
        ChallengeName="DEVICE_PASSWORD_VERIFIER",
        Session=begun["Session"],
        ChallengeResponses=srp.process_device_challenge(begun["ChallengeParameters"]),
    )
    tokens = done["AuthenticationResult"]
    assert decode_unverified(tokens["AccessToken"])["device_key"] == device.key
    assert "NewDeviceMetadata" not in tokens


def test_a_devices_challenge_without_its_session_is_refused(always: Pool) -> None:
    """As pycognito 2024.5.1 answers it: nothing would say that a password was proved before."""
    device = PycognitoDevice(always, always.user())
    app = Totp(always.boto.associate_software_token(AccessToken=device.token)["SecretCode"])
    always.boto.verify_software_token(AccessToken=device.token, UserCode=app.code())
    always.boto.set_user_mfa_preference(
        AccessToken=device.token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    with pytest.raises(ClientError, match="Missing required parameter Session"):
        device.known().authenticate_user()
