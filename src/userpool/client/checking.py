"""Verifying what a sign-in or a refresh brought, before anybody relies on it.

Cognito's SRP gives no proof of the service: beside TLS, the signature of its tokens is what shows that this
is the pool, and that the tokens are for this client and this user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from userpool.flows.config import ClientConfig
from userpool.protocol.effects import Flow, monotonic
from userpool.protocol.errors import ParameterError
from userpool.verify.errors import WrongClaim
from userpool.verify.keys import KeySet
from userpool.verify.rules import Rules, keys_uri

from .held import Held

KEPT_FOR: Final = 86400.0
"""Seconds that stored keys are relied on: a key that the pool withdrew ends with them."""

FORMAT: Final = 1


class Checker:
    """Verifies the tokens of one app client.

    Args:
        config: the app client.
        jwks: the pool's keys, where they are known beforehand.
        issuer: who the tokens say issued them; by default AWS's forms for the pool.
        endpoint: where the keys are, if the pool is not one of AWS.
        timeout: seconds for one fetch of keys.
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
        self._rules = {use: _rules(config, use, issuer) for use in ("access", "id")}
        self._uri = keys_uri(
            config.user_pool_id,
            issuer=None,
            jwks_uri=None,
            endpoint_url=endpoint and config.endpoint,
            allow_insecure_http=True,  # the endpoint itself has been checked
        )
        self._timeout = timeout
        self._keys = KeySet(self._uri, jwks, timeout)

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
                self._keys = KeySet(self._uri, record["jwks"], self._timeout)
        except (ValueError, TypeError, KeyError, ParameterError, RecursionError):
            return  # they are fetched instead

    def _parsed(self, held: Held) -> list[tuple[str, Any]]:
        tokens = [("access", held.tokens.access_token), ("id", held.tokens.id_token)]
        return [(use, self._rules[use].parse(token)) for use, token in tokens if token]


def _rules(config: ClientConfig, token_use: str, issuer: str | None) -> Rules:
    return Rules(
        config.user_pool_id,
        issuer=issuer,
        client_id=config.client_id,
        token_use=token_use,
        scopes=(),
        groups=(),
        audience=None,
        leeway=0,
    )
