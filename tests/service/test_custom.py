"""Custom sign-in (CUSTOM_AUTH): each bad case by its number in the project's catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.scripted_triggers import ANSWER, Event, Riddle
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    SrpAttempt,
    World,
    claims,
    together,
    with_app,
)
from userpool.crypto.powers import power
from userpool.protocol import srp
from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ServiceError,
    UserLambdaValidationException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from userpool.service.domain.records import UserStatus
from userpool.service.triggers import Triggers

EMAIL = "ada@example.com"
WRONG = "Incorrect username or password."
USED = "Invalid session for the user, session can only be used once."
INVALID = "Invalid session for the user."
NOT_SET_UP = "Custom auth lambda trigger is not configured for the user pool."


@pytest.fixture
def riddle() -> Riddle:
    return Riddle()


@pytest.fixture
def world(riddle: Riddle) -> Iterator[World]:
    with World(triggers=riddle.triggers()) as made:
        yield made


@pytest.fixture
def ada(client: ClientOf) -> ClientOf:
    client.signed_up("ada", email=EMAIL)
    return client


def begin(client: ClientOf, username: str = "ada", /, **more: str) -> dict[str, Any]:
    return client.initiate("CUSTOM_AUTH", USERNAME=username, **more)


def begin_srp(client: ClientOf, password: str = PASSWORD) -> SrpAttempt:
    side = srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), power())
    challenge = begin(client, CHALLENGE_NAME="SRP_A", SRP_A=side.public)
    return SrpAttempt(client, side, password, challenge)


def refusal(client: ClientOf, username: str = "ada", /, **more: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        begin(client, username, **more)
    return caught.value


def not_accepted(client: ClientOf, challenge: dict[str, Any], /, **responses: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        client.answer(challenge, **responses)
    return caught.value


def saying(**response: Any) -> Any:
    """A function that answers so."""

    def function(event: Event) -> Event:
        return {**event, "response": response}

    return function


def test_a_right_answer_gives_tokens(ada: ClientOf, riddle: Riddle) -> None:
    challenge = begin(ada)
    assert challenge["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert challenge["ChallengeParameters"] == {"question": "Who asks?", "number": "0", "USERNAME": "ada"}
    answer = ada.answer(challenge, ANSWER=ANSWER)
    assert claims(ada.tokens(answer).access)["username"] == "ada"
    sources = [event["triggerSource"].partition("_") for event in riddle.events]
    assert [source for source, _, kind in sources if kind == "Authentication"] == [
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "DefineAuthChallenge",
    ]


def test_the_event_has_cognitos_form(ada: ClientOf, riddle: Riddle) -> None:
    begin(ada)
    sub = ada.pool.user("ada").sub
    attributes = {
        "sub": sub,
        "email": EMAIL,
        "email_verified": "false",
        "cognito:user_status": "CONFIRMED",
    }
    assert riddle.events[0] == {
        "version": "1",
        "triggerSource": "DefineAuthChallenge_Authentication",
        "region": "us-east-1",
        "userPoolId": ada.pool.id,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": ada.id},
        "request": {"userAttributes": attributes, "session": [], "clientMetadata": None},
        "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    }
    [request] = riddle.requests("CreateAuthChallenge")
    assert request == {
        "userAttributes": attributes,
        "challengeName": "CUSTOM_CHALLENGE",
        "session": [],
        "clientMetadata": None,
    }


def test_wrong_answers_are_told_and_go_round(ada: ClientOf, riddle: Riddle) -> None:
    challenge = begin(ada)
    for number in range(1, 3):
        challenge = ada.answer(challenge, ANSWER="the-cat")
        assert challenge["ChallengeParameters"]["number"] == str(number)
    assert riddle.requests("DefineAuthChallenge")[-1]["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": f"RIDDLE-{one}"}
        for one in range(2)
    ]
    error = not_accepted(ada, challenge, ANSWER="the-dog")
    assert (type(error), error.message) == (NotAuthorizedException, WRONG)


def test_a_wrong_answer_may_be_made_good(ada: ClientOf) -> None:
    challenge = ada.answer(begin(ada), ANSWER="the-cat")
    assert ada.answer(challenge, ANSWER=ANSWER)["AuthenticationResult"]


def test_an_answer_that_is_left_out_is_null(ada: ClientOf, riddle: Riddle) -> None:
    ada.answer(begin(ada))
    [request] = riddle.requests("VerifyAuthChallengeResponse")
    assert (request["challengeAnswer"], request["privateChallengeParameters"]) == (None, {"answer": ANSWER})


def test_the_password_first(ada: ClientOf, riddle: Riddle) -> None:
    attempt = begin_srp(ada)
    assert attempt.challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    asked = attempt.answer()
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert ada.answer(asked, ANSWER=ANSWER)["AuthenticationResult"]
    sessions = [
        [(one["challengeName"], one["challengeResult"]) for one in request["session"]]
        for request in riddle.requests("DefineAuthChallenge")
    ]
    first, second = ("SRP_A", True), ("PASSWORD_VERIFIER", True)
    assert sessions == [[first], [first, second], [first, second, ("CUSTOM_CHALLENGE", True)]]


def test_a_wrong_password_ends_it(ada: ClientOf, riddle: Riddle) -> None:
    with pytest.raises(NotAuthorizedException, match=WRONG):
        begin_srp(ada, OTHER_PASSWORD).answer()
    assert len(riddle.requests("DefineAuthChallenge")) == 1


def test_A01_a_public_number_that_is_none(ada: ClientOf, riddle: Riddle) -> None:
    for more in ({"SRP_A": "0"}, {"SRP_A": "xyz"}, {}):
        error = refusal(ada, CHALLENGE_NAME="SRP_A", **more)
        assert isinstance(error, InvalidParameterException)
    assert isinstance(refusal(ada, CHALLENGE_NAME="SMS_MFA"), InvalidParameterException)
    assert not riddle.requests("DefineAuthChallenge")


def test_the_administrators_calls(ada: ClientOf) -> None:
    challenge = ada.pool.admin(
        "AdminInitiateAuth", ClientId=ada.id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    answer = ada.pool.admin(
        "AdminRespondToAuthChallenge",
        ClientId=ada.id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": ANSWER},
    )
    assert answer["AuthenticationResult"]


def test_metadata_goes_to_the_functions_of_its_own_call(ada: ClientOf, riddle: Riddle) -> None:
    challenge = ada.call(
        "InitiateAuth",
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": "ada"},
        ClientMetadata={"from": "start"},
    )
    assert {request["clientMetadata"] for request in riddle.requests("")} == {None}
    ada.call(
        "RespondToAuthChallenge",
        ChallengeName="CUSTOM_CHALLENGE",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "the-cat"},
        ClientMetadata={"from": "answer"},
    )
    later = [request["clientMetadata"] for request in riddle.requests("")[2:]]
    assert later == [{"from": "answer"}] * 3


class TestSessions:
    def test_A08_an_answer_is_good_once(self, ada: ClientOf) -> None:
        challenge = begin(ada)
        ada.answer(challenge, ANSWER="the-cat")
        assert not_accepted(ada, challenge, ANSWER=ANSWER).message == USED

    def test_A17_of_parallel_answers_one_is_looked_at(self, ada: ClientOf, riddle: Riddle) -> None:
        challenge = begin(ada)
        together(20, lambda _: ada.answer(challenge, ANSWER="the-cat"))
        assert len(riddle.requests("VerifyAuthChallengeResponse")) == 1

    def test_A18_wrong_answers_lock(self, ada: ClientOf, riddle: Riddle) -> None:
        errors = []
        for _ in range(3):
            challenge = begin(ada)
            for _ in range(3):
                try:
                    challenge = ada.answer(challenge, ANSWER="the-cat")
                except NotAuthorizedException as error:
                    errors.append(error.message)
                    break
        assert errors == [WRONG, "Password attempts exceeded", "Password attempts exceeded"]
        assert len(riddle.requests("VerifyAuthChallengeResponse")) == 5
        ada.world.clock.advance(1)
        assert ada.answer(begin(ada), ANSWER=ANSWER)["AuthenticationResult"]
        with pytest.raises(NotAuthorizedException, match=WRONG):
            ada.by_password("ada", "wrong")

    def test_right_answers_do_not(self, ada: ClientOf) -> None:
        for _ in range(7):
            assert ada.answer(begin(ada), ANSWER=ANSWER)["AuthenticationResult"]

    def test_A06_a_session_is_good_at_its_own_client(self, ada: ClientOf) -> None:
        assert not_accepted(ada.pool.client(), begin(ada), ANSWER=ANSWER).message == INVALID

    def test_A07_a_session_ends(self, ada: ClientOf) -> None:
        challenge = begin(ada)
        ada.world.clock.advance(180)
        error = not_accepted(ada, challenge, ANSWER=ANSWER)
        assert error.message == "Invalid session for the user, session is expired."

    def test_private_parameters_are_not_to_be_read(self, ada: ClientOf) -> None:
        challenge = begin(ada)
        assert ANSWER not in repr(challenge)
        assert "RIDDLE" not in repr(challenge)

    @pytest.mark.parametrize("change", ["password", "deleted"])
    def test_a_user_who_was_changed_meanwhile(self, ada: ClientOf, change: str) -> None:
        challenge = begin(ada)
        if change == "password":
            ada.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        else:
            ada.pool.admin("AdminDeleteUser", Username="ada")
        assert not_accepted(ada, challenge, ANSWER=ANSWER).message == INVALID

    def test_a_password_that_changes_while_the_functions_work(self) -> None:
        riddle = Riddle()

        def define(event: Event) -> Event:
            if event["request"]["session"]:
                client.pool.admin(
                    "AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True
                )
            return riddle.define(event)

        with World(triggers=riddle.triggers(define_auth_challenge=define)) as world:
            client = world.pool().client()
            client.signed_up()
            assert not_accepted(client, begin(client), ANSWER=ANSWER).message == INVALID


class TestWhatElseIsDue:
    def test_A09_a_temporary_password_is_changed(self, client: ClientOf) -> None:
        client.pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
        challenge = client.answer(begin(client), ANSWER=ANSWER)
        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert client.answer(challenge, NEW_PASSWORD=OTHER_PASSWORD)["AuthenticationResult"]

    def test_A10_a_second_factor_is_asked_for(self, world: World) -> None:
        client = world.pool(mfa=TOTP_OPTIONAL).client()
        client.signed_up()
        app = with_app(client, client.tokens())
        for challenge in (begin(client), begin_srp(client).answer()):
            asked = client.answer(challenge, ANSWER=ANSWER)
            assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
            assert client.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]
            world.time += 60

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"enabled": False}, NotAuthorizedException),
            ({"status": UserStatus.UNCONFIRMED}, UserNotConfirmedException),
            ({"status": UserStatus.RESET_REQUIRED}, PasswordResetRequiredException),
        ],
    )
    def test_A26_the_state_of_a_user_shows_after_the_proof(
        self, ada: ClientOf, changes: dict[str, Any], error: type[ServiceError]
    ) -> None:
        ada.pool.change("ada", **changes)
        assert isinstance(not_accepted(ada, begin(ada), ANSWER=ANSWER), error)
        with pytest.raises(error):
            begin_srp(ada).answer()
        with pytest.raises(NotAuthorizedException, match=WRONG):
            begin_srp(ada, OTHER_PASSWORD).answer()
        # What was right was taken back: only the wrong password counts.
        for _ in range(6):
            assert isinstance(not_accepted(ada, begin(ada), ANSWER=ANSWER), error)

    def test_tokens_without_a_challenge(self) -> None:
        with World(triggers=Triggers(define_auth_challenge=saying(issueTokens=True))) as world:
            client = world.pool().client()
            client.signed_up()
            assert begin(client)["AuthenticationResult"]
            client.pool.change("ada", enabled=False)
            assert refusal(client).message == "User is disabled."


class TestHiddenUsers:
    """PreventUserExistenceErrors: ida does not exist."""

    def test_where_nothing_is_hidden_no_function_hears_of_nobody(
        self, client: ClientOf, riddle: Riddle
    ) -> None:
        error = refusal(client, "ida")
        assert (type(error), error.message) == (UserNotFoundException, "User does not exist.")
        assert riddle.events == []

    def test_functions_are_told(self, ada: ClientOf, hiding: ClientOf, riddle: Riddle) -> None:
        challenges = [begin(hiding, name) for name in ("ada", "ida")]
        for challenge, name in zip(challenges, ("ada", "ida"), strict=True):
            assert challenge["ChallengeParameters"].pop("USERNAME") == name
        known, unknown = (dict(challenge, Session=len(challenge["Session"])) for challenge in challenges)
        assert known == unknown
        told = [(event["userName"], event["request"]["userNotFound"]) for event in riddle.events]
        assert told == [("ada", False)] * 2 + [("ida", True)] * 2
        assert riddle.events[-1]["request"]["userAttributes"] == {}

    def test_nobody_gets_tokens(self, ada: ClientOf, hiding: ClientOf, riddle: Riddle) -> None:
        answers = [not_accepted(hiding, begin(hiding, "ida"), USERNAME="ida", ANSWER=ANSWER)]
        challenge = begin(hiding, "ida")
        for _ in range(2):
            challenge = hiding.answer(challenge, USERNAME="ida", ANSWER="the-cat")
        answers.append(not_accepted(hiding, challenge, USERNAME="ida", ANSWER="the-cat"))
        assert {(type(error), error.message) for error in answers} == {(NotAuthorizedException, WRONG)}

    def test_the_password_of_nobody(self, hiding: ClientOf) -> None:
        side = srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), power())
        challenge = begin(hiding, "ida", CHALLENGE_NAME="SRP_A", SRP_A=side.public)
        with pytest.raises(NotAuthorizedException, match=WRONG):
            SrpAttempt(hiding, side, PASSWORD, challenge).answer()


class TestFunctionsThatAnswerBadly:
    def refused(self, functions: Triggers) -> ServiceError:
        with World(triggers=functions) as world:
            client = world.pool().client()
            client.signed_up()
            return refusal(client)

    def test_without_functions(self) -> None:
        error = self.refused(Triggers())
        assert (type(error), error.message) == (InvalidParameterException, NOT_SET_UP)
        asking = saying(challengeName="CUSTOM_CHALLENGE")
        assert self.refused(Triggers(define_auth_challenge=asking)).message == NOT_SET_UP

    def test_without_a_function_that_verifies(self) -> None:
        riddle = Riddle()
        functions = Triggers(define_auth_challenge=riddle.define, create_auth_challenge=riddle.create)
        with World(triggers=functions) as world:
            client = world.pool().client()
            client.signed_up()
            assert not_accepted(client, begin(client), ANSWER=ANSWER).message == NOT_SET_UP

    @pytest.mark.parametrize(
        "response",
        [
            {},
            {"challengeName": "PASSWORD_VERIFIER"},
            {"challengeName": "SMS_MFA"},
            {"challengeName": 7},
            {"issueTokens": "yes"},
            {"failAuthentication": 1},
        ],
    )
    def test_A55_a_definition_of_nothing(self, response: dict[str, Any]) -> None:
        error = self.refused(Triggers(define_auth_challenge=saying(**response)))
        assert isinstance(error, InvalidLambdaResponseException)
        assert error.message.startswith("Invalid lambda function output : DefineAuthChallenge")

    @pytest.mark.parametrize(
        "response",
        [
            {"publicChallengeParameters": ["question"]},
            {"publicChallengeParameters": {"question": 1}},
            {"privateChallengeParameters": "secret"},
            {"challengeMetadata": {}},
            {"privateChallengeParameters": {"answer": "x" * 4000}},
        ],
    )
    def test_A55_a_challenge_that_is_none(self, response: dict[str, Any]) -> None:
        riddle = Riddle()
        error = self.refused(riddle.triggers(create_auth_challenge=saying(**response)))
        assert isinstance(error, InvalidLambdaResponseException)
        assert error.message.startswith("Invalid lambda function output : CreateAuthChallenge")
        assert "secret" not in error.message

    def test_what_a_challenge_may_leave_out(self) -> None:
        riddle = Riddle()
        with World(triggers=riddle.triggers(create_auth_challenge=saying())) as world:
            client = world.pool().client()
            client.signed_up()
            assert begin(client)["ChallengeParameters"] == {"USERNAME": "ada"}

    def test_nothing_goes_on_for_ever(self) -> None:
        riddle = Riddle()
        asking = saying(challengeName="CUSTOM_CHALLENGE")
        right = saying(answerCorrect=True)
        functions = riddle.triggers(define_auth_challenge=asking, verify_auth_challenge_response=right)
        with World(triggers=functions) as world:
            client = world.pool().client()
            client.signed_up()
            challenge = begin(client)
            for _ in range(15):
                challenge = client.answer(challenge, ANSWER="x")
            assert not_accepted(client, challenge, ANSWER="x").message == WRONG

    def test_A58_a_function_that_raises(self) -> None:
        def broken(event: Event) -> Event:
            raise ValueError("the sphinx sleeps")

        error = self.refused(Riddle().triggers(create_auth_challenge=broken))
        assert (type(error), error.message) == (
            UserLambdaValidationException,
            "CreateAuthChallenge failed with error the sphinx sleeps.",
        )


def test_a_client_that_may_not(pool: PoolOf) -> None:
    client = pool.client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    assert refusal(client).message == "CUSTOM_AUTH flow not enabled for this client"
