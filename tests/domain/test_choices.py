"""First factors to choose among, codes that stand alone, custom challenges: what is decided about them."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.challenges import NEXT
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    InvalidParameterException,
    NotAuthorizedException,
)
from userpool.service.domain.attributes import is_email, is_phone_number
from userpool.service.domain.codes import simulated_address
from userpool.service.domain.custom_auth import (
    MAX_ROUNDS,
    CustomChallenge,
    Next,
    Round,
    decide,
    rounds_of,
    rounds_text,
)
from userpool.service.domain.existence import ghost, stand_in
from userpool.service.domain.factors.choices import (
    FIRST_FACTORS,
    available,
    check_reachable,
    passwordless,
)
from userpool.service.domain.factors.second import Ask, after_code_alone
from userpool.service.domain.factors.sent import after_first_code
from userpool.service.domain.records import AppClient, PasswordRecord, Pool, Totp, User, UserStatus
from userpool.service.domain.settings import ClientSettings, PoolSettings

EMAIL, PHONE = "ada@example.com", "+15555550123"
PASSWORD = PasswordRecord(b"salt", b"verifier", 0.0)
PASSWORDS = ("PASSWORD_SRP", "PASSWORD")
STEP = ChallengeNameType
SMS = {"SmsConfiguration": {"SnsCallerArn": "arn"}}
APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
MAIL: dict[str, Any] = {"EmailMfaConfiguration": {}}


def pool(*factors: str, **stored: Any) -> PoolSettings:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}
    return PoolSettings(Pool("us-east-1_aaaaaaaaa", "pool", {"Policies": policies, **stored}, 0.0, 0.0))


def client(*flows: str) -> ClientSettings:
    stored = {"ExplicitAuthFlows": list(flows)}
    return ClientSettings(AppClient("client", "us-east-1_aaaaaaaaa", "app", stored, (), 0.0, 0.0))


def user(**changes: Any) -> User:
    attributes = {"sub": "sub", "email": EMAIL, "phone_number": PHONE}
    made = User(
        "us-east-1_aaaaaaaaa", "sub", "ada", UserStatus.CONFIRMED, True, attributes, 0.0, 0.0, PASSWORD
    )
    return replace(made, **changes)


def keyed(label: str, data: bytes) -> bytes:
    return hmac.digest(label.encode(), data, "sha256")


class TestAvailable:
    @given(
        st.lists(st.sampled_from(["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]), unique=True),
        st.sampled_from(UserStatus),
        st.sampled_from(["OFF", "OPTIONAL", "ON"]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    def test_there_is_always_a_way(
        self, factors: list[str], status: UserStatus, mode: str, has: bool, passkeys: bool, app: bool
    ) -> None:
        settings = pool(*factors, MfaConfiguration=mode, **APP)
        ada = user(
            status=status,
            password=PASSWORD if has else None,
            totp=Totp(b"", verified=True) if app else None,
            mfa_enabled=frozenset({"SOFTWARE_TOKEN_MFA"} if app else ()),
        )
        offered = available(settings, ada, passkeys=passkeys)
        assert offered
        assert list(offered) == [one for one in FIRST_FACTORS if one in offered]
        assert set(PASSWORDS) <= set(offered) or not has
        codes = {"EMAIL_OTP", "SMS_OTP"} & set(offered)
        assert codes <= set(factors)
        if mode == "ON" or (mode == "OPTIONAL" and app) or status is UserStatus.FORCE_CHANGE_PASSWORD:
            assert not codes
        # The table of legal order knows each of them.
        assert set(offered) <= NEXT["USER_AUTH"]

    def test_an_address_is_needed(self) -> None:
        settings = pool("PASSWORD", "EMAIL_OTP", "SMS_OTP")
        assert available(settings, user(attributes={"email": EMAIL})) == (*PASSWORDS, "EMAIL_OTP")
        assert available(settings, user(attributes={})) == PASSWORDS

    def test_doing_without_a_password(self) -> None:
        assert not passwordless(pool())
        assert not passwordless(pool("PASSWORD", "WEB_AUTHN"))
        settings = pool("PASSWORD", "EMAIL_OTP", AutoVerifiedAttributes=["email", "phone_number"])
        assert passwordless(settings)
        check_reachable(settings, client("ALLOW_USER_AUTH"), {"email": EMAIL})
        for attributes in ({}, {"phone_number": PHONE}, {"email": ""}):
            with pytest.raises(InvalidParameterException, match="email"):
                check_reachable(settings, client("ALLOW_USER_AUTH"), attributes)

    @pytest.mark.parametrize(
        ("settings", "flow"),
        [
            (pool(AutoVerifiedAttributes=["email"]), "ALLOW_USER_AUTH"),
            (pool("PASSWORD", "EMAIL_OTP"), "ALLOW_USER_AUTH"),
            (pool("PASSWORD", "EMAIL_OTP", AutoVerifiedAttributes=["phone_number"]), "ALLOW_USER_AUTH"),
            (pool("PASSWORD", "EMAIL_OTP", AutoVerifiedAttributes=["email"]), "ALLOW_USER_SRP_AUTH"),
        ],
    )
    def test_where_a_password_is_needed(self, settings: PoolSettings, flow: str) -> None:
        with pytest.raises(InvalidParameterException, match="Missing required parameter Password"):
            check_reachable(settings, client(flow), {"email": EMAIL})


class TestAfterACodeAlone:
    """A second factor became due while a code that took the password's place was on its way."""

    APP_TOO: Any = {"totp": Totp(b"", verified=True)}

    @pytest.mark.parametrize(
        ("enabled", "attribute", "expected"),
        [
            ((), "email", None),
            (("SOFTWARE_TOKEN_MFA",), "email", Ask(STEP.SOFTWARE_TOKEN_MFA)),
            (("EMAIL_OTP", "SOFTWARE_TOKEN_MFA"), "email", Ask(STEP.SOFTWARE_TOKEN_MFA)),
            (("EMAIL_OTP", "SMS_MFA"), "phone_number", Ask(STEP.EMAIL_OTP)),
        ],
    )
    def test_what_is_left(self, enabled: tuple[str, ...], attribute: str, expected: Ask | None) -> None:
        settings = pool(MfaConfiguration="OPTIONAL", **SMS, **APP, **MAIL)
        ada = user(mfa_enabled=frozenset(enabled), **self.APP_TOO)
        assert after_code_alone(settings, ada, attribute) == expected

    def test_a_choice_that_is_left(self) -> None:
        settings = pool(MfaConfiguration="OPTIONAL", **SMS, **APP, **MAIL)
        ada = user(mfa_enabled=frozenset({"EMAIL_OTP", "SMS_MFA", "SOFTWARE_TOKEN_MFA"}), **self.APP_TOO)
        ask = after_code_alone(settings, ada, "email")
        assert ask == Ask(STEP.SELECT_MFA_TYPE, ("SMS_MFA", "SOFTWARE_TOKEN_MFA"))  # type: ignore[arg-type]  # equal texts

    def test_what_may_be_set_up(self) -> None:
        settings = pool(MfaConfiguration="ON", **APP, **MAIL)
        ada = user(attributes={"phone_number": PHONE})
        ask = after_code_alone(settings, ada, "phone_number")
        assert ask is not None
        assert (ask.challenge, set(ask.choices)) == (STEP.MFA_SETUP, {"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"})
        ask = after_code_alone(settings, ada, "email")
        assert ask is not None
        assert (ask.challenge, ask.choices) == (STEP.MFA_SETUP, ("SOFTWARE_TOKEN_MFA",))

    @pytest.mark.parametrize("preferred", [None, "EMAIL_OTP"])
    def test_nothing_is_left(self, preferred: str | None) -> None:
        settings = pool(MfaConfiguration="OPTIONAL", **MAIL)
        ada = user(mfa_enabled=frozenset({"EMAIL_OTP"}), mfa_preferred=preferred)
        with pytest.raises(NotAuthorizedException):
            after_code_alone(settings, ada, "email")


