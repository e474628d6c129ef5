"""A user pool in this very process: the client over a loopback over the service, with no port.

This is the one module that knows both sides. Get a pool by `UserPool.embedded(…)` or
`AsyncUserPool.embedded(…)`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from userpool.client._async.admin import AsyncAdmin
from userpool.client._async.pool import AsyncUserPool
from userpool.client._sync.admin import Admin
from userpool.client._sync.pool import UserPool
from userpool.client.credentials import no_credentials
from userpool.protocol.errors import MissingExtra, ParameterError, StorageError
from userpool.transports.loopback import LoopbackTransport

if TYPE_CHECKING:
    from userpool.client.waiting import AnyStorage
    from userpool.crypto.rs256 import SigningKey
    from userpool.protocol.passwords import PasswordPolicy
    from userpool.service.app import Service
    from userpool.service.clock import ServiceClock
    from userpool.service.keyfile import KeySet
    from userpool.service.messages.outbox import Delivered
    from userpool.service.ports import Triggers as Triggers
    from userpool.storage.api import Storage

MEMORY: Final = ":memory:"
REGION: Final = "us-east-1"
NAME: Final = "embedded"
"""What the pool and its client are called, so that they are found again."""

ORIGIN: Final = "http://localhost"
FLOWS: Final = (
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


class Outbox:
    """The messages that the pool has sent: sign-up codes, reset codes, MFA codes, invitations."""

    def __init__(self, service: Service, user_pool_id: str) -> None:
        self._service = service
        self._user_pool_id = user_pool_id

    def messages(self, to: str | None = None) -> list[Delivered]:
        """The messages that wait, oldest first; with `to`, those to this address or number."""
        return self._service.outbox(to, pool_id=self._user_pool_id)

    def code(self, to: str | None = None) -> str:
        """The code in the newest message, to this address or number if one is named.

        Raises:
            LookupError: there is no such message.
        """
        found = self.messages(to)
        if not found:
            raise LookupError("The outbox has no message" + (f" to {to}." if to else "."))
        return found[-1].code


@dataclass(frozen=True, slots=True)
class Embedded:
    """A service in this process, with the pool and the app client that belong to it."""

    service: Service
    transport: LoopbackTransport
    user_pool_id: str
    client_id: str


def open_embedded(
    path: str | os.PathLike[str] = MEMORY,
    triggers: Triggers | None = None,
    new_signing_key: Callable[[], SigningKey] | None = None,
) -> Embedded:
    """Open a service over the database in `path`, and make or find its pool and client.

    Args:
        path: a SQLite file, or `:memory:`.
        triggers: functions that take part in sign-ups and sign-ins.
        new_signing_key: makes the keys that sign tokens; by default new ones: a tenth of a second.

    Raises:
        MissingExtra: the service is not installed.
        ParameterError: the folder of `path` does not exist.
        StorageError: the database's key is missing, damaged, or another's.
    """
    try:
        from userpool.crypto.rs256 import SigningKey
        from userpool.service.app import Service
        from userpool.service.context import Settings
        from userpool.service.keyfile import KeyFileError, KeySet
    except ImportError as error:
        raise MissingExtra("service", "an embedded user pool") from error
    file, database = None, "sqlite:///:memory:"
    if os.fspath(path) != MEMORY:
        file = Path(path).absolute()
        if not file.parent.is_dir():
            raise ParameterError(f"The folder {file.parent} does not exist: make it first.")
        database = f"sqlite:///{file}"
    settings = Settings(region=REGION, signed_admin=False)
    try:
        keys = _keys_beside(file) if file else KeySet()
        service = Service.open(
            database,
            keys=keys,
            settings=settings,
            triggers=triggers,
            new_signing_key=new_signing_key or SigningKey.generate,
        )
    except KeyFileError as error:
        raise StorageError(str(error)) from error
    try:
        transport = LoopbackTransport(service)
        with Admin(region=REGION, endpoint=ORIGIN, transport=transport, credentials=no_credentials) as admin:
            user_pool_id = _pool(admin)
            return Embedded(service, transport, user_pool_id, _client(admin, user_pool_id))
    except BaseException:
        service.close()
        raise


def _keys_beside(file: Path) -> KeySet:
    """The sealing key of a database, from the file beside it; a new one (mode 0600) for a new database."""
    from userpool.service.keyfile import KeySet, SealingKey, load, save

    key_file = file.with_name(file.name + ".keys")
    if key_file.exists():
        return load(key_file)
    if file.exists():
        raise StorageError(f"{file} is there without its key file {key_file}: put its copy back.")
    keys = KeySet().with_sealing(SealingKey.generate(os.urandom, time.time()))
    save(key_file, keys)
    return keys


def _pool(admin: Admin) -> str:
    found = next((pool.id for pool in admin.user_pools() if pool.name == NAME), None)
    # As Cognito's API makes them, but that codes go out by e-mail: otherwise nobody could confirm a sign-up.
    return found or admin.create_user_pool(NAME, auto_verified_attributes=["email"]).id or ""


def _client(admin: Admin, user_pool_id: str) -> str:
    clients = admin.user_pool_clients(user_pool_id=user_pool_id)
    found = next((client.client_id for client in clients if client.client_name == NAME), None)
    if found:
        return found
    made = admin.create_user_pool_client(NAME, explicit_auth_flows=FLOWS, user_pool_id=user_pool_id)
    return made.client_id or ""


class _Operated:
    """What belongs to a pool of one's own, in either colour."""

    _embedded: Embedded

    @property
    def outbox(self) -> Outbox:
        """What the pool has sent."""
        return Outbox(self._embedded.service, self._embedded.user_pool_id)

    @property
    def clock(self) -> ServiceClock:
        """The pool's clock: `advance(seconds)` lets codes and tokens expire, `reset()` goes back."""
        return self._embedded.service.clock

    @property
    def transport(self) -> LoopbackTransport:
        """The way to the service, for another `UserPool` or `Admin` of your own."""
        return self._embedded.transport


