"""A way to the embedded pool on which answers can be exchanged or get lost."""

from __future__ import annotations

import json
from typing import Any

from userpool.protocol.errors import TransportError
from userpool.protocol.http import Request, Response
from userpool.transports.loopback import LoopbackTransport


class Disturbed:
    """The way to the service; what is in `instead` is played in place of an operation."""

    def __init__(self, way: LoopbackTransport) -> None:
        self._way = way
        self.instead: dict[str, list[Response | Exception]] = {}
        self.lost: set[str] = set()
        """Operations that arrive, and whose answers are lost."""
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def _played(self, request: Request) -> Response | None:
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation:
            return None
        self.seen.append((operation, json.loads(request.body)))
        steps = self.instead.get(operation)
        if not steps:
            return None
        step = steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def _lose(self, request: Request) -> None:
        if request.headers.get("x-amz-target", "").rpartition(".")[2] in self.lost:
            raise TransportError("the answer was lost", sent="maybe")

    def send(self, request: Request, *, timeout: float) -> Response:
        answered = self._played(request) or self._way.send(request, timeout=timeout)
        self._lose(request)
        return answered

    async def asend(self, request: Request, *, timeout: float) -> Response:
        answered = self._played(request) or await self._way.asend(request, timeout=timeout)
        self._lose(request)
        return answered

    def close(self) -> None:
        """Nothing to close."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def operations(self) -> list[str]:
        """What was asked for so far."""
        return [operation for operation, _ in self.seen]
