"""What threat protection is told: signed device facts, the person's address, and nothing unasked."""

from __future__ import annotations

import base64
import getpass
import hmac
import json
import platform
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.stage import CLIENT, NOW, POOL, Stage, config
from userpool.flows import password, sign_in, sign_up
from userpool.flows.config import AuthFlow, UserContext
from userpool.flows.device_facts import DeviceFacts
from userpool.protocol.context_data import VERSION, encoded_data
from userpool.protocol.effects import Flow
from userpool.testing.scripted import answer, refusal

FACTS = DeviceFacts(
    device_id="0123456789abcdef",
    device_name="workbench",
    timezone="+01:00",
    application_name="shop",
    application_version="2.1",
    language="en-GB",
    os_release="6.8.0",
    screen_height=1080,
    screen_width=1920,
    fingerprint="shop/2.1:Linux",
    third_party_id="third",
    platform="Linux",
)
NAMED = {
    "DeviceId": "0123456789abcdef",
    "DeviceName": "workbench",
    "ClientTimezone": "+01:00",
    "ApplicationName": "shop",
    "ApplicationVersion": "2.1",
    "DeviceLanguage": "en-GB",
    "DeviceOsReleaseVersion": "6.8.0",
    "ScreenHeightPixels": "1080",
    "ScreenWidthPixels": "1920",
    "DeviceFingerprint": "shop/2.1:Linux",
    "ThirdPartyDeviceId": "third",
    "Platform": "Linux",
}


def opened(encoded: object, client_id: str = CLIENT) -> dict[str, Any]:
    """The payload of `EncodedData`, its signature checked as the service would: over the text as it came."""
    signed = json.loads(base64.b64decode(str(encoded), validate=True))
    assert set(signed) == {"payload", "signature", "version"}
    right = hmac.digest(client_id.encode(), (signed["version"] + signed["payload"]).encode(), "sha256")
    assert base64.b64decode(signed["signature"], validate=True) == right
    assert signed["version"] == VERSION
    payload: dict[str, Any] = json.loads(signed["payload"])
    return payload


def context(stage: Stage, index: int = -1) -> Any:
    return stage.body(index).get("UserContextData")


def test_a_request_carries_facts_that_are_signed_for_its_user_pool_and_moment() -> None:
    stage = Stage([answer()], now=NOW + 0.4567)
    stage.run(sign_up.resend_confirmation_code(config(user_context=UserContext(device=FACTS)), "ada"))
    assert set(context(stage)) == {"EncodedData"}
    assert opened(context(stage)["EncodedData"]) == {
        "contextData": NAMED,
        "username": "ada",
        "userPoolId": POOL,
        "timestamp": str(int((NOW + 0.4567) * 1000)),
    }


def test_every_fact_has_a_place_and_what_is_not_given_is_not_told() -> None:
    assert FACTS.as_context() == NAMED
    assert DeviceFacts().as_context() == {}
    assert DeviceFacts(screen_width=0).as_context() == {"ScreenWidthPixels": "0"}


def test_each_request_of_a_sign_in_is_signed_anew_for_the_name_that_it_bears() -> None:
    at = config(user_context=UserContext("192.0.2.1", device=FACTS))
    stage = Stage([refusal("TooManyRequestsException"), refusal("NotAuthorizedException", "no")])
    with pytest.raises(Exception, match="no"):
        stage.run(sign_in.sign_in(at, "ada@example.com", "x", auth_flow=AuthFlow.PASSWORD))
    first, again = context(stage, 0), context(stage, 1)
    assert first == again, "one request, sent twice"
    assert first["IpAddress"] == "192.0.2.1"
    assert opened(first["EncodedData"])["username"] == "ada@example.com"


def test_a_call_s_own_context_goes_before_the_pool_s() -> None:
    at = config(user_context=UserContext(device=FACTS))
    stage = Stage([answer()])
    stage.run(password.forgot_password(at, "ada", user_context=UserContext("192.0.2.7")))
    assert context(stage) == {"IpAddress": "192.0.2.7"}


def test_a_browser_s_fingerprint_goes_before_facts_and_is_not_touched() -> None:
    stage = Stage([answer()])
    given_context = UserContext(encoded_data="made-by-the-browser", device=FACTS)
    stage.run(password.forgot_password(config(), "ada", user_context=given_context))
    assert context(stage) == {"EncodedData": "made-by-the-browser"}


def test_without_being_asked_nothing_is_told() -> None:
    flow: Flow[Any] = password.forgot_password(config(), "ada")
    stage = Stage([answer()])
    stage.run(flow)
    assert context(stage) is None


def test_another_app_client_s_signature_does_not_fit() -> None:
    encoded = encoded_data({}, username="ada", user_pool_id=POOL, client_id="other", at=NOW)
    with pytest.raises(AssertionError):
        opened(encoded)


@given(
    username=st.text(),
    value=st.text(),
    at=st.floats(0, 4e9, allow_nan=False),
)
def test_whatever_text_goes_in_can_be_read_and_checked(username: str, value: str, at: float) -> None:
    encoded = encoded_data(
        {"DeviceName": value}, username=username, user_pool_id=POOL, client_id=CLIENT, at=at
    )
    assert encoded.isascii()
    payload = opened(encoded)
    assert payload["username"] == username
    assert payload["contextData"] == {"DeviceName": value}
    assert payload["timestamp"] == str(int(at * 1000))


class TestThisMachine:
    def test_it_is_described_without_naming_anybody(self) -> None:
        facts = DeviceFacts.of_this_machine(application_name="shop", application_version="2.1")
        told = facts.as_context()
        assert set(told) <= {
            "ClientTimezone",
            "ApplicationName",
            "ApplicationVersion",
            "DeviceLanguage",
            "DeviceOsReleaseVersion",
            "Platform",
        }
        assert (told["ApplicationName"], told["ApplicationVersion"]) == ("shop", "2.1")
        assert told["Platform"] == platform.system()
        assert platform.node() not in told.values()
        assert getpass.getuser() not in told.values()

    def test_it_is_known_again_by_what_you_keep(self) -> None:
        facts = DeviceFacts.of_this_machine(device_id="kept")
        assert facts.as_context()["DeviceId"] == "kept"
        assert facts == DeviceFacts.of_this_machine(device_id="kept")

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "+00:00"), (3600, "+01:00"), (20700, "+05:45"), (-12600, "-03:30"), (-39600, "-11:00")],
    )
    def test_its_time_zone(self, monkeypatch: pytest.MonkeyPatch, seconds: int, text: str) -> None:
        class Local:
            tm_gmtoff = seconds

        monkeypatch.setattr(time, "localtime", Local)
        assert DeviceFacts.of_this_machine().timezone == text

    @pytest.mark.parametrize(
        ("language", "text"), [(("en_GB", "UTF-8"), "en-GB"), ((None, None), None), (("C", None), "C")]
    )
    def test_its_language(
        self, monkeypatch: pytest.MonkeyPatch, language: tuple[str | None, str | None], text: str | None
    ) -> None:
        monkeypatch.setattr("locale.getlocale", lambda: language)
        assert DeviceFacts.of_this_machine().language == text

    def test_a_system_that_says_nothing_of_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("platform.system", lambda: "")
        monkeypatch.setattr("platform.release", lambda: "")
        facts = DeviceFacts.of_this_machine()
        assert (facts.platform, facts.os_release) == (None, None)
