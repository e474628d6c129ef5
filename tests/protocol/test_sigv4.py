"""Signature Version 4: what is signed verifies, and what was touched afterwards does not."""

from __future__ import annotations

import calendar
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden
from userpool.protocol.http import Request
from userpool.protocol.sigv4 import (
    Credentials,
    SigV4Error,
    canonical_request,
    parse_authorization,
    sign,
    signature,
    verify,
)

NOW = 1_800_000_000.0
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
BODY = b'{"UserPoolId":"us-east-1_aB12cDe34"}'
PLAIN_HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AWSCognitoIdentityProviderService.ListUsers",
    "user-agent": "test",
}
PLAIN = Request("POST", "https://cognito-idp.us-east-1.amazonaws.com/", PLAIN_HEADERS, BODY)


def signed(request: Request = PLAIN, *, at: float = NOW, region: str = "us-east-1") -> Request:
    return request.with_headers(sign(request, KEY, region=region, service="cognito-idp", at=at))


def arrived(request: Request) -> Request:
    """The request as a server sees it."""
    return replace(request, url=request.path + (f"?{request.query}" if request.query else ""))


def check(request: Request, *, now: float = NOW, secret: str | None = KEY.secret_access_key) -> str:
    return verify(
        request,
        secret_for=lambda key: secret if key == KEY.access_key_id else None,
        region="us-east-1",
        service="cognito-idp",
        now=now,
    )


def refusal(request: Request, *, now: float = NOW, secret: str | None = KEY.secret_access_key) -> SigV4Error:
    with pytest.raises(SigV4Error) as caught:
        check(request, now=now, secret=secret)
    assert_hidden(
        caught.value, KEY.secret_access_key, request.headers.get("authorization", "")[-64:] or "none"
    )
    return caught.value


def test_what_was_signed_verifies() -> None:
    request = signed()
    assert check(arrived(request)) == "AKIDEXAMPLE"
    assert check(request) == "AKIDEXAMPLE"
    authorization = parse_authorization(request.headers["authorization"])
    assert authorization.signed_headers == ("content-type", "host", "x-amz-date", "x-amz-target")
    assert authorization.date == time.strftime("%Y%m%d", time.gmtime(NOW))
    assert request.headers["host"] == "cognito-idp.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://idp.example.com:443/", "idp.example.com"),
        ("https://idp.example.com:8443/", "idp.example.com:8443"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://127.0.0.1:9339/", "127.0.0.1:9339"),
        ("http://[::1]:9339/", "[::1]:9339"),
        ("http://idp.example.com:443/", "idp.example.com:443"),
    ],
)
def test_the_signed_host_is_the_one_that_clients_send(url: str, host: str) -> None:
    assert signed(replace(PLAIN, url=url)).headers["host"] == host


def test_temporary_credentials_bring_their_token() -> None:
    temporary = replace(KEY, session_token="session/token==")
    headers = sign(PLAIN, temporary, region="us-east-1", service="cognito-idp", at=NOW)
    assert headers["x-amz-security-token"] == "session/token=="
    assert "x-amz-security-token" in headers["authorization"]
    assert check(arrived(PLAIN.with_headers(headers))) == "AKIDEXAMPLE"


def test_credentials_and_authorizations_show_no_secret() -> None:
    assert_hidden(replace(KEY, session_token="session/token=="), KEY.secret_access_key, "session/token==")
    parsed = parse_authorization(signed().headers["authorization"])
    assert_hidden(parsed, parsed.signature)


# What botocore signs


def boto(token: str | None = None, headers: dict[str, str] = PLAIN_HEADERS) -> Request:
    request = AWSRequest("POST", PLAIN.url, headers=headers, data=BODY)
    SigV4Auth(
        BotoCredentials(KEY.access_key_id, KEY.secret_access_key, token), "cognito-idp", "us-east-1"
    ).add_auth(request)
    sent = {name.lower(): value for name, value in request.headers.items()}
    return Request("POST", "/", {"host": "cognito-idp.us-east-1.amazonaws.com", **sent}, BODY)


@pytest.mark.parametrize("token", [None, "AQoDYXdzEPT//////////wEXAMPLE=="])
def test_what_botocore_signs_verifies(token: str | None) -> None:
    request = boto(token, {**PLAIN_HEADERS, "amz-sdk-invocation-id": "1", "x-amz-user-agent": "a  b/1"})
    assert check(request, now=time.time()) == "AKIDEXAMPLE"


