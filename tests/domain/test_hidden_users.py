"""Users that do not exist, canonical names, codes and refresh tokens: what is decided about them."""

from __future__ import annotations

import hmac
import unicodedata
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.errors import InvalidParameterException, InvalidPasswordException
from userpool.protocol.srp import N
from userpool.service.domain.codes import Delivery, Verdict, code_identity, judge, simulated_delivery
from userpool.service.domain.existence import ghost, ghost_material, ghost_salt, ghost_verifier
from userpool.service.domain.passwords import check_policy
from userpool.service.domain.records import Code, CodePurpose, Pool, TokenFamily
from userpool.service.domain.rotation import RACE_SECONDS, Fate, fate
from userpool.service.domain.settings import PasswordPolicy, PoolSettings
from userpool.service.domain.usernames import canonical, check_username, looks_like_alias


def settings(pool_id: str = "us-east-1_aaaaaaaaa", **stored: Any) -> PoolSettings:
    return PoolSettings(Pool(pool_id, "pool", stored, 0.0, 0.0))


FOLDING = settings(UsernameConfiguration={"CaseSensitive": False})
BY_EMAIL = settings(UsernameAttributes=["email"])


def keyed(label: str, data: bytes) -> bytes:
    return hmac.digest(label.encode(), data, "sha256")


names = st.text(st.characters(categories=["L", "M", "S", "N", "P"]), min_size=1, max_size=30)


@given(names)
def test_a_canonical_name_is_its_own(name: str) -> None:
    for pool in (settings(), FOLDING):
        once = canonical(pool, name)
        assert canonical(pool, once) == once


@given(names)
def test_spellings_of_a_name_are_one(name: str) -> None:
    for spelling in ("NFC", "NFD", "NFKC", "NFKD"):
        other = unicodedata.normalize(spelling, name)
        assert canonical(settings(), other) == canonical(settings(), name)
        assert canonical(FOLDING, other) == canonical(FOLDING, name)


@given(st.text("abcxyzABCXYZ\u00e4\u00c4\u00f6\u00d6", min_size=1))
def test_folding_pools_fold(name: str) -> None:
    assert canonical(FOLDING, name.upper()) == canonical(FOLDING, name.lower())


def test_a_name_that_canonical_form_makes_too_long() -> None:
    with pytest.raises(InvalidParameterException):
        check_username(settings(), "\u3300" * 129)


def test_what_looks_like_an_alias() -> None:
    assert looks_like_alias(BY_EMAIL, "ada@example.com")
    assert not looks_like_alias(BY_EMAIL, "+15555550123")
    assert not looks_like_alias(settings(), "ada@example.com")


@given(names, names)
def test_a_ghost_is_stable_and_its_own(first: str, second: str) -> None:
    one, other = ghost(settings(), first, keyed), ghost(settings(), second, keyed)
    assert one == ghost(settings(), first, keyed)
    assert (one.sub == other.sub) == (canonical(settings(), first) == canonical(settings(), second))
    assert UUID(one.sub).version == 4
    elsewhere = ghost(settings("us-east-1_bbbbbbbbb"), first, keyed)
    assert elsewhere.sub != one.sub


def test_a_ghosts_user_name() -> None:
    assert ghost(settings(), "ida", keyed).username == "ida"
    assert ghost(FOLDING, "Ida", keyed).username == "ida"
    by_email = ghost(BY_EMAIL, "ida@example.com", keyed)
    assert by_email.username == by_email.sub
    assert "ida" not in repr(ghost(settings(), "ida", keyed))


def test_a_ghosts_credentials() -> None:
    assert len(ghost_salt("p", "s", keyed)) == 16
    numbers = {ghost_verifier("p", str(number), keyed) for number in range(50)}
    assert len(numbers) == 50
    assert all(1 < number < N for number in numbers)
    # They are as long as those of users who exist.
    assert max(number.bit_length() for number in numbers) == 3072


@pytest.mark.parametrize(
    ("typed", "auto", "masked"),
    [
        ("nobody@example.net", ["email"], "n***@e***"),
        ("+15555550100", ["email"], "+*******0100"),
    ],
)
def test_a_simulated_delivery_of_an_address(typed: str, auto: list[str], masked: str) -> None:
    pool = settings(AutoVerifiedAttributes=auto)
    assert simulated_delivery(pool, typed, ghost_material(pool, typed, keyed)).masked == masked


