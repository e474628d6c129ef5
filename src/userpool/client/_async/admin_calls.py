"""What every administrative call goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from userpool import flows
from userpool.client.credentials import CredentialsSource
from userpool.client.waiting import in_thread
from userpool.flows.config import ServiceConfig
from userpool.protocol.errors import ParameterError, ProtocolError
from userpool.protocol.operations import Operation

from .connection import AsyncConnection

if TYPE_CHECKING:
    from userpool.protocol.shapes import Shape

In = TypeVar("In", bound="Shape")
Out = TypeVar("Out", bound="Shape")
T = TypeVar("T")


class AsyncAdminCalls:
    """Signs and sends, and knows the pool that calls are about unless they name another."""

    def __init__(
        self,
        connection: AsyncConnection,
        config: ServiceConfig,
        credentials: CredentialsSource,
        user_pool_id: str | None,
    ) -> None:
        self._connection = connection
        self._config = config
        self._credentials = credentials
        self._user_pool_id = user_pool_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._user_pool_id!r}, region={self._config.region!r})"

    async def call(self, operation: Operation[In, Out], request: In) -> Out:
        """Call any operation of `userpool.protocol.operations`, also those that have no method here.

        await admin.call(ops.LIST_GROUPS, ops.LIST_GROUPS.input(user_pool_id="…"))
        """
        credentials = await in_thread(self._credentials)
        return await self._connection.run(
            flows.admin.call(self._config, operation, request, credentials=credentials)
        )

    def _pool(self, user_pool_id: str | None) -> str:
        chosen = user_pool_id or self._user_pool_id
        if chosen is None:
            raise ParameterError("Say which pool: user_pool_id=…, here or once for all in Admin(…).")
        return chosen


def present(value: T | None, operation: Operation[Shape, Shape]) -> T:
    """`value`, which the service gives with every success, though its model makes it optional."""
    if value is None:
        raise ProtocolError("The service succeeded without saying at what.", operation=operation.name)
    return value
