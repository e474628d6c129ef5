"""Passkeys on the asynchronous face: what the service is asked, and what the authenticator."""

from __future__ import annotations

import inspect
import json
import threading
from typing import Any

import pytest

from tests.flows import stage
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthenticatorError,
    FactorSelectionRequired,
    ParameterError,
    Passkey,
    PasskeyRequired,
    ProtocolError,
    SignedIn,
    UserContext,
)
from userpool.testing import SoftwareAuthenticator
from userpool.testing.scripted import ScriptedTransport, Step, answer

RP = "auth.example.com"
CREATION: dict[str, Any] = {
    "challenge": "AAECAwQFBgcICQoLDA0ODw",
    "rp": {"id": RP, "name": RP},
    "user": {"id": "dXNlci1pZA", "name": "ada", "displayName": "ada"},
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    "authenticatorSelection": {"residentKey": "required"},
}
REQUEST = {"challenge": "EBESExQVFhcYGRobHB0eHw", "rpId": RP, "userVerification": "preferred"}


def opened(steps: list[Step]) -> tuple[AsyncUserPool, ScriptedTransport]:
    transport = ScriptedTransport(steps)
    pool = AsyncUserPool(stage.POOL, client_id=stage.CLIENT, transport=transport, verify_tokens=False)
    return pool, transport


def signed_in(pool: AsyncUserPool) -> AsyncUser:
    lasting = stage.tokens(life=10_000_000_000)
    return pool.user(access_token=str(lasting["AccessToken"]))


def found(number: int) -> dict[str, object]:
    return {
        "CredentialId": f"key-{number}",
        "FriendlyCredentialName": "Security key",
        "RelyingPartyId": RP,
        "AuthenticatorTransports": ["usb"],
        "CreatedAt": 1_790_000_000,
    }


async def test_options_and_credential_go_through_a_page_as_plain_json() -> None:
    pool, transport = opened([answer({"CredentialCreationOptions": CREATION}), answer()])
    user = signed_in(pool)
    options = json.loads(json.dumps(await user.start_web_authn_registration()))
    assert options == CREATION
    credential = SoftwareAuthenticator().create(options)
    await user.complete_web_authn_registration(json.dumps(credential))
    assert transport.targets == ["StartWebAuthnRegistration", "CompleteWebAuthnRegistration"]
    assert transport.json(-1)["Credential"] == credential


async def test_a_program_registers_a_passkey_with_an_authenticator() -> None:
    pool, transport = opened([answer({"CredentialCreationOptions": CREATION}), answer()])
    authenticator = SoftwareAuthenticator()
    made = await signed_in(pool).register_passkey(authenticator)
    sent: Any = transport.json(-1)["Credential"]
    assert sent["id"] == made
    assert [held.rp_id for held in authenticator.credentials] == [RP]


async def test_an_authenticator_that_makes_nothing_registers_nothing() -> None:
    pool, transport = opened([answer({"CredentialCreationOptions": CREATION})])
    with pytest.raises(AuthenticatorError):
        await signed_in(pool).register_passkey(SoftwareAuthenticator(resident_keys=False))
    assert transport.targets == ["StartWebAuthnRegistration"]


async def test_what_is_no_new_passkey_is_not_sent() -> None:
    pool, transport = opened([])
    with pytest.raises(ParameterError, match=r"credentials\.create"):
        await signed_in(pool).complete_web_authn_registration('{"id": "AQ"}')
    assert transport.targets == []


async def test_all_passkeys_are_gone_through_page_by_page() -> None:
    pool, transport = opened(
        [
            answer({"Credentials": [found(1), found(2)], "NextToken": "one"}),
            answer({"Credentials": [], "NextToken": "two"}),
            answer({"Credentials": [found(3)]}),
        ]
    )
    passkeys: list[Passkey] = [passkey async for passkey in signed_in(pool).web_authn_credentials()]
    assert [passkey.credential_id for passkey in passkeys] == ["key-1", "key-2", "key-3"]
    assert [transport.json(number).get("NextToken") for number in range(3)] == [None, "one", "two"]


async def test_one_page_of_passkeys() -> None:
    pool, transport = opened([answer({"Credentials": [found(1)], "NextToken": "more"})])
    page = await signed_in(pool).list_web_authn_credentials(limit=1)
    assert ([passkey.friendly_name for passkey in page], page.next_token) == (["Security key"], "more")
    assert transport.json(-1)["MaxResults"] == 1


