"""The tree of errors: one root, a class a wire code, reasons, and nothing lost in a pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

from userpool.protocol import errors
from userpool.protocol._service_error import ADVICE
from userpool.protocol.errors import (
    BY_CODE,
    ChallengeError,
    ClockSkewError,
    DeadlineExceeded,
    InternalErrorException,
    InvalidParameterException,
    LimitExceededException,
    MissingExtra,
    NotAuthorizedException,
    NotAuthorizedReason,
    ParameterError,
    ProtocolError,
    ServiceError,
    ServiceUnavailableException,
    SessionExpired,
    SignedOutError,
    StorageError,
    TokenError,
    TokenVerificationError,
    TooManyFailedAttemptsException,
    TooManyRequestsException,
    TransportError,
    UserLambdaValidationException,
    UserNotFoundException,
    UserPoolError,
    error_class,
)

MADE: list[UserPoolError] = [
    NotAuthorizedException("Incorrect username or password.", request_id="r-1", operation="InitiateAuth"),
    UserNotFoundException("User does not exist."),
    InvalidParameterException("m", reason="why"),
    ServiceError("m", code="FromTomorrowException", status=418, retry_after=2.0),
    ParameterError("m", faults=["a", "b"]),
    TransportError("m", sent="no"),
    DeadlineExceeded("m"),
    ProtocolError("m", operation="GetUser", status=200, request_id="r"),
    ChallengeError("m"),
    ClockSkewError(90.4),
    TokenError("m"),
    TokenVerificationError("m", check="exp"),
    SignedOutError("m"),
    SessionExpired("m"),
    StorageError("m"),
    MissingExtra("service", "serving a user pool"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickle_and_copy(error: UserPoolError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert other.args == error.args
        assert vars(other) == vars(error)


def test_there_is_one_root() -> None:
    assert all(isinstance(error, UserPoolError) for error in MADE)
    assert all(issubclass(kind, ServiceError) for kind in BY_CODE.values())
    assert issubclass(ParameterError, ValueError)
    assert issubclass(MissingExtra, ImportError)
    assert issubclass(SessionExpired, SignedOutError)
    assert issubclass(TokenVerificationError, TokenError)


def test_a_class_bears_its_wire_code() -> None:
    assert len(BY_CODE) == 73
    for code, kind in BY_CODE.items():
        assert kind.__name__ == code == kind.default_code == kind().code
        assert getattr(errors, code) is kind
        assert error_class(code) is kind
        assert 20 < len(kind.hint) < 200, code
        assert kind.hint.endswith("."), code


def test_an_unknown_code_survives() -> None:
    assert error_class("FromTomorrowException") is ServiceError
    error = ServiceError("m", code="FromTomorrowException")
    assert error.code == "FromTomorrowException"
    assert repr(error) == "ServiceError('m', code='FromTomorrowException', status=400)"


def test_statuses() -> None:
    assert NotAuthorizedException("m").status == 400
    assert InternalErrorException("m").status == 500
    assert ServiceUnavailableException("m").status == 503
    assert ServiceUnavailableException("m", status=502).status == 502


@pytest.mark.parametrize(
    ("error", "retryable", "throttled"),
    [
        (TooManyRequestsException("Rate exceeded"), True, True),
        (InternalErrorException("m"), True, False),
        (ServiceUnavailableException("m"), True, False),
        (ServiceError("m", status=429), True, False),
        (LimitExceededException("Attempt limit exceeded"), False, False),
        (TooManyFailedAttemptsException("m"), False, False),
        (NotAuthorizedException("m"), False, False),
    ],
)
def test_what_passes_by_itself(error: ServiceError, retryable: bool, throttled: bool) -> None:
    assert error.retryable is retryable
    assert error.throttled is throttled


@pytest.mark.parametrize("reason", sorted(set(NotAuthorizedReason) - {NotAuthorizedReason.OTHER}))
def test_each_reason_says_what_to_do(reason: NotAuthorizedReason) -> None:
    error = NotAuthorizedException("Whatever it says.", reason=reason)
    assert error.hint == ADVICE[reason] != NotAuthorizedException.hint
    assert error.hint.endswith(".") and str(error).endswith(error.hint)
    other = UserLambdaValidationException("No.", reason=reason)
    assert other.hint == UserLambdaValidationException.hint, "reasons are those of one class"


def test_a_text_says_what_to_do_and_where_it_came_from() -> None:
    error = NotAuthorizedException("Password attempts exceeded", operation="InitiateAuth", request_id="r-1")
    assert str(error) == (
        "Password attempts exceeded (InitiateAuth, request id r-1) "
        "Wait before the next attempt: each wrong password makes the wait longer."
    )
    assert str(NotAuthorizedException("No.")) == f"No. {NotAuthorizedException.hint}"
    assert str(NotAuthorizedException(operation="GetUser")).startswith(
        "The service gave no message. (GetUser)"
    )


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Incorrect username or password.", NotAuthorizedReason.BAD_CREDENTIALS),
        ("Password attempts exceeded", NotAuthorizedReason.LOCKED),
        ("User is disabled.", NotAuthorizedReason.DISABLED),
        ("Invalid session for the user, session is expired.", NotAuthorizedReason.SESSION_EXPIRED),
        ("Invalid session for the user, session can only be used once.", NotAuthorizedReason.SESSION_USED),
        ("Invalid session for the user.", NotAuthorizedReason.SESSION_INVALID),
        ("Unable to verify secret hash for client abc", NotAuthorizedReason.SECRET_HASH),
        ("Client abc is configured for secret but secret was not received", NotAuthorizedReason.SECRET_HASH),
        ("Invalid Refresh Token", NotAuthorizedReason.REFRESH_TOKEN_INVALID),
        ("Refresh Token has expired", NotAuthorizedReason.REFRESH_TOKEN_EXPIRED),
        ("Refresh Token has been revoked", NotAuthorizedReason.REFRESH_TOKEN_REVOKED),
        ("Invalid Access Token", NotAuthorizedReason.ACCESS_TOKEN_INVALID),
        ("Access Token has expired", NotAuthorizedReason.ACCESS_TOKEN_EXPIRED),
        ("Access Token has been revoked", NotAuthorizedReason.ACCESS_TOKEN_REVOKED),
        ("Access Token does not have required scopes", NotAuthorizedReason.ACCESS_TOKEN_SCOPE),
        (
            "Temporary password has expired and must be reset by an administrator.",
            NotAuthorizedReason.TEMPORARY_PASSWORD_EXPIRED,
        ),
        ("SignUp is not permitted for this user pool", NotAuthorizedReason.NOT_PERMITTED),
        ("A client attempted to write unauthorized attribute", NotAuthorizedReason.NOT_PERMITTED),
        ("User cannot be confirmed. Current status is CONFIRMED", NotAuthorizedReason.NOT_PERMITTED),
        ("User password cannot be reset in the current state.", NotAuthorizedReason.NOT_PERMITTED),
        ("Something of tomorrow", NotAuthorizedReason.OTHER),
    ],
)
def test_the_reason_is_read_from_the_message(message: str, reason: NotAuthorizedReason) -> None:
    assert NotAuthorizedException(message).reason is reason


def test_a_reason_may_be_given_and_other_errors_have_none() -> None:
    given = NotAuthorizedException("x", reason=NotAuthorizedReason.LOCKED)
    assert given.reason is NotAuthorizedReason.LOCKED
    assert InvalidParameterException("Invalid session provided").reason is None


def test_an_unknown_user_is_caught_with_a_wrong_password() -> None:
    assert issubclass(UserNotFoundException, NotAuthorizedException)
    assert UserNotFoundException.hint == NotAuthorizedException.hint
    hidden = UserNotFoundException("Incorrect username or password.")
    plain = NotAuthorizedException("Incorrect username or password.")
    assert str(hidden) == str(plain)
    assert hidden.message == plain.message
    assert hidden.reason is plain.reason
    assert hidden.code == "UserNotFoundException"


def test_a_transport_error_keeps_its_cause() -> None:
    cause = OSError("refused")
    with pytest.raises(TransportError) as caught:
        raise TransportError("The host cannot be reached.", sent="no") from cause
    assert caught.value.cause is cause
    assert caught.value.sent == "no"
    assert DeadlineExceeded("m").sent == "maybe"


def test_a_wrong_clock_is_named_with_its_side() -> None:
    assert "clock is 90 seconds behind the service's" in str(ClockSkewError(90.4))
    assert "clock is 3600 seconds ahead of the service's" in str(ClockSkewError(-3600))
    assert ClockSkewError(-3600).seconds == -3600


def test_a_missing_extra_names_the_command() -> None:
    error = MissingExtra("service", "serving a user pool")
    assert "pip install 'userpool[service]'" in str(error)
    assert error.extra == "service"
