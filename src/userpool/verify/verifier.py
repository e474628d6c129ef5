"""Token verification in both colours."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from userpool.crypto.jwks import MAX_BYTES
from userpool.crypto.rs256 import PublicKey
from userpool.protocol.effects import Flow, monotonic, now
from userpool.protocol.tokens import TokenUse
from userpool.transports.drive import AsyncWorld, World, arun, run

from .claims import Claims
from .errors import KeysUnavailable
from .keys import KeySet
from .rules import Jwks, Rules, keys_uri, load_jwks

if TYPE_CHECKING:
    from userpool.transports.api import AsyncTransport, Transport  # noqa: F401 - named in quotes below

T = TypeVar("T")
AnyTransport = TypeVar("AnyTransport")


class Verifier(Generic[AnyTransport]):
    """What both verifiers are told; the arguments are explained there."""

    def __init__(
        self,
        user_pool_id: str | None = None,
        *,
        client_id: str | Collection[str] | None,
        token_use: TokenUse | str | None,
        issuer: str | None = None,
        scopes: Collection[str] = (),
        groups: Collection[str] = (),
        audience: str | None = None,
        leeway: float = 0,
        jwks: Jwks | None = None,
        jwks_uri: str | None = None,
        endpoint: str | None = None,
        allow_insecure_http: bool = False,
        offline: bool = False,
        transport: AnyTransport | None = None,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = Rules(
            user_pool_id,
            issuer=issuer,
            client_id=client_id,
            token_use=token_use,
            scopes=scopes,
            groups=groups,
            audience=audience,
            leeway=leeway,
        )
        uri = keys_uri(
            user_pool_id,
            issuer=issuer,
            jwks_uri=jwks_uri,
            endpoint_url=endpoint,
            allow_insecure_http=allow_insecure_http,
        )
        self._keys = KeySet(None if offline else uri, load_jwks(jwks), timeout)
        self._transport = transport
        self._clock = clock
        self._steady_clock = steady_clock
        self._begin()

    def _begin(self) -> None:
        """Make the locks, anew in a forked child."""

    def verifying(
        self, token: str, *, nonce: str | None = None, access_token: str | None = None
    ) -> Flow[Claims]:
        """`verify` as a flow, for a conversation that runs on a driver of its own.

        The keys are fetched through that driver; of several conversations at once each may fetch them.
        """
        parsed = self._rules.parse(token)
        key = self._keys.known(parsed.key_id, (yield from monotonic()))
        if key is None:
            key = yield from self._keys.find(parsed.key_id)
        return self._rules.check(parsed, key, (yield from now()), nonce, access_token)

    @property
    def issuers(self) -> tuple[str, ...]:
        """Whose tokens are taken: the issuers that the keys are trusted for."""
        return self._rules.issuers

    def jwks(self) -> dict[str, Any]:
        """The pool's keys as they are known now: a document to keep and to give as `jwks=` another time."""
        return self._keys.jwks()


class TokenVerifier(Verifier["Transport"]):
    """Verifies tokens of a user pool, strictly: RS256 only, and every claim that decides.

    One is made once and shared by threads. Tokens are checked here without asking anybody: one whose session
    has been revoked passes until it expires. The pool's keys are fetched when the first token comes, again
    for a key that is new (at most once in ten seconds), and every hour; while they cannot be fetched, those
    that are known go on working.

        verifier = TokenVerifier("us-east-1_aB12cDe34", client_id="7ghr5379…", token_use="access")
        claims = verifier.verify(token)
        claims.sub, claims.scopes, claims["event_id"]

    Args:
        user_pool_id: the pool whose tokens are taken, in either form of AWS's issuer.
        client_id: the app client that the tokens are for, or several; `None`, written out, takes any
            client's.
        token_use: `"access"` or `"id"`; `None`, written out, takes either.
        issuer: whose tokens are taken, where the pool is not AWS's own or names itself by a URL of its own.
        scopes: scopes that an access token must have, all of them.
        groups: groups of which the user must be in one.
        audience: the resource that an access token must be bound to.
        leeway: seconds by which clocks may differ, at most 300.
        jwks: the keys, where they are known beforehand: a document, decoded or not, or the path of a file.
        jwks_uri: where the keys are, if not where the pool's id, the issuer or the endpoint say.
        endpoint: the address of a pool that you run, as `http://127.0.0.1:9339`.
        allow_insecure_http: take keys over `http://` from another machine.
        offline: never fetch: make do with `jwks`.
        transport: fetches the keys, and is yours to close; by default one over httpx2.
        timeout: seconds for one fetch.
        clock: the time in seconds since the epoch.
        steady_clock: a clock in seconds that never steps.

    Raises `ParameterError` where an argument cannot be right.
    """

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._fetching = threading.Lock()

    def verify(self, token: str, *, nonce: str | None = None, access_token: str | None = None) -> Claims:
        """Verify `token` and return its claims.

        Args:
            token: as it was received, without `Bearer `.
            nonce: what was sent to the authorisation endpoint; an ID token must repeat it.
            access_token: came beside this ID token; where the token has an `at_hash`, it must fit.

        Raises:
            TokenVerificationError: `check` names what the token did not pass; the sub-class says what to do.
            KeysUnavailable: the pool's keys could not be fetched; the token may be good.
        """
        parsed = self._rules.parse(token)
        key = self._keys.known(parsed.key_id, self._steady_clock()) or self._find(parsed.key_id)
        return self._rules.check(parsed, key, self._clock(), nonce, access_token)

    def fetch_keys(self) -> None:
        """Fetch the pool's keys now, so that the first token need not wait. Raises `KeysUnavailable`."""
        with self._lock():
            self._run(self._keys.refresh())
            failure = self._keys.failure
        if failure is not None:
            raise KeysUnavailable(failure)

    def _find(self, key_id: str) -> PublicKey:
        lock = self._lock()
        old = self._keys.at_hand(key_id)
        free = lock.acquire(blocking=old is None)
        if old is not None and not free:
            return old  # somebody is fetching; a key at hand will do until then
        try:
            return self._run(self._keys.find(key_id))
        finally:
            lock.release()

    def _lock(self) -> threading.Lock:
        if self._pid != os.getpid():
            self._begin()
        return self._fetching

    def _run(self, flow: Flow[T]) -> T:
        if self._transport is not None:
            return run(flow, World(self._transport, monotonic=self._steady_clock))
        from userpool.transports.http import HttpTransport

        # Fetches are hours apart: a connection is made for each, and none is left open.
        transport = HttpTransport(body_limit=MAX_BYTES)
        try:
            return run(flow, World(transport, monotonic=self._steady_clock))
        finally:
            transport.close()


