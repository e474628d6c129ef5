"""Challenges: what they say, what may be answered, how they travel."""

from __future__ import annotations

import contextlib
import json
import pickle
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from userpool.protocol.challenge_reading import from_dict, read_challenge
from userpool.protocol.challenges import (
    NEXT,
    TOKENS,
    AuthFactor,
    Challenge,
    ChallengeStep,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    FactorSelectionRequired,
    MfaMethod,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
    may_follow,
)
from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.enums import AuthFlowType, ChallengeNameType
from userpool.protocol.errors import ChallengeError, ParameterError, ProtocolError

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
COMMON: dict[str, Any] = {"username": "ada", "client_id": "client", "issued_at": AT}
SESSION = "session-" + "x" * 20


def read(name: str, available: tuple[str, ...] = (), **parameters: str) -> ChallengeStep:
    return read_challenge(name, parameters, session=SESSION, available=available, **COMMON)


def one_of_each() -> list[ChallengeStep]:
    setup = {**COMMON, "session": SESSION}
    return [
        read("NEW_PASSWORD_REQUIRED", requiredAttributes='["userAttributes.email"]', userAttributes="{}"),
        read("SMS_MFA", CODE_DELIVERY_DELIVERY_MEDIUM="SMS", CODE_DELIVERY_DESTINATION="+*******1234"),
        read("SMS_OTP"),
        read("EMAIL_OTP", CODE_DELIVERY_DESTINATION="a***@e***"),
        read("SOFTWARE_TOKEN_MFA", FRIENDLY_DEVICE_NAME="phone"),
        read("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA","SOFTWARE_TOKEN_MFA"]'),
        read("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]'),
        TotpSetupRequired(**setup, secret_code="JBSWY3DPEHPK3PXP"),
        EmailSetupRequired(**setup),
        read("CUSTOM_CHALLENGE", question="4+5"),
        read("SELECT_CHALLENGE", ("PASSWORD", "WEB_AUTHN")),
        read("PASSWORD"),
        read("PASSWORD_SRP"),
        read("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS='{"challenge":"AAECAw","rpId":"example.com"}'),
        read("TOMORROWS_CHALLENGE", ("A", "B"), HINT="blue"),
    ]


def test_each_challenge_survives_json_and_pickle() -> None:
    for challenge in one_of_each():
        assert Challenge.from_dict(json.loads(json.dumps(challenge.to_dict()))) == challenge
        assert pickle.loads(pickle.dumps(challenge)) == challenge
        assert isinstance(hash(challenge), int)


def test_kinds_are_different() -> None:
    kinds = {type(challenge): challenge.kind for challenge in one_of_each()}
    assert len(set(kinds.values())) == len(kinds) == 13


def test_the_services_own_name_for_the_user_wins() -> None:
    assert read("SMS_MFA", USER_ID_FOR_SRP="id").username == "id"
    assert read("CUSTOM_CHALLENGE", USERNAME="name").username == "name"
    assert read("CUSTOM_CHALLENGE").username == "ada"


def test_new_password_names_what_is_missing() -> None:
    challenge = read(
        "NEW_PASSWORD_REQUIRED",
        requiredAttributes='["userAttributes.email","name","userAttributes.phone_number"]',
        userAttributes='{"email":"ada@example.com","phone_number":"","age":7}',
    )
    assert isinstance(challenge, NewPasswordRequired)
    assert challenge.missing_attributes == ("name", "phone_number")
    assert challenge.attributes == {"email": "ada@example.com", "phone_number": ""}
    answer = challenge.answer("New-pass-1", {"name": "Ada", "phone_number": "+1555", "nickname": "a"})
    assert answer.responses == {
        "NEW_PASSWORD": "New-pass-1",
        "userAttributes.name": "Ada",
        "userAttributes.phone_number": "+1555",
        "userAttributes.nickname": "a",
    }


def test_c31_missing_attributes_are_listed() -> None:
    challenge = read("NEW_PASSWORD_REQUIRED", requiredAttributes='["userAttributes.name","email"]')
    assert isinstance(challenge, NewPasswordRequired)
    with pytest.raises(ParameterError) as caught:
        challenge.answer("", {"email": ""})
    assert caught.value.faults == (
        "the new password is empty",
        "the attribute 'name' is required",
        "the attribute 'email' is required",
    )
    nothing_missing = NewPasswordRequired(**COMMON)
    assert nothing_missing.answer("x").responses == {"NEW_PASSWORD": "x"}


def test_what_the_user_has_already_is_not_sent_again() -> None:
    """JavaScript's users give all of it back, and the service refuses what is read-only."""
    challenge = read(
        "NEW_PASSWORD_REQUIRED",
        requiredAttributes='["userAttributes.name"]',
        userAttributes='{"sub":"s","email_verified":"true","email":"ada@example.com","nickname":"a"}',
    )
    assert isinstance(challenge, NewPasswordRequired)
    answer = challenge.answer("New-pass-1", {**challenge.attributes, "name": "Ada", "nickname": "b"})
    assert answer.responses == {
        "NEW_PASSWORD": "New-pass-1",
        "userAttributes.name": "Ada",
        "userAttributes.nickname": "b",
    }
    with pytest.raises(ParameterError, match="'phone_number_verified' is the service's to set"):
        challenge.answer("New-pass-1", {"name": "Ada", "phone_number_verified": "true"})


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "null", "[" * 100_000])
def test_malformed_json_in_a_parameter_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError, match="userAttributes"):
        read("NEW_PASSWORD_REQUIRED", userAttributes=text)
    with pytest.raises(ProtocolError, match="CREDENTIAL_REQUEST_OPTIONS"):
        read("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS=text)


def test_where_a_code_went() -> None:
    sms, otp, email = read("SMS_MFA"), read("SMS_OTP"), read("EMAIL_OTP", CODE_DELIVERY_DESTINATION="a***")
    assert isinstance(sms, SmsCodeRequired)
    assert isinstance(otp, SmsCodeRequired)
    assert isinstance(email, EmailCodeRequired)
    assert sms.delivery == CodeDelivery("SMS", "")
    assert email.delivery == CodeDelivery("EMAIL", "a***")
    assert sms.answer("123456").responses == {"SMS_MFA_CODE": "123456"}
    assert otp.answer("12345678").responses == {"SMS_OTP_CODE": "12345678"}
    assert email.answer("123456").responses == {"EMAIL_OTP_CODE": "123456"}


@pytest.mark.parametrize("code", ["", "123 456", "١٢٣٤٥٦", "12345x", "²34567", "-12345"])
def test_c30_codes_are_ascii_digits(code: str) -> None:
    for challenge in (read("SMS_MFA"), read("EMAIL_OTP"), read("SOFTWARE_TOKEN_MFA")):
        assert isinstance(challenge, SmsCodeRequired | EmailCodeRequired | TotpRequired)
        with pytest.raises(ParameterError, match="0 to 9"):
            challenge.answer(code)


@pytest.mark.parametrize("code", ["12345", "1234567", "12345678"])
def test_c30_totp_codes_are_six_digits(code: str) -> None:
    totp = read("SOFTWARE_TOKEN_MFA", FRIENDLY_DEVICE_NAME="phone")
    assert isinstance(totp, TotpRequired)
    assert totp.device_name == "phone"
    setup = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP")
    for challenge in (totp, setup):
        with pytest.raises(ParameterError, match="six digits"):
            challenge.answer(code)
    assert totp.answer("123456").responses == {"SOFTWARE_TOKEN_MFA_CODE": "123456"}


def test_methods_are_chosen_among_those_offered() -> None:
    choice = read("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA","EMAIL_OTP"]')
    assert isinstance(choice, MfaSelectionRequired)
    assert choice.answer(MfaMethod.SMS).responses == {"ANSWER": "SMS_MFA"}
    assert choice.answer("EMAIL_OTP").responses == {"ANSWER": "EMAIL_OTP"}
    with pytest.raises(ParameterError, match="'SOFTWARE_TOKEN_MFA' is not offered; choose one of SMS_MFA"):
        choice.answer(MfaMethod.TOTP)
    with pytest.raises(ParameterError, match="'SMS_MFA' is not offered; nothing is: ask the pool's operator"):
        MfaSetupRequired(**COMMON, methods=()).answer(MfaMethod.SMS)


def test_what_can_be_set_up_on_the_way() -> None:
    setup = read("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA","EMAIL_OTP","SMS_MFA"]')
    assert isinstance(setup, MfaSetupRequired)
    assert setup.answer(MfaMethod.TOTP).responses == {"ANSWER": "SOFTWARE_TOKEN_MFA"}
    with pytest.raises(ParameterError, match="phone_number"):
        setup.answer(MfaMethod.SMS)


def test_totp_setup_gives_the_uri_for_the_qr_code() -> None:
    setup = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP")
    assert setup.otpauth_uri("My app") == (
        "otpauth://totp/My%20app:ada?secret=JBSWY3DPEHPK3PXP&issuer=My%20app"
    )
    assert "/x:ada%40home?" in setup.otpauth_uri("x", "ada@home")
    assert setup.answer("123456").responses == {"SOFTWARE_TOKEN_MFA_CODE": "123456"}
    assert setup.answer("123456", "phone").responses["FRIENDLY_DEVICE_NAME"] == "phone"


def test_email_setup_takes_an_address() -> None:
    setup = EmailSetupRequired(**COMMON)
    assert setup.answer("ada@example.com").responses == {"EMAIL": "ada@example.com"}
    with pytest.raises(ParameterError, match="@"):
        setup.answer("ada")


def test_a_first_factor_is_chosen_among_those_offered() -> None:
    choice = read("SELECT_CHALLENGE", ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "TOMORROW"))
    assert isinstance(choice, FactorSelectionRequired)
    assert choice.factors == ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "TOMORROW")
    assert choice.answer(AuthFactor.EMAIL_OTP).responses == {"ANSWER": "EMAIL_OTP"}
    assert choice.answer("TOMORROW").responses == {"ANSWER": "TOMORROW"}
    with pytest.raises(ParameterError, match="'SMS_OTP' is not offered; choose one of PASSWORD_SRP, PASS"):
        choice.answer(AuthFactor.SMS_OTP)