async def test_a_list_without_an_end_is_left() -> None:
    again = answer({"Credentials": [found(1)], "NextToken": "same"})
    pool, _ = opened([again, again])
    with pytest.raises(ProtocolError, match="no end"):
        [passkey async for passkey in signed_in(pool).web_authn_credentials()]


async def test_a_passkey_is_deleted() -> None:
    pool, transport = opened([answer()])
    await signed_in(pool).delete_web_authn_credential("key-1")
    assert transport.json(-1)["CredentialId"] == "key-1"


def asks() -> Step:
    return answer(stage.challenge("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS=json.dumps(REQUEST)))


async def test_a_passkey_signs_in_in_one_call() -> None:
    authenticator = SoftwareAuthenticator()
    authenticator.create(CREATION)
    pool, transport = opened([asks(), answer(stage.signed_in())])
    step = await pool.sign_in_with_passkey(
        "ada", authenticator, client_metadata={"from": "here"}, user_context=UserContext("192.0.2.1")
    )
    assert isinstance(step, SignedIn)
    assert step.user.username == "ada"
    begun, answered = transport.json(0), transport.json(1)
    assert begun["AuthFlow"] == "USER_AUTH"
    assert begun["AuthParameters"] == {"USERNAME": "ada", "PREFERRED_CHALLENGE": "WEB_AUTHN"}
    for sent in (begun, answered):
        assert sent["ClientMetadata"] == {"from": "here"}
        assert sent["UserContextData"] == {"IpAddress": "192.0.2.1"}
    responses: Any = answered["ChallengeResponses"]
    credential = json.loads(responses["CREDENTIAL"])
    assert (answered["ChallengeName"], responses["USERNAME"]) == ("WEB_AUTHN", "ada")
    assert set(credential["response"]) == {"clientDataJSON", "authenticatorData", "signature", "userHandle"}


async def test_the_challenge_of_a_passkey_can_be_answered_by_another_process() -> None:
    authenticator = SoftwareAuthenticator()
    authenticator.create(CREATION)
    pool, _ = opened([asks()])
    step = await pool.sign_in("ada", preferred_challenge="WEB_AUTHN")
    assert isinstance(step, PasskeyRequired)
    stored = json.dumps(step.to_dict())
    other, transport = opened([answer(stage.signed_in())])
    again = PasskeyRequired.from_dict(json.loads(stored))
    assert isinstance(again, PasskeyRequired)
    assert again.options == REQUEST
    assert isinstance(await other.respond(again.answer(authenticator.get(again.options))), SignedIn)
    assert transport.json(-1)["Session"] == step.session


async def test_who_has_no_passkey_is_asked_for_something_else() -> None:
    chosen = {**stage.challenge("SELECT_CHALLENGE"), "AvailableChallenges": ["PASSWORD", "EMAIL_OTP"]}
    pool, _ = opened([answer(chosen)])
    step = await pool.sign_in_with_passkey("ada", SoftwareAuthenticator())
    assert isinstance(step, FactorSelectionRequired)
    assert step.factors == ("PASSWORD", "EMAIL_OTP")


async def test_an_authenticator_that_does_not_sign_ends_it_without_an_answer() -> None:
    pool, transport = opened([asks()])
    with pytest.raises(AuthenticatorError, match="holds no passkey"):
        await pool.sign_in_with_passkey("ada", SoftwareAuthenticator())
    assert transport.targets == ["InitiateAuth"]


class Slow(SoftwareAuthenticator):
    """One that notes in which thread it waits for its person."""

    thread: threading.Thread | None = None

    def create(self, options: Any) -> dict[str, Any]:
        self.thread = threading.current_thread()
        return super().create(options)


async def test_the_asynchronous_face_lets_no_authenticator_hold_the_event_loop() -> None:
    pool, _ = opened([answer({"CredentialCreationOptions": CREATION}), answer()])
    authenticator = Slow()
    await signed_in(pool).register_passkey(authenticator)
    in_a_thread = authenticator.thread is not threading.main_thread()
    assert in_a_thread == inspect.iscoroutinefunction(pool.sign_in)
