"""The one place where the service is put together: store, clock, keys, messages and operations."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Self

from userpool.crypto.powers import Prefer, gmpy2_installed, power
from userpool.crypto.rs256 import SigningKey
from userpool.protocol.effects import Power
from userpool.protocol.errors import ServiceError
from userpool.protocol.http import Request, Response

from . import operations
from .access_sigv4 import AdminAccess
from .clock import ServiceClock
from .context import Context, Settings
from .development import PREFIX
from .dispatch import QUICK, Dispatcher
from .keyfile import KeySet, SealingKey
from .keys import KeyRing, open_ring
from .messages.outbox import Delivered, Outbox, reveal
from .ports import Messages, Random, Store, Triggers
from .reseal import reseal
from .sealed import SpareKeys
from .store import open_store
from .triggers import Triggers as Functions

MEMORY = "sqlite:///:memory:"
PURGE_SECONDS = 600

_logger = logging.getLogger("userpool.service")


class Service:
    """A user pool service that runs: hand it requests, close it at the end.

        with Service.open() as service:
            response = service.handle(request)

    Make one with `open`.
    """

    def __init__(
        self,
        context: Context,
        admins: AdminAccess,
        ring: KeyRing,
        clock: ServiceClock,
        spare_keys: SpareKeys,
        *,
        local: bool,
    ) -> None:
        self.context = context
        self.clock = clock
        self._ring = ring
        self._local = local
        self._purge_at = clock.now() + PURGE_SECONDS
        self._spare_keys = spare_keys
        self._after_reset: Callable[[], None] | None = None
        self._dispatcher = Dispatcher(context, admins, self.reset)

    @classmethod
    def open(
        cls,
        database: str = MEMORY,
        *,
        keys: KeySet | None = None,
        settings: Settings | None = None,
        clock: ServiceClock | None = None,
        random: Random = os.urandom,
        messages: Messages | None = None,
        triggers: Triggers | None = None,
        power: Power | None = None,
        spare_keys: int = 0,
        new_signing_key: Callable[[], SigningKey] = SigningKey.generate,
    ) -> Self:
        """Open a database and the service over it.

        Args:
            database: `sqlite:///path`, `sqlite:///:memory:` or `postgresql://…`.
            keys: the sealing keys that the database belongs to, and administrators' access keys. A database
                in memory needs none: it gets a key that dies with it.
            settings: region, issuer, development mode and so on.
            clock: the service's clock; by default one over the machine's own.
            random: a cryptographic source of random bytes.
            messages: what delivers codes; by default they stay in the outbox.
            triggers: functions of yours that take part in sign-ups and sign-ins
                (`userpool.service.triggers.Triggers`); by default none.
            power: modular powers for SRP; by default gmpy2's where it is installed.
            spare_keys: how many RSA keys are made ahead in the background, so that a new pool is there at
                once.
            new_signing_key: how they are made; tests, which make many pools, take some again.

        Raises:
            KeyFileError: there is no sealing key, or it is not the one of this database.
        """
        settings = settings or Settings()
        clock = clock or ServiceClock()
        if keys is None:
            keys = KeySet()
        if not keys.sealing and database == MEMORY:
            keys = keys.with_sealing(SealingKey.generate(random, clock.now()))
        operations.load()
        store: Store = open_store(database)
        try:
            ring = open_ring(store, keys, random)
        except BaseException:
            store.close()
            raise
        made = SpareKeys(spare_keys, new_signing_key)
        context = Context(
            store=store,
            clock=clock,
            random=random,
            keys=ring,
            messages=messages or Outbox(announce=settings.development),
            triggers=triggers or Functions(),
            power=power or _fast_power(),
            settings=settings,
            new_signing_key=made,
        )
        admins = AdminAccess(keys, settings, clock)
        return cls(context, admins, ring, clock, made, local=database.startswith("sqlite:"))

    def handle(self, request: Request, source_ip: str = "") -> Response:
        """Answer one request; safe to call from many threads, and never raises."""
        if self.clock.now() >= self._purge_at:
            self.purge_quietly()
        return self._dispatcher.handle(request, source_ip)

    def answer_quickly(self, request: Request, source_ip: str = "") -> Response | None:
        """The answer to a request that takes a few reads of a local database at most; `None` for any other.

        An adapter may call this where it must not be held up for long, such as in an event loop: handing the
        request to a thread would cost more than the answer does.
        """
        quick = request.method != "POST" or request.headers.get("x-amz-target") in QUICK
        if not self._local or not quick or request.path.startswith(PREFIX):
            return None
        return self._dispatcher.handle(request, source_ip)

    def refuse(self, error: ServiceError) -> Response:
        """The answer to a request that an adapter refuses unread: too large, too slow, too many."""
        return self._dispatcher.refuse(error)

    def outbox(self, to: str | None = None, *, pool_id: str | None = None) -> list[Delivered]:
        """The messages that wait, oldest first, with their codes in clear.

        Args:
            to: only those to this address or number.
            pool_id: only those of this pool.
        """
        messages = self.context.store.read(lambda reader: reader.messages(to=to, pool_id=pool_id))
        return reveal(self.context.keys, messages)

    def reseal(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Seal everything with the newest sealing key; how many records that took.

        After it the older keys are needed for nothing but challenges that are being answered. `stopped` is
        asked before each step and ends it early.
        """
        return reseal(self.context.store, self._ring, stopped)

    def purge(self) -> int:
        """Delete what has expired; how many rows went. `handle` does it by itself every few minutes."""
        now = self.clock.now()
        self._purge_at = now + PURGE_SECONDS
        purged = 0
        while gone := self.context.store.write(lambda writer: writer.purge(now)):
            purged += gone
        return purged

    def purge_quietly(self) -> None:
        """Delete what has expired; a failure is logged and tried again later."""
        try:
            self.purge()
        except Exception:
            # Whoever asks for something else now must not suffer; the next round tries again.
            _logger.exception("what has expired could not be purged")

    def reset(self) -> None:
        """Empty the store, and make again what `seed` made."""
        self.context.store.reset()
        self._ring.keep_root(self.context.store)
        self.context.signing.forget()
        if self._after_reset is not None:
            self._after_reset()

    def seed(self, make: Callable[[Context], None]) -> None:
        """Fill the store with `make`, now and after every `reset`."""
        make(self.context)
        self._after_reset = lambda: make(self.context)

    def close(self) -> None:
        """Finish what is under way and close the store."""
        self._spare_keys.close()
        self.context.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fast_power() -> Power:
    return power(Prefer.GMPY2 if gmpy2_installed() else Prefer.PYTHON)
