"""From an HTTP request to an HTTP response: what is refused, what is told, what is not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.canary import canary, found_in
from tests.service.world import PASSWORD, World
from userpool.crypto.jwks import PublicKeys
from userpool.protocol import operations as ops
from userpool.protocol import sigv4
from userpool.protocol.errors import ForbiddenException
from userpool.protocol.http import Request, Response
from userpool.protocol.wire import CONTENT_TYPE
from userpool.service.access_sigv4 import AdminAccess
from userpool.service.app import PURGE_SECONDS, Service
from userpool.service.clock import ServiceClock
from userpool.service.context import HANDLERS, Settings
from userpool.service.keyfile import AdminKey, KeySet
from userpool.service.ports import StoreError

HEADERS = {"content-type": CONTENT_TYPE}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service as one in production is set, but in memory and without keys: administrators are let in."""
    with Service.open(settings=Settings(signed_admin=False)) as opened:
        yield opened


def post(operation: str, body: bytes | dict[str, Any], **headers: str) -> Request:
    target = {"x-amz-target": f"AWSCognitoIdentityProviderService.{operation}"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("POST", "/", {**HEADERS, **target, **headers}, data)


def refused(response: Response, status: int = 400) -> tuple[str, str]:
    """The error in a response, whose headers have to say the same."""
    assert response.status == status
    body = json.loads(response.body)
    assert response.headers["x-amzn-errortype"] == f"{body['__type']}:"
    assert response.headers["content-type"] == CONTENT_TYPE
    assert response.headers["x-amzn-requestid"]
    return body["__type"], body["message"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "UnknownOperationException"),
        ({"x-amz-target": ""}, "UnknownOperationException"),
        ({"x-amz-target": "AWSCognitoIdentityProviderService.Nothing"}, "UnknownOperationException"),
        ({"x-amz-target": "Other.GetUser"}, "UnknownOperationException"),
        ({"x-amz-target": "GetUser"}, "UnknownOperationException"),
        ({"x-amz-target": ops.GET_USER.target, "content-type": "text/plain"}, "SerializationException"),
        ({"x-amz-target": ops.GET_USER.target, "content-type": ""}, "SerializationException"),
    ],
)
def test_a45_requests_that_name_no_operation(service: Service, headers: dict[str, str], code: str) -> None:
    request = Request("POST", "/", {**HEADERS, **headers}, b"{}")
    assert refused(service.handle(request))[0] == code


@pytest.mark.parametrize(
    "request_",
    [Request("GET", "/"), Request("PUT", "/"), Request("POST", "/other"), Request("GET", "/a/b/c")],
)
def test_other_addresses_are_not_there(service: Service, request_: Request) -> None:
    assert refused(service.handle(request_), 404)[0] == "UnknownOperationException"


@pytest.mark.parametrize(
    "operation", [ops.LIST_IDENTITY_PROVIDERS, ops.CREATE_TERMS, ops.GET_ID, ops.CREATE_IDENTITY_POOL]
)
def test_what_is_not_built_says_so(service: Service, operation: ops.Operation[Any, Any]) -> None:
    request = Request("POST", "/", {**HEADERS, "x-amz-target": operation.target}, b"{}")
    code, message = refused(service.handle(request), 501)
    assert code == "NotImplementedException"
    assert operation.name in message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b'{"UserPoolId": "a"',
        b'{"UserPoolId": "us-east-1_a", "UserPoolId": "us-east-1_b"}',
        b'{"UserPoolId": NaN}',
        b'{"x": ' + b"[" * 100_000,
        b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"UserPoolId": "\\ud800"}',
        b'{"UserPoolId": "\xff"}',
        b'{"UserPoolId": 1}',
        b'{"UserPoolId": ["us-east-1_a"]}',
        b'{"UserPoolId": "' + b"x" * (2 << 20) + b'"}',
        b"\x1f\x8b" + bytes(100),
    ],
    ids=range(16),
)
def test_a46_bodies_that_cannot_be_read(service: Service, body: bytes) -> None:
    code, message = refused(service.handle(post("DescribeUserPool", body)))
    assert code == "SerializationException"
    assert len(message) < 300


def test_a48_every_fault_is_named_and_unknown_members_are_not(service: Service) -> None:
    body = {"UserPoolId": "no pool", "ClientId": "", "New": 1}
    code, message = refused(service.handle(post("DescribeUserPoolClient", body)))
    assert code == "InvalidParameterException"
    assert message.startswith("3 validation errors detected: ")
    assert "'userPoolId'" in message
    known = {"UserPoolId": "us-east-1_aaaaaaaaa", "FutureMember": {"x": 1}}
    assert refused(service.handle(post("DescribeUserPool", known)))[0] == "ResourceNotFoundException"


