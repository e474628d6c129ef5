"""Where a public call takes place: an app client and its pool, and the proof that the caller is that
client.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Self

from userpool.protocol.errors import NotAuthorizedException, ServiceError
from userpool.protocol.secret_hash import secret_hash_matches

from .domain.records import AppClient, Pool, User
from .domain.settings import ClientSettings, PoolSettings
from .domain.usernames import canonical
from .operations.lookup import existing_client, existing_pool
from .ports import Keys, Reader
from .sealed import open_client_secrets


@dataclass(frozen=True, slots=True)
class Realm:
    """An app client and its pool, with what they are set to."""

    pool: Pool
    client: AppClient
    settings: PoolSettings
    client_settings: ClientSettings
    source_ip: str = field(default="", repr=False)
    """The address of whoever signs in, as far as it is known."""

    @classmethod
    def of(cls, pool: Pool, client: AppClient, source_ip: str = "") -> Self:
        """The realm of two records that belong together."""
        return cls(pool, client, PoolSettings(pool), ClientSettings(client), source_ip)

    @classmethod
    def read(cls, reader: Reader, client_id: str, pool_id: str | None = None, source_ip: str = "") -> Self:
        """Find an app client, of the pool `pool_id` where an administrator names it.

        Raises:
            ResourceNotFoundException: no such client, or it is another pool's.
        """
        if pool_id is not None:
            existing_pool(reader, pool_id)
        client = existing_client(reader, client_id, pool_id)
        return cls.of(existing_pool(reader, client.pool_id), client, source_ip)

    @property
    def pool_name(self) -> str:
        """The part of the pool's id that enters SRP."""
        return self.pool.id.partition("_")[2]

    def check_secret_hash(self, keys: Keys, received: str | None, username: str | None) -> None:
        """Refuse a caller who does not prove the client's secret. Any of its secrets is good.

        Args:
            keys: the key ring.
            received: `SECRET_HASH` or `SecretHash` of the request.
            username: the name of this very request that the hash is made over.

        Raises:
            NotAuthorizedException: the hash is missing, wrong, or comes for a client without a secret.
        """
        if received is None and not self.client_settings.has_secret:
            return
        self._check_received(received)
        matches = [
            secret_hash_matches(received or "", username or "", self.client.id, secret)
            for secret in open_client_secrets(keys, self.client)
        ]
        if not any(matches):
            raise NotAuthorizedException(f"Unable to verify secret hash for client {self.client.id}")

    def check_client_secret(
        self, keys: Keys, received: str | None, error: type[ServiceError] = NotAuthorizedException
    ) -> None:
        """As `check_secret_hash`, for the operations that take the secret itself.

        Raises:
            ServiceError: of the class `error`.
        """
        if received is None and not self.client_settings.has_secret:
            return
        self._check_received(received, error)
        given = (received or "").encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(given, one.encode()) for one in open_client_secrets(keys, self.client)]
        if not any(matches):
            raise error(f"Unable to verify secret hash for client {self.client.id}")

    def _check_received(
        self, received: str | None, error: type[ServiceError] = NotAuthorizedException
    ) -> None:
        if received is None:
            raise error(f"Client {self.client.id} is configured for secret but secret was not received")


def find_user(reader: Reader, settings: PoolSettings, typed: str) -> User | None:
    """The user whom the name `typed` finds: by user name or by a verified alias."""
    return reader.user_named(settings.pool.id, (canonical(settings, typed),))
