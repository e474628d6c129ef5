"""Records in a browser's cookies."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from userpool import ParameterError, StorageError
from userpool.storage.cookies import PIECE, PIECES, Cookie, CookieStorage
from userpool.storage.memory import MemoryStorage
from userpool.storage.sealed import KEY_BYTES

KEY = b"k" * KEY_BYTES


class Browser:
    """Keeps cookies from one response to the next request."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def request(self, keys: Any = KEY, **options: Any) -> CookieStorage:
        return CookieStorage(dict(self.cookies), keys, shared=MemoryStorage(), **options)

    def take(self, storage: CookieStorage) -> None:
        for cookie in storage.changes():
            if cookie.max_age:
                self.cookies[cookie.name] = cookie.value
            else:
                del self.cookies[cookie.name]


def kept(data: bytes, key: str = "ada") -> Browser:
    browser = Browser()
    storage = browser.request()
    storage.save(key, data)
    browser.take(storage)
    return browser


@given(key=st.text(max_size=80), data=st.binary(max_size=7000))
def test_what_is_kept_comes_back_with_the_next_request(key: str, data: bytes) -> None:
    browser = kept(data, "users/" + key)
    storage = browser.request()
    assert storage.load("users/" + key) == data
    assert storage.keys() == ["users/" + key]
    assert storage.changes() == []


def test_k01_k03_a_long_record_is_split_and_old_pieces_are_removed() -> None:
    browser = kept(b"t" * 7000)
    assert len(browser.cookies) == 3
    assert max(map(len, browser.cookies.values())) <= PIECE + 2
    storage = browser.request()
    storage.save("ada", b"short")
    assert sorted(bool(cookie.max_age) for cookie in storage.changes()) == [False, False, True]
    browser.take(storage)
    assert len(browser.cookies) == 1
    assert browser.request().load("ada") == b"short"
    storage = browser.request()
    storage.delete("ada")
    assert storage.load("ada") is None
    assert storage.keys() == []
    browser.take(storage)
    assert browser.cookies == {}


def test_what_was_saved_and_deleted_in_one_request_sets_nothing() -> None:
    storage = Browser().request()
    storage.save("ada", b"t" * 7000)
    assert len(storage.changes()) == 3
    storage.delete("ada")
    assert storage.changes() == []


def test_k01_a_record_that_is_too_large_is_refused_and_the_old_one_stays() -> None:
    browser = kept(b"old")
    storage = browser.request()
    with pytest.raises(StorageError, match="keep them in the back end"):
        storage.save("ada", b"t" * (PIECE * PIECES))
    assert storage.load("ada") == b"old"
    assert storage.changes() == []


def test_k14_the_browser_cannot_read_what_it_carries() -> None:
    secret = canary("token")
    browser = kept(secret.encode())
    assert secret not in str(browser.cookies)
    storage = browser.request()
    storage.save("ada", secret.encode())
    assert_hidden(storage, secret)
    assert_hidden(storage, KEY.decode())
    (cookie,) = storage.changes()
    assert cookie.value not in repr(cookie)


def test_s11_k02_a_cookie_that_was_changed_cut_or_moved_counts_as_absent() -> None:
    browser = kept(b"t" * 3000)
    first, second = sorted(browser.cookies)
    whole = dict(browser.cookies)
    for name in whole:
        for place in range(0, len(whole[name]), 97):
            other = "A" if whole[name][place] != "A" else "B"
            browser.cookies = {**whole, name: whole[name][:place] + other + whole[name][place + 1 :]}
            assert browser.request().load("ada") is None
            browser.cookies = {**whole, name: whole[name][:place]}
            assert browser.request().load("ada") is None
    browser.cookies = {first: whole[first]}
    assert browser.request().load("ada") is None
    browser.cookies = {second: whole[second]}
    assert browser.request().load("ada") is None
    there = kept(b"mine", "bob")
    (name,) = there.cookies
    browser.cookies = {first: there.cookies[name]}
    assert browser.request().load("ada") is None
    assert browser.request().keys() == []


