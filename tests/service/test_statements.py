"""What the most frequent calls ask of the store: what comes to the service later must not slow them down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.service.world import PASSWORD, ClientOf, Tokens, World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


@pytest.fixture
def client(world: World) -> ClientOf:
    made = world.pool().client()
    made.signed_up("ada")
    return made


@pytest.fixture
def ada(client: ClientOf) -> Tokens:
    return client.tokens()


def asked(world: World, work: Callable[[], object]) -> Counter[str]:
    """What `work` asks of the store."""
    return world.counted(work)[1]


def test_get_user_reads_once(world: World, ada: Tokens) -> None:
    assert asked(world, lambda: ada.call("GetUser")) == {"read": 1, "token_facts": 1}


def test_a_refresh_writes_nothing(world: World, client: ClientOf, ada: Tokens) -> None:
    found = asked(world, lambda: client.call("GetTokensFromRefreshToken", RefreshToken=ada.refresh))
    assert found == dict.fromkeys(("read", "client", "pool", "family", "user", "groups_of"), 1)


def test_a_sign_in_by_password_reads_before_between_and_after_its_two_writes(
    world: World, client: ClientOf
) -> None:
    client.by_password()  # the signing keys are known from here on
    found = asked(world, client.by_password)
    charging = dict.fromkeys(("attempts", "put_attempts"), 1)
    ending = dict.fromkeys(("user", "delete_attempts", "add_family"), 1)
    reading = dict.fromkeys(("client", "pool", "user_named", "groups_of"), 1)
    assert found == {"read": 2, "write": 2, **reading, **charging, **ending}


def test_a_sign_in_by_srp_writes_twice(world: World, client: ClientOf) -> None:
    client.by_srp()
    found = asked(world, client.by_srp)
    assert (found["write"], found["read"]) == (2, 3)
    assert found.total() == 19


def test_a_page_and_one_user_are_a_statement_and_the_pool(world: World, client: ClientOf) -> None:
    page = asked(world, lambda: client.pool.admin("ListUsers"))
    assert page == {"read": 1, "pool": 1, "users": 1}
    one = asked(world, lambda: client.pool.admin("AdminGetUser", Username="ada"))
    assert one == {"read": 1, "pool": 1, "user_named": 1}


def test_an_administrator_makes_a_user_in_one_write(world: World, client: ClientOf) -> None:
    given = {"Username": "bob", "TemporaryPassword": PASSWORD, "MessageAction": "SUPPRESS"}
    made = asked(world, lambda: client.pool.admin("AdminCreateUser", **given))
    assert made == {"read": 1, "write": 1, "pool": 2, "add_user": 1}
