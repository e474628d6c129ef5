"""amazon-cognito-identity-js 6.3 against our service: what its README shows, and how it is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.interop.javascript import JsUser, Node, js_attributes
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

WRONG_LOGIN = ("NotAuthorizedException", "Incorrect username or password.")


UserOf: TypeAlias = Callable[[Pool, str], JsUser]


@pytest.fixture(scope="module")
def user_of(node: Node) -> UserOf:
    """Makes the library's user object, in a storage of its own."""

    def make(pool: Pool, username: str) -> JsUser:
        return node.pool(pool.endpoint, pool.id, pool.client_id).user(username)

    return make


@pytest.fixture
def ada(pool: Pool, user_of: UserOf) -> JsUser:
    """A user who has signed in."""
    user = user_of(pool, pool.user(name="Ada"))
    assert user.sign_in(user.ask("getUsername"), PASSWORD).value["valid"]
    return user


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return read


def attributes_of(user: JsUser) -> dict[str, str]:
    return {name: value for one in user.call("getUserAttributes").value for name, value in one.items()}


def test_sign_up_confirm_and_sign_in(node: Node, pool: Pool) -> None:
    """Use cases 1 to 4: the code comes from the outbox; before it is given, nobody signs in."""
    name, address = new_name(), f"{new_name()}@example.com"
    js_pool = node.pool(pool.endpoint, pool.id, pool.client_id)
    made = js_pool.sign_up(name, PASSWORD, {"email": address, "given_name": "Ada"}).value
    assert made["user"] == {"username": name}
    assert made["userConfirmed"] is False
    assert made["codeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"

    user = js_pool.user(name)
    assert user.sign_in(name, PASSWORD).error == ("UserNotConfirmedException", "User is not confirmed.")
    assert user.call("confirmRegistration", "000000", False).error[0] == "CodeMismatchException"
    assert user.call("resendConfirmationCode").value["CodeDeliveryDetails"]["AttributeName"] == "email"
    assert [one["purpose"] for one in pool.sent(address)] == [
        "sign_up",
        "resend_confirmation_code",
    ]
    assert user.call("confirmRegistration", pool.code(address), False).value == "SUCCESS"

    session = user.sign_in(name, PASSWORD).value
    assert session["valid"]
    assert claims(session["id"])["email"] == address
    assert claims(session["access"])["sub"] == made["userSub"]
    again = js_pool.current_user()
    assert again is not None
    assert again.call("getSession").value["access"] == session["access"]


def test_a_name_that_is_taken_and_a_weak_password(node: Node, pool: Pool) -> None:
    js_pool = node.pool(pool.endpoint, pool.id, pool.client_id)
    taken = js_pool.sign_up(pool.user(), PASSWORD, {"email": "x@example.com"})
    assert taken.error == ("UsernameExistsException", "User already exists")
    weak = js_pool.sign_up(new_name(), "short", {"email": "x@example.com"})
    assert weak.error == (
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    )


def test_a_wrong_password_over_srp(pool: Pool, user_of: UserOf) -> None:
    name = pool.user()
    assert user_of(pool, name).sign_in(name, OTHER_PASSWORD).error == WRONG_LOGIN
    assert user_of(pool, name).sign_in(name, PASSWORD).value["valid"]


def test_a_user_who_does_not_exist_looks_the_same(boto: Any, user_of: UserOf) -> None:
    pool = make_pool(boto, client={"PreventUserExistenceErrors": "ENABLED"})
    name = new_name("nobody")
    assert user_of(pool, name).sign_in(name, PASSWORD).error == WRONG_LOGIN


def test_sign_in_with_the_password_itself(pool: Pool, user_of: UserOf) -> None:
    name = pool.user()
    user = user_of(pool, name)
    user.ask("setAuthenticationFlowType", "USER_PASSWORD_AUTH")
    assert user.sign_in(name, OTHER_PASSWORD).error == WRONG_LOGIN
    session = user.sign_in(name, PASSWORD).value
    assert claims(session["access"])["client_id"] == pool.client_id


def test_sign_in_by_e_mail_address(boto: Any, user_of: UserOf) -> None:
    """SRP under an alias: `USER_ID_FOR_SRP` is what enters the proof."""
    pool = make_pool(boto, settings={"AliasAttributes": ["email"]})
    name = pool.user()
    user = user_of(pool, f"{name}@example.com")
    session = user.sign_in(f"{name}@example.com", PASSWORD).value
    assert claims(session["access"])["username"] == name
    assert user.ask("getUsername") == name


def test_a_pool_whose_names_are_addresses(boto: Any, node: Node) -> None:
    pool = make_pool(boto, settings={"UsernameAttributes": ["email"]})
    address = f"{new_name()}@example.com"
    js_pool = node.pool(pool.endpoint, pool.id, pool.client_id)
    made = js_pool.sign_up(address, PASSWORD, {"email": address}).value
    user = js_pool.user(address)
    assert user.call("confirmRegistration", pool.code(address), True).value == "SUCCESS"
    session = user.sign_in(address, PASSWORD).value
    assert claims(session["access"])["username"] == made["userSub"] == user.ask("getUsername")


def test_a_temporary_password(boto: Any, pool: Pool, user_of: UserOf) -> None:
    name = new_name()
    boto.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=boto_attributes({"email": f"{name}@example.com", "email_verified": "true"}),
    )
    user = user_of(pool, name)
    asked = user.sign_in(name, PASSWORD)
    assert asked.name == "newPasswordRequired"
    attributes, required = asked.values
    assert attributes["email"] == f"{name}@example.com"
    assert required == []
    weak = user.start("completeNewPasswordChallenge", "weak", {})
    assert weak.error[0] == "InvalidPasswordException"
    session = user.start("completeNewPasswordChallenge", OTHER_PASSWORD, {"given_name": "Ada"}).value
    assert claims(session["id"])["given_name"] == "Ada"
    assert user_of(pool, name).sign_in(name, PASSWORD).error == WRONG_LOGIN
    assert user_of(pool, name).sign_in(name, OTHER_PASSWORD).value["valid"]


