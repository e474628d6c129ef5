"""Several pools: the issuer that a token names decides whose keys and rules it meets."""

from __future__ import annotations

from typing import Generic, TypeVar

from userpool.crypto.jws import InvalidToken, parse
from userpool.protocol.errors import ParameterError

from .claims import Claims
from .errors import WrongClaim, of_token
from .verifier import AsyncTokenVerifier, TokenVerifier

AnyVerifier = TypeVar("AnyVerifier", TokenVerifier, AsyncTokenVerifier)


class _Several(Generic[AnyVerifier]):
    def __init__(self, *verifiers: AnyVerifier) -> None:
        self._by_issuer: dict[str, AnyVerifier] = {}
        for verifier in verifiers:
            for issuer in verifier.issuers:
                if issuer in self._by_issuer:
                    raise ParameterError(f"Two verifiers are for the issuer {issuer}: one would be ignored.")
                self._by_issuer[issuer] = verifier

    def _of(self, token: str) -> AnyVerifier:
        try:
            issuer = parse(token).unverified_claims().get("iss")
        except InvalidToken as error:
            raise of_token(error) from None
        verifier = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        if verifier is None:
            raise WrongClaim("The token's issuer is none of the pools that are trusted.", check="iss")
        return verifier


class MultiPoolVerifier(_Several[TokenVerifier]):
    """Verifies tokens of several pools, each by the verifier for its issuer.

    Raises `ParameterError` where two verifiers are for one issuer.
    """

    def verify(self, token: str, *, nonce: str | None = None, access_token: str | None = None) -> Claims:
        """Verify `token` as `TokenVerifier.verify` of its pool does."""
        return self._of(token).verify(token, nonce=nonce, access_token=access_token)


class AsyncMultiPoolVerifier(_Several[AsyncTokenVerifier]):
    """Verifies tokens of several pools in asyncio, each by the verifier for its issuer.

    Raises `ParameterError` where two verifiers are for one issuer.
    """

    async def verify(
        self, token: str, *, nonce: str | None = None, access_token: str | None = None
    ) -> Claims:
        """Verify `token` as `AsyncTokenVerifier.verify` of its pool does."""
        return await self._of(token).verify(token, nonce=nonce, access_token=access_token)
