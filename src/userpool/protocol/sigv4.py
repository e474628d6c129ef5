"""AWS Signature Version 4 over a header, for both sides: signing a request, and checking a signed one.

The check rebuilds what must have been signed from the request as it arrived and compares signatures; nothing
of what the client says it signed is taken over. (AWS General Reference, "Signature Version 4 signing
process".)
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from .errors import UserPoolError
from .http import Request

ALGORITHM: Final = "AWS4-HMAC-SHA256"
WINDOW: Final = 300.0
"""Seconds that the time of signing may lie before or behind the service's."""

_TERMINATOR = "aws4_request"
_UNRESERVED = "-_.~"
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DATE_PARTS = ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_ACCESS_KEY_ID = re.compile(r"[\w-]{1,128}", re.ASCII)
_SPACE = re.compile(r"[ \t\r\n]+")
_SINGLE = ("host", "x-amz-date", "x-amz-target", "x-amz-security-token")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an administrator signs with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    """Comes with temporary credentials."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """An `Authorization` header, taken apart."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)


class SigV4Error(UserPoolError):
    """A signature is missing or refused.

    Args:
        code: what AWS's JSON services answer, such as `"InvalidSignatureException"`.
        message: why; it never quotes a signature.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def sign(
    request: Request, credentials: Credentials, *, region: str, service: str, at: float
) -> dict[str, str]:
    """The headers that make `request` a signed one: `request.with_headers(sign(request, …))`.

    The host, the content type and every `x-amz-` header are signed.

    Args:
        request: with an absolute URL.
        credentials: of the administrator.
        region: such as `"us-east-1"`.
        service: the signing name, `"cognito-idp"`.
        at: the true time, in seconds since the epoch.
    """
    date = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": _host(request.url), "x-amz-date": date}
    if credentials.session_token is not None:
        headers["x-amz-security-token"] = credentials.session_token
    complete = request.with_headers(headers)
    signed = sorted(
        name for name in complete.headers if name in ("host", "content-type") or name.startswith("x-amz-")
    )
    scope = "/".join((date[:8], region, service, _TERMINATOR))
    proof = signature(
        credentials.secret_access_key, string_to_sign(canonical_request(complete, signed), date, scope), scope
    )
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(signed)}, Signature={proof}"
    )
    return headers


def canonical_request(request: Request, signed_headers: Collection[str]) -> str:
    """The one text that `request` stands for; `signed_headers` are lower case and each is there."""
    names = sorted(signed_headers)
    return "\n".join(
        (
            request.method.upper(),
            _canonical_path(request.path),
            _canonical_query(request.query),
            *(f"{name}:{_canonical_value(request.headers[name])}" for name in names),
            "",
            ";".join(names),
            sha256(request.body).hexdigest(),
        )
    )


def string_to_sign(canonical: str, date: str, scope: str) -> str:
    """What the signature is made over: `date` is that of `x-amz-date`, `scope` is
    `date/region/service/aws4_request`.
    """
    return "\n".join((ALGORITHM, date, scope, sha256(canonical.encode()).hexdigest()))


def signature(secret_access_key: str, text: str, scope: str) -> str:
    """The signature of `text` under the key that `secret_access_key` gives for `scope`, in lower-case hex."""
    return _signature(_signing_key(secret_access_key, scope), text)


def _signature(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _signing_key(secret_access_key: str, scope: str) -> bytes:
    key = b"AWS4" + secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


_kept_signing_key = lru_cache(maxsize=16)(_signing_key)
"""For the side that checks: a service has a few keys, and each is the same for a day."""


def parse_authorization(header: str) -> Authorization:
    """Take an `Authorization` header apart. Raises `SigV4Error` where it is not of the one form."""
    algorithm, _, rest = header.partition(" ")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip(" ").partition("=")
        if not equals or name in fields:
            raise _incomplete("The Authorization header cannot be read.")
        fields[name] = value
    if algorithm != ALGORITHM or fields.keys() != {"Credential", "SignedHeaders", "Signature"}:
        raise _incomplete(
            f"The Authorization header must be '{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…'."
        )
    credential = fields["Credential"].split("/")
    if len(credential) != 5 or not _ACCESS_KEY_ID.fullmatch(credential[0]):
        raise _incomplete("Credential must be KEY_ID/DATE/REGION/SERVICE/aws4_request.")
    if not _SIGNATURE.fullmatch(fields["Signature"]):
        raise _incomplete("Signature must be 64 lower-case hexadecimal digits.")
    signed = tuple(fields["SignedHeaders"].split(";"))
    if list(signed) != sorted({name.lower() for name in signed}):
        raise _incomplete("SignedHeaders must be lower case, in order, and each there once.")
    access_key_id, date, region, service, terminator = credential
    return Authorization(access_key_id, date, region, service, terminator, signed, fields["Signature"])


def verify(
    request: Request,
    *,
    secret_for: Callable[[str], str | None],
    region: str,
    service: str,
    now: float,
    window: float = WINDOW,
    required_signed: Collection[str] = ("host", "x-amz-date", "x-amz-target"),
    signed_if_present: Collection[str] = ("content-type", "x-amz-security-token"),
) -> str:
    """Check the signature of `request` and return the access key id that signed it.

    Args:
        request: as it arrived; the header names in lower case.
        secret_for: gives the secret of an access key id, `None` where there is none or it is revoked.
        region: the only region that counts.
        service: the only signing name that counts.
        now: the true time, in seconds since the epoch.
        window: seconds that the time of signing may be off, either way.
        required_signed: headers that must be there and signed.
        signed_if_present: headers that must be signed where they are there.

    Raises `SigV4Error` with the code of AWS.
    """
    headers = request.headers
    if any(name.lower().startswith("x-amz-") for name in _query_names(request.query)):
        raise _incomplete("Presigned requests are not taken: sign with the Authorization header.")
    if not headers.get("authorization"):
        raise SigV4Error("MissingAuthenticationTokenException", "Missing Authentication Token")
    authorization = parse_authorization(headers["authorization"])
    _check_headers(headers, authorization.signed_headers, required_signed, signed_if_present)
    body_hash = headers.get("x-amz-content-sha256")
    if body_hash is not None and body_hash != sha256(request.body).hexdigest():
        raise _invalid("The body must be signed: x-amz-content-sha256 is not the hash of what arrived.")
    date = headers["x-amz-date"]
    _check_scope(authorization, date, region, service)
    _check_date(date, now, window)
    secret = secret_for(authorization.access_key_id)
    if secret is None:
        raise SigV4Error(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    scope = "/".join((date[:8], region, service, _TERMINATOR))
    canonical = canonical_request(request, authorization.signed_headers)
    expected = _signature(_kept_signing_key(secret, scope), string_to_sign(canonical, date, scope))
    if not hmac.compare_digest(expected, authorization.signature):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details."
        )
    return authorization.access_key_id


def _check_headers(
    headers: Mapping[str, str],
    signed: Collection[str],
    required: Collection[str],
    if_present: Collection[str],
) -> None:
    for name in required:
        if name not in signed:
            raise _invalid(f"{name!r} must be a 'SignedHeader' in the Authorization header.")
    for name in if_present:
        if name in headers and name not in signed:
            raise _invalid(f"{name!r} must be a 'SignedHeader' in the Authorization header.")
    for name in signed:
        if name not in headers:
            raise _invalid("A header that was signed is not in the request.")
    for name in _SINGLE:
        # An adapter joins a header that came twice with a comma; these have none of their own.
        if "," in headers.get(name, ""):
            raise _invalid(f"The header {name!r} must come once.")


def _check_scope(authorization: Authorization, date: str, region: str, service: str) -> None:
    if not _DATE.fullmatch(date):
        raise _incomplete("X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ.")
    if authorization.region != region:
        raise _invalid(f"Credential should be scoped to a valid region: this is '{region}'.")
    if authorization.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'.")
    if authorization.terminator != _TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'.")
    if authorization.date != date[:8]:
        raise _invalid("Date in Credential scope does not match the day of X-Amz-Date.")


def _check_date(date: str, now: float, window: float) -> None:
    try:
        # `strptime` would take as long as all the rest of the check.
        year, month, day, hour, minute, second = (int(date[a:b]) for a, b in _DATE_PARTS)
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        raise _incomplete("X-Amz-Date is not a date.") from None
    if abs(now - at) > window:
        trouble = "Signature expired" if at < now else "Signature not yet current"
        here = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        raise _invalid(f"{trouble}: {date} is more than {window:g} seconds off {here}. Set the clock right.")


def _incomplete(message: str) -> SigV4Error:
    return SigV4Error("IncompleteSignatureException", message)


def _invalid(message: str) -> SigV4Error:
    return SigV4Error("InvalidSignatureException", message)


def _host(url: str) -> str:
    """The value of the host header for `url`: without the port where it is the scheme's own."""
    parts = urlsplit(url)
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return parts.netloc.rpartition("@")[2].removesuffix(default)


def _canonical_path(path: str) -> str:
    """`path` without empty and dotted steps, each step quoted again."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    slash = "/" if steps and path.endswith("/") else ""
    return quote("/" + "/".join(steps) + slash, safe="/" + _UNRESERVED)


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    quoted = ((_requote(name), _requote(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(quoted))


def _query_names(query: str) -> list[str]:
    return [unquote_to_bytes(part.partition("=")[0]).decode("latin-1") for part in query.split("&") if part]


def _requote(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)


def _canonical_value(value: str) -> str:
    return _SPACE.sub(" ", value).strip(" ")