class TestAfterAFirstCode:
    def test_it_confirms_and_verifies(self) -> None:
        changed = after_first_code(user(status=UserStatus.UNCONFIRMED), "email", 9.0)
        assert changed is not None
        assert (changed.status, changed.modified_at) == (UserStatus.CONFIRMED, 9.0)
        assert changed.attributes["email_verified"] == "true"
        assert "phone_number_verified" not in changed.attributes

    def test_it_leaves_other_states(self) -> None:
        changed = after_first_code(user(status=UserStatus.RESET_REQUIRED), "phone_number", 9.0)
        assert changed is not None
        assert changed.status is UserStatus.RESET_REQUIRED

    def test_where_the_address_cannot_be_the_users(self) -> None:
        changed = after_first_code(user(status=UserStatus.UNCONFIRMED), "email", 9.0, verifies=False)
        assert changed is not None
        assert "email_verified" not in changed.attributes
        assert after_first_code(user(), "email", 9.0, verifies=False) is None

    def test_nothing_new(self) -> None:
        known = user(attributes={"email": EMAIL, "email_verified": "true"})
        assert after_first_code(known, "email", 9.0) is None


class TestStandIn:
    @given(st.text(min_size=1, max_size=30))
    def test_a_record_of_nobody(self, name: str) -> None:
        settings = pool("PASSWORD", "EMAIL_OTP", "SMS_OTP")
        made = stand_in(settings, name, keyed)
        assert made == stand_in(settings, name, keyed)
        assert (made.sub, made.username) == (
            ghost(settings, name, keyed).sub,
            ghost(settings, name, keyed).username,
        )
        assert len(available(settings, made)) == 4

    @given(st.binary(min_size=6, max_size=32), st.text(max_size=20))
    def test_an_address_of_nobody(self, material: bytes, name: str) -> None:
        phone = simulated_address("phone_number", name, material)
        assert is_phone_number(phone)
        assert simulated_address("email", name, material).count("@") >= 1
        assert simulated_address("phone_number", PHONE, material) == PHONE
        assert is_email(simulated_address("email", EMAIL, material))


