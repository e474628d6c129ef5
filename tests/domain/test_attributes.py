"""What attributes may hold, and what becomes of them when they change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException
from userpool.service.domain.attributes import (
    check_flags,
    check_writable,
    conform,
    is_email,
    is_phone_number,
    is_verified,
    merge,
)
from userpool.service.domain.records import AppClient, Pool
from userpool.service.domain.settings import ClientSettings, PoolSettings


def settings(*schema: dict[str, Any]) -> PoolSettings:
    return PoolSettings(Pool("us-east-1_aaaaaaaaa", "pool", {"Schema": list(schema)}, 0.0, 0.0))


CUSTOM = settings(
    {
        "Name": "age",
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MinValue": "-5", "MaxValue": "150"},
    },
    {
        "Name": "team",
        "AttributeDataType": "String",
        "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "4"},
    },
    {"Name": "joined", "AttributeDataType": "DateTime"},
    {"Name": "admin", "AttributeDataType": "Boolean"},
)


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("ada@example.com", True),
        ("a.b+c-d_e'f@sub.example.co.uk", True),
        ("z\u00fcrich@b\u00fccher.example", True),
        ("ada@localhost", True),
        ("@example.com", False),
        ("ada@", False),
        ("ada", False),
        ("a@b@c", False),
        ("ada@-example.com", False),
        ("ada@example..com", False),
        ("ada@example.com\r\nBcc: eve@example.com", False),
        ("<ada@example.com>", False),
        ("ada eve@example.com", False),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b" * 260, False),
    ],
)
def test_email_addresses(address: str, good: bool) -> None:
    assert is_email(address) is good


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("+15555550123", True),
        ("+4912345678901", True),
        ("15555550123", False),
        ("+0555", False),
        ("+1", False),
        ("+1555555012345678", False),
        ("+1 555 555", False),
        ("+\u0661\u0662\u0663\u0664", False),
    ],
)
def test_phone_numbers(number: str, good: bool) -> None:
    assert is_phone_number(number) is good


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("custom:age", "41", None),
        ("custom:age", "-5", None),
        ("custom:age", "-6", "The value must not be less than -5"),
        ("custom:age", "151", "The value must not be greater than 150"),
        ("custom:age", "4.5", "The value must be a number."),
        ("custom:age", "\u0664", "The value must be a number."),
        ("custom:team", "ab", None),
        ("custom:team", "a", "String must be at least 2 characters long"),
        ("custom:team", "abcde", "String must be no longer than 4 characters"),
        ("custom:joined", "x" * 2048, None),
        ("custom:joined", "x" * 2049, "String must be no longer than 2048 characters"),
        ("custom:admin", "maybe", "The value must be true or false."),
        ("custom:none", "x", "Attribute does not exist in the schema."),
    ],
)
def test_values_against_the_schema(name: str, value: str, fault: str | None) -> None:
    if fault is None:
        assert conform(CUSTOM, {name: value}) == {name: value}
        return
    with pytest.raises(InvalidParameterException) as caught:
        conform(CUSTOM, {name: value})
    assert caught.value.message == f"Attributes did not conform to the schema: {name}: {fault}"


def test_every_fault_is_named() -> None:
    with pytest.raises(InvalidParameterException) as caught:
        conform(CUSTOM, {"custom:age": "x", "custom:team": "a", "nope": "1"})
    assert caught.value.message.count("; ") == 2


def test_truth_values_have_one_form() -> None:
    assert conform(CUSTOM, {"custom:admin": "True", "email_verified": "FALSE"}) == {
        "custom:admin": "true",
        "email_verified": "false",
    }


@given(
    st.dictionaries(st.sampled_from(["email", "name", "custom:age", "custom:admin"]), st.text(max_size=30))
)
def test_what_conforms_conforms_again(attributes: dict[str, str]) -> None:
    try:
        stored = conform(CUSTOM, attributes)
    except InvalidParameterException:
        return
    assert conform(CUSTOM, stored) == stored


@given(st.text())
def test_no_accepted_address_can_break_a_header(text: str) -> None:
    if is_email(text):
        assert text.count("@") == 1
        assert not any(character.isspace() or ord(character) < 32 for character in text)


def test_a_changed_address_loses_its_flag() -> None:
    before = {"email": "a@b", "email_verified": "true", "name": "Ada"}
    assert merge(before, {"email": "c@d"}) == {"email": "c@d", "email_verified": "false", "name": "Ada"}
    assert merge(before, {"email": "a@b"}) == before
    assert merge(before, {"email": ""}) == {"name": "Ada"}
    assert merge(before, {"name": ""}) == {"email": "a@b", "email_verified": "true"}
    assert merge({}, {"email": ""}) == {}
    for changes in ({"email": "c@d", "email_verified": "true"}, {"email_verified": "true", "email": "c@d"}):
        assert merge(before, changes)["email_verified"] == "true"


addresses = st.sampled_from(["", "a@b", "c@d"])


@given(addresses, st.booleans(), addresses)
def test_a_flag_never_outlives_its_address(before: str, verified: bool, after: str) -> None:
    current = {"email": before, "email_verified": str(verified).lower()} if before else {}
    merged = merge(current, {"email": after})
    assert ("email_verified" in merged) <= ("email" in merged)
    if is_verified(merged, "email"):
        assert after == before
        assert verified


@pytest.mark.parametrize("name", ["email", "phone_number"])
def test_flags_need_their_address(name: str) -> None:
    check_flags({name: "x", f"{name}_verified": "true"})
    with pytest.raises(InvalidParameterException, match="is required to verify"):
        check_flags({f"{name}_verified": "true"})


def test_developers_attributes_are_not_a_clients() -> None:
    client = AppClient("c", "p", "app", {"WriteAttributes": ["dev:custom:x", "name"]}, (), 0.0, 0.0)
    check_writable(ClientSettings(client), ["name"])
    with pytest.raises(NotAuthorizedException):
        check_writable(ClientSettings(client), ["dev:custom:x"])
