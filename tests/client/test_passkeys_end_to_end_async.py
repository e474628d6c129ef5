"""Passkeys on the asynchronous face, against our own service: in the process, and over a socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.authenticators.fake_key import FakeKey
from tests.client.helpers import PASSWORD, fresh_name, totp_code
from tests.service.served import Served
from userpool import (
    Admin,
    AsyncUser,
    AsyncUserPool,
    AuthFactor,
    AuthFlow,
    FactorSelectionRequired,
    MfaPreference,
    NotAuthorizedException,
    PasskeyRequired,
    SecurityKey,
    SignedIn,
    TotpRequired,
    UserPool,
    UserPoolError,
    errors,
)
from userpool.client.credentials import no_credentials
from userpool.crypto.cose import CoseAlgorithm
from userpool.protocol.shapes import idp
from userpool.testing import Misbehaviour, SoftwareAuthenticator
from userpool.testing.authenticator import USER_VERIFIED

RP = "auth.example.com"
FLOWS = ("ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
FACTORS = idp.SignInPolicyType(allowed_first_auth_factors=["PASSWORD", "WEB_AUTHN"])


@pytest.fixture(scope="module", params=["loopback", "socket"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Where a pool is that takes passkeys: what `AsyncUserPool` is told."""
    if request.param == "loopback":
        with UserPool.embedded() as house:
            yield made({"endpoint": "http://localhost", "transport": house.transport})
        return
    arguments = ("--development", "--database", "sqlite:///:memory:")
    with Served(*arguments, directory=tmp_path_factory.mktemp("served")) as served:
        yield made({"endpoint": served.url})


def made(place: dict[str, Any]) -> dict[str, Any]:
    """Make the pool, and an app client of it."""
    with Admin(region="us-east-1", credentials=no_credentials, **place) as admin:
        pool = admin.create_user_pool("passkeys", policies=idp.UserPoolPolicyType(sign_in_policy=FACTORS))
        config = idp.WebAuthnConfigurationType(relying_party_id=RP, user_verification="preferred")
        admin.set_user_pool_mfa_config(user_pool_id=pool.id, web_authn_configuration=config)
        client = admin.create_user_pool_client("app", explicit_auth_flows=FLOWS, user_pool_id=pool.id)
    return {**place, "user_pool_id": pool.id, "client_id": client.client_id}


@pytest.fixture
async def pool(place: dict[str, Any]) -> AsyncIterator[AsyncUserPool]:
    # What is embedded carries requests of both colours.
    async with AsyncUserPool(**place) as pool:
        yield pool


@pytest.fixture
async def ada(place: dict[str, Any], pool: AsyncUserPool) -> AsyncUser:
    return await enrolled(place, pool)


async def enrolled(place: dict[str, Any], pool: AsyncUserPool) -> AsyncUser:
    """A new user, signed in."""
    name = fresh_name()
    known = {**place, "credentials": no_credentials}
    del known["client_id"]
    with Admin(**known) as admin:
        admin.admin_create_user(name, message_action="SUPPRESS")
        admin.admin_set_user_password(name, PASSWORD, permanent=True)
    step = await pool.sign_in(name, PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


@pytest.mark.parametrize("algorithm", CoseAlgorithm)
async def test_the_whole_life_of_a_passkey(
    pool: AsyncUserPool, ada: AsyncUser, algorithm: CoseAlgorithm
) -> None:
    authenticator = SoftwareAuthenticator(algorithms=[algorithm])
    made = await ada.register_passkey(authenticator)

    (passkey,) = [found async for found in ada.web_authn_credentials()]
    assert (passkey.credential_id, passkey.relying_party_id) == (made, RP)
    assert passkey.authenticator_transports == ("internal",)
    assert passkey.created_at.tzinfo is not None

    for _ in range(2):
        step = await pool.sign_in_with_passkey(ada.username, authenticator)
        assert isinstance(step, SignedIn)
        assert (await step.user.get_user()).username == ada.username
    assert authenticator.credentials[0].counter == 2

    await ada.delete_web_authn_credential(made)
    assert [found async for found in ada.web_authn_credentials()] == []
    step = await pool.sign_in_with_passkey(ada.username, authenticator)
    assert isinstance(step, FactorSelectionRequired)
    assert AuthFactor.WEB_AUTHN not in step.factors


async def test_a_security_key_registers_and_signs_in(pool: AsyncUserPool, ada: AsyncUser) -> None:
    key = FakeKey(pin="1234")
    security_key = SecurityKey(devices=lambda: [key], pin=lambda: "1234")
    await ada.register_passkey(security_key)
    (passkey,) = (await ada.list_web_authn_credentials()).items
    assert set(passkey.authenticator_transports) == {"nfc", "usb"}
    assert isinstance(await pool.sign_in_with_passkey(ada.username, security_key), SignedIn)
    with pytest.raises(UserPoolError, match="holds a passkey of the user already"):
        await ada.register_passkey(security_key)


async def test_a_web_back_end_hands_plain_json_to_and_fro(pool: AsyncUserPool, ada: AsyncUser) -> None:
    browser = SoftwareAuthenticator(origin=f"https://{RP}")
    to_page = json.dumps(await ada.start_web_authn_registration())
    await ada.complete_web_authn_registration(json.dumps(browser.create(json.loads(to_page))))

    step = await pool.sign_in(ada.username, auth_flow=AuthFlow.CHOICE)
    assert isinstance(step, FactorSelectionRequired)
    step = await pool.respond(step.answer(AuthFactor.WEB_AUTHN))
    assert isinstance(step, PasskeyRequired)
    to_page, kept = json.dumps(dict(step.options)), json.dumps(step.to_dict())
    from_page = json.dumps(browser.get(json.loads(to_page)))
    again = PasskeyRequired.from_dict(json.loads(kept))
    assert isinstance(again, PasskeyRequired)
    assert isinstance(await pool.respond(again.answer(from_page)), SignedIn)


async def test_pages_of_passkeys(ada: AsyncUser) -> None:
    made = [await ada.register_passkey(SoftwareAuthenticator()) for _ in range(3)]
    page = await ada.list_web_authn_credentials(limit=2)
    assert (len(page), page.next_token is None) == (2, False)
    rest = await ada.list_web_authn_credentials(limit=2, next_token=page.next_token)
    assert rest.next_token is None
    assert {passkey.credential_id for passkey in [*page, *rest]} == set(made)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (Misbehaviour(origin="https://evil.example"), errors.WebAuthnOriginNotAllowedException),
        (Misbehaviour(rp_id="evil.example"), errors.WebAuthnRelyingPartyMismatchException),
        (Misbehaviour(challenge="AAECAwQFBgcICQoLDA0ODw"), errors.WebAuthnChallengeNotFoundException),
    ],
    ids=["p03-origin", "p05-relying-party", "p02-challenge"],
)
async def test_a_lie_at_registration_is_refused_by_name(
    ada: AsyncUser, how: Misbehaviour, kind: type[errors.ServiceError]
) -> None:
    with pytest.raises(kind):
        await ada.register_passkey(SoftwareAuthenticator().misbehaving(how))
    assert len(await ada.list_web_authn_credentials()) == 0


