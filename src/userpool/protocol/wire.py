"""AWS JSON 1.1 in all four directions: request and response, encoded and decoded, and the errors in between.

The client encodes requests and decodes responses; the service does the other two. Both use the same shapes,
the same limits and the same strict parser. Nothing here quotes a body: bodies carry passwords and tokens.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from . import validation
from ._operation import Auth, Operation
from .errors import (
    InvalidParameterException,
    ParameterError,
    ProtocolError,
    SerializationException,
    ServiceError,
    ServiceUnavailableException,
    TooManyRequestsException,
    UserNotFoundException,
    error_class,
)
from .http import Request, Response
from .shapes import Shape
from .strict_json import BadJson, parse_object
from .validation import Rules, WrongType

In = TypeVar("In", bound=Shape)
Out = TypeVar("Out", bound=Shape)

CONTENT_TYPE = "application/x-amz-json-1.1"

MAX_REQUEST = 1 << 20
"""Bytes of a request body that the service takes."""

MAX_RESPONSE = 16 << 20
"""Bytes of a response body that the client takes: a full page of users with all their attributes fits."""

MAX_ERROR_HEADER = 1024
MAX_MESSAGE = 4096

HIDDEN_USER = "Incorrect username or password."
"""What an unknown user reads as where anybody may ask: the same as a wrong password."""

_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id", "x-amz-requestid")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,127}")


# ---------------------------------------------------------------- requests


def encode_request(operation: Operation[In, Out], shape: In) -> Request:
    """The request that calls `operation`, in origin form: `Request.at(endpoint)` addresses it.

    Raises:
        ParameterError: `shape` does not keep to the contract's limits; every fault is named.
    """
    plain = validation.check(shape)
    try:
        body = msgspec.json.encode(plain)
    except UnicodeEncodeError:
        raise ParameterError(
            f"{type(shape).__name__}: a text holds half a surrogate pair; give valid Unicode."
        ) from None
    return Request("POST", "/", {"content-type": CONTENT_TYPE, "x-amz-target": operation.target}, body)


def decode_request(operation: Operation[In, Out], body: bytes, *, limit: int = MAX_REQUEST) -> In:
    """The input that a caller sent to `operation`. Members that the contract does not know are left out.

    Args:
        operation: what the target header named.
        body: the body as it came.
        limit: how many bytes are taken at most.

    Raises:
        SerializationException: the body is not JSON, not unambiguous, or a member has the wrong type.
        InvalidParameterException: members do not keep to the contract's limits; every one is named.
    """
    shape = operation.input
    try:
        plain = parse_object(body, limit)
        found = validation.schema(shape, Rules.ALL).check(plain)
    except BadJson as error:
        raise SerializationException(f"The request cannot be read: {error}.") from None
    except WrongType as error:
        raise SerializationException(str(error)) from None
    if found:
        raise InvalidParameterException(validation.message(found))
    return msgspec.convert(plain, shape)


# ---------------------------------------------------------------- responses


def encode_response(operation: Operation[In, Out], shape: Out, *, request_id: str | None = None) -> Response:
    """The answer 200 with the output of `operation`; without members it is `{}`."""
    stamp = validation.schema(operation.output, Rules.TYPES).stamp
    # Timestamps go as numbers; msgspec would write them as text.
    plain = stamp(msgspec.to_builtins(shape, builtin_types=(datetime,))) if stamp else shape
    return Response(200, _headers(request_id), msgspec.json.encode(plain))


def decode_response(operation: Operation[In, Out], response: Response, *, limit: int = MAX_RESPONSE) -> Out:
    """The output that the service answered. An empty body is an empty object: older operations answer so.

    Args:
        operation: what was called.
        response: the answer.
        limit: how many bytes of body are taken at most.

    Raises:
        ServiceError: the service answered an error; the subclass is that of its code.
        ProtocolError: the answer is no answer to this operation.
    """
    if not 200 <= response.status < 300:
        raise decode_error(operation, response, limit=limit)
    try:
        plain = parse_object(response.body, limit) if response.body.strip() else {}
        validation.schema(operation.output, Rules.TYPES).check(plain)
        # Lax for the sake of timestamps, which come as numbers; every type has just been checked.
        return msgspec.convert(plain, operation.output, strict=False)
    except (BadJson, WrongType) as error:
        reason = str(error).rstrip(".")
    except msgspec.ValidationError:
        reason = "a member has a value that cannot be"
    raise _protocol_error(operation, response, reason)


# ---------------------------------------------------------------- errors


def encode_error(
    code: str,
    message: str,
    *,
    request_id: str | None = None,
    reason: str | None = None,
    status: int | None = None,
) -> Response:
    """The answer for an error.

    Args:
        code: the wire code, such as `NotAuthorizedException`.
        message: what Cognito says in this case.
        request_id: what the log finds this call by.
        reason: the `reasonCode` of an `InvalidParameterException`.
        status: the HTTP status; by default that of the code.
    """
    body = {"__type": code, "message": message}
    if reason is not None:
        body["reasonCode"] = reason
    headers = _headers(request_id)
    headers["x-amzn-errortype"] = f"{code}:"
    headers["x-amzn-errormessage"] = _header_safe(message)
    return Response(status or error_class(code).default_status, headers, msgspec.json.encode(body))


def encode_service_error(error: ServiceError, *, request_id: str | None = None) -> Response:
    """The answer for an error that an operation raised. Its sub-reason is not sent: Cognito has none."""
    reason = error.reason if isinstance(error, InvalidParameterException) else None
    return encode_error(error.code, error.message, request_id=request_id, reason=reason, status=error.status)


def decode_error(
    operation: Operation[Any, Any], response: Response, *, limit: int = MAX_RESPONSE
) -> ServiceError | ProtocolError:
    """The error that a response stands for.

    `UserNotFoundException` of an operation that anybody may call reads like a wrong password, so that a
    handler that shows `str(error)` tells nobody which users exist. Signed operations and those with an access
    token keep the service's own text.
    """
    try:
        body = parse_object(response.body, limit)
    except BadJson:
        body = {}
    code = _code(body.get("__type")) or _code(body.get("code")) or _code(response.header("x-amzn-errortype"))
    if code is None:
        return _unexplained(operation, response)
    kind = error_class(code)
    message = _text(body.get("message"), body.get("Message"), response.header("x-amzn-errormessage"))
    if kind is UserNotFoundException and operation.auth is Auth.NONE:
        message = HIDDEN_USER
    return kind(
        message,
        code=code,
        reason=_text(body.get("reasonCode")) or None,
        **_context(operation, response),
        retry_after=_retry_after(response),
    )


def _unexplained(operation: Operation[Any, Any], response: Response) -> ServiceError | ProtocolError:
    """The error for an answer that names no code, such as the page of a proxy or load balancer."""
    text = f"The answer was HTTP {response.status} with no error code in it."
    if response.status == 429:
        return TooManyRequestsException(
            text, **_context(operation, response), retry_after=_retry_after(response)
        )
    if response.status >= 500:
        return ServiceUnavailableException(
            text, **_context(operation, response), retry_after=_retry_after(response)
        )
    if 300 <= response.status < 400:
        return _protocol_error(operation, response, "it redirects, and redirects are not followed")
    return _protocol_error(operation, response, "it names no error code")


def _protocol_error(operation: Operation[Any, Any], response: Response, reason: str) -> ProtocolError:
    return ProtocolError(
        f"{operation.name}: the answer (HTTP {response.status}) is not one of Cognito's: {reason}. "
        "Check the endpoint, and the proxies on the way to it.",
        **_context(operation, response),
    )


# ---------------------------------------------------------------- parts


def _context(operation: Operation[Any, Any], response: Response) -> dict[str, Any]:
    ids = (response.header(name) for name in _REQUEST_ID_HEADERS)
    return {
        "operation": operation.name,
        "status": response.status,
        "request_id": next((found[:128] for found in ids if found), None),
    }


def _headers(request_id: str | None) -> dict[str, str]:
    headers = {"content-type": CONTENT_TYPE}
    if request_id is not None:
        headers["x-amzn-requestid"] = request_id
    return headers


def _header_safe(message: str) -> str:
    """Printable ASCII only, and short: a message may repeat what a caller sent."""
    cut = message[:MAX_ERROR_HEADER]
    return "".join(char if " " <= char <= "~" else "?" for char in cut)


def _code(value: object) -> str | None:
    """The code in `prefix#Name`, `Name:uri` or `Name`; `None` where that is no name."""
    if not isinstance(value, str):
        return None
    name = value.partition(":")[0].rpartition("#")[2].strip()
    return name if _CODE.fullmatch(name) else None


def _text(*candidates: object) -> str:
    found = next((text for text in candidates if isinstance(text, str)), "")
    return found[:MAX_MESSAGE]


def _retry_after(response: Response) -> float | None:
    """Seconds from a `Retry-After` header; its form with a date is left alone."""
    value = response.header("retry-after") or ""
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value.strip()) else None
