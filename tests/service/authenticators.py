"""Users with passkeys, for the tests of the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.service.world import ClientOf, PoolOf, Tokens, World
from userpool.testing import Misbehaviour, SoftwareAuthenticator

RP = "auth.example.com"
ALLOWED: dict[str, Any] = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
TWICE = "MULTI_FACTOR_WITH_USER_VERIFICATION"


def passkey_pool(world: World, mfa: Mapping[str, Any] | None = None, **web_authn: str) -> PoolOf:
    """A pool in which passkeys are a first factor."""
    members = {**(mfa or {}), "WebAuthnConfiguration": {"RelyingPartyId": RP, **web_authn}}
    return world.pool(Policies=ALLOWED, mfa=members)


def start(user: Tokens) -> dict[str, Any]:
    """The options for a new passkey."""
    options: dict[str, Any] = user.call("StartWebAuthnRegistration")["CredentialCreationOptions"]
    return options


def register(user: Tokens, authenticator: SoftwareAuthenticator | None = None) -> SoftwareAuthenticator:
    """Register a passkey; what holds it."""
    authenticator = authenticator or SoftwareAuthenticator()
    answer = user.call("CompleteWebAuthnRegistration", Credential=authenticator.create(start(user)))
    assert answer == {}
    return authenticator


def options_of(challenge: Mapping[str, Any]) -> dict[str, Any]:
    """What a challenge asks an authenticator for."""
    assert challenge["ChallengeName"] == "WEB_AUTHN", challenge
    options: dict[str, Any] = json.loads(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    return options


def ask(client: ClientOf, username: str = "ada") -> dict[str, Any]:
    """Begin to sign in with a passkey."""
    return client.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE="WEB_AUTHN")


def credential(
    challenge: Mapping[str, Any], authenticator: SoftwareAuthenticator, /, **wrong: Any
) -> dict[str, Any]:
    """What an authenticator answers a challenge with; `wrong` is what it does wrong."""
    return authenticator.misbehaving(Misbehaviour(**wrong)).get(options_of(challenge))


def answer(
    client: ClientOf,
    challenge: Mapping[str, Any],
    authenticator: SoftwareAuthenticator,
    username: str = "ada",
    /,
    **wrong: Any,
) -> dict[str, Any]:
    """Answer a challenge with a passkey."""
    text = json.dumps(credential(challenge, authenticator, **wrong))
    return client.answer(challenge, USERNAME=username, CREDENTIAL=text)


def by_passkey(
    client: ClientOf, authenticator: SoftwareAuthenticator, username: str = "ada", /, **wrong: Any
) -> dict[str, Any]:
    """Sign in with a passkey."""
    return answer(client, ask(client, username), authenticator, username, **wrong)
