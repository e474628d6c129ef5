"""The service, Node and foreign servers, each started once for a worker's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.javascript import Node
from tests.interop.pools import Pool, boto_client, make_pool
from tests.interop.running import NODE_PROJECT, environment, our_service, program
from tests.requires import need
from tools.interop_setup import find_node


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """amazon-cognito-identity-js and its kin, on Node."""
    command = find_node()
    need(command, "there is no Node 20 or newer: `make interop-setup` installs one")
    need(
        (NODE_PROJECT / "node_modules" / "amazon-cognito-identity-js").is_dir(),
        "amazon-cognito-identity-js is not installed: `make interop-setup` does it",
    )
    script = NODE_PROJECT / "driver.js"
    folder = tmp_path_factory.mktemp("node")
    with program([str(command), script], folder, env=environment(), pipes=True) as running:
        yield Node(running)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our service in development mode: its URL."""
    with our_service(tmp_path_factory.mktemp("service"), "--development") as url:
        yield url


@pytest.fixture(scope="session")
def boto(service: str) -> Iterator[Any]:
    """boto3's client for our service."""
    client = boto_client(service)
    yield client
    client.close()


@pytest.fixture(scope="session")
def pool(boto: Any) -> Pool:
    """A pool of our service with Cognito's defaults, codes by e-mail, and all flows."""
    return make_pool(boto)


@pytest.fixture(scope="session")
def totp_pool(boto: Any) -> Pool:
    """A pool of our service whose users may turn on an authenticator app."""
    return make_pool(
        boto, mfa={"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    )


@pytest.fixture(scope="session")
def mfa_pool(boto: Any) -> Pool:
    """A pool of our service whose users may have all second factors: SMS, e-mail and authenticator app."""
    sms = {
        "SnsCallerArn": "arn:aws:iam::123456789012:role/sms",
        "ExternalId": "interop",
        "SnsRegion": "us-east-1",
    }
    return make_pool(
        boto,
        settings={
            "SmsConfiguration": sms,
            "AutoVerifiedAttributes": ["email", "phone_number"],
            "EmailConfiguration": {
                "EmailSendingAccount": "DEVELOPER",
                "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/interop@example.com",
            },
        },
        mfa={
            "MfaConfiguration": "OPTIONAL",
            "SmsMfaConfiguration": {"SmsConfiguration": sms},
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Your code"},
        },
    )
