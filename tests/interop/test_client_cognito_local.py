"""Our client against cognito-local, which signs in by password only; the tests say what it does not check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.interop import foreign
from tests.interop.faces import Face
from tests.interop.pools import FLOWS, OTHER_PASSWORD, PASSWORD, Totp, new_name
from tests.interop.running import NODE_PROJECT
from userpool import (
    AuthFlow,
    MfaPreference,
    NewPasswordRequired,
    SignedIn,
    TokenVerificationError,
    TotpRequired,
)
from userpool.protocol.shapes import idp

pytestmark = pytest.mark.xdist_group("cognito-local")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreign.cognito_local(tmp_path_factory.mktemp("cognito-local")) as started:
        yield started


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with Face(request.param) as opened:
        yield opened


class World(NamedTuple):
    """A pool at cognito-local, and a user, who goes by an e-mail address: all its pools are of that kind."""

    face: Face
    admin: Any
    id: str
    client_id: str
    pool: Any
    name: str

    def sign_in(self, password: str = PASSWORD) -> Any:
        """The next step of the user's sign-in by password: it has no SRP."""
        return self.face(self.pool.sign_in(self.name, password, auth_flow=AuthFlow.PASSWORD))


@pytest.fixture
def world(url: str, face: Face) -> World:
    admin, name = face.admin(url), f"{new_name()}@example.com"
    pool_id = face(admin.create_user_pool("interop", auto_verified_attributes=["email"])).id
    client = face(admin.create_user_pool_client("public", user_pool_id=pool_id, explicit_auth_flows=FLOWS))
    face(admin.admin_create_user(name, {"email": name}, message_action="SUPPRESS", user_pool_id=pool_id))
    face(admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id))
    pool = face.pool(pool_id, client.client_id, endpoint=url, issuer=f"{url}/{pool_id}")
    return World(face, admin, pool_id, client.client_id, pool, name)


def test_its_version() -> None:
    package = NODE_PROJECT / "node_modules" / "cognito-local" / "package.json"
    pinned = json.loads((NODE_PROJECT / "package.json").read_text("utf-8"))["dependencies"]
    assert json.loads(package.read_text("utf-8"))["version"] == pinned["cognito-local"]


