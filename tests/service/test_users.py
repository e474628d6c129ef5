"""Administrators and users: made, invited, seen, listed, changed, deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.service.test_dispatch import post
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    World,
    pairs,
    together,
    with_app,
)
from userpool.protocol.errors import ServiceError
from userpool.service.access_sigv4 import AdminAccess
from userpool.service.dispatch import Dispatcher
from userpool.service.keyfile import KeySet
from userpool.service.ports import Store, Writer

EMAIL = "ada@example.com"
PHONE = "+15551234567"


def attributes(user: dict[str, object], member: str = "UserAttributes") -> dict[str, str]:
    listed = user[member]
    assert isinstance(listed, list)
    return {one["Name"]: one["Value"] for one in listed}


def test_a_created_user_is_invited_and_must_change_the_password(client: ClientOf, pool: PoolOf) -> None:
    made = pool.admin(
        "AdminCreateUser",
        Username="ada",
        UserAttributes=pairs({"email": EMAIL, "email_verified": "true"}),
        DesiredDeliveryMediums=["EMAIL"],
    )["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert made["Enabled"]
    assert list(attributes(made, "Attributes")) == ["sub", "email", "email_verified"]
    [message] = pool.world.outbox(EMAIL)
    assert (message.purpose, message.medium, message.username) == ("invitation", "EMAIL", "ada")
    challenge = client.by_password("ada", message.code)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    client.tokens(client.answer(challenge, NEW_PASSWORD=PASSWORD))
    shown = pool.admin("AdminGetUser", Username="ada")
    assert shown["UserStatus"] == "CONFIRMED"
    assert attributes(shown) == attributes(made, "Attributes")


def test_the_invitation_goes_where_it_is_asked_to(pool: PoolOf) -> None:
    given = pairs({"email": EMAIL, "phone_number": PHONE})
    pool.admin("AdminCreateUser", Username="a", UserAttributes=given)
    assert [one.to for one in pool.world.outbox()] == [PHONE]
    pool.admin("AdminCreateUser", Username="b", UserAttributes=given, DesiredDeliveryMediums=["SMS", "EMAIL"])
    assert [one.to for one in pool.world.outbox()][1:] == [PHONE, EMAIL]
    pool.admin("AdminCreateUser", Username="c", UserAttributes=given, MessageAction="SUPPRESS")
    pool.admin("AdminCreateUser", Username="d")
    assert len(pool.world.outbox()) == 3


def test_a_temporary_password_of_your_own(client: ClientOf, pool: PoolOf) -> None:
    weak = pool.world.error("AdminCreateUser", UserPoolId=pool.id, Username="ada", TemporaryPassword="short")
    assert weak.code == "InvalidPasswordException"
    pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
    assert client.by_password()["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_resend_renews_the_temporary_password(client: ClientOf, pool: PoolOf) -> None:
    mail = {"UserAttributes": pairs({"email": EMAIL}), "DesiredDeliveryMediums": ["EMAIL"]}
    pool.admin("AdminCreateUser", Username="ada", **mail)
    first = pool.world.code()
    pool.world.clock.advance(6 * 86400)
    pool.admin("AdminCreateUser", Username="ada", MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    second = pool.world.code()
    assert first != second
    pool.world.clock.advance(6 * 86400)
    assert client.error(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": first},
    ).code == ("NotAuthorizedException")
    challenge = client.by_password("ada", second)
    client.answer(challenge, NEW_PASSWORD=PASSWORD)
    again = pool.world.error("AdminCreateUser", UserPoolId=pool.id, Username="ada", MessageAction="RESEND")
    assert again.code == "UnsupportedUserStateException"
    unknown = pool.world.error("AdminCreateUser", UserPoolId=pool.id, Username="eve", MessageAction="RESEND")
    assert unknown.code == "UserNotFoundException"


def test_a_pool_with_codes_by_mail_lets_users_in_without_a_password(world: World) -> None:
    pool = world.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    made = pool.admin("AdminCreateUser", Username="ada", UserAttributes=pairs({"email": EMAIL}))["User"]
    assert made["UserStatus"] == "CONFIRMED"
    assert world.outbox() == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"email": "no address"}, "InvalidParameterException"),
        ({"phone_number": "0123"}, "InvalidParameterException"),
        ({"custom:none": "x"}, "InvalidParameterException"),
        ({"sub": "mine"}, "InvalidParameterException"),
        ({"email_verified": "true"}, "InvalidParameterException"),
    ],
)
def test_attributes_that_a_user_cannot_have(pool: PoolOf, given: dict[str, str], code: str) -> None:
    refused = pool.world.error(
        "AdminCreateUser", UserPoolId=pool.id, Username="ada", UserAttributes=pairs(given)
    )
    assert refused.code == code
    assert pool.world.error("AdminGetUser", UserPoolId=pool.id, Username="ada").code == (
        "UserNotFoundException"
    )


def test_names_are_taken_once(pool: PoolOf, world: World) -> None:
    pool.admin("AdminCreateUser", Username="ada")
    taken = world.error("AdminCreateUser", UserPoolId=pool.id, Username="ada")
    assert (taken.code, taken.message) == ("UsernameExistsException", "User already exists")
    by_mail = world.pool(UsernameAttributes=["email"])
    made = by_mail.admin("AdminCreateUser", Username=EMAIL)["User"]
    assert attributes(made, "Attributes")["email"] == EMAIL
    assert made["Username"] == attributes(made, "Attributes")["sub"]
    taken = world.error("AdminCreateUser", UserPoolId=by_mail.id, Username=EMAIL)
    assert taken.code == "UsernameExistsException"
    assert taken.message == "An account with the given email already exists."
    wrong = world.error("AdminCreateUser", UserPoolId=by_mail.id, Username="ada")
    assert (wrong.code, wrong.message) == ("InvalidParameterException", "Username should be an email.")


def test_a_verified_alias_moves_only_by_force(world: World) -> None:
    pool = world.pool(AliasAttributes=["email"])
    mine = pairs({"email": EMAIL, "email_verified": "true"})
    pool.admin("AdminCreateUser", Username="ada", UserAttributes=mine)
    assert pool.admin("AdminGetUser", Username=EMAIL)["Username"] == "ada"
    taken = world.error("AdminCreateUser", UserPoolId=pool.id, Username="eve", UserAttributes=mine)
    assert taken.code == "UsernameExistsException"
    pool.admin("AdminCreateUser", Username="eve", UserAttributes=mine, ForceAliasCreation=True)
    assert pool.admin("AdminGetUser", Username=EMAIL)["Username"] == "eve"
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email_verified"] == "false"
    unverified = pairs({"email": "bob@example.com"})
    pool.admin("AdminCreateUser", Username="bob", UserAttributes=unverified)
    assert world.error("AdminGetUser", UserPoolId=pool.id, Username="bob@example.com").code == (
        "UserNotFoundException"
    )


def test_a_preferred_name_moves_by_force_too(world: World) -> None:
    pool = world.pool(AliasAttributes=["preferred_username"])
    mine = pairs({"preferred_username": "countess"})
    pool.admin("AdminCreateUser", Username="ada", UserAttributes=mine)
    taken = world.error("AdminCreateUser", UserPoolId=pool.id, Username="eve", UserAttributes=mine)
    assert taken.code == "UsernameExistsException"
    pool.admin("AdminCreateUser", Username="eve", UserAttributes=mine, ForceAliasCreation=True)
    assert pool.admin("AdminGetUser", Username="countess")["Username"] == "eve"


class Meanwhile:
    """A store in which something happens between what an operation reads and what it writes."""

    def __init__(self, store: Store, happens: Callable[[], object]) -> None:
        self._store, self._happens = store, happens

    def write(self, work: Callable[[Writer], Any]) -> Any:
        self._happens()
        return self._store.write(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("AdminSetUserPassword", {"Password": OTHER_PASSWORD}),
        ("AdminCreateUser", {"MessageAction": "RESEND"}),
        ("AdminUpdateUserAttributes", {"UserAttributes": pairs({"email": EMAIL})}),
    ],
)
@pytest.mark.parametrize("again", [True, False])
def test_what_was_prepared_for_one_user_does_not_reach_the_next_of_that_name(
    pool: PoolOf, operation: str, members: dict[str, Any], again: bool
) -> None:
    pool.admin("AdminCreateUser", Username="ada")
    sub = pool.user("ada").sub
    world = pool.world
    store = world.service.context.store

    def happens() -> None:
        store.write(lambda writer: writer.delete_user(pool.id, sub))
        if again and store.read(lambda reader: reader.user_named(pool.id, ["ada"])) is None:
            handle(post("AdminCreateUser", {"UserPoolId": pool.id, "Username": "ada"}))

    handle = world.service.handle
    changed = replace(world.context, store=Meanwhile(store, happens))
    dispatcher = Dispatcher(changed, AdminAccess(KeySet(), world.context.settings, world.clock), lambda: None)
    request = post(operation, {"UserPoolId": pool.id, "Username": "ada", **members})
    body = json.loads(dispatcher.handle(request).body)
    assert (body["__type"], body["message"]) == ("UserNotFoundException", "User does not exist.")
    if again:
        assert pool.user("ada").sub != sub
        assert pool.user("ada").version <= 1


def test_a30_many_at_once_make_one_user(pool: PoolOf) -> None:
    outcomes = together(12, lambda _: pool.admin("AdminCreateUser", Username="ada"))
    refused = [one for one in outcomes if isinstance(one, ServiceError)]
    assert len(outcomes) - len(refused) == 1
    assert {one.code for one in refused} == {"UsernameExistsException"}


def test_a_user_is_shown_whole(client: ClientOf, world: World) -> None:
    pool = world.pool(mfa=TOTP_OPTIONAL, AutoVerifiedAttributes=["email"])
    client = pool.client()
    sub = client.signed_up("ada", email=EMAIL)
    with_app(client, client.tokens())
    shown = pool.admin("AdminGetUser", Username="ada")
    assert attributes(shown) == {"sub": sub, "email": EMAIL, "email_verified": "false"}
    assert shown["Username"] == "ada"
    assert shown["UserStatus"] == "CONFIRMED"
    assert shown["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert shown["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert "Password" not in str(shown)


def test_users_are_found_by_their_attributes(pool: PoolOf) -> None:
    for name, given in (
        ("ada", {"email": "ada@example.com", "given_name": "Ada"}),
        ("adam", {"email": "adam@example.com", "given_name": "Adam"}),
        ("eve", {"email": "eve@example.com", "phone_number": PHONE}),
    ):
        pool.admin("AdminCreateUser", Username=name, UserAttributes=pairs(given), MessageAction="SUPPRESS")
    pool.admin("AdminDisableUser", Username="eve")
    pool.admin("AdminSetUserPassword", Username="ada", Password=PASSWORD, Permanent=True)

    def found(text: str | None) -> list[str]:
        return sorted(one["Username"] for one in pool.admin("ListUsers", Filter=text)["Users"])

    assert found(None) == found("") == ["ada", "adam", "eve"]
    assert found('username = "ada"') == ["ada"]
    assert found('username ^= "ada"') == ["ada", "adam"]
    assert found('email = "eve@example.com"') == ["eve"]
    assert found('email ^= "ad"') == ["ada", "adam"]
    assert found('given_name = "Adam"') == ["adam"]
    assert found('phone_number ^= "+1555"') == ["eve"]
    assert found('status = "Disabled"') == ["eve"]
    assert found('status = "Enabled"') == ["ada", "adam"]
    assert found('cognito:user_status = "confirmed"') == ["ada"]
    sub = pool.user("ada").sub
    assert found(f'sub = "{sub}"') == ["ada"]
    assert found('username = "Ada"') == []
    assert found('email ^= "%"') == []
    assert found('name = "_da"') == []


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"Filter": 'sub = "x" or 1=1'}, "Error while parsing filter."),
        ({"Filter": 'custom:foo = "x"'}, "Invalid search attribute: custom:foo"),
        ({"AttributesToGet": ["custom:none"]}, "One or more requested attributes do not exist."),
        ({"PaginationToken": "made-up"}, "Invalid pagination token provided."),
        ({"Limit": 61}, "1 validation error detected"),
        ({"Filter": 'name = "' + "x" * 300 + '"'}, "1 validation error detected"),
    ],
)
def test_a54_lists_that_cannot_be(pool: PoolOf, members: dict[str, object], text: str) -> None:
    refused = pool.world.error("ListUsers", UserPoolId=pool.id, **members)
    assert refused.code == "InvalidParameterException"
    assert refused.message.startswith(text)


@pytest.mark.parametrize("text", [None, 'username ^= "user"', 'status = "Enabled"'])
def test_a53_pages_show_each_user_once_and_keep_to_their_list(pool: PoolOf, text: str | None) -> None:
    names = {f"user{number:02}" for number in range(7)}
    for name in names:
        pool.admin("AdminCreateUser", Username=name, MessageAction="SUPPRESS")
    found: list[str] = []
    token: str | None = None
    while True:
        answer = pool.admin("ListUsers", Filter=text, Limit=3, PaginationToken=token)
        found += [one["Username"] for one in answer["Users"]]
        if token is None:
            first = answer["PaginationToken"]
        token = answer.get("PaginationToken")
        if token is None:
            break
    assert sorted(found) == sorted(names)
    other = pool.world.pool()
    for members in (
        {"UserPoolId": other.id, "Filter": text},
        {"UserPoolId": pool.id, "Filter": 'name = "x"'},
    ):
        assert pool.world.error("ListUsers", PaginationToken=first, **members).code == (
            "InvalidParameterException"
        )


def test_only_the_attributes_asked_for(pool: PoolOf) -> None:
    pool.admin("AdminCreateUser", Username="ada", UserAttributes=pairs({"email": EMAIL, "name": "Ada"}))
    [user] = pool.admin("ListUsers", AttributesToGet=["email", "nickname"])["Users"]
    assert attributes(user, "Attributes") == {"email": EMAIL}


def test_a_password_for_good(client: ClientOf, pool: PoolOf) -> None:
    client.sign_up("ada")
    pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
    assert pool.admin("AdminGetUser", Username="ada")["UserStatus"] == "CONFIRMED"
    client.tokens(client.by_srp("ada", OTHER_PASSWORD))


def test_a_password_until_the_next_sign_in(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up()
    pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD)
    assert pool.admin("AdminGetUser", Username="ada")["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert client.by_password("ada", OTHER_PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a39_the_sign_ins_of_an_old_password_end(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up()
    tokens = client.tokens()
    pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
    assert tokens.error("GetUser").code == "NotAuthorizedException"


def test_passwords_that_an_administrator_cannot_set(world: World) -> None:
    pool = world.pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}})
    pool.client().signed_up("ada", PASSWORD)
    members = {"UserPoolId": pool.id, "Username": "ada"}
    assert world.error("AdminSetUserPassword", **members, Password="short").code == (
        "InvalidPasswordException"
    )
    assert world.error("AdminSetUserPassword", **members, Password=PASSWORD).code == (
        "PasswordHistoryPolicyViolationException"
    )
    unknown = {**members, "Username": "eve", "Password": PASSWORD}
    assert world.error("AdminSetUserPassword", **unknown).message == "User does not exist."


def test_a70_a_code_does_not_outlive_an_administrators_password(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up("ada", email=EMAIL)
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs({"email_verified": "true"}))
    client.call("ForgotPassword", Username="ada")
    code = pool.world.code()
    pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
    dead = client.error("ConfirmForgotPassword", Username="ada", ConfirmationCode=code, Password=PASSWORD)
    assert dead.code in ("ExpiredCodeException", "CodeMismatchException")
    client.tokens(client.by_password("ada", OTHER_PASSWORD))


def test_confirming_a_sign_up(client: ClientOf, pool: PoolOf) -> None:
    client.sign_up("ada", email=EMAIL)
    code = pool.world.code()
    pool.admin("AdminConfirmSignUp", Username="ada")
    shown = pool.admin("AdminGetUser", Username="ada")
    assert shown["UserStatus"] == "CONFIRMED"
    assert attributes(shown).get("email_verified") in (None, "false")
    again = pool.world.error("AdminConfirmSignUp", UserPoolId=pool.id, Username="ada")
    assert (again.code, again.message) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )
    assert client.error("ConfirmSignUp", Username="ada", ConfirmationCode=code).code in (
        "NotAuthorizedException",
        "ExpiredCodeException",
    )


def test_a40_a_disabled_user_is_out_and_old_tokens_stay_dead(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up()
    tokens = client.tokens()
    pool.admin("AdminDisableUser", Username="ada")
    assert not pool.admin("AdminGetUser", Username="ada")["Enabled"]
    assert tokens.error("GetUser").code == "NotAuthorizedException"
    members = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD}}
    assert client.error("InitiateAuth", **members).message == "User is disabled."
    pool.admin("AdminEnableUser", Username="ada")
    assert tokens.error("GetUser").code == "NotAuthorizedException"
    refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": tokens.refresh}}
    assert client.error("InitiateAuth", **refresh).code == "NotAuthorizedException"
    client.tokens()


def test_signing_a_user_out_everywhere(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up()
    first, second = client.tokens(), client.tokens()
    pool.admin("AdminUserGlobalSignOut", Username="ada")
    for tokens in (first, second):
        assert tokens.error("GetUser").message == "Access Token has been revoked"
    client.tokens().call("GetUser")


def test_a69_a_deleted_user_is_gone_and_the_name_is_free(client: ClientOf, pool: PoolOf) -> None:
    sub = client.signed_up()
    tokens = client.tokens()
    pool.admin("AdminDeleteUser", Username="ada")
    assert pool.world.error("AdminGetUser", UserPoolId=pool.id, Username="ada").code == (
        "UserNotFoundException"
    )
    assert tokens.error("GetUser").code in ("NotAuthorizedException", "UserNotFoundException")
    assert client.signed_up() != sub
    assert tokens.error("GetUser").code in ("NotAuthorizedException", "UserNotFoundException")


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("AdminGetUser", {}),
        ("AdminDeleteUser", {}),
        ("AdminConfirmSignUp", {}),
        ("AdminEnableUser", {}),
        ("AdminDisableUser", {}),
        ("AdminUserGlobalSignOut", {}),
        ("AdminSetUserPassword", {"Password": PASSWORD}),
        ("AdminUpdateUserAttributes", {"UserAttributes": pairs({"name": "x"})}),
        ("AdminDeleteUserAttributes", {"UserAttributeNames": ["name"]}),
        ("AdminResetUserPassword", {}),
    ],
)
def test_administrators_are_told_who_does_not_exist(
    pool: PoolOf, operation: str, members: dict[str, object]
) -> None:
    error = pool.world.error(operation, UserPoolId=pool.id, Username="nobody", **members)
    assert (error.code, error.message) == ("UserNotFoundException", "User does not exist.")


def test_a_user_is_found_by_its_sub(pool: PoolOf) -> None:
    sub = attributes(pool.admin("AdminCreateUser", Username="ada")["User"], "Attributes")["sub"]
    assert pool.admin("AdminGetUser", Username=sub)["Username"] == "ada"
    pool.admin("AdminDisableUser", Username=sub)
    assert pool.admin("AdminGetUser", Username="ada")["Enabled"] is False


def test_a_name_that_is_the_sub_of_another_finds_nobody(pool: PoolOf) -> None:
    sub = attributes(pool.admin("AdminCreateUser", Username="ada")["User"], "Attributes")["sub"]
    pool.admin("AdminCreateUser", Username=sub)
    refusal = pool.world.error("AdminDisableUser", UserPoolId=pool.id, Username=sub)
    assert refusal.code == "UserNotFoundException"
    assert pool.admin("AdminGetUser", Username="ada")["Enabled"] is True


def test_attributes_are_changed_and_deleted(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up("ada", name="Ada", nickname="a")
    pool.admin(
        "AdminUpdateUserAttributes",
        Username="ada",
        UserAttributes=pairs({"name": "Ada L.", "nickname": "", "email": EMAIL, "email_verified": "true"}),
    )
    shown = attributes(pool.admin("AdminGetUser", Username="ada"))
    assert shown["name"] == "Ada L."
    assert shown["email_verified"] == "true"
    assert "nickname" not in shown
    assert pool.world.outbox() == []
    pool.admin("AdminDeleteUserAttributes", Username="ada", UserAttributeNames=["name", "email"])
    assert set(attributes(pool.admin("AdminGetUser", Username="ada"))) == {"sub"}


def test_a_changed_address_gets_a_code(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up("ada")
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs({"email": EMAIL}))
    [message] = pool.world.outbox(EMAIL)
    assert message.purpose == "verify_attribute"
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email_verified"] == "false"
    client.tokens().call("VerifyUserAttribute", AttributeName="email", Code=message.code)
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email_verified"] == "true"
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs({"email": EMAIL}))
    assert len(pool.world.outbox(EMAIL)) <= 1


def test_an_address_waits_for_its_code_where_the_pool_wants_that(world: World) -> None:
    pool = world.pool(
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    client = pool.client()
    client.signed_up("ada", email=EMAIL)
    new = "new@example.com"
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs({"email": new}))
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email"] == EMAIL
    client.tokens().call("VerifyUserAttribute", AttributeName="email", Code=world.code(new))
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email"] == new
    sure = {"email": "sure@example.com", "email_verified": "true"}
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs(sure))
    assert attributes(pool.admin("AdminGetUser", Username="ada"))["email"] == "sure@example.com"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"sub": "x"}, "InvalidParameterException"),
        ({"custom:fixed": "x"}, "InvalidParameterException"),
        ({"custom:none": "x"}, "InvalidParameterException"),
        ({"email": ""}, "InvalidParameterException"),
        ({"phone_number_verified": "true"}, "InvalidParameterException"),
        ({"preferred_username": "eve"}, "AliasExistsException"),
    ],
)
def test_a35_changes_that_cannot_be(world: World, given: dict[str, str], code: str) -> None:
    pool = world.pool(
        AliasAttributes=["preferred_username"],
        Schema=[
            {"Name": "email", "Required": True},
            {"Name": "fixed", "AttributeDataType": "String", "Mutable": False},
        ],
    )
    for name in ("ada", "bob"):
        pool.admin("AdminCreateUser", Username=name, UserAttributes=pairs({"email": EMAIL}))
    pool.admin(
        "AdminUpdateUserAttributes", Username="bob", UserAttributes=pairs({"preferred_username": "eve"})
    )
    before = attributes(pool.admin("AdminGetUser", Username="ada"))
    members = {"UserPoolId": pool.id, "Username": "ada"}
    refused = world.error("AdminUpdateUserAttributes", **members, UserAttributes=pairs(given))
    assert refused.code == code
    required = world.error("AdminDeleteUserAttributes", **members, UserAttributeNames=["email"])
    assert required.code == "InvalidParameterException"
    assert attributes(pool.admin("AdminGetUser", Username="ada")) == before


def test_a_reset_ends_the_password_until_a_code_renews_it(client: ClientOf, pool: PoolOf) -> None:
    client.signed_up("ada", email=EMAIL)
    members = {"UserPoolId": pool.id, "Username": "ada"}
    assert pool.world.error("AdminResetUserPassword", **members).code == "InvalidParameterException"
    pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=pairs({"email_verified": "true"}))
    tokens = client.tokens()
    pool.admin("AdminResetUserPassword", Username="ada")
    assert pool.admin("AdminGetUser", Username="ada")["UserStatus"] == "RESET_REQUIRED"
    assert tokens.error("GetUser").code in ("NotAuthorizedException", "PasswordResetRequiredException")
    sign_in = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD}}
    assert client.error("InitiateAuth", **sign_in).code == "PasswordResetRequiredException"
    client.call(
        "ConfirmForgotPassword",
        Username="ada",
        ConfirmationCode=pool.world.code(EMAIL),
        Password=OTHER_PASSWORD,
    )
    client.tokens(client.by_password("ada", OTHER_PASSWORD))
    pool.admin("AdminSetUserPassword", Username="ada", Password=PASSWORD)
    forced = pool.world.error("AdminResetUserPassword", **members)
    assert (forced.code, forced.message) == (
        "NotAuthorizedException",
        "User password cannot be reset in the current state.",
    )