def test_we_sign_as_botocore_does() -> None:
    theirs = boto()
    at = float(calendar.timegm(time.strptime(theirs.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")))
    mine = signed(at=at).headers
    assert {name: mine[name] for name in ("x-amz-date", "authorization")} == {
        name: theirs.headers[name] for name in ("x-amz-date", "authorization")
    }


# who signs


def test_a49_no_signature() -> None:
    assert refusal(PLAIN).code == "MissingAuthenticationTokenException"
    assert refusal(PLAIN.with_headers({"authorization": ""})).code == "MissingAuthenticationTokenException"


def test_a49_an_unknown_or_revoked_key() -> None:
    assert refusal(arrived(signed()), secret=None).code == "UnrecognizedClientException"


def test_a49_a_wrong_secret() -> None:
    error = refusal(arrived(signed()), secret="another")
    assert error.code == "InvalidSignatureException"
    assert "does not match" in error.message


@pytest.mark.parametrize(
    "header",
    [
        "Bearer eyJ",
        "Basic YTpi",
        "AWS AKIDEXAMPLE:abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
        "AWS4-HMAC-SHA256 Credential=a/20270115/us-east-1/cognito-idp/aws4_request, SignedHeaders=host",
        "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=/b/c/d/e, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a' or 1=1/b/c/d/e, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=" + "0" * 63,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=" + "g" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=x-amz-date;host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host;host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=Host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Other=1, Signature=" + "0" * 64,
    ],
)
def test_a49_an_authorization_of_another_form(header: str) -> None:
    assert refusal(PLAIN.with_headers({"authorization": header})).code == "IncompleteSignatureException"


# what is signed

Change = Callable[[Request], Request]


def with_header(name: str, value: str) -> Change:
    return lambda request: request.with_headers({name: value})


def in_authorization(old: str, new: str) -> Change:
    def change(request: Request) -> Request:
        header = request.headers["authorization"]
        assert old in header
        return request.with_headers({"authorization": header.replace(old, new)})

    return change


def resigned(**changes: str) -> Change:
    """Sign for another scope than the service's, with the right secret."""

    def change(request: Request) -> Request:
        scope = {"region": "us-east-1", "service": "cognito-idp", **changes}
        return arrived(PLAIN.with_headers(sign(PLAIN, KEY, at=NOW, **scope)))

    return change


def upper_case(request: Request) -> Request:
    start, _, proof = request.headers["authorization"].rpartition("Signature=")
    return request.with_headers({"authorization": f"{start}Signature={proof.upper()}"})


def without(*names: str) -> Change:
    """Sign again by hand, with `names` left out of the signed headers."""

    def change(request: Request) -> Request:
        authorization = parse_authorization(request.headers["authorization"])
        kept = [name for name in authorization.signed_headers if name not in names]
        scope = f"{authorization.date}/us-east-1/cognito-idp/aws4_request"
        from userpool.protocol.sigv4 import string_to_sign

        text = string_to_sign(canonical_request(request, kept), request.headers["x-amz-date"], scope)
        return request.with_headers(
            {
                "authorization": f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, "
                f"SignedHeaders={';'.join(kept)}, "
                f"Signature={signature(KEY.secret_access_key, text, scope)}"
            }
        )

    return change


INVALID = "InvalidSignatureException"
INCOMPLETE = "IncompleteSignatureException"
HASH = "x-amz-content-sha256"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(with_header("x-amz-target", "Service.DeleteUserPool"), INVALID, id="a50-target-changed"),
        pytest.param(without("x-amz-target"), INVALID, id="a50-target-unsigned"),
        pytest.param(without("host"), INVALID, id="a51-host-unsigned"),
        pytest.param(without("x-amz-date"), INVALID, id="a51-date-unsigned"),
        pytest.param(without("content-type"), INVALID, id="a51-content-type-unsigned"),
        pytest.param(with_header("x-amz-security-token", "t"), INVALID, id="a51-token-unsigned"),
        pytest.param(with_header("host", "evil.example.com"), INVALID, id="a51-host-changed"),
        pytest.param(with_header("content-type", "text/plain"), INVALID, id="a51-content-type-changed"),
        pytest.param(lambda r: replace(r, body=r.body + b" "), INVALID, id="a51-body-changed"),
        pytest.param(lambda r: replace(r, url="/?a=b"), INVALID, id="a51-query-added"),
        pytest.param(lambda r: replace(r, url="/other"), INVALID, id="a51-path-changed"),
        pytest.param(lambda r: replace(r, method="PUT"), INVALID, id="a51-method-changed"),
        pytest.param(with_header("x-amz-target", "Service.A,Service.B"), INVALID, id="a51-target-twice"),
        pytest.param(
            with_header("x-amz-date", "20270115T080000Z,20270115T080000Z"), INVALID, id="a51-date-twice"
        ),
        pytest.param(with_header("host", "a,b"), INVALID, id="a51-host-twice"),
        pytest.param(
            lambda r: r.with_headers({"authorization": ",".join([r.headers["authorization"]] * 2)}),
            INCOMPLETE,
            id="a51-authorization-twice",
        ),
        pytest.param(in_authorization("us-east-1", "us-east-2"), INVALID, id="a51-region-changed"),
        pytest.param(in_authorization("cognito-idp", "s3"), INVALID, id="a51-service-changed"),
        pytest.param(in_authorization("aws4_request", "aws5_request"), INVALID, id="a51-terminator"),
        pytest.param(in_authorization("/20270115/", "/20270114/"), INVALID, id="a51-scope-date"),
        pytest.param(resigned(region="us-east-2"), INVALID, id="a51-signed-for-another-region"),
        pytest.param(resigned(service="s3"), INVALID, id="a51-signed-for-another-service"),
        pytest.param(upper_case, INCOMPLETE, id="a51-upper-case-hex"),
        pytest.param(with_header(HASH, "UNSIGNED-PAYLOAD"), INVALID, id="a51-unsigned-payload"),
        pytest.param(
            with_header(HASH, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            INVALID,
            id="a51-streaming",
        ),
        pytest.param(lambda r: replace(r, url="/?X-Amz-Signature=0"), INCOMPLETE, id="a51-presigned"),
        pytest.param(
            lambda r: replace(r, url="/?x%2damz-Algorithm=A"), INCOMPLETE, id="a51-presigned-encoded"
        ),
        pytest.param(with_header("x-amz-date", "2027-01-15T08:00:00Z"), INCOMPLETE, id="a51-date-form"),
        pytest.param(with_header("x-amz-date", "20271301T080000Z"), INVALID, id="a51-date-of-another-day"),
    ],
)
def test_a50_a51_what_was_touched_is_refused(change: Change, code: str) -> None:
    assert time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW)) == "20270115T080000Z"
    request = arrived(signed())
    assert check(request)
    assert refusal(change(request)).code == code


