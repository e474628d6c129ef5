"""The canaries sing: the search itself is tested, so that its silence means something."""

from __future__ import annotations

import base64
import dataclasses
import inspect
import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

import userpool
from tests.canary import assert_hidden, canary, found_in, watch


@dataclass
class Shows:
    secret: str


@dataclass
class Hides:
    secret: str = field(repr=False)


SPELLINGS: dict[str, Callable[[str], object]] = {
    "plain": str,
    "repr": repr,
    "ascii": ascii,
    "url": quote,
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spell: Callable[[str], object]) -> None:
    secret = canary()
    assert found_in(f"before {spell(secret)} after", secret)
    assert not found_in(f"before {spell(canary())} after", secret)


def test_a_value_that_shows_its_secret_is_named_without_it() -> None:
    secret = canary("token")
    assert_hidden(Hides(secret), secret)
    with pytest.raises(AssertionError, match="Shows shows a secret in its repr, str, format, copy") as caught:
        assert_hidden(Shows(secret), secret)
    assert not found_in(str(caught.value), secret)


def test_a_secret_in_the_cause_of_an_error_is_found() -> None:
    secret = canary()
    try:
        try:
            raise KeyError(secret)
        except KeyError as cause:
            raise ValueError("something else") from cause
    except ValueError as error:
        with pytest.raises(AssertionError, match="traceback"):
            assert_hidden(error, secret)


def test_a_secret_in_the_arguments_of_an_error_is_found_in_its_pickle() -> None:
    secret = canary()
    with pytest.raises(AssertionError, match="args, traceback, pickle"):
        assert_hidden(ValueError(secret), secret)
    assert_hidden(ValueError("nothing to see"), secret)


def test_logs_and_warnings_are_watched_at_every_level() -> None:
    secret = canary()
    log = logging.getLogger("userpool.some.room")
    with watch(secret) as lines:
        log.debug("signed in %s", "ada")
    assert [name for name, _ in lines] == ["userpool.some.room"]
    with pytest.raises(AssertionError, match=r"written to: userpool\.some\.room"), watch(secret):
        log.debug("password %s", secret)
    with pytest.raises(AssertionError, match=r"written to: userpool\.some\.room"), watch(secret):
        log.info("signed in", extra={"password": secret})
    with pytest.raises(AssertionError, match="written to: warnings"), watch(secret):
        warnings.warn(f"weak: {secret}", stacklevel=1)


def test_watching_leaves_the_levels_as_they_were() -> None:
    before = logging.getLogger("userpool").level
    with watch(canary()):
        assert logging.getLogger("userpool").level == logging.DEBUG
    assert logging.getLogger("userpool").level == before


SECRET_NAME = re.compile(
    r"(?:.*_)?(?:token|tokens|password|secret|session|code|seed|credential|key_data|data)"
    r"|attributes|options|parameters|responses|secret_access_key"
)
"""Members that hold a secret, or what a person would not want to see in a log."""

VALUES = [
    thing
    for name in userpool.__all__
    if inspect.isclass(thing := getattr(userpool, name)) and dataclasses.is_dataclass(thing)
]


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_no_public_value_shows_a_member_that_is_secret_by_name(kind: type) -> None:
    """Whoever adds a public value is caught here, before there is a test of its own for it."""
    value: object = object.__new__(kind)
    secrets = []
    for each in dataclasses.fields(kind):
        text = canary(each.name)
        object.__setattr__(value, each.name, text)
        if SECRET_NAME.fullmatch(each.name):
            secrets.append(text)
    assert not found_in(repr(value), *secrets)
