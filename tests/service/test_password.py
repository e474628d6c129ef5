"""Changed and forgotten passwords: each bad case by its number in the project's catalogue."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ClientOf,
    Tokens,
    World,
    other_code,
    pairs,
    together,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    InvalidPasswordException,
    LimitExceededException,
    NotAuthorizedException,
    PasswordHistoryPolicyViolationException,
    ServiceError,
    UserNotFoundException,
)
from userpool.service import passwords
from userpool.service.domain.codes import RANDOM_BYTES, new_code
from userpool.service.domain.records import CodePurpose, UserStatus
from userpool.service.operations import password

EMAIL = "ada@example.com"
PHONE = "+15555550123"


@pytest.fixture
def client(client: ClientOf, world: World) -> ClientOf:
    client.sign_up("ada", email=EMAIL)
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    return client


@pytest.fixture
def tokens(client: ClientOf) -> Tokens:
    return client.tokens()


def forgot(client: ClientOf, username: str = "ada") -> dict[str, str]:
    details: dict[str, str] = client.call("ForgotPassword", Username=username)["CodeDeliveryDetails"]
    return details


def reset(client: ClientOf, code: str, new: str = OTHER_PASSWORD, username: str = "ada") -> None:
    client.call("ConfirmForgotPassword", Username=username, ConfirmationCode=code, Password=new)


def reset_refused(
    client: ClientOf, code: str, new: str = OTHER_PASSWORD, username: str = "ada"
) -> ServiceError:
    return client.error("ConfirmForgotPassword", Username=username, ConfirmationCode=code, Password=new)


class TestChange:
    def test_a_password_is_changed(self, tokens: Tokens) -> None:
        tokens.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)
        assert tokens.client.by_srp("ada", OTHER_PASSWORD)["AuthenticationResult"]
        with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
            tokens.client.by_password()

    @pytest.mark.parametrize(
        ("previous", "proposed", "kind", "text"),
        [
            ("wrong", OTHER_PASSWORD, NotAuthorizedException, "Incorrect username or password."),
            (
                None,
                OTHER_PASSWORD,
                InvalidParameterException,
                "Missing required parameter PreviousPassword",
            ),
            (
                PASSWORD,
                "short",
                InvalidPasswordException,
                "Password did not conform with policy: Password not long enough",
            ),
        ],
    )
    def test_what_is_refused(
        self, tokens: Tokens, previous: str | None, proposed: str, kind: type[ServiceError], text: str
    ) -> None:
        error = tokens.error("ChangePassword", PreviousPassword=previous, ProposedPassword=proposed)
        assert (type(error), error.message) == (kind, text)
        assert tokens.client.by_password()["AuthenticationResult"]

    def test_five_calls_an_hour(self, tokens: Tokens, world: World) -> None:
        outcomes = together(
            30,
            lambda _: tokens.call("ChangePassword", PreviousPassword="wrong", ProposedPassword="x"),
        )
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {NotAuthorizedException: 5, LimitExceededException: 25}
        # The failures count for the lock of passwords too.
        with pytest.raises(NotAuthorizedException, match="Password attempts exceeded"):
            tokens.client.by_password()

    def test_a_user_without_a_password_needs_no_previous_one(self, tokens: Tokens) -> None:
        tokens.client.pool.change("ada", password=None)
        tokens.call("ChangePassword", ProposedPassword=OTHER_PASSWORD)
        assert tokens.client.by_password("ada", OTHER_PASSWORD)["AuthenticationResult"]

    def test_of_two_at_the_same_time_one_changes_it(self, tokens: Tokens) -> None:
        passwords = [f"Battery-staple-{number}" for number in range(3)]
        outcomes = together(
            3,
            lambda number: tokens.call(
                "ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=passwords[number]
            ),
            threads=3,
        )
        [winner] = [number for number, one in enumerate(outcomes) if isinstance(one, dict)]
        assert tokens.client.by_password("ada", passwords[winner])["AuthenticationResult"]

    def test_A64_a_password_from_the_history(self, world: World) -> None:
        policy = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 3}}
        client = world.pool(Policies=policy).client()
        client.signed_up()
        tokens = client.tokens()
        passwords = [PASSWORD, *(f"Battery-staple-{number}" for number in range(3))]
        for previous, proposed in pairwise(passwords):
            for used in passwords[: passwords.index(previous) + 1][-3:]:
                world.clock.advance(3600)
                tokens = client.tokens(client.by_password("ada", previous))
                error = tokens.error("ChangePassword", PreviousPassword=previous, ProposedPassword=used)
                assert isinstance(error, PasswordHistoryPolicyViolationException)
            tokens.call("ChangePassword", PreviousPassword=previous, ProposedPassword=proposed)
        world.clock.advance(3600)
        tokens = client.tokens(client.by_password("ada", passwords[-1]))
        # The fourth before is forgotten.
        tokens.call("ChangePassword", PreviousPassword=passwords[-1], ProposedPassword=PASSWORD)


class TestForgotten:
    def test_a_password_is_reset(self, client: ClientOf, world: World) -> None:
        assert forgot(client) == {
            "Destination": "a***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }
        assert world.outbox()[-1].purpose == "reset_password"
        tokens = client.tokens()
        reset(client, world.code())
        assert client.by_srp("ada", OTHER_PASSWORD)["AuthenticationResult"]
        assert tokens.error("GetUser").message == "Access Token has been revoked"

    def test_A15_a_code_that_is_used_expired_or_replaced(self, client: ClientOf, world: World) -> None:
        forgot(client)
        first = world.code()
        forgot(client)
        second = world.code()
        if first != second:
            assert isinstance(reset_refused(client, first), CodeMismatchException)
        reset(client, second)
        error = reset_refused(client, second)
        assert (type(error), error.message) == (
            ExpiredCodeException,
            "Invalid code provided, please request a code again.",
        )
        forgot(client)
        world.clock.advance(3600)
        assert isinstance(reset_refused(client, world.code()), ExpiredCodeException)
        world.clock.advance(-1800)
        assert isinstance(reset_refused(client, world.code()), ExpiredCodeException)

    def test_A16_a_reset_code_is_good_for_nothing_else(self, client: ClientOf, world: World) -> None:
        client.sign_up("eve", email="eve@example.com")
        sign_up_code = world.code()
        forgot(client)
        code = world.code()
        client.pool.change("ada", status=UserStatus.UNCONFIRMED)
        error = client.error("ConfirmSignUp", Username="ada", ConfirmationCode=code)
        assert isinstance(error, ExpiredCodeException)  # the code of the sign-up was used
        if code != sign_up_code:
            error = client.error("ConfirmSignUp", Username="eve", ConfirmationCode=code)
            assert isinstance(error, CodeMismatchException)
        error = reset_refused(client, code, username="eve")
        assert isinstance(error, ExpiredCodeException)

    def test_A17_2000_parallel_guesses(self, client: ClientOf, world: World) -> None:
        forgot(client)
        wrong = other_code(world.code())
        before = world.powers
        outcomes = together(2000, lambda _: reset(client, wrong))
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {CodeMismatchException: 20, LimitExceededException: 1980}
        assert world.powers == before
        error = reset_refused(client, world.code())
        assert error.message == "Attempt limit exceeded, please try after some time."

    def test_one_code_resets_once(self, client: ClientOf, world: World) -> None:
        forgot(client)
        code = world.code()
        outcomes = together(6, lambda number: reset(client, code, f"Battery-staple-{number}"), threads=6)
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {type(None): 1, ExpiredCodeException: 5}

    def test_a_weak_password_costs_no_attempt(self, client: ClientOf, world: World) -> None:
        forgot(client)
        for _ in range(30):
            assert isinstance(reset_refused(client, world.code(), "short"), InvalidPasswordException)
        reset(client, world.code())

    def test_A70_a_password_that_an_administrator_sets_kills_the_code(
        self, client: ClientOf, world: World
    ) -> None:
        forgot(client)
        code = world.code()
        client.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        error = reset_refused(client, code, "Quite-other-9")
        assert isinstance(error, ExpiredCodeException | CodeMismatchException)
        assert client.by_password("ada", OTHER_PASSWORD)["AuthenticationResult"]

    def test_A70_so_does_one_that_the_user_sets(self, tokens: Tokens, world: World) -> None:
        forgot(tokens.client)
        code = world.code()
        tokens.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)
        error = reset_refused(tokens.client, code, "Quite-other-9")
        assert isinstance(error, ExpiredCodeException | CodeMismatchException)

    def test_five_codes_an_hour(self, client: ClientOf) -> None:
        outcomes = together(20, lambda _: forgot(client))
        kinds = Counter(type(one) for one in outcomes)
        assert kinds == {dict: 5, LimitExceededException: 15}

    def test_a_reset_confirms_a_user_whose_password_was_to_be_reset(
        self, client: ClientOf, world: World
    ) -> None:
        client.pool.change("ada", status=UserStatus.RESET_REQUIRED)
        forgot(client)
        reset(client, world.code())
        assert client.pool.user("ada").status is UserStatus.CONFIRMED

    def test_who_cannot_reset(self, client: ClientOf, world: World) -> None:
        def refusal(username: str = "ada") -> tuple[type[ServiceError], str]:
            error = client.error("ForgotPassword", Username=username)
            return type(error), error.message

        assert refusal("nobody") == (UserNotFoundException, "Username/client id combination not found.")
        assert reset_refused(client, "123456", username="nobody").message == (
            "Username/client id combination not found."
        )
        client.pool.change("ada", status=UserStatus.FORCE_CHANGE_PASSWORD)
        assert refusal() == (
            NotAuthorizedException,
            "User password cannot be reset in the current state.",
        )
        client.pool.change("ada", status=UserStatus.CONFIRMED, enabled=False)
        assert refusal() == (NotAuthorizedException, "User is disabled.")
        client.pool.change("ada", enabled=True, attributes={"email": EMAIL, "email_verified": "false"})
        assert refusal() == (
            InvalidParameterException,
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        )

    def test_where_only_administrators_reset(self, world: World) -> None:
        only = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
        client = world.pool(AccountRecoverySetting=only).client()
        client.signed_up()
        error = client.error("ForgotPassword", Username="ada")
        assert (type(error), error.message) == (
            NotAuthorizedException,
            "Contact administrator to reset password.",
        )

    def test_a_user_who_is_disabled_or_deleted_between_code_and_reset(
        self, client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make = passwords.make_record
        forgot(client)
        code = world.code()

        def disable(*args: object, **more: object) -> object:
            client.pool.change("ada", enabled=False)
            return make(*args, **more)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(password, "make_record", disable)
            assert reset_refused(client, code).message == "User is disabled."
        client.pool.change("ada", enabled=True)

        def delete(*args: object, **more: object) -> object:
            client.pool.admin("AdminDeleteUser", Username="ada")
            return make(*args, **more)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(password, "make_record", delete)
            assert isinstance(reset_refused(client, code), ExpiredCodeException)


class TestHidden:
    """A24: where the client hides which users exist."""

    @pytest.fixture
    def hiding(self, client: ClientOf) -> ClientOf:
        return client.pool.client(PreventUserExistenceErrors="ENABLED")

    @pytest.mark.parametrize(
        ("name", "destination", "medium"),
        [("nobody@example.net", "n***@e***", "EMAIL"), ("+15555550100", "+*******0100", "SMS")],
    )
    def test_A24_a_simulated_delivery(
        self, hiding: ClientOf, world: World, name: str, destination: str, medium: str
    ) -> None:
        before = len(world.outbox())
        details = forgot(hiding, name)
        assert (details["Destination"], details["DeliveryMedium"]) == (destination, medium)
        assert len(world.outbox()) == before

    def test_A24_a_plain_name_has_a_stable_destination(self, hiding: ClientOf) -> None:
        assert forgot(hiding, "nobody") == forgot(hiding, "nobody")
        assert set(forgot(hiding, "nobody")) == set(forgot(hiding, "ada"))

    def test_A24_the_same_refusals(self, hiding: ClientOf, world: World) -> None:
        """Without a code asked for: expired. With one: mismatch. The same for both."""
        world.clock.advance(86400)  # the code of the sign-up is no more
        for name in ("ada", "nobody"):
            assert isinstance(reset_refused(hiding, "123456", username=name), ExpiredCodeException)
        for name in ("ada", "nobody"):
            forgot(hiding, name)
        wrong = other_code(world.code())
        for name in ("ada", "nobody"):
            assert isinstance(reset_refused(hiding, wrong, username=name), CodeMismatchException)
        limits = [
            sum(
                isinstance(reset_refused(hiding, wrong, username=name), CodeMismatchException)
                for _ in range(25)
            )
            for name in ("ada", "nobody")
        ]
        assert limits == [18, 18]
        world.clock.advance(3600)
        for name in ("ada", "nobody"):
            assert isinstance(reset_refused(hiding, wrong, username=name), ExpiredCodeException)

    def test_A24_as_many_writes(self, hiding: ClientOf, world: World) -> None:
        known = world.counted(lambda: forgot(hiding, "ada"))[1]
        unknown = world.counted(lambda: forgot(hiding, "nobody"))[1]
        assert (known["read"], known["write"]) == (unknown["read"], unknown["write"])
        wrong = other_code(world.code())
        assert world.counted(lambda: reset_refused(hiding, wrong, username="ada")) == world.counted(
            lambda: reset_refused(hiding, wrong, username="nobody")
        )

    @pytest.mark.parametrize(
        "changes",
        [{"enabled": False}, {"attributes": {"email": EMAIL, "email_verified": "false"}}],
        ids=["disabled", "unverified"],
    )
    def test_who_gets_no_code_seems_to_get_one(
        self, hiding: ClientOf, world: World, changes: dict[str, object]
    ) -> None:
        hiding.pool.change("ada", **changes)
        before = len(world.outbox())
        assert set(forgot(hiding)) == {"Destination", "DeliveryMedium", "AttributeName"}
        assert len(world.outbox()) == before
        assert isinstance(reset_refused(hiding, "123456"), CodeMismatchException)


def test_recovery_prefers_the_pools_first_channel_and_spares_the_second_factor(world: World) -> None:
    both = {
        "RecoveryMechanisms": [
            {"Name": "verified_email", "Priority": 1},
            {"Name": "verified_phone_number", "Priority": 2},
        ]
    }
    mfa = {"EmailMfaConfiguration": {}, "MfaConfiguration": "OPTIONAL"}
    client = world.pool(AccountRecoverySetting=both, mfa=mfa).client()
    client.signed_up("ada", email=EMAIL, phone_number=PHONE)
    verified = {
        "email": EMAIL,
        "email_verified": "true",
        "phone_number": PHONE,
        "phone_number_verified": "true",
    }
    client.pool.change("ada", attributes=verified)
    assert forgot(client)["AttributeName"] == "email"
    client.tokens().call("SetUserMFAPreference", EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert forgot(client)["AttributeName"] == "phone_number"


def test_T01_codes_are_uniform_and_keep_their_leading_zeros() -> None:
    codes = [new_code(os.urandom(RANDOM_BYTES)) for _ in range(20_000)]
    assert {len(code) for code in codes} == {6}
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        # Chi-square with 9 degrees of freedom: above 40 once in 100,000 runs.
        assert sum((count - 2000) ** 2 / 2000 for count in counts.values()) < 50
        assert len(counts) == 10
    assert len(set(codes)) > 19_000


def test_T02_reset_codes_are_kept_as_keyed_hashes(client: ClientOf, world: World) -> None:
    forgot(client)
    sub = client.pool.user("ada").sub
    code = world.service.context.store.read(
        lambda reader: reader.code(client.pool.id, sub, CodePurpose.RESET_PASSWORD, "email")
    )
    assert code is not None
    assert len(code.hash) == 32
    assert pairs({"a": world.code()})[0]["Value"].encode() not in code.hash