def test_a_password_goes_with_the_factors_that_are_one() -> None:
    choice = read("SELECT_CHALLENGE", tuple(AuthFactor))
    assert isinstance(choice, FactorSelectionRequired)
    sent = choice.answer(AuthFactor.PASSWORD, "Correct-horse-7")
    assert (sent.responses, sent.password) == (
        {"ANSWER": "PASSWORD", "PASSWORD": "Correct-horse-7"},
        None,
    )
    proved = choice.answer(AuthFactor.PASSWORD_SRP, "Correct-horse-7")
    assert (proved.responses, proved.password) == ({"ANSWER": "PASSWORD_SRP"}, "Correct-horse-7")
    for factor in (AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP):
        with pytest.raises(ParameterError, match="Give the password"):
            choice.answer(factor)
    with pytest.raises(ParameterError, match="WEB_AUTHN takes no password"):
        choice.answer(AuthFactor.WEB_AUTHN, "Correct-horse-7")


def test_a_password_that_is_waited_for_is_sent_or_proved_by_the_challenges_name() -> None:
    clear, srp = read("PASSWORD"), read("PASSWORD_SRP")
    assert isinstance(clear, PasswordRequired)
    assert isinstance(srp, PasswordRequired)
    assert clear.answer("Correct-horse-7").responses == {"PASSWORD": "Correct-horse-7"}
    assert (srp.answer("Correct-horse-7").responses, srp.answer("x").password) == ({}, "x")
    for challenge in (clear, srp):
        with pytest.raises(ParameterError, match="Give the password"):
            challenge.answer("")


