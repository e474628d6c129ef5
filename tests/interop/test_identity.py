"""Our identity pools against moto's and ministack's: a user's credentials, and what boto3 signs with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pytest

from tests.interop import foreign
from tests.interop.pools import FLOWS, PASSWORD, new_name
from userpool import Admin, AuthFlow, Credentials, NotAuthorizedException, SignedIn, User, UserPool
from userpool.identity import Identity, IdentityPool, boto3_session

REGION = "us-east-1"
SERVERS = [
    pytest.param(foreign.moto, marks=pytest.mark.xdist_group("moto"), id="moto"),
    pytest.param(foreign.ministack, marks=pytest.mark.xdist_group("ministack"), id="ministack"),
]


class Place(NamedTuple):
    """A server, an identity pool of it, and a user of a user pool that it takes."""

    url: str
    identities: IdentityPool
    user: User
    provider: str

    def identity(self) -> Identity:
        return self.identities.of_user(self.user, provider=self.provider)


def aws(service: str, url: str) -> Any:
    """boto3's client of a service at a server."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return session.client(service, endpoint_url=url)


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with request.param(tmp_path_factory.mktemp("identity")) as started:
        yield started


@pytest.fixture
def place(url: str) -> Iterator[Place]:
    name = new_name()
    with Admin(region=REGION, endpoint=url, credentials=Credentials("test", "test")) as admin:
        pool_id = admin.create_user_pool("identity").id or ""
        client = admin.create_user_pool_client("app", user_pool_id=pool_id, explicit_auth_flows=FLOWS)
        admin.admin_create_user(name, message_action="SUPPRESS", user_pool_id=pool_id)
        admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id)
    client_id = client.client_id or ""
    provider = f"cognito-idp.{REGION}.amazonaws.com/{pool_id}"
    made = aws("cognito-identity", url).create_identity_pool(
        IdentityPoolName="interop",
        AllowUnauthenticatedIdentities=True,
        AllowClassicFlow=True,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client_id}],
    )
    with (
        UserPool(pool_id, client_id, endpoint=url, verify_tokens=False) as pool,
        IdentityPool(made["IdentityPoolId"], endpoint=url, sts_endpoint=url) as identities,
    ):
        step = pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD)
        assert isinstance(step, SignedIn)
        yield Place(url, identities, step.user, provider)


def test_credentials_of_a_guest(place: Place) -> None:
    guest = place.identities.guest()
    held = guest.credentials()
    assert held.identity_id == guest.identity_id()
    assert held.identity_id.startswith(f"{REGION}:")
    assert timedelta() < held.expires_at - datetime.now(UTC) <= timedelta(hours=1, minutes=1)
    assert guest.credentials() is held


def test_credentials_of_a_user(place: Place) -> None:
    held = place.identity().credentials()
    assert held.session_token
    assert held.identity_id != place.identities.guest().identity_id()


def test_boto3_signs_with_them(place: Place) -> None:
    identity = place.identity()
    session = boto3_session(identity)
    assert session.region_name == REGION
    frozen = session.get_credentials().get_frozen_credentials()
    held = identity.credentials()
    assert (frozen.access_key, frozen.secret_key) == (held.access_key_id, held.secret_access_key)
    assert session.client("sts", endpoint_url=place.url).get_caller_identity()["Account"]


def test_a_role_by_the_basic_flow(place: Place) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                "cognito-identity.amazonaws.com:aud": place.identities.config.identity_pool_id,
            },
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    }
    role = aws("iam", place.url).create_role(
        RoleName=new_name("users"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    held = place.identity().assume_role(role["Role"]["Arn"], session_name="interop", duration=900)
    assert held.access_key_id.startswith("ASIA")
    assert timedelta() < held.expires_at - datetime.now(UTC) <= timedelta(minutes=16)


def test_i01_a_provider_that_the_pool_does_not_know(place: Place, request: pytest.FixtureRequest) -> None:
    """moto looks at no token at all: there is nothing to refuse."""

    def logins() -> Mapping[str, str]:
        return {"accounts.google.com": "token"}

    stranger = place.identities.of_provider("stranger", logins)
    if "moto" in request.node.name:
        assert stranger.credentials().session_token
        return
    with pytest.raises(NotAuthorizedException, match="supported provider"):
        stranger.credentials()
