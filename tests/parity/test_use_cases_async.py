"""The 32 use cases of amazon-cognito-identity-js and the 23 rows of its table of Amplify v6, one after the
other.

A test is named by what it shows: `js07` is use case 7, `am12` row 12. `docs/parity.md` and
`docs/coming-from-javascript.md` are made of this file, so each test reads as an example would: `pool` is an
embedded pool, `user` is signed in to it, and `PASSWORD` is theirs.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.client.helpers import PASSWORD
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    CookieStorage,
    CustomChallenge,
    FileStorage,
    MfaMethod,
    MfaPreference,
    MfaSetupRequired,
    NewPasswordRequired,
    NotAuthorizedException,
    SignedIn,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UserNotFoundException,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.identity import AsyncIdentityPool
from userpool.protocol import operations as ops
from userpool.protocol import totp
from userpool.protocol.shapes import idp
from userpool.service.triggers import Triggers
from userpool.testing.scripted import ScriptedTransport, answer


@pytest.fixture
async def pool() -> AsyncIterator[AsyncEmbeddedUserPool]:
    """A pool that may ask for a second factor, and tracks devices as soon as a test says so."""
    async with AsyncUserPool.embedded() as opened:
        await opened.admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
            sms_mfa_configuration=idp.SmsMfaConfigType(
                sms_configuration=idp.SmsConfigurationType(
                    sns_caller_arn="arn:aws:iam::123456789012:role/sms"
                )
            ),
        )
        yield opened


@pytest.fixture
async def on_device(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> AsyncUser:
    """Ada, who has signed in on a device that the pool tracks."""
    await pool.admin.call(
        ops.UPDATE_USER_POOL,
        idp.UpdateUserPoolRequest(
            user_pool_id=pool.user_pool_id,
            auto_verified_attributes=["email"],
            mfa_configuration="OPTIONAL",
            device_configuration=idp.DeviceConfigurationType(
                challenge_required_on_new_device=True, device_only_remembered_on_user_prompt=True
            ),
        ),
    )
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


@pytest.fixture
async def user(pool: AsyncEmbeddedUserPool) -> AsyncUser:
    """Ada, who is signed in."""
    await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com", "phone_number": "+15550100"})
    await pool.confirm_sign_up("ada", pool.outbox.code("ada@example.com"))
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


@pytest.fixture
async def asking_pool() -> AsyncIterator[AsyncEmbeddedUserPool]:
    """A pool with triggers of its own, and Ada in it."""

    def define(event: dict[str, Any]) -> dict[str, Any]:
        rounds = event["request"]["session"]
        right = bool(rounds) and rounds[-1]["challengeResult"]
        event["response"] = {"issueTokens": right, "failAuthentication": bool(rounds) and not right}
        if not rounds:
            event["response"]["challengeName"] = "CUSTOM_CHALLENGE"
        return event

    def create(event: dict[str, Any]) -> dict[str, Any]:
        event["response"] = {
            "publicChallengeParameters": {"question": "Which colour?"},
            "privateChallengeParameters": {"answer": "blue"},
        }
        return event

    def verify(event: dict[str, Any]) -> dict[str, Any]:
        wanted = event["request"]["privateChallengeParameters"]["answer"]
        event["response"] = {"answerCorrect": event["request"]["challengeAnswer"] == wanted}
        return event

    triggers = Triggers(
        define_auth_challenge=define, create_auth_challenge=create, verify_auth_challenge_response=verify
    )
    async with AsyncUserPool.embedded(triggers=triggers) as opened:
        await opened.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        await opened.confirm_sign_up("ada", opened.outbox.code("ada@example.com"))
        yield opened


@pytest.fixture
def identities() -> AsyncIdentityPool:
    """An identity pool that is played by a script: `tests/interop/test_identity.py` asks a real one."""
    identity_id = "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"
    held = {"AccessKeyId": "ASIAEXAMPLE", "SecretKey": "…", "SessionToken": "…", "Expiration": 4e9}
    script = [answer({"IdentityId": identity_id}), answer({"IdentityId": identity_id, "Credentials": held})]
    return AsyncIdentityPool(identity_id, transport=ScriptedTransport(script))


async def test_js01_am01_register_a_user(pool: AsyncEmbeddedUserPool) -> None:
    """`CognitoUserPool.signUp`; Amplify `signUp`."""
    result = await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com", "name": "Ada"})
    assert not result.confirmed
    assert result.delivery is not None
    assert result.delivery.medium == "EMAIL"


async def test_js02_am02_confirm_a_user(pool: AsyncEmbeddedUserPool) -> None:
    """`CognitoUser.confirmRegistration`; Amplify `confirmSignUp`."""
    await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
    await pool.confirm_sign_up("ada", pool.outbox.code("ada@example.com"))
    assert isinstance(await pool.sign_in("ada", PASSWORD), SignedIn)


async def test_js03_am03_send_the_confirmation_code_again(pool: AsyncEmbeddedUserPool) -> None:
    """`CognitoUser.resendConfirmationCode`; Amplify `resendSignUpCode`."""
    await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
    delivery = await pool.resend_confirmation_code("ada")
    assert delivery is not None
    assert delivery.destination == "a***@e***"
    await pool.confirm_sign_up("ada", pool.outbox.code("ada@example.com"))


async def test_js04_am04_sign_in(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.authenticateUser`; Amplify `signIn` and `confirmSignIn`."""
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, SignedIn)  # or a challenge: match it, answer it, pool.respond(…)
    assert await step.user.access_token()
    assert step.user.id_claims["email"] == "ada@example.com"


