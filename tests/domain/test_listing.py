"""Filters, pages, identifiers, temporary passwords."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.errors import InvalidParameterException
from userpool.service.domain import identifiers
from userpool.service.domain.filters import SEARCHABLE, Filter, parse_filter
from userpool.service.domain.invitations import invitation_deliveries, temporary_password
from userpool.service.domain.pagination import page_size, scope, split
from userpool.service.domain.passwords import check_policy
from userpool.service.domain.records import User, UserStatus
from userpool.service.domain.settings import PasswordPolicy


@pytest.mark.parametrize("text", [None, "", "   "])
def test_no_filter(text: str | None) -> None:
    assert parse_filter(text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('email = "ada@example.com"', Filter("email", "ada@example.com")),
        ('  username^="a"  ', Filter("username", "a", prefix=True)),
        ('name = "say \\"hi\\" \\\\"', Filter("name", 'say "hi" \\')),
        ('given_name=""', Filter("given_name", "")),
        ('cognito:user_status = "confirmed"', Filter("cognito:user_status", "CONFIRMED")),
        ('status = "Enabled"', Filter("status", "Enabled")),
    ],
)
def test_filters(text: str, wanted: Filter) -> None:
    assert parse_filter(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "email",
        "email = ada",
        'email == "ada"',
        'email != "ada"',
        'sub = "x" or 1=1',
        'sub = "x" and email = "y"',
        'sub = "x"; DROP TABLE users',
        'email = "a" b"',
        'email = "a',
        "email = 'a'",
        '"email" = "a"',
        'email ^ = "a"',
        '= "a"',
    ],
)
def test_a54_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        parse_filter(text)
    assert caught.value.message == "Error while parsing filter."


@pytest.mark.parametrize("name", ["custom:team", "address", "Email", "1"])
def test_only_indexed_attributes_are_searched(name: str) -> None:
    with pytest.raises(InvalidParameterException) as caught:
        parse_filter(f'{name} = "x"')
    assert caught.value.message == f"Invalid search attribute: {name}"


@given(st.sampled_from(sorted(SEARCHABLE - {"cognito:user_status"})), st.text(), st.booleans())
def test_any_value_survives_its_quoting(attribute: str, value: str, prefix: bool) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    operator = "^=" if prefix else "="
    assert parse_filter(f'{attribute} {operator} "{quoted}"') == Filter(attribute, value, prefix)


@given(st.text(max_size=300))
def test_nothing_but_a_filter_is_parsed(text: str) -> None:
    try:
        found = parse_filter(text)
    except InvalidParameterException:
        return
    assert found is None or found.attribute in SEARCHABLE


@pytest.mark.parametrize(("limit", "size"), [(None, 60), (0, 60), (1, 1), (60, 60), (61, 60)])
def test_size_of_a_page(limit: int | None, size: int) -> None:
    assert page_size(limit) == size


def test_pages_end_where_the_rows_do() -> None:
    assert split(["a", "b"], 2, str) == (["a", "b"], None)
    assert split(["a", "b", "c"], 2, str) == (["a", "b"], "b")
    assert split([], 2, str) == ([], None)


def test_a_pages_token_is_bound_to_every_part_of_its_list() -> None:
    scopes = {
        scope("A"),
        scope("B"),
        scope("A", None),
        scope("A", ""),
        scope("A", "x", "y"),
        scope("A", "xy"),
    }
    assert len(scopes) == 6


def test_identifiers_have_cognitos_form() -> None:
    assert re.fullmatch(r"eu-west-1_[0-9A-Za-z]{9}", identifiers.pool_id("eu-west-1", os.urandom))
    assert re.fullmatch(r"[0-9a-z]{26}", identifiers.client_id(os.urandom))
    assert re.fullmatch(r"[0-9a-z]{52}", identifiers.client_secret(os.urandom))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]", identifiers.uuid(os.urandom)[:20])
    assert len({identifiers.client_id(os.urandom) for _ in range(200)}) == 200


def test_letters_come_evenly() -> None:
    text = identifiers.letters(os.urandom, 6000, "abc")
    assert len(text) == 6000
    assert all(1700 < text.count(letter) < 2300 for letter in "abc")


@given(st.integers(6, 99))
def test_a_temporary_password_passes_every_policy(length: int) -> None:
    policy = PasswordPolicy(minimum_length=length)
    password = temporary_password(policy, os.urandom)
    check_policy(policy, password)
    assert len(password) == max(length, 12)


def test_an_invitation_goes_where_it_was_asked_to_and_can() -> None:
    def user(**attributes: str) -> User:
        return User("p", "s", "ada", UserStatus.FORCE_CHANGE_PASSWORD, True, attributes, 0.0, 0.0)

    both = user(email="a@b.c", phone_number="+15551234567")
    assert [one.to for one in invitation_deliveries(both, None)] == ["+15551234567"]
    assert [one.to for one in invitation_deliveries(both, ["EMAIL"])] == ["a@b.c"]
    assert [one.to for one in invitation_deliveries(both, ["EMAIL", "SMS", "EMAIL"])] == [
        "a@b.c",
        "+15551234567",
    ]
    assert invitation_deliveries(user(email="a@b.c"), None) == []
