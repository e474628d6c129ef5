"""What is wrong with a token, by what its receiver should do about it. None of these carries the token."""

from __future__ import annotations

from userpool.crypto.jws import Check, InvalidToken
from userpool.protocol.errors import TokenVerificationError
from userpool.protocol.tokens import ClaimError, ExpiredClaims


class MalformedToken(TokenVerificationError):
    """It is no signed token of the one form that is taken: refuse it."""


class WrongSignature(TokenVerificationError):
    """It was not signed by the pool, or was changed afterwards: refuse it."""


class UnknownKey(TokenVerificationError):
    """The pool publishes no key of the name that the token gives: refuse it."""


class ExpiredToken(TokenVerificationError):
    """It was good once: its owner may refresh it."""


class WrongClaim(TokenVerificationError):
    """The pool signed it, but not for this use, this client, this time or this user: refuse it."""


class KeysUnavailable(TokenVerificationError):
    """The pool's keys could not be had, so that nothing is known about the token: try again later."""

    def __init__(self, message: str, *, check: str = "jwks") -> None:
        super().__init__(message, check=check)


def of_token(error: InvalidToken) -> TokenVerificationError:
    """The error for a token that did not pass the reader or the signature."""
    wrong = error.check in (Check.SIGNATURE, Check.KEY)
    return (WrongSignature if wrong else MalformedToken)(error.problem, check=str(error.check))


def of_claim(error: ClaimError) -> TokenVerificationError:
    """The error for a token with a claim that is not as it should be."""
    if isinstance(error, ExpiredClaims):
        return ExpiredToken("The token has expired: refresh it, or sign in again.", check="exp")
    return WrongClaim(f"The token's claim {error.claim} {error.problem}.", check=error.claim)