def test_an_authenticator_app(totp_pool: Pool, user_of: UserOf) -> None:
    """Set up by a signed-in user, preferred, asked for at the next sign-in; a wrong code may be corrected."""
    name = totp_pool.user()
    user = user_of(totp_pool, name)
    assert user.sign_in(name, PASSWORD).value["valid"]
    app = Totp(user.start("associateSoftwareToken").only("associateSecretCode"))
    assert user.start("verifySoftwareToken", "000000", "phone").error[0] == "EnableSoftwareTokenMFAException"
    assert user.start("verifySoftwareToken", app.code(), "phone").value == {"Status": "SUCCESS"}
    preference = {"PreferredMfa": True, "Enabled": True}
    assert user.call("setUserMfaPreference", None, preference).value == "SUCCESS"
    data = user.call("getUserData")
    assert data.value["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert data.value["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]

    again = user_of(totp_pool, name)
    asked = again.sign_in(name, PASSWORD)
    assert asked.name == "totpRequired"
    assert asked.values[0] == "SOFTWARE_TOKEN_MFA"
    wrong = again.start("sendMFACode", "000000", "$callback", "SOFTWARE_TOKEN_MFA")
    assert wrong.error[0] == "CodeMismatchException"
    session = again.start("sendMFACode", app.code(), "$callback", "SOFTWARE_TOKEN_MFA").value
    assert claims(session["access"])["username"] == name


