"""Every error of this package, under one root.

UserPoolError
├── ServiceError            the service answered an error; one subclass a wire code
├── ParameterError          an argument is wrong; nothing was sent
│   └── PasswordPolicyError
├── TransportError          no answer arrived; `sent` says whether the service may have acted
│   └── DeadlineExceeded
├── ProtocolError           an answer arrived that is none
├── ChallengeError          a challenge cannot be answered like this
├── ClockSkewError          this machine's clock is wrong
├── TokenError              a token is unusable
│   └── TokenVerificationError
├── SignedOutError          nobody is signed in
│   └── SessionExpired
├── StorageError            tokens could not be kept or read
├── AuthenticatorError      a passkey was not made, or did not sign
└── MissingExtra            an optional dependency is not installed
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ._generated.exceptions import *  # noqa: F403 - the generated module says what it exports
from ._generated.exceptions import BY_CODE as BY_CODE
from ._service_error import NotAuthorizedReason as NotAuthorizedReason
from ._service_error import ServiceError as ServiceError
from ._service_error import UserPoolError as UserPoolError
from ._service_error import not_authorized_reason as not_authorized_reason


def error_class(code: str) -> type[ServiceError]:
    """The class for a wire code; `ServiceError` itself for one that is not known yet."""
    return BY_CODE.get(code, ServiceError)


class ParameterError(UserPoolError, ValueError):
    """An argument is wrong. Found before anything was sent.

    Args:
        message: what is wrong and what would be right.
        faults: every single fault, in the words of the service, where the contract's limits found them.
    """

    def __init__(self, message: str, *, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class PasswordPolicyError(ParameterError):
    """A new password breaks the policy that the client was given. Found before anything was sent.

    Args:
        message: what the password needs; never the password.
        missing: the rules that it breaks, values of `PasswordRule`.
    """

    def __init__(self, message: str, *, missing: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class TransportError(UserPoolError):
    """No answer arrived. `__cause__` is the error of the network library.

    Args:
        message: what failed, where to, and what to look at.
        sent: `"no"` where the request provably never left, `"maybe"` where the service may have acted.
    """

    def __init__(self, message: str, *, sent: Literal["no", "maybe"] = "maybe") -> None:
        super().__init__(message)
        self.sent = sent

    @property
    def cause(self) -> BaseException | None:
        """The error underneath."""
        return self.__cause__


class DeadlineExceeded(TransportError):
    """The time allowed for the whole call, repetitions included, is over."""


class ProtocolError(UserPoolError):
    """An answer arrived that the contract does not allow, such as a page of HTML or truncated JSON.

    Args:
        message: what is wrong with it; never a part of the body.
        operation: the wire name of the operation.
        status: the HTTP status of the answer.
        request_id: what the service's log finds this call by.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.request_id = request_id


class ChallengeError(UserPoolError):
    """A challenge cannot be answered like this: another kind, something missing, or out of order."""


class ClockSkewError(UserPoolError):
    """This machine's clock is too far from the service's for a proof that carries the time, as SRP's does.

    Args:
        seconds: how far the service's clock is ahead of this machine's; negative where it is behind.
    """

    def __init__(self, seconds: float) -> None:
        where = "behind" if seconds > 0 else "ahead of"
        super().__init__(
            f"This machine's clock is {abs(seconds):.0f} seconds {where} the service's, too far for a "
            "sign-in: set the clock (for example by NTP), then sign in again."
        )
        self.seconds = seconds


class TokenError(UserPoolError):
    """A token is unusable: malformed, or not for this use."""


class TokenVerificationError(TokenError):
    """A token failed verification; never carries the token.

    Args:
        message: what is wrong with the token and what to do.
        check: the name of the check that failed, such as `"signature"` or `"exp"`.
    """

    def __init__(self, message: str, *, check: str) -> None:
        super().__init__(message)
        self.check = check


class SignedOutError(UserPoolError):
    """Nobody is signed in, or the user has signed out: sign in again."""


class SessionExpired(SignedOutError):
    """The refresh token is expired, revoked or used up: sign in again."""


class StorageError(UserPoolError):
    """Tokens could not be kept or read; the message names the place and the repair."""


class AuthenticatorError(UserPoolError):
    """An authenticator made no passkey, or did not sign; the message says why, and what to do.

    Nothing was sent, and what was begun at the service can be gone on with.
    """


class MissingExtra(UserPoolError, ImportError):
    """An optional dependency is not installed.

    Args:
        extra: the extra that brings it, such as `"service"`.
        purpose: what was about to be done, such as `"serving a user pool"`.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"The extra {extra!r} is needed for {purpose}: pip install 'userpool[{extra}]'")
        self.extra = extra
