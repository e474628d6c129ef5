"""Sealing everything anew with the newest key, so that an older one can be revoked.

It runs beside the service's other work, some records at a time, and can be stopped and run again: what is
done stays done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from .devices import renew_device
from .domain.records import AppClient, Pool, User
from .domain.search import position
from .keys import KeyRing
from .messages import outbox
from .passwords import renew_passwords
from .ports import Reader, Store, Writer
from .sealed import renew_client_secrets, renew_signing_key
from .totp_seeds import renew_seed

AT_ONCE = 100
"""Records that are read, and changed in one transaction."""

T = TypeVar("T", covariant=True)


class _Page(Protocol[T]):
    def __call__(self, reader: Reader, after: str | None) -> Sequence[T]: ...


def reseal(store: Store, ring: KeyRing, stopped: Callable[[], bool] = lambda: False) -> int:
    """Seal with the newest key of `ring` whatever is under an older one; how many records that took.

    Args:
        store: what is sealed.
        ring: with the old keys and the new one.
        stopped: asked before each step; `True` ends it early.

    Raises:
        Unsealable: the key of a record is gone.
    """
    changed = 0
    for change in _changes(store, ring):
        if stopped():
            break
        changed += store.write(change)
    return changed


def _changes(store: Store, ring: KeyRing) -> Iterator[Callable[[Writer], int]]:
    for pools in _pages(store, _pools, lambda pool: pool.id):
        for pool in pools:
            yield _keys_of(ring, pool.id)
            for clients in _pages(store, _clients_of(pool.id), lambda client: client.id):
                yield _renew_clients(ring, clients)
            for users in _pages(store, _users_of(pool.id), position):
                yield _renew_users(ring, users)
    yield _renew_messages(ring)


def _pages(store: Store, page: _Page[T], key: Callable[[T], str]) -> Iterator[Sequence[T]]:
    after: str | None = None
    while True:
        found = store.read(_reading(page, after))
        yield found
        if len(found) < AT_ONCE:
            return
        after = key(found[-1])


def _reading(page: _Page[T], after: str | None) -> Callable[[Reader], Sequence[T]]:
    return lambda reader: page(reader, after)


def _pools(reader: Reader, after: str | None) -> Sequence[Pool]:
    return reader.pools(limit=AT_ONCE, after=after)


def _clients_of(pool_id: str) -> _Page[AppClient]:
    def page(reader: Reader, after: str | None) -> Sequence[AppClient]:
        return reader.clients(pool_id, limit=AT_ONCE, after=after)

    return page


def _users_of(pool_id: str) -> _Page[User]:
    def page(reader: Reader, after: str | None) -> Sequence[User]:
        return reader.whole_users(pool_id, limit=AT_ONCE, after=after)

    return page


def _keys_of(ring: KeyRing, pool_id: str) -> Callable[[Writer], int]:
    def change(writer: Writer) -> int:
        changed = 0
        for key in writer.signing_keys(pool_id):
            renewed = renew_signing_key(ring, key)
            if renewed != key:
                writer.put_signing_key(renewed)
                changed += 1
        return changed

    return change


def _renew_clients(ring: KeyRing, clients: Sequence[AppClient]) -> Callable[[Writer], int]:
    def change(writer: Writer) -> int:
        changed = 0
        for one in clients:
            # What was read may have changed since.
            client = writer.client(one.id)
            renewed = None if client is None else renew_client_secrets(ring, client)
            if renewed is not None and renewed != client:
                writer.put_client(renewed)
                changed += 1
        return changed

    return change


def _renew_users(ring: KeyRing, users: Sequence[User]) -> Callable[[Writer], int]:
    def change(writer: Writer) -> int:
        changed = 0
        for one in users:
            user = writer.user(one.pool_id, one.sub)
            renewed = None if user is None else renew_seed(ring, renew_passwords(ring, user))
            if renewed is not None and renewed != user:
                writer.put_user(renewed)
                changed += 1
            changed += _renew_devices(ring, writer, one)
        return changed

    return change


def _renew_devices(ring: KeyRing, writer: Writer, user: User) -> int:
    changed, after = 0, None
    while True:
        devices = writer.devices(user.pool_id, user.sub, limit=AT_ONCE, after=after)
        for device in devices:
            renewed = renew_device(ring, device)
            if renewed != device:
                writer.put_device(renewed)
                changed += 1
        if len(devices) < AT_ONCE:
            return changed
        after = devices[-1].key


def _renew_messages(ring: KeyRing) -> Callable[[Writer], int]:
    def change(writer: Writer) -> int:
        changed = 0
        for message in writer.messages():
            renewed = outbox.renew(ring, message)
            if renewed != message:
                writer.delete_message(message.id)
                writer.add_message(renewed)
                changed += 1
        return changed

    return change
