"""Users who move between a storage of ours and a browser's, to and fro."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from userpool.client.held import Held, hold
from userpool.client.js_layout import MovedUser, read, write
from userpool.protocol.errors import TokenError

if TYPE_CHECKING:
    from .home import AsyncHome
    from .user import AsyncUser


async def move_in(home: AsyncHome, items: Mapping[str, object] | str, *, cookies: bool) -> list[AsyncUser]:
    """Keep the users of a browser's storage; `AsyncUserPool.import_from_javascript` explains it."""
    users: list[AsyncUser] = []
    for moved in read(items, home.config.client_id, cookies=cookies):
        try:
            held = hold(moved.tokens, client_id=home.config.client_id, device_key=moved.device_key)
        except TokenError:
            continue  # tokens that are none keep nobody else from moving
        held = await _kept(home, held)
        if moved.last:
            await home.storage.save(home.keys.current, home.keys.encode_current(held.username))
        if moved.device:
            await home.devices.keep(moved.device, held.username, {moved.name, *held.names})
        users.append(home.kept_user(held))
    return users


async def move_out(home: AsyncHome, users: list[Held], *, cookies: bool) -> dict[str, str]:
    """What a browser's storage would hold of these users."""
    current = home.keys.decode_current(await home.storage.load(home.keys.current))
    moved = [
        MovedUser(
            held.username,
            held.tokens,
            await home.devices.find(held.username),
            held.device_key,
            last=held.username == current,
        )
        for held in users
    ]
    return write(moved, home.config.client_id, cookies=cookies)


async def _kept(home: AsyncHome, held: Held) -> Held:
    """Store what has come, unless a later refresh of the same sign-in is there already."""
    key = home.keys.user(held.username)
    async with home.storage.lock(key, timeout=2 * home.config.deadline):
        stored = home.keys.decode(await home.storage.load(key), held.username)
        if stored is not None and stored.same_sign_in(held) and stored.claims["iat"] >= held.claims["iat"]:
            return stored
        await home.storage.save(key, home.keys.encode(held))
    return held
