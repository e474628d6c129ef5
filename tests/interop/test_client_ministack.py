"""Our client against ministack with `AUTH=true`, the best independent server that runs here.

It checks SRP proofs, second factors, codes, client secrets and tokens. Where it is wrong, a test says so.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.interop import foreign
from tests.interop.faces import Face
from tests.interop.pools import FLOWS, OTHER_PASSWORD, PASSWORD, Totp, new_name
from userpool import (
    AuthFlow,
    Credentials,
    MfaPreference,
    NewPasswordRequired,
    SignedIn,
    TotpRequired,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp

pytestmark = pytest.mark.xdist_group("ministack")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreign.ministack(tmp_path_factory.mktemp("ministack")) as started:
        yield started


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with Face(request.param) as opened:
        yield opened


@dataclass
class World:
    """A pool at ministack with a public client, a client with a secret, and a user."""

    face: Face
    admin: Any
    id: str
    client_id: str
    client_secret: str
    secret_client_id: str
    pool: Any
    """Our face, over the public client."""
    name: str

    def mails(self, url: str, to: str) -> list[str]:
        """The texts that went to an address, oldest first."""
        with urllib.request.urlopen(f"{url}/_ministack/ses/messages", timeout=10) as response:
            accounts = json.load(response)["messages"].values()
        return [mail["BodyText"] for mails in accounts for mail in mails if to in mail["To"]]


@pytest.fixture
def world(url: str, face: Face) -> World:
    admin = face.admin(url)
    pool_id = face(admin.create_user_pool("interop", auto_verified_attributes=["email"])).id
    app = idp.SoftwareTokenMfaConfigType(enabled=True)
    face(
        admin.set_user_pool_mfa_config(
            user_pool_id=pool_id, mfa_configuration="OPTIONAL", software_token_mfa_configuration=app
        )
    )
    options = {"user_pool_id": pool_id, "explicit_auth_flows": FLOWS}
    public = face(admin.create_user_pool_client("public", **options))
    secret = face(admin.create_user_pool_client("secret", generate_secret=True, **options))
    while not re.fullmatch(r"[\w+]+", secret.client_secret):
        # Wrong: Cognito's secrets are of these characters only, and our client holds them to that.
        face(admin.delete_user_pool_client(secret.client_id, user_pool_id=pool_id))
        secret = face(admin.create_user_pool_client("secret", generate_secret=True, **options))
    name = f"{new_name()}@example.com"
    invited = face(
        admin.admin_create_user(
            name,
            {"email": name, "email_verified": "true"},
            message_action="SUPPRESS",
            user_pool_id=pool_id,
        )
    )
    assert invited.username == name
    face(admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id))
    pool = face.pool(pool_id, public.client_id, endpoint=url)
    return World(face, admin, pool_id, public.client_id, secret.client_secret, secret.client_id, pool, name)


def test_it_is_the_version_that_checks() -> None:
    """Beside a newer botocore pip takes an old ministack, which has no `AUTH` and lets everybody in."""
    assert foreign.installed("ministack", "ministack") == foreign.pinned("ministack", "ministack")
    assert foreign.installed("ministack", "cryptography")


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD])
def test_sign_in(world: World, flow: AuthFlow) -> None:
    """Right and wrong password by both flows; what comes is verified through its JWKS."""
    face, pool = world.face, world.pool
    wrong = face.refusal(pool.sign_in, world.name, OTHER_PASSWORD, auth_flow=flow)
    assert wrong == "NotAuthorizedException"
    user = face.user(pool.sign_in(world.name, PASSWORD, auth_flow=flow))
    assert face(user.get_user()).attributes["email"] == world.name
    assert user.id_claims["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{world.id}"


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD])
def test_a_client_secret(url: str, world: World, flow: AuthFlow) -> None:
    face = world.face
    pool = face.pool(world.id, world.secret_client_id, world.client_secret, endpoint=url)
    user = face.user(pool.sign_in(world.name, PASSWORD, auth_flow=flow))
    before = face(user.access_token())
    assert face(user.refresh()).access_token != before
    without = face.pool(world.id, world.secret_client_id, endpoint=url)
    refused = face.refusal(without.sign_in, world.name, PASSWORD, auth_flow=flow)
    assert refused == "NotAuthorizedException"


def test_an_authenticator_app(world: World) -> None:
    face, pool = world.face, world.pool
    user = face.user(pool.sign_in(world.name, PASSWORD))
    seed = face(user.associate_software_token())
    app = Totp(seed.secret_code)
    assert face.refusal(user.verify_software_token, "000000") == "EnableSoftwareTokenMFAException"
    face(user.verify_software_token(app.code()))
    face(user.set_user_mfa_preference(totp=MfaPreference.PREFERRED))
    assert face(user.get_user()).preferred_mfa == "SOFTWARE_TOKEN_MFA"

    step = face(pool.sign_in(world.name, PASSWORD))
    assert isinstance(step, TotpRequired)
    assert face.refusal(pool.respond, step.answer("000000")) == "CodeMismatchException"
    assert isinstance(face(pool.respond(step.answer(app.code()))), SignedIn)


def test_a_new_password_is_demanded(world: World) -> None:
    face, name = world.face, f"{new_name()}@example.com"
    face(
        world.admin.admin_create_user(
            name,
            {"email": name},
            temporary_password=PASSWORD,
            message_action="SUPPRESS",
            user_pool_id=world.id,
        )
    )
    step = face(world.pool.sign_in(name, PASSWORD))
    assert isinstance(step, NewPasswordRequired)
    assert face.user(world.pool.respond(step.answer(OTHER_PASSWORD))).username == name
    assert face.user(world.pool.sign_in(name, OTHER_PASSWORD)).username == name


def test_sign_up_and_forgotten_password(url: str, world: World) -> None:
    """The code of a sign-up is 123456 always; that of a forgotten password is random with `AUTH=true`."""
    face, pool, name = world.face, world.pool, f"{new_name()}@example.com"
    made = face(pool.sign_up(name, PASSWORD, {"email": name}))
    assert not made.confirmed
    assert face.refusal(pool.sign_in, name, PASSWORD) == "UserNotConfirmedException"
    assert face.refusal(pool.confirm_sign_up, name, "999999") == "CodeMismatchException"
    assert face(pool.resend_confirmation_code(name)).attribute == "email"
    face(pool.confirm_sign_up(name, foreign.CONFIRMATION_CODE))
    user = face.user(pool.sign_in(name, PASSWORD))
    assert user.sub == made.user_sub

    assert face(pool.forgot_password(name)).medium == "EMAIL"
    code = world.mails(url, name)[-1].rstrip(".").split()[-1]
    wrong = "000000" if code != "000000" else "111111"
    refused = face.refusal(pool.confirm_forgot_password, name, wrong, OTHER_PASSWORD)
    assert refused == "CodeMismatchException"
    face(pool.confirm_forgot_password(name, code, OTHER_PASSWORD))
    user = face.user(pool.sign_in(name, OTHER_PASSWORD))
    face(user.change_password(OTHER_PASSWORD, PASSWORD))
    face(user.delete_user())
    with pytest.raises(UserNotFoundException, match="Incorrect username or password"):
        face(pool.sign_in(name, PASSWORD))


def test_sessions(world: World) -> None:
    """Refreshed, signed out everywhere; the access token is then refused."""
    face, pool = world.face, world.pool
    user = face.user(pool.sign_in(world.name, PASSWORD))
    old = face(user.tokens())
    new = face(user.refresh())
    assert new.access_token != old.access_token
    face(user.global_sign_out())
    held = pool.user(access_token=new.access_token)
    assert face.refusal(held.get_user) == "NotAuthorizedException"
    signed_out = face(face.user(pool.sign_in(world.name, PASSWORD)).sign_out())
    assert signed_out.revoked


def test_administration(world: World) -> None:
    face, admin = world.face, world.admin
    listed = face(admin.list_users(user_pool_id=world.id, filter=f'email = "{world.name}"'))
    assert [one.username for one in listed.users] == [world.name]
    assert face(admin.describe_user_pool(world.id)).auto_verified_attributes == ["email"]
    clients = face(admin.list_user_pool_clients(user_pool_id=world.id)).user_pool_clients
    assert {one.client_name for one in clients} == {"public", "secret"}
    face(admin.admin_delete_user(world.name, user_pool_id=world.id))
    face(admin.delete_user_pool(world.id))
    assert face.refusal(admin.describe_user_pool, world.id) == "ResourceNotFoundException"


# ---------------------------------------------------------------- where ministack is wrong


def test_it_asks_for_a_known_key_and_looks_at_no_signature(url: str, world: World) -> None:
    """Wrong: a signature by another secret is as good as the right one. That it wants one at all is right."""
    face = world.face
    forged = face.admin(url, Credentials("test", "not-the-secret"))
    assert face(forged.describe_user_pool(world.id)).id == world.id
    unknown = face.admin(url, Credentials("UPAKNOBODY", "test"))
    assert face.refusal(unknown.describe_user_pool, world.id) == "UnrecognizedClientException"


def test_it_lacks_operations(world: World) -> None:
    """Missing: DeleteUserAttributes, GetUserAttributeVerificationCode, VerifyUserAttribute, devices.

    It answers `InvalidAction`, which is no error of Cognito.
    """
    face = world.face
    user = face.user(world.pool.sign_in(world.name, PASSWORD))
    assert face.refusal(user.delete_user_attributes, ["name"]) == "InvalidAction"
    assert face.refusal(user.get_user_attribute_verification_code, "email") == "InvalidAction"
    assert face.refusal(user.verify_user_attribute, "email", "123456") == "InvalidAction"
    assert face.refusal(user.list_devices) == "InvalidAction"


def test_a_code_of_an_app_is_taken_twice(world: World) -> None:
    """Wrong: RFC 6238 (5.2) and Cognito take each code once."""
    face, pool = world.face, world.pool
    user = face.user(pool.sign_in(world.name, PASSWORD))
    code = Totp(face(user.associate_software_token()).secret_code).code()
    face(user.verify_software_token(code))
    face(user.set_user_mfa_preference(totp=MfaPreference.PREFERRED))
    step = face(pool.sign_in(world.name, PASSWORD))
    assert isinstance(face(pool.respond(step.answer(code))), SignedIn)
