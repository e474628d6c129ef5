"""Whatever a trigger answers: the caller gets what the operation declares, and nothing fails inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.scripted_triggers import Event
from tests.service.world import PASSWORD, ClientOf, World
from userpool.protocol.errors import ServiceError
from userpool.service.triggers import Triggers

MEMBERS = [
    "autoConfirmUser",
    "autoVerifyEmail",
    "autoVerifyPhone",
    "challengeName",
    "issueTokens",
    "failAuthentication",
    "publicChallengeParameters",
    "privateChallengeParameters",
    "challengeMetadata",
    "answerCorrect",
    "claimsAndScopeOverrideDetails",
    "idTokenGeneration",
    "accessTokenGeneration",
    "claimsToAddOrOverride",
    "claimsToSuppress",
    "scopesToAdd",
    "groupOverrideDetails",
    "groupsToOverride",
    "userAttributes",
    "finalUserStatus",
    "forceAliasCreation",
    "email",
    "email_verified",
    "username",
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(
        ["CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "CONFIRMED", "a@example.com", "\ud800", "a b", ""]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), inner)
    ),
    max_leaves=8,
)
responses = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=6)


class Answering:
    """A function that answers what it was told to, first of all for each trigger."""

    def __init__(self) -> None:
        self.response: dict[str, Any] = {}

    def __call__(self, event: Event) -> Event:
        return {**event, "response": self.response}


@pytest.fixture(scope="module")
def answering() -> Answering:
    return Answering()


@pytest.fixture(scope="module")
def client(answering: Answering) -> Iterator[ClientOf]:
    functions = Triggers(
        pre_sign_up=answering,
        post_confirmation=answering,
        pre_authentication=answering,
        post_authentication=answering,
        pre_token_generation=answering,
        token_version=2,
        user_migration=answering,
        define_auth_challenge=answering,
        create_auth_challenge=answering,
        verify_auth_challenge_response=answering,
    )
    with World(triggers=functions) as world:
        client = world.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"]).client()
        client.signed_up("ada", email="ada@example.com")
        yield client


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(response=responses, number=st.integers(0, 10**9))
def test_A55_whatever_it_answers(
    client: ClientOf, answering: Answering, response: dict[str, Any], number: int
) -> None:
    answering.response = response
    name = f"user{number}"
    attempts: list[Callable[[], object]] = [
        lambda: client.sign_up(name, PASSWORD, email=f"{name}@example.com"),
        lambda: client.by_password("ada", PASSWORD),
        lambda: client.by_password(f"old{number}", PASSWORD),
        lambda: client.call("ForgotPassword", Username=f"older{number}"),
        lambda: client.answer(client.initiate("CUSTOM_AUTH", USERNAME="ada"), ANSWER="x"),
    ]
    for attempt in attempts:
        try:
            # What the service answers is declared, and no failure inside: `World.call` looks.
            attempt()
        except (ServiceError, KeyError):
            # A sign-in that ended at once has no challenge to answer.
            continue