async def test_js05_am08_read_the_attributes(user: AsyncUser) -> None:
    """`CognitoUser.getUserAttributes`; Amplify `fetchUserAttributes`."""
    profile = await user.get_user()
    assert profile.attributes["email"] == "ada@example.com"
    assert profile.attributes["email_verified"] == "true"


async def test_js06_am10_am11_verify_an_attribute(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.getAttributeVerificationCode` and `verifyAttribute`; Amplify
    `sendUserAttributeVerificationCode` and `confirmUserAttribute`.
    """
    delivery = await user.get_user_attribute_verification_code("email")
    assert delivery is not None
    await user.verify_user_attribute("email", pool.outbox.code("ada@example.com"))


async def test_js07_am12_delete_an_attribute(user: AsyncUser) -> None:
    """`CognitoUser.deleteAttributes`; Amplify `deleteUserAttributes`."""
    await user.update_user_attributes({"nickname": "countess"})
    await user.delete_user_attributes(["nickname"])
    assert "nickname" not in (await user.get_user()).attributes


async def test_js08_am09_update_attributes(user: AsyncUser) -> None:
    """`CognitoUser.updateAttributes`; Amplify `updateUserAttributes`."""
    deliveries = await user.update_user_attributes({"name": "Ada", "email": "ada@example.org"})
    assert [delivery.attribute for delivery in deliveries] == ["email"]  # a code went there
    assert (await user.get_user()).attributes["name"] == "Ada"


async def test_js09_am13_turn_mfa_on(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.enableMFA`; Amplify `updateMFAPreference`."""
    await user.set_user_mfa_preference(sms=MfaPreference.ENABLED)
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, SmsCodeRequired)
    step = await pool.respond(step.answer(pool.outbox.code("+15550100")))
    assert isinstance(step, SignedIn)


async def test_js10_am13_turn_mfa_off(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.disableMFA`; Amplify `updateMFAPreference`."""
    await user.set_user_mfa_preference(sms=MfaPreference.ENABLED)
    await user.set_user_mfa_preference(sms=MfaPreference.DISABLED)
    assert isinstance(await pool.sign_in("ada", PASSWORD), SignedIn)


async def test_js11_am16_change_the_password(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.changePassword`; Amplify `updatePassword`."""
    await user.change_password(PASSWORD, "Correct-horse-8")
    assert isinstance(await pool.sign_in("ada", "Correct-horse-8"), SignedIn)


async def test_js12_am17_recover_a_password(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.forgotPassword` and `confirmPassword`; Amplify `resetPassword` and
    `confirmResetPassword`.
    """
    delivery = await pool.forgot_password("ada")
    assert delivery is not None
    code = pool.outbox.code("ada@example.com")
    await pool.confirm_forgot_password("ada", code, "Correct-horse-8")
    assert isinstance(await pool.sign_in("ada", "Correct-horse-8"), SignedIn)


async def test_js13_am18_delete_the_user(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.deleteUser`; Amplify `deleteUser`."""
    await user.delete_user()
    assert await pool.current_user() is None
    with pytest.raises((UserNotFoundException, NotAuthorizedException)):
        await pool.sign_in("ada", PASSWORD)


async def test_js14_am19_sign_out(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.signOut`; Amplify `signOut`."""
    result = await user.sign_out()
    assert result.revoked  # at the service; here the tokens are gone in any case
    assert await pool.current_user() is None


async def test_js15_am19_sign_out_everywhere(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.globalSignOut`; Amplify `signOut({global: true})`."""
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, SignedIn)
    await user.global_sign_out()
    with pytest.raises(NotAuthorizedException):
        await step.user.get_user()


async def test_js16_am20_the_current_user(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUserPool.getCurrentUser` and `CognitoUser.getSession`; Amplify `getCurrentUser` and
    `fetchAuthSession`.
    """
    current = await pool.current_user()
    assert current is not None
    assert current.username == "ada"
    tokens = await current.tokens()  # refreshed first, where they are old
    assert tokens.id_token


async def test_js17_am20_aws_credentials_of_an_identity_pool(
    user: AsyncUser, identities: AsyncIdentityPool
) -> None:
    """`AWS.CognitoIdentityCredentials`; Amplify `fetchAuthSession`. `identities` is an
    `IdentityPool("us-east-1:…")`; `userpool.identity.boto3_session(identity)` makes a session of boto3.
    """
    identity = identities.of_user(user)
    credentials = await identity.credentials()  # got anew before they end
    assert credentials.access_key_id == "ASIAEXAMPLE"
    assert await identity.identity_id() == credentials.identity_id


async def test_js18_am21_list_the_devices_in_pages(on_device: AsyncUser) -> None:
    """`CognitoUser.listDevices`; Amplify `fetchDevices`, which has no pages."""
    page = await on_device.list_devices(limit=10)
    assert [device.key for device in page.items] == [on_device.device_key]
    assert page.next_token is None  # or: list_devices(limit=10, pagination_token=page.next_token)
    assert [device.name async for device in on_device.devices()]  # all of them, page by page


async def test_js19_read_this_device(on_device: AsyncUser) -> None:
    """`CognitoUser.getDevice`; Amplify has nothing for it."""
    device = await on_device.get_device()
    assert device.key == on_device.device_key


async def test_js20_am22_remember_a_device(pool: AsyncEmbeddedUserPool, on_device: AsyncUser) -> None:
    """`CognitoUser.setDeviceStatusRemembered`; Amplify `rememberDevice`."""
    await on_device.set_user_mfa_preference(sms=MfaPreference.PREFERRED)
    await on_device.remember_device()
    assert isinstance(await pool.sign_in("ada", PASSWORD), SignedIn)  # the device stands for the code


async def test_js21_do_not_remember_a_device(pool: AsyncEmbeddedUserPool, on_device: AsyncUser) -> None:
    """`CognitoUser.setDeviceStatusNotRemembered`; Amplify has nothing for it."""
    await on_device.set_user_mfa_preference(sms=MfaPreference.PREFERRED)
    await on_device.remember_device()
    await on_device.do_not_remember_device()
    assert isinstance(await pool.sign_in("ada", PASSWORD), SmsCodeRequired)


async def test_js22_am23_forget_a_device(pool: AsyncEmbeddedUserPool, on_device: AsyncUser) -> None:
    """`CognitoUser.forgetDevice` and `forgetSpecificDevice`; Amplify `forgetDevice`."""
    device_key = on_device.device_key
    await on_device.forget_device()  # or: forget_device("another device's key")
    assert device_key not in [device.key async for device in on_device.devices()]


async def test_js23_am04_the_first_sign_in_of_a_user_made_by_an_administrator(
    pool: AsyncEmbeddedUserPool,
) -> None:
    """`CognitoUser.completeNewPasswordChallenge`; Amplify `confirmSignIn`."""
    await pool.admin.admin_create_user(
        "grace", temporary_password="Temporary-1", attributes={"name": "Grace"}
    )
    step = await pool.sign_in("grace", "Temporary-1")
    assert isinstance(step, NewPasswordRequired)
    assert step.missing_attributes == ()
    step = await pool.respond(step.answer(PASSWORD, {"nickname": "amazing"}))
    assert isinstance(step, SignedIn)


async def test_js24_am14_read_the_mfa_settings(user: AsyncUser) -> None:
    """`CognitoUser.getUserData`; Amplify `fetchMFAPreference`."""
    await user.set_user_mfa_preference(sms=MfaPreference.PREFERRED)
    profile = await user.get_user()
    assert profile.mfa_methods == (MfaMethod.SMS,)
    assert profile.preferred_mfa == MfaMethod.SMS


async def test_js25_am05_sign_in_by_challenges_of_the_pools_own(asking_pool: AsyncEmbeddedUserPool) -> None:
    """`CognitoUser.initiateAuth` with `CUSTOM_AUTH` and `sendCustomChallengeAnswer`; Amplify `signIn` with
    `CUSTOM_WITHOUT_SRP`. The triggers of `asking_pool` ask for a colour.
    """
    step = await asking_pool.sign_in("ada", auth_flow=AuthFlow.CUSTOM)  # with a password: SRP first
    assert isinstance(step, CustomChallenge)
    assert step.parameters["question"] == "Which colour?"
    step = await asking_pool.respond(step.answer("blue"))
    assert isinstance(step, SignedIn)


async def test_js26_am06_keep_tokens_in_cookies(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CookieStorage`; Amplify `CookieStorage`. Here a web back end keeps them, sealed, where no script of
    the page can read them; `browser` is what the requests carry.
    """
    key, browser = os.urandom(32), dict[str, str]()
    signing_in = CookieStorage(browser, key)
    assert isinstance(await pool.with_storage(signing_in).sign_in("ada", PASSWORD), SignedIn)
    for cookie in signing_in.changes():  # response.set_cookie(**cookie.options())
        browser[cookie.name] = cookie.value

    current = await pool.with_storage(CookieStorage(browser, key)).current_user()
    assert current is not None
    assert (await current.get_user()).username == "ada"


async def test_js27_am15_set_up_an_authenticator_app_while_signing_in(
    pool: AsyncEmbeddedUserPool, user: AsyncUser
) -> None:
    """`CognitoUser.associateSoftwareToken`, `verifySoftwareToken`, `sendMFASelectionAnswer` and
    `sendMFACode`; Amplify `confirmSignIn`, `setUpTOTP` and `verifyTOTPSetup`.
    """
    await user.delete_user_attributes(["phone_number"])
    await pool.admin.set_user_pool_mfa_config(mfa_configuration="ON")
    step = await pool.sign_in("ada", PASSWORD)
    while not isinstance(step, SignedIn):
        match step:
            case MfaSetupRequired():  # there is more than one way
                step = await pool.respond(step.answer(MfaMethod.TOTP))
            case TotpSetupRequired():
                assert step.otpauth_uri("Example").startswith("otpauth://totp/")  # for the QR code
                code = totp.code(step.secret_code, time.time())
                step = await pool.respond(step.answer(code, "My phone"))
            case _:
                raise AssertionError(step.name)
    assert (await step.user.get_user()).mfa_methods == (MfaMethod.TOTP,)


async def test_js28_am13_prefer_sms(user: AsyncUser) -> None:
    """`CognitoUser.setUserMfaPreference`; Amplify `updateMFAPreference`."""
    await user.set_user_mfa_preference(sms=MfaPreference.PREFERRED)
    assert (await user.get_user()).preferred_mfa == MfaMethod.SMS


async def test_js29_am13_am15_prefer_an_authenticator_app(
    pool: AsyncEmbeddedUserPool, user: AsyncUser
) -> None:
    """`CognitoUser.setUserMfaPreference`; Amplify `updateMFAPreference`."""
    seed = await user.associate_software_token()
    await user.verify_software_token(totp.code(seed.secret_code, time.time()), "My phone")
    await user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    step = await pool.sign_in("ada", PASSWORD)
    assert isinstance(step, TotpRequired)
    code = totp.code(seed.secret_code, time.time() + totp.STEP_SECONDS)  # each code counts once
    assert isinstance(await pool.respond(step.answer(code)), SignedIn)


async def test_js30_am05_sign_in_with_the_password_in_clear(
    pool: AsyncEmbeddedUserPool, user: AsyncUser
) -> None:
    """`CognitoUser.setAuthenticationFlowType('USER_PASSWORD_AUTH')`; Amplify `signIn` with
    `authFlowType`.
    """
    step = await pool.sign_in("ada", PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)


async def test_js31_am08_read_all_that_the_service_tells_of_a_user(user: AsyncUser) -> None:
    """`CognitoUser.getUserData` with `bypassCache`; Amplify `fetchUserAttributes`."""
    profile = await user.get_user()  # asks the service, every time
    assert profile.username == "ada"
    assert profile.attributes["sub"] == user.sub


async def test_js32_am07_tokens_that_expire(pool: AsyncEmbeddedUserPool, user: AsyncUser) -> None:
    """`CognitoUser.refreshSession`; Amplify `fetchAuthSession`."""
    old = await user.tokens()
    pool.clock.advance(3600)
    profile = await user.get_user()  # refreshed by itself, before the call
    assert profile.username == "ada"
    new = await user.tokens()
    assert new.access_token != old.access_token
    forced = await user.refresh()  # Amplify: fetchAuthSession({forceRefresh: true})
    assert forced.id_token != new.id_token


async def test_am06_choose_where_tokens_are_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The `Storage` of `CognitoUserPool`; Amplify `setKeyValueStorage`."""
    folder = tmp_path_factory.mktemp("kept")
    async with AsyncUserPool.embedded(folder / "users.db", storage=FileStorage(folder / "tokens")) as first:
        await first.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        await first.confirm_sign_up("ada", first.outbox.code())
        await first.sign_in("ada", PASSWORD)
    async with AsyncUserPool.embedded(folder / "users.db", storage=FileStorage(folder / "tokens")) as again:
        current = await again.current_user()
        assert current is not None
        assert (await current.get_user()).username == "ada"
