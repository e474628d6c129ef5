"""What an error becomes on the command line: one or two lines, and an exit code that scripts can rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from .output import clean

if TYPE_CHECKING:
    from userpool.protocol.errors import ServiceError


class Failure(click.ClickException):
    """An expected end without success: no traceback, and never a secret. This one says that the service
    refused.

    Args:
        message: what happened.
        advice: what to do next.
        details: more members for `--json`.
    """

    exit_code = 1

    def __init__(self, message: str, advice: str = "", **details: Any) -> None:
        super().__init__(message)
        self.advice = advice
        self.details = details
        self.as_json = False

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it to standard error."""
        if self.as_json:
            told = {"message": self.message, "advice": self.advice, "exit_code": self.exit_code}
            click.echo(json.dumps({"error": {**told, **self.details}}), file=file, err=file is None)
            return
        click.echo(f"userpool: {clean(self.message)}", file=file, err=file is None)
        if self.advice:
            click.echo(f"  {clean(self.advice)}", file=file, err=file is None)


class BadUsage(Failure):
    """The command was not called right; nothing was sent."""

    exit_code = 2


class NotSignedIn(Failure):
    """Nobody is signed in, or the session is over."""

    exit_code = 3


class NoAnswer(Failure):
    """The service was not reached, or what answered is no user pool."""

    exit_code = 4


class NeedsPerson(Failure):
    """A step has to be answered by a person, and there is no terminal to ask on."""

    exit_code = 5


class MachineFault(Failure):
    """Something on this machine: a file, a key, the clock, a port, a package that is not installed."""

    exit_code = 6


def explain(error: Exception) -> Failure | None:
    """The failure that an error of the library stands for; `None` for one that is a bug."""
    from userpool.protocol import errors
    from userpool.verify.errors import KeysUnavailable

    if isinstance(error, errors.ServiceError):
        return _refused(error)
    kinds: tuple[tuple[type[Exception], type[Failure]], ...] = (
        (errors.SignedOutError, NotSignedIn),
        (KeysUnavailable, NoAnswer),
        (errors.TransportError, NoAnswer),
        (errors.ProtocolError, NoAnswer),
        (errors.ParameterError, BadUsage),
        (errors.StorageError, MachineFault),
        (errors.ClockSkewError, MachineFault),
        (errors.MissingExtra, MachineFault),
        (errors.AuthenticatorError, MachineFault),
        (errors.UserPoolError, Failure),
    )
    for kind, failure in kinds:
        if isinstance(error, kind):
            return failure(str(error), type=type(error).__name__)
    return None


def _refused(error: ServiceError) -> Failure:
    where = f" (request id {error.request_id})" if error.request_id else ""
    over = (error.reason or "").startswith(("access_token_", "refresh_token_"))
    return (NotSignedIn if over else Failure)(
        f"{error.code}: {error.message or 'the service gave no message.'}{where}",
        _START_OVER
        if over
        else _NEXT_BY_REASON.get(error.reason or "") or _NEXT.get(error.code) or error.hint,
        type=type(error).__name__,
        code=error.code,
        reason=error.reason and str(error.reason),
        operation=error.operation,
        request_id=error.request_id,
    )


_ADMIN_KEYS = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys that this service knows and that may call "
    "this operation (for a service of your own: userpool keys create --admin NAME)."
)
_CREDENTIALS = "Check the user name and the password."
_START_OVER = "Sign in again: userpool sign-in USERNAME."

_NEXT = {
    "AccessDeniedException": _ADMIN_KEYS,
    "CodeMismatchException": "Look at the code again: only the newest one counts.",
    "EnableSoftwareTokenMFAException": "Look at the code again, and that the clock of the app is right.",
    "ExpiredCodeException": "Have a new one sent, as the first was (userpool confirm USERNAME --resend, "
    "userpool password forgot USERNAME); an app shows the next one within 30 seconds.",
    "IncompleteSignatureException": _ADMIN_KEYS,
    "InvalidPasswordException": "Choose a password that keeps to this rule.",
    "InvalidSignatureException": _ADMIN_KEYS,
    "LimitExceededException": "Wait a while, then try again.",
    "MissingAuthenticationTokenException": _ADMIN_KEYS,
    "NotAuthorizedException": "Check the user name, the app client, and whether it may do this.",
    "PasswordResetRequiredException": "The password was reset: userpool password reset USERNAME takes the "
    "code that was sent (userpool password forgot USERNAME sends another).",
    "ResourceNotFoundException": "Check --pool and --client-id, and that --endpoint is the service that has "
    "them.",
    "TooManyRequestsException": "Wait a moment, then try again.",
    "UnrecognizedClientException": _ADMIN_KEYS,
    "UnsupportedUserStateException": "See the user's status: userpool users list.",
    "UserNotFoundException": _CREDENTIALS,
    "UserNotConfirmedException": "Give the code that the sign-up sent: userpool confirm USERNAME "
    "(with --resend another one is sent).",
    "UsernameExistsException": "Choose another user name, or sign in: userpool sign-in USERNAME.",
}
"""What to do next, where the library's hint is for programmers."""

_NEXT_BY_REASON = {
    "bad_credentials": _CREDENTIALS,
    "disabled": "Ask an administrator to enable the user.",
    "locked": "Wait a while, then try again.",
    "session_expired": _START_OVER,
    "session_used": _START_OVER,
    "session_invalid": _START_OVER,
    "secret_hash": "Set USERPOOL_CLIENT_SECRET to the app client's secret; leave it unset where it has none.",
    "temporary_password_expired": "Ask an administrator for a new temporary password.",
}


@contextmanager
def service_errors(purpose: str) -> Iterator[None]:
    """Explain what the service's own rooms raise: wrong keys, no database, a port that is taken.

    Args:
        purpose: what is about to be done, for the message where the extra is not installed.
    """
    from userpool.protocol.errors import MissingExtra

    try:
        from userpool.service.keyfile import KeyFileError
        from userpool.service.ports import StoreError
        from userpool.service.serve import ServeError
    except ModuleNotFoundError as error:
        _check_ours(error)
        raise MissingExtra("service", purpose) from error
    try:
        yield
    except (KeyFileError, StoreError, ServeError) as error:
        raise MachineFault(str(error), type=type(error).__name__) from error
    except ModuleNotFoundError as error:
        _check_ours(error)
        raise MissingExtra("service", purpose) from error


def _check_ours(error: ModuleNotFoundError) -> None:
    """A module of our own that is not there is no extra: the installation is broken."""
    if (error.name or "").startswith("userpool"):
        raise error
