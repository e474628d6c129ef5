"""boto3 against our service as it is run in earnest: signatures are checked, against admin keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.interop.conformity import watched
from tests.interop.pools import PASSWORD, boto_client, make_pool
from tests.interop.running import DidNotStart, our_service
from tests.interop.test_boto3 import refusal, sign_in
from userpool.service import keyfile

SECRET = "a-secret-for-the-administrator-of-these-tests"
KEY_ID = "UPAKINTEROP2345ABCDE"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service without `--development`, with one admin key."""
    folder = tmp_path_factory.mktemp("strict")
    sealing = keyfile.SealingKey(bytes(range(32)))
    keys = {
        keyfile.SEALING_KEY: sealing.text,
        keyfile.ADMIN_KEY_ID: KEY_ID,
        keyfile.ADMIN_KEY_SECRET: SECRET,
    }
    with our_service(folder, env=keys) as url:
        yield url


@pytest.fixture(scope="module")
def admin(strict: str) -> Iterator[Any]:
    client = boto_client(strict, KEY_ID, SECRET)
    yield client
    client.close()


def test_signed_calls_are_let_in(admin: Any) -> None:
    """Plain, with all kinds of characters in the body, and paged."""
    with watched(admin) as watch:
        pool = make_pool(admin)
        name = pool.user(name='Ada of the Ä-Ö-Ü, 名前 👩‍💻 & "Sons" +%20')
        assert sign_in(pool, name)["AccessToken"]
        found = admin.list_users(UserPoolId=pool.id, Filter=f'username = "{name}"')["Users"]
        assert [one["Username"] for one in found] == [name]
        assert watch.answered["AdminCreateUser"] == 1


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [
        (KEY_ID, "another-secret", "InvalidSignatureException"),
        ("UPAKNOBODY2345ABCDEF", SECRET, "UnrecognizedClientException"),
        ("test", "test", "UnrecognizedClientException"),
    ],
)
def test_other_keys_are_not(strict: str, key_id: str, secret: str, code: str) -> None:
    client = boto_client(strict, key_id, secret)
    try:
        assert refusal(client.list_user_pools, MaxResults=1)[0] == code
    finally:
        client.close()


def test_users_need_no_keys(strict: str, admin: Any) -> None:
    """What users call goes without credentials, here as at AWS."""
    pool = make_pool(admin)
    name = pool.user()
    client = boto_client(strict, "nobody", "nothing")
    try:
        answer = client.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=pool.client_id,
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        assert client.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])["Username"] == name
    finally:
        client.close()


def test_the_development_pages_are_not_there(admin: Any) -> None:
    pool = make_pool(admin)
    with pytest.raises(OSError, match="404"):
        pool.sent("ada@example.com")


def test_without_keys_it_does_not_start(tmp_path: Any) -> None:
    with pytest.raises(DidNotStart, match="--development"), our_service(tmp_path):
        pass


def test_a_client_error_is_what_boto3_says(admin: Any) -> None:
    with pytest.raises(ClientError) as caught:
        admin.describe_user_pool(UserPoolId="us-east-1_ABCDEFGHI")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["ResponseMetadata"]["RequestId"]
