"""Which sessions are alive, which make room, and what a program calls itself."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.service.domain.records import TokenFamily, User, UserStatus
from userpool.service.domain.tracking import (
    Activity,
    alive,
    ended,
    session_id,
    surplus,
    used,
)
from userpool.service.domain.user_agents import device_type

USER = User("pool", "sub", "ada", UserStatus.CONFIRMED, True, {}, 0.0, 0.0, tokens_valid_after=10.0)


def session(name: str, began: float, last: float | None = None) -> TokenFamily:
    return TokenFamily(
        name, "pool", "client", "sub", b"", began, 1e9, session_id=f"tkn{name}", last_active_at=last
    )


def test_session_ids_have_the_contracts_form() -> None:
    made = {session_id(os.urandom) for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch("tkn[a-z0-9]{25}", one) for one in made)


def test_those_used_last_come_first() -> None:
    a, b, c, d = session("a", 10), session("b", 11, 50), session("c", 12, 49), session("d", 9.9, 90)
    assert alive(USER, [a, b, c, d]) == [b, c, a]
    assert alive(USER, []) == []


@given(st.integers(0, 30), st.integers(1, 20))
def test_after_making_room_there_is_room_for_exactly_one(count: int, limit: int) -> None:
    sessions = alive(USER, [session(str(n), 10.0 + n) for n in range(count)])
    going = surplus(sessions, limit)
    left = [one for one in sessions if one not in going]
    assert len(left) == min(count, limit - 1)
    assert not left or not going or min(one.auth_time for one in left) > max(one.auth_time for one in going)


def test_a_use_replaces_what_was_known_of_the_one_before() -> None:
    first = used(session("a", 10), Activity(20.0, "192.0.2.1", "Firefox on Linux"))
    assert (first.last_active_at, first.ip_address, first.device_type) == (
        20.0,
        "192.0.2.1",
        "Firefox on Linux",
    )
    second = used(first, Activity(30.0))
    assert (second.last_active_at, second.ip_address, second.device_type) == (30.0, None, None)


def test_of_an_ended_session_nothing_is_kept_but_when_it_was_revoked() -> None:
    family = used(session("a", 10), Activity(20.0, "192.0.2.1", "Linux"))
    over = ended(family, 30.0)
    assert (over.session_id, over.last_active_at, over.ip_address, over.device_type) == (None,) * 4
    assert over.revoked_at == 30.0
    assert ended(over, 40.0) == over


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Mobile Safari/604.1"
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("\0\n", None),
        (CHROME, "Chrome on Windows"),
        (f"{CHROME} Edg/120.0", "Edge on Windows"),
        (IPHONE, "Safari on iOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox on Linux"),
        ("Boto3/1.34 md/Botocore ua/2.0 os/linux", "Boto3"),
        ("userpool/0.1.0 python/3.11.2 Linux", "userpool on Linux"),
        ("(Macintosh; Intel Mac OS X 10_15)", "macOS"),
        ("x" * 5000, "x" * 63),
        ("<script>alert(1)</script> Linux", "Linux"),
    ],
)
def test_what_programs_call_themselves(text: str, wanted: str | None) -> None:
    assert device_type(text) == wanted


@given(st.text())
def test_a_description_is_short_and_plain_whatever_was_sent(text: str) -> None:
    found = device_type(text)
    assert found is None or (0 < len(found) < 100 and found.isascii() and found.isprintable())
