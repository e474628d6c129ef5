"""What is stored of a user."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.rotating import Rotating
from tests.flows.stage import CLIENT, POOL
from userpool.client.held import Held, hold
from userpool.client.record import Keys
from userpool.flows.grant import Tokens

KEYS = Keys(POOL, CLIENT)
HELD = hold(Tokens(**Rotating().tokens()), client_id=CLIENT, drift=1.5, device_key="device")
DATA = KEYS.encode(HELD)


def test_a_record_gives_back_what_was_held() -> None:
    assert KEYS.decode(DATA, "ada") == HELD
    assert KEYS.decode_current(KEYS.encode_current("ada")) == "ada"


def test_records_of_others_have_other_keys() -> None:
    other = Keys(POOL, "otherclient")
    names = {KEYS.user("ada"), KEYS.user("bob"), KEYS.current, KEYS.jwks, other.user("ada"), other.current}
    assert len(names) == 6
    assert KEYS.user("../etc") not in {KEYS.current, KEYS.jwks}


def test_a_record_put_in_another_s_place_counts_as_none() -> None:
    assert KEYS.decode(DATA, "bob") is None
    assert Keys(POOL, "otherclient").decode(DATA, "ada") is None
    assert Keys("eu-west-1_aB12cDe34", CLIENT).decode(DATA, "ada") is None


def test_s04_a_record_cut_anywhere_counts_as_none() -> None:
    assert KEYS.decode(None, "ada") is None
    assert all(KEYS.decode(DATA[:end], "ada") is None for end in range(len(DATA)))
    assert KEYS.decode_current(None) is None


@pytest.mark.parametrize("data", [b"[]", b"null", b"7", b"\xff", b"[" * 100_000, b'{"version": 2}'])
def test_s04_garbage_counts_as_none(data: bytes) -> None:
    assert KEYS.decode(data, "ada") is None
    assert KEYS.decode_current(data) is None


@given(
    st.sampled_from(sorted(json.loads(DATA))),
    st.none()
    | st.integers()
    | st.text()
    | st.booleans()
    | st.lists(st.integers())
    | st.floats(allow_nan=False),
)
def test_a_damaged_member_is_no_error(member: str, value: object) -> None:
    found = KEYS.decode(json.dumps({**json.loads(DATA), member: value}).encode(), "ada")
    assert found is None or isinstance(found, Held)


def test_members_of_tomorrow_are_left_alone() -> None:
    record: dict[str, Any] = {**json.loads(DATA), "colour": "blue"}
    assert KEYS.decode(json.dumps(record).encode(), "ada") == HELD


def test_a_drift_that_is_none_counts_as_zero() -> None:
    record: dict[str, Any] = {**json.loads(DATA), "clock_drift": "fast"}
    found = KEYS.decode(json.dumps(record).encode(), "ada")
    assert found is not None
    assert found.drift == 0.0
