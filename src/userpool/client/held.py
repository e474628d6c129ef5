"""What a signed-in user holds: the tokens, whose they are, and until when they can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from userpool.flows.grant import Grant, Tokens
from userpool.protocol.errors import TokenError
from userpool.protocol.tokens import ClaimError, decode_unverified

from .device_record import names_of

SHORTEST_LIFE: Final = 10.0
"""Seconds that a token counts as alive at least, whatever it says: what arrives dead is not asked for in
a loop.
"""

_END_OF_TIME: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One set of tokens. Times are seconds; nothing of it prints but whose it is."""

    tokens: Tokens
    username: str
    sub: str
    claims: Mapping[str, Any] = field(repr=False, hash=False)
    """Of the access token, not verified here."""
    id_claims: Mapping[str, Any] = field(repr=False, hash=False)
    """Of the ID token, not verified here; empty without one."""
    drift: float = 0.0
    """How far the service's clock is ahead of this machine's, measured when the tokens arrived."""
    received_monotonic: float | None = None
    """When they arrived, by a clock that never steps; `None` when that was not in this process."""
    device_key: str | None = field(default=None, repr=False)

    @property
    def names(self) -> set[str]:
        """Whatever the user may be called by, as far as the tokens tell."""
        return {self.username, self.sub, *names_of(self.id_claims)}

    def same_sign_in(self, other: Held) -> bool:
        """Whether both came of one sign-in: a refresh goes on with it, another sign-in starts anew."""
        origin = self.claims.get("origin_jti")
        if origin is None:
            return self.tokens.refresh_token == other.tokens.refresh_token
        return bool(origin == other.claims.get("origin_jti"))

    def fresh(self, now: float, monotonic: float, margin: float) -> bool:
        """Whether the tokens will be good for `margin` seconds more.

        Both clocks have to say so: the wall clock goes on while a machine sleeps, the monotonic one does
        not follow when somebody sets the time. A margin beyond half of a token's life is cut to that, so
        that pools with short tokens are not refreshed at every call.

        Args:
            now: seconds since the epoch, by this machine's clock.
            monotonic: seconds by a clock that never steps.
            margin: seconds.
        """
        both = [self.claims, self.id_claims] if self.id_claims else [self.claims]
        age = 0.0 if self.received_monotonic is None else monotonic - self.received_monotonic
        for claims in both:
            life = max(claims["exp"] - claims["iat"], SHORTEST_LIFE)
            left = min(claims["iat"] + life - now - self.drift, life - age)
            if left <= min(margin, life / 2):
                return False
        return True


def hold(
    tokens: Tokens,
    *,
    client_id: str,
    device_key: str | None = None,
    drift: float = 0.0,
    received_monotonic: float | None = None,
) -> Held:
    """Take tokens as they are, without verifying them.

    Raises:
        TokenError: one is no token, they are of two users, of another app client than `client_id`, or of
            the app client itself.
    """
    claims = _claims("access", tokens.access_token)
    id_claims = _claims("ID", tokens.id_token) if tokens.id_token else {}
    if id_claims and id_claims["sub"] != claims["sub"]:
        raise TokenError("The access token and the ID token belong to two different users.")
    if claims.get("client_id", client_id) != client_id or id_claims.get("aud", client_id) != client_id:
        raise TokenError("The tokens belong to another app client: use a UserPool with that client_id.")
    if claims["sub"] == client_id:
        raise TokenError("This is a token of the app client's own (get_client_token), which no user has.")
    return Held(
        tokens=tokens,
        username=str(claims.get("username") or id_claims.get("cognito:username") or claims["sub"]),
        sub=claims["sub"],
        claims=claims,
        id_claims=id_claims,
        drift=drift,
        received_monotonic=received_monotonic,
        device_key=device_key,
    )


def hold_grant(
    grant: Grant, *, client_id: str, now: float, monotonic: float, known: Held | None = None
) -> Held:
    """Take over what the service just gave, and measure its clock by it.

    Args:
        grant: from a conversation.
        client_id: the app client.
        now: this machine's time, in seconds since the epoch.
        monotonic: seconds by a clock that never steps.
        known: what the user held so far; the new tokens must be of the same user and issuer.

    Raises:
        TokenError: as `hold`, or the tokens are another user's.
    """
    held = hold(grant.tokens, client_id=client_id, device_key=grant.device_key, received_monotonic=monotonic)
    if known and (held.sub, held.claims.get("iss")) != (known.sub, known.claims.get("iss")):
        raise TokenError("The service answered with another user's tokens; the old ones are kept.")
    return replace(held, drift=held.claims["iat"] - now)


def _claims(name: str, token: str) -> dict[str, Any]:
    try:
        claims = decode_unverified(token)
    except ClaimError:
        raise TokenError(f"The {name} token is none: give the text that the service gave.") from None
    usable = isinstance(claims.get("sub"), str) and all(_is_time(claims.get(time)) for time in ("exp", "iat"))
    if not usable:
        raise TokenError(f"The {name} token lacks sub, exp or iat: give the text that the service gave.")
    return claims


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _END_OF_TIME
