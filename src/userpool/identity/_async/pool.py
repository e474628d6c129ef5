"""An identity pool: where tokens become AWS credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from userpool.client._async.connection import AsyncConnection
from userpool.client.waiting import Once, async_storage
from userpool.identity.providers import GUEST, AsyncLoginsSource, user_pool_provider
from userpool.identity.settings import MARGIN, identity_config
from userpool.protocol.errors import ParameterError

from .identity import AsyncIdentity

if TYPE_CHECKING:
    from userpool.client._async.user import AsyncUser
    from userpool.client.configuration import ConfigSource
    from userpool.client.waiting import AnyStorage
    from userpool.flows.identity import IdentityConfig
    from userpool.protocol.effects import Flow
    from userpool.transports.api import AsyncTransport

T = TypeVar("T")


class AsyncIdentityPool:
    """A Cognito identity pool. It needs no AWS credentials: it gives them.

    It is shared by threads and tasks. Close it, or use it as a context manager, when you are done.

    Args:
        identity_pool_id: such as `us-east-1:0a1b2c3d-…`.
        account_id: the AWS account that it belongs to; AWS does without.
        endpoint: another address than AWS's own for the pool's region.
        sts_endpoint: another address of the Security Token Service, which only the basic flow asks.
        fips: AWS's hosts with FIPS 140 validated cryptography.
        dual_stack: AWS's hosts that answer over IPv6 as well.
        allow_insecure_http: take an `http://` endpoint that is not on this machine.
        transport: carries the requests, and is yours to close; by default one over httpx2.
        storage: keeps identity ids, never credentials; by default this process's memory.
        margin: seconds before their end when credentials count as old; half their time where that is less.
        timeout: seconds for one exchange with the service.
        deadline: seconds for one operation, repetitions included.
        attempts: how often a request is sent at most.
        user_agent: your program's name and version, such as `shop/2.1`.
        clock: this machine's time in seconds since the epoch.

    Raises:
        ParameterError: an argument cannot be right.
    """

    def __init__(
        self,
        identity_pool_id: str,
        *,
        account_id: str | None = None,
        endpoint: str | None = None,
        sts_endpoint: str | None = None,
        fips: bool = False,
        dual_stack: bool = False,
        allow_insecure_http: bool = False,
        transport: AsyncTransport | None = None,
        storage: AnyStorage | None = None,
        margin: float = MARGIN,
        timeout: float = 20.0,
        deadline: float = 60.0,
        attempts: int = 4,
        user_agent: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if margin < 0:
            raise ParameterError("margin is seconds, 0 or more.")
        self.config: IdentityConfig = identity_config(
            identity_pool_id,
            account_id,
            endpoint=endpoint,
            sts_endpoint=sts_endpoint,
            fips=fips,
            dual_stack=dual_stack,
            allow_insecure_http=allow_insecure_http,
            timeout=timeout,
            deadline=deadline,
            attempts=attempts,
            user_agent=user_agent,
        )
        self.margin = timedelta(seconds=margin)
        self.storage = async_storage(storage)
        self._clock = clock
        self._connection = Once(lambda: AsyncConnection.open(transport))

    @classmethod
    def from_config(cls, config: ConfigSource, **options: Any) -> Self:
        """The identity pool that a configuration names beside its user pool (`UserPool.from_config`).

        Args:
            config: the path of a file, what stands in it, or a `PoolConfig`.
            options: more arguments of this class; they go before those of the configuration.

        Raises:
            ParameterError: the configuration names none, or cannot be read.
        """
        from userpool.client.configuration import PoolConfig

        return cls(**{**PoolConfig.read(config).for_identity_pool(), **options})

    def __repr__(self) -> str:
        return f"AsyncIdentityPool({self.config.identity_pool_id!r})"

    def of_user(
        self,
        user: AsyncUser,
        *,
        provider: str | None = None,
        role_arn: str | None = None,
        adopt_guest: bool = False,
    ) -> AsyncIdentity:
        """The identity of a user of a user pool; ends with their sign-out.

        Args:
            user: signed in; each request takes their ID token of the moment.
            provider: what the user pool is called in `Logins`, where the tokens' issuer does not tell.
            role_arn: which of the roles that the token names, where it names several.
            adopt_guest: let the identity of the guest that this storage knows become the user's, with all
                that belongs to it.
        """
        name = provider or user_pool_provider(str(user.id_claims.get("iss", "")))

        async def logins() -> Mapping[str, str]:
            id_token = (await user.tokens()).id_token
            if id_token is None:
                raise ParameterError("An identity pool asks for the ID token: give this user one.")
            return {name: id_token}

        return AsyncIdentity(
            self,
            f"{name}/{user.sub}",
            logins,
            check=lambda: user.id_claims,
            role_arn=role_arn,
            adopts_guest=adopt_guest,
        )

    def of_provider(
        self,
        name: str,
        logins: AsyncLoginsSource,
        *,
        identity_id: str | None = None,
        role_arn: str | None = None,
    ) -> AsyncIdentity:
        """The identity of somebody whom others know: Google, Apple, OIDC, SAML, or your own back end.

        Args:
            name: what the identity is kept under, such as the person's id at the provider.
            logins: gets tokens by provider, such as `{"accounts.google.com": …}`; called for each request. A
                back end of your own (developer authenticated identities) gives
                `{"cognito-identity.amazonaws.com": …}`, and the `identity_id` that came with it.
            identity_id: the id, where it is known.
            role_arn: which of the roles that a token names, where it names several.

        Raises:
            ParameterError: the name is empty, or the guests'.
        """
        if not name or name == GUEST:
            raise ParameterError(f"Name the person otherwise than {name!r}: the identity is kept under it.")
        return AsyncIdentity(self, f"other/{name}", logins, identity_id=identity_id, role_arn=role_arn)

    def guest(self) -> AsyncIdentity:
        """The identity of nobody in particular, one for this storage; the pool has to take guests."""
        return AsyncIdentity(self, GUEST, None)

    async def run(self, flow: Flow[T]) -> T:
        """Run a conversation of `userpool.flows.identity` with this pool."""
        return await self._connection().run(flow)

    def now(self) -> datetime:
        """This machine's time."""
        return datetime.fromtimestamp(self._clock(), UTC)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