def test_a68_a_fault_inside_is_told_to_the_log_only(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("database disk image is malformed at /secret/path")

    monkeypatch.setitem(HANDLERS, "DescribeUserPool", fail)
    request = post("DescribeUserPool", {"UserPoolId": "us-east-1_aaaaaaaaa"})
    response = service.handle(request)
    code, message = refused(response, 500)
    assert code == "InternalErrorException"
    assert "malformed" not in message
    assert response.headers["x-amzn-requestid"] in message
    [record] = [one for one in caplog.records if one.exc_info]
    assert response.headers["x-amzn-requestid"] in record.getMessage()
    assert "malformed" in str(record.exc_info[1] if record.exc_info else "")


def test_an_error_that_an_operation_does_not_declare_is_a_fault(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ForbiddenException("not declared for DescribeUserPool")

    monkeypatch.setitem(HANDLERS, "DescribeUserPool", fail)
    answer = service.handle(post("DescribeUserPool", {"UserPoolId": "us-east-1_aaaaaaaaa"}))
    assert refused(answer, 500)[0] == "InternalErrorException"
    assert "ForbiddenException" in caplog.text


def test_a_browser_may_ask_from_anywhere_and_sends_no_credentials(service: Service) -> None:
    asked = "content-type,x-amz-target,x-amz-user-agent,authorization"
    preflight = service.handle(
        Request(
            "OPTIONS",
            "/",
            {
                "origin": "https://app.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": asked,
            },
        )
    )
    assert preflight.status == 200
    assert preflight.body == b""
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == asked
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert preflight.headers["access-control-max-age"] == "172800"
    bare = service.handle(Request("OPTIONS", "/"))
    assert "access-control-allow-headers" not in bare.headers
    for response in (
        service.handle(post("ListUserPools", {"MaxResults": 1})),
        service.handle(post("GetUser", b"{")),
        preflight,
    ):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "x-amzn-RequestId" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers


def test_the_date_is_the_true_one_whatever_the_services_clock_says() -> None:
    clock = ServiceClock(lambda: 1_795_392_245.75)
    with Service.open(clock=clock) as service:
        clock.advance(86400)
        response = service.handle(Request("GET", "/health"))
        assert parsedate_to_datetime(response.headers["date"]).timestamp() == 1_795_392_245
        assert response.status == 200
        assert json.loads(response.body) == {"status": "ok"}


def test_every_request_has_an_id_of_its_own_in_log_and_answer(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "userpool.service")
    ids = {service.handle(post("ListUserPools", {"MaxResults": 1})).header("x-amzn-requestid") for _ in "123"}
    assert len(ids) == 3
    assert all(one in caplog.text for one in ids if one)
    assert "ListUserPools" in caplog.text


def test_no_secret_gets_into_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = canary("password").replace("é", "E")
    client = world.pool(AutoVerifiedAttributes=["email"]).client()
    client.sign_up("ada", secret, email="ada@example.com")
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    tokens = client.tokens(client.by_srp("ada", secret))
    client.error("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"PASSWORD": secret})
    assert not found_in(caplog.text, secret, tokens.access, tokens.id, str(tokens.refresh))


def test_a_pools_keys_and_issuer_are_public(service: Service) -> None:
    pool = json.loads(service.handle(post("CreateUserPool", {"PoolName": "p"})).body)["UserPool"]["Id"]
    keys = service.handle(Request("GET", f"/{pool}/.well-known/jwks.json"))
    assert keys.headers["content-type"] == "application/json"
    assert keys.headers["cache-control"] == "public, max-age=3600"
    listed = json.loads(keys.body)["keys"]
    assert [set(one) for one in listed] == [{"alg", "e", "kid", "kty", "n", "use"}] * 2
    assert len(PublicKeys.from_jwks(keys.body)) == 2
    document = service.handle(Request("GET", f"/{pool}/.well-known/openid-configuration", {"host": "evil"}))
    configuration = json.loads(document.body)
    assert configuration["issuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    assert configuration["jwks_uri"] == f"{configuration['issuer']}/.well-known/jwks.json"
    assert configuration["id_token_signing_alg_values_supported"] == ["RS256"]
    for path in (f"/{pool}x/.well-known/jwks.json", f"/{pool}x/.well-known/openid-configuration"):
        assert service.handle(Request("GET", path)).status == 404
    assert service.handle(Request("GET", f"/{pool}/.well-known/other")).status == 404
    assert service.handle(Request("GET", f"/{pool}/other/jwks.json")).status == 404


def test_an_issuer_of_your_own() -> None:
    settings = Settings(issuer="https://idp.example/", development=True)
    with Service.open(settings=settings) as service:
        pool = json.loads(service.handle(post("CreateUserPool", {"PoolName": "p"})).body)["UserPool"]["Id"]
        document = service.handle(Request("GET", f"/{pool}/.well-known/openid-configuration"))
        assert json.loads(document.body)["issuer"] == f"https://idp.example/{pool}"
        assert document.headers["cache-control"] == "no-store"


def test_a67_two_services_share_nothing() -> None:
    modules = []
    for _ in range(2):
        with Service.open(settings=Settings(signed_admin=False)) as service:
            pool = json.loads(service.handle(post("CreateUserPool", {"PoolName": "p"})).body)["UserPool"]
            keys = service.handle(Request("GET", f"/{pool['Id']}/.well-known/jwks.json"))
            modules += [one["n"] for one in json.loads(keys.body)["keys"]]
    assert len(set(modules)) == 4


# ---------------------------------------------------------------- development mode


def test_nothing_of_development_is_there_without_it(service: Service) -> None:
    for method, path in (
        ("GET", "/_userpool/outbox"),
        ("POST", "/_userpool/clock"),
        ("POST", "/_userpool/reset"),
    ):
        assert service.handle(Request(method, path, {}, b'{"advance": 1}')).status == 404


@pytest.fixture
def development() -> Iterator[Service]:
    with Service.open(settings=Settings(development=True)) as opened:
        yield opened


def call(service: Service, operation: str, **members: Any) -> dict[str, Any]:
    response = service.handle(post(operation, members))
    assert response.status == 200, response.body
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def invite(service: Service, *names: str) -> str:
    pool: str = call(service, "CreateUserPool", PoolName="p")["UserPool"]["Id"]
    for name in names:
        call(
            service,
            "AdminCreateUser",
            UserPoolId=pool,
            Username=name,
            UserAttributes=[{"Name": "email", "Value": f"{name}@example.com"}],
            DesiredDeliveryMediums=["EMAIL"],
        )
    return pool


def test_the_outbox_shows_codes_oldest_first(development: Service) -> None:
    pool = invite(development, "ada", "eve")
    response = development.handle(Request("GET", "/_userpool/outbox"))
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers
    messages = json.loads(response.body)["messages"]
    assert [one["username"] for one in messages] == ["ada", "eve"]
    assert set(messages[0]) == {"to", "medium", "purpose", "code", "username", "user_pool_id", "sent_at"}
    assert messages[0]["user_pool_id"] == pool
    only = development.handle(Request("GET", "/_userpool/outbox?to=eve%40example.com"))
    assert [one["username"] for one in json.loads(only.body)["messages"]] == ["eve"]
    none = development.handle(Request("GET", "/_userpool/outbox?user_pool_id=other"))
    assert json.loads(none.body) == {"messages": []}


def test_the_clock_moves_and_goes_back(development: Service) -> None:
    before = development.clock.now()
    answer = development.handle(Request("POST", "/_userpool/clock", {}, b'{"advance": 3600}'))
    assert json.loads(answer.body)["offset"] == 3600
    assert development.clock.now() - before >= 3600
    development.handle(Request("POST", "/_userpool/clock", {}, b'{"reset": true}'))
    assert development.clock.offset == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"advance": "1"}', b'{"advance": true}', b'{"advance": 1e30}', b'{"reset": false}'],
)
def test_the_clock_takes_nothing_else(development: Service, body: bytes) -> None:
    assert development.handle(Request("POST", "/_userpool/clock", {}, body)).status == 400
    assert development.clock.offset == 0


def test_a_clock_that_cannot_be_moved_says_so(development: Service) -> None:
    class Still:
        def now(self) -> float:
            return 1.0

        def true(self) -> float:
            return 1.0

    from userpool.service.development import answer

    context = replace(development.context, clock=Still())
    request = Request("POST", "/_userpool/clock", {}, b'{"advance": 1}')
    assert answer(context, request, lambda: None).status == 409


def test_a_reset_empties_the_store(development: Service) -> None:
    pool = invite(development, "ada")
    assert development.handle(Request("POST", "/_userpool/reset")).status == 200
    assert development.outbox() == []
    gone = development.handle(post("DescribeUserPool", {"UserPoolId": pool}))
    assert refused(gone)[0] == "ResourceNotFoundException"
    invite(development, "ada")
    assert len(development.outbox()) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/_userpool/outbox"), ("GET", "/_userpool/reset"), ("GET", "/_userpool/x")]
)
def test_other_development_addresses_are_not_there(development: Service, method: str, path: str) -> None:
    assert development.handle(Request(method, path)).status == 404


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:5173", 200),
        ("http://127.0.0.1:3000", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[bad", 403),
    ],
)
def test_pages_from_elsewhere_see_no_codes(development: Service, origin: str, status: int) -> None:
    request = Request("GET", "/_userpool/outbox", {"origin": origin})
    assert development.handle(request).status == status


# ---------------------------------------------------------------- administrators' signatures

NOW = 1_795_392_245.0
KEY = AdminKey("UPAKABCDEFGHIJKLMNOP", "s3cr3t/with+signs", name="ops")
REVOKED = AdminKey("UPAKREVOKEDREVOKEDRE", "s3cr3t", revoked_at=1.0)
READER = AdminKey("UPAKREADERREADERREAD", "s3cr3t", operations=("List*", "DescribeUserPool"))


@pytest.fixture
def guarded() -> Iterator[Service]:
    keys = KeySet(admin=(KEY, REVOKED, READER))
    with Service.open(keys=keys, clock=ServiceClock(lambda: NOW)) as opened:
        yield opened


def signed(request: Request, key: AdminKey = KEY, *, region: str = "us-east-1", at: float = NOW) -> Request:
    absolute = request.at("http://127.0.0.1:9339")
    credentials = sigv4.Credentials(key.access_key_id, key.secret)
    return request.with_headers(
        sigv4.sign(absolute, credentials, region=region, service="cognito-idp", at=at)
    )


LIST = post("ListUserPools", {"MaxResults": 1})


def test_a_right_signature_opens_the_door(guarded: Service) -> None:
    assert guarded.handle(signed(LIST)).status == 200
    guarded.clock.advance(86400)
    assert guarded.handle(signed(LIST)).status == 200, "signatures follow true time"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (LIST, "MissingAuthenticationTokenException"),
        (signed(LIST, AdminKey("UPAKNOBODYNOBODYNOBO", "x")), "UnrecognizedClientException"),
        (signed(LIST, REVOKED), "UnrecognizedClientException"),
        (signed(LIST, replace(KEY, secret="wrong")), "InvalidSignatureException"),
        (signed(LIST, region="eu-west-1"), None),
        (signed(LIST, at=NOW - 16 * 60), None),
        (signed(LIST, at=NOW + 16 * 60), None),
        (replace(signed(LIST), body=b'{"MaxResults": 2}'), "InvalidSignatureException"),
        (
            signed(LIST).with_headers({"x-amz-target": ops.LIST_USERS.target}),
            "InvalidSignatureException",
        ),
        (signed(LIST).with_headers({"authorization": "Bearer x"}), "IncompleteSignatureException"),
    ],
    ids=range(10),
)
def test_a49_a51_a_wrong_signature_does_not(guarded: Service, request_: Request, code: str | None) -> None:
    response = guarded.handle(request_)
    answered, _ = refused(response, response.status)
    assert 400 <= response.status < 500
    assert answered.endswith("Exception")
    if code is not None:
        assert answered == code


