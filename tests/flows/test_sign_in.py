"""Signing in: SRP against the protocol's own server side, the clear password, and all that must be
refused.
"""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.flows.srp_service import PARAMETERS, PASSWORD, USER_ID, SrpService
from tests.flows.stage import CLIENT, NOW, SECRET, Stage, challenge, config, signed_in
from userpool.flows.asking import MAX_CHALLENGES
from userpool.flows.config import AuthFlow, UserContext
from userpool.flows.grant import Device, Grant
from userpool.flows.sign_in import sign_in
from userpool.protocol import srp
from userpool.protocol.challenges import (
    EmailSetupRequired,
    MfaSetupRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
)
from userpool.protocol.errors import (
    ClockSkewError,
    InvalidParameterException,
    NotAuthorizedException,
    ParameterError,
    ProtocolError,
    ServiceError,
    UserNotFoundException,
)
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import Step, answer, refusal

DEVICE = Device("us-east-1_device", "-group", "device-password")


def with_password(stage: Stage, **more: Any) -> Any:
    return stage.run(sign_in(config(), "ada", PASSWORD, auth_flow=AuthFlow.PASSWORD, **more))


def test_srp_proves_the_password_byte_for_byte_and_never_sends_it() -> None:
    """C-15, C-08: no trimming or folding; x is made with USER_ID_FOR_SRP, whatever alias was typed."""
    service = SrpService(signed_in(USER_ID))
    stage = Stage(service.steps())
    outcome = stage.run(sign_in(config(), "ada@example.com", PASSWORD))
    assert isinstance(outcome, Grant)
    assert service.verified
    assert outcome.user_id == USER_ID
    assert outcome.tokens.refresh_token == f"refresh-{USER_ID}-{int(NOW)}"
    assert outcome.new_device is None
    assert stage.targets == ["InitiateAuth", "RespondToAuthChallenge"]
    first, second = stage.body(0), stage.body(1)
    assert first == {
        "AuthFlow": "USER_SRP_AUTH",
        "ClientId": CLIENT,
        "AuthParameters": {"USERNAME": "ada@example.com", "SRP_A": service.srp_a},
    }
    responses = second["ChallengeResponses"]
    assert isinstance(responses, dict)
    assert second["ChallengeName"] == "PASSWORD_VERIFIER"
    assert str(second["Session"]).startswith("session-")
    assert set(responses) == {
        "USERNAME",
        "PASSWORD_CLAIM_SECRET_BLOCK",
        "PASSWORD_CLAIM_SIGNATURE",
        "TIMESTAMP",
    }
    assert responses["USERNAME"] == USER_ID
    assert responses["TIMESTAMP"] == "Mon Sep 21 14:13:20 UTC 2026"
    sent = b"".join(request.body for request in stage.transport.requests)
    assert PASSWORD.encode() not in sent


