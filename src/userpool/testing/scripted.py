"""A transport for tests that answers from a script and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeAlias

from userpool.protocol.http import Request, Response

Step: TypeAlias = Response | BaseException | Callable[[Request], Response]
"""A response to give, an exception to raise, or a function that makes the response from the request."""


def answer(body: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response as Cognito gives it: `body` as JSON (nothing: `{}`), with `status` and extra `headers`."""
    return Response(
        status,
        {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-requestid": "00000000-0000-4000-8000-000000000000",
            **{name.lower(): value for name, value in (headers or {}).items()},
        },
        json.dumps({} if body is None else body, separators=(",", ":")).encode(),
    )


def refusal(code: str, message: str = "", *, status: int = 400) -> Response:
    """An error as Cognito gives it: `refusal("NotAuthorizedException", "User does not exist.")`."""
    return answer(
        {"__type": code, "message": message},
        status=status,
        headers={"x-amzn-errortype": f"{code}:", "x-amzn-errormessage": message},
    )


class ScriptedTransport:
    """A `Transport` and an `AsyncTransport` that plays `steps` in order, one a request.

    `requests` holds every request so far and `remaining` counts the steps not yet played. A request past the
    end of the script is an `AssertionError`, so that a test sees it.

        transport = ScriptedTransport([refusal("TooManyRequestsException"), answer({"Session": "…"})])
    """

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._steps = list(steps)
        self.requests: list[Request] = []
        self.timeouts: list[float] = []
        self.closed = False

    @property
    def remaining(self) -> int:
        """How many steps are not yet played."""
        return len(self._steps)

    @property
    def targets(self) -> list[str]:
        """The operations asked for so far, in order: `["InitiateAuth", …]`."""
        return [request.headers.get("x-amz-target", "").rpartition(".")[2] for request in self.requests]

    def add(self, *steps: Step) -> None:
        """Append `steps` to the script."""
        self._steps.extend(steps)

    def json(self, index: int = -1) -> dict[str, object]:
        """The body of one request so far (the last, unless `index` says another), decoded."""
        body: dict[str, object] = json.loads(self.requests[index].body)
        return body

    def send(self, request: Request, *, timeout: float) -> Response:
        """Play the next step."""
        self.requests.append(request)
        self.timeouts.append(timeout)
        if not self._steps:
            raise AssertionError(
                f"The script of {len(self.requests) - 1} steps is over; unexpected: {request.method} "
                f"{request.url} {request.headers.get('x-amz-target', '')}".rstrip()
            )
        step = self._steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, Response) else step(request)

    async def asend(self, request: Request, *, timeout: float) -> Response:
        """Play the next step."""
        return self.send(request, timeout=timeout)

    def close(self) -> None:
        """Remember that it was closed, so that a test can see that a borrowed transport never is."""
        self.closed = True

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True
