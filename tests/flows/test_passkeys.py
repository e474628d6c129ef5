"""A user's passkeys: what goes out, what comes back, in the forms of browsers."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.canary import assert_hidden, canary, watch
from tests.flows.stage import Stage, config
from userpool.flows import passkeys
from userpool.flows.passkeys import Passkey
from userpool.flows.results import Page
from userpool.protocol.credential_json import credential_object
from userpool.protocol.errors import (
    ParameterError,
    ProtocolError,
    WebAuthnChallengeNotFoundException,
    WebAuthnNotEnabledException,
)
from userpool.testing import SoftwareAuthenticator
from userpool.testing.scripted import answer, refusal

OPTIONS: dict[str, Any] = {
    "challenge": "AAECAwQFBgcICQoLDA0ODw",
    "rp": {"id": "auth.example.com", "name": "auth.example.com"},
    "user": {"id": "dXNlci1pZA", "name": "ada", "displayName": "ada"},
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
    "timeout": 60000,
    "excludeCredentials": [],
    "authenticatorSelection": {"residentKey": "required", "userVerification": "preferred"},
}
FOUND = {
    "CredentialId": "AQID",
    "FriendlyCredentialName": "iCloud Keychain",
    "RelyingPartyId": "auth.example.com",
    "AuthenticatorAttachment": "platform",
    "AuthenticatorTransports": ["hybrid", "internal"],
    "CreatedAt": 1_790_000_000.5,
}
KNOWN = Passkey(
    credential_id="AQID",
    friendly_name="iCloud Keychain",
    relying_party_id="auth.example.com",
    created_at=datetime.fromtimestamp(1_790_000_000.5, UTC),
    authenticator_transports=("hybrid", "internal"),
    authenticator_attachment="platform",
)


def test_the_options_come_as_a_browser_takes_them() -> None:
    stage = Stage([answer({"CredentialCreationOptions": OPTIONS})])
    assert stage.run(passkeys.start_web_authn_registration(config(), "token")) == OPTIONS
    assert (stage.targets, stage.body()) == (["StartWebAuthnRegistration"], {"AccessToken": "token"})


@pytest.mark.parametrize("options", ["text", [], {}, {"challenge": 7}, None], ids=repr)
def test_options_that_are_none_are_not_passed_on(options: object) -> None:
    stage = Stage([answer({"CredentialCreationOptions": options})])
    with pytest.raises(ProtocolError):
        stage.run(passkeys.start_web_authn_registration(config(), "token"))


@pytest.mark.parametrize("form", ["object", "text"])
def test_the_new_passkey_goes_out_as_the_object_that_the_browser_gave(form: str) -> None:
    made = SoftwareAuthenticator().create(OPTIONS)
    stage = Stage([answer()])
    given = made if form == "object" else json.dumps(made, indent=1)
    stage.run(passkeys.complete_web_authn_registration(config(), "token", given))
    assert stage.targets == ["CompleteWebAuthnRegistration"]
    assert stage.body() == {"AccessToken": "token", "Credential": made}


@pytest.mark.parametrize("member", ["attestationObject", "signature"])
@pytest.mark.parametrize(
    "given",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        {},
        {"response": None},
        {"response": []},
        {"response": {"clientDataJSON": "e30"}},
        {"response": {"attestationObject": b"raw", "signature": b"raw"}},
        7,
        None,
        [1],
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_credential_is_refused_before_the_wire(given: Any, member: str) -> None:
    with pytest.raises(ParameterError, match=rf"credential\.toJSON\(\).*holds `{member}`"):
        credential_object(given, member)


def test_a_passkey_that_signs_is_no_new_one_and_the_other_way_round() -> None:
    authenticator = SoftwareAuthenticator()
    made = authenticator.create(OPTIONS)
    signed = authenticator.get({"challenge": OPTIONS["challenge"], "rpId": "auth.example.com"})
    assert credential_object(made, "attestationObject") == made
    assert credential_object(signed, "signature") == signed
    with pytest.raises(ParameterError, match=r"credentials\.create"):
        Stage().run(passkeys.complete_web_authn_registration(config(), "token", signed))
    with pytest.raises(ParameterError, match=r"credentials\.get"):
        credential_object(made, "signature")


def test_an_expired_registration_says_so_and_is_not_sent_twice() -> None:
    made = SoftwareAuthenticator().create(OPTIONS)
    stage = Stage([refusal("WebAuthnChallengeNotFoundException", "Challenge not found.")])
    with pytest.raises(WebAuthnChallengeNotFoundException):
        stage.run(passkeys.complete_web_authn_registration(config(), "token", made))


def test_a_page_of_passkeys() -> None:
    stage = Stage([answer({"Credentials": [FOUND], "NextToken": "more"})])
    page = stage.run(passkeys.list_web_authn_credentials(config(), "token", limit=1, next_token="at"))
    assert page == Page((KNOWN,), "more")
    assert stage.targets == ["ListWebAuthnCredentials"]
    assert stage.body() == {"AccessToken": "token", "MaxResults": 1, "NextToken": "at"}


def test_the_last_page_and_a_passkey_of_which_little_is_known() -> None:
    little = {**FOUND, "AuthenticatorTransports": []}
    del little["AuthenticatorAttachment"]
    stage = Stage([answer({"Credentials": [little]})])
    page = stage.run(passkeys.list_web_authn_credentials(config(), "token"))
    assert page.next_token is None
    assert (page.items[0].authenticator_transports, page.items[0].authenticator_attachment) == ((), None)
    assert stage.body() == {"AccessToken": "token"}


@pytest.mark.parametrize("limit", [-1, 21])
def test_a_limit_out_of_range_is_refused_before_the_wire(limit: int) -> None:
    with pytest.raises(ParameterError):
        Stage().run(passkeys.list_web_authn_credentials(config(), "token", limit=limit))


def test_a_passkey_is_deleted() -> None:
    stage = Stage([answer()])
    stage.run(passkeys.delete_web_authn_credential(config(), "token", "AQID"))
    assert (stage.targets, stage.body()) == (
        ["DeleteWebAuthnCredential"],
        {"AccessToken": "token", "CredentialId": "AQID"},
    )


def test_a_pool_without_passkeys_says_so() -> None:
    stage = Stage([refusal("WebAuthnNotEnabledException", "WebAuthn is not enabled.")])
    with pytest.raises(WebAuthnNotEnabledException):
        stage.run(passkeys.start_web_authn_registration(config(), "token"))


def test_neither_token_nor_credential_is_shown_by_a_refusal() -> None:
    token, signature = "token-" + uuid.uuid4().hex, canary("credential")
    made = {"id": "AQ", "type": "public-key", "response": {"attestationObject": signature}}
    stage = Stage([refusal("WebAuthnChallengeNotFoundException", "Challenge not found.")])
    with watch(token), watch(signature), pytest.raises(WebAuthnChallengeNotFoundException) as caught:
        stage.run(passkeys.complete_web_authn_registration(config(), token, made))
    assert_hidden(caught.value, token)
    assert_hidden(caught.value, signature)
    with pytest.raises(ParameterError) as refused:
        credential_object({"response": {"other": signature}}, "signature")
    assert_hidden(refused.value, signature)
