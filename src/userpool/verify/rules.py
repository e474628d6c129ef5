"""What a verifier was told: which pool's tokens, for whom and what for. Shared by both faces."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from userpool.crypto.jws import InvalidToken, ParsedJws, parse, read_claims
from userpool.crypto.rs256 import PublicKey, verify_signature
from userpool.protocol.endpoints import check_endpoint, endpoint, parse_pool_id, partition_of
from userpool.protocol.errors import ParameterError
from userpool.protocol.tokens import MAX_LEEWAY, ClaimError, IssuerForm, TokenUse, check_claims
from userpool.protocol.tokens import issuer as aws_issuer

from .claims import Claims
from .errors import of_claim, of_token

KEYS_PATH: Final = "/.well-known/jwks.json"

Jwks = bytes | Mapping[str, Any] | str | os.PathLike[str]


class Rules:
    """The arguments of a verifier, checked. Raises `ParameterError` where one cannot be right."""

    def __init__(
        self,
        user_pool_id: str | None,
        *,
        issuer: str | None,
        client_id: str | Collection[str] | None,
        token_use: TokenUse | str | None,
        scopes: Collection[str],
        groups: Collection[str],
        audience: str | None,
        leeway: float,
    ) -> None:
        if user_pool_id is None and issuer is None:
            raise ParameterError("Say whose tokens are taken: give user_pool_id or issuer.")
        if not 0 <= leeway <= MAX_LEEWAY:
            raise ParameterError(f"leeway is 0 to {MAX_LEEWAY} seconds: set the clock right instead.")
        if client_id is not None and not client_id:
            raise ParameterError("client_id is empty. To take tokens of every client, write client_id=None.")
        try:
            self.token_use = None if token_use is None else TokenUse(token_use)
        except ValueError:
            raise ParameterError("token_use is 'id', 'access', or None for either.") from None
        self.issuers = (issuer,) if issuer is not None else _issuers(str(user_pool_id))
        self._client_id = client_id
        self._scopes = _collection(scopes, "scopes")
        self._groups = _collection(groups, "groups")
        self._audience = audience
        self._leeway = leeway

    def parse(self, token: object) -> ParsedJws:
        """Take a token apart. Raises `MalformedToken`."""
        try:
            return parse(token)
        except InvalidToken as error:
            failure = of_token(error)
        raise failure

    def check(
        self, parsed: ParsedJws, key: PublicKey, now: float, nonce: str | None, access_token: str | None
    ) -> Claims:
        """Check signature and claims. Raises `TokenVerificationError`."""
        try:
            claims = read_claims(verify_signature(parsed, key))
        except InvalidToken as error:
            raise of_token(error) from None
        try:
            check_claims(
                claims,
                issuer=self.issuers,
                client_id=self._client_id,
                token_use=self.token_use,
                now=now,
                leeway=self._leeway,
                scopes=self._scopes,
                groups=self._groups,
                audience=self._audience,
                nonce=nonce,
                access_token=access_token,
            )
        except ClaimError as error:
            raise of_claim(error) from None
        return Claims(claims)


def keys_uri(
    user_pool_id: str | None,
    *,
    issuer: str | None,
    jwks_uri: str | None,
    endpoint_url: str | None,
    allow_insecure_http: bool,
) -> str:
    """Where the pool's keys are, by what is known of it. Raises `ParameterError`."""
    if jwks_uri is not None:
        uri = jwks_uri
    elif endpoint_url is not None and user_pool_id is not None:
        uri = f"{endpoint_url.rstrip('/')}/{parse_pool_id(user_pool_id)}{KEYS_PATH}"
    elif issuer is not None:
        uri = issuer.rstrip("/") + KEYS_PATH
    else:
        pool = parse_pool_id(str(user_pool_id))
        uri = f"{endpoint('cognito-idp', pool.region)}/{pool}{KEYS_PATH}"
    return check_endpoint(uri, allow_insecure_http=allow_insecure_http)


def load_jwks(jwks: Jwks | None) -> bytes | Mapping[str, Any] | None:
    """Read the keys from the file that `jwks` names, if it names one. Raises `ParameterError`."""
    if jwks is None or isinstance(jwks, bytes | Mapping):
        return jwks
    try:
        return Path(jwks).read_bytes()
    except OSError as error:
        raise ParameterError(f"jwks: {os.fspath(jwks)} cannot be read: {error.strerror}.") from error


def _issuers(user_pool_id: str) -> tuple[str, ...]:
    pool = parse_pool_id(user_pool_id)
    suffix = partition_of(pool.region).suffix
    return tuple(aws_issuer(str(pool), form, dns_suffix=suffix) for form in IssuerForm)


def _collection(names: Collection[str], argument: str) -> Collection[str]:
    if isinstance(names, str):
        raise ParameterError(f"{argument} is a list of names, not one text: write {argument}=[…].")
    return names