@pytest.mark.parametrize(
    "value", ["", ".", "1", "1.", "0.", "4.AAAA", "-1.AAAA", "1.ä", "9" * 5000 + ".A", "١.AAAA"]
)
def test_k02_anything_else_counts_as_absent(value: str) -> None:
    browser = kept(b"tokens")
    (name,) = browser.cookies
    browser.cookies[name] = value
    assert browser.request().load("ada") is None
    assert browser.request().keys() == []


def test_k09_a_key_is_replaced_while_the_old_one_still_opens() -> None:
    browser = kept(b"tokens")
    new = b"n" * KEY_BYTES
    assert browser.request([KEY, new]).load("ada") == b"tokens"
    assert browser.request(new).load("ada") is None


def test_what_is_the_same_for_everybody_stays_in_this_process() -> None:
    shared = MemoryStorage()
    storage = CookieStorage({}, KEY, shared=shared)
    storage.save("us-east-1_aB12cDe34/jwks", b"{}")
    assert storage.changes() == []
    assert CookieStorage({}, KEY, shared=shared).load("us-east-1_aB12cDe34/jwks") == b"{}"
    storage.delete("us-east-1_aB12cDe34/jwks")
    assert shared.keys() == []


@pytest.mark.parametrize("name", ["jwks", "eve/jwks", "/jwks", "a/b/jwks"])
def test_a_user_of_any_name_is_kept_in_their_own_cookies(name: str) -> None:
    shared = MemoryStorage()
    storage = CookieStorage({}, KEY, shared=shared)
    storage.save(f"us-east-1_aB12cDe34/client/users/{name}", b"tokens")
    storage.save(f"us-east-1_aB12cDe34/client/devices/{name}", b"device")
    assert len(storage.changes()) == 2
    assert shared.keys() == []
    other = CookieStorage({}, KEY, shared=shared)
    assert other.load(f"us-east-1_aB12cDe34/client/users/{name}") is None


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, r"__Host-userpool-\w{16}=1\.[\w-]+; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax"),
        (
            {"domain": "example.com", "path": "/app", "same_site": "None", "max_age": 60},
            r"__Secure-userpool-\w{16}=1\.[\w-]+; Max-Age=60; Path=/app; Domain=example\.com; "
            "Secure; HttpOnly; SameSite=None",
        ),
        (
            {"secure": False, "same_site": "Strict"},
            r"userpool-\w{16}=1\.[\w-]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict",
        ),
        ({"name": "shop"}, r"shop-\w{16}=1\.[\w-]+; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ],
)
def test_the_header(options: dict[str, Any], header: str) -> None:
    storage = CookieStorage({}, KEY, **options)
    storage.save("ada", b"tokens")
    (cookie,) = storage.changes()
    assert re.fullmatch(header, cookie.header())
    parsed = SimpleCookie(cookie.header())
    assert parsed[cookie.name].value == cookie.value
    assert parsed[cookie.name]["httponly"] is True


@pytest.mark.parametrize(
    "options",
    [
        {"name": "__Host-a", "domain": "example.com"},
        {"name": "__Host-a", "path": "/app"},
        {"name": "__Host-a", "secure": False},
        {"name": "__Secure-a", "secure": False},
        {"same_site": "None", "secure": False},
    ],
)
def test_what_browsers_would_not_take_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        CookieStorage({}, KEY, **options)


def test_a_cookie_fits_into_a_browser() -> None:
    browser = kept(b"t" * 7000)
    for name, value in browser.cookies.items():
        cookie = Cookie(name, value, 10**9, "/" + "p" * 100, "d" * 100, True, "Strict")
        assert len(cookie.header()) < 4096


def test_the_options_are_those_of_the_frameworks() -> None:
    """Starlette, FastAPI, Flask and Django have `set_cookie` with these names."""

    def set_cookie(
        key: str,
        value: str = "",
        max_age: int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = "lax",
    ) -> tuple[object, ...]:
        return key, value, max_age, path, domain, secure, httponly, samesite

    storage = CookieStorage({}, KEY)
    storage.save("ada", b"tokens")
    (cookie,) = storage.changes()
    given = set_cookie(**cookie.options())
    assert given == (cookie.name, cookie.value, 30 * 24 * 3600, "/", None, True, True, "Lax")
