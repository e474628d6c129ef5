"""Requests: what of the URL is the path and what the query, on either side of the network."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.http import Request

WORD = st.text(st.sampled_from("aZ0-._~%+:@&=/"), max_size=12)


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("/", "/", ""),
        ("/a/b?c=d&e", "/a/b", "c=d&e"),
        ("//x/y?z", "//x/y", "z"),
        ("//[x", "//[x", ""),
        ("/a://b/c", "/a://b/c", ""),
        ("/?a?b", "/", "a?b"),
        ("/a\nb", "/a\nb", ""),
        ("*", "*", ""),
        ("", "/", ""),
        ("https://host", "/", ""),
        ("https://host?a=b", "/", "a=b"),
        ("http://[::1]:9339/pool/.well-known/jwks.json", "/pool/.well-known/jwks.json", ""),
        ("https://host//x?y#z", "//x", "y"),
        ("https://[host/x", "/x", ""),
    ],
)
def test_path_and_query(url: str, path: str, query: str) -> None:
    request = Request("GET", url)
    assert (request.path, request.query) == (path, query)


@given(st.sampled_from(["https://host", "http://127.0.0.1:9339"]), WORD, WORD)
def test_an_absolute_url_reads_as_the_standard_library_reads_it(origin: str, path: str, query: str) -> None:
    url = f"{origin}/{path}?{query}"
    assert (Request("GET", url).path, Request("GET", url).query) == (urlsplit(url).path, urlsplit(url).query)


@given(st.text())
def test_no_url_is_too_odd_to_be_read(url: str) -> None:
    assert Request("GET", url).path


def test_a_request_moves_to_another_endpoint() -> None:
    request = Request("GET", "//x/y?z", body=b"secret").at("http://127.0.0.1:9339/")
    assert request.url == "http://127.0.0.1:9339//x/y?z"
    assert request.path == "//x/y"
    assert "secret" not in repr(request)