def test_a_passkey_signs_what_the_options_say() -> None:
    passkey = read("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS='{"challenge":"AAECAw","allowCredentials":[]}')
    assert isinstance(passkey, PasskeyRequired)
    assert passkey.options == {"challenge": "AAECAw", "allowCredentials": []}
    credential = {"id": "AQ", "type": "public-key", "response": {"signature": "AAEC"}}
    for form in (credential, json.dumps(credential, indent=2)):
        assert passkey.answer(form).responses == {"CREDENTIAL": json.dumps(credential, separators=(",", ":"))}


@pytest.mark.parametrize(
    "given", ["", "{", "[" * 100_000, "[]", "{}", {}, {"response": "text"}, {"response": {"id": b"raw"}}, [1]]
)
def test_what_is_no_credential_is_refused(given: Any) -> None:
    with pytest.raises(ParameterError, match=r"credential\.toJSON\(\)"):
        PasskeyRequired(**COMMON).answer(given)


def test_what_else_may_be_chosen_stays_with_any_challenge() -> None:
    """Amplify loses it with the first answer."""
    code = read("EMAIL_OTP", ("EMAIL_OTP", "PASSWORD"))
    assert code.available_challenges == ("EMAIL_OTP", "PASSWORD")
    again = from_dict(code.to_dict())
    assert again.available_challenges == ("EMAIL_OTP", "PASSWORD")
    setup = EmailSetupRequired(**COMMON, available_challenges=("PASSWORD",))
    assert from_dict(setup.to_dict()) == setup


def test_custom_and_unknown_challenges_can_be_answered() -> None:
    custom = read("CUSTOM_CHALLENGE", question="4+5")
    assert isinstance(custom, CustomChallenge)
    assert custom.parameters["question"] == "4+5"
    assert custom.answer("9").responses == {"ANSWER": "9"}


def test_c16_unknown_challenge_keeps_everything() -> None:
    unknown = read("TOMORROWS_CHALLENGE", ("A", "B"), HINT="blue")
    assert isinstance(unknown, UnknownChallenge)
    assert (unknown.name, unknown.session) == ("TOMORROWS_CHALLENGE", SESSION)
    assert unknown.parameters == {"HINT": "blue"}
    assert unknown.available_challenges == ("A", "B")
    assert unknown.answer({"COLOUR": "blue"}).responses == {"COLOUR": "blue"}


def test_c27_nothing_secret_prints() -> None:
    secret = canary()
    for challenge in one_of_each():
        guarded = replace(challenge, session=secret, device_key=secret, parameters={"SECRET_BLOCK": secret})
        assert_hidden(guarded, secret)
    assert_hidden(TotpSetupRequired(**COMMON, secret_code=secret), secret)
    assert_hidden(NewPasswordRequired(**COMMON, attributes={"email": secret}), secret)
    assert_hidden(NewPasswordRequired(**COMMON).answer(secret, {"email": secret}), secret)
    choice = FactorSelectionRequired(**COMMON, available_challenges=tuple(AuthFactor))
    assert_hidden(choice.answer(AuthFactor.PASSWORD_SRP, secret), secret)
    assert_hidden(choice.answer(AuthFactor.PASSWORD, secret), secret)
    assert_hidden(PasswordRequired(**COMMON).answer(secret), secret)
    assert_hidden(read("EMAIL_OTP").instead(AuthFactor.PASSWORD_SRP, secret), secret)
    assert_hidden(PasskeyRequired(**COMMON, options={"challenge": secret}), secret)
    assert_hidden(PasskeyRequired(**COMMON).answer({"response": {"signature": secret}}), secret)


def test_a_challenge_written_by_tomorrow_is_read_today() -> None:
    written = read("SOFTWARE_TOKEN_MFA").to_dict() | {"colour": "blue"}
    assert isinstance(from_dict(written), TotpRequired)
    # Whoever wrote it did not know the challenge; this version does.
    assert isinstance(from_dict(written | {"kind": "unknown"}), TotpRequired)


@pytest.mark.parametrize("version", [None, 0, 2, "1", [1]])
def test_another_version_is_refused_by_name(version: object) -> None:
    with pytest.raises(ChallengeError, match="version"):
        Challenge.from_dict(read("SMS_MFA").to_dict() | {"version": version})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", None),
        ("name", 7),
        ("username", None),
        ("client_id", []),
        ("issued_at", "yesterday"),
        ("issued_at", "2026-11-23T01:02:03"),
        ("position", "1"),
        ("position", True),
        ("session", 5),
        ("device_key", {}),
        ("parameters", []),
        ("parameters", {"a": 1}),
        ("available_challenges", "A"),
    ],
)
def test_a_damaged_challenge_is_refused_by_member(member: str, value: object) -> None:
    written = read("SELECT_CHALLENGE", ("PASSWORD",)).to_dict() | {member: value}
    with pytest.raises(ChallengeError, match=member):
        Challenge.from_dict(written)


