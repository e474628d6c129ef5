"""Passkeys as factors: who may use one, what follows, what its use changes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from userpool.protocol.errors import (
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    WebAuthnConfigurationMissingException,
    WebAuthnNotEnabledException,
)
from userpool.service.domain.ceremony import AuthenticatorData
from userpool.service.domain.factors.passkey import (
    MAX_PASSKEYS,
    after_passkey,
    check_removable,
    check_room,
    counts_twice,
    is_offered,
    needs_verification,
    relying_party,
    seeming,
    usable,
    used,
    with_passkeys,
)
from userpool.service.domain.passkey_names import friendly_name
from userpool.service.domain.records import Passkey, PasswordRecord, Pool, Totp, User, UserStatus
from userpool.service.domain.settings import PoolSettings

RP = "auth.example.com"
TWICE = "MULTI_FACTOR_WITH_USER_VERIFICATION"
PASSKEY = Passkey(
    "us-east-1_aaaaaaaaa", "sub", b"id", b"key", 5, "Passkey", RP, None, (), "", False, False, 0.0
)
TOLD = AuthenticatorData(b"", True, True, False, False, 6)
FIRST_FACTORS = ("PASSWORD", "WEB_AUTHN")


def pool(mode: str = "OFF", *, factors: tuple[str, ...] = FIRST_FACTORS, **web_authn: str) -> PoolSettings:
    settings: dict[str, Any] = {
        "MfaConfiguration": mode,
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}},
        "WebAuthnConfiguration": {"RelyingPartyId": RP, **web_authn},
    }
    return PoolSettings(Pool(PASSKEY.pool_id, "pool", settings, 0.0, 0.0))


def user(*, app: bool = False, passkey_mfa: bool = False, **changes: Any) -> User:
    enabled = {"SOFTWARE_TOKEN_MFA"} if app else set()
    values: dict[str, Any] = {
        "pool_id": PASSKEY.pool_id,
        "sub": "sub",
        "username": "ada",
        "status": UserStatus.CONFIRMED,
        "enabled": True,
        "attributes": {},
        "created_at": 0.0,
        "modified_at": 0.0,
        "password": PasswordRecord(b"salt", b"", 0.0),
        "totp": Totp(b"", verified=True) if app else None,
        "mfa_enabled": frozenset(enabled | ({"WEB_AUTHN"} if passkey_mfa else set())),
    }
    return User(**{**values, **changes})


def keyed(label: str, data: bytes) -> bytes:
    return hmac.digest(label.encode(), data, hashlib.sha256)


@pytest.mark.parametrize(
    ("mode", "app", "passkey_mfa", "configuration", "offered"),
    [
        ("OFF", False, False, "SINGLE_FACTOR", True),
        ("OFF", True, False, "SINGLE_FACTOR", True),
        ("OPTIONAL", False, False, "SINGLE_FACTOR", True),
        ("OPTIONAL", True, False, "SINGLE_FACTOR", False),
        ("OPTIONAL", True, True, "SINGLE_FACTOR", False),
        ("ON", False, False, "SINGLE_FACTOR", False),
        ("ON", True, True, "SINGLE_FACTOR", False),
        ("OPTIONAL", True, False, TWICE, False),
        ("OPTIONAL", True, True, TWICE, True),
        ("ON", True, True, TWICE, True),
        ("ON", True, False, TWICE, False),
    ],
)
def test_the_table_of_passwordless_sign_in_and_mfa(
    mode: str, app: bool, passkey_mfa: bool, configuration: str, offered: bool
) -> None:
    settings = pool(mode, FactorConfiguration=configuration)
    assert is_offered(settings, user(app=app, passkey_mfa=passkey_mfa), [PASSKEY]) is offered


def test_whoever_is_offered_a_passkey_is_asked_for_nothing_after_it() -> None:
    both = (False, True)
    for mode, app, passkey_mfa, twice in product(("OFF", "OPTIONAL", "ON"), both, both, both):
        settings = pool(mode, FactorConfiguration=TWICE if twice else "SINGLE_FACTOR")
        person = user(app=app, passkey_mfa=passkey_mfa)
        if is_offered(settings, person, [PASSKEY]):
            verified = needs_verification(settings, person)
            assert after_passkey(settings, person, verified=verified) is None
        elif mode != "OFF" and app:
            ask = after_passkey(settings, person, verified=False)
            assert ask is not None
            assert ask.challenge == "SOFTWARE_TOKEN_MFA"


def test_a_passkey_of_another_relying_party_or_pool_without_passkeys_is_no_use() -> None:
    assert usable(pool(), [PASSKEY]) == (PASSKEY,)
    assert usable(pool(), [replace(PASSKEY, rp_id="example.com")]) == ()
    assert usable(pool(factors=("PASSWORD",)), [PASSKEY]) == ()
    assert not is_offered(pool(), user(), [])
    assert not is_offered(pool(), user(status=UserStatus.FORCE_CHANGE_PASSWORD), [PASSKEY])


def test_a10_what_does_not_verify_its_user_counts_once() -> None:
    settings, person = pool("ON", FactorConfiguration=TWICE), user(app=True, passkey_mfa=True)
    assert counts_twice(settings, person)
    ask = after_passkey(settings, person, verified=False)
    assert ask is not None
    assert ask.challenge == "SOFTWARE_TOKEN_MFA"
    assert after_passkey(settings, person, verified=True) is None


def test_verification_is_needed_where_the_pool_or_mfa_wants_it() -> None:
    assert not needs_verification(pool(), user())
    assert needs_verification(pool(UserVerification="required"), user())
    assert needs_verification(pool("ON", FactorConfiguration=TWICE), user(passkey_mfa=True))


def test_a09_a_temporary_password_and_a_disabled_user() -> None:
    ask = after_passkey(pool(), user(status=UserStatus.FORCE_CHANGE_PASSWORD), verified=True)
    assert ask is not None
    assert ask.challenge == "NEW_PASSWORD_REQUIRED"
    with pytest.raises(NotAuthorizedException, match="disabled"):
        after_passkey(pool(), user(enabled=False), verified=True)


def test_the_relying_party_of_a_pool() -> None:
    assert relying_party(pool()) == RP
    with pytest.raises(WebAuthnNotEnabledException):
        relying_party(pool(factors=("PASSWORD",)))
    with pytest.raises(WebAuthnConfigurationMissingException):
        relying_party(pool(RelyingPartyId=""))


@pytest.mark.parametrize(
    ("stored", "told", "right"),
    [
        (0, 0, True),
        (0, 1, True),
        (5, 6, True),
        (5, 2**32 - 1, True),
        (5, 5, False),
        (5, 4, False),
        (5, 0, False),
    ],
)
def test_p09_the_counter_grows_or_there_is_none(stored: int, told: int, right: bool) -> None:
    after = used(replace(PASSKEY, sign_count=stored), replace(TOLD, sign_count=told))
    assert after == (replace(PASSKEY, sign_count=told) if right else None)


def test_p07_whether_it_can_be_backed_up_never_changes() -> None:
    assert used(PASSKEY, replace(TOLD, backup_eligible=True)) is None
    synced = replace(PASSKEY, backup_eligible=True)
    assert used(synced, TOLD) is None
    after = used(synced, replace(TOLD, backup_eligible=True, backed_up=True))
    assert after is not None
    assert after.backed_up


def test_a_user_has_so_many_passkeys() -> None:
    check_room([PASSKEY] * (MAX_PASSKEYS - 1))
    with pytest.raises(LimitExceededException, match="20"):
        check_room([PASSKEY] * MAX_PASSKEYS)


@pytest.mark.parametrize(
    ("settings", "changes", "left"),
    [
        (pool(), {"password": PasswordRecord(b"", b"", 0.0)}, []),
        (pool(), {}, [PASSKEY]),
        (pool(factors=("PASSWORD", "EMAIL_OTP")), {"attributes": {"email": "a@b.example"}}, []),
        (pool(factors=("PASSWORD", "SMS_OTP")), {"attributes": {"phone_number": "+15555550123"}}, []),
        (pool(), {"attributes": {"email": "a@b.example", "email_verified": "true"}}, []),
    ],
)
def test_p17_what_leaves_another_way_in_may_go(
    settings: PoolSettings, changes: dict[str, Any], left: list[Passkey]
) -> None:
    check_removable(settings, user(**{"password": None, **changes}), left)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, []),
        ({}, [replace(PASSKEY, rp_id="example.com")]),
        ({"attributes": {"email": "a@b.example"}}, []),
        ({"attributes": {"email_verified": "true"}}, []),
    ],
)
def test_p17_the_last_way_in_stays(changes: dict[str, Any], left: list[Passkey]) -> None:
    with pytest.raises(InvalidParameterException, match="only way in"):
        check_removable(pool(), user(**{"password": None, **changes}), left)


def test_p18_unknown_users_seem_to_have_one_passkey_or_none() -> None:
    found = {sub: seeming(pool(), sub, keyed) for sub in map(str, range(64))}
    assert found == {sub: seeming(pool(), sub, keyed) for sub in found}
    having = [passkeys[0] for passkeys in found.values() if passkeys]
    assert 16 < len(having) < 48
    assert {len(one.credential_id) for one in having} == {16, 20, 32}
    assert len({one.credential_id for one in having}) == len(having)
    assert usable(pool(), having) == tuple(having)
    elsewhere = PoolSettings(replace(pool().pool, id="us-east-1_bbbbbbbbb"))
    assert [seeming(elsewhere, sub, keyed) for sub in found] != list(found.values())


def test_p18_an_unknown_user_is_offered_what_it_seems_to_have() -> None:
    for settings in (pool(), pool("ON", FactorConfiguration=TWICE)):
        assert is_offered(settings, with_passkeys(user(), [PASSKEY]), [PASSKEY])
        assert not is_offered(settings, with_passkeys(user(), []), [])


@pytest.mark.parametrize(
    ("aaguid", "attachment", "transports", "taken", "name"),
    [
        ("fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "platform", ["internal"], [], "Apple Passwords"),
        ("fbfc3007-154e-4ecc-8c0b-6e020557d7bd", None, [], ["Apple Passwords"], "Apple Passwords 2"),
        ("", "cross-platform", ["usb", "nfc"], [], "Security key"),
        ("", "cross-platform", ["usb"], ["Security key", "Security key 2"], "Security key 3"),
        ("", "cross-platform", ["hybrid", "usb"], [], "Passkey"),
        ("", "platform", ["internal"], [], "Passkey of this device"),
        ("", "platform", ["internal", "hybrid"], [], "Passkey"),
        ("", None, [], ["Security key"], "Passkey"),
    ],
)
def test_a_passkey_gets_a_name(
    aaguid: str, attachment: str | None, transports: list[str], taken: list[str], name: str
) -> None:
    assert friendly_name(aaguid, attachment, transports, taken) == name
