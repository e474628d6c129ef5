"""The generated contract against the published model, read here a second time and by other means."""

from __future__ import annotations

import gzip
import json
import pickle
import re
import subprocess
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import botocore
import msgspec
import pytest

from tests.protocol.contract_values import members, tables
from tools.contract.overlay import MISSING_VALUES
from userpool.protocol import _generated, enums, errors
from userpool.protocol import operations as ops
from userpool.protocol.operations import Auth, Operation, Retry, Service
from userpool.protocol.shapes import Shape, identity, idp

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "src" / "userpool" / "protocol" / "_generated"
EVERY = [*ops.IDP.values(), *ops.IDENTITY.values()]
PYTHON = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
    "structure": Any,
}


@cache
def model(service: str) -> dict[str, Any]:
    folder = Path(botocore.__file__).parent / "data" / service
    newest = max(path for path in folder.iterdir() if path.is_dir())
    loaded: dict[str, Any] = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    return loaded


def shapes() -> list[type[Shape]]:
    return [getattr(module, name) for module in (idp, identity) for name in module.HOMES]


def raw_shape(shape: type[Shape]) -> dict[str, Any]:
    service = "cognito-idp" if ".idp." in shape.__module__ else "cognito-identity"
    found: dict[str, Any] = model(service)["shapes"].get(shape.__name__, {"members": {}})
    return found


# ---------------------------------------------------------------- completeness


def test_the_contract_is_as_large_as_the_model() -> None:
    assert len(ops.IDP) == 141
    assert len(ops.IDENTITY) == 23
    assert _generated.COUNTS["idp operations"] == 141
    assert _generated.COUNTS["identity operations"] == 23
    assert _generated.COUNTS["idp shapes"] == 685
    assert _generated.COUNTS["identity shapes"] == 111
    assert _generated.COUNTS["idp errors"] == 59
    assert len(idp.HOMES) == _generated.COUNTS["idp structures"]
    assert len(ops.BY_TARGET) == 164
    assert f"botocore {botocore.__version__}" == _generated.MODEL


@pytest.mark.parametrize("service", ["cognito-idp", "cognito-identity"])
def test_every_operation_is_the_models(service: str) -> None:
    table = ops.IDP if service == "cognito-idp" else ops.IDENTITY
    raw = model(service)
    assert set(table) == set(raw["operations"])
    for name, operation in table.items():
        declared = raw["operations"][name]
        assert operation.name == name
        assert operation.target == f"{raw['metadata']['targetPrefix']}.{name}"
        assert operation.service.endpoint_prefix == raw["metadata"]["endpointPrefix"]
        assert operation.service.signing_name == raw["metadata"]["endpointPrefix"]
        assert operation.errors == {error["shape"] for error in declared["errors"]}
        assert operation.input.__name__ == declared["input"]["shape"]
        assert operation.output.__name__ == declared.get("output", {"shape": f"{name}Response"})["shape"]
        assert ops.BY_TARGET[operation.target] is operation


def test_an_operation_is_a_typed_constant() -> None:
    assert ops.INITIATE_AUTH is ops.IDP["InitiateAuth"]
    assert ops.SET_USER_MFA_PREFERENCE is ops.IDP["SetUserMFAPreference"]
    assert ops.GET_CSV_HEADER is ops.IDP["GetCSVHeader"]
    assert ops.TAG_RESOURCE.service is Service.IDP
    assert ops.IDENTITY_TAG_RESOURCE.service is Service.IDENTITY
    assert repr(ops.INITIATE_AUTH) == "<Operation InitiateAuth>"
    assert ops.INITIATE_AUTH.input is idp.InitiateAuthRequest
    assert ops.GET_ID.input is identity.GetIdInput


def python_type(raw: dict[str, Any], name: str) -> Any:
    shape = raw[name]
    match shape["type"]:
        case "list":
            return list[python_type(raw, shape["member"]["shape"])]  # type: ignore[misc] # built from data
        case "map":
            return dict[str, python_type(raw, shape["value"]["shape"])]  # type: ignore[misc] # built from data
        case "structure" if not shape.get("document"):
            return name
    return PYTHON[shape["type"]]


