"""What an error means for a session."""

from __future__ import annotations

from typing import Final

from userpool.protocol.errors import (
    NotAuthorizedException,
    NotAuthorizedReason,
    RefreshTokenReuseException,
    ServiceError,
    UserNotFoundException,
)


class StorageWarning(UserWarning):
    """Tokens could not be stored. The user stays signed in while the process runs; storing is tried again."""


_DEAD: Final = frozenset(
    {
        NotAuthorizedReason.REFRESH_TOKEN_INVALID,
        NotAuthorizedReason.REFRESH_TOKEN_EXPIRED,
        NotAuthorizedReason.REFRESH_TOKEN_REVOKED,
    }
)


def ends_session(refusal: ServiceError) -> bool:
    """Whether the service said for certain that the refresh token is dead. All else may pass: nobody is
    signed out for it.
    """
    if isinstance(refusal, RefreshTokenReuseException | UserNotFoundException):
        return True
    return isinstance(refusal, NotAuthorizedException) and refusal.reason in _DEAD


def is_old_access_token(refusal: ServiceError) -> bool:
    """Whether the service refused an access token for its age alone, before it did anything."""
    return (
        isinstance(refusal, NotAuthorizedException)
        and refusal.reason == NotAuthorizedReason.ACCESS_TOKEN_EXPIRED
    )
