"""One HTTP request in, one response out, whatever carries them: decode, authorise, decide and apply, encode.

`handle` never raises. What an operation refuses is answered as Cognito answers it; what escapes otherwise is
a bug: the caller learns a request id and no more, and the log has the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from userpool.protocol import operations as ops
from userpool.protocol import wire
from userpool.protocol.errors import (
    InternalErrorException,
    NotImplementedException,
    SerializationException,
    ServiceError,
    UnknownOperationException,
)
from userpool.protocol.http import Request, Response
from userpool.protocol.operations import Auth, Operation

from . import access, development, discovery
from .access_sigv4 import AdminAccess
from .context import HANDLERS, Call, Context
from .domain import identifiers

_logger = logging.getLogger("userpool.service")

_PREFLIGHT_SECONDS = "172800"
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
}

_ALWAYS_ALLOWED = frozenset({"InternalErrorException", "InvalidParameterException", "SerializationException"})
"""What the protocol itself may answer to any operation, declared or not."""


_SIGNING_IN = ops.INITIATE_AUTH.family
"""The family of operations that begin sessions, and go on with them."""

QUICK = frozenset(
    operation.target
    for operation in (
        ops.GET_USER,
        ops.ADMIN_GET_USER,
        ops.LIST_USERS,
        ops.LIST_USER_POOLS,
        ops.LIST_USER_POOL_CLIENTS,
        ops.DESCRIBE_USER_POOL_CLIENT,
        ops.GET_USER_POOL_MFA_CONFIG,
    )
)
"""What takes a few reads and no heavy arithmetic."""


class Dispatcher:
    """The service behind a function: `handle(request) -> response`.

    Args:
        context: the world that operations are given.
        admins: who may call administrators' operations.
        reset: empties the store, for development mode.
    """

    def __init__(self, context: Context, admins: AdminAccess, reset: Callable[[], None]) -> None:
        self._context = context
        self._admins = admins
        self._reset = reset

    def handle(self, request: Request, source_ip: str = "") -> Response:
        """Answer one request. `source_ip` is where it came from, as far as the adapter knows."""
        started = time.perf_counter()
        request_id = identifiers.uuid(self._context.random)
        try:
            response, name = self._answer(request, source_ip, request_id)
        except Exception:
            _logger.exception("request %s failed", request_id)
            response, name = _internal_error(request_id), "?"
        # The development pages show codes: no web page of another origin may read them.
        private = request.path.startswith(development.PREFIX)
        return self._finish(response, name, request_id, started, {} if private else _CORS)

    def refuse(self, error: ServiceError) -> Response:
        """Answer a request that an adapter refuses unread."""
        request_id = identifiers.uuid(self._context.random)
        return self._finish(_error(error, request_id), "?", request_id, time.perf_counter(), _CORS)

    def _finish(
        self, response: Response, name: str, request_id: str, started: float, cors: dict[str, str]
    ) -> Response:
        if _logger.isEnabledFor(logging.INFO):
            outcome = response.header("x-amzn-errortype") or response.status
            milliseconds = (time.perf_counter() - started) * 1000
            _logger.info("%s %s %.1f ms, request %s", name, outcome, milliseconds, request_id)
        date = _http_date(int(self._context.clock.true()))
        return Response(
            response.status,
            {**response.headers, **cors, "x-amzn-requestid": request_id, "date": date},
            response.body,
        )

    def _answer(self, request: Request, source_ip: str, request_id: str) -> tuple[Response, str]:
        if request.method == "OPTIONS":
            return _preflight(request), "preflight"
        path = request.path
        if path == "/" and request.method == "POST":
            return self._operate(request, source_ip, request_id)
        if path.startswith(development.PREFIX) and self._context.settings.development:
            return development.answer(self._context, request, self._reset), "development"
        if request.method in ("GET", "HEAD"):
            found = discovery.answer(self._context, path)
            if found is not None:
                return found, "discovery"
        return _error(UnknownOperationException("There is nothing at this address."), request_id, 404), "?"

    def _operate(self, request: Request, source_ip: str, request_id: str) -> tuple[Response, str]:
        name = "?"
        try:
            operation = _operation(request)
            name = operation.name
            return self._run(operation, request, source_ip, request_id), name
        except ServiceError as error:
            return _error(error, request_id), name

    def _run(
        self, operation: Operation[Any, Any], request: Request, source_ip: str, request_id: str
    ) -> Response:
        handler = HANDLERS.get(operation.name) if operation.service is ops.Service.IDP else None
        if operation.auth is Auth.SIGV4:
            self._admins.authorise(request, operation.name)
        if handler is None:
            raise NotImplementedException(
                f"{operation.name} is an operation of Amazon Cognito that userpool does not have yet."
            )
        limit = self._context.settings.max_body_bytes
        call = Call(
            operation, wire.decode_request(operation, request.body, limit=limit), request_id, source_ip
        )
        try:
            if operation.auth is Auth.ACCESS_TOKEN and getattr(call.input, "access_token", None) is not None:
                caller = access.authorise(self._context, call.input.access_token, operation)
                call = Call(operation, call.input, request_id, source_ip, caller)
            context = self._context
            if operation.family == _SIGNING_IN:
                # One world for all calls, but for this: what it is for stands far from where calls are read.
                context = replace(context, user_agent=_user_agent(request, call.input))
            output = handler(context, call)
        except ServiceError as error:
            if error.code not in operation.errors and error.code not in _ALWAYS_ALLOWED:
                _logger.exception("%s raised an undeclared %s, request %s", operation, error.code, request_id)
                return _internal_error(request_id)
            raise
        finally:
            self._context.turnstile.leave()
        return wire.encode_response(operation, output, request_id=request_id)


def _user_agent(request: Request, given: Any) -> str:
    """What the user's program calls itself: an administrator's server tells it in `ContextData`."""
    told = getattr(given, "context_data", None)
    if told is None:
        return request.headers.get("user-agent", "")
    named = {(one.header_name or "").lower(): one.header_value for one in told.http_headers}
    return named.get("user-agent") or ""


@lru_cache(maxsize=4)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _operation(request: Request) -> Operation[Any, Any]:
    target = request.headers.get("x-amz-target", "")
    operation = ops.BY_TARGET.get(target)
    if operation is None:
        raise UnknownOperationException(
            "The X-Amz-Target header names no operation of this service."
            if target
            else "There is no X-Amz-Target header, so that no operation is named."
        )
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != wire.CONTENT_TYPE:
        raise SerializationException(f"The Content-Type must be {wire.CONTENT_TYPE}.")
    return operation


def _error(error: ServiceError, request_id: str, status: int | None = None) -> Response:
    response = wire.encode_service_error(error, request_id=request_id)
    return response if status is None else Response(status, response.headers, response.body)


def _internal_error(request_id: str) -> Response:
    return _error(
        InternalErrorException(f"Something failed in the service. Its log has it as request {request_id}."),
        request_id,
    )


def _preflight(request: Request) -> Response:
    """The answer to a browser that asks first (the Fetch standard's CORS preflight)."""
    headers = {"access-control-max-age": _PREFLIGHT_SECONDS, "content-length": "0"}
    for asked, answered in (
        ("access-control-request-headers", "access-control-allow-headers"),
        ("access-control-request-method", "access-control-allow-methods"),
    ):
        if asked in request.headers:
            headers[answered] = request.headers[asked]
    return Response(200, headers)