def test_c23_the_secret_hash_follows_the_name_of_its_request() -> None:
    stage = Stage(SrpService(signed_in(USER_ID)).steps())
    stage.run(sign_in(config(client_secret=SECRET), "ada@example.com", PASSWORD))
    first, second = stage.body(0)["AuthParameters"], stage.body(1)["ChallengeResponses"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["SECRET_HASH"] == secret_hash("ada@example.com", CLIENT, SECRET)
    assert second["SECRET_HASH"] == secret_hash(USER_ID, CLIENT, SECRET)


def test_c24_a_client_without_a_secret_sends_no_hash() -> None:
    stage = Stage(SrpService(signed_in(USER_ID)).steps())
    stage.run(sign_in(config(), "ada", PASSWORD))
    assert all(b"SECRET_HASH" not in request.body for request in stage.transport.requests)


def test_device_metadata_and_context_go_with_both_requests() -> None:
    settings = config(
        client_metadata={"from": "config"},
        analytics_endpoint_id="endpoint",
        user_context=UserContext("192.0.2.1", "fingerprint"),
    )
    stage = Stage(SrpService(signed_in(USER_ID)).steps())
    outcome = stage.run(sign_in(settings, "ada", PASSWORD, client_metadata={"from": "call"}, device=DEVICE))
    for index, member in enumerate(("AuthParameters", "ChallengeResponses")):
        body = stage.body(index)
        parameters = body[member]
        assert isinstance(parameters, dict)
        assert parameters["DEVICE_KEY"] == "us-east-1_device"
        assert body["ClientMetadata"] == {"from": "call"}
        assert body["AnalyticsMetadata"] == {"AnalyticsEndpointId": "endpoint"}
        assert body["UserContextData"] == {"IpAddress": "192.0.2.1", "EncodedData": "fingerprint"}
    assert isinstance(outcome, Grant)
    assert outcome.device_key == "us-east-1_device"


def test_a_call_s_own_context_wins_and_the_config_s_metadata_is_used_otherwise() -> None:
    settings = config(client_metadata={"from": "config"}, user_context=UserContext("192.0.2.1"))
    stage = Stage([answer(signed_in())])
    stage.run(
        sign_in(settings, "ada", "x", auth_flow=AuthFlow.PASSWORD, user_context=UserContext("192.0.2.9"))
    )
    assert stage.body()["ClientMetadata"] == {"from": "config"}
    assert stage.body()["UserContextData"] == {"IpAddress": "192.0.2.9"}


def test_the_clear_password_is_sent_when_asked_for_by_name() -> None:
    stage = Stage([answer(signed_in())])
    outcome = with_password(stage)
    assert stage.body()["AuthParameters"] == {"USERNAME": "ada", "PASSWORD": PASSWORD}
    assert outcome.new_device is None
    assert outcome.user_id is None, "an alias may have been typed: the service has not told the name"
    assert stage.drawn == 0


@pytest.mark.parametrize("device", [{}, {"DeviceKey": "key"}, {"DeviceGroupKey": "group"}])
def test_half_a_device_is_none(device: dict[str, str]) -> None:
    assert with_password(Stage([answer(signed_in(NewDeviceMetadata=device))])).new_device is None


def test_c20_no_fall_back_from_srp_to_the_password() -> None:
    stage = Stage([refusal("InvalidParameterException", "USER_SRP_AUTH is not enabled for the client.")])
    with pytest.raises(InvalidParameterException):
        stage.run(sign_in(config(), "ada", PASSWORD))
    assert stage.targets == ["InitiateAuth"]
    assert PASSWORD.encode() not in stage.transport.requests[0].body


def test_c14_a_wrong_password_is_tried_once() -> None:
    service = SrpService(signed_in())
    stage = Stage(service.steps())
    with pytest.raises(NotAuthorizedException):
        stage.run(sign_in(config(), "ada", "wrong"))
    assert stage.targets == ["InitiateAuth", "RespondToAuthChallenge"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_c22_a_redirect_is_an_error_and_nothing_goes_where_it_points(status: int) -> None:
    """The transports follow none: `userpool.testing.transport_kit` holds them to it."""
    moved = answer({}, status=status, headers={"location": "https://elsewhere.example/"})
    stage = Stage([moved])
    with pytest.raises((ServiceError, ProtocolError)):
        stage.run(sign_in(config(), "ada", PASSWORD, auth_flow=AuthFlow.PASSWORD))
    assert [request.url for request in stage.transport.requests] == [f"{config().endpoint}/"]


def test_c26_an_unknown_user_reads_like_a_wrong_password() -> None:
    with pytest.raises(NotAuthorizedException) as caught:
        with_password(Stage([refusal("UserNotFoundException", "User does not exist.")]))
    assert isinstance(caught.value, UserNotFoundException)
    assert caught.value.message == "Incorrect username or password."


@pytest.mark.parametrize("username", ["", "a\0b", "a b", "x" * 129, "tab\there"])
def test_c34_user_names_that_cannot_be_are_not_sent(username: str) -> None:
    with pytest.raises(ParameterError, match="user name"):
        Stage().run(sign_in(config(), username, PASSWORD))


def test_an_empty_password_is_not_sent() -> None:
    with pytest.raises(ParameterError, match="password is empty"):
        Stage().run(sign_in(config(), "ada", ""))


def test_other_flows_are_refused_by_name() -> None:
    with pytest.raises(ParameterError, match="'ADMIN_NO_SRP_AUTH' is no flow of sign_in"):
        Stage().run(sign_in(config(), "ada", PASSWORD, auth_flow="ADMIN_NO_SRP_AUTH"))


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.CHOICE, AuthFlow.CUSTOM])
def test_a_refused_proof_says_what_migrated_users_need(flow: AuthFlow) -> None:
    refused: list[list[Step]] = [
        list(SrpService(signed_in()).steps()),
        [refusal("UserNotFoundException", "User does not exist.")],
    ]
    said = []
    for steps in refused:
        with pytest.raises(NotAuthorizedException, match=r"first sign-in, .*AuthFlow\.PASSWORD") as caught:
            Stage(steps).run(sign_in(config(), "ada", "wrong", auth_flow=flow))
        assert pickle.loads(pickle.dumps(caught.value)).hint == caught.value.hint
        said.append(caught.value.hint)
    assert said[0] == said[1], "it tells nobody which users exist"
    assert "AuthFlow" not in NotAuthorizedException("Incorrect username or password.").hint


