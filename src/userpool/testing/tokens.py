"""Tokens for tests: any claims, genuine or not, and a verifier that takes the genuine ones.

issuer = TokenIssuer()
token = issuer.access_token(username="ada", groups=["admins"])
issuer.verifier(token_use="access").verify(token)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from userpool.crypto.rs256 import SigningKey
from userpool.protocol import tokens
from userpool.verify import AsyncTokenVerifier, TokenVerifier

from ._keys import spare_keys

POOL: Final = "us-east-1_testing00"
CLIENT: Final = "7ghr5379orhbo88d52vphda6s9"
SUB: Final = "3f5d2c1e-0000-4000-8000-0123456789ab"


@dataclass(frozen=True, kw_only=True)
class TokenIssuer:
    """Signs tokens as a user pool does, with keys of this process.

    What is not said is as in a sign-in of just now. Further claims go into the token as they are, in place
    of those that would be there; `None` leaves one out.
    """

    user_pool_id: str = POOL
    client_id: str = CLIENT
    issuer: str | None = None
    """What stands in `iss`; by default AWS's form for the pool."""
    clock: Callable[[], float] = time.time
    forged: bool = False
    """Sign with a key that no verifier of this issuer knows, under the name of one that it knows."""

    def access_token(
        self,
        *,
        username: str = "ada",
        sub: str = SUB,
        groups: Iterable[str] = (),
        scope: str = "aws.cognito.signin.user.admin",
        expires_in: int = 3600,
        **claims: Any,
    ) -> str:
        """An access token.

        Args:
            username: the user's name.
            sub: the user's id.
            groups: the user's groups.
            scope: scopes, separated by spaces.
            expires_in: seconds; below 0 it has expired.
            claims: further ones.
        """
        made = tokens.access_token_claims(
            self._facts(username, sub, groups), self._issue(expires_in), scope=scope
        )
        return self._signed(1, made, claims)

    def id_token(
        self,
        *,
        username: str = "ada",
        sub: str = SUB,
        groups: Iterable[str] = (),
        expires_in: int = 3600,
        **claims: Any,
    ) -> str:
        """An ID token; arguments as `access_token`. Attributes are claims: `email="ada@example.com"`."""
        facts = self._facts(username, sub, groups)
        made = tokens.id_token_claims(facts, self._issue(expires_in), attributes={})
        return self._signed(0, made, claims)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys, as the pool publishes them."""
        return {"keys": [key.public.jwk() for key in spare_keys()]}

    def verifier(self, *, token_use: str | None = None, **options: Any) -> TokenVerifier:
        """A verifier that takes this issuer's tokens and asks nobody; options as `TokenVerifier`."""
        return TokenVerifier(self.user_pool_id, token_use=token_use, **{**self._options, **options})

    def async_verifier(self, *, token_use: str | None = None, **options: Any) -> AsyncTokenVerifier:
        """The same for asyncio."""
        return AsyncTokenVerifier(self.user_pool_id, token_use=token_use, **{**self._options, **options})

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "issuer": self.issuer,
            "jwks": self.jwks,
            "offline": True,
            "clock": self.clock,
        }

    def _facts(self, username: str, sub: str, groups: Iterable[str]) -> tokens.SignInFacts:
        return tokens.SignInFacts(
            issuer=self.issuer or tokens.issuer(self.user_pool_id),
            client_id=self.client_id,
            sub=sub,
            username=username,
            auth_time=int(self.clock()),
            origin_jti=str(uuid.uuid4()),
            event_id=str(uuid.uuid4()),
            groups=tuple(groups),
        )

    def _issue(self, expires_in: int) -> tokens.Issue:
        lifetime = abs(expires_in)
        at = int(self.clock()) + min(0, 2 * expires_in)
        return tokens.Issue(at=at, lifetime=lifetime, jti=str(uuid.uuid4()))

    def _signed(self, place: int, made: dict[str, Any], claims: dict[str, Any]) -> str:
        known = spare_keys()[place]
        key = SigningKey.from_der(self._stranger.to_der(), known.key_id) if self.forged else known
        return key.sign({name: value for name, value in {**made, **claims}.items() if value is not None})

    @cached_property
    def _stranger(self) -> SigningKey:
        return SigningKey.generate()
