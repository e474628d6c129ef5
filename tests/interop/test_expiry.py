"""What becomes too old, as foreign clients and ours learn it: the development clock moves, and nobody waits.

No other server that runs here expires a code, a session or a refresh token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.interop.faces import Face
from tests.interop.javascript import JsUser, Node
from tests.interop.pools import (
    OTHER_PASSWORD,
    PASSWORD,
    Pool,
    Totp,
    boto_attributes,
    boto_client,
    make_pool,
    new_name,
    post,
)
from tests.interop.running import our_service
from tests.interop.test_boto3 import refusal, sign_in
from userpool import SessionExpired, TotpRequired

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture(scope="module")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service of its own, since its clock goes wrong."""
    with our_service(tmp_path_factory.mktemp("expiry"), "--development") as url:
        client = boto_client(url)
        yield client
        client.close()


@pytest.fixture
def pool(boto: Any) -> Iterator[Pool]:
    yield make_pool(
        boto, mfa={"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    )
    post(f"{boto.meta.endpoint_url}/_userpool/clock", {"reset": True})


@pytest.fixture
def later(boto: Any) -> Callable[[float], None]:
    """Moves the clock of the service on."""

    def move(seconds: float) -> None:
        post(f"{boto.meta.endpoint_url}/_userpool/clock", {"advance": seconds})

    return move


def js_user(node: Node, pool: Pool, name: str) -> JsUser:
    return node.pool(pool.endpoint, pool.id, pool.client_id).user(name)


def with_app(pool: Pool, name: str) -> Totp:
    """Give a user an authenticator app."""
    token = sign_in(pool, name)["AccessToken"]
    app = Totp(pool.boto.associate_software_token(AccessToken=token)["SecretCode"])
    pool.boto.verify_software_token(AccessToken=token, UserCode=app.code())
    preference = {"Enabled": True, "PreferredMfa": True}
    pool.boto.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=preference)
    return app


def test_the_code_of_a_sign_up(node: Node, pool: Pool, later: Callable[[float], None]) -> None:
    """24 hours; a new one is sent on asking."""
    name, address = new_name(), f"{new_name()}@example.com"
    node.pool(pool.endpoint, pool.id, pool.client_id).sign_up(name, PASSWORD, {"email": address}).only(
        "onSuccess"
    )
    old, user = pool.code(address), js_user(node, pool, name)
    later(DAY + MINUTE)
    assert user.call("confirmRegistration", old, False).error == (
        "ExpiredCodeException",
        "Invalid code provided, please request a code again.",
    )
    assert user.call("resendConfirmationCode").only("onSuccess")
    assert user.call("confirmRegistration", pool.code(address), False).value == "SUCCESS"


def test_the_code_for_a_forgotten_password(node: Node, pool: Pool, later: Callable[[float], None]) -> None:
    """One hour."""
    name = pool.user()
    user = js_user(node, pool, name)
    user.start("forgotPassword").only("inputVerificationCode")
    code = pool.code(f"{name}@example.com")
    later(HOUR + MINUTE)
    assert user.start("confirmPassword", code, OTHER_PASSWORD).error[0] == "ExpiredCodeException"


def test_the_session_of_a_challenge(node: Node, pool: Pool, later: Callable[[float], None]) -> None:
    """Three minutes, and the same error for a right code."""
    name = pool.user()
    app, user = with_app(pool, name), js_user(node, pool, name)
    assert user.sign_in(name, PASSWORD).name == "totpRequired"
    later(3 * MINUTE + 1)
    assert user.start("sendMFACode", app.code(), "$callback", "SOFTWARE_TOKEN_MFA").error == (
        "NotAuthorizedException",
        "Invalid session for the user, session is expired.",
    )


def test_a_temporary_password(node: Node, pool: Pool, later: Callable[[float], None]) -> None:
    """Seven days."""
    name = new_name()
    pool.boto.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=boto_attributes({"email": f"{name}@example.com"}),
    )
    later(7 * DAY + MINUTE)
    assert js_user(node, pool, name).sign_in(name, PASSWORD).error == (
        "NotAuthorizedException",
        "Temporary password has expired and must be reset by an administrator.",
    )


def test_tokens(pool: Pool, later: Callable[[float], None]) -> None:
    """Access tokens after an hour, refresh tokens after 30 days."""
    tokens = sign_in(pool, pool.user())
    later(HOUR + 1)
    expired = refusal(pool.boto.get_user, AccessToken=tokens["AccessToken"])
    assert expired == ("NotAuthorizedException", "Access Token has expired")
    asked = {"ClientId": pool.client_id, "RefreshToken": tokens["RefreshToken"]}
    renewed = pool.boto.get_tokens_from_refresh_token(**asked)["AuthenticationResult"]
    assert pool.boto.get_user(AccessToken=renewed["AccessToken"])
    later(30 * DAY)
    expired = refusal(pool.boto.get_tokens_from_refresh_token, **asked)
    assert expired == ("NotAuthorizedException", "Refresh Token has expired")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_our_client_refreshes_until_it_cannot(pool: Pool, later: Callable[[float], None], kind: str) -> None:
    """Our client believes its own clock, learns from the refusal, and says at the end that it is over."""
    with Face(kind) as face:
        ours = face.pool(pool.id, pool.client_id, endpoint=pool.endpoint)
        user = face.user(ours.sign_in(pool.user(), PASSWORD))
        later(HOUR + 1)
        assert face(user.get_user()).attributes["email"]
        later(31 * DAY)
        with pytest.raises(SessionExpired):
            face(user.get_user())


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_our_clients_challenge(pool: Pool, later: Callable[[float], None], kind: str) -> None:
    name = pool.user()
    app = with_app(pool, name)
    with Face(kind) as face:
        ours = face.pool(pool.id, pool.client_id, endpoint=pool.endpoint)
        step = face(ours.sign_in(name, PASSWORD))
        assert isinstance(step, TotpRequired)
        later(3 * MINUTE + 1)
        assert face.refusal(ours.respond, step.answer(app.code())) == "NotAuthorizedException"
