"""Which second factor is asked for: the rules, and what holds for every pool and user."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest

from userpool.protocol.errors import (
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    InvalidUserPoolConfigurationException,
)
from userpool.protocol.totp import code, new_secret
from userpool.service.domain.factors import totp
from userpool.service.domain.factors.preference import Wish, prefer
from userpool.service.domain.factors.second import ATTRIBUTE, Ask, second_factor, usable
from userpool.service.domain.factors.sent import after_code
from userpool.service.domain.records import Pool, Totp, User, UserStatus
from userpool.service.domain.settings import MfaMethod, MfaMode, PoolSettings

SMS, TOTP, EMAIL = MfaMethod.SMS, MfaMethod.TOTP, MfaMethod.EMAIL
ALL = (SMS, TOTP, EMAIL)
ADDRESSES = {"email": "ada@example.com", "phone_number": "+15555550123"}
VERIFIED = Totp(b"", verified=True)


def pool(mode: str, methods: tuple[MfaMethod, ...] = ALL, recovery: str | None = None) -> PoolSettings:
    settings: dict[str, Any] = {"MfaConfiguration": mode}
    if SMS in methods:
        settings["SmsMfaConfiguration"] = {"SmsAuthenticationMessage": "{####}"}
    if TOTP in methods:
        settings["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if EMAIL in methods:
        settings["EmailMfaConfiguration"] = {}
    if recovery:
        settings["AccountRecoverySetting"] = {"RecoveryMechanisms": [{"Name": recovery, "Priority": 1}]}
    return PoolSettings(Pool("us-east-1_aaaaaaaaa", "pool", settings, 0.0, 0.0))


def user(
    *enabled: MfaMethod,
    attributes: tuple[str, ...] = (),
    app: bool = False,
    preferred: MfaMethod | None = None,
) -> User:
    return User(
        pool_id="us-east-1_aaaaaaaaa",
        sub="sub",
        username="ada",
        status=UserStatus.CONFIRMED,
        enabled=True,
        attributes={name: ADDRESSES[name] for name in attributes},
        created_at=0.0,
        modified_at=0.0,
        totp=VERIFIED if app else None,
        mfa_enabled=frozenset(enabled),
        mfa_preferred=preferred,
    )


def asked(settings: PoolSettings, one: User) -> tuple[str, tuple[MfaMethod, ...]] | None:
    ask = second_factor(settings, one)
    return None if ask is None else (ask.challenge, ask.choices)


BOTH = ("email", "phone_number")


@pytest.mark.parametrize(
    ("settings", "one", "expected"),
    [
        # Rule 1: no MFA, or optional and nothing switched on.
        (pool("OFF"), user(TOTP, app=True, preferred=TOTP), None),
        (pool("OPTIONAL"), user(attributes=BOTH, app=True), None),
        (pool("OPTIONAL"), user(TOTP, app=True), ("SOFTWARE_TOKEN_MFA", ())),
        # Rule 2: what is preferred.
        (pool("OPTIONAL"), user(*ALL, attributes=BOTH, app=True, preferred=EMAIL), ("EMAIL_OTP", ())),
        (pool("ON"), user(*ALL, attributes=BOTH, app=True, preferred=SMS), ("SMS_MFA", ())),
        # A preference that cannot be met any more gives way to the others.
        (pool("ON"), user(SMS, TOTP, app=True, preferred=SMS), ("SOFTWARE_TOKEN_MFA", ())),
        # Rule 3: an app, and addresses besides.
        (pool("ON"), user(app=True), ("SOFTWARE_TOKEN_MFA", ())),
        (pool("ON"), user(app=True, attributes=("email",)), ("SELECT_MFA_TYPE", (TOTP, EMAIL))),
        (
            pool("ON", recovery="verified_email"),
            user(app=True, attributes=("email",)),
            ("SOFTWARE_TOKEN_MFA", ()),
        ),
        # Rule 4: one address.
        (pool("ON"), user(attributes=("email",)), ("EMAIL_OTP", ())),
        (pool("ON"), user(attributes=("phone_number",)), ("SMS_MFA", ())),
        (pool("ON", (TOTP,)), user(attributes=("email",)), ("MFA_SETUP", (TOTP,))),
        (pool("ON", recovery="verified_email"), user(attributes=("email",)), ("MFA_SETUP", (SMS, TOTP))),
        # Rule 5: both.
        (pool("ON"), user(attributes=BOTH), ("SELECT_MFA_TYPE", (SMS, EMAIL))),
        (pool("ON", (SMS, TOTP)), user(attributes=BOTH), ("SMS_MFA", ())),
        (pool("ON", recovery="verified_phone_number"), user(attributes=BOTH), ("EMAIL_OTP", ())),
        # Rule 6: nothing at all.
        (pool("ON"), user(), ("MFA_SETUP", ALL)),
        (pool("ON", recovery="verified_email"), user(), ("MFA_SETUP", (SMS, TOTP))),
        # An app that was registered works on when the pool has none any more.
        (pool("ON", (SMS,)), user(TOTP, app=True), ("SOFTWARE_TOKEN_MFA", ())),
    ],
)
def test_the_rules(
    settings: PoolSettings, one: User, expected: tuple[str, tuple[MfaMethod, ...]] | None
) -> None:
    assert asked(settings, one) == expected


def subsets(items: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return [chosen for size in range(len(items) + 1) for chosen in combinations(items, size)]


def test_what_holds_for_every_pool_and_user() -> None:
    for mode, methods, recovery in product(
        MfaMode, subsets(ALL), (None, "verified_email", "verified_phone_number")
    ):
        settings = pool(mode, methods, recovery)
        for attributes, app, enabled in product(subsets(BOTH), (False, True), subsets(ALL)):
            for preferred in (None, *enabled):
                _check(settings, user(*enabled, attributes=attributes, app=app, preferred=preferred))


def _check(settings: PoolSettings, one: User) -> None:
    try:
        ask = second_factor(settings, one)
    except InvalidUserPoolConfigurationException:
        assert settings.mfa is MfaMode.ON
        return
    active = [method for method in ALL if method in one.mfa_enabled and usable(settings, one, method)]
    if ask is None:
        # Nobody gets by without a factor that they have switched on, or that the pool requires.
        assert settings.mfa is MfaMode.OFF or (settings.mfa is MfaMode.OPTIONAL and not active)
        return
    if one.mfa_preferred in active:
        assert ask.challenge == one.mfa_preferred
    match ask.challenge:
        case "MFA_SETUP":
            assert not active
            assert ask.choices
            assert set(ask.choices) <= settings.mfa_methods
        case "SELECT_MFA_TYPE":
            assert len(ask.choices) > 1
            assert all(usable(settings, one, method) for method in ask.choices)
        case _:
            assert usable(settings, one, MfaMethod(ask.challenge))


def test_an_address_is_hidden_in_print() -> None:
    assert "ada" not in repr(Ask(challenge="EMAIL_OTP", to="ada@example.com"))  # type: ignore[arg-type]


class TestPreference:
    def test_a_method_that_the_pool_has_not(self) -> None:
        settings = pool("OPTIONAL", (TOTP,))
        with pytest.raises(InvalidParameterException, match="EMAIL_OTP is not enabled for the user pool"):
            prefer(settings, user(attributes=("email",)), [Wish(EMAIL, enabled=True, preferred=False)])

    def test_what_no_wish_names_stays(self) -> None:
        one = user(TOTP, app=True, preferred=TOTP, attributes=("email",))
        after = prefer(pool("OPTIONAL"), one, [Wish(EMAIL, enabled=True, preferred=False)])
        assert (after.mfa_enabled, after.mfa_preferred) == (frozenset({TOTP, EMAIL}), TOTP)

    def test_no_preference_any_more(self) -> None:
        one = user(TOTP, app=True, preferred=TOTP)
        after = prefer(pool("OPTIONAL"), one, [Wish(TOTP, enabled=True, preferred=False)])
        assert (after.mfa_enabled, after.mfa_preferred) == (frozenset({TOTP}), None)

    @pytest.mark.parametrize("method", ATTRIBUTE)
    def test_without_an_address(self, method: MfaMethod) -> None:
        with pytest.raises(InvalidParameterException, match=f"to turn on {method}"):
            prefer(pool("OPTIONAL"), user(), [Wish(method, enabled=True, preferred=True)])


class TestApp:
    SECRET = new_secret(bytes(range(20)))

    def test_T03_steps_only_go_forward(self) -> None:
        record = totp.registered(b"seed", 100, "phone")
        assert (record.verified, record.last_step, record.friendly_name) == (True, 100, "phone")
        at = 1001 * 30.0
        after = totp.accept(record, self.SECRET, code(self.SECRET, at), at)
        assert after.last_step == 1001
        with pytest.raises(ExpiredCodeException):
            totp.accept(after, self.SECRET, code(self.SECRET, at), at)
        # The clock goes back by an hour: what was used stays used.
        earlier = at - 3600
        with pytest.raises(ExpiredCodeException):
            totp.accept(after, self.SECRET, code(self.SECRET, earlier), earlier)

    def test_a_wrong_code(self) -> None:
        with pytest.raises(CodeMismatchException):
            totp.accept(totp.registered(b"", 0, None), self.SECRET, "12345x", 3000.0)

    def test_a_new_app_waits_beside_the_one_that_works(self) -> None:
        fresh = totp.associated(None, b"new")
        assert (fresh.verified, fresh.pending) == (False, b"new")
        assert totp.associated(fresh, b"newer").pending == b"newer"
        working = totp.registered(b"old", 7, None)
        beside = totp.associated(working, b"new")
        assert (beside.sealed_secret, beside.verified, beside.pending) == (b"old", True, b"new")


def test_a_sent_code_proves_the_address_that_it_went_to() -> None:
    one = user(attributes=("email",))
    data = {"attribute": "email", "to": ADDRESSES["email"]}
    proved = after_code(one, data, 5.0)
    assert proved is not None
    assert proved.attributes["email_verified"] == "true"
    assert after_code(proved, data, 6.0) is None
    assert after_code(one, {**data, "to": "eve@example.com"}, 5.0) is None
    set_up = after_code(user(), {**data, "setup": "yes"}, 5.0)
    assert set_up is not None
    assert (set_up.attributes["email"], set_up.mfa_enabled) == (ADDRESSES["email"], frozenset({EMAIL}))
