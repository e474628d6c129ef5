"""Signing in with a passkey: each bad case by its number in the project's catalogue."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.service.authenticators import (
    ALLOWED,
    RP,
    TWICE,
    answer,
    ask,
    by_passkey,
    credential,
    options_of,
    passkey_pool,
    register,
)
from tests.service.world import (
    PASSWORD,
    TOTP_ON,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    Tokens,
    World,
    claims,
    together,
    with_app,
)
from userpool.crypto.cose import CoseAlgorithm, CoseKey
from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol.errors import ServiceError
from userpool.service.context import Settings
from userpool.service.domain.records import UserStatus
from userpool.testing import Misbehaviour, SoftwareAuthenticator
from userpool.testing.authenticator import BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED

WRONG = "Incorrect username or password."
BROKEN: dict[str, Any] = {"sign": lambda key, data: key.sign(data)[:-1]}
USED = "Invalid session for the user, session can only be used once."


@pytest.fixture
def pool(world: World) -> PoolOf:
    return passkey_pool(world)


@pytest.fixture
def ada(client: ClientOf) -> Tokens:
    client.signed_up()
    return client.tokens()


@pytest.fixture
def key(ada: Tokens) -> SoftwareAuthenticator:
    return register(ada)


def refused(work: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        work()
    return caught.value.code, caught.value.message


def test_a_passkey_signs_in(client: ClientOf, key: SoftwareAuthenticator) -> None:
    challenge = ask(client)
    assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    assert set(challenge["ChallengeParameters"]) == {"CREDENTIAL_REQUEST_OPTIONS"}
    options = options_of(challenge)
    assert len(b64url_decode(options.pop("challenge").encode())) == 32
    assert options == {
        "timeout": 180_000,
        "rpId": RP,
        "allowCredentials": [
            {
                "type": "public-key",
                "id": b64url_encode(key.credentials[0].credential_id),
                "transports": ["internal"],
            }
        ],
        "userVerification": "preferred",
    }
    tokens = client.tokens(answer(client, challenge, key))
    assert claims(tokens.access)["username"] == "ada"
    assert tokens.call("GetUser")["Username"] == "ada"
    assert tokens.refresh


@pytest.mark.parametrize("algorithm", list(CoseAlgorithm), ids=lambda one: one.name)
def test_both_algorithms_sign_in(client: ClientOf, ada: Tokens, algorithm: CoseAlgorithm) -> None:
    authenticator = register(ada, SoftwareAuthenticator(algorithms=[algorithm]))
    for _ in range(2):
        assert by_passkey(client, authenticator)["AuthenticationResult"]


def test_a_passkey_that_counts_nothing_signs_in_again_and_again(client: ClientOf, ada: Tokens) -> None:
    authenticator = register(ada, SoftwareAuthenticator(backup=True))
    for _ in range(3):
        assert by_passkey(client, authenticator)["AuthenticationResult"]


def test_a_passkey_is_chosen(client: ClientOf, key: SoftwareAuthenticator) -> None:
    choice = client.initiate("USER_AUTH", USERNAME="ada")
    assert choice["ChallengeName"] == "SELECT_CHALLENGE"
    assert "WEB_AUTHN" in choice["AvailableChallenges"]
    challenge = client.answer(choice, ANSWER="WEB_AUTHN")
    assert answer(client, challenge, key)["AuthenticationResult"]


def test_who_cannot_use_the_passkey_now_takes_another_factor(
    client: ClientOf, key: SoftwareAuthenticator
) -> None:
    challenge = ask(client)
    done = client.respond(
        "SELECT_CHALLENGE", challenge["Session"], USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD
    )
    assert done["AuthenticationResult"]
    assert refused(lambda: answer(client, challenge, key)) == ("NotAuthorizedException", USED)


def test_an_administrator_signs_a_user_in_with_a_passkey(pool: PoolOf, key: SoftwareAuthenticator) -> None:
    client = pool.client()
    challenge = pool.admin(
        "AdminInitiateAuth",
        ClientId=client.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "ada", "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    done = pool.admin(
        "AdminRespondToAuthChallenge",
        ClientId=client.id,
        ChallengeName="WEB_AUTHN",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ada", "CREDENTIAL": json.dumps(credential(challenge, key))},
    )
    assert done["AuthenticationResult"]


def test_without_a_passkey_there_is_a_choice_of_the_rest(client: ClientOf, ada: Tokens) -> None:
    challenge = ask(client)
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
    assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    code, text = refused(lambda: client.answer(challenge, ANSWER="WEB_AUTHN"))
    assert (code, text) == ("InvalidParameterException", "Selected challenge is not available")


def test_passkeys_of_another_relying_party_are_not_asked_for(
    pool: PoolOf, client: ClientOf, ada: Tokens
) -> None:
    old = register(ada)
    challenge = ask(client)
    pool.admin("SetUserPoolMfaConfig", WebAuthnConfiguration={"RelyingPartyId": "example.com"})
    assert ask(client)["ChallengeName"] == "SELECT_CHALLENGE"
    # What was asked before is not answered any more either.
    assert refused(lambda: answer(client, challenge, old)) == ("NotAuthorizedException", WRONG)
    register(ada)
    assert [one["id"] for one in options_of(ask(client))["allowCredentials"]] != [
        b64url_encode(old.credentials[0].credential_id)
    ]
    pool.admin("UpdateUserPool", Policies={})
    assert "WEB_AUTHN" not in client.initiate("USER_AUTH", USERNAME="ada")["AvailableChallenges"]


def test_a_new_password_does_not_end_passkeys(
    client: ClientOf, ada: Tokens, key: SoftwareAuthenticator
) -> None:
    ada.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword="Battery-staple-8")
    assert by_passkey(client, key)["AuthenticationResult"]


# What is refused.


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"type": "webauthn.create"}, id="p01 a registration"),
        pytest.param({"challenge": b64url_encode(bytes(32))}, id="p02 another challenge"),
        pytest.param({"challenge": "AAAA"}, id="p02 a short challenge"),
        pytest.param({"origin": f"http://{RP}"}, id="p03 no TLS"),
        pytest.param({"origin": f"https://{RP}:8443"}, id="p03 another port"),
        pytest.param({"origin": f"https://{RP}/"}, id="p03 a slash"),
        pytest.param({"origin": f"https://evil{RP}"}, id="p03 looks alike"),
        pytest.param({"cross_origin": True}, id="p04 a frame"),
        pytest.param({"top_origin": f"https://{RP}"}, id="p04 a top origin"),
        pytest.param({"rp_id": "evil.test"}, id="p05 another relying party"),
        pytest.param({"flip": USER_PRESENT}, id="p06 nobody there"),
        pytest.param({"flip": BACKED_UP}, id="p07 backed up, not eligible"),
        pytest.param({"flip": BACKED_UP | BACKUP_ELIGIBLE}, id="p07 eligible of a sudden"),
        pytest.param({"sign": lambda key, data: key.sign(data)[:-1]}, id="p08 cut off"),
        pytest.param({"sign": lambda key, data: key.sign(data + b".")}, id="p08 over other data"),
        pytest.param({"sign": lambda key, data: CoseKey.generate().sign(data)}, id="p08 by another key"),
        pytest.param({"sign": lambda key, data: b""}, id="p08 none"),
        pytest.param({"counter": 0}, id="p09 the counter went back"),
        pytest.param({"user_handle": b"somebody else"}, id="p10 another user handle"),
        pytest.param({"credential_id": b"unknown"}, id="p11 an unknown id"),
    ],
)
def test_p01_to_p11_a_wrong_answer_is_refused_and_ends_the_session(
    client: ClientOf, key: SoftwareAuthenticator, wrong: dict[str, Any]
) -> None:
    assert by_passkey(client, key)["AuthenticationResult"]
    challenge = ask(client)
    assert refused(lambda: answer(client, challenge, key, **wrong)) == ("NotAuthorizedException", WRONG)
    assert refused(lambda: answer(client, challenge, key)) == ("NotAuthorizedException", USED)
    assert by_passkey(client, key)["AuthenticationResult"]


def test_p02_a_challenge_is_answered_once(client: ClientOf, key: SoftwareAuthenticator) -> None:
    challenge = ask(client)
    assert answer(client, challenge, key)["AuthenticationResult"]
    assert refused(lambda: answer(client, challenge, key)) == ("NotAuthorizedException", USED)


def test_p02_of_answers_that_come_at_once_one_signs_in(client: ClientOf, key: SoftwareAuthenticator) -> None:
    challenge = ask(client)
    answers = [json.dumps(credential(challenge, key)) for _ in range(8)]
    done = together(8, lambda n: client.answer(challenge, USERNAME="ada", CREDENTIAL=answers[n]))
    refusals = [one for one in done if isinstance(one, ServiceError)]
    assert len(refusals) == 7
    assert {one.message for one in refusals} == {USED}


def test_p02_a_challenge_expires(client: ClientOf, key: SoftwareAuthenticator) -> None:
    challenge = ask(client)
    client.world.clock.advance(180)
    code, text = refused(lambda: answer(client, challenge, key))
    assert (code, text) == ("NotAuthorizedException", "Invalid session for the user, session is expired.")


def test_p02_an_answer_to_one_session_is_none_to_another(
    client: ClientOf, key: SoftwareAuthenticator
) -> None:
    first, second = ask(client), ask(client)
    text = json.dumps(credential(first, key))
    assert refused(lambda: client.answer(second, USERNAME="ada", CREDENTIAL=text)) == (
        "NotAuthorizedException",
        WRONG,
    )
    assert client.answer(first, USERNAME="ada", CREDENTIAL=text)["AuthenticationResult"]


def test_p03_an_operator_lists_the_origins() -> None:
    settings = Settings(development=True, passkey_origins=("https://app.test",))
    with World(settings=settings) as world:
        client = passkey_pool(world).client()
        client.signed_up()
        app = Misbehaviour(origin="https://app.test")
        key = register(client.tokens(), SoftwareAuthenticator().misbehaving(app))
        assert refused(lambda: by_passkey(client, key, origin=f"https://{RP}"))[1] == WRONG
        assert by_passkey(client, key, origin="https://app.test")["AuthenticationResult"]


def test_p06_a_user_is_verified_where_the_pool_requires_it(world: World) -> None:
    client = passkey_pool(world, UserVerification="required").client()
    client.signed_up()
    key = register(client.tokens())
    assert options_of(ask(client))["userVerification"] == "required"
    assert refused(lambda: by_passkey(client, key, flip=USER_VERIFIED))[1] == WRONG
    assert by_passkey(client, key)["AuthenticationResult"]


def test_p07_what_is_backed_up_may_change_but_not_whether_it_can_be(client: ClientOf, ada: Tokens) -> None:
    authenticator = register(ada, SoftwareAuthenticator(backup=True))
    assert by_passkey(client, authenticator, flip=BACKED_UP)["AuthenticationResult"]
    assert refused(lambda: by_passkey(client, authenticator, flip=BACKED_UP | BACKUP_ELIGIBLE))[1] == WRONG
    assert by_passkey(client, authenticator)["AuthenticationResult"]


def test_p09_a_copied_passkey_is_found_out(
    client: ClientOf, key: SoftwareAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        by_passkey(client, key)
    with caplog.at_level(logging.WARNING, "userpool.service"):
        for counter in (2, 3):
            assert refused(partial(by_passkey, client, key, counter=counter))[1] == WRONG
    assert "copy" in caplog.text
    assert "ada" not in caplog.text
    assert by_passkey(client, key, counter=2**32 - 1)["AuthenticationResult"]


def test_p09_of_two_answers_with_one_counter_one_signs_in(
    client: ClientOf, key: SoftwareAuthenticator
) -> None:
    challenges = [ask(client) for _ in range(6)]
    answers = [json.dumps(credential(one, key, counter=7)) for one in challenges]
    done = together(6, lambda n: client.answer(challenges[n], USERNAME="ada", CREDENTIAL=answers[n]))
    assert sum(isinstance(one, dict) for one in done) == 1


def test_p10_a_passkey_signs_in_its_own_user_only(client: ClientOf, key: SoftwareAuthenticator) -> None:
    client.signed_up("bob")
    bobs = register(client.tokens(client.by_password("bob")))
    challenge = ask(client)
    options = {**options_of(challenge), "allowCredentials": []}
    text = json.dumps(bobs.get(options))
    assert refused(lambda: client.answer(challenge, USERNAME="ada", CREDENTIAL=text))[1] == WRONG
    challenge = ask(client)
    assert refused(lambda: answer(client, challenge, key, "bob"))[0] == "NotAuthorizedException"


def test_p11_a_deleted_passkey_signs_nobody_in(
    client: ClientOf, ada: Tokens, key: SoftwareAuthenticator
) -> None:
    challenge = ask(client)
    [shown] = ada.call("ListWebAuthnCredentials")["Credentials"]
    ada.call("DeleteWebAuthnCredential", CredentialId=shown["CredentialId"])
    assert refused(lambda: answer(client, challenge, key)) == ("NotAuthorizedException", WRONG)


@pytest.mark.parametrize("text", ["x", "[]", "{}", '{"response":{}}', "null", "[" * 5000])
def test_p13_what_is_no_credential_leaves_the_session_as_it_is(
    client: ClientOf, key: SoftwareAuthenticator, text: str
) -> None:
    challenge = ask(client)
    assert refused(lambda: client.answer(challenge, CREDENTIAL=text))[0] == "InvalidParameterException"
    assert refused(lambda: client.answer(challenge))[1].startswith("Missing required parameter CREDENTIAL")
    assert answer(client, challenge, key)["AuthenticationResult"]


def test_p15_members_that_nobody_knows_are_let_be(client: ClientOf, key: SoftwareAuthenticator) -> None:
    assert by_passkey(client, key, members={"ofTomorrow": [1]})["AuthenticationResult"]


# Who does not exist.


def unknown(client: ClientOf, name: str) -> dict[str, Any] | None:
    """What `name` is asked for: the options for its passkey, if it seems to have one."""
    challenge = ask(client, name)
    return options_of(challenge) if challenge["ChallengeName"] == "WEB_AUTHN" else None


def test_p18_some_unknown_users_seem_to_have_a_passkey_and_always_the_same(
    hiding: ClientOf, key: SoftwareAuthenticator
) -> None:
    names = [f"nobody{n}" for n in range(24)]
    asked = {name: unknown(hiding, name) for name in names}
    seeming = {name: options for name, options in asked.items() if options is not None}
    assert 0 < len(seeming) < len(names)
    known = options_of(ask(hiding))
    lists = []
    for name, options in seeming.items():
        again = unknown(hiding, name)
        assert again is not None
        assert again["allowCredentials"] == options["allowCredentials"]
        assert again["challenge"] != options["challenge"]
        assert options.keys() == known.keys()
        assert options["allowCredentials"][0].keys() == known["allowCredentials"][0].keys()
        lists.append(options["allowCredentials"][0]["id"])
    assert len(set(lists)) == len(lists)


def test_p18_an_unknown_user_fails_like_a_known_one(hiding: ClientOf, key: SoftwareAuthenticator) -> None:
    name = next(f"nobody{n}" for n in range(99) if unknown(hiding, f"nobody{n}"))
    stranger = SoftwareAuthenticator()
    outcomes, costs = [], []
    for user in (name, "ada"):
        costs.append(hiding.world.counted(partial(ask, hiding, user)))
        challenge = ask(hiding, user)
        options = options_of(challenge)
        named = b64url_decode(options["allowCredentials"][0]["id"].encode())
        stranger.credentials.clear()
        made = {"challenge": "AAAA", "rp": {"id": RP}, "user": {"id": "AA"}, "pubKeyCredParams": []}
        stranger.misbehaving(Misbehaviour(credential_id=named)).create(made)
        text = json.dumps(stranger.get(options))

        def respond(challenge: Any = challenge, user: str = user, text: str = text) -> None:
            outcomes.append(refused(lambda: hiding.answer(challenge, USERNAME=user, CREDENTIAL=text)))

        costs.append(hiding.world.counted(respond))
        respond()
    assert outcomes == [("NotAuthorizedException", WRONG), ("NotAuthorizedException", USED)] * 2
    assert costs[:2] == costs[2:]


def test_p18_where_names_are_told_an_unknown_one_is(client: ClientOf, key: SoftwareAuthenticator) -> None:
    assert refused(lambda: ask(client, "nobody"))[0] == "UserNotFoundException"


def test_p18_unknown_users_seem_to_have_passkeys_that_count_twice(world: World) -> None:
    pool = passkey_pool(world, TOTP_ON, FactorConfiguration=TWICE)
    client = pool.client(PreventUserExistenceErrors="ENABLED")
    found = [options for n in range(24) if (options := unknown(client, f"nobody{n}"))]
    assert found
    assert {options["userVerification"] for options in found} == {"required"}


# The state of the user.


def test_a_locked_user_is_locked_for_passkeys_too(client: ClientOf, key: SoftwareAuthenticator) -> None:
    challenges = [ask(client) for _ in range(6)]
    for challenge in challenges[:5]:
        assert refused(partial(answer, client, challenge, key, **BROKEN))[1] == WRONG
    code, text = refused(lambda: answer(client, challenges[5], key))
    assert (code, text) == ("NotAuthorizedException", "Password attempts exceeded")
    client.world.clock.advance(2)
    assert answer(client, challenges[5], key)["AuthenticationResult"]


def test_right_answers_lock_nobody(client: ClientOf, key: SoftwareAuthenticator) -> None:
    for _ in range(8):
        by_passkey(client, key)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"enabled": False}, "NotAuthorizedException"),
        ({"status": UserStatus.RESET_REQUIRED}, "PasswordResetRequiredException"),
        ({"status": UserStatus.UNCONFIRMED}, "UserNotConfirmedException"),
    ],
)
def test_a26_the_state_of_a_user_shows_after_a_right_answer_only(
    pool: PoolOf, client: ClientOf, key: SoftwareAuthenticator, changes: dict[str, Any], code: str
) -> None:
    pool.change("ada", **changes)
    for _ in range(6):
        # Right answers that lead nowhere do not count as failures.
        assert refused(lambda: by_passkey(client, key))[0] == code
    assert refused(lambda: by_passkey(client, key, **BROKEN)) == ("NotAuthorizedException", WRONG)


def test_a09_a_temporary_password_has_to_be_used_up_first(
    pool: PoolOf, client: ClientOf, key: SoftwareAuthenticator
) -> None:
    challenge = ask(client)
    pool.admin("AdminSetUserPassword", Username="ada", Password="Battery-staple-8", Permanent=False)
    assert ask(client)["ChallengeName"] == "SELECT_CHALLENGE"
    assert answer(client, challenge, key)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a69_a_deleted_user_is_not_signed_in(
    client: ClientOf, ada: Tokens, key: SoftwareAuthenticator
) -> None:
    challenge = ask(client)
    ada.call("DeleteUser")
    assert refused(lambda: answer(client, challenge, key)) == ("NotAuthorizedException", WRONG)


def test_a06_the_session_of_one_client_is_none_of_another(
    pool: PoolOf, client: ClientOf, key: SoftwareAuthenticator
) -> None:
    challenge = ask(client)
    code, text = refused(lambda: answer(pool.client(), challenge, key))
    assert (code, text) == ("NotAuthorizedException", "Invalid session for the user.")


# Passkeys and second factors.


class TestSecondFactors:
    @staticmethod
    def user(world: World, mfa: dict[str, Any], **web_authn: str) -> tuple[ClientOf, Tokens]:
        """A user with an authenticator app, in a pool with passkeys."""
        pool = passkey_pool(world, TOTP_OPTIONAL, **web_authn)
        client = pool.client()
        client.signed_up()
        ada = client.tokens()
        with_app(client, ada)
        pool.admin("SetUserPoolMfaConfig", **mfa)
        return client, ada

    @pytest.mark.parametrize("mfa", [TOTP_OPTIONAL, TOTP_ON], ids=["optional", "on"])
    def test_who_has_a_second_factor_does_not_sign_in_with_a_passkey_alone(
        self, world: World, mfa: dict[str, Any]
    ) -> None:
        client, ada = self.user(world, mfa)
        register(ada)  # as Cognito lets her
        challenge = ask(client)
        assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
        assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]

    def test_where_mfa_is_optional_who_has_none_signs_in_with_a_passkey(self, world: World) -> None:
        client = passkey_pool(world, TOTP_OPTIONAL).client()
        client.signed_up()
        key = register(client.tokens())
        assert by_passkey(client, key)["AuthenticationResult"]

    def test_a10_a_factor_that_became_due_meanwhile_is_asked_for(self, world: World) -> None:
        client = passkey_pool(world, TOTP_OPTIONAL).client()
        client.signed_up()
        ada = client.tokens()
        key = register(ada)
        challenge = ask(client)
        app = with_app(client, ada)
        second = answer(client, challenge, key)
        assert second["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert client.answer(second, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]

    @pytest.mark.parametrize("mfa", [TOTP_OPTIONAL, TOTP_ON], ids=["optional", "on"])
    def test_a_passkey_that_verifies_its_user_counts_twice(self, world: World, mfa: dict[str, Any]) -> None:
        client, ada = self.user(world, mfa, FactorConfiguration=TWICE)
        key = register(ada)
        assert ask(client)["ChallengeName"] == "SELECT_CHALLENGE"
        ada.call("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": True})
        challenge = ask(client)
        assert options_of(challenge)["userVerification"] == "required"
        assert answer(client, challenge, key)["AuthenticationResult"]
        assert refused(lambda: by_passkey(client, key, flip=USER_VERIFIED))[1] == WRONG
        # After a password the other factor is asked for, as before.
        assert client.by_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        ada.call("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": False})
        assert ask(client)["ChallengeName"] == "SELECT_CHALLENGE"

    def test_a10_a_passkey_that_no_longer_counts_twice_is_followed_by_the_other_factor(
        self, world: World
    ) -> None:
        client, ada = self.user(world, TOTP_ON, FactorConfiguration=TWICE)
        key = register(ada)
        ada.call("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": True})
        challenge = ask(client)
        ada.call("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": False})
        assert answer(client, challenge, key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def test_mfa_by_passkey_needs_a_pool_that_has_it(self, world: World) -> None:
        _, ada = self.user(world, TOTP_OPTIONAL)
        error = ada.error("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": True})
        assert error.code == "InvalidParameterException"
        assert "FactorConfiguration" in error.message
        off = passkey_pool(world, FactorConfiguration=TWICE).client()
        off.signed_up()
        error = off.tokens().error("SetUserMFAPreference", WebAuthnMfaSettings={"Enabled": True})
        assert error.code == "InvalidParameterException"

    def test_mfa_by_passkey_is_not_the_only_one(self, world: World) -> None:
        _, ada = self.user(world, TOTP_OPTIONAL, FactorConfiguration=TWICE)
        on, off = {"Enabled": True}, {"Enabled": False}
        for wishes in (
            {"WebAuthnMfaSettings": on, "SoftwareTokenMfaSettings": off},
            {"WebAuthnMfaSettings": on},
            {"SoftwareTokenMfaSettings": off},
        ):
            if wishes == {"WebAuthnMfaSettings": on}:
                assert ada.call("SetUserMFAPreference", **wishes) == {}
                continue
            error = ada.error("SetUserMFAPreference", **wishes)
            assert error.code == "InvalidParameterException"
            assert "another MFA method" in error.message
        assert ada.call("GetUser")["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
        ada.call("SetUserMFAPreference", WebAuthnMfaSettings=off, SoftwareTokenMfaSettings=off)
        assert "UserMFASettingList" not in ada.call("GetUser")


# What a user has.


class TestAuthFactors:
    def test_what_a_user_has_is_told(self, world: World) -> None:
        pool = world.pool(
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}},
            mfa={**TOTP_OPTIONAL, "WebAuthnConfiguration": {"RelyingPartyId": RP}},
        )
        client = pool.client()
        client.signed_up("ada", email="ada@example.com", phone_number="+15555550123")
        ada = client.tokens()
        found = ada.call("GetUserAuthFactors")
        assert found == {"Username": "ada", "ConfiguredUserAuthFactors": ["PASSWORD", "EMAIL_OTP"]}
        register(ada)
        with_app(client, ada)
        found = ada.call("GetUserAuthFactors")
        assert found == {
            "Username": "ada",
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"],
            "ConfiguredUserAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"],
        }
        assert pool.admin("AdminGetUserAuthFactors", Username="ada") == found
        pool.change("ada", password=None)
        pool.admin("UpdateUserPool", Policies=ALLOWED)
        assert ada.call("GetUserAuthFactors")["ConfiguredUserAuthFactors"] == ["WEB_AUTHN", "SOFTWARE_TOKEN"]

    def test_a_method_of_mfa_alone_is_told_too(self, world: World) -> None:
        pool = world.pool(
            mfa={
                "MfaConfiguration": "OPTIONAL",
                "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Your code is {####}"},
            }
        )
        client = pool.client()
        client.signed_up("ada", phone_number="+15555550123")
        found = client.tokens().call("GetUserAuthFactors")
        assert found["ConfiguredUserAuthFactors"] == ["PASSWORD", "SMS_OTP"]

    def test_nobody_and_who_has_to_reset(self, pool: PoolOf, ada: Tokens) -> None:
        error = pool.world.error("AdminGetUserAuthFactors", UserPoolId=pool.id, Username="nobody")
        assert error.code == "UserNotFoundException"
        pool.change("ada", status=UserStatus.RESET_REQUIRED)
        assert ada.error("GetUserAuthFactors").code == "PasswordResetRequiredException"
