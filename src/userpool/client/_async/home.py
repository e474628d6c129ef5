"""Where the users of one app client live: the storage, the keys that tokens are verified with, the clocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from userpool.client.changes import ChangeReason, SessionChange, SessionState
from userpool.client.checking import Checker
from userpool.client.device_record import names_of
from userpool.client.flights import AsyncFlights
from userpool.client.held import Held, hold, hold_grant
from userpool.client.record import Keys
from userpool.client.signed_in import SignedIn
from userpool.client.waiting import in_thread
from userpool.flows.config import ClientConfig, RefreshFlow
from userpool.flows.grant import Grant, NewDevice, Tokens
from userpool.protocol.errors import StorageError
from userpool.storage.api import AsyncStorage

from .background import AsyncBackgroundRefresh
from .connection import AsyncConnection
from .devices import AsyncDevices
from .session import AsyncSession
from .user import AsyncUser
from .watchers import AsyncWatchers


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncHome:
    """Where the users of one app client live."""

    connection: AsyncConnection
    config: ClientConfig
    storage: AsyncStorage
    devices: AsyncDevices
    keys: Keys
    checker: Checker | None
    """Verifies what arrives; `None` takes it as it is."""
    clock: Callable[[], float]
    """The time by which tokens age, in seconds since the epoch."""
    refresh_margin: float
    """Seconds before its end when a token counts as old."""
    refresh_flow: RefreshFlow
    flights: AsyncFlights[Held] = field(default_factory=AsyncFlights)
    key_flights: AsyncFlights[None] = field(default_factory=AsyncFlights)
    watchers: AsyncWatchers = field(default_factory=AsyncWatchers)
    keepers: set[AsyncBackgroundRefresh] = field(default_factory=set)
    """What refreshes in the background."""

    async def welcome(
        self, grant: Grant, name: str, *, device_forgotten: bool = False
    ) -> SignedIn[AsyncUser]:
        """Take in the user who has just signed in: verified, stored, and the current one from now on.

        Args:
            grant: what the sign-in ended with.
            name: by which the user signed in.
            device_forgotten: whether the service did not know the device that was named.

        Raises:
            TokenError: the tokens are not what they should be.
        """
        held = self.taken(grant)
        await self.check(held, grant.user_id)
        session = AsyncSession(self, held, stored=True)
        await session.keep()
        if grant.new_device:
            await self.keep_device(held, grant.new_device, name)
        await self.watchers.tell(
            SessionChange(
                held.username,
                held.sub,
                SessionState.SIGNED_OUT,
                SessionState.SIGNED_IN,
                ChangeReason.SIGNED_IN,
            )
        )
        return SignedIn(AsyncUser(self, session), grant.new_device, device_forgotten)

    async def keep_device(self, held: Held, new: NewDevice, name: str | None = None) -> None:
        """Keep a device that has been confirmed, under every name that its user may type."""
        if new.confirmed and new.device:
            names = {held.sub, *names_of(held.id_claims), *([name] if name else [])}
            with self.devices.warned():
                await self.devices.keep(new.device, held.username, names)

    def kept_user(self, held: Held) -> AsyncUser:
        """A user whose tokens lie in the storage."""
        return AsyncUser(self, AsyncSession(self, held, stored=True))

    def user(self, tokens: Tokens, device_key: str | None) -> AsyncUser:
        """A user from tokens that somebody handed in. Raises `TokenError`."""
        held = hold(tokens, client_id=self.config.client_id, device_key=device_key)
        if device_key is None and isinstance(known := held.claims.get("device_key"), str):
            held = replace(held, device_key=known)
        return AsyncUser(self, AsyncSession(self, held, stored=False))

    def taken(self, grant: Grant, known: Held | None = None) -> Held:
        """What a conversation got, with the clock measured by it; `known` is what the user held so far."""
        return hold_grant(
            grant,
            client_id=self.config.client_id,
            now=self.clock(),
            monotonic=self.connection.world.monotonic(),
            known=known,
        )

    async def check(self, held: Held, user_id: str | None = None) -> None:
        """Verify tokens that have just come. The keys are fetched once for all who need them, and stored.

        Raises:
            TokenVerificationError: they are not genuine, or not this user's.
        """
        checker = self.checker
        if checker is None:
            return
        if await in_thread(lambda: checker.lacks_keys(held)):
            await self.key_flights.run("keys", lambda: self._get_keys(checker, held))
        await self.connection.run(checker.check(held, user_id))

    async def _get_keys(self, checker: Checker, held: Held) -> None:
        # They can always be fetched; a storage that does not work shows with the tokens.
        with contextlib.suppress(StorageError):
            checker.recall(await self.storage.load(self.keys.jwks), self.clock())
        if not checker.lacks_keys(held):
            return
        await self.connection.run(checker.fetch_keys())
        with contextlib.suppress(StorageError):
            await self.storage.save(self.keys.jwks, checker.keep(self.clock()))

    def is_fresh(self, held: Held, *, margin: float | None = None) -> bool:
        """Whether the tokens can be used for a while without a refresh: `margin` seconds, by default the
        pool's.
        """
        wanted = self.refresh_margin if margin is None else margin
        return held.fresh(self.clock(), self.connection.world.monotonic(), wanted)
