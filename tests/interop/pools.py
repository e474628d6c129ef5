"""Pools, clients and users to test with, made by boto3."""

from __future__ import annotations

import json
import random
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from userpool.protocol import totp

PASSWORD = "Correct-horse-7"
OTHER_PASSWORD = "Battery-staple-8"
REGION = "us-east-1"
WORTH_SECONDS = 10
"""How long a code of an authenticator app has to be good for, so that a test can use it."""
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def boto_client(endpoint: str, access_key: str = "test", secret_key: str = "test") -> Any:
    """boto3's client for user pools, asking `endpoint` once."""
    return boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30),
    )


def new_name(prefix: str = "ada") -> str:
    """A user name that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def new_phone() -> str:
    """A phone number that no other test has."""
    return f"+1{random.SystemRandom().randrange(10**10):010}"


@dataclass(frozen=True)
class Pool:
    """A user pool with one app client, at a service."""

    endpoint: str
    id: str
    client_id: str
    client_secret: str | None
    boto: Any = field(repr=False)

    def user(self, password: str = PASSWORD, **attributes: str) -> str:
        """Make a confirmed user who has an e-mail address; returns the name."""
        name = new_name()
        self.boto.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=boto_attributes(
                {"email": f"{name}@example.com", "email_verified": "true", **attributes}
            ),
        )
        self.boto.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=password, Permanent=True
        )
        return name

    def sent(self, to: str) -> list[dict[str, Any]]:
        """What the service has sent to an address, oldest first."""
        query = urllib.parse.urlencode({"to": to, "user_pool_id": self.id})
        with urllib.request.urlopen(f"{self.endpoint}/_userpool/outbox?{query}", timeout=10) as response:
            messages: list[dict[str, Any]] = json.load(response)["messages"]
        return messages

    def code(self, to: str) -> str:
        """The newest code that was sent to an address."""
        code: str = self.sent(to)[-1]["code"]
        return code

    def jwks(self) -> dict[str, Any]:
        """The pool's public keys."""
        url = f"{self.endpoint}/{self.id}/.well-known/jwks.json"
        with urllib.request.urlopen(url, timeout=10) as response:
            keys: dict[str, Any] = json.load(response)
        return keys


def make_pool(
    boto: Any,
    *,
    settings: Mapping[str, Any] | None = None,
    client: Mapping[str, Any] | None = None,
    mfa: Mapping[str, Any] | None = None,
) -> Pool:
    """Make a pool and an app client.

    Args:
        boto: boto3's client for the service.
        settings: members of CreateUserPool, beside the name and codes by e-mail.
        client: members of CreateUserPoolClient, beside the flows.
        mfa: members of SetUserPoolMfaConfig; by default none is sent.
    """
    pool = boto.create_user_pool(
        PoolName="interop", **{"AutoVerifiedAttributes": ["email"], **(settings or {})}
    )["UserPool"]
    if mfa is not None:
        boto.set_user_pool_mfa_config(UserPoolId=pool["Id"], **mfa)
    made = boto.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="interop", **{"ExplicitAuthFlows": FLOWS, **(client or {})}
    )["UserPoolClient"]
    return Pool(boto.meta.endpoint_url, pool["Id"], made["ClientId"], made.get("ClientSecret"), boto)


def boto_attributes(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Attributes as the wire has them."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def post(url: str, body: Mapping[str, Any]) -> None:
    """Send JSON to a service's own pages."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


class Totp:
    """An authenticator app that gives each code once, as services ask for: three of them without a wait."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._last = 0

    def code(self) -> str:
        """A code that is good for some seconds yet: of the last half minute, of this one, of the next."""
        step = max(self._last + 1, totp.step(time.time() + WORTH_SECONDS) - 1)
        self._last = step
        time.sleep(max(0.0, (step - 1) * totp.STEP_SECONDS - time.time()))
        return totp.code(self._seed, step * totp.STEP_SECONDS)
