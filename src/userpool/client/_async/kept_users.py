"""The users whom a storage keeps for one app client: all of them, the current one, another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from userpool.client.changes import ChangeReason, SessionChange, SessionState
from userpool.client.waiting import Once
from userpool.protocol.errors import SignedOutError

if TYPE_CHECKING:
    from userpool.client.held import Held

    from .home import AsyncHome
    from .user import AsyncUser
    from .watchers import AsyncWatcher


class AsyncKeptUsers:
    """Several people may be signed in at one app client and one storage; one of them is the current user."""

    _homes: Once[AsyncHome]

    async def current_user(self) -> AsyncUser | None:
        """Who signed in last, or was switched to, and has not signed out, by the storage; asks nobody else.

        Raises:
            StorageError: the storage cannot be read.
        """
        home = self._home
        username = home.keys.decode_current(await home.storage.load(home.keys.current))
        held = await self._read(username) if username is not None else None
        return home.kept_user(held) if held else None

    async def users(self) -> list[AsyncUser]:
        """Everybody whom the storage keeps for this app client, by user name.

        Raises:
            StorageError: the storage cannot be read.
        """
        return [self._home.kept_user(held) for held in await self._all()]

    async def stored_user(self, username: str) -> AsyncUser | None:
        """One of those whom the storage keeps.

        Args:
            username: the user name, the `sub`, or whatever the user may type: a name that the ID token tells,
                a verified address, in any case of letters.

        Raises:
            StorageError: the storage cannot be read.
        """
        held = await self._find(username)
        return self._home.kept_user(held) if held else None

    async def switch_user(self, username: str) -> AsyncUser:
        """Make another user the current one. The one who was it stays signed in.

        Args:
            username: as `stored_user`.

        Raises:
            SignedOutError: the storage keeps no such user: sign in.
            StorageError: the storage cannot be read or written.
        """
        user = await self.stored_user(username)
        if user is None:
            raise SignedOutError(f"The storage keeps no user {username}: sign in, or see users().")
        home = self._home
        await home.storage.save(home.keys.current, home.keys.encode_current(user.username))
        return user

    async def remove_user(self, username: str) -> bool:
        """Drop a user's tokens from the storage, without a word to the service (`User.sign_out` tells it).

        Args:
            username: as `stored_user`; of a record that cannot be read, the user name.

        Returns:
            Whether there was something to drop.

        Raises:
            StorageError: the storage may still have the tokens.
        """
        home = self._home
        held = await self._find(username)
        name = held.username if held else username
        key = home.keys.user(name)
        async with home.storage.lock(key, timeout=2 * home.config.deadline):
            there = await home.storage.load(key) is not None
            await home.storage.delete(key)
            if home.keys.decode_current(await home.storage.load(home.keys.current)) == name:
                await home.storage.delete(home.keys.current)
        if held is not None:
            change = (SessionState.SIGNED_IN, SessionState.SIGNED_OUT, ChangeReason.REMOVED)
            await home.watchers.tell(SessionChange(held.username, held.sub, *change))
        return there

    def on_change(self, tell: AsyncWatcher) -> Callable[[], None]:
        """Have a function told how the users of this pool are signed in: each change of `User.state`, and
        each refresh, with its reason. Pools of `with_storage` tell the same functions.

        It is called when no lock is held, before the call that made the change returns, once for each object
        of a user. What it raises is logged, to the logger `userpool`, and goes no further.

        Args:
            tell: is called with a `SessionChange`.

        Returns:
            A function that ends this.
        """
        return self._home.watchers.add(tell)

    async def import_from_javascript(
        self, items: Mapping[str, object] | str, *, cookies: bool = False
    ) -> list[AsyncUser]:
        """Take in the users that amazon-cognito-identity-js or Amplify has kept for this app client: tokens,
        devices, and who signed in last. Nobody is asked, and nothing verified: it is believed as a storage
        is.

        Both sides then hold one refresh token. Where it rotates, only the one that uses it first stays
        signed in: leave the other behind.

        Args:
            items: what localStorage or the cookies hold, by name, or `JSON.stringify(localStorage)`.
            cookies: whether names and values are percent-encoded, as they are in cookies.

        Returns:
            Who is kept now. Entries without a whole access token are left out.

        Raises:
            ParameterError: the text is no JSON object.
            StorageError: not all of it is kept.
        """
        from .moving import move_in

        return await move_in(self._home, items, cookies=cookies)

    async def export_to_javascript(self, *, cookies: bool = False) -> dict[str, str]:
        """All users of the storage in the layout of amazon-cognito-identity-js and Amplify: for
        `localStorage.setItem`, by name. It holds tokens and devices: keep it as you would keep a password.

        Args:
            cookies: percent-encode names and values, as these libraries do in cookies.

        Raises:
            StorageError: the storage cannot be read.
        """
        from .moving import move_out

        return await move_out(self._home, await self._all(), cookies=cookies)

    @property
    def _home(self) -> AsyncHome:
        return self._homes()

    async def _read(self, username: str) -> Held | None:
        home = self._home
        return home.keys.decode(await home.storage.load(home.keys.user(username)), username)

    async def _all(self) -> list[Held]:
        keys = self._home.keys
        named = sorted(filter(None, map(keys.username, await self._home.storage.keys())))
        found = [await self._read(username) for username in named]
        return [held for held in found if held is not None]

    async def _find(self, name: str) -> Held | None:
        exactly = await self._read(name)
        if exactly is not None:
            return exactly
        for held in await self._all():
            if name.casefold() in {known.casefold() for known in held.names}:
                return held
        return None
