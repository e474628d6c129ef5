"""One user's tokens: kept fresh, kept in the storage, and given up when the service says so, never on a
doubt.

A refresh is done once for all who ask at the same time: tasks and threads wait for one another (`flights`),
and processes by the lock of the storage. Whoever has the lock reads the record again before asking the
service, because another may have refreshed meanwhile, and writes the new record before anybody gets the new
tokens.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from userpool import flows
from userpool.client.changes import ChangeReason, SessionChange, SessionState
from userpool.client.checking import NO_KEYS
from userpool.client.held import Held
from userpool.client.judging import StorageWarning, ends_session
from userpool.protocol.errors import (
    ServiceError,
    SessionExpired,
    SignedOutError,
    StorageError,
    TokenVerificationError,
    UserPoolError,
)

if TYPE_CHECKING:
    from .home import AsyncHome


class AsyncSession:
    """The tokens of one user.

    Args:
        home: where it lives.
        held: the tokens.
        stored: whether the storage keeps them; tokens that somebody handed in are not ours to keep.
    """

    def __init__(self, home: AsyncHome, held: Held, *, stored: bool) -> None:
        self._home = home
        self._held = held
        self._stored = stored
        self._kept: Held | None = None
        self._unsaved = False
        self._ended = False
        self._state = SessionState.SIGNED_IN
        self._changing = threading.Lock()

    @property
    def state(self) -> SessionState:
        """How the user is signed in, without asking anybody."""
        alive = not self._ended and self._held.tokens.refresh_token is None
        if alive and not self._home.is_fresh(self._held, margin=0):
            return SessionState.EXPIRED
        return self._state

    @property
    def last(self) -> Held:
        """What the user holds, or held when they signed out."""
        return self._held

    @property
    def held(self) -> Held:
        """What the user holds now, fresh or not.

        Raises:
            SignedOutError: the user has signed out.
        """
        if self._ended:
            raise SignedOutError(f"{self._held.username} is signed out: sign in again.")
        return self._held

    @property
    def stored(self) -> bool:
        """Whether the storage keeps the tokens."""
        return self._stored

    async def fresh(self) -> Held:
        """What the user holds, refreshed first where it is old. Without a refresh token it stays as it is."""
        held = self.held
        if held.tokens.refresh_token is None or self._home.is_fresh(held):
            return await self._saved(held)
        return await self.renewed(held)

    async def ahead(self, margin: float) -> None:
        """Refresh what will be old in `margin` seconds, and store what could not be. Raises as `renewed`."""
        held = await self._saved(self.held)
        if not self._home.is_fresh(held, margin=max(margin, self._home.refresh_margin)):
            await self.renewed(held)

    async def renewed(self, stale: Held, *, client_metadata: Mapping[str, str] | None = None) -> Held:
        """What the user holds in place of `stale`: refreshed, unless somebody else has done so meanwhile.

        Raises:
            SessionExpired: the service says that the session is over, or there is no refresh token.
            SignedOutError: the user has signed out.
            TokenError: the new tokens are not this user's or not genuine; the old ones are kept.
            ServiceError, TransportError, ProtocolError: the refresh failed for now; nobody is signed out.
            StorageError: the storage's lock could not be had.
        """
        if self.held is not stale:
            return self.held
        try:
            held = await self._shared(stale, client_metadata)
        except SessionExpired as error:
            await self._changed(SessionState.EXPIRED, ChangeReason.SESSION_EXPIRED, error)
            raise
        except SignedOutError as error:
            await self._changed(SessionState.SIGNED_OUT, ChangeReason.SIGNED_OUT_ELSEWHERE, error)
            raise
        except UserPoolError as error:
            await self._changed(SessionState.OFFLINE, ChangeReason.REFRESH_FAILED, error)
            raise
        with self._changing:
            known, self._held = self._held, held
        if known is not held and not self._ended:
            await self._changed(SessionState.SIGNED_IN, ChangeReason.REFRESHED)
        return self.held

    async def keep(self) -> None:
        """Store the tokens, and make this user the current one."""
        await self._save(self._held)
        with self._warned():
            current = self._home.keys.encode_current(self._held.username)
            await self._home.storage.save(self._home.keys.current, current)

    async def latest(self) -> Held:
        """The newest tokens of this sign-in: another process may have refreshed and stored them.

        Raises:
            SignedOutError: the user has signed out.
            StorageError: the storage cannot be read.
        """
        return await self._newest(self.held)

    async def end(self, reason: ChangeReason = ChangeReason.SIGNED_OUT) -> None:
        """Forget the tokens, here and in the storage. A refresh under way does not bring them back; `last`
        are the newest tokens of this sign-in, to be revoked.

        Raises:
            StorageError: the storage still has the tokens.
        """
        self._ended = True
        with self._changing:
            before, self._state = self._state, SessionState.SIGNED_OUT
        try:
            async with self._locked():
                self._held = await self._newest(self._held)
                await self._forget(self._held)
        finally:
            await self._tell(before, SessionState.SIGNED_OUT, reason)

    async def bind(self, device_key: str | None) -> None:
        """Have the tokens go with a device, or with none, from now on.

        Raises:
            SignedOutError: the user has signed out.
            StorageError: the storage's lock could not be had.
        """
        try:
            async with self._locked():
                held = replace(await self._reloaded(self.held), device_key=device_key)
                await self._save(held)
                self._held = held
        except SignedOutError as error:
            await self._changed(SessionState.SIGNED_OUT, ChangeReason.SIGNED_OUT_ELSEWHERE, error)
            raise

    async def _shared(self, stale: Held, client_metadata: Mapping[str, str] | None) -> Held:
        """Refresh, or wait for whoever is at it with the same tokens."""
        refresh_token = stale.tokens.refresh_token
        if refresh_token is None:
            raise SessionExpired("These tokens came without a refresh token: sign in again.")
        held = await self._home.flights.run(refresh_token, lambda: self._renew(stale, client_metadata))
        if held is not self._kept:
            # Another object with the same tokens did it, and need not have stored them.
            async with self._locked():
                if not self._ended:
                    await self._save(held)
        return held

    async def _changed(
        self, after: SessionState, reason: ChangeReason, error: UserPoolError | None = None
    ) -> None:
        """Tell of a change, once for all who find it; who has signed out changes no more."""
        with self._changing:
            before = self._state
            if self._ended and before == SessionState.SIGNED_OUT:
                return
            self._state = after
        if before != after or reason == ChangeReason.REFRESHED:
            await self._tell(before, after, reason, error)

    async def _tell(
        self,
        before: SessionState,
        after: SessionState,
        reason: ChangeReason,
        error: UserPoolError | None = None,
    ) -> None:
        held = self._held
        await self._home.watchers.tell(SessionChange(held.username, held.sub, before, after, reason, error))

    async def _renew(self, stale: Held, client_metadata: Mapping[str, str] | None) -> Held:
        async with self._locked():
            held = await self._reloaded(stale)
            if held.tokens != stale.tokens and self._home.is_fresh(held):
                self._kept = held
                return held
            try:
                renewed = await self._ask(held, client_metadata)
            except ServiceError as refusal:
                if not ends_session(refusal):
                    raise
                renewed = await self._ask_once_more(held, refusal, client_metadata)
            if self._ended:
                self._held = renewed  # for whoever revokes it
                raise SignedOutError(f"{held.username} has signed out meanwhile: sign in again.")
            await self._save(renewed)
            return renewed

    async def _ask(self, held: Held, client_metadata: Mapping[str, str] | None) -> Held:
        home = self._home
        conversation = flows.refresh.refresh(
            home.config,
            held.tokens.refresh_token or "",
            username=held.username,
            refresh_flow=home.refresh_flow,
            device_key=held.device_key,
            client_metadata=client_metadata,
        )
        renewed = home.taken(await home.connection.run(conversation), known=held)
        try:
            await home.check(renewed)
        except TokenVerificationError as error:
            if error.check != NO_KEYS:
                raise
            # The new refresh token is kept all the same: the old may be dead.
            tokens = replace(held.tokens, refresh_token=renewed.tokens.refresh_token)
            self._held = replace(held, tokens=tokens)
            if not self._ended:
                await self._save(self._held)
            raise
        return renewed

    async def _ask_once_more(
        self, held: Held, refusal: ServiceError, client_metadata: Mapping[str, str] | None
    ) -> Held:
        """The refresh token is dead. If the record has another by now, that one counts, once."""
        newer = await self._reloaded(held)
        if newer.tokens.refresh_token != held.tokens.refresh_token:
            return await self._ask(newer, client_metadata)
        self._ended = True
        await self._forget(held)
        raise SessionExpired(f"The session of {held.username} is over: sign in again.") from refusal

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        if not self._stored:
            yield
            return
        config = self._home.config
        # Whoever has the lock may be in two operations with all their repetitions: the refresh and the keys.
        async with self._home.storage.lock(self._key, timeout=2 * config.deadline):
            yield

    @property
    def _key(self) -> str:
        return self._home.keys.user(self._held.username)

    async def _reloaded(self, held: Held) -> Held:
        if not self._stored or self._unsaved:
            return held
        data = await self._home.storage.load(self._key)
        if data is None:
            self._ended = True
            raise SignedOutError(f"{held.username} has signed out elsewhere: sign in again.")
        # A record of another version is no sign-out: what is in memory goes on, and is written anew.
        return self._home.keys.decode(data, held.username) or held

    async def _saved(self, held: Held) -> Held:
        if self._unsaved:
            await self._save(held)
        return held

    async def _save(self, held: Held) -> None:
        self._kept = held
        if not self._stored:
            return
        self._unsaved = True
        try:
            with self._warned():
                await self._home.storage.save(self._key, self._home.keys.encode(held))
                self._unsaved = False
        except StorageWarning:
            self._held = held  # whoever makes errors of warnings loses no token by it
            raise

    @contextlib.contextmanager
    def _warned(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            warnings.warn(f"Signed in, but not for the next start: {error}", StorageWarning, stacklevel=3)

    async def _newest(self, held: Held) -> Held:
        if not self._stored:
            return held
        stored = self._home.keys.decode(await self._home.storage.load(self._key), held.username)
        if stored is None or not stored.same_sign_in(held):
            return held
        return max(held, stored, key=lambda each: each.claims["iat"])

    async def _forget(self, held: Held) -> None:
        if not self._stored:
            return
        home = self._home
        stored = home.keys.decode(await home.storage.load(self._key), held.username)
        if stored is not None and not stored.same_sign_in(held):
            return  # the same user has signed in anew, and that sign-in goes on
        await home.storage.delete(self._key)
        if home.keys.decode_current(await home.storage.load(home.keys.current)) == held.username:
            await home.storage.delete(home.keys.current)
