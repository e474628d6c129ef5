"""pycognito 2024.5.1, the most used client in Python, against our service.

It takes the endpoint for the issuer, so that the service runs with `--issuer` here. It draws an exponent of
1024 bits, verifies what it gets through the pool's JWKS, and knows the second factor and the new password.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.exceptions import (
    ForceChangePasswordException,
    SoftwareTokenMFAChallengeException,
    TokenVerificationException,
)

from tests.interop.pools import (
    FLOWS,
    OTHER_PASSWORD,
    PASSWORD,
    Pool,
    Totp,
    boto_attributes,
    boto_client,
    make_pool,
    new_name,
)
from tests.interop.running import free_port, our_service


@pytest.fixture(scope="module")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3's client for a service whose tokens name itself as their issuer."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("--development", "--port", str(port), "--issuer", url)
    with our_service(tmp_path_factory.mktemp("issuer"), *arguments):
        client = boto_client(url)
        yield client
        client.close()


@pytest.fixture(scope="module", params=[False, True], ids=["public client", "client with a secret"])
def pool(boto: Any, request: pytest.FixtureRequest) -> Pool:
    return make_pool(
        boto,
        client={
            "GenerateSecret": request.param,
            "ExplicitAuthFlows": [*FLOWS, "ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        },
        mfa={"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
    )


@pytest.fixture
def cognito(pool: Pool) -> Iterator[Any]:
    """Makes pycognito's object for a user name, and closes its connections."""
    made = []

    def make(name: str | None = None) -> Cognito:
        made.append(
            Cognito(
                pool.id,
                pool.client_id,
                username=name,
                client_secret=pool.client_secret,
                access_key="test",
                secret_key="test",
                boto3_client_kwargs={"endpoint_url": pool.endpoint},
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.client.close()


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = error.value.response["Error"]["Code"]
    return code


def test_sign_up_and_sign_in(pool: Pool, cognito: Any) -> None:
    """Registered, confirmed, signed in by SRP; the tokens are verified through the JWKS of the service."""
    name = new_name()
    user = cognito(name)
    user.set_base_attributes(email=f"{name}@example.com", name="Ada")
    answer = user.register(name, PASSWORD)
    assert answer["UserConfirmed"] is False
    user.confirm_sign_up(pool.code(f"{name}@example.com"))

    user.authenticate(PASSWORD)
    assert user.access_claims["username"] == name
    assert user.id_claims["iss"] == f"{pool.endpoint}/{pool.id}"
    assert user.id_claims["email_verified"] is True
    assert user.get_user().name == "Ada"
    user.update_profile({"name": "Countess"})
    assert user.get_user().name == "Countess"


def test_a_wrong_password(pool: Pool, cognito: Any) -> None:
    with pytest.raises(ClientError) as caught:
        cognito(pool.user()).authenticate(OTHER_PASSWORD)
    assert code_of(caught) == "NotAuthorizedException"


def test_a_second_factor(pool: Pool, cognito: Any) -> None:
    name = pool.user()
    user = cognito(name)
    user.authenticate(PASSWORD)
    app = Totp(user.associate_software_token())
    assert user.verify_software_token(app.code(), "phone")
    user.set_user_mfa_preference(False, True, "SOFTWARE_TOKEN")

    again = cognito(name)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        again.authenticate(PASSWORD)
    with pytest.raises(ClientError) as caught:
        again.respond_to_software_token_mfa_challenge("000000")
    assert code_of(caught) == "CodeMismatchException"
    again.respond_to_software_token_mfa_challenge(app.code())
    assert again.access_claims["username"] == name


def test_a_new_password_is_demanded(pool: Pool, cognito: Any) -> None:
    name = new_name()
    pool.boto.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=boto_attributes({"email": f"{name}@example.com"}),
    )
    user = cognito(name)
    with pytest.raises(ForceChangePasswordException):
        user.authenticate(PASSWORD)
    user.new_password_challenge(PASSWORD, OTHER_PASSWORD)
    assert user.access_claims["username"] == name
    cognito(name).authenticate(OTHER_PASSWORD)


def test_passwords_changed_and_forgotten(pool: Pool, cognito: Any) -> None:
    name = pool.user()
    user = cognito(name)
    user.authenticate(PASSWORD)
    user.change_password(PASSWORD, OTHER_PASSWORD)
    user.initiate_forgot_password()
    user.confirm_forgot_password(pool.code(f"{name}@example.com"), "Third-password-9")
    cognito(name).authenticate("Third-password-9")


def test_renewed_verified_and_signed_out(pool: Pool, cognito: Any) -> None:
    user = cognito(pool.user())
    user.authenticate(PASSWORD)
    before = user.access_token
    user.renew_access_token()
    assert user.access_token != before
    user.verify_tokens()
    with pytest.raises(TokenVerificationException):
        user.verify_token(user.id_token, "access_token", "access")
    user.logout()
    with pytest.raises(ClientError) as caught:
        user.client.get_user(AccessToken=before)
    assert code_of(caught) == "NotAuthorizedException"


def test_an_administrator_signs_a_user_in(pool: Pool, cognito: Any) -> None:
    """By ADMIN_NO_SRP_AUTH, the old name of the flow."""
    user = cognito(pool.user())
    user.admin_authenticate(PASSWORD)
    assert user.access_claims["token_use"] == "access"


def test_administration(pool: Pool, cognito: Any) -> None:
    name = new_name()
    cognito(name).admin_create_user(name, PASSWORD, email=f"{name}@example.com")
    admin = cognito(name)
    admin.admin_update_profile({"given_name": "Ada"})
    assert admin.admin_get_user().given_name == "Ada"
    assert name in {one.username for one in admin.get_users()}
    admin.admin_disable_user(name)
    admin.admin_enable_user(name)
    admin.admin_delete_user()
    with pytest.raises(ClientError) as caught:
        admin.admin_get_user()
    assert code_of(caught) == "UserNotFoundException"
