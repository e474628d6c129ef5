"""Amplify JS v6 Auth against our service: the library that most apps of today sign in with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.javascript import Node
from tests.interop.pools import (
    OTHER_PASSWORD,
    PASSWORD,
    Pool,
    Totp,
    boto_attributes,
    make_pool,
    new_name,
    new_phone,
)


class Amplify:
    """Amplify, configured for a pool; it has one user at a time."""

    def __init__(self, node: Node, pool: Pool) -> None:
        self._node = node
        where = {"userPoolId": pool.id, "clientId": pool.client_id, "endpoint": pool.endpoint}
        node.do("amplify", **where)

    def __call__(self, method: str, **values: Any) -> Any:
        """What a function of `aws-amplify/auth` gives."""
        return self._node.do("amplifyCall", method=method, input=values).value

    def refused(self, method: str, **values: Any) -> tuple[str, str]:
        """Name and message of the error that a function ends with."""
        return self._node.do("amplifyCall", method=method, input=values).error

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        """`signIn`, by SRP; the step that comes next."""
        return self("signIn", username=name, password=password)["nextStep"]

    def session(self, **values: Any) -> dict[str, Any]:
        """The claims of the access token."""
        tokens = self("fetchAuthSession", **values)["tokens"]
        payload: dict[str, Any] = tokens["accessToken"]["payload"]
        return payload


@pytest.fixture
def amplify(node: Node, totp_pool: Pool) -> Amplify:
    return Amplify(node, totp_pool)


def test_sign_up_and_sign_in(totp_pool: Pool, amplify: Amplify) -> None:
    name = new_name()
    address = f"{name}@example.com"
    options = {"userAttributes": {"email": address, "given_name": "Ada"}}
    made = amplify("signUp", username=name, password=PASSWORD, options=options)
    assert made["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    assert amplify.sign_in(name)["signInStep"] == "CONFIRM_SIGN_UP"
    wrong = amplify.refused("confirmSignUp", username=name, confirmationCode="000000")
    assert wrong[0] == "CodeMismatchException"
    amplify("resendSignUpCode", username=name)
    code = totp_pool.code(address)
    assert amplify("confirmSignUp", username=name, confirmationCode=code)["isSignUpComplete"]

    assert amplify.sign_in(name)["signInStep"] == "DONE"
    assert amplify("getCurrentUser")["userId"] == made["userId"]
    assert amplify("fetchUserAttributes")["given_name"] == "Ada"
    assert amplify.session()["sub"] == made["userId"]


def test_a_wrong_password(totp_pool: Pool, amplify: Amplify) -> None:
    refused = amplify.refused("signIn", username=totp_pool.user(), password=OTHER_PASSWORD)
    assert refused == ("NotAuthorizedException", "Incorrect username or password.")


def test_refresh_and_sign_out(totp_pool: Pool, amplify: Amplify) -> None:
    """Refreshed by GetTokensFromRefreshToken; signed out everywhere, after which nothing is left."""
    name = totp_pool.user()
    amplify.sign_in(name)
    first = amplify.session()
    second = amplify.session(forceRefresh=True)
    assert second["jti"] != first["jti"]
    assert second["origin_jti"] == first["origin_jti"]
    amplify("signOut", **{"global": True})
    assert amplify.refused("getCurrentUser")[0] == "UserUnAuthenticatedException"
    amplify.sign_in(name)
    amplify("signOut")
    assert amplify("fetchAuthSession").get("tokens") is None


def test_attributes(totp_pool: Pool, amplify: Amplify) -> None:
    amplify.sign_in(totp_pool.user())
    address = f"{new_name()}@example.com"
    changed = amplify("updateUserAttributes", userAttributes={"email": address, "nickname": "A"})
    assert changed["email"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    assert changed["nickname"]["isUpdated"]
    amplify("sendUserAttributeVerificationCode", userAttributeKey="email")
    code = totp_pool.code(address)
    amplify("confirmUserAttribute", userAttributeKey="email", confirmationCode=code)
    amplify("deleteUserAttributes", userAttributeKeys=["nickname"])
    read = amplify("fetchUserAttributes")
    assert (read["email"], read["email_verified"]) == (address, "true")
    assert "nickname" not in read


def test_an_authenticator_app(totp_pool: Pool, amplify: Amplify) -> None:
    name = totp_pool.user()
    amplify.sign_in(name)
    app = Totp(amplify("setUpTOTP")["sharedSecret"])
    assert amplify.refused("verifyTOTPSetup", code="000000")[0] == "EnableSoftwareTokenMFAException"
    amplify("verifyTOTPSetup", code=app.code())
    amplify("updateMFAPreference", totp="PREFERRED")
    assert amplify("fetchMFAPreference") == {"preferred": "TOTP", "enabled": ["TOTP"]}
    amplify("signOut")

    assert amplify.sign_in(name)["signInStep"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    wrong = amplify.refused("confirmSignIn", challengeResponse="000000")
    assert wrong[0] == "CodeMismatchException"
    assert amplify("confirmSignIn", challengeResponse=app.code())["isSignedIn"]


def test_a_code_by_e_mail(node: Node, mfa_pool: Pool) -> None:
    """EMAIL_OTP, which the older library cannot do."""
    amplify, name = Amplify(node, mfa_pool), mfa_pool.user()
    amplify.sign_in(name)
    amplify("updateMFAPreference", email="PREFERRED")
    assert amplify("fetchMFAPreference") == {"preferred": "EMAIL", "enabled": ["EMAIL"]}
    amplify("signOut")
    step = amplify.sign_in(name)
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert step["codeDeliveryDetails"]["destination"] == f"{name[0]}***@e***"
    assert amplify.refused("confirmSignIn", challengeResponse="000000")[0] == "CodeMismatchException"
    code = mfa_pool.code(f"{name}@example.com")
    assert amplify("confirmSignIn", challengeResponse=code)["isSignedIn"]


def test_a_choice_of_second_factors(node: Node, mfa_pool: Pool) -> None:
    amplify, phone = Amplify(node, mfa_pool), new_phone()
    name = mfa_pool.user(phone_number=phone, phone_number_verified="true")
    amplify.sign_in(name)
    amplify("updateMFAPreference", email="ENABLED", sms="ENABLED")
    amplify("signOut")
    step = amplify.sign_in(name)
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    assert sorted(step["allowedMFATypes"]) == ["EMAIL", "SMS"]
    chosen = amplify("confirmSignIn", challengeResponse="SMS")["nextStep"]
    assert chosen["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert amplify("confirmSignIn", challengeResponse=mfa_pool.code(phone))["isSignedIn"]


def test_an_authenticator_app_that_the_pool_demands(node: Node, boto: Any) -> None:
    """MFA_SETUP inside the sign-in."""
    pool = make_pool(boto, mfa={"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}})
    amplify = Amplify(node, pool)
    step = amplify.sign_in(pool.user())
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    app = Totp(step["totpSetupDetails"]["sharedSecret"])
    assert amplify("confirmSignIn", challengeResponse=app.code())["isSignedIn"]


def test_passwords(totp_pool: Pool, amplify: Amplify) -> None:
    """Changed, forgotten, and a temporary one replaced."""
    name = totp_pool.user()
    amplify.sign_in(name)
    amplify("updatePassword", oldPassword=PASSWORD, newPassword=OTHER_PASSWORD)
    amplify("signOut")
    step = amplify("resetPassword", username=name)["nextStep"]
    assert step["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    code = totp_pool.code(f"{name}@example.com")
    amplify("confirmResetPassword", username=name, confirmationCode=code, newPassword=PASSWORD)
    assert amplify.sign_in(name)["signInStep"] == "DONE"
    amplify("signOut")

    invited = new_name()
    totp_pool.boto.admin_create_user(
        UserPoolId=totp_pool.id,
        Username=invited,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=boto_attributes({"email": f"{invited}@example.com"}),
    )
    assert amplify.sign_in(invited)["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    assert amplify("confirmSignIn", challengeResponse=OTHER_PASSWORD)["isSignedIn"]


def test_delete_oneself(totp_pool: Pool, amplify: Amplify) -> None:
    name = totp_pool.user()
    amplify.sign_in(name)
    amplify("deleteUser")
    gone = amplify.refused("signIn", username=name, password=PASSWORD)
    assert gone == ("UserNotFoundException", "User does not exist.")