def named(annotation: Any) -> Any:
    """Annotations with classes of shapes replaced by their names, to compare with `python_type`."""
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return annotation.__name__
    if get_origin(annotation) is list:
        return list[named(get_args(annotation)[0])]  # type: ignore[misc] # built from data
    if get_origin(annotation) is dict:
        return dict[str, named(get_args(annotation)[1])]  # type: ignore[misc] # built from data
    return annotation


def test_every_member_has_its_wire_name_type_and_need() -> None:
    for shape in shapes():
        raw = raw_shape(shape)
        service = "cognito-idp" if ".idp." in shape.__module__ else "cognito-identity"
        fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
        assert set(fields) == set(raw["members"]), shape.__name__
        for wire, field in fields.items():
            assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name), field.name
            annotation = field.type
            assert field.required == (wire in raw.get("required", ())), (shape.__name__, wire)
            if not field.required:
                assert field.default is None
                if isinstance(annotation, UnionType):
                    (annotation,) = [part for part in get_args(annotation) if part is not NoneType]
            wanted = python_type(model(service)["shapes"], raw["members"][wire]["shape"])
            assert named(annotation) == wanted, (shape.__name__, wire)


@pytest.mark.parametrize(("key", "service"), [("idp", "cognito-idp"), ("identity", "cognito-identity")])
def test_every_limit_is_the_models(key: str, service: str) -> None:
    raw = model(service)["shapes"]
    homes, types = tables(key)
    for name, rule in types.items():
        told: dict[str, Any] = {
            fact: rule[fact] for fact in ("type", "min", "max", "pattern", "enum") if fact in rule
        }
        for part in {"member", "key", "value"} & set(rule):
            told[part] = {"shape": rule[part]}
        wanted = {fact: raw[name][fact] for fact in raw[name] if fact not in ("documentation", "sensitive")}
        if name in MISSING_VALUES:
            wanted["enum"] = [*wanted["enum"], *MISSING_VALUES[name]]
        assert told == wanted
    assert set(types) == {name for name, shape in raw.items() if shape["type"] != "structure"}
    for name in homes:
        shape = raw.get(name, {"members": {}})
        uses = members(key, name)
        assert {wire: use.rstrip("!*") for wire, use in uses.items()} == {
            wire: use["shape"] for wire, use in shape["members"].items()
        }
        assert [wire for wire, use in uses.items() if "!" in use] == [
            wire for wire in shape["members"] if wire in shape.get("required", ())
        ]


@pytest.mark.parametrize(
    ("shape", "field", "wire"),
    [
        (idp.AdminGetUserResponse, "user_mfa_setting_list", "UserMFASettingList"),
        (idp.AdminGetUserResponse, "mfa_options", "MFAOptions"),
        (idp.SetUserMFAPreferenceRequest, "sms_mfa_settings", "SMSMfaSettings"),
        (idp.CreateUserPoolClientRequest, "callback_urls", "CallbackURLs"),
        (idp.CreateUserPoolClientRequest, "allowed_oauth_flows", "AllowedOAuthFlows"),
        (idp.CreateUserPoolDomainResponse, "cloud_front_domain", "CloudFrontDomain"),
        (idp.NotifyConfigurationType, "from_", "From"),
        (idp.AssetType, "bytes_", "Bytes"),
        (idp.HttpHeader, "header_name", "headerName"),
        (identity.CreateIdentityPoolInput, "open_id_connect_provider_arns", "OpenIdConnectProviderARNs"),
    ],
)
def test_names_are_those_that_users_know(shape: type[Shape], field: str, wire: str) -> None:
    assert {known.name: known.encode_name for known in msgspec.structs.fields(shape)}[field] == wire


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(AttributeError, match=r"'Nope'.*HOMES"):
        idp.Nope  # noqa: B018 - the access is the test