class AsyncTokenVerifier(Verifier["AsyncTransport"]):
    """Verifies tokens of a user pool in asyncio: `TokenVerifier` with `await`.

    The check of a signature takes some 50 microseconds and is done in the event loop.

    Args:
        user_pool_id: the pool whose tokens are taken, in either form of AWS's issuer.
        client_id: the app client that the tokens are for, or several; `None`, written out, takes any
            client's.
        token_use: `"access"` or `"id"`; `None`, written out, takes either.
        issuer: whose tokens are taken, where the pool is not AWS's own or names itself by a URL of its own.
        scopes: scopes that an access token must have, all of them.
        groups: groups of which the user must be in one.
        audience: the resource that an access token must be bound to.
        leeway: seconds by which clocks may differ, at most 300.
        jwks: the keys, where they are known beforehand: a document, decoded or not, or the path of a file.
        jwks_uri: where the keys are, if not where the pool's id, the issuer or the endpoint say.
        endpoint: the address of a pool that you run, as `http://127.0.0.1:9339`.
        allow_insecure_http: take keys over `http://` from another machine.
        offline: never fetch: make do with `jwks`.
        transport: fetches the keys, and is yours to close; by default one over httpx2.
        timeout: seconds for one fetch.
        clock: the time in seconds since the epoch.
        steady_clock: a clock in seconds that never steps.

    Raises `ParameterError` where an argument cannot be right.
    """

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def verify(
        self, token: str, *, nonce: str | None = None, access_token: str | None = None
    ) -> Claims:
        """Verify `token` and return its claims.

        Args:
            token: as it was received, without `Bearer `.
            nonce: what was sent to the authorisation endpoint; an ID token must repeat it.
            access_token: came beside this ID token; where the token has an `at_hash`, it must fit.

        Raises:
            TokenVerificationError: `check` names what the token did not pass; the sub-class says what to do.
            KeysUnavailable: the pool's keys could not be fetched; the token may be good.
        """
        parsed = self._rules.parse(token)
        key = self._keys.known(parsed.key_id, self._steady_clock()) or await self._find(parsed.key_id)
        return self._rules.check(parsed, key, self._clock(), nonce, access_token)

    async def fetch_keys(self) -> None:
        """Fetch the pool's keys now, so that the first token need not wait. Raises `KeysUnavailable`."""
        async with self._lock():
            await self._run(self._keys.refresh())
            failure = self._keys.failure
        if failure is not None:
            raise KeysUnavailable(failure)

    async def _find(self, key_id: str) -> PublicKey:
        lock = self._lock()
        old = self._keys.at_hand(key_id)
        if old is not None and lock.locked():
            return old  # somebody is fetching; a key at hand will do until then
        async with lock:
            return await self._run(self._keys.find(key_id))

    def _lock(self) -> asyncio.Lock:
        if self._pid != os.getpid():
            self._begin()
        loop = asyncio.get_running_loop()
        if loop not in self._locks:
            # A lock belongs to one loop, and would keep one that has ended alive.
            for ended in [other for other in self._locks if other.is_closed()]:
                del self._locks[ended]
        return self._locks.setdefault(loop, asyncio.Lock())

    async def _run(self, flow: Flow[T]) -> T:
        if self._transport is not None:
            return await arun(flow, AsyncWorld(self._transport, monotonic=self._steady_clock))
        from userpool.transports.http import AsyncHttpTransport

        transport = AsyncHttpTransport(body_limit=MAX_BYTES)
        try:
            return await arun(flow, AsyncWorld(transport, monotonic=self._steady_clock))
        finally:
            await transport.aclose()