def test_an_authenticator_app_that_the_pool_demands(boto: Any, user_of: UserOf) -> None:
    """MFA_SETUP: the app is set up inside the sign-in."""
    pool = make_pool(boto, mfa={"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}})
    name = pool.user()
    user = user_of(pool, name)
    asked = user.sign_in(name, PASSWORD)
    assert asked.name == "mfaSetup"
    assert json.loads(asked.values[1]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    app = Totp(user.start("associateSoftwareToken").only("associateSecretCode"))
    session = user.start("verifySoftwareToken", app.code(), "phone").value
    assert session["valid"]
    assert claims(session["access"])["username"] == name

    again = user_of(pool, name)
    assert again.sign_in(name, PASSWORD).name == "totpRequired"
    assert again.start("sendMFACode", app.code(), "$callback", "SOFTWARE_TOKEN_MFA").value["valid"]


def test_a_code_by_sms(mfa_pool: Pool, user_of: UserOf) -> None:
    phone = new_phone()
    name = mfa_pool.user(phone_number=phone, phone_number_verified="true")
    user = user_of(mfa_pool, name)
    assert user.sign_in(name, PASSWORD).value["valid"]
    preference = {"PreferredMfa": True, "Enabled": True}
    assert user.call("setUserMfaPreference", preference, None).value == "SUCCESS"

    again = user_of(mfa_pool, name)
    asked = again.sign_in(name, PASSWORD)
    assert asked.name == "mfaRequired"
    assert asked.values[0] == "SMS_MFA"
    assert asked.values[1]["CODE_DELIVERY_DESTINATION"] == f"+*******{phone[-4:]}"
    assert again.start("sendMFACode", "000000").error[0] == "CodeMismatchException"
    assert again.start("sendMFACode", mfa_pool.code(phone)).value["valid"]


def test_a_choice_of_second_factors(mfa_pool: Pool, user_of: UserOf) -> None:
    """SELECT_MFA_TYPE: an app and SMS, neither of them preferred."""
    phone = new_phone()
    name = mfa_pool.user(phone_number=phone, phone_number_verified="true")
    user = user_of(mfa_pool, name)
    assert user.sign_in(name, PASSWORD).value["valid"]
    app = Totp(user.start("associateSoftwareToken").only("associateSecretCode"))
    assert user.start("verifySoftwareToken", app.code(), "phone").value == {"Status": "SUCCESS"}
    enabled = {"PreferredMfa": False, "Enabled": True}
    assert user.call("setUserMfaPreference", enabled, enabled).value == "SUCCESS"

    for kind, event in (("SMS_MFA", "mfaRequired"), ("SOFTWARE_TOKEN_MFA", "totpRequired")):
        again = user_of(mfa_pool, name)
        asked = again.sign_in(name, PASSWORD)
        assert asked.name == "selectMFAType"
        assert sorted(json.loads(asked.values[1]["MFAS_CAN_CHOOSE"])) == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]
        assert again.start("sendMFASelectionAnswer", kind).name == event
        code = mfa_pool.code(phone) if kind == "SMS_MFA" else app.code()
        assert again.start("sendMFACode", code, "$callback", kind).value["valid"]


def test_attributes(pool: Pool, ada: JsUser) -> None:
    """Read, update, delete; a changed address is verified by the code that goes there."""
    assert attributes_of(ada)["name"] == "Ada"
    address = f"{new_name()}@example.com"
    changed = ada.call("updateAttributes", [*js_attributes({"name": "Countess", "email": address})])
    assert changed.values[0] == "SUCCESS"
    assert changed.values[1]["CodeDeliveryDetailsList"][0]["AttributeName"] == "email"
    assert attributes_of(ada)["email"] == address
    assert attributes_of(ada)["email_verified"] == "false"

    assert ada.call("deleteAttributes", ["name"]).value == "SUCCESS"
    assert "name" not in attributes_of(ada)

    sent = ada.start("getAttributeVerificationCode", "email").only("inputVerificationCode")
    assert sent["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert ada.start("verifyAttribute", "email", "000000").error[0] == "CodeMismatchException"
    assert ada.start("verifyAttribute", "email", pool.code(address)).value == "SUCCESS"
    assert attributes_of(ada)["email_verified"] == "true"


def test_an_attribute_that_the_client_may_not_write(ada: JsUser) -> None:
    refused = ada.call("updateAttributes", js_attributes({"custom:shoe": "42"}))
    assert refused.error == ("NotAuthorizedException", "A client attempted to write unauthorized attribute")


def test_change_the_password(pool: Pool, ada: JsUser, user_of: UserOf) -> None:
    name = ada.ask("getUsername")
    assert ada.call("changePassword", OTHER_PASSWORD, "Third-password-9").error == WRONG_LOGIN
    assert ada.call("changePassword", PASSWORD, OTHER_PASSWORD).value == "SUCCESS"
    assert user_of(pool, name).sign_in(name, PASSWORD).error == WRONG_LOGIN
    assert user_of(pool, name).sign_in(name, OTHER_PASSWORD).value["valid"]


def test_a_forgotten_password(pool: Pool, user_of: UserOf) -> None:
    name = pool.user()
    user = user_of(pool, name)
    sent = user.start("forgotPassword").only("inputVerificationCode")
    assert sent["CodeDeliveryDetails"]["Destination"] == f"{name[0]}***@e***"
    code = pool.code(f"{name}@example.com")
    other = "000000" if code != "000000" else "111111"
    assert user.start("confirmPassword", other, OTHER_PASSWORD).error[0] == "CodeMismatchException"
    assert user.start("confirmPassword", code, OTHER_PASSWORD).value == "SUCCESS"
    assert user.start("confirmPassword", code, PASSWORD).error[0] == "ExpiredCodeException"
    assert user_of(pool, name).sign_in(name, OTHER_PASSWORD).value["valid"]


def test_refresh(pool: Pool, ada: JsUser) -> None:
    """`REFRESH_TOKEN_AUTH`, by hand and from `getSession`; the refresh token stays."""
    old = ada.call("getSession").value
    new = ada.call("refreshSession", {"$refreshToken": old["refresh"]}).value
    assert new["access"] != old["access"]
    assert new["refresh"] == old["refresh"]
    assert claims(new["access"])["origin_jti"] == claims(old["access"])["origin_jti"]
    assert claims(new["access"])["auth_time"] == claims(old["access"])["auth_time"]
    assert attributes_of(ada)["name"] == "Ada"


def test_sign_out_here_revokes(pool: Pool, ada: JsUser, user_of: UserOf) -> None:
    """`signOut` with a callback: RevokeToken, after which neither token is good for anything."""
    session = ada.call("getSession").value
    assert ada.call("signOut").values == []
    other = user_of(pool, ada.ask("getUsername"))
    other.ask(
        "setSignInUserSession",
        {"$session": {"id": session["id"], "access": session["access"], "refresh": session["refresh"]}},
    )
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert other.call("getUserAttributes").error == revoked


def test_sign_out_everywhere(pool: Pool, ada: JsUser, user_of: UserOf) -> None:
    name = ada.ask("getUsername")
    second = user_of(pool, name)
    assert second.sign_in(name, PASSWORD).value["valid"]
    assert ada.start("globalSignOut").value == "SUCCESS"
    assert second.call("getUserAttributes").error == (
        "NotAuthorizedException",
        "Access Token has been revoked",
    )


def test_delete_oneself(pool: Pool, ada: JsUser, user_of: UserOf) -> None:
    name = ada.ask("getUsername")
    assert ada.call("deleteUser").value == "SUCCESS"
    gone = user_of(pool, name).sign_in(name, PASSWORD)
    assert gone.error == ("UserNotFoundException", "User does not exist.")