def test_a_revoked_key_is_answered_as_an_unknown_one(guarded: Service) -> None:
    unknown = replace(REVOKED, access_key_id="UPAKUNKNOWNUNKNOWNUN")
    answers = [refused(guarded.handle(signed(LIST, key))) for key in (REVOKED, unknown)]
    assert answers[0] == answers[1]


def test_a_key_opens_only_what_it_is_for(guarded: Service) -> None:
    assert guarded.handle(signed(LIST, READER)).status == 200
    create = signed(post("CreateUserPool", {"PoolName": "p"}), READER)
    response = guarded.handle(create)
    assert refused(response, response.status)[0] == "AccessDeniedException"


def test_nothing_is_done_or_told_before_the_signature_is_checked(guarded: Service) -> None:
    for request in (post("CreateUserPool", b"not json"), post("ListGroups", b"{}")):
        assert refused(guarded.handle(request), 400)[0] == "MissingAuthenticationTokenException"


def test_users_need_no_signature(guarded: Service) -> None:
    sign_in = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "none", "AuthParameters": {"PASSWORD": PASSWORD}}
    assert refused(guarded.handle(post("InitiateAuth", sign_in)))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("settings", [Settings(development=True), Settings(signed_admin=False)])
def test_development_and_embedded_services_ask_for_none(settings: Settings) -> None:
    AdminAccess(KeySet(), settings, ServiceClock()).authorise(LIST, "ListUserPools")


# ---------------------------------------------------------------- housekeeping


def test_what_expired_is_purged_by_the_way(world: World) -> None:
    service = world.service
    client = world.pool(AutoVerifiedAttributes=["email"]).client()
    client.sign_up("ada", email="ada@example.com")
    assert len(service.outbox()) == 1
    world.clock.advance(25 * 3600)
    service.handle(Request("GET", "/health"))
    assert service.outbox() == []
    assert service.purge() == 0


def test_a_purge_that_fails_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ServiceClock()
    with Service.open(clock=clock) as service:

        def fail(*_: object) -> None:
            raise StoreError("disk full")

        monkeypatch.setattr(service.context.store, "write", fail)
        clock.advance(PURGE_SECONDS + 1)
        assert service.handle(Request("GET", "/health")).status == 200
        assert "could not be purged" in caplog.text
