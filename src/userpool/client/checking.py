"""Verifying what a sign-in or a refresh brought, before anybody relies on it.

Cognito's SRP gives no proof of the service: beside TLS, the signature of its tokens is what shows that this
is the pool, and that the tokens are for this client and this user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from userpool.flows.config import ClientConfig
from userpool.protocol.effects import Flow, monotonic
from userpool.protocol.errors import ParameterError

from .held import Held

if TYPE_CHECKING:
    from userpool.crypto.jws import ParsedJws
    from userpool.verify.keys import KeySet
    from userpool.verify.rules import Rules

KEPT_FOR: Final = 86400.0
"""Seconds that stored keys are relied on: a key that the pool withdrew ends with them."""

NO_KEYS: Final = "jwks"
"""The `check` of a `KeysUnavailable`: nothing is known about the token."""

FORMAT: Final = 1
"""Version of the record with the keys."""


class Checker:
    """Verifies the tokens of one app client. What that takes is loaded when the first tokens come.

    Args:
        config: the app client.
        jwks: the pool's keys, where they are known beforehand.
        issuer: who the tokens say issued them; by default AWS's forms for the pool.
        endpoint: where the keys are, if the pool is not one of AWS.
        timeout: seconds for one fetch of keys.

    Raises `ParameterError` where `jwks` is no key set.
    """

    def __init__(
        self,
        config: ClientConfig,
        *,
        jwks: Mapping[str, Any] | None = None,
        issuer: str | None = None,
        endpoint: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        self._config = config
        self._issuer = issuer
        self._endpoint = endpoint
        self._timeout = timeout
        if jwks is not None:
            self._keys = self._key_set(jwks)

    @cached_property
    def _keys(self) -> KeySet:
        return self._key_set(None)

    def _key_set(self, jwks: Mapping[str, Any] | None) -> KeySet:
        from userpool.verify.keys import KeySet
        from userpool.verify.rules import keys_uri

        uri = keys_uri(
            self._config.user_pool_id,
            issuer=None,
            jwks_uri=None,
            endpoint_url=self._endpoint and self._config.endpoint,
            allow_insecure_http=True,  # the endpoint itself has been checked
        )
        return KeySet(uri, jwks, self._timeout)

    @cached_property
    def _rules(self) -> dict[str, Rules]:
        from userpool.verify.rules import Rules

        return {
            use: Rules(
                self._config.user_pool_id,
                issuer=self._issuer,
                client_id=self._config.client_id,
                token_use=use,
                scopes=(),
                groups=(),
                audience=None,
                leeway=0,
            )
            for use in ("access", "id")
        }

    def lacks_keys(self, held: Held) -> bool:
        """Whether a key that these tokens name is not here."""
        return any(self._keys.at_hand(parsed.key_id) is None for _, parsed in self._parsed(held))

    def fetch_keys(self) -> Flow[None]:
        """Fetch the pool's keys; a failure shows when a key is missed."""
        yield from self._keys.refresh()

    def check(self, held: Held, user_id: str | None = None) -> Flow[None]:
        """Verify the tokens: signature, issuer, client, use, and that both are for one user.

        They have just come, so time is measured by themselves: a machine whose clock is wrong can sign in
        too.

        Args:
            held: what came.
            user_id: the name that the service gave this user on the way, if it did.

        Raises:
            TokenVerificationError: they are not what they should be; `check` says in what.
            KeysUnavailable: its sub-class: the pool's keys could not be had, so that nothing is known.
        """
        from userpool.verify.errors import WrongClaim

        moment = max(held.claims["iat"], held.id_claims.get("iat", 0))
        for use, parsed in self._parsed(held):
            key = self._keys.known(parsed.key_id, (yield from monotonic()))
            key = key or (yield from self._keys.find(parsed.key_id))
            beside = held.tokens.access_token if use == "id" else None
            self._rules[use].check(parsed, key, moment, None, beside)
        if user_id is not None and user_id not in (held.username, held.sub):
            raise WrongClaim(
                "The tokens are for another user than the one who signed in: they are not taken.",
                check="username",
            )

    def keep(self, now: float) -> bytes:
        """The keys as they are now, to be stored at `now` (seconds since the epoch)."""
        return json.dumps({"version": FORMAT, "at": now, "jwks": self._keys.jwks()}).encode()

    def recall(self, data: bytes | None, now: float) -> None:
        """Take stored keys over, if they are whole and not older than `KEPT_FOR`."""
        try:
            record = json.loads(data or b"null")
            if record["version"] == FORMAT and 0 <= now - record["at"] < KEPT_FOR:
                self._keys = self._key_set(record["jwks"])
        except (ValueError, TypeError, KeyError, ParameterError, RecursionError):
            return  # they are fetched instead

    def _parsed(self, held: Held) -> list[tuple[str, ParsedJws]]:
        tokens = [("access", held.tokens.access_token), ("id", held.tokens.id_token)]
        return [(use, self._rules[use].parse(token)) for use, token in tokens if token]
