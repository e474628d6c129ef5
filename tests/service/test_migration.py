"""Users who come over from an old directory; bad cases bear their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.service.scripted_triggers import Scripted, no
from tests.service.world import (
    PASSWORD,
    ClientOf,
    PoolOf,
    World,
    claims,
    together,
)
from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    NotAuthorizedException,
    UserNotFoundException,
)
from userpool.service.domain.records import UserStatus
from userpool.service.triggers import Triggers

EMAIL = "ada@example.com"
PHONE = "+15555550123"


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


class TestMigration:
    """ida is a user of the old directory."""

    IDA = {"userAttributes": {"email": EMAIL, "email_verified": "true"}, "finalUserStatus": "CONFIRMED"}

    @pytest.fixture
    def world(self, scripted: Scripted) -> Iterator[World]:
        with World(triggers=Triggers(user_migration=scripted)) as made:
            yield made

    @pytest.fixture
    def pool(self, world: World) -> PoolOf:
        return world.pool(AutoVerifiedAttributes=["email"])

    @pytest.mark.parametrize("way", ["user", "admin"])
    def test_at_a_sign_in(self, client: ClientOf, scripted: Scripted, way: str) -> None:
        scripted.answers = [self.IDA]
        parameters = {"USERNAME": "ida", "PASSWORD": "any old"}
        if way == "user":
            answer = client.call(
                "InitiateAuth",
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters=parameters,
                ClientMetadata={"a": "b"},
            )
        else:
            answer = client.pool.admin(
                "AdminInitiateAuth",
                ClientId=client.id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters=parameters,
                ClientMetadata={"a": "b"},
            )
        assert claims(client.tokens(answer).id)["email_verified"] is True
        [event] = scripted.events
        assert (event["triggerSource"], event["userName"]) == ("UserMigration_Authentication", "ida")
        # Passwords that come over are not held against the policy.
        assert event["request"] == {
            "password": "any old",
            "validationData": {"a": "b"},
            "clientMetadata": None,
        }
        assert client.by_srp("ida", "any old")["AuthenticationResult"]
        assert client.by_password("ida", "any old")["AuthenticationResult"]
        assert len(scripted.events) == 1

    def test_A72_a_user_who_is_known_is_not_asked_about(self, client: ClientOf, scripted: Scripted) -> None:
        client.signed_up("ida", email=EMAIL)
        scripted.answers = [self.IDA]
        with pytest.raises(NotAuthorizedException):
            client.by_password("ida", "any old")
        client.error("ForgotPassword", Username="ida")
        error = client.error(
            "ConfirmForgotPassword", Username="ida", ConfirmationCode="000000", Password=PASSWORD
        )
        assert error.code == "CodeMismatchException"
        assert scripted.events == []

    def test_A72_a_wrong_code_for_an_unknown_name_brings_nobody_over(
        self, client: ClientOf, scripted: Scripted
    ) -> None:
        scripted.answers = [self.IDA]
        error = client.error(
            "ConfirmForgotPassword", Username="ida", ConfirmationCode="000000", Password=PASSWORD
        )
        assert error.code == "UserNotFoundException"
        assert scripted.events == []

    def test_A30_of_parallel_first_sign_ins_one_brings_the_user_over(
        self, client: ClientOf, scripted: Scripted
    ) -> None:
        scripted.answers = [self.IDA] * 4
        answers = together(4, lambda _: client.by_password("ida", "any old"))
        assert all(isinstance(answer, dict) for answer in answers)
        assert len(client.pool.admin("ListUsers")["Users"]) == 1

    def test_srp_never_asks(self, client: ClientOf, scripted: Scripted) -> None:
        with pytest.raises(UserNotFoundException):
            client.by_srp("ida")
        assert scripted.events == []

    @pytest.mark.parametrize("answer", [{}, {"userAttributes": {}}, {"userAttributes": None}, no])
    def test_whoever_is_not_known_there_either(
        self, client: ClientOf, hiding: ClientOf, scripted: Scripted, answer: Any
    ) -> None:
        scripted.answers = [answer, answer]
        with pytest.raises(UserNotFoundException, match=r"User does not exist\."):
            client.by_password("ida", "any old")
        with pytest.raises(NotAuthorizedException, match=r"Incorrect username or password\."):
            hiding.by_password("ida", "any old")

    def test_A22_wrong_passwords_lock(self, hiding: ClientOf, scripted: Scripted) -> None:
        def texts(count: int) -> list[str]:
            errors = []
            for _ in range(count):
                with pytest.raises(NotAuthorizedException) as caught:
                    hiding.by_password("ida", "wrong")
                errors.append(caught.value.message)
            return errors

        assert texts(6) == ["Incorrect username or password."] * 5 + ["Password attempts exceeded"]
        assert len(scripted.events) == 5
        hiding.world.clock.advance(1)
        scripted.answers = [self.IDA]
        assert hiding.by_password("ida", "any old")["AuthenticationResult"]

    def test_a_password_that_has_to_be_reset(self, client: ClientOf, scripted: Scripted) -> None:
        scripted.answers = [{**self.IDA, "finalUserStatus": "RESET_REQUIRED"}]
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ida", "PASSWORD": "any old"},
        )
        assert error.code == "PasswordResetRequiredException"
        user = client.pool.user("ida")
        assert (user.status, user.password) == (UserStatus.RESET_REQUIRED, None)

    def test_a_forgotten_password(self, client: ClientOf, scripted: Scripted, world: World) -> None:
        scripted.answers = [self.IDA]
        client.call("ForgotPassword", Username="ida", ClientMetadata={"a": "b"})
        [event] = scripted.events
        assert event["triggerSource"] == "UserMigration_ForgotPassword"
        assert event["request"] == {"validationData": None, "clientMetadata": {"a": "b"}}
        assert client.pool.user("ida").status is UserStatus.RESET_REQUIRED
        client.call("ConfirmForgotPassword", Username="ida", ConfirmationCode=world.code(), Password=PASSWORD)
        assert client.by_password("ida")["AuthenticationResult"]

    def test_A24_a_forgotten_password_of_nobody(
        self, client: ClientOf, hiding: ClientOf, scripted: Scripted
    ) -> None:
        error = client.error("ForgotPassword", Username="ida")
        assert error.message == "Username/client id combination not found."
        assert hiding.call("ForgotPassword", Username="ida")["CodeDeliveryDetails"]
        # Names are not to be tried without end.
        codes = [client.error("ForgotPassword", Username="ida").code for _ in range(4)]
        assert codes[-1] == "LimitExceededException"

    def test_names_and_factors(self, world: World, scripted: Scripted) -> None:
        client = world.pool(AliasAttributes=["email"]).client()
        attributes = {**self.IDA["userAttributes"], "username": "ida", "phone_number": PHONE}  # type: ignore[dict-item]  # a literal of two kinds
        scripted.answers = [{**self.IDA, "userAttributes": attributes, "enableSMSMFA": True}]
        assert client.by_password(EMAIL, "any old")["AuthenticationResult"]
        user = client.pool.user("ida")
        assert user.mfa_enabled == {"SMS_MFA"}
        assert "username" not in user.attributes

    def test_an_alias_of_another(self, world: World, scripted: Scripted) -> None:
        client = world.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"]).client()
        client.sign_up("ada", email=EMAIL)
        client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
        scripted.answers = [self.IDA, {**self.IDA, "forceAliasCreation": True}]
        with pytest.raises(UserNotFoundException):
            client.by_password("ida", "any old")
        assert client.pool.user(EMAIL).username == "ada"
        assert client.by_password("ida", "any old")["AuthenticationResult"]
        assert client.pool.user(EMAIL).username == "ida"
        assert client.pool.user("ada").attributes["email_verified"] == "false"

    @pytest.mark.parametrize(
        "answer",
        [
            {"userAttributes": ["email"]},
            {"userAttributes": {"email": "none"}},
            {"userAttributes": {"sub": "mine"}},
            {"userAttributes": {"custom:x": "y"}},
            {"userAttributes": {"email": EMAIL}, "finalUserStatus": "UNCONFIRMED"},
            {"userAttributes": {"email": EMAIL}, "enableSMSMFA": "yes"},
        ],
    )
    def test_A55_a_user_who_cannot_be(
        self, client: ClientOf, scripted: Scripted, answer: dict[str, Any]
    ) -> None:
        scripted.answers = [answer]
        with pytest.raises(InvalidLambdaResponseException):
            client.by_password("ida", "any old")
        scripted.answers = []
        with pytest.raises(UserNotFoundException):
            client.by_password("ida", "any old")

    def test_passwords_do_not_show(self, client: ClientOf, scripted: Scripted) -> None:
        secret = canary("password")
        scripted.answers = [{"userAttributes": {"email": "none"}}]
        with pytest.raises(InvalidLambdaResponseException) as caught:
            client.by_password("ida", secret)
        assert_hidden(caught.value, secret)
