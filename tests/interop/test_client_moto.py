"""Our client against moto's server: right for administration; its sign-in is a façade, as the tests say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from pycognito.aws_srp import AWSSRP

from tests.interop import foreign
from tests.interop.faces import Face
from tests.interop.pools import FLOWS, OTHER_PASSWORD, PASSWORD, boto_client, new_name
from userpool import AuthFlow, MfaPreference, NewPasswordRequired, ProtocolError, SignedIn, TotpRequired
from userpool.protocol.shapes import idp

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreign.moto(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with Face(request.param) as opened:
        yield opened


class World(NamedTuple):
    """A pool at moto, and a user."""

    face: Face
    admin: Any
    id: str
    client_id: str
    pool: Any
    name: str

    def sign_in(self) -> Any:
        """The user, signed in by password: see below why not by SRP."""
        return self.face.user(self.pool.sign_in(self.name, PASSWORD, auth_flow=AuthFlow.PASSWORD))


@pytest.fixture
def world(url: str, face: Face) -> World:
    admin, name = face.admin(url), new_name()
    pool_id = face(admin.create_user_pool("interop", auto_verified_attributes=["email"])).id
    client = face(admin.create_user_pool_client("public", user_pool_id=pool_id, explicit_auth_flows=FLOWS))
    face(
        admin.admin_create_user(
            name, {"email": f"{name}@example.com"}, message_action="SUPPRESS", user_pool_id=pool_id
        )
    )
    face(admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id))
    pool = face.pool(pool_id, client.client_id, endpoint=url, refresh_flow="REFRESH_TOKEN_AUTH")
    return World(face, admin, pool_id, client.client_id, pool, name)


def test_its_version() -> None:
    assert foreign.installed("moto", "moto") == foreign.pinned("moto", "moto")


def test_administration(world: World) -> None:
    """Pools, clients, users, filters and pages: what moto is good for."""
    face, admin, made = world.face, world.admin, []
    for _ in range(3):
        made.append(new_name("page"))
        face(admin.admin_create_user(made[-1], user_pool_id=world.id))
    first = face(admin.list_users(user_pool_id=world.id, limit=2))
    rest = face(admin.list_users(user_pool_id=world.id, limit=2, pagination_token=first.pagination_token))
    assert {one.username for one in [*first.users, *rest.users]} == {world.name, *made}
    found = face(admin.list_users(user_pool_id=world.id, filter=f'email ^= "{world.name}"'))
    assert [one.username for one in found.users] == [world.name]
    app = idp.SoftwareTokenMfaConfigType(enabled=True)
    face(
        admin.set_user_pool_mfa_config(
            user_pool_id=world.id, mfa_configuration="OPTIONAL", software_token_mfa_configuration=app
        )
    )
    assert face(admin.get_user_pool_mfa_config(world.id)).mfa_configuration == "OPTIONAL"
    face(admin.delete_user_pool_client(world.client_id, user_pool_id=world.id))
    refused = face.refusal(admin.describe_user_pool_client, world.client_id, user_pool_id=world.id)
    assert refused == "ResourceNotFoundException"
    face(admin.admin_delete_user(world.name, user_pool_id=world.id))
    assert face.refusal(admin.admin_get_user, world.name, user_pool_id=world.id) == "UserNotFoundException"


def test_sign_in_by_password(world: World) -> None:
    """Its tokens are verified through its JWKS, and refreshed the older way: it knows no other."""
    face, pool = world.face, world.pool
    wrong = face.refusal(pool.sign_in, world.name, OTHER_PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert wrong == "NotAuthorizedException"
    user = world.sign_in()
    assert face(user.get_user()).username == world.name
    before = face(user.access_token())
    assert face(user.refresh()).access_token != before
    face(user.update_user_attributes({"name": "Ada"}))
    assert face(user.get_user()).attributes["name"] == "Ada"
    face(user.change_password(PASSWORD, OTHER_PASSWORD))
    face(user.global_sign_out())


def test_a_new_password_is_demanded(world: World) -> None:
    face, name = world.face, new_name()
    face(world.admin.admin_create_user(name, temporary_password=PASSWORD, user_pool_id=world.id))
    step = face(world.pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert isinstance(step, NewPasswordRequired)
    assert face.user(world.pool.respond(step.answer(OTHER_PASSWORD))).username == name


# ---------------------------------------------------------------- where moto is wrong


def test_its_srp_is_none_and_our_client_says_so(world: World) -> None:
    """Wrong: the block that a client has to sign is no base64. Our client ends the sign-in there."""
    with pytest.raises(ProtocolError, match="SECRET_BLOCK is not base64"):
        world.face(world.pool.sign_in(world.name, PASSWORD))


def test_it_signs_in_over_srp_with_a_wrong_password(url: str, world: World) -> None:
    """Wrong: it looks at no proof. pycognito, which reads the block leniently, gets in with any password."""
    boto = boto_client(url)
    try:
        client = AWSSRP(
            username=world.name,
            password=OTHER_PASSWORD,
            pool_id=world.id,
            client_id=world.client_id,
            client=boto,
        )
        assert client.authenticate_user()["AuthenticationResult"]["AccessToken"]
    finally:
        boto.close()


def test_any_code_confirms(world: World) -> None:
    """Wrong: sign-up and forgotten password take every code, the latter without having been asked for."""
    face, pool, name = world.face, world.pool, new_name()
    face(pool.sign_up(name, PASSWORD, {"email": f"{name}@example.com"}))
    unconfirmed = face.refusal(pool.sign_in, name, PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert unconfirmed == "UserNotConfirmedException"
    face(pool.confirm_sign_up(name, "000000"))
    face(pool.confirm_forgot_password(name, "999999", OTHER_PASSWORD))
    assert isinstance(face(pool.sign_in(name, OTHER_PASSWORD, auth_flow=AuthFlow.PASSWORD)), SignedIn)


def test_it_asks_for_no_client_secret_and_no_keys(url: str, world: World) -> None:
    """Wrong: SECRET_HASH may be left out, and administrators need not sign."""
    face = world.face
    secret = face(
        world.admin.create_user_pool_client(
            "secret", generate_secret=True, user_pool_id=world.id, explicit_auth_flows=FLOWS
        )
    )
    without = face.pool(world.id, secret.client_id, endpoint=url)
    assert isinstance(face(without.sign_in(world.name, PASSWORD, auth_flow=AuthFlow.PASSWORD)), SignedIn)
    assert face(face.admin(url, None).describe_user_pool(world.id)).id == world.id


def test_what_it_lacks_is_a_page_of_html(world: World) -> None:
    """Missing: ResendConfirmationCode, RevokeToken, DeleteUser, devices and more: HTTP 500 without a Cognito
    error.
    """
    face, user = world.face, world.sign_in()
    assert face.refusal(world.pool.resend_confirmation_code, world.name) == "ServiceUnavailableException"
    assert face.refusal(user.delete_user) == "ServiceUnavailableException"
    assert face.refusal(user.list_devices) == "ServiceUnavailableException"
    outcome = face(user.sign_out())
    assert not outcome.revoked
    assert outcome.error is not None


def test_an_authenticator_app_is_a_show(world: World) -> None:
    """Wrong: the seed is the same for everybody, and every code fits, in set-up and at sign-in."""
    face, user = world.face, world.sign_in()
    first = face(user.associate_software_token()).secret_code
    face(user.verify_software_token("000000"))
    face(user.set_user_mfa_preference(totp=MfaPreference.PREFERRED))
    step = face(world.pool.sign_in(world.name, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert isinstance(step, TotpRequired)
    assert isinstance(face(world.pool.respond(step.answer("111111"))), SignedIn)

    other = new_name()
    face(world.admin.admin_create_user(other, message_action="SUPPRESS", user_pool_id=world.id))
    face(world.admin.admin_set_user_password(other, PASSWORD, permanent=True, user_pool_id=world.id))
    second = face.user(world.pool.sign_in(other, PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert face(second.associate_software_token()).secret_code == first
