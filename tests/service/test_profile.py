"""A signed-in user's own attributes: each bad case by its number in the project's catalogue."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.service.world import (
    PASSWORD,
    ClientOf,
    Tokens,
    World,
    claims,
    other_code,
    pairs,
    together,
)
from userpool.protocol.errors import (
    AliasExistsException,
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    ServiceError,
    UserNotFoundException,
)

EMAIL = "ada@example.com"
NEW = "countess@example.org"


def updated(tokens: Tokens, /, **attributes: str) -> list[dict[str, str]]:
    answer = tokens.call("UpdateUserAttributes", UserAttributes=pairs(attributes))
    listed: list[dict[str, str]] = answer["CodeDeliveryDetailsList"]
    return listed


def refused(tokens: Tokens, /, **attributes: str) -> ServiceError:
    return tokens.error("UpdateUserAttributes", UserAttributes=pairs(attributes))


def shown(tokens: Tokens) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in tokens.call("GetUser")["UserAttributes"]}


@pytest.fixture
def tokens(client: ClientOf, world: World) -> Tokens:
    client.sign_up("ada", email=EMAIL)
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    return client.tokens()


def test_get_user_shows_what_the_client_may_read(world: World) -> None:
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    pool = world.pool(Schema=schema)
    writer = pool.client(
        ReadAttributes=["email", "custom:team"], WriteAttributes=["email", "name", "custom:team"]
    )
    writer.signed_up("ada", email=EMAIL, name="Ada", custom__team="engines")
    tokens = writer.tokens()
    assert list(shown(tokens)) == ["sub", "email", "custom:team"]
    # A35: what cannot be read is not in tokens either.
    assert "name" not in claims(tokens.id)
    assert claims(tokens.id)["custom:team"] == "engines"
    assert shown(pool.client().tokens()) == {
        "sub": pool.user("ada").sub,
        "email": EMAIL,
        "name": "Ada",
        "email_verified": "false",
    }


def test_attributes_are_changed_and_deleted(tokens: Tokens) -> None:
    assert updated(tokens, name="Ada", nickname="A") == []
    assert shown(tokens)["name"] == "Ada"
    updated(tokens, name="")
    tokens.call("DeleteUserAttributes", UserAttributeNames=["nickname", "website"])
    assert not {"name", "nickname"} & set(shown(tokens))


def test_A33_a_changed_address_is_not_verified(tokens: Tokens, world: World) -> None:
    assert shown(tokens)["email_verified"] == "true"
    [details] = updated(tokens, email=NEW)
    assert details == {"Destination": "c***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    assert (shown(tokens)["email"], shown(tokens)["email_verified"]) == (NEW, "false")
    code = world.code(NEW)
    error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=other_code(code))
    assert isinstance(error, CodeMismatchException)
    tokens.call("VerifyUserAttribute", AttributeName="email", Code=code)
    assert shown(tokens)["email_verified"] == "true"
    again = tokens.error("VerifyUserAttribute", AttributeName="email", Code=code)
    assert isinstance(again, ExpiredCodeException)


def test_an_address_that_does_not_change_stays_verified(tokens: Tokens, world: World) -> None:
    before = len(world.outbox())
    assert updated(tokens, email=EMAIL) == []
    assert shown(tokens)["email_verified"] == "true"
    assert len(world.outbox()) == before


def test_A33_the_old_address_stays_until_the_new_one_is_verified(world: World) -> None:
    client = world.pool(
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    ).client()
    client.sign_up("ada", email=EMAIL)
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    tokens = client.tokens()
    [details] = updated(tokens, email=NEW, name="Ada")
    assert details["Destination"] == "c***@e***"
    assert shown(tokens)["name"] == "Ada"
    assert (shown(tokens)["email"], shown(tokens)["email_verified"]) == (EMAIL, "true")
    assert client.by_password(EMAIL)["AuthenticationResult"]
    tokens.call("VerifyUserAttribute", AttributeName="email", Code=world.code(NEW))
    assert (shown(tokens)["email"], shown(tokens)["email_verified"]) == (NEW, "true")
    assert client.by_password(NEW)["AuthenticationResult"]
    error = client.error(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    )
    assert isinstance(error, UserNotFoundException)
    # Going back to the address that is verified drops what waited.
    updated(tokens, email="third@example.org")
    updated(tokens, email=NEW)
    assert client.pool.user("ada").pending_attributes == {}
    updated(tokens, email="third@example.org")
    tokens.call("DeleteUserAttributes", UserAttributeNames=["email"])
    assert client.pool.user("ada").pending_attributes == {}


@pytest.mark.parametrize(
    "name", ["email_verified", "phone_number_verified", "sub", "identities", "custom__x"]
)
def test_A34_A35_what_a_user_cannot_write(tokens: Tokens, name: str) -> None:
    error = refused(tokens, **{name: "true"})
    assert (type(error), error.message) == (
        NotAuthorizedException,
        "A client attempted to write unauthorized attribute",
    )
    error = tokens.error("DeleteUserAttributes", UserAttributeNames=[name.replace("__", ":")])
    assert isinstance(error, NotAuthorizedException)


def test_A35_outside_the_clients_permissions(tokens: Tokens) -> None:
    narrow = tokens.client.pool.client(WriteAttributes=["name"])
    theirs = narrow.tokens()
    updated(theirs, name="Ada")
    assert isinstance(refused(theirs, nickname="A"), NotAuthorizedException)
    assert isinstance(refused(theirs, name="B", nickname="A"), NotAuthorizedException)
    assert shown(theirs)["name"] == "Ada"


def test_A35_fixed_and_required_attributes(world: World) -> None:
    schema = [
        {"Name": "badge", "AttributeDataType": "Number", "Mutable": False},
        {"Name": "email", "Required": True, "Mutable": True},
    ]
    client = world.pool(Schema=schema).client(WriteAttributes=["email", "custom:badge", "name"])
    client.signed_up("ada", email=EMAIL, custom__badge="7")
    tokens = client.tokens()
    error = refused(tokens, custom__badge="8")
    assert (type(error), error.message) == (
        InvalidParameterException,
        "user.custom:badge: Attribute cannot be updated.",
    )
    for error in (
        refused(tokens, email=""),
        tokens.error("DeleteUserAttributes", UserAttributeNames=["email"]),
    ):
        assert isinstance(error, InvalidParameterException)
        assert error.message == "Attributes did not conform to the schema: email: The attribute is required"
    assert isinstance(
        tokens.error("DeleteUserAttributes", UserAttributeNames=["custom:badge"]), InvalidParameterException
    )
    assert shown(tokens)["email"] == EMAIL


def test_values_must_fit_the_schema(tokens: Tokens) -> None:
    assert refused(tokens, email="none").message == "Invalid email address format."
    assert isinstance(refused(tokens, name="x" * 2049), InvalidParameterException)  # A66
    assert updated(tokens, name="x" * 2048) == []


class TestAliases:
    @pytest.fixture
    def client(self, world: World) -> ClientOf:
        return world.pool(
            AliasAttributes=["email", "preferred_username"], AutoVerifiedAttributes=["email"]
        ).client()

    def test_a_preferred_user_name_is_a_name_at_once(self, client: ClientOf, world: World) -> None:
        client.signed_up("ada")
        tokens = client.tokens()
        updated(tokens, preferred_username="countess")
        assert client.by_password("countess")["AuthenticationResult"]
        updated(tokens, preferred_username="lovelace")
        assert client.by_password("lovelace")["AuthenticationResult"]
        client.signed_up("eve")
        theirs = client.tokens(client.by_password("eve"))
        updated(theirs, preferred_username="countess")  # free again
        for taken in ("lovelace", "ada"):
            error = refused(theirs, preferred_username=taken)
            assert isinstance(error, AliasExistsException)
            assert error.message == "An account with the given preferred_username already exists."
        updated(tokens, preferred_username="ada")  # one's own user name
        updated(tokens, preferred_username="")
        assert client.by_password("ada")["AuthenticationResult"]

    def test_a_taken_address_cannot_be_verified(self, client: ClientOf, world: World) -> None:
        client.sign_up("ada", email=EMAIL)
        client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
        client.signed_up("eve")
        theirs = client.tokens(client.by_password("eve"))
        updated(theirs, email=EMAIL)
        code = world.code(EMAIL)
        error = theirs.error("VerifyUserAttribute", AttributeName="email", Code=code)
        assert isinstance(error, AliasExistsException)
        assert client.pool.user(EMAIL).username == "ada"

    def test_a_changed_address_finds_nobody_until_it_is_verified(
        self, client: ClientOf, world: World
    ) -> None:
        client.sign_up("ada", email=EMAIL)
        client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
        tokens = client.tokens()
        updated(tokens, email=NEW)
        for name in (EMAIL, NEW):
            error = client.error(
                "InitiateAuth",
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
            )
            assert isinstance(error, UserNotFoundException)
        tokens.call("VerifyUserAttribute", AttributeName="email", Code=world.code(NEW))
        assert client.by_password(NEW)["AuthenticationResult"]


def test_in_a_pool_with_addresses_as_names_the_name_moves_with_the_address(world: World) -> None:
    client = world.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"]).client()
    client.signed_up(EMAIL)
    client.signed_up("eve@example.com")
    tokens = client.tokens(client.by_password(EMAIL))
    assert isinstance(refused(tokens, email="eve@example.com"), AliasExistsException)
    updated(tokens, email=NEW)
    assert client.by_password(NEW)["AuthenticationResult"]
    error = tokens.error("DeleteUserAttributes", UserAttributeNames=["email"])
    assert isinstance(error, InvalidParameterException)


class TestVerification:
    def send(self, tokens: Tokens, attribute: str = "email") -> dict[str, Any]:
        answer = tokens.call("GetUserAttributeVerificationCode", AttributeName=attribute)
        details: dict[str, Any] = answer["CodeDeliveryDetails"]
        return details

    def test_a_code_is_sent_on_demand(self, tokens: Tokens, world: World) -> None:
        updated(tokens, email=NEW)
        first = world.code(NEW)
        assert self.send(tokens)["Destination"] == "c***@e***"
        second = world.code(NEW)
        if first != second:
            error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=first)
            assert isinstance(error, CodeMismatchException)
        tokens.call("VerifyUserAttribute", AttributeName="email", Code=second)

    def test_five_codes_an_hour(self, tokens: Tokens, world: World) -> None:
        for _ in range(5):
            self.send(tokens)
        error = tokens.error("GetUserAttributeVerificationCode", AttributeName="email")
        assert isinstance(error, LimitExceededException)

    @pytest.mark.parametrize("attribute", ["phone_number", "name"])
    def test_what_cannot_be_verified(self, tokens: Tokens, attribute: str) -> None:
        for operation, more in (
            ("GetUserAttributeVerificationCode", {}),
            ("VerifyUserAttribute", {"Code": "123456"}),
        ):
            error = tokens.error(operation, AttributeName=attribute, **more)
            assert isinstance(error, InvalidParameterException)

    def test_without_an_address(self, tokens: Tokens) -> None:
        updated(tokens, email="")
        error = tokens.error("GetUserAttributeVerificationCode", AttributeName="email")
        assert isinstance(error, InvalidParameterException)

    def test_a_hundred_parallel_guesses(self, tokens: Tokens, world: World) -> None:
        updated(tokens, email=NEW)
        wrong = other_code(world.code(NEW))
        outcomes = together(
            100, lambda _: tokens.call("VerifyUserAttribute", AttributeName="email", Code=wrong)
        )
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {CodeMismatchException: 15, LimitExceededException: 85}

    def test_a_code_expires(self, tokens: Tokens, world: World) -> None:
        client = tokens.client.pool.client(AccessTokenValidity=1, TokenValidityUnits={"AccessToken": "days"})
        updated(tokens, email=NEW)
        world.clock.advance(86400)
        late = client.tokens()
        error = late.error("VerifyUserAttribute", AttributeName="email", Code=world.code(NEW))
        assert isinstance(error, ExpiredCodeException)

    def test_A16_a_reset_code_verifies_nothing(self, tokens: Tokens, world: World) -> None:
        tokens.client.call("ForgotPassword", Username="ada")
        reset = world.code()
        updated(tokens, email=NEW)
        if world.code(NEW) != reset:
            error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=reset)
            assert isinstance(error, CodeMismatchException)

    def test_a_code_proves_only_the_address_that_it_was_sent_to(self, tokens: Tokens, world: World) -> None:
        updated(tokens, email=NEW)
        updated(tokens, email="")
        error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=world.code(NEW))
        assert isinstance(error, CodeMismatchException)
        # Behind the service's back, so that no new code takes the place of the old one.
        tokens.client.pool.change("ada", attributes={"email": "victim@example.com"})
        error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=world.code(NEW))
        assert isinstance(error, CodeMismatchException)
        assert shown(tokens).get("email_verified") != "true"

    def test_a_code_does_not_go_from_a_waiting_address_to_the_present_one(self, world: World) -> None:
        client = world.pool(
            AutoVerifiedAttributes=["email"],
            UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        ).client()
        client.signed_up("eve", email="victim@example.com")
        tokens = client.tokens(client.by_password("eve"))
        updated(tokens, email=NEW)
        code = world.code(NEW)
        updated(tokens, email="victim@example.com")
        error = tokens.error("VerifyUserAttribute", AttributeName="email", Code=code)
        assert isinstance(error, CodeMismatchException)
        assert shown(tokens)["email_verified"] == "false"


class TestDeletion:
    def test_A69_everything_of_a_deleted_user_is_dead(self, tokens: Tokens, world: World) -> None:
        client = tokens.client
        client.call("ForgotPassword", Username="ada")
        code = world.code()
        attempt = client.srp()
        old = shown(tokens)["sub"]
        tokens.call("DeleteUser")
        assert isinstance(tokens.error("GetUser"), UserNotFoundException)
        error = client.error("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        assert error.message == "Invalid Refresh Token"
        assert client.signed_up("ada", email=EMAIL) != old
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=attempt.responses(),
        )
        assert isinstance(error, NotAuthorizedException)
        error = client.error(
            "ConfirmForgotPassword", Username="ada", ConfirmationCode=code, Password="Quite-other-9"
        )
        assert isinstance(error, ExpiredCodeException)
        assert isinstance(tokens.error("GetUser"), UserNotFoundException)

    def test_a_call_that_was_let_in_before_the_deletion(
        self, tokens: Tokens, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = type(world.store).write

        def delete_first(store: Any, work: Any) -> Any:
            monkeypatch.setattr(type(world.store), "write", write)
            tokens.client.pool.admin("AdminDeleteUser", Username="ada")
            return write(store, work)

        monkeypatch.setattr(type(world.store), "write", delete_first)
        assert refused(tokens, name="x").message == "Access Token has been revoked"
