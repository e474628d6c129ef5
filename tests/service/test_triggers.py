"""Functions that take part in sign-ups and sign-ins; bad cases bear their numbers."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.scripted_triggers import Event, Scripted, no
from tests.service.test_choice import choose, factors
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    ClientOf,
    World,
    pairs,
    with_app,
)
from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    NotAuthorizedException,
    ServiceError,
    UnexpectedLambdaException,
    UserLambdaValidationException,
    UsernameExistsException,
    UserNotFoundException,
)
from userpool.service.domain.records import UserStatus
from userpool.service.triggers import Function, Triggers

EMAIL = "ada@example.com"


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def world(scripted: Scripted) -> Iterator[World]:
    functions = Triggers(
        pre_sign_up=scripted,
        post_confirmation=scripted,
        pre_authentication=scripted,
        post_authentication=scripted,
        pre_token_generation=scripted,
        user_migration=scripted,
    )
    with World(triggers=functions) as made:
        yield made


class TestRunning:
    """How functions are called, whichever trigger they are for."""

    def error(self, function: Function, seconds: float = 5.0) -> ServiceError:
        with World(triggers=Triggers(pre_sign_up=function, seconds=seconds)) as world:
            client = world.pool().client()
            with pytest.raises(ServiceError) as caught:
                client.sign_up("ada")
            assert world.error("AdminGetUser", UserPoolId=client.pool.id, Username="ada").code == (
                "UserNotFoundException"
            )
            return caught.value

    def test_an_event_may_be_changed_in_place_or_returned(self) -> None:
        def in_place(event: Event) -> None:
            event["response"]["autoConfirmUser"] = True

        def returned(event: Event) -> Event:
            return {**event, "response": {"autoConfirmUser": True}}

        async def awaited(event: Event) -> Event:
            return returned(event)

        for function in (in_place, returned, awaited):
            with World(triggers=Triggers(pre_sign_up=function)) as world:
                assert world.pool().client().sign_up("ada")["UserConfirmed"] is True

    def test_what_a_function_keeps_is_its_own(self) -> None:
        kept: list[Event] = []

        def function(event: Event) -> None:
            kept.append(event)
            event["request"]["userAttributes"]["name"] = "Eve"

        with World(triggers=Triggers(pre_sign_up=function)) as world:
            client = world.pool().client()
            client.sign_up("ada", name="Ada")
            assert client.pool.user("ada").attributes["name"] == "Ada"

    def test_surroundings_come_along(self) -> None:
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
        seen: list[tuple[str, str]] = []

        def function(event: Event) -> None:
            seen.append((variable.get(), threading.current_thread().name))

        with World(triggers=Triggers(pre_sign_up=function)) as world:
            client = world.pool().client()
            token = variable.set("here")
            client.sign_up("ada")
            variable.reset(token)
        assert seen == [("here", "userpool-PreSignUp")]

    def test_A58_what_a_function_raises_is_told(self) -> None:
        error = self.error(no)
        assert (type(error), error.message) == (
            UserLambdaValidationException,
            "PreSignUp failed with error not today.",
        )

    def test_A58_its_text_is_short_and_in_one_line(self) -> None:
        def function(event: Event) -> Event:
            raise ValueError("first\r\nsecond\x00\u202e" + "x" * 10_000 + ".")

        message = self.error(function).message
        assert message.startswith("PreSignUp failed with error first  second  xxx")
        assert len(message) < 600
        assert message.isprintable()

    def test_A58_without_a_text_the_kind_is_told(self) -> None:
        def function(event: Event) -> Event:
            raise SystemExit

        assert self.error(function).message == "PreSignUp failed with error SystemExit."

    def test_A58_nor_with_a_text_that_cannot_be_had(self) -> None:
        class Unspeakable(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no text")

        def function(event: Event) -> Event:
            raise Unspeakable

        assert self.error(function).message == "PreSignUp failed with error Unspeakable."

    @pytest.mark.parametrize(
        "answer",
        [
            [],
            "event",
            7,
            object(),
            float("nan"),
            {},
            {"response": {}},
            lambda event: {**event, "response": None},
            lambda event: {**event, "response": []},
            lambda event: {name: value for name, value in event.items() if name != "response"},
            lambda event: {**event, "userName": "eve"},
            lambda event: {**event, "version": "2"},
            lambda event: {**event, "userPoolId": "us-east-1_other0000"},
            lambda event: {**event, "response": {"blob": "x" * 300_000}},
            lambda event: {**event, "response": {"set": {1}}},
            lambda event: {**event, "response": {"text": "half of a pair: \ud800"}},
            lambda event: {**event, "response": {"\udc00": "text"}},
            lambda event: nested(event),
        ],
    )
    def test_A55_an_answer_that_is_no_event(self, answer: Any) -> None:
        error = self.error(lambda event: answer(event) if callable(answer) else answer)
        assert (type(error), error.message) == (
            InvalidLambdaResponseException,
            "Unrecognizable lambda output",
        )

    def test_A59_a_function_that_takes_too_long(self) -> None:
        done = threading.Event()

        def function(event: Event) -> None:
            assert done.wait(30)

        started = time.monotonic()
        error = self.error(function, seconds=0.05)
        done.set()
        assert (type(error), error.message) == (
            UnexpectedLambdaException,
            "PreSignUp invocation failed: it took longer than 0.05 seconds",
        )
        assert time.monotonic() - started < 10

    def test_A59_nobody_else_waits_meanwhile(self) -> None:
        entered, done = threading.Event(), threading.Event()

        def function(event: Event) -> None:
            if event["userName"] == "slow":
                entered.set()
                assert done.wait(30)

        with World(triggers=Triggers(post_authentication=function)) as world:
            client = world.pool().client()
            client.signed_up("slow")
            client.signed_up("ada")
            waiting = threading.Thread(target=lambda: client.by_password("slow"))
            waiting.start()
            assert entered.wait(10)
            # Another signs in and changes the store; the same user may try as well, and is not locked.
            assert client.by_password("ada")["AuthenticationResult"]
            client.sign_up("bob")
            for _ in range(6):
                with pytest.raises(NotAuthorizedException, match=r"Incorrect|exceeded"):
                    client.by_password("slow", "wrong")
            done.set()
            waiting.join()

    def test_A60_a_function_may_call_the_service(self) -> None:
        def function(event: Event) -> None:
            if not event["userName"].endswith("twin"):
                client.sign_up(event["userName"] + "-twin")
            client.pool.admin("ListUsers")

        def again(event: Event) -> None:
            with pytest.raises(NotAuthorizedException):
                client.by_password(event["userName"], "wrong")

        with World(triggers=Triggers(pre_sign_up=function, post_authentication=again)) as world:
            client = world.pool().client()
            client.signed_up("ada")
            assert client.by_password()["AuthenticationResult"]
            assert client.pool.user("ada-twin").username == "ada-twin"

    def test_what_there_is_can_be_seen(self) -> None:
        assert repr(Triggers(pre_sign_up=no, user_migration=no)) == "Triggers(PreSignUp, UserMigration)"


def nested(event: Event) -> Event:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"deep": deep}
    return {**event, "response": deep}


class TestSignUp:
    @pytest.fixture
    def client(self, world: World) -> ClientOf:
        return world.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"]).client()

    def test_what_it_is_told(self, client: ClientOf, scripted: Scripted) -> None:
        client.call(
            "SignUp",
            Username="ada",
            Password=PASSWORD,
            UserAttributes=pairs({"email": EMAIL}),
            ValidationData=pairs({"robot": "no"}),
            ClientMetadata={"campaign": "spring"},
        )
        [event] = scripted.events
        assert event["triggerSource"] == "PreSignUp_SignUp"
        assert event["request"] == {
            "userAttributes": {"email": EMAIL, "email_verified": "false"},
            "validationData": {"robot": "no"},
            "clientMetadata": {"campaign": "spring"},
        }
        assert event["response"] == {
            "autoConfirmUser": False,
            "autoVerifyEmail": False,
            "autoVerifyPhone": False,
        }

    def test_it_may_confirm_and_verify(self, client: ClientOf, scripted: Scripted, world: World) -> None:
        scripted.answers = [{"autoConfirmUser": True, "autoVerifyEmail": True}]
        answer = client.sign_up("ada", email=EMAIL)
        assert answer["UserConfirmed"] is True
        assert "CodeDeliveryDetails" not in answer
        assert world.outbox() == []
        user = client.pool.user("ada")
        assert (user.status, user.attributes["email_verified"]) == (UserStatus.CONFIRMED, "true")
        # The verified address is an alias at once.
        assert client.by_password(EMAIL)["AuthenticationResult"]
        assert scripted.events[1]["triggerSource"] == "PostConfirmation_ConfirmSignUp"
        attributes = scripted.events[1]["request"]["userAttributes"]
        assert (attributes["cognito:user_status"], attributes["sub"]) == ("CONFIRMED", user.sub)

    def test_A28_an_alias_that_another_has(self, client: ClientOf, scripted: Scripted) -> None:
        scripted.answers = [{"autoVerifyEmail": True}] * 2
        client.sign_up("ada", email=EMAIL)
        with pytest.raises(UsernameExistsException, match="An account with the given email already exists"):
            client.sign_up("bob", email=EMAIL)

    def test_verified_is_not_confirmed(self, client: ClientOf, scripted: Scripted, world: World) -> None:
        scripted.answers = [{"autoVerifyEmail": True}]
        assert client.sign_up("ada", email=EMAIL)["CodeDeliveryDetails"]
        client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())

    @pytest.mark.parametrize("flag", ["autoVerifyEmail", "autoVerifyPhone"])
    def test_A57_verifying_what_is_not_there(self, client: ClientOf, scripted: Scripted, flag: str) -> None:
        scripted.answers = [{flag: True}]
        with pytest.raises(InvalidLambdaResponseException):
            client.sign_up("ada")

    def test_A55_flags_that_are_none(self, client: ClientOf, scripted: Scripted) -> None:
        scripted.answers = [{"autoConfirmUser": "true"}]
        with pytest.raises(InvalidLambdaResponseException):
            client.sign_up("ada")

    def test_a_user_of_an_administrators(self, world: World, scripted: Scripted) -> None:
        pool = world.pool()
        scripted.answers = [{"autoConfirmUser": True, "autoVerifyEmail": True}, no]
        attributes = pairs({"email": EMAIL})
        made = pool.admin("AdminCreateUser", Username="ada", UserAttributes=attributes)["User"]
        # It cannot confirm such a user, only refuse it.
        assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD"
        [event] = scripted.events
        assert event["triggerSource"] == "PreSignUp_AdminCreateUser"
        assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
        error = world.error(
            "AdminCreateUser",
            UserPoolId=pool.id,
            Username="bob",
            ValidationData=pairs({"a": "b"}),
            ClientMetadata={"c": "d"},
        )
        assert isinstance(error, UserLambdaValidationException)
        request = scripted.events[-1]["request"]
        assert (request["validationData"], request["clientMetadata"]) == ({"a": "b"}, {"c": "d"})


class TestConfirmation:
    def test_by_code(self, world: World, scripted: Scripted) -> None:
        client = world.pool(AutoVerifiedAttributes=["email"]).client()
        client.sign_up("ada", email=EMAIL)
        scripted.events.clear()
        scripted.answers = [no]
        error = client.error(
            "ConfirmSignUp", Username="ada", ConfirmationCode=world.code(), ClientMetadata={"a": "b"}
        )
        assert error.message == "PostConfirmation failed with error not today."
        # What the function was told of has happened all the same.
        assert client.pool.user("ada").status is UserStatus.CONFIRMED
        [event] = scripted.events
        assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
        assert event["request"]["userAttributes"]["email_verified"] == "true"
        assert event["request"]["clientMetadata"] == {"a": "b"}
        assert event["response"] == {}

    def test_by_an_administrator(self, world: World, scripted: Scripted) -> None:
        client = world.pool().client()
        client.sign_up("ada")
        client.pool.admin("AdminConfirmSignUp", Username="ada", ClientMetadata={"a": "b"})
        event = scripted.events[-1]
        assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
        assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
        assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"

    def test_of_a_new_password(self, world: World, scripted: Scripted) -> None:
        client = world.pool(AutoVerifiedAttributes=["email"]).client()
        client.sign_up("ada", email=EMAIL)
        client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
        client.call("ForgotPassword", Username="ada")
        client.call(
            "ConfirmForgotPassword", Username="ada", ConfirmationCode=world.code(), Password=OTHER_PASSWORD
        )
        assert scripted.events[-1]["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"


class TestSignIn:
    @pytest.fixture
    def client(self, world: World, scripted: Scripted) -> ClientOf:
        client = world.pool(mfa=TOTP_OPTIONAL).client()
        client.signed_up("ada", email=EMAIL)
        scripted.events.clear()
        return client

    def sources(self, scripted: Scripted) -> list[str]:
        return [event["triggerSource"] for event in scripted.events]

    def test_the_order(self, client: ClientOf, scripted: Scripted) -> None:
        client.by_password()
        assert self.sources(scripted) == [
            "PreAuthentication_Authentication",
            "PostAuthentication_Authentication",
            "TokenGeneration_Authentication",
        ]

    def test_before_anything_is_checked(self, client: ClientOf, scripted: Scripted) -> None:
        def attempts() -> list[ServiceError]:
            errors = []
            for flow, more in (
                ("USER_PASSWORD_AUTH", {"PASSWORD": "wrong"}),
                ("USER_SRP_AUTH", {"SRP_A": "5"}),
                ("USER_AUTH", {}),
            ):
                with pytest.raises(ServiceError) as caught:
                    client.call(
                        "InitiateAuth",
                        AuthFlow=flow,
                        AuthParameters={"USERNAME": "ada", **more},
                        ClientMetadata={"a": "b"},
                    )
                errors.append(caught.value)
            return errors

        scripted.answers = [no] * 30
        for error in (*attempts(), *attempts()):
            assert error.message == "PreAuthentication failed with error not today."
        [request, *_] = scripted.requests("PreAuthentication")
        assert request["validationData"] == {"a": "b"}
        assert request["userAttributes"]["email"] == EMAIL
        assert "userNotFound" not in request
        # Nothing was compared, so nothing was counted.
        scripted.answers = []
        assert client.by_password()["AuthenticationResult"]

    def test_of_nobody_it_hears_where_that_is_hidden(self, client: ClientOf, scripted: Scripted) -> None:
        hiding = client.pool.client(PreventUserExistenceErrors="ENABLED")
        with pytest.raises(UserNotFoundException):
            client.by_srp("ida")
        with pytest.raises(NotAuthorizedException):
            hiding.by_srp("ida")
        [request] = scripted.requests("PreAuthentication")
        assert request == {"userAttributes": {}, "validationData": None, "userNotFound": True}

    def test_a_secret_is_proved_before(self, client: ClientOf, scripted: Scripted) -> None:
        other = client.pool.client(GenerateSecret=True)
        with pytest.raises(NotAuthorizedException, match="secret"):
            other.by_password()
        assert scripted.events == []

    def test_after_everything_is_proved(self, client: ClientOf, scripted: Scripted) -> None:
        app = with_app(client, client.tokens())
        scripted.events.clear()
        challenge = client.by_password()
        assert self.sources(scripted) == ["PreAuthentication_Authentication"]
        scripted.answers = [no]
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": app.code()},
            ClientMetadata={"a": "b"},
        )
        assert error.message == "PostAuthentication failed with error not today."
        [request] = scripted.requests("PostAuthentication")
        assert (request["newDeviceUsed"], request["clientMetadata"]) == (False, {"a": "b"})
        # The session was not used up by what was no fault of the user's.
        assert client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    def test_whoever_is_refused_afterwards_is_not_locked(self, client: ClientOf, scripted: Scripted) -> None:
        for _ in range(7):
            scripted.answers = [{}, no]
            with pytest.raises(UserLambdaValidationException):
                client.by_password()
        scripted.answers = []
        assert client.by_password()["AuthenticationResult"]

    def test_whoever_is_refused_afterwards_buys_no_guesses(
        self, client: ClientOf, scripted: Scripted
    ) -> None:
        client.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=False)
        challenge = client.by_password("ada", OTHER_PASSWORD)
        seen = []
        for number in range(6):
            with pytest.raises(NotAuthorizedException) as wrong:
                client.by_password("ada", f"Wrong-guess-{number}")
            seen.append(wrong.value.message)
            scripted.answers = [no]
            with pytest.raises(UserLambdaValidationException):
                client.answer(challenge, NEW_PASSWORD=PASSWORD)
        assert seen == ["Incorrect username or password."] * 5 + ["Password attempts exceeded"]

    def test_a_new_device_is_told(self, world: World, scripted: Scripted) -> None:
        client = world.pool(DeviceConfiguration={"ChallengeRequiredOnNewDevice": True}).client()
        client.signed_up("ada")
        client.by_password()
        [request] = scripted.requests("PostAuthentication")
        assert request["newDeviceUsed"] is True

    def test_a_code_as_first_factor(self, world: World, scripted: Scripted) -> None:
        client = world.pool(**factors()).client()
        client.signed_up("ada", email=EMAIL)
        scripted.events.clear()
        client.answer(choose(client, "EMAIL_OTP"), EMAIL_OTP_CODE=world.code())
        assert self.sources(scripted) == [
            "PreAuthentication_Authentication",
            "PostAuthentication_Authentication",
            "TokenGeneration_Authentication",
        ]
