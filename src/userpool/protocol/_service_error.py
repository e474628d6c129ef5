"""The root of every error of this package, and the base of every error that a service answers.

They stand apart from `errors` because the generated classes need them; import them from
`userpool.protocol.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final


class UserPoolError(Exception):
    """The one root: `except UserPoolError` catches all that this package raises on purpose.

    Every subclass pickles and copies with its attributes, whatever its constructor takes.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, self.__dict__.copy())


def _revive(cls: type[UserPoolError], args: tuple[Any, ...], attributes: dict[str, Any]) -> UserPoolError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(attributes)
    return error


class NotAuthorizedReason(StrEnum):
    """Why a `NotAuthorizedException` came: Cognito only tells in prose, and this is that prose, read once."""

    BAD_CREDENTIALS = "bad_credentials"
    LOCKED = "locked"
    DISABLED = "disabled"
    SESSION_EXPIRED = "session_expired"
    SESSION_USED = "session_used"
    SESSION_INVALID = "session_invalid"
    SECRET_HASH = "secret_hash"
    REFRESH_TOKEN_INVALID = "refresh_token_invalid"
    REFRESH_TOKEN_EXPIRED = "refresh_token_expired"
    REFRESH_TOKEN_REVOKED = "refresh_token_revoked"
    ACCESS_TOKEN_INVALID = "access_token_invalid"
    ACCESS_TOKEN_EXPIRED = "access_token_expired"
    ACCESS_TOKEN_REVOKED = "access_token_revoked"
    ACCESS_TOKEN_SCOPE = "access_token_scope"
    TEMPORARY_PASSWORD_EXPIRED = "temporary_password_expired"
    NOT_PERMITTED = "not_permitted"
    OTHER = "other"


_REASONS = (
    ("incorrect username or password", NotAuthorizedReason.BAD_CREDENTIALS),
    ("password attempts exceeded", NotAuthorizedReason.LOCKED),
    ("user is disabled", NotAuthorizedReason.DISABLED),
    ("session is expired", NotAuthorizedReason.SESSION_EXPIRED),
    ("session can only be used once", NotAuthorizedReason.SESSION_USED),
    ("invalid session", NotAuthorizedReason.SESSION_INVALID),
    ("unable to verify secret hash", NotAuthorizedReason.SECRET_HASH),
    ("secret was not received", NotAuthorizedReason.SECRET_HASH),
    ("invalid refresh token", NotAuthorizedReason.REFRESH_TOKEN_INVALID),
    ("refresh token has expired", NotAuthorizedReason.REFRESH_TOKEN_EXPIRED),
    ("refresh token has been revoked", NotAuthorizedReason.REFRESH_TOKEN_REVOKED),
    ("invalid access token", NotAuthorizedReason.ACCESS_TOKEN_INVALID),
    ("access token has expired", NotAuthorizedReason.ACCESS_TOKEN_EXPIRED),
    ("access token has been revoked", NotAuthorizedReason.ACCESS_TOKEN_REVOKED),
    ("does not have required scopes", NotAuthorizedReason.ACCESS_TOKEN_SCOPE),
    ("temporary password has expired", NotAuthorizedReason.TEMPORARY_PASSWORD_EXPIRED),
    ("not permitted", NotAuthorizedReason.NOT_PERMITTED),
    ("unauthorized attribute", NotAuthorizedReason.NOT_PERMITTED),
    ("cannot be confirmed", NotAuthorizedReason.NOT_PERMITTED),
    ("cannot be reset", NotAuthorizedReason.NOT_PERMITTED),
)


ADVICE: Final[Mapping[str, str]] = {
    NotAuthorizedReason.BAD_CREDENTIALS: "Check the user name and the password.",
    NotAuthorizedReason.LOCKED: "Wait before the next attempt: each wrong password makes the wait longer.",
    NotAuthorizedReason.DISABLED: "Ask an administrator to enable the user (AdminEnableUser).",
    NotAuthorizedReason.SESSION_EXPIRED: "Sign in again: the challenge is too old to be answered.",
    NotAuthorizedReason.SESSION_USED: "Sign in again, and answer each challenge once.",
    NotAuthorizedReason.SESSION_INVALID: "Sign in again: this challenge or device cannot go on.",
    NotAuthorizedReason.SECRET_HASH: "Give the app client's own client_secret, and none to a client without.",
    NotAuthorizedReason.REFRESH_TOKEN_INVALID: "Sign in again.",
    NotAuthorizedReason.REFRESH_TOKEN_EXPIRED: "Sign in again.",
    NotAuthorizedReason.REFRESH_TOKEN_REVOKED: "Sign in again.",
    NotAuthorizedReason.ACCESS_TOKEN_INVALID: "Give an access token of this pool, no ID token, or sign in.",
    NotAuthorizedReason.ACCESS_TOKEN_EXPIRED: "Refresh the tokens, or sign in again.",
    NotAuthorizedReason.ACCESS_TOKEN_REVOKED: "Sign in again.",
    NotAuthorizedReason.ACCESS_TOKEN_SCOPE: (
        "Sign in by the API, or ask for the scope aws.cognito.signin.user.admin."
    ),
    NotAuthorizedReason.TEMPORARY_PASSWORD_EXPIRED: (
        "Ask an administrator for a new one (AdminCreateUser with message_action RESEND)."
    ),
    NotAuthorizedReason.NOT_PERMITTED: (
        "The app client's settings or the user's status do not allow this: the message says what."
    ),
}
"""What to do next, by the reason; the class's hint where there is none."""


def not_authorized_reason(message: str) -> NotAuthorizedReason:
    """The reason that Cognito's `message` of a `NotAuthorizedException` stands for."""
    text = message.lower()
    return next((reason for part, reason in _REASONS if part in text), NotAuthorizedReason.OTHER)


class ServiceError(UserPoolError):
    """An error that the service answered. A code that has no class of its own arrives as this one.

    The service raises the same classes: `raise NotAuthorizedException("Incorrect username or password.")`.

    Args:
        message: the service's own text.
        code: the wire code; by default that of the class.
        status: the HTTP status; by default that of the class.
        request_id: what AWS support, or the service's log, finds this call by.
        operation: the wire name of the operation, such as `InitiateAuth`.
        reason: a finer reason than the code; by default what the message of a `NotAuthorizedException` says.
        retry_after: seconds after which the service said it may be asked again.
    """

    default_code: ClassVar[str] = "ServiceError"
    default_status: ClassVar[int] = 400
    hint: str = "See the service's message; the request id finds this call in its log."
    throttled: ClassVar[bool] = False
    """The service refused before it acted: every operation may be sent again, later."""

    reads_reason: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        operation: str | None = None,
        reason: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.status = status or self.default_status
        self.request_id = request_id
        self.operation = operation
        if reason is None and self.reads_reason:
            reason = not_authorized_reason(message)
        self.reason = reason
        if self.reads_reason and reason:
            self.hint = ADVICE.get(reason, self.hint)
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the fault is a passing one: throttling, or a fault of the service.

        Whether the call may be sent again is another question, which `Operation.retry` answers: after a fault
        that is not `throttled` the service may have acted.
        """
        return self.throttled or self.status >= 500 or self.status == 429

    def __str__(self) -> str:
        text = self.message or "The service gave no message."
        context = ", ".join(
            part for part in (self.operation, self.request_id and f"request id {self.request_id}") if part
        )
        return f"{text} ({context}) {self.hint}" if context else f"{text} {self.hint}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, code={self.code!r}, status={self.status})"
