"""The administration of user pools."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from userpool.client.credentials import CredentialsSource, credentials_source
from userpool.client.settings import service_config
from userpool.flows.config import ClientConfig
from userpool.protocol.sigv4 import Credentials

from .admin_devices import AsyncDevicesAdmin
from .admin_pools import AsyncPoolsAdmin
from .admin_users import AsyncUsersAdmin
from .connection import AsyncConnection

if TYPE_CHECKING:
    from userpool.transports.api import AsyncTransport


class AsyncAdmin(AsyncUsersAdmin, AsyncDevicesAdmin, AsyncPoolsAdmin):
    """An administrator of user pools: requests are signed with AWS credentials, or with a service's own
    admin keys.

    Every method is one operation of Cognito and raises `ServiceError` when it is refused, `TransportError`
    when the service is not reached, and `ParameterError` for arguments that break the contract's limits.

    Args:
        user_pool_id: the pool to work in, unless a call names another.
        region: where to work, if no pool says.
        credentials: AWS credentials or admin keys, or a function that gets them; otherwise they are looked
            for in
            `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, then asked of boto3. On
            this machine requests go out unsigned where there are none.
        endpoint: another address than AWS's own for the region, such as `http://127.0.0.1:9339`.
        fips: AWS's hosts with FIPS 140 validated cryptography.
        dual_stack: AWS's hosts that answer over IPv6 as well.
        allow_insecure_http: take an `http://` endpoint that is not on this machine.
        transport: carries the requests, and is yours to close; by default one over httpx2.
        timeout: seconds for one exchange with the service.
        deadline: seconds for one operation, repetitions included.
        attempts: how often a request is sent at most; what may have been acted on is never sent twice.
        user_agent: your program's name and version, such as `shop/2.1`.

    Raises:
        ParameterError: an argument cannot be right.
    """

    def __init__(
        self,
        user_pool_id: str | None = None,
        *,
        region: str | None = None,
        credentials: Credentials | CredentialsSource | None = None,
        endpoint: str | None = None,
        fips: bool = False,
        dual_stack: bool = False,
        allow_insecure_http: bool = False,
        transport: AsyncTransport | None = None,
        timeout: float = 20.0,
        deadline: float = 60.0,
        attempts: int = 4,
        user_agent: str | None = None,
    ) -> None:
        config = service_config(
            user_pool_id,
            region,
            endpoint=endpoint,
            fips=fips,
            dual_stack=dual_stack,
            allow_insecure_http=allow_insecure_http,
            timeout=timeout,
            deadline=deadline,
            attempts=attempts,
            user_agent=user_agent,
        )
        source = credentials_source(credentials, config.endpoint)
        super().__init__(AsyncConnection.open(transport), config, source, user_pool_id)

    @classmethod
    def beside(
        cls, connection: AsyncConnection, config: ClientConfig, credentials: CredentialsSource | None = None
    ) -> Self:
        """The administration of a `UserPool`'s pool, over the same connection."""
        admin = cls.__new__(cls)
        source = credentials or credentials_source(None, config.endpoint)
        AsyncUsersAdmin.__init__(admin, connection, config, source, config.user_pool_id)
        return admin

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