async def test_p08_a_wrong_signature_signs_nobody_in(pool: AsyncUserPool, ada: AsyncUser) -> None:
    authenticator = SoftwareAuthenticator()
    await ada.register_passkey(authenticator)
    liar = authenticator.misbehaving(Misbehaviour(sign=lambda key, data: key.sign(data + b"!")))
    with pytest.raises(NotAuthorizedException):
        await pool.sign_in_with_passkey(ada.username, liar)
    assert isinstance(await pool.sign_in_with_passkey(ada.username, authenticator), SignedIn)


async def test_p10_a_passkey_of_one_user_is_of_no_use_to_another(
    place: dict[str, Any], pool: AsyncUserPool, ada: AsyncUser
) -> None:
    authenticator = SoftwareAuthenticator()
    await ada.register_passkey(authenticator)
    bob = await enrolled(place, pool)
    await bob.register_passkey(SoftwareAuthenticator())
    asked = await pool.sign_in(bob.username, preferred_challenge=AuthFactor.WEB_AUTHN)
    assert isinstance(asked, PasskeyRequired)
    adas: dict[str, Any] = {**asked.options, "allowCredentials": []}
    with pytest.raises(NotAuthorizedException):
        await pool.respond(asked.answer(authenticator.get(adas)))


@pytest.fixture(scope="module")
def strong(place: dict[str, Any]) -> dict[str, Any]:
    """Another pool there, in which a passkey that verifies its user counts as two factors."""
    at = {name: place[name] for name in place if name not in ("user_pool_id", "client_id")}
    strong = made(at)
    with Admin(strong["user_pool_id"], credentials=no_credentials, **at) as admin:
        admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
            web_authn_configuration=idp.WebAuthnConfigurationType(
                relying_party_id=RP,
                user_verification="preferred",
                factor_configuration="MULTI_FACTOR_WITH_USER_VERIFICATION",
            ),
        )
    return strong


async def test_a_passkey_that_verifies_its_user_is_both_factors(strong: dict[str, Any]) -> None:
    authenticator = SoftwareAuthenticator()
    async with AsyncUserPool(**strong) as pool:
        user = await enrolled(strong, pool)
        await user.register_passkey(authenticator)
        seed = await user.associate_software_token()
        await user.verify_software_token(totp_code(seed.secret_code))
        await user.set_user_mfa_preference(totp=MfaPreference.PREFERRED, web_authn=True)
        factors = await user.get_user_auth_factors()
        assert AuthFactor.WEB_AUTHN in factors.factors
        assert "SOFTWARE_TOKEN_MFA" in factors.mfa_methods

        assert isinstance(await pool.sign_in(user.username, PASSWORD), TotpRequired)
        assert isinstance(await pool.sign_in_with_passkey(user.username, authenticator), SignedIn)
        liar = authenticator.misbehaving(Misbehaviour(flip=USER_VERIFIED))
        with pytest.raises(NotAuthorizedException):
            await pool.sign_in_with_passkey(user.username, liar)

        await user.set_user_mfa_preference(web_authn=False)
        other = await pool.sign_in_with_passkey(user.username, authenticator)
        assert isinstance(other, FactorSelectionRequired)
        assert AuthFactor.WEB_AUTHN not in other.factors