@pytest.mark.parametrize(
    ("message", "password", "flow"),
    [
        ("Password attempts exceeded", "wrong", AuthFlow.SRP),
        ("Incorrect username or password.", "wrong", AuthFlow.PASSWORD),
        ("Incorrect username or password.", None, AuthFlow.CUSTOM),
    ],
)
def test_other_refusals_have_nothing_to_do_with_migration(
    message: str, password: str | None, flow: AuthFlow
) -> None:
    stage = Stage([refusal("NotAuthorizedException", message)])
    with pytest.raises(NotAuthorizedException) as caught:
        stage.run(sign_in(config(), "ada", password, auth_flow=flow))
    assert caught.value.hint == NotAuthorizedException(message).hint


@pytest.mark.parametrize("flow", list(AuthFlow))
def test_a_flow_that_the_client_does_not_allow_is_named_with_its_switch(flow: AuthFlow) -> None:
    stage = Stage([refusal("InvalidParameterException", f"{flow} flow not enabled for this client")])
    with pytest.raises(InvalidParameterException, match=f"ALLOW_{flow}") as caught:
        stage.run(sign_in(config(), "ada", PASSWORD, auth_flow=flow))
    assert "AuthFlow.PASSWORD" in caught.value.hint


def test_other_invalid_parameters_keep_their_hint() -> None:
    stage = Stage([refusal("InvalidParameterException", "Missing required parameter SRP_A")])
    with pytest.raises(InvalidParameterException) as caught:
        stage.run(sign_in(config(), "ada", PASSWORD))
    assert caught.value.hint == InvalidParameterException.hint


BAD = {
    "C-01 zero": ("SRP_B", "0"),
    "C-01 N": ("SRP_B", f"{srp.N:x}"),
    "C-01 2N": ("SRP_B", f"{2 * srp.N:x}"),
    "C-02 above N": ("SRP_B", f"{srp.N + 5:x}"),
    "C-03 empty": ("SRP_B", ""),
    "C-03 negative": ("SRP_B", "-1"),
    "C-03 prefix": ("SRP_B", "0x1f"),
    "C-03 not hex": ("SRP_B", "xyz"),
    "C-03 spaces": ("SRP_B", " 1f"),
    "C-03 long": ("SRP_B", "f" * 10_000_000),
    "C-06 empty salt": ("SALT", ""),
    "C-06 long salt": ("SALT", "f" * 65_536),
    "C-10 block": ("SECRET_BLOCK", "not base64!"),
}


