"""The outbox: what an operator reads, and what only the log says."""

from __future__ import annotations

import logging
import os

import pytest

from userpool.crypto.aead import Sealer
from userpool.service.app import Service
from userpool.service.context import Settings
from userpool.service.domain.records import Message
from userpool.service.keys import KeyRing
from userpool.service.messages.outbox import Delivered, Outbox, Purpose, compose, reveal


def ring() -> KeyRing:
    return KeyRing(Sealer([os.urandom(32)]), os.urandom(32))


def message(keys: KeyRing, to: str = "ada@example.com", code: str = "123456") -> Message:
    return compose(
        keys,
        os.urandom,
        pool_id="us-east-1_abc",
        username="ada",
        to=to,
        medium="EMAIL",
        purpose=Purpose.SIGN_UP,
        code=code,
        now=1.0,
        expires_at=2.0,
    )


def test_a_code_is_sealed_until_it_is_read() -> None:
    keys = ring()
    made = message(keys)
    assert b"123456" not in made.sealed_code
    [read] = reveal(keys, [made])
    assert read == Delivered(
        made.id, "ada@example.com", "EMAIL", "sign_up", "123456", "ada", "us-east-1_abc", 1.0
    )
    assert "123456" not in repr(read)
    assert read.to_dict()["code"] == "123456"


def test_a_message_whose_key_is_gone_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    keys = ring()
    assert [one.code for one in reveal(keys, [message(ring()), message(keys)])] == ["123456"]
    assert "key that is gone" in caplog.text


def test_the_log_says_that_something_is_there_but_not_what(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    made = message(ring())
    Outbox().send(made, "123456")
    assert caplog.text == ""
    Outbox(announce=True).send(made, "123456")
    assert "sign_up" in caplog.text
    assert "123456" not in caplog.text


def test_a_service_announces_in_development_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "userpool.service.outbox")
    for development in (False, True):
        with Service.open(settings=Settings(development=development)) as service:
            service.context.messages.send(message(ring()), "123456")
            assert bool(caplog.text) is development
