"""What the world may read without asking: the health of the service, and a pool's public keys and issuer.

Paths are those that Cognito has: `/{pool id}/.well-known/jwks.json` and `openid-configuration`.
"""

from __future__ import annotations

import json
from typing import Any

from userpool.protocol.http import Response

from .context import Context

_WELL_KNOWN = ".well-known"
_CACHE_SECONDS = 3600


def answer(context: Context, path: str) -> Response | None:
    """The document at `path`; `None` where there is none."""
    match path.split("/")[1:]:
        case ["health"]:
            context.store.read(lambda reader: reader.meta("health"))
            return _json({"status": "ok"}, cache=None)
        case [pool_id, document, "jwks.json"] if document == _WELL_KNOWN:
            body = _key_set(context, pool_id)
        case [pool_id, document, "openid-configuration"] if document == _WELL_KNOWN:
            body = _configuration(context, pool_id)
        case _:
            return None
    if body is None:
        return None
    return _json(body, cache=None if context.settings.development else _CACHE_SECONDS)


def _key_set(context: Context, pool_id: str) -> dict[str, Any] | None:
    keys = context.store.read(lambda reader: reader.signing_keys(pool_id))
    return {"keys": [dict(key.public_jwk) for key in keys]} if keys else None


def _configuration(context: Context, pool_id: str) -> dict[str, Any] | None:
    """The discovery document (OpenID Connect Discovery 1.0, section 3).

    The members that need a domain (authorize, token, userinfo) are left out, as the pool has none. Addresses
    come from the configuration, never from the request's Host header, which anybody can write.
    """
    if context.store.read(lambda reader: reader.pool(pool_id)) is None:
        return None
    issuer = context.settings.issuer_of(pool_id)
    return {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": f"{issuer}/{_WELL_KNOWN}/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
    }


def _json(body: dict[str, Any], *, cache: int | None) -> Response:
    headers = {
        "content-type": "application/json",
        "cache-control": "no-store" if cache is None else f"public, max-age={cache}",
    }
    return Response(200, headers, json.dumps(body).encode())
