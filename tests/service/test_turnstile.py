"""Many at once for one user: right proofs do not lock, wrong ones still do."""

from __future__ import annotations

import threading

import pytest

from tests.service.world import PASSWORD, ClientOf, together
from userpool.protocol.errors import ServiceError
from userpool.service.turnstile import Turnstile


def test_a_burst_of_right_passwords_locks_nobody(client: ClientOf) -> None:
    client.signed_up()
    outcomes = together(24, lambda _: client.tokens())
    assert [one for one in outcomes if isinstance(one, ServiceError)] == []


def test_a_burst_of_right_proofs_locks_nobody(client: ClientOf) -> None:
    client.signed_up()
    attempts = [client.srp() for _ in range(16)]
    outcomes = together(16, lambda number: client.tokens(attempts[number].answer()))
    assert [one for one in outcomes if isinstance(one, ServiceError)] == []


def test_a18_a_burst_of_wrong_passwords_is_locked_after_five(client: ClientOf) -> None:
    client.signed_up()
    outcomes = together(40, lambda number: client.by_password("ada", f"Wrong-horse-{number}"))
    texts = [one.message for one in outcomes if isinstance(one, ServiceError)]
    assert len(texts) == 40
    assert texts.count("Incorrect username or password.") == 5
    assert texts.count("Password attempts exceeded") == 35
    assert client.error(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    ).message == ("Password attempts exceeded")


def test_no_more_than_its_width_are_inside() -> None:
    turnstile = Turnstile(width=2)
    lock = threading.Lock()
    inside, most = 0, 0
    go = threading.Barrier(12)

    def visit() -> None:
        nonlocal inside, most
        go.wait()
        for _ in range(20):
            turnstile.enter("ada")
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1
            turnstile.leave()

    threads = [threading.Thread(target=visit) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 1 <= most <= 2
    assert not turnstile._inside


def test_keys_do_not_wait_for_each_other_and_leaving_twice_is_harmless() -> None:
    turnstile = Turnstile(width=1, patience=0.01)
    turnstile.enter("ada")
    turnstile.enter("eve")  # one thread is inside for one key: ada's place is free again
    assert set(turnstile._inside) == {"eve"}
    turnstile.leave()
    turnstile.leave()
    assert not turnstile._inside


@pytest.mark.parametrize("patience", [0.0, 0.01])
def test_patience_has_an_end(patience: float) -> None:
    turnstile = Turnstile(width=1, patience=patience)
    turnstile.enter("ada")
    other = threading.Thread(target=turnstile.enter, args=("ada",))
    other.start()
    other.join(10)
    assert not other.is_alive()
    assert turnstile._inside["ada"] == 2