def test_a_damaged_parameter_is_refused() -> None:
    written = read("NEW_PASSWORD_REQUIRED").to_dict() | {"parameters": {"userAttributes": "{"}}
    with pytest.raises(ChallengeError, match=r"userAttributes.*Sign in again"):
        Challenge.from_dict(written)


def test_a_seed_is_needed_to_go_on_with_its_setup() -> None:
    written = TotpSetupRequired(**COMMON, secret_code="JBSWY3DPEHPK3PXP").to_dict()
    del written["secret_code"]
    with pytest.raises(ChallengeError, match="secret_code"):
        Challenge.from_dict(written)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda item: st.lists(item) | st.dictionaries(st.text(), item),
    ),
    st.sampled_from([each.name for each in fields(Challenge)] + ["kind", "secret_code", "version"]),
    st.sampled_from(one_of_each()),
)
def test_whatever_is_read_is_a_challenge_or_a_challenge_error(
    value: object, member: str, challenge: ChallengeStep
) -> None:
    with contextlib.suppress(ChallengeError):
        assert isinstance(Challenge.from_dict(challenge.to_dict() | {member: value}), Challenge)


@given(
    st.sampled_from([*ChallengeNameType, "TOMORROW"]),
    st.dictionaries(
        st.sampled_from(["USERNAME", "USER_ID_FOR_SRP", "CODE_DELIVERY_DESTINATION", "question"]), st.text()
    ),
    st.text() | st.none(),
    st.lists(st.sampled_from(AuthFactor) | st.text(), max_size=5),
    st.integers(1, 100),
)
def test_every_challenge_is_read_back_as_it_was_written(
    name: str, parameters: dict[str, str], session: str | None, available: list[str], position: int
) -> None:
    challenge = read_challenge(
        name, parameters, session=session, available=available, position=position, **COMMON
    )
    assert Challenge.from_dict(json.loads(json.dumps(challenge.to_dict()))) == challenge


