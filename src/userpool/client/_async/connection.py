"""A transport with what else answers a flow: both faces run their flows on one of these."""

from __future__ import annotations

from typing import TypeVar

from userpool.client.logs import logged
from userpool.client.waiting import in_thread, load_wire
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ParameterError
from userpool.transports.api import AsyncTransport
from userpool.transports.drive import AsyncWorld, arun

T = TypeVar("T")


class AsyncConnection:
    """Runs flows. It closes the transport that it made itself, and no other."""

    def __init__(self, world: AsyncWorld, *, owned: bool) -> None:
        self.world = world
        self._owned = owned
        self._ready = False

    @classmethod
    def open(cls, transport: AsyncTransport | None) -> AsyncConnection:
        """Over `transport`, or over one of our own, which connects with the first request.

        Raises:
            ParameterError: the transport cannot be used from here.
        """
        from userpool.crypto.powers import power

        if transport is not None:
            if not hasattr(transport, "asend"):
                raise ParameterError("This transport has no method asend: it is made for the other colour.")
            return cls(AsyncWorld(transport, power=power()), owned=False)
        from userpool.transports.http import AsyncHttpTransport

        return cls(AsyncWorld(AsyncHttpTransport(), power=power()), owned=True)

    async def run(self, flow: Flow[T]) -> T:
        """Run `flow` to its end and return its result."""
        if not self._ready:
            # Loading takes its time, and would hold an event loop.
            await in_thread(load_wire)
            self._ready = True
        return await arun(logged(flow), self.world)

    async def aclose(self) -> None:
        """Close the transport, if it is our own."""
        if self._owned:
            await self.world.transport.aclose()
