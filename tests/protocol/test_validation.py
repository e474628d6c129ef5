"""The validator: every fault named, in Cognito's words, with nothing secret in them and bounded work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.contract_values import values
from userpool.protocol import operations as ops
from userpool.protocol.errors import ParameterError
from userpool.protocol.operations import Operation
from userpool.protocol.shapes import identity, idp
from userpool.protocol.validation import (
    MAX_FAULTS,
    MAX_SHOWN,
    Rules,
    WrongType,
    check,
    faults,
    message,
    schema,
)

POOL = "us-east-1_aB12cDe34"
CLIENT = "7ghr5379orhbo88d52vphda6s9"


def texts(operation: Operation[Any, Any], value: dict[str, Any]) -> list[str]:
    return [str(fault) for fault in faults(operation, value)]


def test_a_sound_request_has_no_fault() -> None:
    assert faults(ops.LIST_USERS, {"UserPoolId": POOL, "Limit": 60, "Filter": None, "Unknown": [1]}) == []
    assert faults(ops.LIST_USERS.input, {"UserPoolId": POOL}) == []


def test_every_fault_is_named_in_one_text() -> None:
    found = faults(ops.LIST_USERS, {"UserPoolId": "?", "Limit": 61})
    assert message(found) == (
        "2 validation errors detected: "
        "Value '?' at 'userPoolId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+; "
        "Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60"
    )
    assert message(found[:1]).startswith("1 validation error detected: Value '?' at 'userPoolId'")


@pytest.mark.parametrize(
    ("operation", "value", "wanted"),
    [
        pytest.param(
            ops.DESCRIBE_USER_POOL,
            {},
            ["Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"],
            id="missing",
        ),
        pytest.param(
            ops.DESCRIBE_USER_POOL,
            {"UserPoolId": None},
            ["Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"],
            id="null",
        ),
        pytest.param(
            ops.CHANGE_PASSWORD,
            {"AccessToken": "a.b.c"},
            ["Value at 'proposedPassword' failed to satisfy constraint: Member must not be null"],
            id="missing secret",
        ),
        pytest.param(
            ops.CHANGE_PASSWORD,
            {"AccessToken": "canary!", "ProposedPassword": "canary canary"},
            [
                "Value at 'proposedPassword' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\S]+",
                "Value at 'accessToken' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
            ],
            id="secrets are not repeated",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": ""},
            [
                "Value '' at 'poolName' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1",
                "Value '' at 'poolName' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\w\s+=,.@-]+",
            ],
            id="two faults of one member",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "é" * 129},
            [
                f"Value '{'é' * 129}' at 'poolName' failed to satisfy constraint: "
                "Member must have length less than or equal to 128"
            ],
            id="length comes before pattern",
        ),
        pytest.param(
            ops.LIST_USER_POOLS,
            {"MaxResults": 0},
            [
                "Value '0' at 'maxResults' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ],
            id="too small",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "p", "MfaConfiguration": "SOMETIMES"},
            [
                "Value 'SOMETIMES' at 'mfaConfiguration' failed to satisfy constraint: "
                "Member must satisfy enum value set: [OFF, ON, OPTIONAL]"
            ],
            id="enumeration",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 5}}},
            [
                "Value '5' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: "
                "Member must have value greater than or equal to 6"
            ],
            id="nested",
        ),
        pytest.param(
            ops.SIGN_UP,
            {"ClientId": CLIENT, "Username": "ada", "UserAttributes": [{"Name": "a"}, {"Value": "canary"}]},
            [
                "Value null at 'userAttributes.2.member.name' failed to satisfy constraint: "
                "Member must not be null"
            ],
            id="in a list of structures",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "p", "AliasAttributes": ["email", "fax"]},
            [
                "Value '[email, fax]' at 'aliasAttributes' failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must satisfy enum value set: [phone_number, email, preferred_username]]"
            ],
            id="in a list of texts",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "p", "Schema": []},
            [
                "Value '[]' at 'schema' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ],
            id="list too short",
        ),
        pytest.param(
            ops.CREATE_USER_POOL,
            {"PoolName": "p", "Schema": [{}] * 51},
            [
                "Value at 'schema' failed to satisfy constraint: "
                "Member must have length less than or equal to 50"
            ],
            id="list too long",
        ),
        pytest.param(
            ops.TAG_RESOURCE,
            {"ResourceArn": f"arn:aws:cognito-idp:eu-west-1:1:userpool/{POOL}", "Tags": {"": "v"}},
            [
                "Value '{=v}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "
                "[Member must have length less than or equal to 128, "
                "Member must have length greater than or equal to 1]"
            ],
            id="map key",
        ),
        pytest.param(
            ops.TAG_RESOURCE,
            {"ResourceArn": f"arn:aws:cognito-idp:eu-west-1:1:userpool/{POOL}", "Tags": {"k": "v" * 257}},
            [
                f"Value '{{k={'v' * 253}…' at 'tags' failed to satisfy constraint: Map value must satisfy "
                "constraint: [Member must have length less than or equal to 256, "
                "Member must have length greater than or equal to 0]"
            ],
            id="map value, cut",
        ),
        pytest.param(
            ops.SET_IDENTITY_POOL_ROLES,
            {"IdentityPoolId": "eu:1", "Roles": {}, "RoleMappings": {"idp": {"Type": "X"}}},
            [
                "Value 'X' at 'roleMappings.idp.member.type' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Token, Rules]"
            ],
            id="in a map of structures",
        ),
        pytest.param(
            ops.GET_ID,
            {"IdentityPoolId": "eu:1", "Logins": {str(n): "canary" for n in range(11)}},
            [
                "Value at 'logins' failed to satisfy constraint: "
                "Member must have length less than or equal to 10"
            ],
            id="secret map",
        ),
        pytest.param(
            ops.SET_UI_CUSTOMIZATION,
            {"UserPoolId": POOL, "ImageFile": "AAAA" * 50_000},
            [
                "Value at 'imageFile' failed to satisfy constraint: "
                "Member must have length less than or equal to 131072"
            ],
            id="blob",
        ),
        pytest.param(
            ops.INITIATE_AUTH,
            {
                "ClientId": CLIENT,
                "AuthFlow": "USER_AUTH",
                "UserContextData": {"EncodedData": "canary" * 30_000},
            },
            [
                "Value at 'userContextData.encodedData' failed to satisfy constraint: "
                "Member must have length less than or equal to 131072"
            ],
            id="secret structure",
        ),
    ],
)
def test_the_words(operation: Operation[Any, Any], value: dict[str, Any], wanted: list[str]) -> None:
    found = texts(operation, value)
    assert sorted(found) == sorted(wanted)
    assert "canary" not in str(found)
    assert "canary" not in repr(faults(operation, value))


def test_no_password_at_all_is_the_passwordless_form() -> None:
    assert texts(ops.SIGN_UP, {"ClientId": CLIENT, "Username": "ada", "Password": ""}) == []


@pytest.mark.parametrize(
    ("operation", "value", "wanted"),
    [
        (ops.INITIATE_AUTH, [], "The body must be an object, not a list."),
        (ops.INITIATE_AUTH, {"AuthFlow": 1}, "AuthFlow must be a string, not another number."),
        (ops.INITIATE_AUTH, {"AuthParameters": []}, "AuthParameters must be an object, not a list."),
        (
            ops.INITIATE_AUTH,
            {"AuthParameters": {"USERNAME": True}},
            "AuthParameters.USERNAME must be a string, not a boolean.",
        ),
        (ops.SIGN_UP, {"UserAttributes": {}}, "UserAttributes must be a list, not an object."),
        (
            ops.SIGN_UP,
            {"UserAttributes": [{"Name": "a"}, {"Name": 1.5}]},
            "UserAttributes.2.Name must be a string, not a fraction.",
        ),
        (ops.SIGN_UP, {"UserAttributes": [None]}, "UserAttributes.1 must be an object, not null."),
        (ops.LIST_USERS, {"Limit": "1"}, "Limit must be a whole number of 32 bits, not another string."),
        (ops.LIST_USERS, {"Limit": True}, "Limit must be a whole number of 32 bits, not a boolean."),
        (ops.LIST_USERS, {"Limit": 1.0}, "Limit must be a whole number of 32 bits, not a fraction."),
        (ops.LIST_USERS, {"Limit": 2**31}, "Limit must be a whole number of 32 bits, not another number."),
        (
            ops.CHANGE_PASSWORD,
            {"AccessToken": ("canary",)},
            "AccessToken must be a string, not something else.",
        ),
        (
            ops.SET_UI_CUSTOMIZATION,
            {"ImageFile": 1},
            "ImageFile must be a string of base64, not another number.",
        ),
        (
            ops.SET_UI_CUSTOMIZATION,
            {"ImageFile": "9999="},
            "ImageFile must be a string of base64, not another string.",
        ),
        (
            ops.CREATE_USER_POOL_CLIENT,
            {"GenerateSecret": 1},
            "GenerateSecret must be a boolean, not another number.",
        ),
    ],
)
def test_a_wrong_type_is_no_fault_but_says_where(
    operation: Operation[Any, Any], value: Any, wanted: str
) -> None:
    with pytest.raises(WrongType) as caught:
        faults(operation, value)
    assert str(caught.value) == wanted
    assert "canary" not in repr(caught.value)


def test_a_wrong_type_beats_a_fault() -> None:
    with pytest.raises(WrongType):
        faults(ops.LIST_USERS, {"UserPoolId": "?", "Limit": "x"})


def test_a_long_is_of_64_bits() -> None:
    token = {"IdentityPoolId": "eu:1", "Logins": {}, "TokenDuration": 2**63}
    with pytest.raises(WrongType, match="64 bits"):
        faults(ops.GET_OPEN_ID_TOKEN_FOR_DEVELOPER_IDENTITY, token)
    assert texts(ops.GET_OPEN_ID_TOKEN_FOR_DEVELOPER_IDENTITY, {**token, "TokenDuration": 2**62}) == [
        f"Value '{2**62}' at 'tokenDuration' failed to satisfy constraint: "
        "Member must have value less than or equal to 86400"
    ]


def test_the_faults_of_a_long_list_are_bounded() -> None:
    value = {"ClientId": CLIENT, "Username": "a", "UserAttributes": [{}] * 100_000}
    assert MAX_FAULTS <= len(faults(ops.SIGN_UP, value)) <= MAX_FAULTS + 1
    mappings = {"IdentityPoolId": "eu:1", "Roles": {}, "RoleMappings": {str(n): {} for n in range(100_000)}}
    assert MAX_FAULTS <= len(faults(ops.SET_IDENTITY_POOL_ROLES, mappings)) <= MAX_FAULTS + 2


def test_a_repeated_value_is_bounded() -> None:
    for value in ("ä b" * 1000, "x" * 129):
        (fault, *_) = faults(ops.CREATE_USER_POOL, {"PoolName": value})
        assert len(fault.shown or "") <= MAX_SHOWN + 3
    keys = {"k" * 1000: {"Type": "X"}}
    (fault, *_) = faults(
        ops.SET_IDENTITY_POOL_ROLES, {"IdentityPoolId": "eu:1", "Roles": {}, "RoleMappings": keys}
    )
    assert len(fault.path) < 100


def test_a_client_does_not_refuse_the_enumerations_of_tomorrow() -> None:
    plain = check(idp.InitiateAuthRequest(auth_flow="FLOW_OF_TOMORROW", client_id=CLIENT))
    assert plain == {"AuthFlow": "FLOW_OF_TOMORROW", "ClientId": CLIENT}


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 129, "a b"])
def test_a_bad_user_name_is_found_before_the_wire(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check(idp.SignUpRequest(client_id=CLIENT, username=name))
    assert all("at 'username'" in fault for fault in caught.value.faults)
    assert caught.value.faults


def test_a_python_value_of_the_wrong_type_is_found_before_the_wire() -> None:
    with pytest.raises(
        ParameterError, match=r"SignUpRequest: Username must be a string, not another number\."
    ):
        check(idp.SignUpRequest(client_id=CLIENT, username=3))  # type: ignore[arg-type] # the fault under test
    with pytest.raises(ParameterError, match="give plain values") as caught:
        check(idp.SignUpRequest(client_id=CLIENT, username=object()))  # type: ignore[arg-type] # the fault
    assert caught.value.__cause__ is None


def test_an_answer_is_held_against_types_alone() -> None:
    answer = schema(idp.DescribeUserPoolResponse, Rules.TYPES)
    assert (
        answer.check({"UserPool": {"Id": "?" * 99, "CreationDate": 1.5, "MfaConfiguration": "NEVER"}}) == ()
    )
    assert answer.stamp is not None
    assert schema(idp.InitiateAuthResponse, Rules.TYPES).stamp is None
    with pytest.raises(
        WrongType, match="CreationDate must be a number of seconds since 1970, not another string"
    ):
        answer.check({"UserPool": {"CreationDate": "yesterday"}})
    with pytest.raises(WrongType, match="Username must be present, not null"):
        schema(idp.GetUserResponse, Rules.TYPES).check({"UserAttributes": []})
    assert (
        schema(idp.StartWebAuthnRegistrationResponse, Rules.TYPES).check(
            {"CredentialCreationOptions": {"any": ["thing", 1, None]}}
        )
        == ()
    )


@pytest.mark.parametrize("rules", Rules)
def test_every_shape_compiles(rules: Rules) -> None:
    for module in (idp, identity):
        for name in module.HOMES:
            assert schema(getattr(module, name), rules).nested


@given(st.data())
def test_what_has_the_right_types_never_breaks_the_validator(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([*ops.IDP.values(), *ops.IDENTITY.values()]))
    value = data.draw(values(operation.service.value, operation.input_name))
    found = faults(operation, value)
    assert all(fault.path and fault.constraint.startswith(("Member", "Map")) for fault in found)
    assert faults(operation, json.loads(json.dumps(value))) == found


def test_the_shapes_of_the_other_service_have_their_own_limits() -> None:
    assert [
        fault.path for fault in faults(identity.GetIdInput, {"IdentityPoolId": "?", "AccountId": "x"})
    ] == [
        "accountId",
        "identityPoolId",
    ]
