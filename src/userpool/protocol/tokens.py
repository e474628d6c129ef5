"""What stands in Cognito's tokens: the claims as the service writes them, and the rules by which a reader
checks them.

Signatures are not made or checked here (see `userpool.crypto.rs256`); both sides share the rest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from .strict_json import parse_object

SIGN_IN_SCOPE: Final = "aws.cognito.signin.user.admin"
"""The scope of every access token from an API sign-in, and the one that a user's own calls need."""

MAX_LEEWAY: Final = 300
"""Seconds. More than this for clocks that differ would make expiry a suggestion."""

MAX_TOKEN_LENGTH: Final = 16_384
_TEXT: Final = frozenset((str,))
_NAMES: Final = ("username", "jti", "origin_jti", "event_id", "device_key")
_LATEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second a datetime holds


class TokenUse(StrEnum):
    """`token_use`: what a token is for."""

    ID = "id"
    ACCESS = "access"


_USES: Final = {use.value: use for use in TokenUse}


class IssuerForm(StrEnum):
    """`IssuerConfiguration` of a pool: which host its issuer names."""

    ORIGINAL = "ORIGINAL"
    UPDATED = "UPDATED"


class ClaimError(ValueError):
    """A claim is missing, malformed or not as it should be. `claim` names it; no value is repeated."""

    def __init__(self, claim: str, problem: str) -> None:
        super().__init__(claim, problem)
        self.claim = claim
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.claim} {self.problem}"


class ExpiredClaims(ClaimError):
    """The token was good once: nothing is wrong with `exp` but that it is past."""


def issuer(pool_id: str, form: IssuerForm = IssuerForm.ORIGINAL, *, dns_suffix: str = "amazonaws.com") -> str:
    """The issuer that AWS writes into a pool's tokens.

    Args:
        pool_id: `{region}_{name}`.
        form: the host's older or newer name.
        dns_suffix: the suffix of the region's partition.

    Raises:
        ValueError: the pool id has no region.
    """
    region, found, _ = pool_id.partition("_")
    if not region or not found:
        raise ValueError("a user pool id looks like us-east-1_aB12cDe34")
    host = "issuer-cognito-idp" if form is IssuerForm.UPDATED else "cognito-idp"
    return f"https://{host}.{region}.{dns_suffix}/{pool_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFacts:
    """What all tokens of one sign-in have in common, also those that a refresh makes later."""

    issuer: str
    client_id: str
    sub: str
    username: str
    """The user's name; in a pool whose users sign in with e-mail or phone number it equals `sub`."""
    auth_time: int
    """When the user proved who they are, in seconds since the epoch; a refresh does not change it."""
    origin_jti: str
    event_id: str
    groups: tuple[str, ...] = ()
    """Ordered by precedence."""
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What is one token's own: when it is issued, for how many seconds, and its unique id."""

    at: int
    lifetime: int
    jti: str = field(repr=False)

    def claims(self, facts: SignInFacts) -> dict[str, Any]:
        """The claims about time and identity that end every token."""
        return {
            "auth_time": facts.auth_time,
            "exp": self.at + self.lifetime,
            "iat": self.at,
            "jti": self.jti,
        }


def id_token_claims(
    facts: SignInFacts,
    issue: Issue,
    *,
    attributes: Mapping[str, str],
    nonce: str | None = None,
    access_token: str | None = None,
) -> dict[str, Any]:
    """The claims of an ID token, in Cognito's order and types.

    Args:
        facts: what the sign-in's tokens share.
        issue: what is this token's own.
        attributes: the attributes that the client may read, as the directory keeps them (all strings).
        nonce: as it was sent to the authorisation endpoint.
        access_token: issued beside this one by an OAuth endpoint; gives `at_hash`.
    """
    claims: dict[str, Any] = {"sub": facts.sub}
    _put(claims, "cognito:groups", list(facts.groups))
    for name in ("email_verified", "phone_number_verified"):
        if name in attributes:
            claims[name] = attributes[name].lower() == "true"
    _put(claims, "cognito:preferred_role", facts.preferred_role)
    claims["iss"] = facts.issuer
    claims["cognito:username"] = facts.username
    _put(claims, "nonce", nonce)
    _put(claims, "at_hash", at_hash(access_token) if access_token else None)
    claims["origin_jti"] = facts.origin_jti
    _put(claims, "cognito:roles", list(facts.roles))
    claims["aud"] = facts.client_id
    claims["event_id"] = facts.event_id
    claims["token_use"] = TokenUse.ID.value
    claims |= issue.claims(facts)
    for name, text in attributes.items():
        if name not in claims and not name.startswith("cognito:"):
            claims[name] = _attribute_claim(name, text)
    return claims