def test_every_enumeration_is_the_models() -> None:
    wanted = {
        name: [*raw["enum"], *MISSING_VALUES.get(name, ())]
        for service in ("cognito-idp", "cognito-identity")
        for name, raw in model(service)["shapes"].items()
        if "enum" in raw
    }
    made = {name: [member.value for member in getattr(enums, name)] for name in enums.__all__}
    assert made == wanted
    assert enums.EventType["SIGN_IN"].value == "SignIn"
    assert enums.PreTokenGenerationLambdaVersionType["V1_0"].value == "V1_0"


# ---------------------------------------------------------------- decisions of ours


def test_who_may_call() -> None:
    def having(table: Any, auth: Auth) -> set[str]:
        return {name for name, operation in table.items() if operation.auth is auth}

    machine = {"GetClientToken", "GetDerivedToken"}
    assert having(ops.IDP, Auth.NONE) - machine == {
        "SignUp",
        "ConfirmSignUp",
        "ResendConfirmationCode",
        "ForgotPassword",
        "ConfirmForgotPassword",
        "InitiateAuth",
        "RespondToAuthChallenge",
        "GetTokensFromRefreshToken",
        "RevokeToken",
        "UpdateAuthEventFeedback",
    }
    assert machine < having(ops.IDP, Auth.NONE)
    assert len(having(ops.IDP, Auth.ACCESS_TOKEN)) == 24
    assert len(having(ops.IDP, Auth.SIGV4)) == 107 - len(machine)
    assert having(ops.IDENTITY, Auth.NONE) == {
        "GetId",
        "GetCredentialsForIdentity",
        "GetOpenIdToken",
        "UnlinkIdentity",
    }
    assert not having(ops.IDENTITY, Auth.ACCESS_TOKEN)
    for operation in EVERY:
        if operation.auth is Auth.ACCESS_TOKEN:
            assert "access_token" in operation.input.__struct_fields__, operation
        if operation.name.startswith("Admin"):
            assert operation.auth is Auth.SIGV4, operation


def test_a_session_may_stand_for_the_token_in_two_operations() -> None:
    allowed = {operation.name for operation in EVERY if operation.session_allowed}
    assert allowed == {"AssociateSoftwareToken", "VerifySoftwareToken"}
    assert all("session" in ops.IDP[name].input.__struct_fields__ for name in allowed)


@pytest.mark.parametrize(
    "name",
    [
        "InitiateAuth",
        "RespondToAuthChallenge",
        "AdminInitiateAuth",
        "GetTokensFromRefreshToken",
        "SignUp",
        "ConfirmSignUp",
        "ResendConfirmationCode",
        "ForgotPassword",
        "ConfirmForgotPassword",
        "ChangePassword",
        "GetUserAttributeVerificationCode",
        "AssociateSoftwareToken",
        "VerifySoftwareToken",
        "DeleteUser",
        "AdminCreateUser",
    ],
)
def test_what_may_have_been_acted_on_is_not_sent_again(name: str) -> None:
    assert ops.IDP[name].retry is Retry.UNSENT_ONLY


def test_reads_and_sign_outs_may_be_sent_again() -> None:
    for name in ("GetUser", "ListUsers", "DescribeUserPool", "RevokeToken", "GlobalSignOut"):
        assert ops.IDP[name].retry is Retry.SAFE, name
    assert ops.GET_CREDENTIALS_FOR_IDENTITY.retry is Retry.SAFE
    assert ops.GET_ID.retry is Retry.UNSENT_ONLY


