"""A new device is confirmed at the end of every sign-in; and what a user can do with the others."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.device_service import GROUP, KEY, METADATA
from tests.flows.stage import Stage, config, signed_in
from tests.flows.test_device_proof import STARTS, Start, first_factor, question
from userpool._version import __version__
from userpool.flows import devices
from userpool.flows.config import AuthFlow
from userpool.flows.grant import DEVICE_FORMAT, Device, Grant, NewDevice
from userpool.flows.respond import respond
from userpool.flows.results import DeviceInfo, DeviceStatus
from userpool.flows.sign_in import sign_in
from userpool.protocol.challenges import (
    CustomChallenge,
    EmailCodeRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
)
from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.device import DeviceSecret, parse_config
from userpool.protocol.errors import (
    DeviceKeyExistsException,
    InvalidParameterException,
    ParameterError,
    ProtocolError,
    TransportError,
    UserPoolError,
)
from userpool.testing.scripted import Step, answer, refusal

TOKEN = "a.b.c"
NEW = NewDevice(KEY, GROUP)
CONFIRMED = answer({"UserConfirmationNecessary": False})
VECTORS = Path(__file__).parent.parent / "protocol" / "vectors" / "cognito-srp.json"


def by_password(stage: Stage, **more: Any) -> Grant:
    outcome = stage.run(sign_in(config(), "ada", "x", auth_flow=AuthFlow.PASSWORD, **more))
    assert isinstance(outcome, Grant)
    return outcome


def tracked(*steps: Step) -> Stage:
    return Stage([answer(signed_in(**METADATA)), *steps])


# At the end of a sign-in.


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_new_device_is_confirmed_after_every_flow(start: Start) -> None:
    stage = Stage([*first_factor(start, signed_in("3f2b7c1e-user-id", **METADATA)), CONFIRMED])
    outcome = stage.run(start(config()))
    assert isinstance(outcome, Grant)
    assert stage.targets[-1] == "ConfirmDevice"
    assert outcome.new_device is not None
    assert outcome.new_device.confirmed
    assert outcome.device_key == KEY


SENT = CodeDelivery("SMS", "+*******12")
ANSWERS = {
    "totp": lambda: question(TotpRequired).answer("123456"),
    "sms": lambda: question(SmsCodeRequired, delivery=SENT).answer("123456"),
    "email": lambda: question(EmailCodeRequired, delivery=SENT).answer("123456"),
    "new password": lambda: question(NewPasswordRequired).answer("Correct-horse-7"),
    "custom": lambda: question(CustomChallenge).answer("blue"),
    "password": lambda: question(PasswordRequired, name="PASSWORD").answer("Correct-horse-7"),
    "passkey": lambda: question(PasskeyRequired, options={}).answer(
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"signature": "AA"}}
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_new_device_is_confirmed_after_every_challenge(name: str) -> None:
    """The challenges were asked of a sign-in that named no device."""
    given = ANSWERS[name]()
    given = replace(given, challenge=replace(given.challenge, device_key=None))
    stage = Stage([answer(signed_in("3f2b7c1e-user-id", **METADATA)), CONFIRMED])
    outcome = stage.run(respond(config(), given, device_name="kiosk 4"))
    assert isinstance(outcome, Grant)
    assert outcome.new_device is not None
    assert outcome.new_device.confirmed
    assert stage.body()["DeviceName"] == "kiosk 4"


def test_a_new_device_is_confirmed_after_an_authenticator_app_was_set_up() -> None:
    """Where amazon-cognito-identity-js leaves it, and the refresh token is worth nothing."""
    asked = question(TotpSetupRequired, secret_code="JBSWY3DPEHPK3PXP")
    asked = replace(asked, device_key=None)
    stage = Stage(
        [
            answer({"Status": "SUCCESS", "Session": "verified-" + "x" * 20}),
            answer(signed_in("3f2b7c1e-user-id", **METADATA)),
            CONFIRMED,
        ]
    )
    outcome = stage.run(respond(config(), asked.answer("123456")))
    assert isinstance(outcome, Grant)
    assert stage.targets == ["VerifySoftwareToken", "RespondToAuthChallenge", "ConfirmDevice"]
    assert outcome.new_device is not None
    assert outcome.new_device.confirmed


def test_what_confirms_a_device_is_a_verifier_and_never_its_password() -> None:
    stage = tracked(CONFIRMED)
    outcome = by_password(stage)
    new = outcome.new_device
    assert new is not None
    assert new.secret is not None
    assert new.device == Device(KEY, GROUP, new.secret.password)
    sent = stage.body()
    assert sent == {
        "AccessToken": outcome.tokens.access_token,
        "DeviceKey": KEY,
        "DeviceSecretVerifierConfig": {
            "Salt": new.secret.salt,
            "PasswordVerifier": new.secret.verifier,
        },
        "DeviceName": f"userpool/{__version__}",
    }
    parse_config(new.secret.salt, new.secret.verifier)
    assert len(base64.b64decode(new.secret.password)) == 40
    assert all(new.secret.password.encode() not in request.body for request in stage.transport.requests)


def test_the_verifier_is_that_of_the_javascript_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    case = json.loads(VECTORS.read_text())["device_verifier"][0]
    stage = Stage([CONFIRMED])
    monkeypatch.setattr(
        stage, "_random", lambda size: base64.b64decode(case["pw"]) + bytes.fromhex(case["raw"])
    )
    new = NewDevice("us-east-1_11111111-2222-3333-4444-555555555555", "-GroupKey1")
    confirmed = stage.run(devices.confirm_device(config(), TOKEN, new))
    assert stage.body()["DeviceSecretVerifierConfig"] == {
        "Salt": case["saltB64"],
        "PasswordVerifier": case["verB64"],
    }
    assert confirmed.device is not None
    assert confirmed.device.password == case["pw"]


@pytest.mark.parametrize(("told", "necessary"), [(True, True), (False, False), (None, False)])
def test_the_caller_learns_whether_the_user_is_to_be_asked(told: bool | None, necessary: bool) -> None:
    """What Amplify v6 has lost."""
    reply = {} if told is None else {"UserConfirmationNecessary": told}
    new = by_password(tracked(answer(reply))).new_device
    assert new is not None
    assert new.user_confirmation_necessary is necessary


FAILURES: dict[str, Step] = {
    "refused": refusal("InvalidParameterException", "Invalid device key given."),
    "another's": refusal("DeviceKeyExistsException"),
    "throttled for good": refusal("NotAuthorizedException", "Access Token has been revoked"),
    "service down": refusal("InternalErrorException", status=500),
    "network": TransportError("gone", sent="maybe"),
    "nonsense": answer("nonsense"),
}


@pytest.mark.parametrize("step", FAILURES.values(), ids=FAILURES)
def test_a_device_that_is_not_confirmed_spoils_no_sign_in(step: Step) -> None:
    """Where amazon-cognito-identity-js reports a failure and keeps the tokens."""
    outcome = by_password(tracked(step))
    assert outcome.tokens.refresh_token
    new = outcome.new_device
    assert new is not None
    assert not new.confirmed
    assert isinstance(new.error, UserPoolError)
    assert new.secret is not None, "another try takes the same"
    assert outcome.device_key == KEY, "it is still the one that the tokens were given to"
    assert_hidden(new, new.secret.password, new.secret.salt, new.secret.verifier)


def test_metadata_that_cannot_be_right_spoils_no_sign_in() -> None:
    wrong: dict[str, object] = {"NewDeviceMetadata": {"DeviceKey": "no key", "DeviceGroupKey": GROUP}}
    outcome = by_password(Stage([answer(signed_in("ada", **wrong))]))
    assert outcome.new_device is not None
    assert isinstance(outcome.new_device.error, ParameterError)


def test_a_refresh_confirms_nothing() -> None:
    from userpool.flows.refresh import refresh

    stage = Stage([answer(signed_in(**METADATA))])
    renewed = stage.run(refresh(config(), "refresh", username="ada", device_key=KEY))
    assert stage.targets == ["GetTokensFromRefreshToken"]
    assert renewed.device_key == KEY


# Once more.


def unconfirmed(error: UserPoolError | None) -> NewDevice:
    return NewDevice(KEY, GROUP, error=error, secret=DeviceSecret("pw", "c2FsdHNhbHQ=", "dmVyaWZpZXI="))


def test_another_try_takes_the_same_secret() -> None:
    stage = Stage([answer({"UserConfirmationNecessary": True})])
    again = unconfirmed(TransportError("gone"))
    confirmed = stage.run(devices.confirm_device(config(), TOKEN, again, device_name="my box"))
    assert confirmed == NewDevice(
        KEY, GROUP, confirmed=True, user_confirmation_necessary=True, secret=again.secret
    )
    assert stage.body()["DeviceName"] == "my box"
    assert stage.body()["DeviceSecretVerifierConfig"] == {
        "Salt": "c2FsdHNhbHQ=",
        "PasswordVerifier": "dmVyaWZpZXI=",
    }
    assert stage.drawn == 0


DOUBTFUL = [
    TransportError("gone", sent="maybe"),
    ProtocolError("a page of HTML"),
    InvalidParameterException(status=503),
]
CERTAIN = [
    None,
    TransportError("no route", sent="no"),
    InvalidParameterException("Invalid device key given."),
]


@pytest.mark.parametrize("error", DOUBTFUL)
def test_where_only_the_answer_was_lost_the_device_counts_as_confirmed(error: UserPoolError) -> None:
    stage = Stage([refusal("DeviceKeyExistsException")])
    confirmed = stage.run(devices.confirm_device(config(), TOKEN, unconfirmed(error)))
    assert confirmed.confirmed
    assert confirmed.error is None
    assert confirmed.user_confirmation_necessary, "nobody knows: to ask does no harm"


@pytest.mark.parametrize("error", CERTAIN)
def test_where_it_was_refused_before_an_existing_key_is_somebody_else_s(error: UserPoolError | None) -> None:
    stage = Stage([refusal("DeviceKeyExistsException")])
    with pytest.raises(DeviceKeyExistsException):
        stage.run(devices.confirm_device(config(), TOKEN, unconfirmed(error)))


def test_c27_nothing_of_a_device_prints_but_its_key() -> None:
    secret = canary("device-password")
    known = Device(KEY, "-" + canary("group"), secret)
    drawn = DeviceSecret(secret, secret, secret)
    assert_hidden(known, secret, known.group_key)
    assert_hidden(NewDevice(KEY, secret, error=ProtocolError("no"), secret=drawn), secret)
    assert_hidden(question(TotpRequired), KEY)
    assert KEY in repr(known)


# A device as a value.


def test_a_device_goes_to_another_machine_and_back() -> None:
    known = Device(KEY, GROUP, "password")
    written = json.loads(json.dumps(known.to_dict()))
    assert Device.from_dict(written) == known
    assert Device.from_dict({**written, "tomorrow": 1}) == known


@pytest.mark.parametrize(
    "change",
    [
        {"version": DEVICE_FORMAT + 1},
        {"version": None},
        {"key": ""},
        {"group_key": None},
        {"password": 5},
    ],
)
def test_what_is_no_device_is_refused_without_showing_it(change: dict[str, Any]) -> None:
    secret = canary("device-password")
    written = {**Device(KEY, GROUP, secret).to_dict(), **change}
    with pytest.raises(ParameterError, match="no device of version 1") as caught:
        Device.from_dict(written)
    assert_hidden(caught.value, secret)


def test_a_device_is_neither_text_nor_its_own_dictionary() -> None:
    secret = canary("device-password")
    written: Any = Device(KEY, GROUP, secret).to_dict()
    others: list[Any] = [json.dumps(written), None]
    for wrong in others:
        with pytest.raises(ParameterError, match="no device of version 1") as caught:
            Device.from_dict(wrong)
        assert_hidden(caught.value, secret)
    with pytest.raises(ParameterError, match=r"Device\.from_dict") as refused:
        Stage().run(sign_in(config(), "ada", "Correct-horse-7", device=written))
    assert_hidden(refused.value, secret)


# What a signed-in user can do with them.

MOMENT = 1_790_000_000
SHAPE = {
    "DeviceKey": KEY,
    "DeviceAttributes": [
        {"Name": "device_status", "Value": "valid"},
        {"Name": "device_name", "Value": "my box"},
        {"Name": "last_ip_used", "Value": "192.0.2.7"},
    ],
    "DeviceCreateDate": MOMENT,
    "DeviceLastModifiedDate": MOMENT + 1,
    "DeviceLastAuthenticatedDate": MOMENT + 2,
}


def test_one_device_is_read() -> None:
    stage = Stage([answer({"Device": SHAPE})])
    found = stage.run(devices.get_device(config(), TOKEN, KEY))
    assert stage.body() == {"AccessToken": TOKEN, "DeviceKey": KEY}
    assert (found.key, found.name, found.last_ip) == (KEY, "my box", "192.0.2.7")
    assert found.attributes["device_status"] == "valid"
    assert found.created_at == datetime.fromtimestamp(MOMENT, UTC)
    assert found.last_modified_at == datetime.fromtimestamp(MOMENT + 1, UTC)
    assert found.last_authenticated_at == datetime.fromtimestamp(MOMENT + 2, UTC)


def test_devices_come_in_pages_with_a_limit_and_a_token() -> None:
    stage = Stage([answer({"Devices": [SHAPE, {}], "PaginationToken": "next"}), answer({})])
    first = stage.attempt(devices.list_devices(config(), TOKEN, limit=2))
    last = stage.run(devices.list_devices(config(), TOKEN, pagination_token=first.next_token))
    assert [found.key for found in first] == [KEY, ""]
    assert first.next_token == "next"
    assert list(last) == []
    assert last.next_token is None
    assert stage.body(0) == {"AccessToken": TOKEN, "Limit": 2}
    assert stage.body(1) == {"AccessToken": TOKEN, "PaginationToken": "next"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (True, "remembered"),
        (False, "not_remembered"),
        (DeviceStatus.REMEMBERED, "remembered"),
        (DeviceStatus.NOT_REMEMBERED, "not_remembered"),
        ("not_remembered", "not_remembered"),
    ],
)
def test_a_device_is_remembered_or_not(given: bool | DeviceStatus | str, sent: str) -> None:
    stage = Stage([answer()])
    stage.run(devices.update_device_status(config(), TOKEN, KEY, given))
    assert stage.body() == {"AccessToken": TOKEN, "DeviceKey": KEY, "DeviceRememberedStatus": sent}


def test_a_status_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(ParameterError, match=r"'perhaps' is no status .* remembered, not_remembered"):
        Stage().run(devices.update_device_status(config(), TOKEN, KEY, "perhaps"))


def test_a_device_is_forgotten() -> None:
    stage = Stage([answer()])
    stage.run(devices.forget_device(config(), TOKEN, KEY))
    assert stage.targets == ["ForgetDevice"]
    assert stage.body() == {"AccessToken": TOKEN, "DeviceKey": KEY}


def test_a_device_without_attributes_has_no_name() -> None:
    bare = DeviceInfo(KEY)
    assert (bare.name, bare.last_ip, bare.remembered) == (None, None, None)


@pytest.mark.parametrize(("status", "remembered"), [("remembered", True), ("not_remembered", False)])
def test_administrators_are_told_whether_it_is_remembered(status: str, remembered: bool) -> None:
    assert DeviceInfo(KEY, {"dev:device_remembered_status": status}).remembered is remembered
