"""The Signature Version 4 suite of AWS: each request of it verifies, and with one byte changed, none does."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vectors import vectors_dir
from userpool.protocol.http import Request
from userpool.protocol.sigv4 import (
    SigV4Error,
    canonical_request,
    parse_authorization,
    string_to_sign,
    verify,
)

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = float(calendar.timegm(time.strptime("20150830T123600Z", "%Y%m%dT%H%M%SZ")))
SCOPE = "20150830/us-east-1/service/aws4_request"
REQUESTS = 34
AFTERWARDS = "post-sts-header-after"
"""Its token is added after signing: verified here with the policy that allows it, refused by our own."""


def cases() -> Iterator[Path]:
    found = sorted(vectors_dir("sigv4").rglob("*.req"))
    assert len(found) == REQUESTS
    yield from (path.with_suffix("") for path in found)


def read(path: Path) -> Request:
    """The signed request of a case: `.sreq` is it on the wire, with the signature of `.authz`.

    (One `.sreq`, `get-vanilla-with-session-token`, carries a piece of its token in place of the signature.)
    """
    head, _, body = path.with_suffix(".sreq").read_bytes().partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    method, _, rest = first.partition(" ")
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith(" "):
            headers[name] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    headers["authorization"] = text(path, ".authz")
    return Request(method, rest.removesuffix(" HTTP/1.1"), headers, body)


def check(request: Request, *, if_present: tuple[str, ...] = ()) -> str:
    return verify(
        request,
        secret_for={"AKIDEXAMPLE": SECRET}.get,
        region="us-east-1",
        service="service",
        now=NOW,
        required_signed=("host", "x-amz-date"),
        signed_if_present=if_present,
    )


def text(path: Path, suffix: str) -> str:
    return path.with_suffix(suffix).read_bytes().decode().replace("\r", "")


def test_every_canonical_form_and_text_to_sign_is_ours() -> None:
    for path in cases():
        request = read(path)
        signed = parse_authorization(text(path, ".authz")).signed_headers
        canonical = canonical_request(request, signed)
        assert canonical == text(path, ".creq"), path.name
        assert string_to_sign(canonical, request.headers["x-amz-date"], SCOPE) == text(path, ".sts"), (
            path.name
        )


def test_every_request_verifies() -> None:
    for path in cases():
        assert check(read(path)) == "AKIDEXAMPLE", path.name


def changes(request: Request) -> Iterator[Request]:
    """`request` with one byte of one part changed: whatever was signed, and the signature itself."""
    signed = parse_authorization(request.headers["authorization"]).signed_headers
    yield replace(request, method=request.method[:-1] + "X")
    yield replace(request, body=request.body + b"x")
    if request.body:
        yield replace(request, body=bytes([request.body[0] ^ 1]) + request.body[1:])
    path, mark, query = request.url.partition("?")
    yield replace(request, url=f"{path}x{mark}{query}")
    yield replace(request, url=f"{path}?{query}x")
    for name in signed:
        value = request.headers[name]
        last = "1" if value[-1:] != "1" else "2"
        yield request.with_headers({name: value[:-1] + last})
    header = request.headers["authorization"]
    for place in (len(header) - 1, len(header) - 64):
        digit = "0" if header[place] != "0" else "1"
        yield request.with_headers({"authorization": header[:place] + digit + header[place + 1 :]})
    yield request.with_headers({"authorization": header.replace("AKIDEXAMPLE", "AKIDEXAMPLF")})


def test_with_one_byte_changed_none_does() -> None:
    tried = 0
    for path in cases():
        for changed in changes(read(path)):
            with pytest.raises(SigV4Error):
                pytest.fail(f"{path.name} still verifies for {check(changed)}: {changed}")
            tried += 1
    assert tried > 9 * REQUESTS


def test_a_token_added_after_signing_is_refused_by_our_policy() -> None:
    (path,) = (path for path in cases() if path.name == AFTERWARDS)
    with pytest.raises(SigV4Error, match="x-amz-security-token"):
        check(read(path), if_present=("x-amz-security-token",))
