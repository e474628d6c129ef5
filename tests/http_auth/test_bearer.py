"""Which requests bear a token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool import ParameterError
from userpool.flows.grant import Tokens
from userpool.http_auth import TokenUse
from userpool.http_auth.bearer import Bearer


def bearer(*origins: str, insecure: bool = False) -> Bearer:
    return Bearer(origins, TokenUse.ACCESS, "Bearer", allow_insecure_http=insecure)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com/",
        "https://API.example.com:443/a?b#c",
        "HTTPS://api.example.com/a/b",
        "https://files.example.com/v1",
        "https://files.example.com/v1/a",
        "http://127.0.0.1:8000/a",
    ],
)
def test_the_named_origins_get_it(url: str) -> None:
    api = bearer("https://api.example.com", "https://files.example.com/v1/", "http://127.0.0.1:8000")
    assert api.bears(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://api.example.com.evil.test/",
        "https://evil.test/https://api.example.com/",
        "https://api.example.com@evil.test/",
        "https://evil.test#api.example.com",
        "https://files.example.com/v10",
        "https://files.example.com/",
        "https://files.example.com/v1/../admin",
        "https://files.example.com/v1/%2E%2e/admin",
        "//api.example.com/",
        "https://api.example.com:99999/",
        "https://[api.example.com/",
        "",
    ],
)
def test_nobody_else_gets_it(url: str) -> None:
    api = bearer("https://api.example.com", "https://files.example.com/v1/")
    assert not api.bears(url)


@given(
    host=st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,3}", fullmatch=True), path=st.text("ab/.%2", max_size=9)
)
def test_only_the_very_host_gets_it(host: str, path: str) -> None:
    assert bearer("https://api.example.com").bears(f"https://{host}/{path}") <= (host == "api.example.com")


@pytest.mark.parametrize(
    "origin",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com:99999",
        "https://[api.example.com",
        "https://api.example.com#x",
        "http://api.example.com",
    ],
)
def test_an_origin_that_cannot_be_right_is_refused(origin: str) -> None:
    with pytest.raises(ParameterError):
        bearer(origin)


def test_at_least_one_origin_is_named() -> None:
    with pytest.raises(ParameterError, match="to no other"):
        bearer()


def test_a_private_network_can_be_trusted() -> None:
    assert bearer("http://api.internal", insecure=True).bears("http://api.internal/a")


@pytest.mark.parametrize(
    ("use", "scheme", "header"),
    [("access", "Bearer", "Bearer a"), ("id", "Bearer", "Bearer i"), ("id", "", "i")],
)
def test_the_header(use: str, scheme: str, header: str) -> None:
    one = Bearer("https://api.example.com", use, scheme, allow_insecure_http=False)
    assert one.header(Tokens(access_token="a", id_token="i", refresh_token="r")) == header


def test_an_id_token_that_there_is_not() -> None:
    one = Bearer("https://api.example.com", "id", "Bearer", allow_insecure_http=False)
    with pytest.raises(ParameterError, match="came without one"):
        one.header(Tokens(access_token="a", id_token=None, refresh_token="r"))


def test_a_use_that_is_none() -> None:
    with pytest.raises(ValueError, match="refresh"):
        Bearer("https://api.example.com", "refresh", "Bearer", allow_insecure_http=False)
