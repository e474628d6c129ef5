"""Custom sign-in, migration and automatic confirmation on the asynchronous face: the embedded pool's triggers
are functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code
from userpool import (
    AsyncUserPool,
    AuthFlow,
    Challenge,
    CustomChallenge,
    MfaPreference,
    NotAuthorizedException,
    SignedIn,
    SignUpResult,
    TotpRequired,
    UserLambdaValidationException,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol.shapes import idp
from userpool.service.triggers import Triggers

FLOWS = (
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
QUESTIONS = ("1 + 1", "2 + 2")
Event = dict[str, Any]


def define(event: Event) -> None:
    """Every question has to be answered; the third wrong answer is the last."""
    session, response = event["request"]["session"], event["response"]
    asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
    right = [one for one in asked if one["challengeResult"]]
    refused = [one for one in session if not one["challengeResult"]]
    response["issueTokens"] = len(right) == len(QUESTIONS)
    response["failAuthentication"] = len(refused) > 2
    by_srp = len(session) == 1 and session[0]["challengeName"] == "SRP_A"
    response["challengeName"] = "PASSWORD_VERIFIER" if by_srp else "CUSTOM_CHALLENGE"


def create(event: Event) -> None:
    asked = [one for one in event["request"]["session"] if one["challengeName"] == "CUSTOM_CHALLENGE"]
    question = QUESTIONS[len([one for one in asked if one["challengeResult"]])]
    event["response"]["publicChallengeParameters"] = {"question": question}
    event["response"]["privateChallengeParameters"] = {"answer": str(2 * int(question[0]))}


def verify(event: Event) -> None:
    wanted = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == wanted


def migrate(event: Event) -> None:
    """Whoever comes with the password of the old house may move in."""
    if event["request"].get("password") != PASSWORD:
        raise ValueError("who is that?")
    event["response"]["userAttributes"] = {
        "email": f"{event['userName']}@example.com",
        "email_verified": "true",
    }
    event["response"]["finalUserStatus"] = "CONFIRMED"
    event["response"]["messageAction"] = "SUPPRESS"


def welcome(event: Event) -> None:
    """Guests need no code."""
    event["response"]["autoConfirmUser"] = event["userName"].startswith("guest")


@pytest.fixture(scope="module")
def house() -> Iterator[AsyncEmbeddedUserPool]:
    functions = Triggers(
        define_auth_challenge=define,
        create_auth_challenge=create,
        verify_auth_challenge_response=verify,
        user_migration=migrate,
        pre_sign_up=welcome,
    )
    opened = AsyncUserPool.embedded(triggers=functions)
    yield opened
    finish(opened)


@pytest.fixture(params=[False, True], ids=["public", "secret"])
async def pool(house: AsyncEmbeddedUserPool, request: pytest.FixtureRequest) -> AsyncUserPool:
    made = await house.admin.create_user_pool_client(
        fresh_name(), explicit_auth_flows=FLOWS, generate_secret=request.param
    )
    assert made.client_id is not None
    return house.app_client(made.client_id, made.client_secret)


async def enrol(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> str:
    name = fresh_name()
    await pool.sign_up(name, PASSWORD, {"email": f"{name}@example.com"})
    await pool.confirm_sign_up(name, house.outbox.code(f"{name}@example.com"))
    return name


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["without SRP", "SRP first"])
async def test_the_triggers_ask_until_they_are_content(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool, password: str | None
) -> None:
    name = await enrol(pool, house)
    step = await pool.sign_in(f"{name}", password, auth_flow=AuthFlow.CUSTOM)
    for question, answer in (("1 + 1", "3"), ("1 + 1", "2"), ("2 + 2", "4")):
        assert isinstance(step, CustomChallenge)
        assert step.parameters["question"] == question
        again = Challenge.from_dict(json.loads(json.dumps(step.to_dict())))
        assert isinstance(again, CustomChallenge)
        step = await pool.respond(again.answer(answer))
    assert isinstance(step, SignedIn)
    assert step.user.username == name


async def test_a_round_that_was_answered_is_over(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    step = await pool.sign_in(await enrol(pool, house), auth_flow=AuthFlow.CUSTOM)
    assert isinstance(step, CustomChallenge)
    following = await pool.respond(step.answer("3"))
    assert isinstance(following, CustomChallenge)
    assert following.session != step.session
    with pytest.raises(NotAuthorizedException, match="session"):
        await pool.respond(step.answer("2"))


async def test_triggers_give_up(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    step = await pool.sign_in(await enrol(pool, house), auth_flow=AuthFlow.CUSTOM)
    for _ in range(2):
        assert isinstance(step, CustomChallenge)
        step = await pool.respond(step.answer("wrong"))
    assert isinstance(step, CustomChallenge)
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        await pool.respond(step.answer("wrong"))


async def test_a_wrong_password_comes_before_any_question(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = await enrol(pool, house)
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        await pool.sign_in(name, "wrong", auth_flow=AuthFlow.CUSTOM)


async def test_a_function_answers_the_triggers(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    def answer(challenge: Any) -> Any:
        return challenge.answer(str(2 * int(challenge.parameters["question"][0])))

    name = await enrol(pool, house)
    done = await pool.complete_sign_in(await pool.sign_in(name, auth_flow=AuthFlow.CUSTOM), answer)
    assert done.user.username == name


async def test_users_move_in_with_their_password(pool: AsyncUserPool) -> None:
    """SRP has none to hand on, and its refusal says what would."""
    name = fresh_name()
    with pytest.raises(NotAuthorizedException, match=r"first sign-in, .*AuthFlow\.PASSWORD"):
        await pool.sign_in(name, PASSWORD)
    with pytest.raises((NotAuthorizedException, UserLambdaValidationException)):
        await pool.sign_in(name, "wrong", auth_flow=AuthFlow.PASSWORD)
    first = await pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert isinstance(first, SignedIn)
    assert (await first.user.get_user()).attributes["email"] == f"{name}@example.com"
    assert isinstance(await pool.sign_in(name, PASSWORD), SignedIn)


async def test_whoever_is_confirmed_at_once_signs_in_at_once(pool: AsyncUserPool) -> None:
    name = f"guest-{fresh_name()}"
    result = await pool.sign_up(name, PASSWORD)
    kept = SignUpResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert kept.confirmed
    step = await pool.sign_in(kept.username, PASSWORD, session=kept.session)
    assert isinstance(step, SignedIn)
    assert step.user.username == name


async def test_a_second_factor_may_follow_the_triggers(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = await enrol(pool, house)
    app = idp.SoftwareTokenMfaConfigType(enabled=True)
    await house.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL", software_token_mfa_configuration=app
    )
    first = await pool.sign_in(name, PASSWORD)
    assert isinstance(first, SignedIn)
    seed = await first.user.associate_software_token()
    await first.user.verify_software_token(totp_code(seed.secret_code))
    await first.user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    step = await pool.sign_in(name, auth_flow=AuthFlow.CUSTOM)
    for answer in ("2", "4"):
        assert isinstance(step, CustomChallenge)
        step = await pool.respond(step.answer(answer))
    if isinstance(step, TotpRequired):
        step = await pool.respond(step.answer(totp_code(seed.secret_code, ahead=1)))
    assert isinstance(step, SignedIn)
    await house.admin.set_user_pool_mfa_config(mfa_configuration="OFF")
