"""Pools' and clients' secrets, in and out of their seals: signing keys and client secrets.

Making an RSA key takes a tenth of a second and sometimes several, so it is done before a transaction, never
in one; `SpareKeys` makes some ahead.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from userpool.crypto import rs256

from .domain.records import AppClient, ClientSecret, KeyUse, SigningKey
from .keys import KeyRing
from .ports import Keys

_SIGNING_KEY = "signing key"
_CLIENT_SECRET = "client secret"

MakeKey = Callable[[], rs256.SigningKey]


def seal_signing_key(keys: Keys, pool_id: str, use: KeyUse, key: rs256.SigningKey, now: float) -> SigningKey:
    """The record of `key` as the one that signs tokens of kind `use` in a pool."""
    sealed = keys.seal(_SIGNING_KEY, key.to_der(), _context(pool_id, key.key_id))
    return SigningKey(pool_id, key.key_id, use, sealed, key.public.jwk(), now)


def open_signing_key(keys: Keys, record: SigningKey) -> rs256.SigningKey:
    """The private key of a record, ready to sign. Worth keeping: reading one costs as much as a signature."""
    der = keys.open(_SIGNING_KEY, record.sealed, _context(record.pool_id, record.kid))
    return rs256.SigningKey.from_der(der, record.kid)


def seal_client_secret(keys: Keys, client_id: str, secret_id: str, secret: str, now: float) -> ClientSecret:
    """The record of an app client's secret."""
    sealed = keys.seal(_CLIENT_SECRET, secret.encode(), _context(client_id, secret_id))
    return ClientSecret(secret_id, sealed, now)


def open_client_secrets(keys: Keys, client: AppClient) -> tuple[str, ...]:
    """An app client's secrets in clear; any of them is good."""
    return tuple(
        keys.open(_CLIENT_SECRET, one.sealed, _context(client.id, one.id)).decode() for one in client.secrets
    )


def renew_signing_key(ring: KeyRing, record: SigningKey) -> SigningKey:
    """A pool's key under the newest sealing key."""
    context = _context(record.pool_id, record.kid)
    return replace(record, sealed=ring.renew(_SIGNING_KEY, record.sealed, context))


def renew_client_secrets(ring: KeyRing, client: AppClient) -> AppClient:
    """An app client with its secrets under the newest sealing key."""
    secrets = tuple(
        replace(one, sealed=ring.renew(_CLIENT_SECRET, one.sealed, _context(client.id, one.id)))
        for one in client.secrets
    )
    return replace(client, secrets=secrets)


class SpareKeys:
    """RSA keys made ahead in a thread of their own, so that a new pool need not wait for them.

    Args:
        count: how many are kept ready; 0 makes each when it is asked for, in the caller's thread.
        make: how one is made.
    """

    def __init__(self, count: int = 0, make: MakeKey = rs256.SigningKey.generate) -> None:
        self._count = count
        self._make = make
        self._ready: deque[rs256.SigningKey] = deque()
        self._wanted = threading.Semaphore(count)
        self._closed = False
        self._thread: threading.Thread | None = None
        if count:
            self._thread = threading.Thread(target=self._fill, name="userpool-spare-keys", daemon=True)
            self._thread.start()

    def __call__(self) -> rs256.SigningKey:
        """A key that nobody else has."""
        try:
            key = self._ready.popleft()
        except IndexError:
            return self._make()
        self._wanted.release()
        return key

    def close(self) -> None:
        """Make no more. A key that is just being made is awaited."""
        self._closed = True
        self._wanted.release()
        if self._thread is not None:
            self._thread.join()

    def _fill(self) -> None:
        while self._wanted.acquire() and not self._closed:
            self._ready.append(self._make())


def _context(owner: str, name: str) -> bytes:
    return json.dumps([owner, name]).encode()
