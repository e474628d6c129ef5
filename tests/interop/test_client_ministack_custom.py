"""Our client's custom sign-in against ministack, whose triggers are functions that it really runs."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.interop import foreign
from tests.interop.faces import Face
from tests.interop.pools import OTHER_PASSWORD, PASSWORD, new_name
from userpool import AuthFlow, Challenge, CustomChallenge, SignedIn
from userpool.protocol.shapes import idp

pytestmark = pytest.mark.xdist_group("ministack")


def handler(event: Any, context: Any) -> Any:
    """All three triggers in one: two questions have to be answered, one after a password; one answer may be
    wrong.
    """
    request, response = event["request"], event["response"]
    session = request.get("session") or []
    passed = [one for one in session if one["challengeResult"]]
    asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
    right = [one for one in asked if one["challengeResult"]]
    match event["triggerSource"]:
        case "DefineAuthChallenge_Authentication":
            by_srp = bool(session) and session[0]["challengeName"] == "SRP_A"
            first = by_srp and len(session) == 1
            response["challengeName"] = "PASSWORD_VERIFIER" if first else "CUSTOM_CHALLENGE"
            response["issueTokens"] = len(right) == (1 if by_srp else 2)
            response["failAuthentication"] = len(session) - len(passed) > 1
        case "CreateAuthChallenge_Authentication":
            response["publicChallengeParameters"] = {"question": f"{len(right)} + 1"}
            response["privateChallengeParameters"] = {"answer": str(len(right) + 1)}
        case "VerifyAuthChallengeResponse_Authentication":
            wanted = request["privateChallengeParameters"]["answer"]
            response["answerCorrect"] = request["challengeAnswer"] == wanted
    return event


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreign.ministack(tmp_path_factory.mktemp("ministack-custom")) as started:
        yield started


def aws(url: str, service: str) -> Any:
    """boto3's client for another of ministack's services."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def trigger(url: str) -> str:
    """The function's ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("triggers.py", "from typing import Any\n\n" + inspect.getsource(handler))
    role = aws(url, "iam").create_role(RoleName="triggers", AssumeRolePolicyDocument="{}")["Role"]
    made = aws(url, "lambda").create_function(
        FunctionName="triggers",
        Runtime="python3.11",
        Role=role["Arn"],
        Handler="triggers.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    arn: str = made["FunctionArn"]
    return arn


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with Face(request.param) as opened:
        yield opened


@dataclass
class World:
    """A pool with those triggers, seen by a client with a secret, and a user."""

    face: Face
    pool: Any
    name: str


@pytest.fixture
def world(url: str, trigger: str, face: Face) -> World:
    admin = face.admin(url)
    triggers = idp.LambdaConfigType(
        define_auth_challenge=trigger,
        create_auth_challenge=trigger,
        verify_auth_challenge_response=trigger,
    )
    pool_id = face(admin.create_user_pool("custom", lambda_config=triggers)).id
    made = face(
        admin.create_user_pool_client(
            "custom",
            explicit_auth_flows=("ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
            user_pool_id=pool_id,
        )
    )
    name = new_name()
    face(admin.admin_create_user(name, message_action="SUPPRESS", user_pool_id=pool_id))
    face(admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id))
    return World(face, face.pool(pool_id, made.client_id, endpoint=url), name)


@pytest.mark.parametrize(
    ("password", "questions"), [(None, 2), (PASSWORD, 1)], ids=["without SRP", "SRP first"]
)
def test_the_triggers_ask_until_they_are_content(world: World, password: str | None, questions: int) -> None:
    """ministack ends a sign-in after three rounds, the password's among them."""
    face, pool = world.face, world.pool
    step = face(pool.sign_in(world.name, password, auth_flow=AuthFlow.CUSTOM))
    for number in range(1, questions + 1):
        assert isinstance(step, CustomChallenge)
        assert (step.position, step.parameters["question"]) == (number, f"{number - 1} + 1")
        again = Challenge.from_dict(json.loads(json.dumps(step.to_dict())))
        assert isinstance(again, CustomChallenge)
        step = face(pool.respond(again.answer(str(number))))
    assert isinstance(step, SignedIn)
    assert step.user.username == world.name


def test_a_wrong_answer_leads_to_another_question(world: World) -> None:
    """Its session stays the same, where each of Cognito's is good once."""
    face, pool = world.face, world.pool
    first = face(pool.sign_in(world.name, auth_flow=AuthFlow.CUSTOM))
    second = face(pool.respond(first.answer("wrong")))
    assert isinstance(second, CustomChallenge)
    assert (second.position, second.session) == (2, first.session)
    assert face.refusal(pool.respond, second.answer("wrong")) == "NotAuthorizedException"


def test_a_wrong_password_ends_it(world: World) -> None:
    refused = world.face.refusal(world.pool.sign_in, world.name, OTHER_PASSWORD, auth_flow=AuthFlow.CUSTOM)
    assert refused == "NotAuthorizedException"


def test_choice_is_there_on_its_pages_only(world: World) -> None:
    """Missing: `USER_AUTH` as a flow of InitiateAuth."""
    refused = world.face.refusal(world.pool.sign_in, world.name, auth_flow=AuthFlow.CHOICE)
    assert refused == "InvalidParameterException"