def test_paged_operations() -> None:
    pages = {name: operation.pagination for name, operation in ops.IDP.items()}
    paged = {name: page for name, page in pages.items() if page is not None}
    assert {name: (page.token, page.limit) for name, page in paged.items()} == {
        "ListUsers": ("pagination_token", "limit"),
        "AdminListDevices": ("pagination_token", "limit"),
        "ListDevices": ("pagination_token", "limit"),
        "ListUserImportJobs": ("pagination_token", "max_results"),
        "ListUserPools": ("next_token", "max_results"),
        "ListUserPoolClients": ("next_token", "max_results"),
        "ListGroups": ("next_token", "limit"),
        "AdminListGroupsForUser": ("next_token", "limit"),
        "ListUsersInGroup": ("next_token", "limit"),
        "AdminListUserAuthEvents": ("next_token", "max_results"),
        "ListIdentityProviders": ("next_token", "max_results"),
        "ListResourceServers": ("next_token", "max_results"),
        "ListTerms": ("next_token", "max_results"),
        "ListWebAuthnCredentials": ("next_token", "max_results"),
        "ListUserPoolReplicas": ("next_token", None),
        "ListUserPoolClientSecrets": ("next_token", None),
        "ListUserSessions": ("next_token", None),
        "AdminListUserSessions": ("next_token", None),
    }
    for operation in EVERY:
        page = operation.pagination
        if page is not None:
            assert page.token in operation.input.__struct_fields__
            assert page.token in operation.output.__struct_fields__
            assert page.items in operation.output.__struct_fields__
            assert page.limit is None or page.limit in operation.input.__struct_fields__
    assert {name for name, operation in ops.IDENTITY.items() if operation.pagination} == {
        "ListIdentityPools",
        "ListIdentities",
        "LookupDeveloperIdentity",
    }


# ---------------------------------------------------------------- secrets


NOT_SECRET = {
    # Names, places, settings and opaque page tokens that only sound like secrets.
    "access_token_validity",
    "actor_token_provider_name",
    "actor_token_type",
    "auth_session_validity",
    "client_secret_create_date",
    "client_secret_descriptor",
    "client_secret_id",
    "client_secrets",
    "code_delivery_details",
    "code_delivery_details_list",
    "compromised_credentials_detected",
    "compromised_credentials_risk_configuration",
    "credential_id",
    "credentials",
    "device_secret_verifier_config",
    "enable_token_revocation",
    "generate_secret",
    "id_token_validity",
    "is_current_session",
    "issued_token_type",
    "max_sessions_per_user",
    "next_token",
    "origin_session_id",
    "pagination_token",
    "password_hashing_algorithm",
    "password_history_size",
    "password_policy",
    "pre_token_generation",
    "pre_token_generation_config",
    "preferred_mfa_setting",
    "refresh_token_rotation",
    "refresh_token_validity",
    "requested_token_type",
    "revoke_associated_sessions",
    "friendly_credential_name",
    "server_side_token_check",
    "session_id",
    "session_type",
    "sessions",
    "software_token_mfa_configuration",
    "software_token_mfa_settings",
    "sso_session",
    "subject_token_provider_name",
    "subject_token_type",
    "temporary_password_validity_days",
    "token_duration",
    "token_session",
    "token_type",
    "token_validity_units",
    "user_session_tracking",
    "error_code",
}


def test_every_member_that_sounds_secret_is_hidden_or_known_not_to_be() -> None:
    sounds = re.compile("token|secret|password|session|code|credential|verifier|salt|signature")
    open_members = {
        name
        for shape in shapes()
        if shape is not idp.TokenValidityUnitsType  # its `access_token` is `"hours"`
        for name in shape.__struct_fields__
        if sounds.search(name) and name not in shape.SENSITIVE
    }
    assert open_members <= NOT_SECRET, open_members - NOT_SECRET


def test_what_the_model_marks_sensitive_is_hidden() -> None:
    for shape in shapes():
        service = "cognito-idp" if ".idp." in shape.__module__ else "cognito-identity"
        raw = model(service)["shapes"]
        for field in msgspec.structs.fields(shape):
            used = raw[raw_shape(shape)["members"][field.encode_name]["shape"]]
            inner = [used[part]["shape"] for part in ("member", "key", "value") if part in used]
            if used.get("sensitive") or any(raw[name].get("sensitive") for name in inner):
                assert field.name in shape.SENSITIVE, (shape.__name__, field.name)