def test_a_users_life(world: World) -> None:
    """Its own issuer is given to the client, so that its tokens can be verified."""
    face, pool, name = world.face, world.pool, f"{new_name()}@example.com"
    made = face(pool.sign_up(name, PASSWORD, {"email": name}))
    assert not made.confirmed
    unconfirmed = face.refusal(pool.sign_in, name, PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert unconfirmed == "UserNotConfirmedException"
    assert face.refusal(pool.confirm_sign_up, name, "999999") == "CodeMismatchException"
    face(pool.confirm_sign_up(name, foreign.CONFIRMATION_CODE))
    user = face.user(pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert user.sub == made.user_sub

    face(user.update_user_attributes({"name": "Ada", "nickname": "A"}))
    face(user.delete_user_attributes(["nickname"]))
    face(user.get_user_attribute_verification_code("email"))
    face(user.verify_user_attribute("email", foreign.CONFIRMATION_CODE))
    attributes = face(user.get_user()).attributes
    assert (attributes["name"], attributes["email_verified"]) == ("Ada", "true")
    assert "nickname" not in attributes

    face(user.change_password(PASSWORD, OTHER_PASSWORD))
    face(pool.forgot_password(name))
    refused = face.refusal(pool.confirm_forgot_password, name, "999999", PASSWORD)
    assert refused == "CodeMismatchException"
    face(pool.confirm_forgot_password(name, foreign.CONFIRMATION_CODE, PASSWORD))
    user = face.user(pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert face(user.sign_out()).revoked
    face(face.user(pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD)).delete_user())


def test_refresh_falls_back(world: World) -> None:
    """It has no GetTokensFromRefreshToken, and says so in words of its own: the client goes the older way."""
    face = world.face
    user = face.user(world.sign_in())
    before = face(user.access_token())
    assert face(user.refresh()).access_token != before


def test_an_authenticator_app(world: World) -> None:
    face = world.face
    settings = idp.SoftwareTokenMfaConfigType(enabled=True)
    face(
        world.admin.set_user_pool_mfa_config(
            user_pool_id=world.id, mfa_configuration="OPTIONAL", software_token_mfa_configuration=settings
        )
    )
    user = face.user(world.sign_in())
    app = Totp(face(user.associate_software_token()).secret_code)
    face(user.verify_software_token(app.code()))
    face(user.set_user_mfa_preference(totp=MfaPreference.PREFERRED))
    step = world.sign_in()
    assert isinstance(step, TotpRequired)
    assert face.refusal(world.pool.respond, step.answer("000000")) == "CodeMismatchException"
    assert isinstance(face(world.pool.respond(step.answer(app.code()))), SignedIn)


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
    step = face(world.pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert isinstance(step, NewPasswordRequired)
    assert isinstance(face(world.pool.respond(step.answer(OTHER_PASSWORD))), SignedIn)


# ---------------------------------------------------------------- where cognito-local is wrong


def test_it_has_no_srp(world: World) -> None:
    """Missing: USER_SRP_AUTH, GlobalSignOut, ResendConfirmationCode, devices; `Unsupported` is no error of
    Cognito.
    """
    face, user = world.face, world.face.user(world.sign_in())
    assert face.refusal(world.pool.sign_in, world.name, PASSWORD) == "Unsupported"
    assert face.refusal(user.global_sign_out) == "Unsupported"
    assert face.refusal(world.pool.resend_confirmation_code, world.name) == "Unsupported"
    assert face.refusal(user.list_devices) == "Unsupported"


def test_its_issuer_is_not_awss(url: str, world: World) -> None:
    """Wrong: tokens name the server as issuer, so that a client that expects Cognito refuses them."""
    pool = world.face.pool(world.id, world.client_id, endpoint=url)
    with pytest.raises(TokenVerificationError, match="iss"):
        world.face(pool.sign_in(world.name, PASSWORD, auth_flow=AuthFlow.PASSWORD))


def test_a_wrong_password_has_another_error(world: World) -> None:
    """Wrong: Cognito says NotAuthorizedException; InvalidPasswordException is for passwords to be set."""
    refused = world.face.refusal(world.pool.sign_in, world.name, OTHER_PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert refused == "InvalidPasswordException"


def test_it_asks_for_no_client_secret_and_no_keys(url: str, world: World) -> None:
    """Wrong: SECRET_HASH may be left out, and administrators need not sign."""
    face = world.face
    secret = face(
        world.admin.create_user_pool_client(
            "secret", generate_secret=True, user_pool_id=world.id, explicit_auth_flows=FLOWS
        )
    )
    without = face.pool(world.id, secret.client_id, endpoint=url, issuer=f"{url}/{world.id}")
    assert isinstance(face(without.sign_in(world.name, PASSWORD, auth_flow=AuthFlow.PASSWORD)), SignedIn)
    assert face(face.admin(url, None).describe_user_pool(world.id)).id == world.id


def test_it_reads_access_tokens_without_verifying(world: World) -> None:
    """Wrong: a token whose signature was thrown away still reads the account."""
    face = world.face
    token = face(face.user(world.sign_in()).access_token())
    head, body, _ = token.split(".")
    forged = world.pool.user(access_token=f"{head}.{body}.{'A' * 342}")
    assert face(forged.get_user()).attributes["email"] == world.name


def test_any_temporary_password_gets_on(world: World) -> None:
    """Wrong: a user who has to set a password is let on to it with any."""
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
    step = face(world.pool.sign_in(name, "Anything-at-all-9", auth_flow=AuthFlow.PASSWORD))
    assert isinstance(step, NewPasswordRequired)
