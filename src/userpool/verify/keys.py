"""The keys of one pool: fetched when they are needed, kept through outages, asked for at a bounded rate.

No lock is held here: the faces see to it that one fetch is under way at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from userpool.crypto.jwks import MAX_BYTES, InvalidKeySet, PublicKeys
from userpool.crypto.rs256 import PublicKey
from userpool.protocol.effects import Flow, monotonic, send
from userpool.protocol.errors import ParameterError, TransportError
from userpool.protocol.http import Request

from .errors import KeysUnavailable, UnknownKey

COOL_DOWN: Final = 10.0
"""Seconds between two fetches: tokens with invented key ids must not make us a burden to the pool."""
FIRST_PAUSE: Final = 1.0
"""Seconds after a failed fetch while there are no keys at all."""
MAX_AGE: Final = 3600.0
"""Seconds after which the keys are fetched again, so that a key which the pool withdrew ends here too."""


class KeySet:
    """The keys that a pool publishes under `uri`.

    Args:
        uri: where the key set is; `None` makes do with the keys given.
        jwks: keys known beforehand, as the document or decoded.
        timeout: seconds for one fetch.

    Raises `ParameterError` where `jwks` is no key set.
    """

    def __init__(self, uri: str | None, jwks: bytes | Mapping[str, Any] | None, timeout: float) -> None:
        self.timeout = timeout
        self._uri = uri
        self._failure: str | None = None
        self._fetched_at: float | None = None
        self._not_before = float("-inf")
        try:
            self._keys = PublicKeys({}) if jwks is None else PublicKeys.from_jwks(jwks)
        except InvalidKeySet as error:
            raise ParameterError(f"jwks: {error}") from None

    def known(self, key_id: str, now: float) -> PublicKey | None:
        """The key, if it is here and fresh enough to be used without another thought."""
        if self._uri is not None and self._keys:
            if self._fetched_at is None:
                self._fetched_at = now  # keys that were given age from their first use
            if now >= self._fetched_at + MAX_AGE and now >= self._not_before:
                return None
        return self._keys.get(key_id)

    def at_hand(self, key_id: str) -> PublicKey | None:
        """The key, if it is here, however old."""
        return self._keys.get(key_id)

    def jwks(self) -> dict[str, Any]:
        """The keys as a document, to be kept and given to the next verifier."""
        return dict(self._keys.jwks())

    def find(self, key_id: str) -> Flow[PublicKey]:
        """Find the key, by a fetch where one is due and allowed.

        Raises:
            UnknownKey: the pool does not publish it.
            KeysUnavailable: the key is not here and the pool's keys could not be fetched.
        """
        now = yield from monotonic()
        key = self.known(key_id, now)
        if key is not None:
            return key  # whoever fetched before us, while we waited, has brought it
        if self._uri is not None and now >= self._not_before:
            yield from self.refresh()
        key = self.at_hand(key_id)
        if key is not None:
            return key
        if self._failure is not None:
            raise KeysUnavailable(self._failure)
        raise UnknownKey("The pool publishes no key of the name in the token.", check="key_id")

    def refresh(self) -> Flow[None]:
        """Fetch the keys now. A failure is remembered and leaves the keys as they were."""
        try:
            keys = yield from _fetch(self._uri or "", self.timeout)
        except KeysUnavailable as failure:
            self._failure = str(failure)
            pause = COOL_DOWN if self._keys else FIRST_PAUSE
            self._not_before = (yield from monotonic()) + pause
        else:
            self._keys = keys
            self._failure = None
            self._fetched_at = yield from monotonic()
            self._not_before = self._fetched_at + COOL_DOWN

    @property
    def failure(self) -> str | None:
        """Why the last fetch failed; `None` where it did not."""
        return self._failure


def _fetch(uri: str, timeout: float) -> Flow[PublicKeys]:
    try:
        response = yield from send(Request("GET", uri, {"accept": "application/json"}), timeout)
    except TransportError as error:
        raise KeysUnavailable(f"The pool's keys could not be fetched: {error}") from error
    if response.status != 200:
        raise KeysUnavailable(f"The pool's keys could not be fetched: {uri} answers {response.status}.")
    if len(response.body) > MAX_BYTES:
        raise KeysUnavailable(f"What {uri} answers is longer than a key set can be.")
    try:
        return PublicKeys.from_jwks(response.body)
    except InvalidKeySet as error:
        raise KeysUnavailable(f"What {uri} answers is no key set: {error}") from None
