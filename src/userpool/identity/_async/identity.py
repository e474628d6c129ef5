"""One identity of an identity pool: its id, and AWS credentials that are kept fresh."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from userpool.client.flights import AsyncFlights
from userpool.flows import identity as flows
from userpool.flows import sts
from userpool.flows.identity import AwsCredentials
from userpool.identity.providers import GUEST, AsyncLoginsSource
from userpool.protocol.errors import ResourceNotFoundException, ServiceError, StorageError, TransportError

if TYPE_CHECKING:
    from .pool import AsyncIdentityPool

FORMAT = 1
"""Version of the record of an identity id."""


class AsyncIdentity:
    """One identity: a user's, another provider's, or a guest's. Get it from an `IdentityPool`.

    Its credentials are asked for once for all tasks and threads that need them at the same time. When they
    are about to end, new ones are got; if that fails for now, the old ones serve as long as they last. It
    never turns into a guest by itself.
    """

    def __init__(
        self,
        pool: AsyncIdentityPool,
        name: str,
        logins: AsyncLoginsSource | None,
        *,
        check: Callable[[], object] = lambda: None,
        identity_id: str | None = None,
        role_arn: str | None = None,
        adopts_guest: bool = False,
    ) -> None:
        self._pool = pool
        self._name = name
        self._logins = logins
        self._check = check
        self._identity_id = identity_id
        self._role_arn = role_arn
        self._adopts_guest = adopts_guest
        self._held: AwsCredentials | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._flights: AsyncFlights[AwsCredentials] = AsyncFlights()

    def __repr__(self) -> str:
        return f"AsyncIdentity({self._identity_id or self._name!r})"

    @property
    def region(self) -> str:
        """The identity pool's region."""
        return self._pool.config.region

    async def identity_id(self) -> str:
        """The id, such as `us-east-1:…`: kept in the pool's storage, otherwise asked for (GetId).

        Raises:
            NotAuthorizedException: the token is not accepted, or the pool takes no guests.
        """
        self._check()
        return self._identity_id or await self._find(await self._tokens())

    async def credentials(self) -> AwsCredentials:
        """AWS credentials that last for a while yet (GetCredentialsForIdentity).

        Raises:
            NotAuthorizedException: the token is not accepted, the pool takes no guests, or the role is none
                of the token's.
            InvalidIdentityPoolConfigurationException: the pool has no role for this identity.
            SignedOutError: the user has signed out.
            TransportError, ServiceError: there are none for now, and the old ones have ended.
        """
        self._check()
        held = self._held
        if held is not None and self._pool.now() < self._renew_at:
            return held
        try:
            return await self._flights.run("credentials", self._renew)
        except (TransportError, ServiceError) as failure:
            passing = isinstance(failure, TransportError) or failure.retryable
            if held is None or not passing or self._pool.now() >= held.expires_at:
                raise
            return held

    async def assume_role(
        self, role_arn: str, *, session_name: str = "userpool", duration: int | None = None
    ) -> AwsCredentials:
        """Take a role by the basic flow (GetOpenIdToken, AssumeRoleWithWebIdentity); nothing is kept.

        Args:
            role_arn: a role that trusts the identity pool.
            session_name: what AWS's logs call the session.
            duration: seconds, 900 or more; by default 3,600.

        Raises:
            NotAuthorizedException: the pool does not allow the basic flow, or the token is not accepted.
            ServiceError: the role refused.
        """
        identity_id = await self.identity_id()
        logins = await self._tokens()
        return await self._pool.run(
            sts.assume_role(
                self._pool.config,
                identity_id,
                logins,
                role_arn,
                session_name=session_name,
                duration=duration,
            )
        )

    async def open_id_token(self) -> str:
        """A token of the identity pool that others take as proof (GetOpenIdToken), for ten minutes."""
        identity_id = await self.identity_id()
        logins = await self._tokens()
        return await self._pool.run(flows.get_open_id_token(self._pool.config, identity_id, logins))

    async def unlink(self, providers: Iterable[str]) -> None:
        """Take logins away from this identity, by the names of their providers (UnlinkIdentity)."""
        names = [providers] if isinstance(providers, str) else list(providers)
        identity_id = await self.identity_id()
        logins = await self._tokens()
        await self._pool.run(flows.unlink_identity(self._pool.config, identity_id, logins or {}, names))
        await self.forget()

    async def forget(self) -> None:
        """Forget the credentials and the id, here and in the storage.

        Raises:
            StorageError: the storage still has the id.
        """
        self._held = self._identity_id = None
        await self._pool.storage.delete(self._key(self._name))

    async def _renew(self) -> AwsCredentials:
        logins = await self._tokens()
        known = self._identity_id or await self._kept(self._name)
        guest = await self._kept(GUEST) if self._adopts_guest and known is None else None
        identity_id = known or guest or await self._find(logins)
        try:
            credentials = await self._ask(identity_id, logins)
        except ResourceNotFoundException:
            if known is None and guest is None:
                raise
            # The id that was kept is no more: the identity was deleted. Once more, with a new one.
            credentials = await self._ask(await self._find(logins, anew=True), logins)
        await self._keep(credentials.identity_id)
        if guest is not None:
            with contextlib.suppress(StorageError):
                await self._pool.storage.delete(self._key(GUEST))
        now = self._pool.now()
        lasts = max(credentials.expires_at - now, timedelta())
        self._renew_at = credentials.expires_at - min(self._pool.margin, lasts / 2)
        self._held = credentials
        return credentials

    async def _ask(self, identity_id: str, logins: Mapping[str, str] | None) -> AwsCredentials:
        return await self._pool.run(
            flows.get_credentials_for_identity(
                self._pool.config, identity_id, logins, custom_role_arn=self._role_arn
            )
        )

    async def _tokens(self) -> Mapping[str, str] | None:
        return None if self._logins is None else await self._logins()

    async def _find(self, logins: Mapping[str, str] | None, *, anew: bool = False) -> str:
        identity_id = None if anew else await self._kept(self._name)
        if identity_id is None:
            identity_id = await self._pool.run(flows.get_id(self._pool.config, logins))
        await self._keep(identity_id)
        return identity_id

    async def _kept(self, name: str) -> str | None:
        with contextlib.suppress(StorageError, ValueError):  # an id can always be asked for
            record = json.loads(await self._pool.storage.load(self._key(name)) or b"null")
            if isinstance(record, dict) and record.get("version") == FORMAT:
                return str(record["identity_id"])
        return None

    async def _keep(self, identity_id: str) -> None:
        if identity_id == self._identity_id:
            return
        self._identity_id = identity_id
        record = json.dumps({"version": FORMAT, "identity_id": identity_id})
        with contextlib.suppress(StorageError):
            await self._pool.storage.save(self._key(self._name), record.encode())

    def _key(self, name: str) -> str:
        return f"{self._pool.config.identity_pool_id}/identities/{name}"
