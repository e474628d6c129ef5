"""Every operation that is built, held against the model: nothing breaks it inside, whatever it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.service.world import PASSWORD
from userpool.protocol import operations as ops
from userpool.protocol.http import Request
from userpool.protocol.wire import CONTENT_TYPE
from userpool.service.app import Service
from userpool.service.context import HANDLERS, Settings
from userpool.service.operations import load

load()
BUILT = sorted(HANDLERS)
REFUSALS = {"SerializationException", "InvalidParameterException"}


WRONG: tuple[Any, ...] = ({"x": {"y": []}}, [[[]]], 1.5)

WANTED = """
    SignUp ConfirmSignUp ResendConfirmationCode InitiateAuth RespondToAuthChallenge DeleteUser
    GetTokensFromRefreshToken RevokeToken GlobalSignOut GetUser UpdateUserAttributes DeleteUserAttributes
    GetUserAttributeVerificationCode VerifyUserAttribute ChangePassword ForgotPassword ConfirmForgotPassword
    SetUserMFAPreference AssociateSoftwareToken VerifySoftwareToken
    CreateUserPool DescribeUserPool ListUserPools DeleteUserPool
    CreateUserPoolClient DescribeUserPoolClient ListUserPoolClients DeleteUserPoolClient
    AdminCreateUser AdminGetUser AdminSetUserPassword AdminConfirmSignUp AdminDeleteUser ListUsers
    SetUserPoolMfaConfig GetUserPoolMfaConfig
    ConfirmDevice GetDevice ListDevices UpdateDeviceStatus ForgetDevice
    AdminGetDevice AdminListDevices AdminUpdateDeviceStatus AdminForgetDevice
    AdminSetUserMFAPreference AdminDeleteSoftwareToken
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service.open(settings=Settings(signed_admin=False)) as opened:
        yield opened


def test_what_the_main_job_needs_is_built() -> None:
    assert set(WANTED.split()) <= set(BUILT)


def answer(service: Service, operation: str, body: dict[str, Any]) -> tuple[int, str]:
    headers = {"content-type": CONTENT_TYPE, "x-amz-target": ops.IDP[operation].target}
    response = service.handle(Request("POST", "/", headers, json.dumps(body).encode()))
    return response.status, json.loads(response.body or b"{}").get("__type", "")


def wire_names(operation: str) -> list[str]:
    return list(ops.IDP[operation].input.__struct_encode_fields__)


@pytest.mark.parametrize("operation", BUILT)
def test_a47_members_of_the_wrong_type_are_refused(service: Service, operation: str) -> None:
    for name in wire_names(operation):
        for wrong in WRONG:
            status, code = answer(service, operation, {name: wrong})
            assert (status, code in REFUSALS) == (400, True), (operation, name, wrong, code)


@pytest.mark.parametrize("operation", BUILT)
def test_a47_what_is_missing_is_named(service: Service, operation: str) -> None:
    required = [one for one in msgspec.structs.fields(ops.IDP[operation].input) if one.required]
    status, code = answer(service, operation, {})
    if required:
        assert (status, code) == (400, "InvalidParameterException")
    else:
        assert status != 500


@pytest.mark.parametrize("operation", BUILT)
@pytest.mark.parametrize("text", ["", "x", "x" * 5000, "us-east-1_none12345", "\0", "é\u202e{####}"])
def test_texts_of_all_kinds_break_nothing(service: Service, operation: str, text: str) -> None:
    """Whatever stands in the text members, the answer is one that the operation declares."""
    filled: dict[str, Any] = {
        "UserPoolId": "us-east-1_none12345",
        "ClientId": "none",
        "PoolName": "p",
        "ClientName": "c",
        "Username": "ada",
        "Password": PASSWORD,
        "MaxResults": 1,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ChallengeName": "SMS_MFA",
        "ConfirmationCode": "123456",
        "AccessToken": "none",
        "RefreshToken": "none",
        "Token": "none",
        "ProposedPassword": PASSWORD,
        "UserAttributes": [{"Name": "name", "Value": "x"}],
        "UserAttributeNames": ["name"],
        "AttributeName": "email",
        "Code": "123456",
        "UserCode": "123456",
        "DeviceKey": "us-east-1_0",
    }
    known = wire_names(operation)
    base = {name: value for name, value in filled.items() if name in known}
    for name in known:
        status, code = answer(service, operation, {**base, name: text})
        declared = ops.IDP[operation].errors | REFUSALS
        assert status != 500, (operation, name, code)
        assert status == 200 or code in declared, (operation, name, code)
