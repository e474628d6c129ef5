"""Bugs that are known of amazon-cognito-identity-js (`bug`) and of Amplify v6 (`amx`), and are not here.

`docs/parity.md` is made of the names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.flows.stage import CLIENT, NOW, POOL, challenge, signed_in, tokens
from userpool import (
    AsyncIdentityPool,
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    CookieStorage,
    CustomChallenge,
    EmailSetupRequired,
    EnableSoftwareTokenMFAException,
    FactorSelectionRequired,
    MemoryStorage,
    MfaMethod,
    MfaSelectionRequired,
    MfaSetupRequired,
    NotAuthorizedException,
    ParameterError,
    ProtocolError,
    ServiceError,
    SessionExpired,
    SignedIn,
    SignedOutError,
    SmsCodeRequired,
    TooManyRequestsException,
    TotpRequired,
    TotpSetupRequired,
    TransportError,
    UnknownChallenge,
)
from userpool.protocol import totp
from userpool.protocol.challenges import Challenge
from userpool.protocol.endpoints import endpoint
from userpool.protocol.http import Response
from userpool.testing.scripted import ScriptedTransport, Step, answer, refusal

CODE = refusal("CodeMismatchException", "Invalid code received for user")
DEVICE = {"DeviceKey": "us-east-1_d", "DeviceGroupKey": "-g"}


class Desk:
    """A pool that is played by `steps`."""

    def __init__(self, *steps: Step | Mapping[str, object], storage: MemoryStorage | None = None) -> None:
        script = [answer(step) if isinstance(step, dict) else step for step in steps]
        self.transport = ScriptedTransport(script)  # type: ignore[arg-type]  # what is no dictionary is a step
        self.storage = storage or MemoryStorage()
        self.now = NOW
        self.pool = AsyncUserPool(
            POOL,
            CLIENT,
            transport=self.transport,
            storage=self.storage,
            verify_tokens=False,
            clock=lambda: self.now,
        )

    def sent(self, place: int = -1) -> dict[str, Any]:
        """What was sent in one request."""
        return self.transport.json(place)

    async def signed_in(self, username: str = "ada") -> SignedIn[AsyncUser]:
        """The next step of the script signs this user in."""
        step = await self.pool.sign_in(username, "Correct-horse-7", auth_flow=AuthFlow.PASSWORD)
        assert isinstance(step, SignedIn)
        return step

    async def user(self, username: str = "ada") -> AsyncUser:
        """Likewise: the user."""
        return (await self.signed_in(username)).user


async def start(desk: Desk) -> Challenge:
    """The next step of the script asks something."""
    step = await desk.pool.sign_in("ada", "Correct-horse-7", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, Challenge)
    return step


async def test_bug01_an_unknown_challenge_is_a_value_and_stored_tokens_stay() -> None:
    desk = Desk(signed_in(), challenge("NEXT_YEARS_CHALLENGE", hint="x"), signed_in())
    await desk.signed_in()
    kept = {key: desk.storage.load(key) for key in list(desk.storage.keys())}
    step = await start(desk)
    assert isinstance(step, UnknownChallenge)
    assert {key: desk.storage.load(key) for key in list(desk.storage.keys())} == kept
    assert isinstance(await desk.pool.respond(step.answer({"ANSWER": "x"})), SignedIn)


@pytest.mark.parametrize("kind", [SmsCodeRequired, TotpRequired])
async def test_bug02_another_challenge_after_a_custom_start_is_no_success(kind: type[Challenge]) -> None:
    name = "SMS_MFA" if kind is SmsCodeRequired else "SOFTWARE_TOKEN_MFA"
    desk = Desk(challenge(name))
    assert isinstance(await desk.pool.sign_in("ada", auth_flow=AuthFlow.CUSTOM), kind)
    assert desk.storage.keys() == []


async def test_bug02_a_challenge_after_the_set_up_of_an_app_is_no_success() -> None:
    seed = {"SecretCode": "A" * 32, "Session": "s" * 20}
    desk = Desk(
        challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]'),
        seed,
        {"Status": "SUCCESS", "Session": "t" * 20},
        challenge("SOFTWARE_TOKEN_MFA"),
    )
    step = await start(desk)
    assert isinstance(step, TotpSetupRequired)
    assert isinstance(await desk.pool.respond(step.answer("123456")), TotpRequired)


@pytest.mark.parametrize("body", [b"<html>", b'{"UserConfirmed": tr', b"[]", b'"x"'])
async def test_bug03_a_broken_body_is_no_success(body: bytes) -> None:
    desk = Desk(Response(200, {"content-type": "application/x-amz-json-1.1"}, body))
    with pytest.raises(ProtocolError):
        await desk.pool.sign_up("ada", "Correct-horse-7")


@pytest.mark.parametrize(
    "response",
    [Response(400, {}, b'{"message": null}'), Response(418, {}, b""), Response(400, {}, b"<html>")],
)
async def test_bug04_an_error_without_a_type_has_a_class_and_its_status(response: Response) -> None:
    desk = Desk(response)
    with pytest.raises((ServiceError, ProtocolError)) as caught:
        await desk.pool.sign_up("ada", "Correct-horse-7")
    assert getattr(caught.value, "status", None) == response.status
    assert "null" not in str(caught.value)


async def test_bug05_an_error_of_the_callers_own_function_is_raised_once_as_it_is() -> None:
    desk = Desk(challenge("SMS_MFA"))
    calls = []

    async def asked(step: Challenge) -> None:
        calls.append(step)
        raise ZeroDivisionError

    step = await desk.pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    with pytest.raises(ZeroDivisionError):
        await desk.pool.complete_sign_in(step, asked)  # type: ignore[arg-type]  # it never answers
    assert len(calls) == 1
    assert desk.transport.remaining == 0


async def test_bug06_what_is_refused_for_good_is_not_repeated() -> None:
    desk = Desk(signed_in(), refusal("NotAuthorizedException", "Refresh Token has been revoked"))
    user = await desk.user()
    with pytest.raises(SessionExpired):
        await user.refresh()
    desk = Desk(signed_in(), refusal("UnsupportedTokenTypeException", "Unsupported token"))
    user = await desk.user()
    assert not (await user.sign_out()).revoked
    assert desk.transport.targets == ["InitiateAuth", "RevokeToken"]


async def test_bug07_amx09_a_refresh_is_that_of_its_own_user() -> None:
    desk = Desk(signed_in("ada"), signed_in("grace"), {"AuthenticationResult": tokens("ada", at=NOW + 1)})
    ada = await desk.user()
    await desk.pool.sign_in("grace", "x", auth_flow=AuthFlow.PASSWORD)
    await ada.refresh()
    assert desk.sent()["RefreshToken"] == tokens("ada")["RefreshToken"]
    current = await desk.pool.current_user()
    assert current is not None
    assert current.username == "grace"
    assert (await current.tokens()).access_token == tokens("grace")["AccessToken"]


@pytest.mark.parametrize("end", ["global_sign_out", "delete_user"])
async def test_bug08_after_the_end_no_session_is_left_in_memory(end: str) -> None:
    desk = Desk(signed_in(), {})
    user = await desk.user()
    await getattr(user, end)()
    with pytest.raises(SignedOutError):
        await user.tokens()
    assert await desk.pool.current_user() is None


async def test_bug09_amx12_a_sign_out_without_a_network_clears_and_tells() -> None:
    desk = Desk(signed_in(), *[TransportError("no network", sent="no")] * 4)
    user = await desk.user()
    result = await user.sign_out()
    assert (result.revoked, type(result.error)) == (False, TransportError)
    assert await desk.pool.current_user() is None
    assert desk.storage.keys() == []


async def test_bug10_a_sign_out_leaves_the_mark_of_another_user() -> None:
    desk = Desk(signed_in("ada"), signed_in("grace"), {})
    ada = await desk.user()
    await desk.pool.sign_in("grace", "x", auth_flow=AuthFlow.PASSWORD)
    await ada.sign_out()
    current = await desk.pool.current_user()
    assert current is not None
    assert current.username == "grace"


async def test_bug11_an_update_of_attributes_is_one_call_and_wipes_nothing() -> None:
    desk = Desk(signed_in(), {"CodeDeliveryDetailsList": []}, refusal("NotAuthorizedException", "no"))
    user = await desk.user()
    await user.update_user_attributes({"name": "Ada"})
    assert desk.transport.targets == ["InitiateAuth", "UpdateUserAttributes"]
    with pytest.raises(NotAuthorizedException):
        await user.update_user_attributes({"name": "Ada"})
    assert await desk.pool.current_user() is not None


async def test_bug12_old_tokens_do_not_pass_as_fresh() -> None:
    desk = Desk({"AuthenticationResult": tokens(at=NOW)}, {"Username": "ada", "UserAttributes": []})
    old = tokens(at=NOW - 7200)
    user = desk.pool.user(
        access_token=str(old["AccessToken"]), id_token=str(old["IdToken"]), refresh_token="refresh"
    )
    await user.get_user()
    assert desk.transport.targets == ["GetTokensFromRefreshToken", "GetUser"]


async def test_bug13_a_device_that_is_not_confirmed_spoils_no_sign_in() -> None:
    desk = Desk(signed_in(NewDeviceMetadata=DEVICE), refusal("InvalidParameterException", "no"))
    step = await desk.signed_in()
    assert step.new_device is not None
    assert not step.new_device.confirmed
    assert await desk.pool.current_user() is not None


async def test_bug14_a_device_is_confirmed_after_an_app_was_set_up_and_after_a_custom_start() -> None:
    desk = Desk(
        challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]'),
        {"SecretCode": "A" * 32, "Session": "s" * 20},
        {"Status": "SUCCESS", "Session": "t" * 20},
        signed_in(NewDeviceMetadata=DEVICE),
        {"UserConfirmationNecessary": False},
    )
    step = await start(desk)
    assert isinstance(step, TotpSetupRequired)
    await desk.pool.respond(step.answer("123456"))
    assert desk.transport.targets[-1] == "ConfirmDevice"
    desk = Desk(signed_in(NewDeviceMetadata=DEVICE), {"UserConfirmationNecessary": False})
    await desk.pool.sign_in("ada", auth_flow=AuthFlow.CUSTOM)
    assert desk.transport.targets[-1] == "ConfirmDevice"


async def test_bug15_a_forgotten_device_is_left_out_once() -> None:
    gone = refusal("ResourceNotFoundException", "Device does not exist.")
    desk = Desk(signed_in(NewDeviceMetadata=DEVICE), {}, gone, gone)
    await desk.signed_in()
    with pytest.raises(ServiceError):
        await desk.pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert desk.transport.remaining == 0


async def test_bug16_a_choice_that_is_not_offered_is_an_error_at_once() -> None:
    desk = Desk(challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["SMS_MFA", "SOFTWARE_TOKEN_MFA"]'))
    step = await start(desk)
    assert isinstance(step, MfaSelectionRequired)
    with pytest.raises(ParameterError, match="choose one of SMS_MFA, SOFTWARE_TOKEN_MFA"):
        step.answer("PIGEON")
    assert step.answer(MfaMethod.SMS).responses == {"ANSWER": "SMS_MFA"}


async def test_bug16_the_status_of_an_app_that_was_not_verified_counts() -> None:
    desk = Desk(signed_in(), {"Status": "ERROR"})
    user = await desk.user()
    with pytest.raises(EnableSoftwareTokenMFAException):
        await user.verify_software_token("123456")


async def test_bug17_one_code_is_sent_and_no_device_that_there_is_not() -> None:
    desk = Desk(challenge("SOFTWARE_TOKEN_MFA"), signed_in())
    step = await start(desk)
    assert isinstance(step, TotpRequired)
    await desk.pool.respond(step.answer("123456"))
    assert desk.sent()["ChallengeResponses"] == {"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": "123456"}


@pytest.mark.parametrize("password", ["", None])
async def test_bug18_a_missing_password_is_no_word(password: str | None) -> None:
    desk = Desk()
    with pytest.raises(ParameterError, match="password"):
        await desk.pool.sign_in("ada", password)
    assert desk.transport.requests == []


async def test_bug18_what_the_caller_gives_stays_the_callers() -> None:
    desk = Desk(signed_in())
    metadata = {"shop": "1"}
    await desk.pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD, client_metadata=metadata)
    assert metadata == {"shop": "1"}


async def test_bug19_users_live_in_their_pools_own_storage_and_foreign_cookies_stay() -> None:
    desk = Desk(signed_in(), {})
    cookies = CookieStorage({"theme": "dark"}, bytes(32))
    pool = desk.pool.with_storage(cookies)
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    assert desk.storage.keys() == []
    await step.user.sign_out()
    assert "theme" not in [cookie.name for cookie in cookies.changes()]


@pytest.mark.parametrize("b", ["0", "", "zz"])
async def test_bug20_an_error_in_the_proof_ends_the_sign_in_once(b: str) -> None:
    desk = Desk(
        challenge("PASSWORD_VERIFIER", SRP_B=b, SALT="ab", SECRET_BLOCK="eA==", USER_ID_FOR_SRP="ada")
    )
    with pytest.raises(ProtocolError, match="No proof was sent"):
        await desk.pool.sign_in("ada", "Correct-horse-7")
    assert desk.transport.targets == ["InitiateAuth"]


@pytest.mark.parametrize("user_pool_id", ["us-east-1_a_b", "us_east_1_a"])
def test_bug21_a_pool_id_with_two_underscores_is_refused(user_pool_id: str) -> None:
    with pytest.raises(ParameterError, match="not a user pool id"):
        AsyncUserPool(user_pool_id, CLIENT)


@pytest.mark.parametrize("name", ["A&B", "A#B", "A?B", 'A"B', "A B", "A/B", "Ünï", "A%B"])
def test_amx01_an_issuer_or_account_of_any_characters_keeps_the_link_whole(name: str) -> None:
    link = urlsplit(totp.otpauth_uri("A" * 32, account=name, issuer=name))
    assert parse_qs(link.query) == {"secret": ["A" * 32], "issuer": [name]}
    assert unquote(link.path) == f"/{name}:{name}"
    assert link.fragment == ""


async def test_amx02_the_kind_of_a_set_up_is_named_and_not_guessed() -> None:
    desk = Desk(
        challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]'),
        challenge("EMAIL_OTP"),
    )
    step = await start(desk)
    assert isinstance(step, MfaSetupRequired)
    chosen = await desk.pool.respond(step.answer(MfaMethod.EMAIL))
    assert isinstance(chosen, EmailSetupRequired)
    await desk.pool.respond(chosen.answer("123456@example.com"))
    assert desk.sent()["ChallengeResponses"] == {"USERNAME": "ada", "EMAIL": "123456@example.com"}


async def test_amx03_the_factors_to_choose_from_stay_with_the_challenge() -> None:
    asked = {**challenge("SELECT_CHALLENGE"), "AvailableChallenges": ["PASSWORD", "EMAIL_OTP"]}
    desk = Desk(asked, CODE)
    step = await desk.pool.sign_in("ada", auth_flow=AuthFlow.CHOICE)
    assert isinstance(step, FactorSelectionRequired)
    with pytest.raises(ServiceError):
        await desk.pool.respond(step.answer("EMAIL_OTP"))
    again = Challenge.from_dict(json.loads(json.dumps(step.to_dict())))
    assert isinstance(again, FactorSelectionRequired)
    assert again.factors == ("PASSWORD", "EMAIL_OTP")


async def test_amx04_amx06_the_session_of_a_sign_up_goes_along_all_the_way() -> None:
    desk = Desk(
        {"UserConfirmed": False, "UserSub": "sub-ada", "Session": "first-" + "x" * 20},
        {"Session": "second-" + "x" * 20},
        signed_in(),
    )
    result = await desk.pool.sign_up("ada", "Correct-horse-7")
    confirmed = await desk.pool.confirm_sign_up("ada", "123456", session=result.session)
    assert isinstance(await desk.pool.sign_in("ada", session=confirmed.session), SignedIn)
    assert [desk.sent(place)["Session"] for place in (1, 2)] == ["first-" + "x" * 20, "second-" + "x" * 20]


async def test_amx05_the_device_goes_with_every_answer() -> None:
    desk = Desk(signed_in(NewDeviceMetadata=DEVICE), {}, challenge("SMS_MFA"), CODE, signed_in())
    await desk.signed_in()
    step = await start(desk)
    assert isinstance(step, SmsCodeRequired)
    with pytest.raises(ServiceError):
        await desk.pool.respond(step.answer("000000"))
    await desk.pool.respond(step.answer("123456"))
    assert [desk.sent(place)["ChallengeResponses"]["DEVICE_KEY"] for place in (3, 4)] == ["us-east-1_d"] * 2


async def test_amx07_two_pools_sign_in_at_once_without_mixing() -> None:
    one, two = Desk(challenge("SMS_MFA", "one-" + "x" * 20), signed_in()), Desk(challenge("CUSTOM_CHALLENGE"))
    first = await start(one)
    second = await two.pool.sign_in("grace", auth_flow=AuthFlow.CUSTOM)
    assert isinstance(first, SmsCodeRequired)
    assert isinstance(second, CustomChallenge)
    assert isinstance(await one.pool.respond(first.answer("123456")), SignedIn)
    assert str(one.sent()["Session"]).startswith("one-")


@pytest.mark.parametrize(
    "refused",
    [
        refusal("LimitExceededException", "Attempt limit exceeded, please try after some time."),
        refusal("TooManyFailedAttemptsException"),
        TransportError("cut", sent="maybe"),
    ],
)
async def test_amx08_neither_attempt_limits_nor_what_may_have_happened_is_repeated(refused: Step) -> None:
    desk = Desk(refused)
    with pytest.raises((ServiceError, TransportError)):
        await desk.pool.confirm_forgot_password("ada", "123456", "Correct-horse-8")
    assert len(desk.transport.requests) == 1
    assert desk.transport.timeouts == [20.0]


async def test_amx08_throttling_is_repeated() -> None:
    desk = Desk(refusal("TooManyRequestsException", "Rate exceeded"), signed_in())
    await desk.signed_in()
    assert TooManyRequestsException.throttled


async def test_amx10_tokens_survive_credentials_that_are_refused() -> None:
    desk = Desk(signed_in())
    user = await desk.user()
    refused = ScriptedTransport(
        [refusal("NotAuthorizedException", "Token is not from a supported provider.")]
    )
    identities = AsyncIdentityPool("us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789", transport=refused)
    with pytest.raises(NotAuthorizedException):
        await identities.of_user(user).credentials()
    assert (await user.tokens()).access_token == tokens()["AccessToken"]
    assert await desk.pool.current_user() is not None


def regions() -> Iterable[tuple[str, str]]:
    return [
        ("us-east-1", "https://cognito-idp.us-east-1.amazonaws.com"),
        ("cn-north-1", "https://cognito-idp.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "https://cognito-idp.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "https://cognito-idp.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "https://cognito-idp.us-iso-east-1.c2s.ic.gov"),
    ]


@pytest.mark.parametrize(("region", "address"), regions())
def test_amx13_every_partition_has_its_hosts(region: str, address: str) -> None:
    assert endpoint("cognito-idp", region) == address