@pytest.mark.parametrize(("member", "value"), BAD.values(), ids=BAD.keys())
def test_no_proof_leaves_for_an_unsafe_or_malformed_challenge(member: str, value: str) -> None:
    parameters = {**PARAMETERS, "SRP_B": "1f", member: value}
    stage = Stage([answer(challenge("PASSWORD_VERIFIER", **parameters))])
    with pytest.raises(ProtocolError, match=rf"{member} .*No proof was sent") as caught:
        stage.run(sign_in(config(), "ada", PASSWORD))
    assert stage.targets == ["InitiateAuth"]
    assert caught.value.operation == "InitiateAuth"
    assert_hidden(caught.value, PASSWORD)


@pytest.mark.parametrize("member", ["USER_ID_FOR_SRP", "SECRET_BLOCK", "SRP_B", "SALT"])
def test_c09_a_missing_parameter_is_named(member: str) -> None:
    parameters = {**PARAMETERS, "SRP_B": "1f"}
    del parameters[member]
    stage = Stage([answer(challenge("PASSWORD_VERIFIER", **parameters))])
    with pytest.raises(ProtocolError, match=member):
        stage.run(sign_in(config(), "ada", PASSWORD))


def test_a_challenge_without_any_parameter_is_refused() -> None:
    stage = Stage([answer({"ChallengeName": "PASSWORD_VERIFIER"})])
    with pytest.raises(ProtocolError, match="USER_ID_FOR_SRP"):
        stage.run(sign_in(config(), "ada", PASSWORD))


def test_c04_a_scrambling_value_of_zero_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srp, "_hash_int", lambda data: 0)
    stage = Stage([answer(challenge("PASSWORD_VERIFIER", **PARAMETERS, SRP_B="1f"))])
    with pytest.raises(ProtocolError, match="scrambling"):
        stage.run(sign_in(config(), "ada", PASSWORD))
    assert stage.targets == ["InitiateAuth"]


@pytest.mark.parametrize(("ahead", "words"), [(-3600, "3600 seconds ahead"), (3600, "3600 seconds behind")])
def test_c13_a_wrong_clock_is_named_and_nothing_is_tried(ahead: int, words: str) -> None:
    date = "Mon, 21 Sep 2026 13:13:20 GMT" if ahead < 0 else "Mon, 21 Sep 2026 15:13:20 GMT"
    service = SrpService(signed_in(), headers={"Date": date})
    stage = Stage(service.steps())
    with pytest.raises(ClockSkewError, match=words) as caught:
        stage.run(sign_in(config(), "ada", PASSWORD))
    assert stage.targets == ["InitiateAuth"]
    assert caught.value.seconds == ahead


@pytest.mark.parametrize("date", ["Mon, 21 Sep 2026 14:15:00 GMT", "Mon, 21 Sep 26 00:00:00 GMT", "now"])
def test_a_small_drift_or_an_unreadable_date_does_not_matter(date: str) -> None:
    stage = Stage(SrpService(signed_in(), headers={"Date": date}).steps())
    assert isinstance(stage.run(sign_in(config(), "ada", PASSWORD)), Grant)


def test_a_challenge_ends_the_flow() -> None:
    service = SrpService(challenge("SOFTWARE_TOKEN_MFA", USER_ID_FOR_SRP=USER_ID))
    outcome = Stage(service.steps()).run(sign_in(config(), "ada", PASSWORD, device=DEVICE))
    assert isinstance(outcome, TotpRequired)
    assert (outcome.username, outcome.user_id) == (USER_ID, USER_ID)
    assert (outcome.client_id, outcome.position) == (CLIENT, 1)
    assert outcome.issued_at.timestamp() == NOW
    assert outcome.device_key == "us-east-1_device"


