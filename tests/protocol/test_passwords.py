"""Password policies: what is missing, where a policy comes from, and passwords made for one."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from userpool.client.passwords import generate_password
from userpool.protocol.errors import ParameterError, PasswordPolicyError
from userpool.protocol.passwords import CLASSES, MAX_LENGTH, PasswordPolicy, PasswordRule, generate
from userpool.protocol.shapes import idp

Rule = PasswordRule
NOTHING = PasswordPolicy(6, False, False, False, False)
POLICIES = st.builds(
    PasswordPolicy,
    minimum_length=st.integers(6, 99),
    require_uppercase=st.booleans(),
    require_lowercase=st.booleans(),
    require_numbers=st.booleans(),
    require_symbols=st.booleans(),
)

CASES: dict[str, tuple[PasswordPolicy, str, tuple[PasswordRule, ...]]] = {
    "good": (PasswordPolicy(), "Correct-horse-7", ()),
    "empty": (PasswordPolicy(), "", (Rule.MIN_LENGTH, *tuple(Rule)[2:])),
    "short": (PasswordPolicy(), "Ab1-", (Rule.MIN_LENGTH,)),
    "exactly long enough": (PasswordPolicy(), "Abcde1-x", ()),
    "one too few": (PasswordPolicy(), "Abcd1-x", (Rule.MIN_LENGTH,)),
    "256": (PasswordPolicy(), "Aa1-" * 64, ()),
    "257": (PasswordPolicy(), "Aa1-" * 64 + "x", (Rule.MAX_LENGTH,)),
    "no upper": (PasswordPolicy(), "correct-horse-7", (Rule.UPPERCASE,)),
    "no lower": (PasswordPolicy(), "CORRECT-HORSE-7", (Rule.LOWERCASE,)),
    "no number": (PasswordPolicy(), "Correct-horse-x", (Rule.NUMBERS,)),
    "no symbol": (PasswordPolicy(), "Correcthorse7", (Rule.SYMBOLS,)),
    "an upper case of another alphabet": (PasswordPolicy(), "\u00c9tudiant-7", (Rule.UPPERCASE,)),
    "a digit of another alphabet": (PasswordPolicy(), "Correct-horse-\u0667", (Rule.NUMBERS,)),
    "a sign that is no symbol": (PasswordPolicy(), "Correct\u20achorse7", (Rule.SYMBOLS,)),
    "a space inside is a symbol": (PasswordPolicy(), "Correct horse7", ()),
    "a space in front is none": (PasswordPolicy(), " Correcthorse7", (Rule.SYMBOLS,)),
    "a space at the end is none": (PasswordPolicy(), "Correcthorse7 ", (Rule.SYMBOLS,)),
    "nothing is asked": (NOTHING, "aaaaaa", ()),
}


@pytest.mark.parametrize(("policy", "password", "missing"), CASES.values(), ids=CASES.keys())
def test_a_policy_names_all_that_is_missing(
    policy: PasswordPolicy, password: str, missing: tuple[PasswordRule, ...]
) -> None:
    assert policy.check(password) == missing


@pytest.mark.parametrize("symbol", CLASSES[3])
def test_each_symbol_of_cognito_counts(symbol: str) -> None:
    assert PasswordPolicy().check(f"Correct{symbol}horse7") == ()


def test_the_list_of_symbols_is_the_one_that_is_documented() -> None:
    assert len(CLASSES[3]) == len(set(CLASSES[3])) == 32
    assert " " not in CLASSES[3]


def test_an_error_says_all_that_is_needed_and_never_the_password() -> None:
    secret = canary("password").replace("!", "").replace("-", "")
    with pytest.raises(PasswordPolicyError, match=r"needs: 99 characters or more, a symbol") as caught:
        PasswordPolicy(99).require(secret)
    assert caught.value.missing == (Rule.MIN_LENGTH, Rule.SYMBOLS)
    assert_hidden(caught.value, secret)
    PasswordPolicy().require("Correct-horse-7")


AMPLIFY: dict[str, tuple[dict[str, Any], PasswordPolicy]] = {
    "amplify_outputs.json": (
        {
            "version": "1",
            "auth": {
                "password_policy": {
                    "min_length": 10,
                    "require_lowercase": True,
                    "require_numbers": True,
                    "require_symbols": False,
                    "require_uppercase": True,
                }
            },
        },
        PasswordPolicy(10, require_symbols=False),
    ),
    "aws-exports": (
        {
            "aws_cognito_password_protection_settings": {
                "passwordPolicyMinLength": 12,
                "passwordPolicyCharacters": ["REQUIRES_LOWERCASE", "REQUIRES_SYMBOLS"],
            }
        },
        PasswordPolicy(12, require_uppercase=False, require_numbers=False),
    ),
    "aws-exports, no characters": (
        {"aws_cognito_password_protection_settings": {"passwordPolicyMinLength": 6}},
        NOTHING,
    ),
    "Amplify.configure": (
        {
            "Auth": {
                "Cognito": {
                    "passwordFormat": {
                        "minLength": 9,
                        "requireLowercase": True,
                        "requireUppercase": True,
                        "requireNumbers": True,
                        "requireSpecialCharacters": True,
                    }
                }
            }
        },
        PasswordPolicy(9),
    ),
    "given in part": (
        {"auth": {"password_policy": {"require_numbers": True}}},
        PasswordPolicy(8, require_uppercase=False, require_lowercase=False, require_symbols=False),
    ),
}


@pytest.mark.parametrize(("configuration", "policy"), AMPLIFY.values(), ids=AMPLIFY.keys())
def test_a_policy_comes_from_each_configuration_of_amplify(
    configuration: dict[str, Any], policy: PasswordPolicy
) -> None:
    assert PasswordPolicy.from_amplify(configuration) == policy


@pytest.mark.parametrize("configuration", [{}, {"auth": {}}, {"auth": "x"}, {"Auth": {"Cognito": None}}])
def test_a_configuration_without_a_policy_says_where_one_would_stand(configuration: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=r"auth\.password_policy"):
        PasswordPolicy.from_amplify(configuration)


@pytest.mark.parametrize("length", ["8", True, None, 8.5])
def test_a_length_that_is_none_is_refused(length: object) -> None:
    with pytest.raises(ParameterError, match="minimum length"):
        PasswordPolicy.from_amplify({"auth": {"password_policy": {"min_length": length}}})


def test_a_policy_comes_from_what_the_service_describes() -> None:
    told = idp.PasswordPolicyType(minimum_length=14, require_numbers=True)
    pool = idp.UserPoolType(policies=idp.UserPoolPolicyType(password_policy=told))
    assert PasswordPolicy.from_user_pool(pool) == PasswordPolicy(14, False, False, True, False)
    in_part = idp.UserPoolType(
        policies=idp.UserPoolPolicyType(password_policy=idp.PasswordPolicyType(require_symbols=True))
    )
    assert PasswordPolicy.from_user_pool(in_part) == PasswordPolicy(8, False, False, False, True)


@pytest.mark.parametrize("pool", [idp.UserPoolType(), idp.UserPoolType(policies=idp.UserPoolPolicyType())])
def test_a_pool_that_tells_no_policy_has_cognito_s_own(pool: idp.UserPoolType) -> None:
    assert PasswordPolicy.from_user_pool(pool) == PasswordPolicy()


@given(policy=POLICIES)
def test_what_is_made_for_a_policy_passes_it(policy: PasswordPolicy) -> None:
    password = generate_password(policy)
    assert policy.check(password) == ()
    assert len(password) == max(20, policy.minimum_length)


@given(length=st.integers(4, 40))
def test_what_is_made_has_every_kind_of_character_and_no_space(length: int) -> None:
    password = generate_password(length=length)
    assert len(password) == length
    assert all(set(password) & set(kind) for kind in CLASSES)
    assert set(password) <= set("".join(CLASSES))


def test_every_character_is_as_likely_as_any_other_at_every_place() -> None:
    # 20,000 passwords: each of the 94 characters is expected 213 times at a place, give or take 15.
    made = [generate(16, secrets.choice) for _ in range(20_000)]
    for place in (0, 7, 15):
        counts = Counter(password[place] for password in made)
        assert set(counts) == set("".join(CLASSES))
        # All have a digit, and there are ten: each stands here about a fifth more often than a letter.
        assert 120 < min(counts.values()) <= max(counts.values()) < 330


def scripted(text: str) -> Callable[[str], str]:
    """Chooses what `text` says, one after another."""
    left = iter(text)
    return lambda _alphabet: next(left)


def test_one_that_lacks_something_is_thrown_away_whole() -> None:
    assert generate(4, scripted("aaaaAAAA1111----Aa1b" + "-1aA")) == "-1aA"


@pytest.mark.parametrize(
    ("policy", "length"),
    [(None, 3), (None, MAX_LENGTH + 1), (PasswordPolicy(12), 11), (PasswordPolicy(12), 0)],
)
def test_a_length_that_cannot_do_is_refused(policy: PasswordPolicy | None, length: int) -> None:
    with pytest.raises(ParameterError, match="to 256 characters"):
        generate_password(policy, length=length)
