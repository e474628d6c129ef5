"""Users without a password, and signing in straight after signing up; bad cases bear their numbers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.phones import TRACKED, Phone
from tests.service.test_choice import USED, choose, factors, refused
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    World,
    claims,
    other_code,
    pairs,
    together,
    with_app,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    InvalidParameterException,
    InvalidPasswordException,
    NotAuthorizedException,
    ServiceError,
)
from userpool.service.domain.records import UserStatus

EMAIL = "ada@example.com"
PHONE = "+15555550123"
INVALID = "Invalid session for the user."


@pytest.fixture
def pool(world: World) -> PoolOf:
    return world.pool(AutoVerifiedAttributes=["email"], **factors())


def without_password(client: ClientOf, username: str = "ada", /, **attributes: str) -> dict[str, Any]:
    return client.call("SignUp", Username=username, UserAttributes=pairs(attributes))


def confirm(client: ClientOf, session: str | None, username: str = "ada") -> dict[str, Any]:
    code = client.world.code()
    return client.call("ConfirmSignUp", Username=username, ConfirmationCode=code, Session=session)


def begin(client: ClientOf, session: str | None, username: str = "ada", **more: str) -> dict[str, Any]:
    parameters = {"USERNAME": username, **more}
    return client.call("InitiateAuth", AuthFlow="USER_AUTH", AuthParameters=parameters, Session=session)


def refusal(client: ClientOf, session: str | None, username: str = "ada") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        begin(client, session, username)
    return caught.value


class TestWithoutPassword:
    def test_signing_up_and_in(self, client: ClientOf) -> None:
        without_password(client, email=EMAIL)
        confirm(client, None)
        user = client.pool.user("ada")
        assert (user.status, user.password) == (UserStatus.CONFIRMED, None)
        challenge = choose(client)
        # There is one way in, so nothing is left to choose.
        assert (challenge["ChallengeName"], challenge["AvailableChallenges"]) == ("EMAIL_OTP", ["EMAIL_OTP"])
        answer = client.answer(challenge, EMAIL_OTP_CODE=client.world.code())
        assert claims(client.tokens(answer).access)["username"] == "ada"

    def test_two_ways_in_are_a_choice(self, client: ClientOf) -> None:
        without_password(client, email=EMAIL, phone_number=PHONE)
        challenge = choose(client)
        assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
        assert challenge["AvailableChallenges"] == ["EMAIL_OTP", "SMS_OTP"]

    def test_no_password_is_right(self, client: ClientOf, hiding: ClientOf) -> None:
        without_password(client, email=EMAIL)
        for one in (client, hiding):
            with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
                one.by_password("ada", PASSWORD)
            assert choose(one, "PASSWORD", PASSWORD=PASSWORD)["ChallengeName"] == "SELECT_CHALLENGE"

    @pytest.mark.parametrize("password", [None, ""])
    def test_where_the_pool_wants_one(self, world: World, password: str | None) -> None:
        client = world.pool().client()
        error = client.error("SignUp", Username="ada", Password=password, UserAttributes=[])
        assert (type(error), error.message) == (
            InvalidParameterException,
            "Missing required parameter Password",
        )

    def test_where_no_code_could_be_sent(self, world: World) -> None:
        pool = world.pool(AutoVerifiedAttributes=["phone_number"], **factors("PASSWORD", "SMS_OTP"))
        client = pool.client()
        error = client.error("SignUp", Username="ada", UserAttributes=pairs({"email": EMAIL}))
        assert isinstance(error, InvalidParameterException)
        assert "phone_number" in error.message

    def test_the_policy_holds_for_a_password_that_is_given(self, client: ClientOf) -> None:
        with pytest.raises(InvalidPasswordException):
            client.sign_up("ada", "short", email=EMAIL)

    def test_a_first_password_needs_no_old_one(self, client: ClientOf) -> None:
        without_password(client, email=EMAIL)
        challenge = choose(client)
        tokens = client.tokens(client.answer(challenge, EMAIL_OTP_CODE=client.world.code()))
        tokens.call("ChangePassword", ProposedPassword=PASSWORD)
        assert client.by_password()["AuthenticationResult"]
        assert choose(client)["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]
        error = tokens.error("ChangePassword", ProposedPassword=OTHER_PASSWORD)
        assert error.message == "Missing required parameter PreviousPassword"

    def test_an_administrators_user(self, client: ClientOf) -> None:
        client.pool.admin("AdminCreateUser", Username="ada", UserAttributes=pairs({"email": EMAIL}))
        assert client.pool.user("ada").status is UserStatus.CONFIRMED
        challenge = choose(client)
        assert client.answer(challenge, EMAIL_OTP_CODE=client.world.code())["AuthenticationResult"]

    def test_whoever_cannot_show_anything_is_asked_for_a_password(self, client: ClientOf) -> None:
        without_password(client, email=EMAIL)
        client.pool.change("ada", attributes={"sub": client.pool.user("ada").sub})
        challenge = choose(client)
        assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
        assert refused(client, "PASSWORD", PASSWORD=PASSWORD).message == "Incorrect username or password."


class TestHandOver:
    def test_sign_up_confirm_sign_in(self, client: ClientOf) -> None:
        signed_up = without_password(client, email=EMAIL)
        confirmed = confirm(client, signed_up["Session"])
        answer = begin(client, confirmed["Session"])
        assert claims(client.tokens(answer).id)["email_verified"] is True
        # No other code went out.
        assert len(client.world.outbox()) == 1

    def test_a_device_that_is_known_stays_known(self, world: World) -> None:
        client = world.pool(AutoVerifiedAttributes=["email"], **factors(), **TRACKED).client()
        confirmed = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])
        phone = Phone.confirmed(client)
        answer = begin(client, confirmed["Session"], DEVICE_KEY=phone.key)
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert claims(client.tokens(answer).access)["device_key"] == phone.key

    def test_parameters_do_not_matter_then(self, client: ClientOf) -> None:
        confirmed = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])
        assert begin(client, confirmed["Session"], PREFERRED_CHALLENGE="PASSWORD")["AuthenticationResult"]

    def test_without_a_session_there_is_none(self, client: ClientOf) -> None:
        client.sign_up("ada", email=EMAIL)
        assert "Session" not in confirm(client, None)

    def test_a_client_that_does_not_sign_in_by_choice_gets_none(self, pool: PoolOf) -> None:
        client = pool.client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
        assert "Session" not in client.sign_up("ada", email=EMAIL)

    def test_where_no_code_is_sent_there_is_none(self, world: World) -> None:
        client = world.pool(**factors()).client()
        assert "Session" not in client.sign_up("ada", email=EMAIL)

    def test_a_code_that_is_no_first_factor_leads_to_the_choice(self, world: World) -> None:
        client = world.pool(AutoVerifiedAttributes=["email"]).client()
        confirmed = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])
        challenge = begin(client, confirmed["Session"])
        assert challenge["ChallengeName"] == "SELECT_CHALLENGE"

    def test_A10_a_second_factor_is_not_left_out(self, world: World) -> None:
        pool = world.pool(AutoVerifiedAttributes=["email"], mfa=TOTP_OPTIONAL, **factors())
        client = pool.client()
        confirmed = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])
        with_app(client, client.tokens())
        assert begin(client, confirmed["Session"])["ChallengeName"] == "SELECT_CHALLENGE"

    def test_A08_each_session_is_good_once(self, client: ClientOf) -> None:
        first = client.sign_up("ada", email=EMAIL)["Session"]
        second = confirm(client, first)["Session"]
        assert begin(client, second)["AuthenticationResult"]
        assert refusal(client, second).message == USED
        client.pool.change("ada", status=UserStatus.UNCONFIRMED)
        client.call("ResendConfirmationCode", Username="ada")
        with pytest.raises(NotAuthorizedException, match=USED):
            confirm(client, first)
        # The code is as good as it was.
        confirm(client, None)

    def test_A31_of_parallel_sign_ins_one_succeeds(self, client: ClientOf) -> None:
        session = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])["Session"]
        answers = together(8, lambda _: begin(client, session))
        assert sum(isinstance(answer, dict) for answer in answers) == 1

    def test_A08_each_session_is_good_for_its_step(self, client: ClientOf) -> None:
        first = client.sign_up("ada", email=EMAIL)["Session"]
        assert refusal(client, first).message == INVALID
        second = confirm(client, first)["Session"]
        client.sign_up("bob", email=EMAIL)
        with pytest.raises(NotAuthorizedException, match=INVALID):
            confirm(client, second, "bob")
        challenge = choose(client)
        assert refusal(client, challenge["Session"]).message == INVALID
        for name in ("SELECT_CHALLENGE", "EMAIL_OTP", "MFA_SETUP"):
            with pytest.raises(NotAuthorizedException, match=INVALID):
                client.respond(name, second, USERNAME="ada", ANSWER="EMAIL_OTP", EMAIL_OTP_CODE="1")

    def test_A05_each_session_is_good_for_its_user(self, client: ClientOf) -> None:
        of_ada = client.sign_up("ada", email=EMAIL)["Session"]
        client.sign_up("bob", email=EMAIL)
        with pytest.raises(NotAuthorizedException, match=INVALID):
            confirm(client, of_ada, "bob")
        of_bob = confirm(client, None, "bob")
        assert "Session" not in of_bob
        client.call("ResendConfirmationCode", Username="ada")
        confirmed = confirm(client, of_ada)
        assert refusal(client, confirmed["Session"], "bob").message == INVALID
        assert begin(client, confirmed["Session"])["AuthenticationResult"]

    def test_A06_each_session_is_good_at_its_client(self, client: ClientOf) -> None:
        other = client.pool.client()
        first = client.sign_up("ada", email=EMAIL)["Session"]
        with pytest.raises(NotAuthorizedException, match=INVALID):
            confirm(other, first)
        second = confirm(client, first)["Session"]
        assert refusal(other, second).message == INVALID

    def test_a_name_without_a_user(self, client: ClientOf, hiding: ClientOf) -> None:
        session = confirm(hiding, hiding.sign_up("ada", email=EMAIL)["Session"])["Session"]
        assert refusal(hiding, session, "ida").message == INVALID
        assert refusal(client, session, "ida").message == "User does not exist."

    def test_A07_an_old_session_does_not_keep_a_code_from_confirming(
        self, client: ClientOf, world: World
    ) -> None:
        first = client.sign_up("ada", email=EMAIL)["Session"]
        world.clock.advance(180)
        assert "Session" not in confirm(client, first)
        assert client.pool.user("ada").status is UserStatus.CONFIRMED

    def test_A07_a_confirmation_is_good_for_some_minutes(self, client: ClientOf, world: World) -> None:
        session = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])["Session"]
        world.clock.advance(180)
        assert refusal(client, session).message == "Invalid session for the user, session is expired."

    def test_a_wrong_code_leaves_the_session(self, client: ClientOf, world: World) -> None:
        session = client.sign_up("ada", email=EMAIL)["Session"]
        error = client.error(
            "ConfirmSignUp",
            Username="ada",
            ConfirmationCode=other_code(world.code()),
            Session=session,
        )
        assert isinstance(error, CodeMismatchException)
        assert confirm(client, session)["Session"]

    @pytest.mark.parametrize("text", ["x" * 20, "x" * 4096, "ä" * 30])
    def test_a_session_that_was_made_up(self, client: ClientOf, text: str) -> None:
        client.sign_up("ada", email=EMAIL)
        with pytest.raises((InvalidParameterException, NotAuthorizedException)):
            confirm(client, text)
        assert isinstance(refusal(client, text), (InvalidParameterException, NotAuthorizedException))

    @pytest.mark.parametrize("change", ["disabled", "password", "address", "deleted"])
    def test_a_user_who_was_changed_meanwhile(self, client: ClientOf, change: str) -> None:
        session = confirm(client, client.sign_up("ada", email=EMAIL)["Session"])["Session"]
        user = client.pool.user("ada")
        if change == "disabled":
            client.pool.change("ada", enabled=False)
        elif change == "password":
            client.pool.change("ada", password=None)
        elif change == "address":
            client.pool.change("ada", attributes={**user.attributes, "email": "eve@example.com"})
        else:
            client.pool.admin("AdminDeleteUser", Username="ada")
            without_password(client, email=EMAIL)
        assert refusal(client, session).message == INVALID
