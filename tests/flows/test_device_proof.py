"""A remembered device inside a sign-in: it proves itself in every flow, asks nobody, and is given up when the
service has forgotten it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.canary import assert_hidden, found_in
from tests.flows.device_service import DEVICE, KEY, UNKNOWN, DeviceService, body
from tests.flows.srp_service import PASSWORD, USER_ID, SrpService
from tests.flows.stage import CLIENT, NOW, SECRET, Stage, challenge, config, signed_in, tokens
from userpool.flows.config import AuthFlow, ClientConfig, RefreshFlow
from userpool.flows.grant import Device, Grant
from userpool.flows.known_device import LONGEST_NAME, is_unknown_device
from userpool.flows.refresh import refresh
from userpool.flows.respond import respond
from userpool.flows.sign_in import sign_in
from userpool.protocol import srp
from userpool.protocol.challenges import (
    Answer,
    AuthFactor,
    Challenge,
    CustomChallenge,
    FactorSelectionRequired,
    MfaMethod,
    SmsCodeRequired,
    TotpRequired,
    UnknownChallenge,
)
from userpool.protocol.effects import Flow
from userpool.protocol.errors import (
    ChallengeError,
    ClockSkewError,
    CodeMismatchException,
    NotAuthorizedException,
    ParameterError,
    ProtocolError,
    ResourceNotFoundException,
    ServiceError,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import Step, answer, refusal

ASKED = challenge("DEVICE_SRP_AUTH", DEVICE_KEY=KEY, USERNAME=USER_ID)
"""What the service says in the place of a second factor."""

Start = Callable[..., Flow[Any]]


def by_srp(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", PASSWORD, **more)


def by_password(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", PASSWORD, auth_flow=AuthFlow.PASSWORD, **more)


def by_choice(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", PASSWORD, preferred_challenge=AuthFactor.PASSWORD, **more)


def by_choice_srp(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", PASSWORD, auth_flow=AuthFlow.CHOICE, **more)


def from_sign_up(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", session="sign-up-" + "x" * 20, **more)


def by_triggers(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", auth_flow=AuthFlow.CUSTOM, **more)


def by_triggers_srp(settings: ClientConfig, **more: Any) -> Flow[Any]:
    return sign_in(settings, "ada", PASSWORD, auth_flow=AuthFlow.CUSTOM, **more)


WITH_SRP = {by_srp, by_choice_srp, by_triggers_srp}
STARTS: Mapping[str, Start] = {
    start.__name__: start
    for start in (
        by_srp,
        by_password,
        by_choice,
        by_choice_srp,
        from_sign_up,
        by_triggers,
        by_triggers_srp,
    )
}


def first_factor(start: Start, last: dict[str, Any]) -> list[Step]:
    """What the service does until the first factor is given, and then says `last`."""
    return list(SrpService(last).steps()) if start in WITH_SRP else [answer(last)]


def sent(stage: Stage) -> list[dict[str, Any]]:
    """The parameters of every request."""
    bodies = [body(request) for request in stage.transport.requests]
    return [each.get("AuthParameters") or each.get("ChallengeResponses") or each for each in bodies]


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_remembered_device_proves_itself_in_every_flow(start: Start) -> None:
    service = DeviceService(signed_in(USER_ID))
    stage = Stage([*first_factor(start, ASKED), service.begin, service.verify])
    outcome = stage.run(start(config(), device=DEVICE))
    assert isinstance(outcome, Grant)
    assert service.verified
    assert outcome.device_key == KEY
    assert outcome.new_device is None
    assert all(parameters["DEVICE_KEY"] == KEY for parameters in sent(stage))
    first, second = stage.body(-2), stage.body(-1)
    assert (first["ChallengeName"], second["ChallengeName"]) == (
        "DEVICE_SRP_AUTH",
        "DEVICE_PASSWORD_VERIFIER",
    )
    assert first["Session"] == ASKED["Session"]
    assert str(second["Session"]).startswith("device-")
    begun, proof = sent(stage)[-2:]
    assert begun == {"USERNAME": USER_ID, "DEVICE_KEY": KEY, "SRP_A": service.srp_a}
    assert set(proof) == {
        "USERNAME",
        "DEVICE_KEY",
        "PASSWORD_CLAIM_SECRET_BLOCK",
        "PASSWORD_CLAIM_SIGNATURE",
        "TIMESTAMP",
    }
    assert proof["TIMESTAMP"] == "Mon Sep 21 14:13:20 UTC 2026"
    wire = b"".join(request.body for request in stage.transport.requests).decode()
    assert not found_in(wire, DEVICE.password)


def question(kind: type[Challenge], **more: Any) -> Any:
    return kind(
        username=USER_ID,
        client_id=CLIENT,
        issued_at=datetime.fromtimestamp(NOW, UTC),
        user_id=USER_ID,
        session="mfa-" + "z" * 20,
        device_key=KEY,
        **more,
    )


def totp_answer() -> Answer:
    answered: Answer = question(TotpRequired).answer("123456")
    return answered


def custom_answer() -> Answer:
    answered: Answer = question(CustomChallenge).answer("blue")
    return answered


@pytest.mark.parametrize("given", [totp_answer, custom_answer])
def test_a_device_proves_itself_after_a_challenge_too(given: Callable[[], Answer]) -> None:
    """The session of the reply is the one that goes on, not the one that was answered."""
    service = DeviceService(signed_in(USER_ID))
    stage = Stage([answer(ASKED), service.begin, service.verify])
    outcome = stage.run(respond(config(), given(), device=DEVICE))
    assert isinstance(outcome, Grant)
    assert service.verified
    assert outcome.user_id == USER_ID
    assert [stage.body(index)["Session"] for index in range(3)] == [
        "mfa-" + "z" * 20,
        ASKED["Session"],
        "device-" + "y" * 20,
    ]


def test_a_device_proves_itself_after_a_password_that_was_chosen_on_the_way() -> None:
    asked = question(FactorSelectionRequired, available_challenges=("PASSWORD_SRP", "EMAIL_OTP"))
    given = asked.answer(AuthFactor.PASSWORD_SRP, PASSWORD)
    password, device = SrpService(ASKED), DeviceService(signed_in(USER_ID))
    stage = Stage([*password.steps(), device.begin, device.verify])
    outcome = stage.run(respond(config(), given, device=DEVICE))
    assert isinstance(outcome, Grant)
    assert password.verified
    assert device.verified
    assert all(parameters["DEVICE_KEY"] == KEY for parameters in sent(stage))


def test_each_exchange_draws_a_number_of_its_own() -> None:
    """The password's proof and the device's never share a secret exponent."""
    service = DeviceService(signed_in(USER_ID))
    stage = Stage([*first_factor(by_srp, ASKED), service.begin, service.verify])
    stage.run(by_srp(config(), device=DEVICE))
    assert sent(stage)[0]["SRP_A"] != service.srp_a
    assert stage.drawn == 2


def test_c23_the_secret_hash_goes_with_the_device_s_answers() -> None:
    service = DeviceService(signed_in(USER_ID))
    stage = Stage([*first_factor(by_srp, ASKED), service.begin, service.verify])
    stage.run(by_srp(config(client_secret=SECRET), device=DEVICE))
    for parameters in sent(stage)[1:]:
        assert parameters["SECRET_HASH"] == secret_hash(USER_ID, CLIENT, SECRET)


def test_the_name_is_that_of_the_reply_or_the_one_in_use() -> None:
    for asked, name in ((challenge("DEVICE_SRP_AUTH"), "ada"), (ASKED, USER_ID)):
        service = DeviceService(signed_in(USER_ID))
        stage = Stage([answer(asked), service.begin, service.verify])
        stage.run(by_password(config(), device=DEVICE))
        assert [parameters["USERNAME"] for parameters in sent(stage)[1:]] == [name, name]


BAD = {
    "B zero": ("SRP_B", "0"),
    "B N": ("SRP_B", f"{srp.N:x}"),
    "B 2N": ("SRP_B", f"{2 * srp.N:x}"),
    "B above N": ("SRP_B", f"{srp.N + 5:x}"),
    "B not hex": ("SRP_B", "xyz"),
    "salt empty": ("SALT", ""),
    "salt long": ("SALT", "f" * 65_536),
    "block": ("SECRET_BLOCK", "not base64!"),
}


@pytest.mark.parametrize(("member", "value"), BAD.values(), ids=BAD.keys())
def test_c28_no_proof_of_the_device_leaves_for_an_unsafe_or_malformed_challenge(
    member: str, value: str
) -> None:
    unsafe = {"SALT": "1234567890abcdef", "SRP_B": "1f", "SECRET_BLOCK": "aaaa", member: value}
    stage = Stage([answer(ASKED), answer(challenge("DEVICE_PASSWORD_VERIFIER", **unsafe))])
    with pytest.raises(ProtocolError, match=rf"{member} .*No proof was sent") as caught:
        stage.run(by_password(config(), device=DEVICE))
    assert caught.value.operation == "RespondToAuthChallenge"
    assert_hidden(caught.value, DEVICE.password, PASSWORD)


def test_c28_without_any_parameter_no_proof_leaves() -> None:
    stage = Stage([answer(ASKED), answer({"ChallengeName": "DEVICE_PASSWORD_VERIFIER"})])
    with pytest.raises(ProtocolError, match="No proof was sent"):
        stage.run(by_password(config(), device=DEVICE))


def test_c28_a_wrong_salt_makes_a_wrong_proof_which_nobody_repeats() -> None:
    service = DeviceService(signed_in(), SALT="1234567890abcdef")
    stage = Stage([answer(ASKED), service.begin, service.verify])
    with pytest.raises(NotAuthorizedException, match="drop_device") as caught:
        stage.run(by_password(config(), device=DEVICE))
    assert not service.verified
    assert_hidden(caught.value, DEVICE.password)


def test_a_refused_device_is_not_mistaken_for_a_wrong_password() -> None:
    service = DeviceService(signed_in(USER_ID))
    wrong = refusal("NotAuthorizedException", "Incorrect username or password.")
    stage = Stage([*first_factor(by_srp, ASKED), service.begin, wrong])
    with pytest.raises(NotAuthorizedException, match="drop_device") as caught:
        stage.run(by_srp(config(), device=DEVICE))
    assert "AuthFlow.PASSWORD" not in str(caught.value)
    assert "drop_device" not in NotAuthorizedException.hint, "what is said is said of this one"


def test_c13_a_wrong_clock_is_named_before_the_device_s_proof() -> None:
    late = answer(challenge("DEVICE_PASSWORD_VERIFIER"), headers={"Date": "Mon, 21 Sep 2026 13:13:20 GMT"})
    with pytest.raises(ClockSkewError, match="3600 seconds ahead"):
        Stage([answer(ASKED), late]).run(by_password(config(), device=DEVICE))


@pytest.mark.parametrize(
    "device",
    [None, Device("us-east-1_another", "-group", "password")],
    ids=["none at hand", "another"],
)
def test_a_device_that_is_not_at_hand_is_told_to_the_program_and_to_no_person(device: Device | None) -> None:
    stage = Stage([answer(ASKED)])
    with pytest.raises(ChallengeError, match="device that is not at hand"):
        stage.run(by_password(config(), device=device))


def test_a_challenge_s_own_device_counts_not_another_one_at_hand() -> None:
    stage = Stage([answer(ASKED)])
    with pytest.raises(ChallengeError, match="device that is not at hand"):
        stage.run(respond(config(), totp_answer(), device=Device("us-east-1_another", "-group", "password")))
    assert sent(stage)[0]["DEVICE_KEY"] == KEY


def test_the_device_s_first_step_cannot_be_skipped() -> None:
    for reply in (signed_in(), challenge("SMS_MFA"), {**ASKED, **signed_in()}):
        stage = Stage([answer(ASKED), answer(reply)])
        with pytest.raises(ProtocolError, match=r"may not follow DEVICE_SRP_AUTH|both"):
            stage.run(by_password(config(), device=DEVICE))


def test_after_the_proof_only_tokens_come() -> None:
    for reply in (challenge("SMS_MFA"), ASKED):
        service = DeviceService(reply)
        stage = Stage([answer(ASKED), service.begin, service.verify])
        with pytest.raises(ProtocolError, match="may not follow DEVICE_PASSWORD_VERIFIER"):
            stage.run(by_password(config(), device=DEVICE))


def test_c16_a_challenge_of_tomorrow_can_come_between_the_device_s_steps() -> None:
    outcome = Stage([answer(ASKED), answer(challenge("TOMORROW"))]).run(by_password(config(), device=DEVICE))
    assert isinstance(outcome, UnknownChallenge)
    assert outcome.device_key == KEY


# The service has forgotten the device.


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_c29_a_device_that_the_first_request_names_in_vain_is_left_out_from_then_on(start: Start) -> None:
    stage = Stage([UNKNOWN, *first_factor(start, signed_in(USER_ID))])
    outcome = stage.run(start(config(), device=DEVICE))
    assert isinstance(outcome, Grant)
    assert outcome.device_key is None
    assert ["DEVICE_KEY" in parameters for parameters in sent(stage)] == [
        True,
        *[False] * (len(stage.targets) - 1),
    ]


def test_c29_so_is_one_that_the_password_s_proof_names_in_vain() -> None:
    """The same proof goes out again: it is still good."""
    service = SrpService(signed_in(USER_ID))
    stage = Stage([service.initiate, UNKNOWN, service.respond])
    outcome = stage.run(by_srp(config(), device=DEVICE))
    assert isinstance(outcome, Grant)
    assert service.verified
    refused, repeated = sent(stage)[1:]
    assert refused.pop("DEVICE_KEY") == KEY
    assert refused == repeated


@pytest.mark.parametrize("given", [totp_answer, custom_answer])
def test_c29_so_is_one_that_a_challenge_s_answer_names_in_vain(given: Callable[[], Answer]) -> None:
    stage = Stage([UNKNOWN, answer(signed_in(USER_ID))])
    outcome = stage.run(respond(config(), given(), device=DEVICE))
    assert isinstance(outcome, Grant)
    assert outcome.device_key is None
    assert ["DEVICE_KEY" in parameters for parameters in sent(stage)] == [True, False]


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("place", ["DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"])
def test_c29_forgotten_while_it_proves_itself_the_sign_in_begins_anew_without_it(
    start: Start, place: str
) -> None:
    service = DeviceService(signed_in(USER_ID))
    device_steps: list[Step] = [UNKNOWN] if place == "DEVICE_SRP_AUTH" else [service.begin, UNKNOWN]
    second_time = challenge("SMS_MFA", USERNAME=USER_ID)
    stage = Stage([*first_factor(start, ASKED), *device_steps, *first_factor(start, second_time)])
    outcome = stage.run(start(config(), device=DEVICE))
    assert isinstance(outcome, SmsCodeRequired), "the second factor that the device stood for"
    assert outcome.device_key is None
    assert stage.targets.count("InitiateAuth") == 2


def test_c29_where_nothing_can_begin_anew_the_refusal_is_told() -> None:
    stage = Stage([answer(ASKED), UNKNOWN])
    with pytest.raises(ResourceNotFoundException, match="Device does not exist"):
        stage.run(respond(config(), totp_answer(), device=DEVICE))


def test_c29_a_forgotten_device_is_left_out_once_and_then_a_refusal_is_a_refusal() -> None:
    """Where amazon-cognito-identity-js asks as long as it is refused."""
    stage = Stage([UNKNOWN, UNKNOWN])
    with pytest.raises(ResourceNotFoundException):
        stage.run(by_password(config(), device=DEVICE))
    assert len(stage.targets) == 2


OTHERS = {
    "no such client": ("ResourceNotFoundException", "User pool client x does not exist."),
    "a wrong password": ("NotAuthorizedException", "Incorrect username or password."),
    "a wrong code": ("CodeMismatchException", "Invalid code or device."),
    "no tracking": ("InvalidParameterException", "Device tracking not currently enabled for this pool."),
}


@pytest.mark.parametrize(("code", "message"), OTHERS.values(), ids=OTHERS)
def test_c29_no_other_error_gives_a_device_up(code: str, message: str) -> None:
    stage = Stage([refusal(code, message)])
    with pytest.raises(ServiceError) as caught:
        stage.run(by_password(config(), device=DEVICE))
    assert caught.value.code == code
    service = DeviceService(signed_in())
    stage = Stage([answer(ASKED), service.begin, refusal(code, message)])
    with pytest.raises(ServiceError):
        stage.run(by_password(config(), device=DEVICE))


def test_c29_a_refusal_in_either_class_counts_and_only_where_a_device_was_named() -> None:
    assert is_unknown_device(ResourceNotFoundException("Device does not exist."))
    assert is_unknown_device(ResourceNotFoundException("No such device"))
    assert is_unknown_device(NotAuthorizedException("Device does not exist."))
    assert not is_unknown_device(NotAuthorizedException("This device is locked."))
    assert not is_unknown_device(CodeMismatchException("Device does not exist."))
    with pytest.raises(ResourceNotFoundException):
        Stage([UNKNOWN]).run(by_password(config()))


@pytest.mark.parametrize("flow", RefreshFlow)
def test_c29_a_refresh_leaves_a_forgotten_device_out_too(flow: RefreshFlow) -> None:
    stage = Stage([UNKNOWN, answer({"AuthenticationResult": tokens()})])
    renewed = stage.run(refresh(config(), "refresh", username="ada", refresh_flow=flow, device_key=KEY))
    assert renewed.device_key is None
    first, second = (body(request) for request in stage.transport.requests)
    named = first.get("DeviceKey") or first["AuthParameters"]["DEVICE_KEY"]
    assert named == KEY
    assert KEY not in str(second)


def test_both_a_refused_secret_and_a_forgotten_device_are_got_over() -> None:
    from userpool.flows.client_secret import SecretPair

    pair = SecretPair("n" * 52, SECRET)
    settings = config(client_secret=pair.current, secrets=pair)
    wrong_secret = refusal("NotAuthorizedException", "Unable to verify secret hash for client x")
    stage = Stage([wrong_secret, UNKNOWN, answer(signed_in())])
    outcome = stage.run(by_password(settings, device=DEVICE))
    assert isinstance(outcome, Grant)
    assert "DEVICE_KEY" not in sent(stage)[-1]
    assert sent(stage)[-1]["SECRET_HASH"] == secret_hash("ada", CLIENT, SECRET)


@pytest.mark.parametrize("name", ["", "x" * (LONGEST_NAME + 1)])
def test_a_device_name_that_cannot_be_right_stops_before_anything_is_sent(name: str) -> None:
    with pytest.raises(ParameterError, match="device name has 1 to 1024"):
        Stage().run(by_password(config(), device_name=name))


def test_the_mfa_types_are_not_confused_with_the_device() -> None:
    """A device's challenge never stands among what a person may choose."""
    assert "DEVICE_SRP_AUTH" not in set(MfaMethod) | set(AuthFactor)