def access_token_claims(
    facts: SignInFacts,
    issue: Issue,
    *,
    scope: str = SIGN_IN_SCOPE,
    device_key: str | None = None,
    version: int | None = None,
    audience: str | None = None,
) -> dict[str, Any]:
    """The claims of a user's access token, in Cognito's order and types.

    Args:
        facts: what the sign-in's tokens share.
        issue: what is this token's own.
        scope: divided by spaces.
        device_key: the device of the sign-in, where devices are tracked.
        version: 2 in tokens from an OAuth endpoint, absent in others.
        audience: the resource that the token is bound to, if to one.
    """
    claims: dict[str, Any] = {"sub": facts.sub}
    _put(claims, "device_key", device_key)
    _put(claims, "cognito:groups", list(facts.groups))
    claims["iss"] = facts.issuer
    _put(claims, "version", version)
    claims["client_id"] = facts.client_id
    claims["origin_jti"] = facts.origin_jti
    _put(claims, "aud", audience)
    claims["event_id"] = facts.event_id
    claims["token_use"] = TokenUse.ACCESS.value
    claims["scope"] = scope
    claims |= issue.claims(facts)
    claims["username"] = facts.username
    return claims


def client_token_claims(issue: Issue, *, issuer: str, client_id: str, scope: str) -> dict[str, Any]:
    """The claims of an access token that an app client has got for itself: it speaks for no user.

    Args:
        issue: what is this token's own.
        issuer: of the pool.
        client_id: the app client's.
        scope: divided by spaces.
    """
    return {
        "sub": client_id,
        "token_use": TokenUse.ACCESS.value,
        "scope": scope,
        "auth_time": issue.at,
        "iss": issuer,
        "exp": issue.at + issue.lifetime,
        "iat": issue.at,
        "version": 2,
        "jti": issue.jti,
        "client_id": client_id,
    }


