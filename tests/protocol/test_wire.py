"""AWS JSON 1.1 in its four directions, and the errors that come and go with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.contract_values import values
from userpool.protocol import operations as ops
from userpool.protocol import wire
from userpool.protocol.errors import (
    CodeMismatchException,
    InternalErrorException,
    InvalidParameterException,
    NotAuthorizedException,
    NotAuthorizedReason,
    ParameterError,
    ProtocolError,
    SerializationException,
    ServiceError,
    ServiceUnavailableException,
    TooManyRequestsException,
    UserNotFoundException,
)
from userpool.protocol.http import Response
from userpool.protocol.operations import Operation
from userpool.protocol.shapes import idp

CLIENT = "7ghr5379orhbo88d52vphda6s9"
SIGN_IN = {"AuthFlow": "USER_SRP_AUTH", "ClientId": CLIENT, "AuthParameters": {"USERNAME": "ada"}}
EVERY = [*ops.IDP.values(), *ops.IDENTITY.values()]


def body_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def answer(value: Any, status: int = 400, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, named, value if isinstance(value, bytes) else body_of(value))


def raised(response: Response, operation: Operation[Any, Any] = ops.INITIATE_AUTH) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        wire.decode_response(operation, response)
    return caught.value


def refused(response: Response, operation: Operation[Any, Any] = ops.INITIATE_AUTH) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        wire.decode_response(operation, response)
    return caught.value


# ---------------------------------------------------------------- requests


def test_a_request_is_encoded() -> None:
    request = wire.encode_request(
        ops.INITIATE_AUTH,
        idp.InitiateAuthRequest(
            auth_flow="USER_SRP_AUTH", client_id=CLIENT, auth_parameters={"USERNAME": "Ada Löve\U0001f600"}
        ),
    )
    assert request.method == "POST"
    assert request.url == "/"
    assert request.headers == {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }
    assert json.loads(request.body) == {
        "AuthFlow": "USER_SRP_AUTH",
        "AuthParameters": {"USERNAME": "Ada Löve\U0001f600"},
        "ClientId": CLIENT,
    }
    assert b": " not in request.body


def test_a_blob_goes_as_base64() -> None:
    request = wire.encode_request(
        ops.SET_UI_CUSTOMIZATION,
        idp.SetUICustomizationRequest(user_pool_id="eu-west-1_abc", image_file=b"\x00\xff"),
    )
    assert json.loads(request.body) == {"UserPoolId": "eu-west-1_abc", "ImageFile": "AP8="}
    decoded = wire.decode_request(ops.SET_UI_CUSTOMIZATION, request.body)
    assert decoded.image_file == b"\x00\xff"


def test_a_bad_argument_is_found_before_the_wire() -> None:
    with pytest.raises(ParameterError, match="at 'clientId'"):
        wire.encode_request(ops.INITIATE_AUTH, idp.InitiateAuthRequest(auth_flow="X", client_id=""))
    with pytest.raises(ParameterError, match="valid Unicode"):
        wire.encode_request(
            ops.INITIATE_AUTH,
            idp.InitiateAuthRequest(
                auth_flow="X", client_id=CLIENT, auth_parameters={"USERNAME": "canary\ud800"}
            ),
        )


def test_a_request_is_decoded() -> None:
    shape = wire.decode_request(ops.INITIATE_AUTH, body_of({**SIGN_IN, "Session": None, "OfTomorrow": [1]}))
    assert shape == idp.InitiateAuthRequest(
        auth_flow="USER_SRP_AUTH", client_id=CLIENT, auth_parameters={"USERNAME": "ada"}
    )


def test_nothing_in_a_map_is_not_there() -> None:
    """amazon-cognito-identity-js refreshes with `DEVICE_KEY: null`, and Cognito takes it."""
    parameters = {"REFRESH_TOKEN": "token", "DEVICE_KEY": None}
    shape = wire.decode_request(ops.INITIATE_AUTH, body_of({**SIGN_IN, "AuthParameters": parameters}))
    assert shape.auth_parameters == {"REFRESH_TOKEN": "token"}


def test_a_request_of_the_wrong_type_is_a_serialization_exception() -> None:
    with pytest.raises(SerializationException) as caught:
        wire.decode_request(ops.INITIATE_AUTH, body_of({**SIGN_IN, "AuthParameters": {"PASSWORD": 4711}}))
    assert caught.value.message == "AuthParameters.PASSWORD must be a string, not another number."
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_request_beyond_the_limits_is_an_invalid_parameter() -> None:
    with pytest.raises(InvalidParameterException) as caught:
        wire.decode_request(ops.INITIATE_AUTH, body_of({"AuthFlow": "X", "ClientId": "canary!"}))
    assert caught.value.message.startswith("2 validation errors detected: Value 'X' at 'authFlow' failed")
    assert "Value at 'clientId' failed" in caught.value.message
    assert "canary" not in str(caught.value)


def test_the_size_of_a_request_is_bounded() -> None:
    large = body_of({**SIGN_IN, "Padding": "x" * (2 << 20)})
    with pytest.raises(SerializationException, match="longer than 1048576 bytes"):
        wire.decode_request(ops.INITIATE_AUTH, large)
    assert wire.decode_request(ops.INITIATE_AUTH, large, limit=4 << 20).client_id == CLIENT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"AuthFlow":"A","AuthFlow":"B"}', "names a key twice"),
        (b'{"AuthFlow":NaN}', "holds NaN"),
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
    ],
)
def test_a_request_that_is_not_strict_json(body: bytes, reason: str) -> None:
    with pytest.raises(SerializationException, match=f"The request cannot be read: the body .*{reason}"):
        wire.decode_request(ops.INITIATE_AUTH, body)


# ---------------------------------------------------------------- responses


def test_a_response_is_encoded_and_decoded() -> None:
    output = idp.InitiateAuthResponse(
        challenge_parameters={},
        authentication_result=idp.AuthenticationResultType(access_token="a.b.c", expires_in=3600),
    )
    response = wire.encode_response(ops.INITIATE_AUTH, output, request_id="r-1")
    assert response.status == 200
    assert response.headers == {"content-type": wire.CONTENT_TYPE, "x-amzn-requestid": "r-1"}
    assert json.loads(response.body) == {
        "ChallengeParameters": {},
        "AuthenticationResult": {"AccessToken": "a.b.c", "ExpiresIn": 3600},
    }
    assert wire.decode_response(ops.INITIATE_AUTH, response) == output


def test_timestamps_are_seconds_since_1970() -> None:
    noon = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))
    user = idp.UserType(username="ada", user_create_date=noon, enabled=False, attributes=[])
    response = wire.encode_response(ops.LIST_USERS, idp.ListUsersResponse(users=[user]))
    (plain,) = json.loads(response.body)["Users"]
    assert plain == {"Username": "ada", "UserCreateDate": 1795431600.123, "Enabled": False, "Attributes": []}
    (decoded,) = wire.decode_response(ops.LIST_USERS, response).users or []
    assert decoded.user_create_date == datetime(2026, 11, 23, 11, 0, 0, 123_000, tzinfo=UTC)
    whole = answer({"Users": [{"UserCreateDate": 1795431600}]}, 200)
    (decoded,) = wire.decode_response(ops.LIST_USERS, whole).users or []
    assert decoded.user_create_date == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_an_answer_without_members_is_an_empty_object() -> None:
    response = wire.encode_response(ops.DELETE_USER, ops.DELETE_USER.output())
    assert response.body == b"{}"
    for body in (b"{}", b"", b" \n"):
        decoded = wire.decode_response(ops.DELETE_USER, Response(200, {}, body))
        assert decoded == ops.DELETE_USER.output()
    refused(Response(200, {}, b""), ops.GET_USER)


def test_members_and_enumerations_of_tomorrow_survive() -> None:
    response = answer({"ChallengeName": "DNA_SAMPLE", "Session": "s" * 20, "OfTomorrow": {"x": [None]}}, 200)
    assert wire.decode_response(ops.INITIATE_AUTH, response).challenge_name == "DNA_SAMPLE"


def test_a_document_is_any_json() -> None:
    response = answer({"CredentialCreationOptions": {"rp": {"id": "example.com"}, "timeout": 1.5}}, 200)
    decoded = wire.decode_response(ops.START_WEB_AUTHN_REGISTRATION, response)
    assert decoded.credential_creation_options == {"rp": {"id": "example.com"}, "timeout": 1.5}
    assert "example.com" not in repr(decoded)


def test_texts_that_look_like_other_types_stay_texts() -> None:
    for text in ("null", "none", "1", "true", "NaN"):
        answered = answer({"ChallengeParameters": {"X": text}, "Session": text}, 200)
        decoded = wire.decode_response(ops.INITIATE_AUTH, answered)
        assert decoded.session == text
        assert decoded.challenge_parameters == {"X": text}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"AuthenticationResult":{"AccessToken":"canary', "not JSON"),
        (b"<html>canary</html>", "not JSON"),
        (b'["canary"]', "not a JSON object"),
        (b'{"Session":"canary","Session":"x"}', "names a key twice"),
        (b"\xff", "not UTF-8"),
        (body_of({"Session": 1}), "Session must be a string"),
        (body_of({"AuthenticationResult": {"ExpiresIn": "3600"}}), "AuthenticationResult.ExpiresIn must be"),
        (body_of({"AuthenticationResult": {"ExpiresIn": 36.5}}), "AuthenticationResult.ExpiresIn must be"),
        (body_of({"AuthenticationResult": "canary"}), "AuthenticationResult must be an object"),
        (body_of({"ChallengeParameters": {"X": None}}), "ChallengeParameters.X must be a string, not null"),
        (b"[" * 100_000, "deeper than 64 levels"),
    ],
)
def test_an_answer_that_is_none(body: bytes, reason: str) -> None:
    error = refused(answer(body, 200, x_amzn_requestid="r-2"))
    assert reason in str(error)
    assert "Check the endpoint" in str(error)
    assert "canary" not in str(error)
    assert error.__cause__ is None
    assert (error.operation, error.status, error.request_id) == ("InitiateAuth", 200, "r-2")


def test_a_timestamp_out_of_range_is_a_protocol_error() -> None:
    error = refused(answer({"Users": [{"UserCreateDate": 1e300}]}, 200), ops.LIST_USERS)
    assert "a value that cannot be" in str(error)


def test_the_size_of_an_answer_is_bounded() -> None:
    large = answer({"Session": "x" * (17 << 20)}, 200)
    assert "longer than" in str(refused(large))
    with pytest.raises(ProtocolError, match="longer than 10 bytes"):
        wire.decode_response(ops.INITIATE_AUTH, answer({"Session": "x" * 20}, 200), limit=10)


# ---------------------------------------------------------------- errors


def test_an_error_is_encoded_as_cognito_does() -> None:
    response = wire.encode_error(
        "NotAuthorizedException", "Incorrect username or password.", request_id="r-1"
    )
    assert response.status == 400
    assert response.headers == {
        "content-type": wire.CONTENT_TYPE,
        "x-amzn-requestid": "r-1",
        "x-amzn-errortype": "NotAuthorizedException:",
        "x-amzn-errormessage": "Incorrect username or password.",
    }
    assert json.loads(response.body) == {
        "__type": "NotAuthorizedException",
        "message": "Incorrect username or password.",
    }


def test_statuses_of_errors() -> None:
    assert wire.encode_error("InternalErrorException", "m").status == 500
    assert wire.encode_error("InternalServerException", "m").status == 500
    assert wire.encode_error("UnknownOperationException", "m").status == 400
    assert wire.encode_error("OfTomorrowException", "m").status == 400
    assert wire.encode_error("ForbiddenException", "m", status=403).status == 403


def test_an_error_header_cannot_break_out() -> None:
    response = wire.encode_error("InvalidParameterException", "a\r\nSet-Cookie: x=é" + "y" * 5000)
    header = response.headers["x-amzn-errormessage"]
    assert header.startswith("a??Set-Cookie: x=?y")
    assert len(header) == wire.MAX_ERROR_HEADER
    assert json.loads(response.body)["message"].startswith("a\r\nSet-Cookie: x=é")


def test_only_the_reason_code_of_the_contract_is_sent() -> None:
    hidden = wire.encode_service_error(NotAuthorizedException("Password attempts exceeded"), request_id="r")
    assert json.loads(hidden.body) == {
        "__type": "NotAuthorizedException",
        "message": "Password attempts exceeded",
    }
    sent = wire.encode_service_error(InvalidParameterException("m", reason="because"))
    assert json.loads(sent.body) == {
        "__type": "InvalidParameterException",
        "message": "m",
        "reasonCode": "because",
    }
    assert raised(sent).reason == "because"
    assert wire.encode_service_error(InternalErrorException("m")).status == 500


@pytest.mark.parametrize("error", [
    CodeMismatchException("Invalid verification code provided, please try again."),
    NotAuthorizedException("Invalid session for the user, session is expired."),
    InternalErrorException("m"),
    ServiceError("m", code="OfTomorrowException", status=418),
])  # fmt: skip
def test_an_error_survives_the_wire(error: ServiceError) -> None:
    other = raised(wire.encode_service_error(error, request_id="r-9"))
    assert type(other) is type(error)
    assert (other.code, other.message, other.status, other.reason) == (
        error.code,
        error.message,
        error.status,
        error.reason,
    )
    assert (other.request_id, other.operation) == ("r-9", "InitiateAuth")


@pytest.mark.parametrize(
    "response",
    [
        answer({"__type": "CodeMismatchException", "message": "m"}),
        answer({"__type": "com.amazonaws.cognito#CodeMismatchException", "message": "m"}),
        answer({"__type": "CodeMismatchException:http://internal.amazon.com/", "message": "m"}),
        answer({"__type": "a.b#CodeMismatchException:http://x#y", "message": "m"}),
        answer({"code": "CodeMismatchException", "Message": "m"}),
        answer({"message": "m"}, x_amzn_errortype="CodeMismatchException:"),
        answer(b"", x_amzn_errortype="CodeMismatchException:", x_amzn_errormessage="m"),
        answer({"__type": 7, "message": ["x"], "Message": "m"}, x_amzn_errortype="CodeMismatchException"),
    ],
)
def test_every_spelling_of_an_error_is_read(response: Response) -> None:
    error = raised(response)
    assert type(error) is CodeMismatchException
    assert error.message == "m"


@pytest.mark.parametrize(
    "name", ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id", "x-amz-requestid"]
)
def test_every_spelling_of_a_request_id_is_read(name: str) -> None:
    assert raised(Response(400, {name: "r-3"}, body_of({"__type": "X"}))).request_id == "r-3"
    long = raised(Response(400, {name: "r" * 9999}, body_of({"__type": "X"})))
    assert len(long.request_id or "") == 128


def test_an_unknown_code_survives() -> None:
    error = raised(answer({"__type": "OfTomorrowException", "message": "m"}, 409))
    assert type(error) is ServiceError
    assert (error.code, error.message, error.status, error.reason) == ("OfTomorrowException", "m", 409, None)


def test_a_message_is_bounded() -> None:
    assert len(raised(answer({"__type": "X", "message": "m" * 100_000})).message) == wire.MAX_MESSAGE


@pytest.mark.parametrize("body", [b"", b"<html>canary</html>", b'{"message":"canary"}', b"{", b"null"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_without_a_code_is_a_service_that_is_down(status: int, body: bytes) -> None:
    error = raised(answer(body, status, retry_after="7"))
    assert type(error) is ServiceUnavailableException
    assert error.retryable
    assert not error.throttled
    assert (error.status, error.retry_after) == (status, 7.0)
    assert "canary" not in str(error)


def test_429_without_a_code_is_throttling() -> None:
    error = raised(answer(b"slow down", 429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"))
    assert type(error) is TooManyRequestsException
    assert error.throttled
    assert error.status == 429
    assert error.retry_after is None


@pytest.mark.parametrize("value", ["-1", "1e9", "x", "9" * 7, "٣", ""])
def test_a_retry_after_that_is_none(value: str) -> None:
    assert raised(answer({"__type": "TooManyRequestsException"}, retry_after=value)).retry_after is None


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    assert "redirects are not followed" in str(refused(answer(b"", status, location="https://evil.example")))


@pytest.mark.parametrize("response", [
    answer(b"<html>canary</html>", 403),
    answer({"__type": "<script>canary"}, 404),
    answer({"__type": ""}, 400),
    answer({"__type": "x" * 200}, 400),
    answer(b"\xff", 413),
    answer(b"", 199),
])  # fmt: skip
def test_a_refusal_without_a_code_is_no_answer(response: Response) -> None:
    error = refused(response)
    assert "names no error code" in str(error)
    assert "canary" not in str(error)


# ---------------------------------------------------------------- who may know whether a user exists


def test_an_unknown_user_reads_like_a_wrong_password_where_anybody_may_ask() -> None:
    told = answer({"__type": "UserNotFoundException", "message": "User does not exist."})
    wrong = answer({"__type": "NotAuthorizedException", "message": "Incorrect username or password."})
    for operation in (
        ops.INITIATE_AUTH,
        ops.FORGOT_PASSWORD,
        ops.CONFIRM_SIGN_UP,
        ops.RESEND_CONFIRMATION_CODE,
    ):
        hidden, plain = raised(told, operation), raised(wrong, operation)
        assert isinstance(hidden, UserNotFoundException)
        assert isinstance(hidden, NotAuthorizedException)
        assert str(hidden) == str(plain)
        assert hidden.message == plain.message
        assert hidden.reason is NotAuthorizedReason.BAD_CREDENTIALS


def test_an_administrator_is_told() -> None:
    told = answer({"__type": "UserNotFoundException", "message": "User does not exist."})
    for operation in (ops.ADMIN_GET_USER, ops.GET_USER):
        assert raised(told, operation).message == "User does not exist."


# ---------------------------------------------------------------- properties


@given(st.data())
def test_every_output_goes_round(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(EVERY))
    plain = data.draw(values(operation.service.value, operation.output_name))
    decoded = wire.decode_response(operation, answer(plain, 200))
    again = wire.encode_response(operation, decoded)
    assert json.loads(again.body) == plain
    assert wire.decode_response(operation, again) == decoded


@given(st.data())
def test_every_input_is_taken_or_refused_by_name(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(EVERY))
    plain = data.draw(values(operation.service.value, operation.input_name))
    try:
        decoded = wire.decode_request(operation, body_of(plain))
    except InvalidParameterException as error:
        assert "failed to satisfy constraint" in error.message  # noqa: PT017 - either way is right
    else:
        assert json.loads(wire.encode_request(operation, decoded).body) == plain


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(EVERY), st.data())
def test_no_request_breaks_the_service(operation: Operation[Any, Any], data: st.DataObject) -> None:
    names = st.sampled_from([*operation.input.__struct_encode_fields__, "OfTomorrow"])
    body = data.draw(st.dictionaries(names, JSON).map(body_of) | JSON.map(body_of) | st.binary(max_size=64))
    try:
        wire.decode_request(operation, body)
    except (SerializationException, InvalidParameterException) as error:
        assert error.message  # noqa: PT017 - either way is right


@given(st.sampled_from(EVERY), st.integers(100, 599), st.data())
def test_no_answer_breaks_the_client(
    operation: Operation[Any, Any], status: int, data: st.DataObject
) -> None:
    names = st.sampled_from([*operation.output.__struct_encode_fields__, "__type", "message", "code"])
    body = data.draw(st.dictionaries(names, JSON).map(body_of) | JSON.map(body_of) | st.binary(max_size=64))
    header = data.draw(st.none() | st.text(max_size=20))
    headers = {} if header is None else {"x-amzn-errortype": header, "retry-after": header}
    try:
        wire.decode_response(operation, Response(status, headers, body))
    except (ServiceError, ProtocolError) as error:
        assert str(error)  # noqa: PT017 - either way is right