def test_a_shape_prints_without_its_secrets() -> None:
    request = idp.RespondToAuthChallengeRequest(
        client_id="canary",
        challenge_name="PASSWORD_VERIFIER",
        session="canary",
        challenge_responses={"PASSWORD_CLAIM_SIGNATURE": "canary"},
        client_metadata={"k": "canary"},
        user_context_data=idp.UserContextDataType(encoded_data="canary"),
    )
    for text in (repr(request), str(request), f"{request}", repr([request]), repr(request.__rich_repr__())):
        assert "canary" not in text
    assert repr(request) == (
        "RespondToAuthChallengeRequest(client_id='***', challenge_name='PASSWORD_VERIFIER', session='***', "
        "challenge_responses='***', user_context_data='***', client_metadata='***')"
    )
    nested = idp.UserType(attributes=[idp.AttributeType(name="email", value="canary")], enabled=True)
    assert repr(nested) == "UserType(attributes=[AttributeType(name='email', value='***')], enabled=True)"


def test_a_shape_is_immutable_copies_and_pickles() -> None:
    shape = idp.AttributeType(name="email", value="a@b.c")
    with pytest.raises(AttributeError):
        shape.name = "phone"  # type: ignore[misc] # frozen, for mypy too
    assert pickle.loads(pickle.dumps(shape)) == shape


def test_an_enum_member_is_a_text_on_the_wire() -> None:
    request = idp.InitiateAuthRequest(auth_flow=enums.AuthFlowType.USER_SRP_AUTH, client_id="c")
    assert msgspec.json.decode(msgspec.json.encode(request)) == {"AuthFlow": "USER_SRP_AUTH", "ClientId": "c"}


# ---------------------------------------------------------------- the generator


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/gen_contract.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_committed_files_are_what_the_model_gives() -> None:
    done = tool("--check")
    assert done.returncode == 0, done.stderr
    assert "141 idp operations" in done.stdout
    assert "685 idp shapes" in done.stdout


def test_the_check_sees_every_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools import gen_contract

    monkeypatch.setattr(gen_contract, "TARGET", tmp_path)
    (tmp_path / "idp").mkdir()
    (tmp_path / "idp" / "stray.py").write_text("")
    (tmp_path / "exceptions.py").write_text("")
    files = {"exceptions.py": "x = 1\n", "idp/auth.py": "y = 1\n"}
    assert gen_contract.differences(files) == [
        "stray: idp/stray.py",
        "differs: exceptions.py",
        "missing: idp/auth.py",
    ]
    gen_contract.write(files)
    assert gen_contract.differences(files) == []


def test_no_sentence_of_the_model_is_copied() -> None:
    generated = " ".join(path.read_text(encoding="utf-8") for path in sorted(GENERATED.rglob("*.py")))
    generated = re.sub(r"\s+", " ", generated)
    for service in ("cognito-idp", "cognito-identity"):
        for text in re.findall(r'"documentation": "((?:[^"\\]|\\.)*)"', json.dumps(model(service))):
            plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()
            for sentence in re.split(r"(?<=[.:;]) ", plain):
                assert len(sentence.split()) < 6 or sentence not in generated, sentence


def test_generated_modules_say_what_made_them() -> None:
    for path in GENERATED.rglob("*.py"):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert "Generated by tools/gen_contract.py" in first, path
        assert "do not edit" in first, path


def test_operations_and_errors_load_no_shape_and_no_msgspec() -> None:
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from userpool.protocol import errors, operations\n"
        "loaded = set(sys.modules) - before\n"
        "heavy = {'msgspec', 'json', 'httpx2', 'cryptography', 'gmpy2', 'sqlalchemy'} & loaded\n"
        "shapes = [name for name in sys.modules if '_generated.idp.' in name or 'limits' in name]\n"
        "assert not heavy and not shapes, (heavy, shapes)\n"
        "operations.SIGN_UP.input\n"
        "shapes = {name for name in sys.modules if '_generated.idp.' in name}\n"
        "assert {name.rpartition('.')[2] for name in shapes} == {'sign_up', 'common'}, shapes\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_declared_error_has_a_class() -> None:
    for operation in EVERY:
        for code in operation.errors:
            assert errors.error_class(code).default_code == code


def test_an_operation_is_its_own_key() -> None:
    other: Operation[Any, Any] = ops.SIGN_UP
    assert {ops.INITIATE_AUTH: 1, other: 2}[ops.SIGN_UP] == 2
    assert len({*EVERY}) == 164
