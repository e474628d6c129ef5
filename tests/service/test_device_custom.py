"""Devices in a sign-in that the operator's functions lead: the device's proof comes last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.phones import TRACKED, Phone
from tests.service.scripted_triggers import ANSWER, Riddle
from tests.service.world import PASSWORD, TOTP_OPTIONAL, ClientOf, SrpAttempt, World, with_app
from userpool.crypto.powers import power
from userpool.protocol import srp
from userpool.protocol.errors import ResourceNotFoundException


@pytest.fixture
def world() -> Iterator[World]:
    with World(triggers=Riddle().triggers()) as made:
        yield made


@pytest.fixture
def client(world: World) -> ClientOf:
    client = world.pool(mfa=TOTP_OPTIONAL, **TRACKED).client()
    client.signed_up("ada")
    return client


def begin(client: ClientOf, **more: str) -> dict[str, Any]:
    return client.initiate("CUSTOM_AUTH", USERNAME="ada", **more)


def begin_srp(client: ClientOf, **more: str) -> dict[str, Any]:
    side = srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), power())
    challenge = begin(client, CHALLENGE_NAME="SRP_A", SRP_A=side.public, **more)
    return SrpAttempt(client, side, PASSWORD, challenge).answer()


def test_a_new_device_gets_its_key_at_the_end(client: ClientOf) -> None:
    for challenge in (begin(client), begin_srp(client)):
        answer = client.answer(challenge, ANSWER=ANSWER)
        assert Phone.confirmed(client, answer).sign_in()["AuthenticationResult"]


@pytest.mark.parametrize("named", ["at the start", "with the answer"])
@pytest.mark.parametrize("by_srp", [False, True])
def test_a_remembered_device_is_asked_last(client: ClientOf, named: str, by_srp: bool) -> None:
    phone = Phone.confirmed(client)
    with_app(client, client.tokens())
    first = {"DEVICE_KEY": phone.key} if named == "at the start" else {}
    late = {} if first else {"DEVICE_KEY": phone.key}
    challenge = begin_srp(client, **first) if by_srp else begin(client, **first)
    assert challenge["ChallengeName"] == "CUSTOM_CHALLENGE"
    challenge = client.answer(challenge, ANSWER=ANSWER, **late)
    assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert phone.prove(challenge)["AuthenticationResult"]


def test_a_device_that_was_forgotten_leaves_the_answer_good(client: ClientOf) -> None:
    phone = Phone.confirmed(client)
    client.pool.admin("AdminForgetDevice", Username="ada", DeviceKey=phone.key)
    challenge = begin(client, DEVICE_KEY=phone.key)
    with pytest.raises(ResourceNotFoundException, match="Device does not exist"):
        client.answer(challenge, ANSWER=ANSWER, DEVICE_KEY=phone.key)
    answer = client.answer(challenge, ANSWER=ANSWER)
    assert Phone.new(client, answer).key != phone.key


def test_a_device_does_not_stand_for_a_wrong_answer(client: ClientOf) -> None:
    phone = Phone.confirmed(client)
    with_app(client, client.tokens())
    challenge = client.answer(begin(client, DEVICE_KEY=phone.key), ANSWER="wrong")
    assert challenge["ChallengeName"] == "CUSTOM_CHALLENGE"