def test_the_table_of_legal_order_is_closed() -> None:
    """Every step that may follow has a row of its own, and every row and name is one of the contract's."""
    steps = set().union(*NEXT.values()) - {TOKENS}
    known = {*ChallengeNameType, *AuthFlowType}
    assert steps <= set(NEXT)
    assert set(NEXT) <= known
    assert {*ChallengeNameType} - set(NEXT) <= {"ADMIN_NO_SRP_AUTH"}


def test_what_may_follow() -> None:
    assert may_follow("USER_SRP_AUTH", "PASSWORD_VERIFIER")
    assert not may_follow("USER_SRP_AUTH", TOKENS)
    assert not may_follow("USER_SRP_AUTH", "SMS_MFA")
    assert may_follow("PASSWORD_VERIFIER", TOKENS)
    assert not may_follow("SELECT_MFA_TYPE", TOKENS)
    assert not may_follow("NEW_PASSWORD_REQUIRED", "NEW_PASSWORD_REQUIRED")
    assert may_follow("SOFTWARE_TOKEN_MFA", "TOMORROWS_CHALLENGE")
    assert may_follow("TOMORROWS_CHALLENGE", TOKENS)


@pytest.mark.parametrize("wrong", [json.dumps({"version": 1}), None, [("version", 1)]])
def test_a_challenge_is_read_from_a_mapping(wrong: Any) -> None:
    with pytest.raises(ChallengeError, match=r"json\.loads"):
        Challenge.from_dict(wrong)