def at_hash(access_token: str) -> str:
    """The hash that ties an ID token to an access token (OpenID Connect Core, section 3.1.3.6)."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def decode_unverified(token: object) -> dict[str, Any]:
    """Read the claims of a token without checking its signature: only for what does not need to be trusted.

    Raises:
        ClaimError: not a signed token of bounded length in strict base64url with a JSON object that names
            nothing twice; the claim it names is `token`.
    """
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH or token.count(".") != 2:
        raise ClaimError("token", f"is not a signed token of at most {MAX_TOKEN_LENGTH} characters")
    text = token.split(".")[1]
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
            raise ValueError("stray bits")
        return parse_object(data, MAX_TOKEN_LENGTH)
    except ValueError:
        raise ClaimError("token", "has no readable claims") from None


def check_claims(
    claims: Mapping[str, Any],
    *,
    issuer: str | Collection[str],
    client_id: str | Collection[str] | None,
    token_use: TokenUse | None,
    now: float,
    leeway: float = 0,
    scopes: Collection[str] = (),
    groups: Collection[str] = (),
    audience: str | None = None,
    nonce: str | None = None,
    access_token: str | None = None,
) -> TokenUse:
    """Check the claims of a token whose signature has been verified. Every text is compared exactly.

    Args:
        claims: the payload.
        issuer: the issuer, or those that the key set is trusted for.
        client_id: the app client, or several; None takes a token of any client of the pool.
        token_use: the kind of token that is wanted; None takes either.
        now: seconds since the epoch.
        leeway: seconds by which the clocks may differ, 0 to 300.
        scopes: scopes that an access token must have, all of them.
        groups: groups of which the user must be in one.
        audience: the resource that an access token must be bound to.
        nonce: what an ID token must repeat.
        access_token: came beside this ID token; where the token has an `at_hash`, it must fit.

    Returns:
        What the token is for.

    Raises:
        ClaimError: names the first claim that is not right. A token is valid while `now < exp + leeway`.
        ValueError: the leeway is out of range.
    """
    if not 0 <= leeway <= MAX_LEEWAY:
        raise ValueError(f"the leeway is 0 to {MAX_LEEWAY} seconds")
    _check_times(claims, now, leeway)
    if _text(claims, "iss") not in _names(issuer):
        raise ClaimError("iss", "is another issuer's")
    use = _check_use(claims, token_use)
    client = _text(claims, "aud" if use is TokenUse.ID else "client_id")
    if client_id is not None and client not in _names(client_id):
        raise ClaimError("aud" if use is TokenUse.ID else "client_id", "is another app client's")
    _check_identity(claims, use)
    _check_groups(claims, groups)
    if use is TokenUse.ID:
        _check_id_token(claims, client, nonce, access_token)
        if scopes or audience is not None:
            raise ClaimError("token_use", "is id; scopes and audiences are an access token's")
    else:
        _check_access_token(claims, scopes, audience)
        if nonce is not None:
            raise ClaimError("token_use", "is access; a nonce is an ID token's")
    return use


def _check_times(claims: Mapping[str, Any], now: float, leeway: float) -> None:
    if now >= _time(claims, "exp") + leeway:
        raise ExpiredClaims("exp", "is past: the token has expired")
    for name in ("iat", "nbf") if "nbf" in claims else ("iat",):
        if _time(claims, name) > now + leeway:
            raise ClaimError(name, "is in the future: a clock is wrong, or the token is not valid yet")
    if "auth_time" in claims:
        _time(claims, "auth_time")


def _check_use(claims: Mapping[str, Any], wanted: TokenUse | None) -> TokenUse:
    use = _USES.get(_text(claims, "token_use"))
    if use is None:
        raise ClaimError("token_use", "is neither id nor access")
    if wanted is not None and use is not wanted:
        raise ClaimError("token_use", f"is {use}, but an {wanted} token is wanted")
    return use


def _check_identity(claims: Mapping[str, Any], use: TokenUse) -> None:
    _text(claims, "sub")
    if use is TokenUse.ID:
        _text(claims, "cognito:username")
    for name in _NAMES:
        value = claims.get(name, "absent")
        if not isinstance(value, str) or not value:
            raise ClaimError(name, "is not a text")


def _check_groups(claims: Mapping[str, Any], wanted: Collection[str]) -> None:
    groups = claims.get("cognito:groups", [])
    if not isinstance(groups, list) or not _TEXT.issuperset(map(type, groups)):
        raise ClaimError("cognito:groups", "is not a list of texts")
    if wanted and not set(_names(wanted)) & set(groups):
        raise ClaimError("cognito:groups", "has none of the groups that are wanted")


def _check_id_token(
    claims: Mapping[str, Any], client: str, nonce: str | None, access_token: str | None
) -> None:
    if "azp" in claims and _text(claims, "azp") != client:
        raise ClaimError("azp", "is another app client's")
    if nonce is not None and _text(claims, "nonce") != nonce:
        raise ClaimError("nonce", "is another one than was sent")
    if "at_hash" in claims:
        held = _text(claims, "at_hash")
        if access_token is not None and held != at_hash(access_token):
            raise ClaimError("at_hash", "belongs to another access token")


def _check_access_token(claims: Mapping[str, Any], scopes: Collection[str], audience: str | None) -> None:
    if "scope" in claims or scopes:
        held = _text(claims, "scope")
        if scopes and not set(_names(scopes)) <= set(held.split(" ")):
            raise ClaimError("scope", "lacks a scope that is wanted")
    if audience is not None and _text(claims, "aud") != audience:
        raise ClaimError("aud", "is another resource")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value: object = claims.get(name)
    if type(value) is not int and type(value) is not float:  # the exact type, since a bool is an int too
        raise ClaimError(name, "is missing or is not a number")
    if not 0 <= value <= _LATEST:
        raise ClaimError(name, "is not a time in seconds since 1970")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise ClaimError(name, "is missing or is not a text")
    return value


def _names(one_or_more: str | Collection[str]) -> Collection[str]:
    return (one_or_more,) if isinstance(one_or_more, str) else one_or_more


def _put(claims: dict[str, Any], name: str, value: Any) -> None:
    if value:
        claims[name] = value


def _attribute_claim(name: str, text: str) -> Any:
    if name == "address":
        return {"formatted": text}
    if name == "updated_at" and text.isascii() and text.isdigit():
        return int(text)
    if name == "identities":
        return json.loads(text)
    return text