def test_a_simulated_delivery_of_a_name() -> None:
    pool = settings(AutoVerifiedAttributes=["phone_number"])
    delivery = simulated_delivery(pool, "nobody", ghost_material(pool, "nobody", keyed))
    assert delivery.medium == "SMS"
    assert len(delivery.masked) == len("+*******0123")
    delivery = simulated_delivery(settings(), "nobody", bytes(range(32)))
    assert delivery.masked == "a***@b***"


def test_a_code_is_bound_to_all_that_it_is_for() -> None:
    def identity(pool: str, sub: str, purpose: str, attribute: str, to: str, code: str) -> bytes:
        return code_identity(pool, sub, purpose, Delivery(attribute, to), code)

    base = ("pool", "sub", "sign_up", "email", "a@b", "123456")
    others = [(*base[:place], base[place] + "x", *base[place + 1 :]) for place in range(len(base))]
    assert len({identity(*parts) for parts in (base, *others)}) == 1 + len(base)


@pytest.mark.parametrize(
    ("used_at", "now", "offered", "verdict"),
    [
        (None, 9.9, b"right", Verdict.RIGHT),
        (None, 9.9, b"wrong", Verdict.WRONG),
        (None, 10.0, b"right", Verdict.DEAD),
        (None, 10.0, b"wrong", Verdict.DEAD),
        (5.0, 6.0, b"right", Verdict.DEAD),
        (5.0, 1.0, b"right", Verdict.DEAD),
    ],
)
def test_what_a_code_is_worth(used_at: float | None, now: float, offered: bytes, verdict: Verdict) -> None:
    code = Code("p", "s", CodePurpose.SIGN_UP, "email", b"right", 0.0, 10.0, used_at)
    assert judge(code, offered, now) is verdict
    assert judge(None, offered, now) is Verdict.DEAD


class TestRotation:
    family = TokenFamily(
        origin_jti="o",
        pool_id="p",
        client_id="c",
        sub="s",
        refresh_hash=b"new",
        auth_time=0.0,
        expires_at=1000.0,
        previous_hash=b"old",
        rotated_at=100.0,
    )

    @pytest.mark.parametrize(
        ("shown", "now", "grace", "expected"),
        [
            (b"new", 100.0, 0, Fate.CURRENT),
            (b"new", 1000.0, 0, Fate.EXPIRED),
            (b"old", 100.0, 0, Fate.RACED),
            (b"old", 100.0 + RACE_SECONDS, 0, Fate.REUSED),
            (b"old", 159.9, 60, Fate.REPEATED),
            (b"old", 160.0, 60, Fate.REUSED),
            (b"ancient", 159.9, 60, Fate.RACED),
            (b"ancient", 160.0, 60, Fate.REUSED),
        ],
    )
    def test_what_a_refresh_token_is_worth(
        self, shown: bytes, now: float, grace: float, expected: Fate
    ) -> None:
        assert fate(self.family, shown, now, grace) is expected

    def test_a_family_that_never_rotated(self) -> None:
        fresh = TokenFamily("o", "p", "c", "s", b"new", 0.0, 1000.0)
        assert fate(fresh, b"new", 1.0, 0) is Fate.CURRENT
        assert fate(fresh, b"old", 500.0, 0) is Fate.REUSED

    def test_a_revoked_family(self) -> None:
        ended = TokenFamily("o", "p", "c", "s", b"new", 0.0, 1000.0, revoked_at=1.0)
        assert fate(ended, b"new", 2.0, 0) is Fate.REVOKED


@given(st.text(max_size=300))
def test_the_default_policy(password: str) -> None:
    try:
        check_policy(PasswordPolicy(), password)
    except InvalidPasswordException:
        return
    assert 8 <= len(password) <= 256
    for kind in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"):
        assert set(password) & set(kind)


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(InvalidPasswordException) as caught:
        check_policy(PasswordPolicy(), "hunter2-hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_password_that_is_too_long() -> None:
    with pytest.raises(InvalidPasswordException, match="Password too long"):
        check_policy(PasswordPolicy(), "Aa1-" * 65)
