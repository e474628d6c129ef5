"""Passkeys: registered, listed, deleted; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.service.authenticators import ALLOWED, RP, passkey_pool, register, start
from tests.service.world import ClientOf, Tokens, World, together
from userpool.crypto.cose import CoseAlgorithm
from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol.errors import ServiceError
from userpool.service.context import Settings
from userpool.service.domain.records import Passkey, UserStatus
from userpool.testing import Misbehaviour, SoftwareAuthenticator
from userpool.testing.authenticator import BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def client(world: World) -> ClientOf:
    client = passkey_pool(world).client()
    client.signed_up("ada", name="Ada Lovelace")
    return client


@pytest.fixture
def ada(client: ClientOf) -> Tokens:
    return client.tokens()


def refused(user: Tokens, credential: object) -> str:
    return user.error("CompleteWebAuthnRegistration", Credential=credential).code


def listed(user: Tokens, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.call("ListWebAuthnCredentials", **members)["Credentials"]
    return found


def stored(client: ClientOf, username: str = "ada") -> list[Passkey]:
    sub = client.pool.user(username).sub
    return list(client.world.context.store.read(lambda reader: reader.passkeys(client.pool.id, sub)))


def test_the_options_are_those_that_cognito_gives(client: ClientOf, ada: Tokens) -> None:
    options = start(ada)
    challenge = options.pop("challenge")
    assert len(b64url_decode(challenge.encode())) >= 16
    assert options == {
        "rp": {"id": RP, "name": RP},
        "user": {
            "id": b64url_encode(client.pool.user("ada").sub.encode()),
            "name": "ada",
            "displayName": "Ada Lovelace",
        },
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "timeout": 60_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
    }
    assert start(ada)["challenge"] != challenge


def test_a_user_who_is_known_by_an_address_is_shown_it(world: World) -> None:
    pool = world.pool(
        Policies=ALLOWED,
        UsernameAttributes=["email"],
        mfa={"WebAuthnConfiguration": {"RelyingPartyId": RP, "UserVerification": "required"}},
    )
    client = pool.client()
    client.signed_up("ada@example.com")
    options = start(client.tokens(client.by_password("ada@example.com")))
    assert options["user"]["name"] == options["user"]["displayName"] == "ada@example.com"
    assert options["authenticatorSelection"]["userVerification"] == "required"


@pytest.mark.parametrize("algorithm", list(CoseAlgorithm), ids=lambda one: one.name)
def test_a_passkey_is_registered_and_listed(client: ClientOf, ada: Tokens, algorithm: CoseAlgorithm) -> None:
    authenticator = SoftwareAuthenticator(
        algorithms=[algorithm],
        backup=True,
        transports=["internal", "hybrid"],
        aaguid=bytes.fromhex("ea9b8d664d011d213ce4b6b48cb575d4"),
    )
    register(ada, authenticator)
    credential_id = authenticator.credentials[0].credential_id
    [shown] = listed(ada)
    created = datetime.fromtimestamp(shown.pop("CreatedAt"), UTC)
    assert created.timestamp() == pytest.approx(client.world.clock.now(), abs=0.01)
    assert shown == {
        "CredentialId": b64url_encode(credential_id),
        "FriendlyCredentialName": "Google Password Manager",
        "RelyingPartyId": RP,
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["internal", "hybrid"],
    }
    [passkey] = stored(client)
    assert passkey.credential_id == credential_id
    assert (passkey.backup_eligible, passkey.backed_up) == (True, True)
    excluded = start(ada)["excludeCredentials"]
    assert excluded == [
        {"type": "public-key", "id": b64url_encode(credential_id), "transports": ["internal", "hybrid"]}
    ]


def test_passkeys_of_one_kind_get_names_of_their_own(ada: Tokens) -> None:
    for _ in range(2):
        register(ada, SoftwareAuthenticator(transports=["usb", "nfc"], attachment="cross-platform"))
        register(ada, SoftwareAuthenticator())
    register(ada, SoftwareAuthenticator(transports=["hybrid", "internal"]))
    assert sorted(one["FriendlyCredentialName"] for one in listed(ada)) == [
        "Passkey",
        "Passkey of this device",
        "Passkey of this device 2",
        "Security key",
        "Security key 2",
    ]


def test_passkeys_come_in_pages(client: ClientOf, ada: Tokens) -> None:
    for _ in range(5):
        register(ada)
        client.world.clock.advance(1)
    everything = [one["CredentialId"] for one in listed(ada)]
    assert len(everything) == 5
    assert [one["CredentialId"] for one in listed(ada, MaxResults=0)] == everything
    found, token = [], None
    while True:
        page = ada.call("ListWebAuthnCredentials", MaxResults=2, NextToken=token)
        found += [one["CredentialId"] for one in page["Credentials"]]
        token = page.get("NextToken")
        if token is None:
            break
    assert found == everything
    assert ada.error("ListWebAuthnCredentials", MaxResults=21).code == "InvalidParameterException"
    first = ada.call("ListWebAuthnCredentials", MaxResults=2)["NextToken"]
    client.signed_up("bob")
    bob = client.tokens(client.by_password("bob"))
    for wrong in ("x", first):
        assert bob.error("ListWebAuthnCredentials", NextToken=wrong).code == "InvalidParameterException"


def test_a_user_has_twenty_passkeys_at_most(client: ClientOf, ada: Tokens) -> None:
    authenticator = SoftwareAuthenticator()
    waiting = authenticator.create(start(ada))
    for _ in range(20):
        register(ada)
    assert ada.error("StartWebAuthnRegistration").code == "LimitExceededException"
    assert refused(ada, waiting) == "LimitExceededException"
    assert len(listed(ada)) == 20
    ada.call("DeleteWebAuthnCredential", CredentialId=listed(ada)[0]["CredentialId"])
    register(ada)


def test_a_passkey_is_deleted_by_its_user_alone(client: ClientOf, ada: Tokens) -> None:
    register(ada)
    credential_id = listed(ada)[0]["CredentialId"]
    client.signed_up("bob")
    bob = client.tokens(client.by_password("bob"))
    register(bob)
    for wrong in (credential_id, "AAAA", "=", "ä"):
        error = bob.error("DeleteWebAuthnCredential", CredentialId=wrong)
        assert error.code == "ResourceNotFoundException"
    assert len(listed(ada)) == len(listed(bob)) == 1
    assert ada.call("DeleteWebAuthnCredential", CredentialId=credential_id) == {}
    assert listed(ada) == []
    assert (
        ada.error("DeleteWebAuthnCredential", CredentialId=credential_id).code == "ResourceNotFoundException"
    )


def test_a52_another_users_passkey_does_not_exist(client: ClientOf, ada: Tokens) -> None:
    register(ada)
    client.signed_up("bob")
    bob = client.tokens(client.by_password("bob"))
    error = bob.error("DeleteWebAuthnCredential", CredentialId=listed(ada)[0]["CredentialId"])
    assert error.code == "ResourceNotFoundException"
    assert len(listed(ada)) == 1


def test_a_pool_has_to_have_passkeys(world: World) -> None:
    pool = world.pool()
    client = pool.client()
    client.signed_up()
    ada = client.tokens()
    register_at = SoftwareAuthenticator()
    for operation, members in (
        ("StartWebAuthnRegistration", {}),
        ("CompleteWebAuthnRegistration", {"Credential": {"id": "AA"}}),
    ):
        assert ada.error(operation, **members).code == "WebAuthnNotEnabledException"
    pool.admin("UpdateUserPool", Policies=ALLOWED)
    error = ada.error("StartWebAuthnRegistration")
    assert error.code == "WebAuthnConfigurationMissingException"
    assert "RelyingPartyId" in str(error)
    pool.admin("SetUserPoolMfaConfig", WebAuthnConfiguration={"RelyingPartyId": RP})
    register(ada, register_at)
    pool.admin("UpdateUserPool")
    assert ada.error("StartWebAuthnRegistration").code == "WebAuthnNotEnabledException"
    assert len(listed(ada)) == 1


def test_a_pool_shows_what_its_passkeys_are_set_to(world: World) -> None:
    pool = passkey_pool(world, UserVerification="required", FactorConfiguration="SINGLE_FACTOR")
    shown = pool.admin("GetUserPoolMfaConfig")
    assert shown["WebAuthnConfiguration"] == {
        "RelyingPartyId": RP,
        "UserVerification": "required",
        "FactorConfiguration": "SINGLE_FACTOR",
    }
    pool.admin("UpdateUserPool", Policies=ALLOWED)
    assert pool.admin("GetUserPoolMfaConfig") == shown


def test_the_light_tier_has_no_passkeys(world: World) -> None:
    pool = world.pool(UserPoolTier="LITE")
    multi = {"RelyingPartyId": RP, "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
    error = world.error("SetUserPoolMfaConfig", UserPoolId=pool.id, WebAuthnConfiguration=multi)
    assert error.code == "FeatureUnavailableInTierException"


def test_who_has_to_reset_the_password_does_that_first(client: ClientOf, ada: Tokens) -> None:
    register(ada)
    client.pool.change("ada", status=UserStatus.RESET_REQUIRED)
    for operation, members in (
        ("StartWebAuthnRegistration", {}),
        ("CompleteWebAuthnRegistration", {"Credential": {}}),
        ("ListWebAuthnCredentials", {}),
        ("DeleteWebAuthnCredential", {"CredentialId": "AA"}),
    ):
        assert ada.error(operation, **members).code == "PasswordResetRequiredException"


# What is refused at a registration.


def made(ada: Tokens, authenticator: SoftwareAuthenticator | None = None, **wrong: Any) -> dict[str, Any]:
    authenticator = authenticator or SoftwareAuthenticator()
    return authenticator.misbehaving(Misbehaviour(**wrong)).create(start(ada))


def test_p01_a_signature_is_no_registration(ada: Tokens) -> None:
    assert refused(ada, made(ada, type="webauthn.get")) == "InvalidParameterException"
    assert listed(ada) == []


def test_p02_a_challenge_is_answered_once(ada: Tokens) -> None:
    options = start(ada)
    first, second = SoftwareAuthenticator().create(options), SoftwareAuthenticator().create(options)
    ada.call("CompleteWebAuthnRegistration", Credential=first)
    for again in (first, second):
        assert refused(ada, again) == "WebAuthnChallengeNotFoundException"
    assert len(listed(ada)) == 1


def test_p02_a_wrong_answer_uses_the_challenge_up(ada: Tokens) -> None:
    options = start(ada)
    wrong = SoftwareAuthenticator().misbehaving(Misbehaviour(origin="https://evil.test")).create(options)
    assert refused(ada, wrong) == "WebAuthnOriginNotAllowedException"
    assert refused(ada, SoftwareAuthenticator().create(options)) == "WebAuthnChallengeNotFoundException"


def test_p02_a_challenge_expires(client: ClientOf, ada: Tokens) -> None:
    in_time, late = made(ada), made(ada)
    client.world.clock.advance(179)
    assert ada.call("CompleteWebAuthnRegistration", Credential=in_time) == {}
    client.world.clock.advance(1)
    assert refused(ada, late) == "WebAuthnChallengeNotFoundException"


def test_p02_a_challenge_belongs_to_its_user_client_and_pool(
    world: World, client: ClientOf, ada: Tokens
) -> None:
    client.signed_up("bob")
    bob = client.tokens(client.by_password("bob"))
    assert refused(bob, made(ada)) == "WebAuthnChallengeNotFoundException"
    other_client = client.pool.client()
    elsewhere = other_client.tokens()
    assert refused(elsewhere, made(ada)) == "WebAuthnClientMismatchException"
    other_pool = passkey_pool(world).client()
    other_pool.signed_up()
    assert refused(other_pool.tokens(), made(ada)) == "WebAuthnChallengeNotFoundException"


def test_p02_of_answers_that_come_at_once_one_is_taken(client: ClientOf, ada: Tokens) -> None:
    options = start(ada)
    answers = [SoftwareAuthenticator().create(options) for _ in range(8)]
    done = together(8, lambda n: ada.call("CompleteWebAuthnRegistration", Credential=answers[n]))
    assert done.count({}) == 1
    assert {one.code for one in done if isinstance(one, ServiceError)} == {
        "WebAuthnChallengeNotFoundException"
    }
    assert len(listed(ada)) == 1


@pytest.mark.parametrize("challenge", ["", "AAAA", b64url_encode(bytes(32)), b64url_encode(bytes(300))])
def test_p02_a_made_up_challenge_is_not_known(ada: Tokens, challenge: str) -> None:
    credential = SoftwareAuthenticator().create({**start(ada), "challenge": challenge})
    assert refused(ada, credential) == "WebAuthnChallengeNotFoundException"


def test_p02_a_challenge_of_a_sign_in_is_none_of_a_registration(client: ClientOf, ada: Tokens) -> None:
    session = client.srp().challenge["ChallengeParameters"]["SECRET_BLOCK"]
    challenge = session.rstrip("=").replace("+", "-").replace("/", "_")
    credential = SoftwareAuthenticator().create({**start(ada), "challenge": challenge})
    assert refused(ada, credential) == "WebAuthnChallengeNotFoundException"


@pytest.mark.parametrize(
    "origin", [f"http://{RP}", f"https://{RP}:8443", f"https://{RP}.evil.test", "https://example.com", "null"]
)
def test_p03_a_page_elsewhere_registers_nothing(ada: Tokens, origin: str) -> None:
    assert refused(ada, made(ada, origin=origin)) == "WebAuthnOriginNotAllowedException"
    assert listed(ada) == []


def test_p03_an_operator_lists_the_origins() -> None:
    settings = Settings(development=True, passkey_origins=("https://app.test", "android:apk-key-hash:AbC"))
    with World(settings=settings) as world:
        client = passkey_pool(world).client()
        client.signed_up()
        ada = client.tokens()
        assert refused(ada, made(ada)) == "WebAuthnOriginNotAllowedException"
        for origin in settings.passkey_origins:
            ada.call("CompleteWebAuthnRegistration", Credential=made(ada, origin=origin))
        assert len(listed(ada)) == 2


@pytest.mark.parametrize("wrong", [{"cross_origin": True}, {"top_origin": "https://evil.test"}])
def test_p04_a_frame_elsewhere_registers_nothing(ada: Tokens, wrong: dict[str, Any]) -> None:
    assert refused(ada, made(ada, **wrong)) == "WebAuthnOriginNotAllowedException"


def test_p05_a_passkey_for_another_relying_party_is_refused(ada: Tokens) -> None:
    assert refused(ada, made(ada, rp_id="evil.test")) == "WebAuthnRelyingPartyMismatchException"


def test_p06_somebody_must_be_there(ada: Tokens) -> None:
    assert refused(ada, made(ada, flip=USER_PRESENT)) == "InvalidParameterException"


def test_p06_a_user_is_verified_where_the_pool_requires_it(world: World) -> None:
    client = passkey_pool(world, UserVerification="required").client()
    client.signed_up()
    ada = client.tokens()
    error = ada.error("CompleteWebAuthnRegistration", Credential=made(ada, flip=USER_VERIFIED))
    assert error.code == "WebAuthnCredentialNotSupportedException"
    assert "PIN" in str(error)
    register(ada)


def test_p07_backed_up_without_being_eligible_is_refused(ada: Tokens) -> None:
    wrong = made(ada, SoftwareAuthenticator(backup=True), flip=BACKUP_ELIGIBLE)
    assert refused(ada, wrong) == "InvalidParameterException"


def test_p11_an_id_is_registered_once_in_a_pool(client: ClientOf, ada: Tokens) -> None:
    authenticator = register(ada)
    taken = authenticator.credentials[0].credential_id
    client.signed_up("bob")
    for user in (ada, client.tokens(client.by_password("bob"))):
        error = user.error("CompleteWebAuthnRegistration", Credential=made(user, credential_id=taken))
        assert error.code == "InvalidParameterException"
        assert "registered already" in str(error)
    assert len(listed(ada)) == 1


def test_p12_p14_what_is_no_passkey_of_ours_is_refused(ada: Tokens) -> None:
    wrong = made(ada, attestation=("none", {"sig": b"x"}))
    assert refused(ada, wrong) == "InvalidParameterException"
    documents: list[object] = ["text", [], 5, {}, {"response": {}}]
    for document in documents:
        assert refused(ada, document) == "InvalidParameterException"


def test_p15_members_that_nobody_knows_are_let_be(ada: Tokens) -> None:
    assert ada.call("CompleteWebAuthnRegistration", Credential=made(ada, members={"ofTomorrow": 1})) == {}


def test_p16_an_operator_asks_for_a_fresh_sign_in() -> None:
    with World(settings=Settings(development=True, passkey_fresh_seconds=300)) as world:
        client = passkey_pool(world).client()
        client.signed_up()
        ada = client.tokens()
        world.clock.advance(299)
        credential = made(ada)
        world.clock.advance(2)
        for operation, members in (
            ("StartWebAuthnRegistration", {}),
            ("CompleteWebAuthnRegistration", {"Credential": credential}),
        ):
            error = ada.error(operation, **members)
            assert error.code == "NotAuthorizedException"
            assert "Sign in again" in str(error)
        assert listed(ada) == []
        register(client.tokens())


def test_p17_the_last_way_in_is_not_deleted(client: ClientOf, ada: Tokens) -> None:
    register(ada)
    client.pool.change("ada", password=None)
    [only] = listed(ada)
    error = ada.error("DeleteWebAuthnCredential", CredentialId=only["CredentialId"])
    assert error.code == "InvalidParameterException"
    assert "only way in" in str(error)
    user = client.pool.user("ada")
    verified = {**user.attributes, "email": "ada@example.com", "email_verified": "true"}
    client.pool.change("ada", attributes=verified)
    assert ada.call("DeleteWebAuthnCredential", CredentialId=only["CredentialId"]) == {}


def test_a69_passkeys_die_with_their_user(client: ClientOf, ada: Tokens) -> None:
    authenticator = register(ada)
    ada.call("DeleteUser")
    client.signed_up("ada")
    again = client.tokens()
    assert listed(again) == []
    # Its id is free again.
    register(again, authenticator)
