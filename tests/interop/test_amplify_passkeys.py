"""Passkeys by Amplify JS v6, with an authenticator of Node's own cryptography, against our service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.javascript import Node
from tests.interop.pools import PASSWORD, Pool, make_pool
from tests.interop.test_amplify import Amplify

RP = "auth.example.com"
USER_AUTH = {"authFlowType": "USER_AUTH"}


@pytest.fixture(scope="module")
def passkey_pool(boto: Any) -> Pool:
    return make_pool(
        boto,
        settings={"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
        mfa={"WebAuthnConfiguration": {"RelyingPartyId": RP}},
    )


@pytest.fixture
def amplify(node: Node, passkey_pool: Pool) -> Iterator[Amplify]:
    made = Amplify(node, passkey_pool)
    node.do("browser", origin=f"https://{RP}")
    yield made
    made("signOut")
    node.do("noBrowser")


def preferred(name: str) -> dict[str, Any]:
    return {"username": name, "options": {**USER_AUTH, "preferredChallenge": "WEB_AUTHN"}}


def test_a_passkey_is_registered_listed_used_and_deleted(passkey_pool: Pool, amplify: Amplify) -> None:
    name = passkey_pool.user()
    assert amplify.sign_in(name)["signInStep"] == "DONE"
    amplify("associateWebAuthnCredential")
    [listed] = amplify("listWebAuthnCredentials")["credentials"]
    assert (listed["relyingPartyId"], listed["authenticatorTransports"]) == (RP, ["internal"])
    assert listed["friendlyCredentialName"] == "Passkey of this device"
    # The authenticator holds one already: the list of those to leave out reached it.
    assert amplify.refused("associateWebAuthnCredential")[0] == "PasskeyAlreadyExists"

    amplify("signOut")
    assert amplify("signIn", **preferred(name))["nextStep"]["signInStep"] == "DONE"
    assert amplify("getCurrentUser")["username"] == name
    assert amplify.session(forceRefresh=True)["username"] == name

    amplify("deleteWebAuthnCredential", credentialId=listed["credentialId"])
    assert amplify("listWebAuthnCredentials")["credentials"] == []


def test_a_passkey_is_chosen_among_the_first_factors(passkey_pool: Pool, amplify: Amplify) -> None:
    name = passkey_pool.user()
    amplify.sign_in(name)
    amplify("associateWebAuthnCredential")
    amplify("signOut")
    step = amplify("signIn", username=name, options=USER_AUTH)["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(step["availableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"}
    assert amplify("confirmSignIn", challengeResponse="WEB_AUTHN")["nextStep"]["signInStep"] == "DONE"


def test_who_has_no_passkey_chooses_another_factor(passkey_pool: Pool, amplify: Amplify) -> None:
    name = passkey_pool.user()
    step = amplify("signIn", **preferred(name))["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    step = amplify("confirmSignIn", challengeResponse="PASSWORD")["nextStep"]
    assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
    assert amplify("confirmSignIn", challengeResponse=PASSWORD)["nextStep"]["signInStep"] == "DONE"


def test_p03_a_page_elsewhere_is_refused(node: Node, passkey_pool: Pool, amplify: Amplify) -> None:
    name = passkey_pool.user()
    amplify.sign_in(name)
    node.do("browser", origin="https://evil.test")
    assert amplify.refused("associateWebAuthnCredential")[0] == "WebAuthnOriginNotAllowedException"
    assert amplify("listWebAuthnCredentials")["credentials"] == []