class EmbeddedUserPool(_Operated, UserPool):
    """A user pool of this process. Closing it closes the service; a file keeps its users for the next time.

    Args:
        path: a SQLite file to make or to reopen, with its sealing key in a file of the same name and `.keys`;
            `:memory:` is gone with the process.
        storage: keeps the tokens; by default this process's memory.
        verify_tokens: as `UserPool`.
        triggers: functions of yours that take part in sign-ups and sign-ins, as Cognito's Lambda triggers do
            (`userpool.service.triggers.Triggers`).
        new_signing_key: makes the keys that sign tokens; by default new ones: a tenth of a second.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = MEMORY,
        *,
        storage: Storage | None = None,
        verify_tokens: bool = True,
        triggers: Triggers | None = None,
        new_signing_key: Callable[[], SigningKey] | None = None,
    ) -> None:
        self._embedded = open_embedded(path, triggers, new_signing_key)
        super().__init__(
            self._embedded.user_pool_id,
            self._embedded.client_id,
            endpoint=ORIGIN,
            transport=self.transport,
            storage=storage,
            verify_tokens=verify_tokens,
            clock=self.clock.now,
        )

    @property
    def admin(self) -> Admin:
        """The pool's administration; in the same process nobody asks for credentials."""
        return Admin.beside(self._connection, self._config, no_credentials)

    def app_client(
        self,
        client_id: str,
        client_secret: str | tuple[str, str] | None = None,
        *,
        storage: Storage | None = None,
        password_policy: PasswordPolicy | None = None,
    ) -> UserPool:
        """The same pool, seen by another of its app clients, such as one that `admin` has made."""
        return UserPool(
            self.user_pool_id,
            client_id,
            client_secret,
            endpoint=ORIGIN,
            transport=self.transport,
            storage=storage,
            password_policy=password_policy,
            clock=self.clock.now,
        )

    def close(self) -> None:
        """Close the service."""
        super().close()
        self._embedded.service.close()


class AsyncEmbeddedUserPool(_Operated, AsyncUserPool):
    """As `EmbeddedUserPool`, for asyncio: the service works in threads."""

    def __init__(
        self,
        path: str | os.PathLike[str] = MEMORY,
        *,
        storage: AnyStorage | None = None,
        verify_tokens: bool = True,
        triggers: Triggers | None = None,
        new_signing_key: Callable[[], SigningKey] | None = None,
    ) -> None:
        self._embedded = open_embedded(path, triggers, new_signing_key)
        super().__init__(
            self._embedded.user_pool_id,
            self._embedded.client_id,
            endpoint=ORIGIN,
            transport=self.transport,
            storage=storage,
            verify_tokens=verify_tokens,
            clock=self.clock.now,
        )

    @property
    def admin(self) -> AsyncAdmin:
        """The pool's administration; in the same process nobody asks for credentials."""
        return AsyncAdmin.beside(self._connection, self._config, no_credentials)

    def app_client(
        self,
        client_id: str,
        client_secret: str | tuple[str, str] | None = None,
        *,
        storage: AnyStorage | None = None,
        password_policy: PasswordPolicy | None = None,
    ) -> AsyncUserPool:
        """The same pool, seen by another of its app clients, such as one that `admin` has made."""
        return AsyncUserPool(
            self.user_pool_id,
            client_id,
            client_secret,
            endpoint=ORIGIN,
            transport=self.transport,
            storage=storage,
            password_policy=password_policy,
            clock=self.clock.now,
        )

    async def aclose(self) -> None:
        """Close the service."""
        await super().aclose()
        self._embedded.service.close()