def test_c16_a_challenge_of_tomorrow_can_come_at_any_place() -> None:
    reply = {**challenge("TOMORROW", HINT="blue"), "AvailableChallenges": ["A"]}
    for outcome in (
        Stage([answer(reply)]).run(sign_in(config(), "ada", PASSWORD)),
        with_password(Stage([answer(reply)])),
    ):
        assert isinstance(outcome, UnknownChallenge)
        assert outcome.username == "ada"
        assert outcome.available_challenges == ("A",)


def test_c18_tokens_and_a_challenge_or_neither_are_refused() -> None:
    both = {**challenge("SMS_MFA"), **signed_in()}
    with pytest.raises(ProtocolError, match="both tokens and a challenge"):
        with_password(Stage([answer(both)]))
    with pytest.raises(ProtocolError, match="neither tokens nor a challenge"):
        with_password(Stage([answer({})]))
    with pytest.raises(ProtocolError, match="both"):
        Stage([answer({**both, "ChallengeName": "PASSWORD_VERIFIER"})]).run(sign_in(config(), "ada", "x"))


@pytest.mark.parametrize("reply", [signed_in(), challenge("SMS_MFA")])
def test_srp_cannot_be_skipped(reply: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match=r"went on with .* may not follow USER_SRP_AUTH"):
        Stage([answer(reply)]).run(sign_in(config(), "ada", PASSWORD))


def test_tokens_without_an_access_token_are_none() -> None:
    with pytest.raises(ProtocolError, match="access token"):
        with_password(Stage([answer(signed_in(AccessToken=None))]))


def test_the_only_thing_to_set_up_is_begun_at_once() -> None:
    reply = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]', USER_ID_FOR_SRP=USER_ID)
    associated = answer({"SecretCode": "JBSWY3DPEHPK3PXP", "Session": "session-2" + "x" * 20})
    stage = Stage([answer(reply), associated])
    outcome = with_password(stage)
    assert isinstance(outcome, TotpSetupRequired)
    assert stage.body() == {"Session": reply["Session"]}
    assert outcome.secret_code == "JBSWY3DPEHPK3PXP"
    assert str(outcome.session).startswith("session-2")
    assert outcome.user_id == USER_ID
    email = with_password(Stage([answer(challenge("MFA_SETUP", MFAS_CAN_SETUP='["EMAIL_OTP"]'))]))
    assert isinstance(email, EmailSetupRequired)


@pytest.mark.parametrize(
    "offered", ['["SMS_MFA"]', '["TOMORROW"]', "[]", '["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]']
)
def test_what_cannot_be_begun_alone_is_left_to_the_person(offered: str) -> None:
    outcome = with_password(Stage([answer(challenge("MFA_SETUP", MFAS_CAN_SETUP=offered))]))
    assert isinstance(outcome, MfaSetupRequired)


def test_a_seed_must_come_with_its_setup() -> None:
    reply = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    with pytest.raises(ProtocolError, match="seed"):
        with_password(Stage([answer(reply), answer({})]))


def test_c27_no_step_of_a_sign_in_prints_a_secret() -> None:
    password = canary("password")
    flow = sign_in(config(client_secret=canary("client-secret")), "ada", password)
    effect = next(flow)
    seen = [repr(effect)]
    answers: list[Any] = [b"\x81" * 40, srp.ClientSide.generate(b"\x81" * 40), 0.0]
    for told in answers:
        seen.append(repr(flow.send(told)))
    for text in seen:
        assert password not in text
        assert "client-secret" not in text
    flow.close()


def test_the_bound_on_challenges_is_that_of_the_catalogue() -> None:
    assert MAX_CHALLENGES == 10


@pytest.mark.parametrize("flow", [*AuthFlow, None])
def test_a_password_that_is_no_text_is_refused_and_not_shown(flow: AuthFlow | None) -> None:
    given: Any = b"Correct-horse-7"
    with pytest.raises(ParameterError, match="not bytes") as refused:
        Stage().run(sign_in(config(), "ada", given, auth_flow=flow))
    assert "horse" not in str(refused.value)
