"""What an error means for a session."""

from __future__ import annotations

from typing import Final

from userpool.protocol.errors import (
    NotAuthorizedException,
    NotAuthorizedReason,
    RefreshTokenReuseException,
    ServiceError,
    SessionExpired,
    UserNotFoundException,
    UserPoolError,
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


_REFUSED: Final = frozenset(
    {NotAuthorizedReason.ACCESS_TOKEN_EXPIRED, NotAuthorizedReason.ACCESS_TOKEN_REVOKED}
)


def ends_session(refusal: ServiceError) -> bool:
    """Whether the service said for certain that the refresh token is dead. All else may pass: nobody is
    signed out for it.
    """
    if isinstance(refusal, RefreshTokenReuseException | UserNotFoundException):
        return True
    return isinstance(refusal, NotAuthorizedException) and refusal.reason in _DEAD


def means_already_out(error: UserPoolError) -> bool:
    """Whether somebody who wants to leave has left already: the service has ended the sign-in before."""
    if isinstance(error, SessionExpired):
        return True
    return isinstance(error, ServiceError) and (ends_session(error) or is_refused_access_token(error))


def is_refused_access_token(refusal: ServiceError) -> bool:
    """Whether the service does not take an access token any more, or its user is gone."""
    if isinstance(refusal, UserNotFoundException):
        return True
    return isinstance(refusal, NotAuthorizedException) and refusal.reason in _REFUSED


def is_old_access_token(refusal: ServiceError) -> bool:
    """Whether the service refused an access token for its age alone, before it did anything."""
    return (
        isinstance(refusal, NotAuthorizedException)
        and refusal.reason == NotAuthorizedReason.ACCESS_TOKEN_EXPIRED
    )