rounds = st.builds(Round, st.text(max_size=20), st.booleans(), st.none() | st.text(max_size=20))


class TestCustom:
    @given(st.lists(rounds, max_size=MAX_ROUNDS))
    def test_rounds_come_back_as_they_went(self, given: list[Round]) -> None:
        assert list(rounds_of(rounds_text(given))) == given

    def test_the_form_of_a_round(self) -> None:
        assert Round("CUSTOM_CHALLENGE", False, "x").shown() == {
            "challengeName": "CUSTOM_CHALLENGE",
            "challengeResult": False,
            "challengeMetadata": "x",
        }

    @pytest.mark.parametrize(
        ("wanted", "issue", "password", "expected"),
        [
            ("CUSTOM_CHALLENGE", False, False, Next.CHALLENGE),
            ("CUSTOM_CHALLENGE", True, False, Next.TOKENS),
            (None, True, False, Next.TOKENS),
            ("PASSWORD_VERIFIER", False, True, Next.PASSWORD),
        ],
    )
    def test_what_comes_next(self, wanted: str | None, issue: bool, password: bool, expected: Next) -> None:
        assert decide([], wanted, issue=issue, fail=False, password=password) is expected

    @pytest.mark.parametrize("wanted", [None, "", "SMS_MFA", "PASSWORD_VERIFIER", "TOKENS"])
    def test_what_cannot_come(self, wanted: str | None) -> None:
        with pytest.raises(InvalidLambdaResponseException):
            decide([], wanted, issue=False, fail=False, password=False)

    def test_giving_up(self) -> None:
        with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
            decide([], "CUSTOM_CHALLENGE", issue=True, fail=True, password=True)

    def test_too_many_rounds(self) -> None:
        many = [Round("CUSTOM_CHALLENGE", True)] * MAX_ROUNDS
        assert decide(many[1:], None, issue=True, fail=False, password=False) is Next.TOKENS
        with pytest.raises(NotAuthorizedException):
            decide(many, None, issue=True, fail=False, password=False)

    def test_what_does_not_print(self) -> None:
        made = CustomChallenge({"a": "public"}, {"answer": "s3cret"}, "s3cret")
        assert "s3cret" not in repr(made)
        assert "s3cret" not in repr(Ask(STEP.CUSTOM_CHALLENGE, custom=made))
        assert "s3cret" not in repr(Round("x", True, "s3cret"))
