"""The scripted double plays its steps in order and says what was asked."""

from __future__ import annotations

import asyncio

import pytest

from userpool.protocol.http import Request, Response
from userpool.testing.scripted import ScriptedTransport, answer, refusal
from userpool.transports.api import AsyncTransport, Transport


def ask(name: str) -> Request:
    return Request(
        "POST", "https://example.com/", {"x-amz-target": f"Service.{name}"}, b'{"N":"%s"}' % name.encode()
    )


def test_it_is_a_transport_of_both_colours() -> None:
    assert isinstance(ScriptedTransport(), Transport)
    assert isinstance(ScriptedTransport(), AsyncTransport)


def test_steps_are_played_in_order_by_either_method() -> None:
    transport = ScriptedTransport([answer({"a": 1}), lambda request: Response(204, {}, request.body)])
    transport.add(refusal("LimitExceededException", "Too many"))
    assert transport.send(ask("One"), timeout=1).body == b'{"a":1}'
    assert asyncio.run(transport.asend(ask("Two"), timeout=2)).body == b'{"N":"Two"}'
    assert transport.remaining == 1
    last = transport.send(ask("Three"), timeout=3)
    assert (last.status, last.header("X-Amzn-ErrorType")) == (400, "LimitExceededException:")
    assert last.body == b'{"__type":"LimitExceededException","message":"Too many"}'
    assert transport.targets == ["One", "Two", "Three"]
    assert transport.timeouts == [1, 2, 3]
    assert transport.json() == {"N": "Three"}
    assert transport.json(0) == {"N": "One"}


def test_exceptions_are_raised() -> None:
    with pytest.raises(ConnectionError):
        ScriptedTransport([ConnectionError()]).send(ask("One"), timeout=1)


def test_a_request_past_the_end_names_itself() -> None:
    with pytest.raises(AssertionError, match=r"script of 0 steps is over.*Service\.One"):
        ScriptedTransport().send(ask("One"), timeout=1)


def test_closing_is_remembered() -> None:
    first, second = ScriptedTransport(), ScriptedTransport()
    first.close()
    asyncio.run(second.aclose())
    assert first.closed and second.closed


def test_answers_default_to_an_empty_object() -> None:
    assert answer().body == b"{}"
    assert answer([], headers={"Date": "x"}).header("date") == "x"
