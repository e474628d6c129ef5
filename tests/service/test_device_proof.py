"""A remembered device in the place of the second factor, and everything that may not pass for one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from tests.service.phones import LOGGED, OPT_IN, TRACKED, Phone
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_ON,
    TOTP_OPTIONAL,
    App,
    ClientOf,
    World,
    claims,
    together,
    with_app,
)
from userpool.protocol import srp
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    ResourceNotFoundException,
    ServiceError,
)

UNKNOWN = "us-east-1_00000000-0000-4000-8000-000000000000"
NONE = "Device does not exist."
WRONG = "Incorrect username or password."
INVALID = "Invalid session for the user."
USED = "Invalid session for the user, session can only be used once."
EMAIL = "ada@example.com"
PHONE = "+15555550123"
ALL_MFA = {
    **TOTP_OPTIONAL,
    "EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Code"},
    "SmsMfaConfiguration": {
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
    },
}


def is_unknown(error: object) -> bool:
    return isinstance(error, ResourceNotFoundException) and error.message == NONE


def refused(client: ClientOf, challenge: Mapping[str, Any], **responses: str) -> ServiceError:
    return client.error(
        "RespondToAuthChallenge",
        ChallengeName=challenge["ChallengeName"],
        Session=challenge.get("Session"),
        ChallengeResponses={"USERNAME": "ada", **responses},
    )


def new_client(world: World, configuration: Mapping[str, Any] = TRACKED) -> ClientOf:
    client = world.pool(mfa=TOTP_OPTIONAL, **configuration).client()
    client.signed_up("ada")
    return client


@pytest.fixture
def client(world: World) -> ClientOf:
    return new_client(world)


@pytest.fixture
def phone(client: ClientOf) -> Phone:
    """A device that was confirmed before its user had a second factor."""
    return Phone.confirmed(client)


@pytest.fixture
def app(client: ClientOf, phone: Phone) -> App:
    return with_app(client, client.tokens())


class TestInPlaceOfTheSecondFactor:
    @pytest.mark.parametrize("flow", ["srp", "srp, named late", "password", "admin", "choice"])
    def test_the_device_is_asked_on_every_path(
        self, client: ClientOf, phone: Phone, app: App, flow: str
    ) -> None:
        match flow:
            case "srp":
                challenge = client.srp(DEVICE_KEY=phone.key).answer()
            case "srp, named late":
                challenge = client.srp().answer(DEVICE_KEY=phone.key)
            case "password":
                challenge = phone.sign_in()
            case "admin":
                challenge = client.pool.admin(
                    "AdminInitiateAuth",
                    ClientId=client.id,
                    AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                    AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": phone.key},
                )
            case _:
                challenge = client.initiate(
                    "USER_AUTH",
                    USERNAME="ada",
                    PREFERRED_CHALLENGE="PASSWORD",
                    PASSWORD=PASSWORD,
                    DEVICE_KEY=phone.key,
                )
        assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert "AuthenticationResult" not in challenge
        assert challenge["ChallengeParameters"]["DEVICE_KEY"] == phone.key
        assert challenge["ChallengeParameters"]["USERNAME"] == "ada"
        answer = phone.prove(challenge)
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert claims(client.tokens(answer).access)["device_key"] == phone.key

    def test_an_administrator_may_answer(self, client: ClientOf, phone: Phone, app: App) -> None:
        challenge = phone.sign_in()
        proof = phone.begin(challenge)
        answer = client.pool.admin(
            "AdminRespondToAuthChallenge",
            ClientId=client.id,
            ChallengeName="DEVICE_PASSWORD_VERIFIER",
            Session=proof.challenge["Session"],
            ChallengeResponses=proof.responses(),
            ContextData={
                "IpAddress": "192.0.2.9",
                "ServerName": "x",
                "ServerPath": "/",
                "HttpHeaders": [],
            },
        )
        device = client.tokens(answer).call("GetDevice", DeviceKey=phone.key)["Device"]
        assert {"Name": "last_ip_used", "Value": "192.0.2.9"} in device["DeviceAttributes"]

    def test_after_a_new_password(self, client: ClientOf, phone: Phone, app: App) -> None:
        client.pool.admin("AdminSetUserPassword", Username="ada", Password=PASSWORD, Permanent=False)
        challenge = client.answer(phone.sign_in(), NEW_PASSWORD=OTHER_PASSWORD)
        assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert phone.prove(challenge)["AuthenticationResult"]

    @pytest.mark.parametrize(
        ("settings", "asked"),
        [
            ({"SMSMfaSettings": {"Enabled": True, "PreferredMfa": True}}, "SMS_MFA"),
            ({"EmailMfaSettings": {"Enabled": True, "PreferredMfa": True}}, "EMAIL_OTP"),
            (
                {"SMSMfaSettings": {"Enabled": True}, "EmailMfaSettings": {"Enabled": True}},
                "SELECT_MFA_TYPE",
            ),
        ],
    )
    def test_whichever_factor_is_due(self, world: World, settings: dict[str, Any], asked: str) -> None:
        client = world.pool(mfa=ALL_MFA, **TRACKED).client()
        client.signed_up("ada", email=EMAIL, phone_number=PHONE)
        phone = Phone.confirmed(client)
        client.tokens().call("SetUserMFAPreference", **settings)
        assert client.by_password()["ChallengeName"] == asked
        before = len(world.outbox())
        challenge = phone.sign_in()
        assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert len(world.outbox()) == before
        assert phone.prove(challenge)["AuthenticationResult"]

    def test_after_a_code_that_took_the_passwords_place(self, world: World) -> None:
        policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        client = world.pool(mfa=TOTP_OPTIONAL, Policies=policy, **TRACKED).client()
        client.signed_up("ada", email=EMAIL)
        phone, tokens = Phone.confirmed(client), client.tokens()
        by_code = {"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"}
        challenge = client.initiate("USER_AUTH", **by_code, DEVICE_KEY=phone.key)
        with_app(client, tokens)
        challenge = client.answer(challenge, EMAIL_OTP_CODE=world.code())
        assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert phone.prove(challenge)["AuthenticationResult"]

    def test_no_second_factor_no_proof(self, client: ClientOf, phone: Phone) -> None:
        assert phone.sign_in()["AuthenticationResult"]

    def test_a_step_without_a_session_member(self, client: ClientOf, phone: Phone, app: App) -> None:
        proof = phone.begin(phone.sign_in())
        answer = client.respond("DEVICE_PASSWORD_VERIFIER", None, **proof.responses())
        assert answer["AuthenticationResult"]

    def test_a_client_with_a_secret_proves_it_at_both_steps(self, world: World) -> None:
        from userpool.protocol.secret_hash import secret_hash

        client = world.pool(mfa=TOTP_OPTIONAL, **TRACKED).client(GenerateSecret=True)
        assert client.secret is not None
        hashed = secret_hash("ada", client.id, client.secret)
        client.call("SignUp", Username="ada", Password=PASSWORD, SecretHash=hashed)
        client.pool.admin("AdminConfirmSignUp", Username="ada")
        answer = client.by_password(SECRET_HASH=hashed)
        phone = Phone.confirmed(client, answer)
        with_app(client, client.tokens(answer))
        challenge = client.by_password(DEVICE_KEY=phone.key, SECRET_HASH=hashed)
        side = srp.ClientSide.generate(bytes(range(srp.SECRET_BYTES)))
        error = refused(client, challenge, DEVICE_KEY=phone.key, SRP_A=side.public)
        assert isinstance(error, NotAuthorizedException)
        proof = phone.begin(challenge, SECRET_HASH=hashed)
        assert isinstance(proof.refused(), NotAuthorizedException)
        assert proof.answer(SECRET_HASH=hashed)["AuthenticationResult"]


class TestWhatDoesNotStandIn:
    @pytest.mark.parametrize("configuration", [LOGGED, OPT_IN], ids=["only logged", "not remembered"])
    def test_a_device_that_may_not(self, world: World, configuration: dict[str, Any]) -> None:
        client = new_client(world, configuration)
        phone = Phone.confirmed(client)
        app = with_app(client, client.tokens())
        challenge = phone.sign_in()
        assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        answer = client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert claims(client.tokens(answer).access)["device_key"] == phone.key

    def test_remembering_it_changes_that(self, world: World) -> None:
        client = new_client(world, OPT_IN)
        phone, tokens = Phone.confirmed(client), client.tokens()
        with_app(client, tokens)
        tokens.call("UpdateDeviceStatus", DeviceKey=phone.key, DeviceRememberedStatus="remembered")
        assert phone.prove(phone.sign_in())["AuthenticationResult"]
        tokens.call("UpdateDeviceStatus", DeviceKey=phone.key, DeviceRememberedStatus="not_remembered")
        assert phone.sign_in()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def test_another_users_device(self, client: ClientOf, phone: Phone, app: App) -> None:
        client.signed_up("eve")
        theirs = Phone.confirmed(client, client.by_password("eve"))
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": theirs.key},
        )
        assert is_unknown(error)

    def test_a_key_that_was_given_and_never_confirmed(self, client: ClientOf, app: App) -> None:
        asked = client.by_password()
        answer = client.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())
        pending = Phone.new(client, answer)
        error = refused(client, client.by_password(), SOFTWARE_TOKEN_MFA_CODE="0", DEVICE_KEY=pending.key)
        assert is_unknown(error)

    def test_the_first_factor_stays(self, client: ClientOf, phone: Phone, app: App) -> None:
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": OTHER_PASSWORD, "DEVICE_KEY": phone.key},
        )
        assert (type(error), error.message) == (NotAuthorizedException, WRONG)

    def test_the_set_up_of_a_factor_that_is_required(self, world: World) -> None:
        client = world.pool(**TRACKED).client()
        client.signed_up("ada")
        phone = Phone.confirmed(client)
        client.pool.admin("SetUserPoolMfaConfig", **TOTP_ON)
        assert phone.sign_in()["ChallengeName"] == "MFA_SETUP"

    def test_a_device_of_a_set_up_is_not_lost(self, world: World) -> None:
        client = world.pool(**TRACKED).client()
        client.signed_up("ada")
        phone = Phone.confirmed(client)
        client.pool.admin("SetUserPoolMfaConfig", **TOTP_ON)
        challenge = phone.sign_in()
        begun = world.call("AssociateSoftwareToken", Session=challenge["Session"])
        code = App(world, begun["SecretCode"]).code()
        done = world.call("VerifySoftwareToken", Session=begun["Session"], UserCode=code)
        answer = client.respond("MFA_SETUP", done["Session"], USERNAME="ada")
        assert claims(client.tokens(answer).access)["device_key"] == phone.key


class TestUnknownDevices:
    """A device that the service has forgotten: the error that makes clients drop theirs and go on."""

    @pytest.fixture
    def forgotten(self, client: ClientOf, phone: Phone, app: App) -> Phone:
        client.pool.admin("AdminForgetDevice", Username="ada", DeviceKey=phone.key)
        return phone

    def test_the_same_proof_is_good_without_it(self, client: ClientOf, forgotten: Phone) -> None:
        attempt = client.srp(DEVICE_KEY=forgotten.key)
        right = attempt.responses()
        for _ in range(2):
            error = client.error(
                "RespondToAuthChallenge",
                ChallengeName="PASSWORD_VERIFIER",
                ChallengeResponses={**right, "DEVICE_KEY": forgotten.key},
            )
            assert is_unknown(error)
        assert client.respond("PASSWORD_VERIFIER", None, **right)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def test_it_counts_as_no_attempt(self, client: ClientOf, forgotten: Phone) -> None:
        for _ in range(8):
            error = client.error(
                "InitiateAuth",
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": "x", "DEVICE_KEY": forgotten.key},
            )
            assert is_unknown(error)
        assert client.by_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def test_a_new_key_comes_at_the_end(self, client: ClientOf, forgotten: Phone, app: App) -> None:
        challenge = client.srp(DEVICE_KEY=forgotten.key).answer()
        assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        answer = client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code())
        assert Phone.new(client, answer).key != forgotten.key

    @pytest.mark.parametrize("key", [UNKNOWN, "x", "_", "x" * 5000, "us-east-1_\0", "\ud83d\ude00_0"])
    def test_whatever_is_no_key(self, client: ClientOf, key: str) -> None:
        parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": key}
        assert is_unknown(
            client.error("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        )
        attempt = client.srp(DEVICE_KEY=key)
        assert is_unknown(
            client.error(
                "RespondToAuthChallenge",
                ChallengeName="PASSWORD_VERIFIER",
                ChallengeResponses=attempt.responses(DEVICE_KEY=key),
            )
        )
        assert attempt.answer()["AuthenticationResult"]

    def test_an_empty_key_is_none(self, client: ClientOf) -> None:
        assert Phone.new(client, client.by_password(DEVICE_KEY="")).key

    @pytest.mark.parametrize("flow", ["password", "srp"])
    def test_a23_an_unknown_user_has_no_device_either(
        self, client: ClientOf, phone: Phone, world: World, flow: str
    ) -> None:
        hiding = client.pool.client(PreventUserExistenceErrors="ENABLED")

        def error(username: str, key: str) -> ServiceError:
            if flow == "password":
                parameters = {"USERNAME": username, "PASSWORD": "x", "DEVICE_KEY": key}
                return hiding.error("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
            attempt = hiding.srp(username, "x", DEVICE_KEY=key)
            return hiding.error(
                "RespondToAuthChallenge",
                ChallengeName="PASSWORD_VERIFIER",
                ChallengeResponses=attempt.responses(DEVICE_KEY=key),
            )

        costs = []
        for username in ("ada", "nobody"):
            found: list[ServiceError] = []
            costs.append(world.counted(lambda: found.append(error(username, UNKNOWN))))  # noqa: B023 - called at once
            assert is_unknown(found[0])
        assert costs[0] == costs[1]


class TestProof:
    def test_a03_a_wrong_proof_ends_the_sign_in(self, client: ClientOf, phone: Phone, app: App) -> None:
        for signature in ("", "!", base64.b64encode(bytes(32)).decode()):
            proof = phone.begin(phone.sign_in())
            error = proof.refused(PASSWORD_CLAIM_SIGNATURE=signature)
            assert (type(error), error.message) == (NotAuthorizedException, WRONG)
            assert proof.refused().message == USED
        assert phone.prove(phone.sign_in())["AuthenticationResult"]

    def test_a03_the_users_password_is_no_devices(self, client: ClientOf, phone: Phone, app: App) -> None:
        other = Phone.new(client, client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code()))
        proof = phone.begin(phone.sign_in())
        phone.secret = other.secret
        assert proof.refused().message == WRONG

    def test_a04_a_proof_is_good_once(self, client: ClientOf, phone: Phone, app: App) -> None:
        proof = phone.begin(phone.sign_in())
        outcomes = together(8, lambda _: proof.answer())
        assert sum(isinstance(one, dict) for one in outcomes) == 1
        assert {one.message for one in outcomes if isinstance(one, ServiceError)} <= {USED, INVALID}

    def test_a08_a_challenge_is_begun_once(self, client: ClientOf, phone: Phone, app: App) -> None:
        challenge = phone.sign_in()
        outcomes = together(6, lambda _: phone.begin(challenge))
        assert sum(not isinstance(one, ServiceError) for one in outcomes) == 1

    def test_a08_no_step_is_skipped(self, client: ClientOf, phone: Phone, app: App) -> None:
        challenge = phone.sign_in()
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="DEVICE_PASSWORD_VERIFIER",
            Session=challenge["Session"],
            ChallengeResponses={
                "USERNAME": "ada",
                "DEVICE_KEY": phone.key,
                "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA",
                "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                "TIMESTAMP": "Mon Nov 23 00:00:00 UTC 2026",
            },
        )
        assert isinstance(error, NotAuthorizedException)
        asked = client.by_password()
        side = srp.ClientSide.generate(bytes(range(srp.SECRET_BYTES)))
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="DEVICE_SRP_AUTH",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "DEVICE_KEY": phone.key, "SRP_A": side.public},
        )
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)

    def test_a05_the_block_of_another_proof(self, client: ClientOf, phone: Phone, app: App) -> None:
        one, other = phone.begin(phone.sign_in()), phone.begin(phone.sign_in())
        error = one.refused(session=other.challenge["Session"])
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)
        block = other.challenge["ChallengeParameters"]["SECRET_BLOCK"]
        assert one.refused(PASSWORD_CLAIM_SECRET_BLOCK=block).message == INVALID
        assert one.answer()["AuthenticationResult"]

    def test_a05_a_device_password_block_is_no_users(self, client: ClientOf, phone: Phone, app: App) -> None:
        block = phone.begin(phone.sign_in()).challenge["ChallengeParameters"]["SECRET_BLOCK"]
        attempt = client.srp()
        error = client.error(
            "RespondToAuthChallenge",
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=attempt.responses(PASSWORD_CLAIM_SECRET_BLOCK=block),
        )
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)

    @pytest.mark.parametrize("step", ["DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"])
    def test_a06_another_clients_sign_in(self, client: ClientOf, phone: Phone, app: App, step: str) -> None:
        other, challenge = client.pool.client(), phone.sign_in()
        if step == "DEVICE_SRP_AUTH":
            side = srp.ClientSide.generate(bytes(range(srp.SECRET_BYTES)))
            error = refused(other, challenge, DEVICE_KEY=phone.key, SRP_A=side.public)
        else:
            error = phone.begin(challenge).refused(client=other)
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)

    def test_a07_too_late(self, client: ClientOf, phone: Phone, app: App, world: World) -> None:
        proof = phone.begin(phone.sign_in())
        world.clock.advance(180)
        assert proof.refused().message == "Invalid session for the user, session is expired."

    def test_a_timestamp_that_is_not_now(self, phone: Phone, app: App, world: World) -> None:
        proof = phone.begin(phone.sign_in())
        responses = proof.responses()
        world.time += 301
        world.clock.advance(-301)  # the session has not ended; it goes by the service's own time
        error = proof.refused(TIMESTAMP=responses["TIMESTAMP"])
        assert isinstance(error, NotAuthorizedException)
        assert "TIMESTAMP" in error.message
        assert isinstance(proof.refused(TIMESTAMP="now"), InvalidParameterException)

    @pytest.mark.parametrize("public", ["0", f"{srp.N:x}", f"{2 * srp.N:x}", "x", "f" * 771])
    def test_a01_a02_a_public_number_that_gives_the_secret_away(
        self, client: ClientOf, phone: Phone, app: App, public: str
    ) -> None:
        challenge = phone.sign_in()
        powers, _ = client.world.counted(
            lambda: refused(client, challenge, DEVICE_KEY=phone.key, SRP_A=public)
        )
        assert powers == 0
        error = refused(client, challenge, DEVICE_KEY=phone.key, SRP_A=public)
        assert isinstance(error, InvalidParameterException)
        assert phone.prove(challenge)["AuthenticationResult"]

    @pytest.mark.parametrize("name", ["DEVICE_KEY", "SRP_A"])
    def test_what_is_missing_is_named(self, client: ClientOf, phone: Phone, app: App, name: str) -> None:
        responses = {"DEVICE_KEY": phone.key, "SRP_A": "2", name: ""}
        error = refused(client, phone.sign_in(), **responses)
        assert (type(error), error.message) == (
            InvalidParameterException,
            f"Missing required parameter {name}",
        )

    def test_another_device_of_the_same_user(self, client: ClientOf, phone: Phone, app: App) -> None:
        answer = client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
        other = Phone.confirmed(client, answer)
        error = refused(client, phone.sign_in(), DEVICE_KEY=other.key, SRP_A="2")
        assert (type(error), error.message) == (NotAuthorizedException, INVALID)
        proof = phone.begin(phone.sign_in())
        assert proof.refused(DEVICE_KEY=other.key).message == INVALID

    def test_a21_a_lock_holds_here_too(self, client: ClientOf, phone: Phone, app: App) -> None:
        proofs = [phone.begin(phone.sign_in()) for _ in range(7)]
        messages = [
            proof.refused(PASSWORD_CLAIM_SIGNATURE=base64.b64encode(bytes(32)).decode()).message
            for proof in proofs
        ]
        assert messages == [WRONG] * 5 + ["Password attempts exceeded"] * 2
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        assert error.message == "Password attempts exceeded"
        client.world.clock.advance(2)
        assert proofs[-1].answer()["AuthenticationResult"]

    @pytest.mark.parametrize("what", ["forgotten", "not remembered", "tracking off", "skipping off"])
    @pytest.mark.parametrize("begun", [False, True], ids=["asked", "begun"])
    def test_a_device_that_may_no_more(
        self, client: ClientOf, phone: Phone, app: App, what: str, begun: bool
    ) -> None:
        challenge = phone.sign_in()
        proof = phone.begin(challenge) if begun else None
        named = {"Username": "ada", "DeviceKey": phone.key}
        match what:
            case "forgotten":
                client.pool.admin("AdminForgetDevice", **named)
            case "not remembered":
                client.pool.admin("AdminUpdateDeviceStatus", **named, DeviceRememberedStatus="not_remembered")
            case _:
                configure(client, {} if what == "tracking off" else LOGGED["DeviceConfiguration"])
        if proof is not None:
            assert is_unknown(proof.refused())
        else:
            assert is_unknown(refused(client, challenge, DEVICE_KEY=phone.key, SRP_A="2"))

    def test_a_device_that_is_forgotten_while_its_proof_is_judged(
        self, client: ClientOf, phone: Phone, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from userpool.service.srp_claims import Claim

        proof, proves = phone.begin(phone.sign_in()), Claim.proves
        right: dict[str, Any] = dict(proof.responses())

        def forgetting(*args: Any) -> bool:
            client.pool.admin("AdminForgetDevice", Username="ada", DeviceKey=phone.key)
            return proves(*args)

        monkeypatch.setattr(Claim, "proves", forgetting)
        assert is_unknown(proof.refused(**right))

    @pytest.mark.parametrize("what", ["password", "disabled"])
    def test_a_user_who_may_no_more(self, client: ClientOf, phone: Phone, app: App, what: str) -> None:
        proof = phone.begin(phone.sign_in())
        if what == "password":
            client.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        else:
            client.pool.admin("AdminDisableUser", Username="ada")
        assert isinstance(proof.refused(), NotAuthorizedException)

    def test_t05_what_was_remembered_stays_so(self, client: ClientOf, phone: Phone, app: App) -> None:
        client.pool.admin("AdminUserGlobalSignOut", Username="ada")
        client.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        challenge = phone.sign_in("ada", OTHER_PASSWORD)
        assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert phone.prove(challenge)["AuthenticationResult"]


def configure(client: ClientOf, configuration: dict[str, bool]) -> None:
    """Change the pool's DeviceConfiguration."""
    from dataclasses import replace

    store = client.world.service.context.store
    pool = store.read(lambda reader: reader.pool(client.pool.id))
    assert pool is not None
    settings = {**pool.settings, "DeviceConfiguration": configuration}
    store.write(lambda writer: writer.put_pool(replace(pool, settings=settings)))