def test_a51_a_date_that_is_none() -> None:
    request = arrived(signed().with_headers({"x-amz-date": "20271315T080000Z"}))
    header = request.headers["authorization"].replace("/20270115/", "/20271315/")
    assert refusal(request.with_headers({"authorization": header})).code == INCOMPLETE


def test_a51_a_signed_header_that_did_not_arrive() -> None:
    request = arrived(signed())
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    error = refusal(replace(request, headers=headers))
    assert (error.code, error.message) == (INVALID, "A header that was signed is not in the request.")


@pytest.mark.parametrize("minutes", [-16, -5.02, 5.02, 16])
def test_a51_a_clock_that_is_off(minutes: float) -> None:
    error = refusal(arrived(signed()), now=NOW + 60 * minutes)
    assert error.code == INVALID
    assert "clock" in error.message
    assert ("expired" in error.message) is (minutes > 0)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a51_a_clock_within_the_window(seconds: float) -> None:
    assert check(arrived(signed()), now=NOW + seconds)


def test_the_hash_of_the_body_may_be_stated() -> None:
    request = PLAIN.with_headers(
        {"x-amz-content-sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
    )
    assert check(arrived(signed(replace(request, body=b"{}"))))
    assert refusal(arrived(signed(request))).code == INVALID


@given(
    st.binary(max_size=64),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    st.lists(st.tuples(st.text("ab%+ =é", max_size=4), st.text("ab%+é", max_size=4)), max_size=3),
)
def test_any_request_that_is_signed_verifies(body: bytes, value: str, query: list[tuple[str, str]]) -> None:
    target = "&".join(f"{name}={value}" for name, value in query)
    url = "https://idp.example.com//a/../b" + (f"?{target}" if target else "")
    request = Request("POST", url, {"x-amz-target": "Service.Op", "x-amz-meta": value}, body)
    sent = signed(request)
    # What a gateway may do to white space changes nothing.
    tidy = sent.with_headers({"x-amz-meta": " ".join(value.split(" ")).strip()})
    assert check(arrived(sent)) == check(arrived(tidy)) == "AKIDEXAMPLE"


@given(st.text(max_size=200))
def test_any_authorization_is_read_or_refused(header: str) -> None:
    for text in (header, "AWS4-HMAC-SHA256 " + header):
        with contextlib.suppress(SigV4Error):
            parse_authorization(text)
