"""InitiateAuth and the password: each bad case by its number in the project's catalogue."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ClientOf,
    PoolOf,
    World,
    claims,
    together,
)
from userpool.crypto.jws import parse
from userpool.crypto.rs256 import PublicKey, verify
from userpool.protocol import srp
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ResourceNotFoundException,
    ServiceError,
    UserNotConfirmedException,
    UserNotFoundException,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.protocol.tokens import TokenUse, check_claims
from userpool.service.domain.records import KeyUse, UserStatus

EMAIL = "ada@example.com"
WRONG = "Incorrect username or password."
LOCKED = "Password attempts exceeded"


def by_password_error(client: ClientOf, username: str = "ada", password: str = "wrong") -> ServiceError:
    return client.error(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def by_srp_error(client: ClientOf, username: str = "ada", password: str = "wrong") -> ServiceError:
    attempt = client.srp(username, password)
    return answer_error(client, attempt.responses())


def answer_error(client: ClientOf, responses: dict[str, str], **more: object) -> ServiceError:
    return client.error(
        "RespondToAuthChallenge", ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=responses, **more
    )


@pytest.mark.parametrize("flow", ["srp", "password", "admin"])
def test_a_right_password_gives_tokens_that_verify(client: ClientOf, world: World, flow: str) -> None:
    sub = client.signed_up("ada", email=EMAIL, name="Ada")
    if flow == "srp":
        answer = client.by_srp()
    elif flow == "password":
        answer = client.by_password()
    else:
        answer = client.pool.admin(
            "AdminInitiateAuth",
            ClientId=client.id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
    assert answer["ChallengeParameters"] == {}
    assert answer["AuthenticationResult"]["ExpiresIn"] == 3600
    tokens = client.tokens(answer)
    records = world.service.context.store.read(lambda reader: reader.signing_keys(client.pool.id))
    for token, use in ((tokens.id, KeyUse.ID), (tokens.access, KeyUse.ACCESS)):
        [jwk] = [one.public_jwk for one in records if one.use is use]
        numbers = [int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "==")) for name in ("n", "e")]
        verified = verify(parse(token), PublicKey.from_numbers(jwk["kid"], *numbers))
        check_claims(
            verified,
            issuer=f"https://cognito-idp.us-east-1.amazonaws.com/{client.pool.id}",
            client_id=client.id,
            token_use=TokenUse(use.value),
            now=world.time,
        )
        assert (verified["sub"], verified["auth_time"]) == (sub, int(world.time))
    identity, access = claims(tokens.id), claims(tokens.access)
    assert (identity["email"], identity["name"], identity["email_verified"]) == (EMAIL, "Ada", False)
    assert identity["cognito:username"] == access["username"] == "ada"
    assert identity["origin_jti"] == access["origin_jti"] != identity["jti"] != access["jti"]
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert "email" not in access
    assert parse(tokens.id).key_id != parse(tokens.access).key_id


def test_sign_in_by_an_alias(world: World) -> None:
    client = world.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"]).client()
    client.sign_up("ada", email=EMAIL)
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    challenge = client.srp(EMAIL)
    assert challenge.parameters["USER_ID_FOR_SRP"] == challenge.parameters["USERNAME"] == "ada"
    assert claims(client.tokens(challenge.answer()).access)["username"] == "ada"
    # The answer may also name the user as the sign-in did.
    assert client.srp(EMAIL).answer(USERNAME=EMAIL)["AuthenticationResult"]


@pytest.mark.parametrize("number", [0, srp.N, 2 * srp.N], ids=["0", "N", "2N"])
def test_A01_a_public_number_that_is_a_multiple_of_N(client: ClientOf, world: World, number: int) -> None:
    client.signed_up()
    powers, _ = world.counted(lambda: _srp_a_error(client, f"{number:x}"))
    assert powers == 0


@pytest.mark.parametrize("text", ["xyz", "0x12", "-5", "f" * 771, "f" * 100_000, "\uff11"])
def test_A02_a_public_number_that_is_none(client: ClientOf, world: World, text: str) -> None:
    client.signed_up()
    powers, _ = world.counted(lambda: _srp_a_error(client, text))
    assert powers == 0


def _srp_a_error(client: ClientOf, text: str) -> None:
    error = client.error(
        "InitiateAuth", AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "ada", "SRP_A": text}
    )
    assert isinstance(error, InvalidParameterException)
    assert error.message.startswith("SRP_A ")


@pytest.mark.parametrize(
    "signature", ["", "not base64!", "AAAA", base64.b64encode(bytes(32)).decode(), "x" * 5000]
)
def test_A03_a_wrong_proof(client: ClientOf, signature: str) -> None:
    client.signed_up()
    attempt = client.srp()
    error = answer_error(client, attempt.responses(PASSWORD_CLAIM_SIGNATURE=signature))
    assert (type(error), error.message) == (NotAuthorizedException, WRONG)


def test_a_wrong_password_over_srp_and_in_clear(client: ClientOf) -> None:
    client.signed_up()
    for error in (by_srp_error(client), by_password_error(client)):
        assert (type(error), error.message) == (NotAuthorizedException, WRONG)


def test_A04_a_proof_is_good_once(client: ClientOf) -> None:
    client.signed_up()
    attempt = client.srp()
    attempt.answer()
    error = answer_error(client, attempt.responses())
    assert isinstance(error, NotAuthorizedException)
    assert error.message == "Invalid session for the user, session can only be used once."


def test_A04_of_parallel_replays_one_is_looked_at(client: ClientOf) -> None:
    client.signed_up()
    attempt = client.srp()
    outcomes = together(12, lambda _: attempt.answer())
    assert Counter(type(one) for one in outcomes) == {dict: 1, NotAuthorizedException: 11}


def test_A04_a_wrong_proof_uses_the_block_up(client: ClientOf) -> None:
    client.signed_up()
    attempt = client.srp()
    answer_error(client, attempt.responses(PASSWORD_CLAIM_SIGNATURE="AAAA"))
    assert "only be used once" in answer_error(client, attempt.responses()).message


def test_A05_a_secret_block_of_another_user(client: ClientOf) -> None:
    client.signed_up("ada")
    client.signed_up("bob")
    attempt = client.srp("ada")
    error = answer_error(client, attempt.responses(USERNAME="bob"))
    assert (type(error), error.message) == (NotAuthorizedException, "Invalid session for the user.")


def test_A06_a_secret_block_at_another_client_or_pool(client: ClientOf, world: World) -> None:
    client.signed_up()
    stranger = world.pool().client()
    stranger.signed_up()
    for other in (client.pool.client(), stranger):
        error = answer_error(other, client.srp().responses())
        assert (type(error), error.message) == (NotAuthorizedException, "Invalid session for the user.")


def test_A06_a_secret_block_that_was_changed(client: ClientOf) -> None:
    client.signed_up()
    attempt = client.srp()
    block = bytearray(base64.b64decode(attempt.parameters["SECRET_BLOCK"]))
    block[-1] ^= 1
    for text in (base64.b64encode(block).decode(), "AAAA", "no base64!"):
        error = answer_error(client, attempt.responses(PASSWORD_CLAIM_SECRET_BLOCK=text))
        assert (type(error), error.message) == (NotAuthorizedException, "Invalid session for the user.")


@pytest.mark.parametrize("minutes", [3, 5, 15])
def test_A07_a_session_older_than_the_clients_limit(pool: PoolOf, world: World, minutes: int) -> None:
    client = pool.client(AuthSessionValidity=minutes)
    client.signed_up()
    early, late = client.srp(), client.srp()
    world.clock.advance(minutes * 60 - 1)
    assert early.answer()["AuthenticationResult"]
    world.clock.advance(1)
    error = answer_error(client, late.responses())
    assert error.message == "Invalid session for the user, session is expired."


@pytest.mark.parametrize("skew", [-301, 301])
def test_a_timestamp_far_from_true_time(client: ClientOf, world: World, skew: int) -> None:
    client.signed_up()
    stamp = srp.timestamp(datetime.fromtimestamp(world.time + skew, UTC))
    error = answer_error(client, client.srp().responses(TIMESTAMP=stamp))
    assert isinstance(error, NotAuthorizedException)
    assert "clock" in error.message
    # The movable clock does not move this check.
    world.clock.advance(10_000)
    assert client.by_srp()["AuthenticationResult"]


def test_a_timestamp_in_another_form(client: ClientOf) -> None:
    client.signed_up()
    error = answer_error(client, client.srp().responses(TIMESTAMP="2026-11-23T00:00:00Z"))
    assert isinstance(error, InvalidParameterException)
    assert error.message == "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."


@pytest.mark.parametrize(
    "name", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK"]
)
def test_a_response_that_is_missing(client: ClientOf, name: str) -> None:
    client.signed_up()
    responses = client.srp().responses()
    del responses[name]
    error = answer_error(client, responses)
    assert (type(error), error.message) == (
        InvalidParameterException,
        f"Missing required parameter {name}",
    )


@pytest.mark.parametrize(
    ("flow", "name"),
    [("USER_SRP_AUTH", "SRP_A"), ("USER_PASSWORD_AUTH", "PASSWORD"), ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")],
)
def test_a_parameter_that_is_missing(client: ClientOf, flow: str, name: str) -> None:
    client.signed_up()
    error = client.error("InitiateAuth", AuthFlow=flow, AuthParameters={"USERNAME": "ada"})
    assert error.message == f"Missing required parameter {name}"
    if flow != "REFRESH_TOKEN_AUTH":
        error = client.error("InitiateAuth", AuthFlow=flow, AuthParameters={})
        assert error.message == "Missing required parameter USERNAME"


def test_flows_that_are_not_enabled(pool: PoolOf) -> None:
    client = pool.client(ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"])
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD, "SRP_A": "5", "REFRESH_TOKEN": "x"}
    for flow, text in (
        ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        ("USER_SRP_AUTH", "USER_SRP_AUTH flow not enabled for this client"),
        ("USER_AUTH", "USER_AUTH flow not enabled for this client"),
        ("REFRESH_TOKEN_AUTH", "Auth flow not enabled for this client"),
        ("ADMIN_USER_PASSWORD_AUTH", "Initiate Auth method not supported."),
        ("ADMIN_NO_SRP_AUTH", "Initiate Auth method not supported."),
        ("CUSTOM_AUTH", "Custom auth lambda trigger is not configured for the user pool."),
    ):
        error = client.error("InitiateAuth", AuthFlow=flow, AuthParameters=parameters)
        assert (type(error), error.message) == (InvalidParameterException, text)
    for flow, text in (
        ("ADMIN_USER_PASSWORD_AUTH", "Auth flow not enabled for this client"),
        ("USER_PASSWORD_AUTH", "Initiate Auth method not supported."),
    ):
        error = pool.world.error(
            "AdminInitiateAuth",
            UserPoolId=pool.id,
            ClientId=client.id,
            AuthFlow=flow,
            AuthParameters=parameters,
        )
        assert error.message == text


def test_an_administrator_names_the_clients_own_pool(client: ClientOf, world: World) -> None:
    members = {"ClientId": client.id, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": {}}
    other = world.error("AdminInitiateAuth", UserPoolId=world.pool().id, **members)
    nowhere = world.error("AdminInitiateAuth", UserPoolId="us-east-1_nowhere00", **members)
    assert {type(other), type(nowhere)} == {ResourceNotFoundException}


class TestLock:
    def test_A18_200_parallel_wrong_passwords(self, client: ClientOf, world: World) -> None:
        client.signed_up()
        before = world.powers
        outcomes = together(200, lambda _: client.by_password("ada", "wrong"))
        texts = Counter(one.message for one in outcomes if isinstance(one, ServiceError))
        assert texts == {WRONG: 5, LOCKED: 195}
        assert world.powers - before == 5

    def test_A19_the_count_survives_what_goes_wrong_afterwards(
        self, client: ClientOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.signed_up()
        with monkeypatch.context() as patch:
            patch.setattr(srp, "check_password", _break)
            for _ in range(5):
                with pytest.raises(AssertionError, match="failed inside"):
                    client.by_password()
        assert by_password_error(client, password=PASSWORD).message == LOCKED

    def test_A20_attempts_during_a_lock_do_not_count(self, client: ClientOf, world: World) -> None:
        client.signed_up()
        waits = []
        for failures in range(1, 18):
            assert by_password_error(client).message == WRONG
            lock = min(2 ** (failures - 5), 900) if failures >= 5 else 0
            if lock:
                for _ in range(3):
                    assert by_password_error(client, password=PASSWORD).message == LOCKED
                world.clock.advance(lock - 0.5)
                assert by_password_error(client, password=PASSWORD).message == LOCKED
                world.clock.advance(0.5)
            waits.append(lock)
        assert waits[4:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]

    def test_A20_a_right_password_resets(self, client: ClientOf) -> None:
        client.signed_up()
        for _ in range(3):
            for _ in range(4):
                by_password_error(client)
            assert client.by_password()["AuthenticationResult"]

    def test_A20_fifteen_idle_minutes_reset(self, client: ClientOf, world: World) -> None:
        client.signed_up()
        for _ in range(5):
            by_password_error(client)
        world.clock.advance(901)
        for _ in range(5):
            assert by_password_error(client).message == WRONG
        assert by_password_error(client).message == LOCKED

    def test_A21_the_lock_holds_on_every_path(self, client: ClientOf, world: World) -> None:
        client.signed_up("ada", email=EMAIL)
        client.pool.change("ada", attributes={"sub": "x", "email": EMAIL, "email_verified": "true"})
        tokens = client.tokens()
        attempt = client.srp()
        for _ in range(5):
            by_password_error(client)
        paths = [
            by_password_error(client, password=PASSWORD),
            answer_error(client, attempt.responses()),
            world.error(
                "AdminInitiateAuth",
                UserPoolId=client.pool.id,
                ClientId=client.id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            ),
            tokens.error("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD),
        ]
        assert {error.message for error in paths} == {LOCKED}
        # A reset gives no tokens and does not lift the lock.
        client.call("ForgotPassword", Username="ada")
        client.call(
            "ConfirmForgotPassword", Username="ada", ConfirmationCode=world.code(), Password=OTHER_PASSWORD
        )
        assert by_password_error(client, password=OTHER_PASSWORD).message == LOCKED
        world.clock.advance(1)
        assert client.by_password("ada", OTHER_PASSWORD)["AuthenticationResult"]

    def test_A21_failures_over_srp_and_in_clear_count_together(self, client: ClientOf) -> None:
        client.signed_up()
        for _ in range(2):
            by_srp_error(client)
            by_password_error(client)
        assert by_srp_error(client).message == WRONG
        assert by_password_error(client, password=PASSWORD).message == LOCKED

    def test_an_alias_opens_no_second_counter(self, world: World) -> None:
        client = world.pool(AliasAttributes=["preferred_username"]).client()
        client.signed_up("ada")
        client.tokens().call(
            "UpdateUserAttributes", UserAttributes=[{"Name": "preferred_username", "Value": "countess"}]
        )
        for name in ("ada", "countess", "ada", "countess", "ada"):
            assert by_password_error(client, name).message == WRONG
        assert by_password_error(client, "countess").message == LOCKED

    def test_A22_unknown_names_lock_as_well(self, hiding: ClientOf, world: World) -> None:
        hiding.signed_up("ada")
        for name in ("ada", "nobody"):
            texts = [by_password_error(hiding, name).message for _ in range(20)]
            assert texts == [WRONG] * 5 + [LOCKED] * 15
        world.clock.advance(1)
        assert [by_srp_error(hiding, name).message for name in ("ada", "nobody")] == [WRONG] * 2

    def test_a_right_password_of_an_unconfirmed_user_is_no_failure(self, client: ClientOf) -> None:
        client.sign_up("ada", email=EMAIL)
        for _ in range(8):
            assert isinstance(by_password_error(client, password=PASSWORD), UserNotConfirmedException)


def _break(*_: object, **__: object) -> bool:
    raise RuntimeError("broken on purpose")


class TestHiddenUsers:
    """PreventUserExistenceErrors: an unknown user is told apart by nothing."""

    @pytest.fixture
    def hiding(self, hiding: ClientOf) -> ClientOf:
        hiding.signed_up("ada")
        return hiding

    def test_A23_the_challenge_of_an_unknown_name(self, hiding: ClientOf) -> None:
        known, again = hiding.srp("ada"), hiding.srp("ada")
        unknown, twice = hiding.srp("ida"), hiding.srp("ida")
        assert unknown.parameters["SALT"] == twice.parameters["SALT"] != known.parameters["SALT"]
        assert known.parameters["SALT"] == again.parameters["SALT"]
        assert unknown.parameters["USER_ID_FOR_SRP"] == "ida"
        for name in ("SALT", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"):
            assert len(unknown.parameters[name]) == len(known.parameters[name]), name
        assert set(unknown.challenge) == set(known.challenge)
        assert set(unknown.parameters) == set(known.parameters)

    def test_A23_an_unknown_address_has_a_stable_identifier(self, world: World) -> None:
        client = world.pool(UsernameAttributes=["email"]).client(PreventUserExistenceErrors="ENABLED")
        client.signed_up(EMAIL)
        known, unknown = client.srp(EMAIL), client.srp("eve@example.com")
        for attempt in (known, unknown):
            assert UUID(attempt.parameters["USER_ID_FOR_SRP"]).version == 4
        again = client.srp("eve@example.com")
        assert again.parameters["USER_ID_FOR_SRP"] == unknown.parameters["USER_ID_FOR_SRP"]

    @pytest.mark.parametrize("way", ["srp", "password"])
    def test_A23_the_same_work_is_done(self, hiding: ClientOf, world: World, way: str) -> None:
        def fail(name: str) -> None:
            error = by_srp_error(hiding, name) if way == "srp" else by_password_error(hiding, name)
            assert (type(error), error.message) == (NotAuthorizedException, WRONG)

        fail("ada")  # what is kept in memory is in memory now
        known, unknown = world.counted(lambda: fail("ada")), world.counted(lambda: fail("ida"))
        assert known == unknown
        assert known[0] == (3 if way == "srp" else 1)

    @pytest.mark.parametrize("way", ["srp", "password"])
    def test_A26_the_state_of_a_user_shows_only_after_a_right_password(
        self, hiding: ClientOf, way: str
    ) -> None:
        fail = by_srp_error if way == "srp" else by_password_error
        for changes, kind, text in (
            ({"enabled": False}, NotAuthorizedException, "User is disabled."),
            ({"status": UserStatus.UNCONFIRMED}, UserNotConfirmedException, "User is not confirmed."),
            (
                {"status": UserStatus.RESET_REQUIRED},
                PasswordResetRequiredException,
                "Password reset required for the user",
            ),
        ):
            hiding.pool.change("ada", **{"enabled": True, "status": UserStatus.CONFIRMED, **changes})
            wrong = fail(hiding, "ada", "wrong")
            assert (type(wrong), wrong.message) == (NotAuthorizedException, WRONG)
            right = fail(hiding, "ada", PASSWORD)
            assert (type(right), right.message) == (kind, text)

    def test_a_user_without_a_password_looks_like_none(self, hiding: ClientOf, client: ClientOf) -> None:
        hiding.pool.change("ada", password=None, status=UserStatus.RESET_REQUIRED)
        for fail in (by_password_error, by_srp_error):
            assert fail(hiding, "ada", PASSWORD).message == WRONG
        error = by_password_error(client, "ada", PASSWORD)
        assert isinstance(error, PasswordResetRequiredException)

    def test_where_nothing_is_hidden_an_unknown_user_is_named(self, client: ClientOf) -> None:
        for flow, more in (("USER_PASSWORD_AUTH", {"PASSWORD": "x"}), ("USER_SRP_AUTH", {"SRP_A": "5"})):
            error = client.error("InitiateAuth", AuthFlow=flow, AuthParameters={"USERNAME": "nobody", **more})
            assert (type(error), error.message) == (UserNotFoundException, "User does not exist.")

    def test_A25_a_failing_store_says_nothing_about_the_user(
        self, hiding: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(type(world.store), "write", _break)
            for name in ("ada", "ida"):
                with pytest.raises(AssertionError, match="failed inside"):
                    hiding.by_password(name, PASSWORD)


class TestClientSecret:
    """A44: SECRET_HASH."""

    @pytest.fixture
    def client(self, pool: PoolOf) -> ClientOf:
        pool.client().signed_up()
        return pool.client(GenerateSecret=True)

    def hashed(self, client: ClientOf, name: str = "ada") -> str:
        assert client.secret is not None
        return secret_hash(name, client.id, client.secret)

    def test_A44_at_the_start(self, client: ClientOf) -> None:
        missing = by_password_error(client, password=PASSWORD)
        assert missing.message == f"Client {client.id} is configured for secret but secret was not received"
        for wrong in ("x", self.hashed(client, "bob")):
            with pytest.raises(NotAuthorizedException) as caught:
                client.by_password(SECRET_HASH=wrong)
            assert caught.value.message == f"Unable to verify secret hash for client {client.id}"
        assert client.by_password(SECRET_HASH=self.hashed(client))["AuthenticationResult"]

    def test_A44_at_the_answer(self, client: ClientOf) -> None:
        attempt = client.srp(SECRET_HASH=self.hashed(client))
        missing = answer_error(client, attempt.responses())
        assert "secret was not received" in missing.message
        wrong = answer_error(client, attempt.responses(SECRET_HASH=self.hashed(client, "bob")))
        assert wrong.message == f"Unable to verify secret hash for client {client.id}"
        assert attempt.answer(SECRET_HASH=self.hashed(client))["AuthenticationResult"]

    def test_A44_at_a_refresh_by_the_real_name(self, client: ClientOf) -> None:
        tokens = client.tokens(client.by_password(SECRET_HASH=self.hashed(client)))
        assert tokens.refresh is not None
        with pytest.raises(NotAuthorizedException, match="secret was not received"):
            client.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens.refresh)
        with pytest.raises(NotAuthorizedException, match="Unable to verify"):
            client.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens.refresh, SECRET_HASH="x")
        again = client.initiate(
            "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens.refresh, SECRET_HASH=self.hashed(client)
        )
        assert again["AuthenticationResult"]
        missing = client.error("GetTokensFromRefreshToken", RefreshToken=tokens.refresh)
        assert "secret was not received" in missing.message
        wrong = client.error("GetTokensFromRefreshToken", RefreshToken=tokens.refresh, ClientSecret="x" * 30)
        assert isinstance(wrong, NotAuthorizedException)
        right = client.call(
            "GetTokensFromRefreshToken", RefreshToken=tokens.refresh, ClientSecret=client.secret
        )
        assert right["AuthenticationResult"]["AccessToken"]


def test_a_sign_in_takes_two_durable_writes(client: ClientOf, world: World) -> None:
    client.signed_up()
    client.by_srp()
    for sign_in, powers in ((client.by_srp, 3), (client.by_password, 1)):
        taken, calls = world.counted(sign_in)
        assert (taken, calls["write"]) == (powers, 2)


def test_a_client_without_revocation_gets_tokens_without_its_claims(pool: PoolOf) -> None:
    client = pool.client(EnableTokenRevocation=False)
    client.signed_up()
    tokens = client.tokens()
    for token in (tokens.id, tokens.access):
        assert not {"jti", "origin_jti"} & set(claims(token))
    assert tokens.call("GetUser")["Username"] == "ada"
    tokens.call("GlobalSignOut")
    assert tokens.error("GetUser").message == "Access Token has been revoked"
