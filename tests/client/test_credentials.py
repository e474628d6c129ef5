"""Where AWS credentials come from."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from userpool import Credentials, MissingExtra, ParameterError
from userpool.client.credentials import credentials_source, no_credentials

AWS = "https://cognito-idp.us-east-1.amazonaws.com"
HERE = "http://127.0.0.1:9339"
GIVEN = Credentials("AKID", "secret")


def boto3(monkeypatch: pytest.MonkeyPatch, found: object) -> list[str]:
    """A boto3 that finds this; returns what is asked of it."""
    asked: list[str] = []

    class Session:
        def __init__(self) -> None:
            asked.append("session")

        def get_credentials(self) -> object:
            asked.append("credentials")
            return found

    module = ModuleType("boto3")
    module.Session = Session  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "boto3", module)
    return asked


def test_given_ones_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "other")
    assert credentials_source(GIVEN, AWS)() is GIVEN
    assert credentials_source(lambda: GIVEN, AWS)() is GIVEN
    assert no_credentials() is None


def test_the_environment_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert credentials_source(None, AWS)() == GIVEN
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert credentials_source(None, AWS)() == Credentials("AKID", "secret", "token")


def test_then_boto3_is_asked_each_time_of_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = SimpleNamespace(access_key="AKID", secret_key="secret", token=None)
    asked = boto3(monkeypatch, SimpleNamespace(get_frozen_credentials=lambda: frozen))
    source = credentials_source(None, AWS)
    assert source() == source() == GIVEN
    assert asked == ["session", "credentials", "credentials"]


def test_nothing_found_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    boto3(monkeypatch, None)
    with pytest.raises(ParameterError, match="AWS_ACCESS_KEY_ID"):
        credentials_source(None, AWS)()
    assert credentials_source(None, HERE)() is None


def test_a_missing_boto3_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MissingExtra, match=r"userpool\[boto3\]"):
        credentials_source(None, AWS)()
    assert credentials_source(None, HERE)() is None
