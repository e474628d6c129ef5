"""Our identity pools against moto's: both flows, and what boto3 signs with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from tests.interop import foreign
from userpool.identity import Identity, IdentityPool, boto3_session

pytestmark = pytest.mark.xdist_group("moto")

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/guests"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with foreign.moto(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture
def pool(url: str) -> Iterator[IdentityPool]:
    """A pool of moto's that takes guests."""
    made = boto3.client(
        "cognito-identity",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    ).create_identity_pool(IdentityPoolName="interop", AllowUnauthenticatedIdentities=True)
    with IdentityPool(made["IdentityPoolId"], endpoint=url, sts_endpoint=url) as opened:
        yield opened


def somebody(pool: IdentityPool) -> Identity:
    def logins() -> Mapping[str, str]:
        return {"accounts.google.com": "token"}

    return pool.of_provider("ada", logins)


def test_credentials_of_a_guest(pool: IdentityPool) -> None:
    guest = pool.guest()
    held = guest.credentials()
    assert held.identity_id == guest.identity_id()
    assert held.identity_id.startswith(f"{REGION}:")
    assert timedelta() < held.expires_at - datetime.now(UTC) <= timedelta(hours=1, minutes=1)
    assert guest.credentials() is held


def test_credentials_of_somebody_known(pool: IdentityPool) -> None:
    assert somebody(pool).credentials().session_token


def test_boto3_signs_with_them(pool: IdentityPool, url: str) -> None:
    identity = somebody(pool)
    session = boto3_session(identity)
    assert session.region_name == REGION
    frozen = session.get_credentials().get_frozen_credentials()
    held = identity.credentials()
    assert (frozen.access_key, frozen.secret_key) == (held.access_key_id, held.secret_access_key)
    answer = session.client("sts", endpoint_url=url).get_caller_identity()
    assert answer["Account"]


def test_a_role_by_the_basic_flow(pool: IdentityPool) -> None:
    held = somebody(pool).assume_role(ROLE, session_name="interop", duration=900)
    assert held.access_key_id.startswith("ASIA")
    assert timedelta() < held.expires_at - datetime.now(UTC) <= timedelta(minutes=16)
