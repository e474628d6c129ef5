"""SignUp, ConfirmSignUp, ResendConfirmationCode: each bad case by its number in the project's catalogue."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.service.world import (
    PASSWORD,
    ClientOf,
    PoolOf,
    World,
    other_code,
    pairs,
    together,
)
from userpool.protocol.errors import (
    AliasExistsException,
    CodeDeliveryFailureException,
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    InvalidPasswordException,
    LimitExceededException,
    NotAuthorizedException,
    ResourceNotFoundException,
    ServiceError,
    UsernameExistsException,
    UserNotFoundException,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.service.domain.records import CodePurpose, UserStatus

EMAIL = "ada@example.com"
DAY = 86400


def confirm(client: ClientOf, code: str, username: str = "ada", **more: object) -> None:
    client.call("ConfirmSignUp", Username=username, ConfirmationCode=code, **more)


def refused(client: ClientOf, code: str, username: str = "ada") -> ServiceError:
    return client.error("ConfirmSignUp", Username=username, ConfirmationCode=code)


def test_a_user_signs_up_and_confirms_by_the_code_that_was_sent(client: ClientOf, world: World) -> None:
    answer = client.sign_up("ada", email=EMAIL, name="Ada")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    user = client.pool.user("ada")
    assert (user.status, user.sub) == (UserStatus.UNCONFIRMED, answer["UserSub"])
    assert user.attributes["email_verified"] == "false"
    [message] = world.outbox(EMAIL)
    assert (message.purpose, message.username, message.medium) == ("sign_up", "ada", "EMAIL")

    confirm(client, message.code)
    user = client.pool.user("ada")
    assert user.status is UserStatus.CONFIRMED
    assert user.attributes["email_verified"] == "true"
    assert client.by_password()["AuthenticationResult"]["TokenType"] == "Bearer"


def test_no_clear_password_is_kept(client: ClientOf) -> None:
    client.sign_up("ada", email=EMAIL)
    assert PASSWORD not in repr(client.pool.user("ada").password)
    record = client.pool.user("ada").password
    assert record is not None
    assert PASSWORD.encode() not in record.sealed_verifier + record.salt


@pytest.mark.parametrize(
    ("auto", "attributes", "medium", "destination"),
    [
        (["email"], {"email": EMAIL, "phone_number": "+15555550123"}, "EMAIL", "a***@e***"),
        (["email", "phone_number"], {"email": EMAIL, "phone_number": "+15555550123"}, "SMS", "+*******0123"),
        (["phone_number"], {"phone_number": "+15555550123"}, "SMS", "+*******0123"),
    ],
)
def test_where_the_code_goes(
    world: World, auto: list[str], attributes: dict[str, str], medium: str, destination: str
) -> None:
    client = world.pool(AutoVerifiedAttributes=auto).client()
    details = client.sign_up("ada", **attributes)["CodeDeliveryDetails"]
    assert (details["DeliveryMedium"], details["Destination"]) == (medium, destination)


def test_without_an_address_or_without_verification_nothing_is_sent(client: ClientOf, world: World) -> None:
    assert "CodeDeliveryDetails" not in client.sign_up("ada")
    assert "CodeDeliveryDetails" not in world.pool().client().sign_up("ada", email=EMAIL)
    assert world.outbox() == []


def test_A14_confirm_sign_up_with_any_code(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    for code in (other_code(world.code()), "123", "x" * 2048):
        error = refused(client, code)
        assert isinstance(error, CodeMismatchException)
        assert error.message == "Invalid verification code provided, please try again."
    assert client.pool.user("ada").status is UserStatus.UNCONFIRMED


def test_A15_a_code_that_is_used_expired_or_replaced(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    first = world.code()
    client.call("ResendConfirmationCode", Username="ada")
    second = world.code()
    if first != second:
        assert isinstance(refused(client, first), CodeMismatchException)
    world.clock.advance(DAY)
    error = refused(client, second)
    assert isinstance(error, ExpiredCodeException)
    assert error.message == "Invalid code provided, please request a code again."


def test_a_used_code_does_not_confirm_again(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    confirm(client, world.code())
    error = refused(client, world.code())
    assert isinstance(error, NotAuthorizedException)
    assert error.message == "User cannot be confirmed. Current status is CONFIRMED"
    client.pool.change("ada", status=UserStatus.UNCONFIRMED)
    assert isinstance(refused(client, world.code()), ExpiredCodeException)


def test_T03_an_expired_code_stays_expired_when_the_clock_goes_back(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    world.clock.advance(DAY)
    assert isinstance(refused(client, world.code()), ExpiredCodeException)
    world.clock.advance(-3600)
    assert isinstance(refused(client, world.code()), ExpiredCodeException)


def test_T02_codes_are_kept_as_keyed_hashes(client: ClientOf, world: World) -> None:
    sub = client.sign_up("ada", email=EMAIL)["UserSub"]
    code = world.service.context.store.read(
        lambda reader: reader.code(client.pool.id, sub, CodePurpose.SIGN_UP, "email")
    )
    assert code is not None
    assert len(code.hash) == 32
    assert world.code().encode() not in code.hash
    assert code.expires_at == code.created_at + DAY


def test_the_code_of_another_user_is_wrong(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    client.sign_up("bob", email="bob@example.com")
    ada, bob = world.code(EMAIL), world.code("bob@example.com")
    if ada != bob:
        assert isinstance(refused(client, bob, "ada"), CodeMismatchException)
    confirm(client, ada)


def test_A24_an_unknown_name_at_confirm_and_resend(client: ClientOf, hiding: ClientOf, world: World) -> None:
    for operation, members in (
        ("ConfirmSignUp", {"ConfirmationCode": "123456"}),
        ("ResendConfirmationCode", {}),
    ):
        error = client.error(operation, Username="nobody", **members)
        assert isinstance(error, UserNotFoundException)
        assert error.message == "Username/client id combination not found."

    hiding.sign_up("ada", email=EMAIL)
    wrong = other_code(world.code())
    assert str(refused(hiding, wrong, "nobody")) == str(refused(hiding, wrong, "ada"))
    assert isinstance(refused(hiding, wrong, "nobody"), CodeMismatchException)

    shown = hiding.call("ResendConfirmationCode", Username="nobody@example.net")["CodeDeliveryDetails"]
    assert shown == {"Destination": "n***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    twice = [hiding.call("ResendConfirmationCode", Username="nobody") for _ in range(2)]
    assert twice[0] == twice[1]
    assert world.outbox("nobody@example.net") == []


def test_an_unknown_name_at_resend_is_asked_of_the_store_as_often(hiding: ClientOf, world: World) -> None:
    hiding.sign_up("ada", email=EMAIL)
    code = other_code(world.code())
    known = world.counted(lambda: refused(hiding, code, "ada"))
    unknown = world.counted(lambda: refused(hiding, code, "nobody"))
    assert known == unknown


def test_A28_a_taken_user_name(client: ClientOf) -> None:
    client.sign_up("ada", email=EMAIL)
    error = client.error("SignUp", Username="ada", Password=PASSWORD)
    assert isinstance(error, UsernameExistsException)
    assert error.message == "User already exists"


def test_A28_a_taken_alias_shows_only_when_it_is_confirmed(world: World) -> None:
    client = world.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"]).client()
    client.sign_up("ada", email=EMAIL)
    confirm(client, world.code())
    client.sign_up("eve", email=EMAIL)
    code = world.code()
    error = refused(client, code, "eve")
    assert isinstance(error, AliasExistsException)
    assert error.message == "An account with the given email already exists."
    assert client.by_password(EMAIL)["AuthenticationResult"]

    # A32: a verified alias moves only on demand, and its old owner's address is no longer verified.
    confirm(client, code, "eve", ForceAliasCreation=True)
    assert client.pool.user(EMAIL).username == "eve"
    assert client.pool.user("ada").attributes["email_verified"] == "false"


def test_A32_an_unverified_alias_finds_nobody(world: World) -> None:
    client = world.pool(AliasAttributes=["email"]).client(PreventUserExistenceErrors="LEGACY")
    client.signed_up("ada", email=EMAIL)
    error = client.error(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    )
    assert isinstance(error, UserNotFoundException)


@pytest.mark.parametrize(
    "typed",
    ["ADA", "Ada", "\uff41\uff44\uff41"],  # the last in full width
    ids=["upper", "mixed", "full-width"],
)
def test_A29_other_spellings_of_a_name_are_one_user(world: World, typed: str) -> None:
    client = world.pool(UsernameConfiguration={"CaseSensitive": False}).client()
    client.signed_up("ada")
    assert isinstance(client.error("SignUp", Username=typed, Password=PASSWORD), UsernameExistsException)
    assert client.by_password(typed)["AuthenticationResult"]


def test_A29_composed_and_decomposed_letters_are_one_name(client: ClientOf) -> None:
    client.signed_up("Zo\u00eb")
    assert isinstance(
        client.error("SignUp", Username="Zoe\u0308", Password=PASSWORD), UsernameExistsException
    )
    assert client.by_password("Zoe\u0308")["AuthenticationResult"]


@pytest.mark.parametrize("typed", ["ada ", "a\u200bda", "ad\u2003a", "a\u00a8da"])
def test_A29_invisible_characters_are_refused(client: ClientOf, typed: str) -> None:
    assert isinstance(client.error("SignUp", Username=typed, Password=PASSWORD), InvalidParameterException)


def test_in_a_case_sensitive_pool_two_spellings_are_two_users(client: ClientOf) -> None:
    assert client.signed_up("ada") != client.signed_up("Ada")


def test_A30_one_name_is_taken_once(client: ClientOf, world: World) -> None:
    def one_of_many(name: str, number: int) -> object:
        return client.sign_up(name, email=f"{name}{number}@example.com")

    for number in range(5):
        name = f"user{number}"
        outcomes = together(6, partial(one_of_many, name), 6)
        failed = [one for one in outcomes if isinstance(one, ServiceError)]
        assert {type(one) for one in failed} == {UsernameExistsException}
        assert len(outcomes) - len(failed) == 1
    assert len(world.outbox()) == 5


def test_A31_one_code_confirms_once(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    code = world.code()
    outcomes = together(8, lambda _: confirm(client, code), 8)
    assert Counter(one is None for one in outcomes)[True] == 1


def test_parallel_guesses_of_a_code_are_evaluated_15_times_at_most(client: ClientOf, world: World) -> None:
    client.sign_up("ada", email=EMAIL)
    wrong = other_code(world.code())
    outcomes = together(100, lambda _: confirm(client, wrong))
    kinds = Counter(type(one) for one in outcomes)
    assert kinds == {CodeMismatchException: 15, LimitExceededException: 85}
    error = refused(client, world.code())
    assert isinstance(error, LimitExceededException)
    assert error.message == "Attempt limit exceeded, please try after some time."
    # A new code does not open a new hour.
    client.call("ResendConfirmationCode", Username="ada")
    assert isinstance(refused(client, world.code()), LimitExceededException)
    world.clock.advance(3600)
    confirm(client, world.code())


def test_a_code_is_resent_five_times_an_hour(client: ClientOf, hiding: ClientOf) -> None:
    client.sign_up("ada", email=EMAIL)
    for name in ("ada", "nobody"):
        for _ in range(5):
            hiding.call("ResendConfirmationCode", Username=name)
        assert isinstance(hiding.error("ResendConfirmationCode", Username=name), LimitExceededException)


def test_resend_says_when_there_is_nothing_to_confirm(client: ClientOf, world: World) -> None:
    client.signed_up("ada", email=EMAIL)
    error = client.error("ResendConfirmationCode", Username="ada")
    assert (type(error), error.message) == (InvalidParameterException, "User is already confirmed.")
    silent = world.pool().client(PreventUserExistenceErrors="ENABLED")
    silent.sign_up("ada", email=EMAIL)
    texts = {silent.error("ResendConfirmationCode", Username=name).message for name in ("ada", "nobody")}
    assert texts == {"Cannot resend codes. Auto verification not turned on."}


def test_A36_sign_up_switched_off(world: World) -> None:
    client = world.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}).client()
    error = client.error("SignUp", Username="ada", Password=PASSWORD)
    assert isinstance(error, NotAuthorizedException)
    assert error.message == "SignUp is not permitted for this user pool"


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("Sh0rt-7", "Password not long enough"),
        ("correct-horse-7", "Password must have uppercase characters"),
        ("CORRECT-HORSE-7", "Password must have lowercase characters"),
        ("Correct-horse-x", "Password must have numeric characters"),
        ("Correcthorse77", "Password must have symbol characters"),
    ],
)
def test_A64_a_password_against_the_policy(client: ClientOf, password: str, text: str) -> None:
    error = client.error("SignUp", Username="ada", Password=password)
    assert isinstance(error, InvalidPasswordException)
    assert error.message == f"Password did not conform with policy: {text}"


@pytest.mark.parametrize("password", ["x" * 257, "Correct horse 7", ""])
def test_A64_a_password_against_the_model(client: ClientOf, password: str) -> None:
    assert isinstance(client.error("SignUp", Username="ada", Password=password), InvalidParameterException)


def test_A34_A35_a_new_user_cannot_write_what_is_not_theirs(client: ClientOf) -> None:
    for attributes in (
        {"email": EMAIL, "email_verified": "true"},
        {"sub": "me"},
        {"custom__team": "x"},
        {"dev__custom__x": "x"},
    ):
        error = client.error("SignUp", Username="ada", Password=PASSWORD, UserAttributes=pairs(attributes))
        assert isinstance(error, NotAuthorizedException)
        assert error.message == "A client attempted to write unauthorized attribute"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"email": "no address"}, "Invalid email address format."),
        ({"phone_number": "0555"}, "Invalid phone number format."),
        (
            {"birthdate": "1815"},
            "Attributes did not conform to the schema: birthdate: String must be at least 10 characters long",
        ),
    ],
)
def test_attributes_must_fit_the_schema(client: ClientOf, attributes: dict[str, str], text: str) -> None:
    error = client.error("SignUp", Username="ada", Password=PASSWORD, UserAttributes=pairs(attributes))
    assert (type(error), error.message) == (InvalidParameterException, text)


def test_required_attributes_are_required(world: World) -> None:
    required = [{"Name": name, "Required": True, "Mutable": True} for name in ("email", "name")]
    client = world.pool(Schema=required).client()
    error = client.error("SignUp", Username="ada", Password=PASSWORD)
    assert error.message == (
        "Attributes did not conform to the schema: name: The attribute is required; "
        "email: The attribute is required"
    )


class TestPoolsWithAddressesAsNames:
    @pytest.fixture
    def by_email(self, world: World) -> ClientOf:
        return world.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"]).client()

    def test_the_address_becomes_an_attribute_and_sub_the_name(self, by_email: ClientOf) -> None:
        sub = by_email.sign_up(EMAIL)["UserSub"]
        user = by_email.pool.user(EMAIL)
        assert (user.username, user.attributes["email"]) == (sub, EMAIL)
        assert by_email.pool.user(sub) == user

    def test_a_taken_address_is_refused_at_once(self, by_email: ClientOf) -> None:
        by_email.sign_up(EMAIL)
        error = by_email.error("SignUp", Username=EMAIL, Password=PASSWORD)
        assert isinstance(error, UsernameExistsException)
        assert error.message == "An account with the given email already exists."

    def test_other_names_are_refused(self, by_email: ClientOf) -> None:
        error = by_email.error("SignUp", Username="ada", Password=PASSWORD)
        assert error.message == "Username should be an email."
        other = pairs({"email": "eve@example.com"})
        error = by_email.error("SignUp", Username=EMAIL, Password=PASSWORD, UserAttributes=other)
        assert isinstance(error, InvalidParameterException)


def test_names_that_look_like_aliases_are_refused(world: World) -> None:
    client = world.pool(AliasAttributes=["email", "phone_number", "preferred_username"]).client()
    for name, text in (
        (EMAIL, "Username cannot be of email format, since user pool is configured for email alias."),
        (
            "+15555550123",
            "Username cannot be of phone number format, "
            "since user pool is configured for phone number alias.",
        ),
    ):
        assert client.error("SignUp", Username=name, Password=PASSWORD).message == text
    preferred = pairs({"preferred_username": "countess"})
    error = client.error("SignUp", Username="ada", Password=PASSWORD, UserAttributes=preferred)
    assert isinstance(error, InvalidParameterException)


def test_A62_a_code_that_cannot_be_delivered(
    client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise CodeDeliveryFailureException("Unable to deliver message")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.context.messages), "send", fail)
        error = client.error(
            "SignUp", Username="ada", Password=PASSWORD, UserAttributes=pairs({"email": EMAIL})
        )
        assert isinstance(error, CodeDeliveryFailureException)
    client.call("ResendConfirmationCode", Username="ada")
    confirm(client, world.code())


def test_A44_the_secret_hash_is_demanded_and_checked(pool: PoolOf) -> None:
    client = pool.client(GenerateSecret=True)
    assert client.secret is not None
    members = {"Username": "ada", "Password": PASSWORD}
    missing = client.error("SignUp", **members)
    assert missing.message == f"Client {client.id} is configured for secret but secret was not received"
    others = secret_hash("bob", client.id, client.secret)
    for wrong in (others, "wrong", secret_hash("ada", client.id, "another secret")):
        error = client.error("SignUp", SecretHash=wrong, **members)
        assert isinstance(error, NotAuthorizedException)
        assert error.message == f"Unable to verify secret hash for client {client.id}"
    right = secret_hash("ada", client.id, client.secret)
    assert client.call("SignUp", SecretHash=right, **members)["UserSub"]
    public = pool.client()
    error = public.error("SignUp", SecretHash=right, Username="bob", Password=PASSWORD)
    assert error.message == f"Unable to verify secret hash for client {public.id}"


def test_an_unknown_client(world: World) -> None:
    error = world.error("SignUp", ClientId="nothere", Username="ada", Password=PASSWORD)
    assert (type(error), error.message) == (
        ResourceNotFoundException,
        "User pool client nothere does not exist.",
    )
