"""Every unsigned operation has a method on the asynchronous face, and each request has all that belongs to
it: the model says what, not the test.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.flows.stage import CLIENT, NOW, POOL, SECRET, jwt
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    CodeDelivery,
    EmailCodeRequired,
    MfaOption,
    MfaPreference,
    NewDevice,
    ProtocolError,
    UserContext,
    UserPoolError,
    errors,
)
from userpool.protocol import operations as ops
from userpool.protocol.operations import Auth
from userpool.protocol.secret_hash import secret_hash
from userpool.testing.scripted import ScriptedTransport, Step, answer, refusal

DEVICE = "us-east-1_6f2b9d3c-0000-4000-8000-000000000000"
NEW, OLD = "n" * 52, "o" * 52
SESSION_ID = "tkn" + "a" * 25
MADE = {"id": "c", "type": "public-key", "response": {"attestationObject": "o", "clientDataJSON": "d"}}
ASKED = EmailCodeRequired(
    name="EMAIL_OTP",
    username="ada",
    client_id=CLIENT,
    issued_at=datetime.fromtimestamp(NOW, UTC),
    session="s" * 20,
    delivery=CodeDelivery("EMAIL", "a***"),
)

CALLS: dict[str, Callable[[AsyncUserPool, AsyncUser], Any]] = {
    "AssociateSoftwareToken": lambda _, user: user.associate_software_token(),
    "ChangePassword": lambda _, user: user.change_password("Old-pass-1", "New-pass-1"),
    "CompleteWebAuthnRegistration": lambda _, user: user.complete_web_authn_registration(MADE),
    "ConfirmDevice": lambda _, user: user.confirm_device(NewDevice(DEVICE, "-group")),
    "ConfirmForgotPassword": lambda pool, _: pool.confirm_forgot_password("ada", "123456", "New-pass-1"),
    "ConfirmSignUp": lambda pool, _: pool.confirm_sign_up("ada", "123456"),
    "DeleteUser": lambda _, user: user.delete_user(),
    "DeleteUserAttributes": lambda _, user: user.delete_user_attributes(["nickname"]),
    "DeleteWebAuthnCredential": lambda _, user: user.delete_web_authn_credential("c"),
    "ForgetDevice": lambda _, user: user.forget_device(DEVICE),
    "ForgotPassword": lambda pool, _: pool.forgot_password("ada"),
    "GetClientToken": lambda pool, _: pool.get_client_token(["orders/read"]),
    "GetDerivedToken": lambda pool, _: pool.get_derived_token("subject"),
    "GetDevice": lambda _, user: user.get_device(DEVICE),
    "GetTokensFromRefreshToken": lambda _, user: user.refresh(),
    "GetUser": lambda _, user: user.get_user(),
    "GetUserAttributeVerificationCode": lambda _, user: user.get_user_attribute_verification_code("email"),
    "GetUserAuthFactors": lambda _, user: user.get_user_auth_factors(),
    "GlobalSignOut": lambda _, user: user.global_sign_out(),
    "InitiateAuth": lambda pool, _: pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD),
    "ListDevices": lambda _, user: user.list_devices(),
    "ListUserSessions": lambda _, user: user.list_user_sessions(),
    "ListWebAuthnCredentials": lambda _, user: user.list_web_authn_credentials(),
    "ResendConfirmationCode": lambda pool, _: pool.resend_confirmation_code("ada"),
    "RespondToAuthChallenge": lambda pool, _: pool.respond(ASKED.answer("123456")),
    "RevokeToken": lambda pool, _: pool.revoke_token("refresh", revoke_associated_sessions="LINKED"),
    "RevokeUserSession": lambda _, user: user.revoke_user_session(SESSION_ID),
    "SetUserMFAPreference": lambda _, user: user.set_user_mfa_preference(
        totp=MfaPreference.PREFERRED, web_authn=True
    ),
    "SetUserSettings": lambda _, user: user.set_user_settings([MfaOption()]),
    "SignUp": lambda pool, _: pool.sign_up("ada", "Correct-horse-7"),
    "StartWebAuthnRegistration": lambda _, user: user.start_web_authn_registration(),
    "UpdateAuthEventFeedback": lambda pool, _: pool.update_auth_event_feedback(
        "ada", event_id="e", feedback_token="f", feedback_value="Invalid"
    ),
    "UpdateDeviceStatus": lambda _, user: user.update_device_status(True, DEVICE),
    "UpdateUserAttributes": lambda _, user: user.update_user_attributes({"nickname": "a"}),
    "VerifySoftwareToken": lambda _, user: user.verify_software_token("123456"),
    "VerifyUserAttribute": lambda _, user: user.verify_user_attribute("email", "123456"),
}
"""One call of each operation that goes out unsigned."""

UNSIGNED = {name: operation for name, operation in ops.IDP.items() if operation.auth is not Auth.SIGV4}
MACHINE = {"GetClientToken", "GetDerivedToken"}
"""Unsigned because of the secret, though the model calls them signed."""

PROOFS = {"secret_hash": "SecretHash", "client_secret": "ClientSecret", "secret": "Secret"}
ALONG: dict[str, tuple[str, object]] = {
    "client_metadata": ("ClientMetadata", {"from": "config"}),
    "analytics_metadata": ("AnalyticsMetadata", {"AnalyticsEndpointId": "endpoint"}),
    "user_context_data": ("UserContextData", {"IpAddress": "192.0.2.1"}),
}
MAPS = {"InitiateAuth": "AuthParameters", "RespondToAuthChallenge": "ChallengeResponses"}
"""Where the hash stands in a map of texts, of which the model knows nothing."""


def has_secret(name: str) -> bool:
    """Whether requests of this operation prove the client's secret."""
    return name in MAPS or bool(PROOFS.keys() & members(name))


def members(name: str) -> set[str]:
    """The members of an operation's input."""
    return set(UNSIGNED[name].input.__struct_fields__)


def proof(name: str, body: dict[str, Any]) -> str | None:
    """What a request proves the secret with."""
    if name in MAPS:
        return str(body[MAPS[name]]["SECRET_HASH"])
    return next((body[wire] for member, wire in PROOFS.items() if member in members(name)), None)


def right_proof(name: str, secret: str) -> str:
    """What it should prove it with."""
    plain = {"client_secret", "secret"} & members(name)
    return secret if plain else secret_hash("ada", CLIENT, secret)


def setting(
    *steps: Step, client_secret: str | tuple[str, str] | None = SECRET
) -> tuple[ScriptedTransport, AsyncUserPool, AsyncUser]:
    """A pool with everything that can go along with a call, and a user of it."""
    transport = ScriptedTransport(steps)
    pool = AsyncUserPool(
        POOL,
        CLIENT,
        client_secret,
        transport=transport,
        verify_tokens=False,
        client_metadata={"from": "config"},
        user_context=UserContext("192.0.2.1"),
        analytics_endpoint_id="endpoint",
        clock=lambda: NOW,
    )
    claims = {"username": "ada", "sub": "sub", "client_id": CLIENT, "token_use": "access"}
    token = jwt(**claims, iat=int(NOW), exp=int(NOW) + 3600)
    return transport, pool, pool.user(access_token=token, refresh_token="refresh")


def test_each_of_the_34_unsigned_operations_and_the_two_for_machines_has_a_method() -> None:
    assert len(UNSIGNED.keys() - MACHINE) == 34
    assert set(CALLS) == set(UNSIGNED)


@pytest.mark.parametrize("name", CALLS)
async def test_a_request_has_all_that_the_model_lets_it_have(name: str) -> None:
    transport, pool, user = setting(answer({}))
    with contextlib.suppress(UserPoolError):  # most answers hold more than nothing
        await CALLS[name](pool, user)
    assert transport.targets == [name]
    body: dict[str, Any] = transport.json()
    for member, (wire, value) in ALONG.items():
        assert body.get(wire) == (value if member in members(name) else None), wire
    if has_secret(name):
        assert proof(name, body) == right_proof(name, SECRET)
    else:
        assert SECRET not in json.dumps(body)
    assert "authorization" not in transport.requests[0].headers


@pytest.mark.parametrize("name", [name for name in CALLS if name != "GetClientToken"])
async def test_c24_without_a_secret_there_is_no_proof_of_one(name: str) -> None:
    transport, pool, user = setting(answer({}), client_secret=None)
    with contextlib.suppress(UserPoolError):
        await CALLS[name](pool, user)
    assert transport.targets == [name]
    assert not [
        each for each in ("SECRET_HASH", *PROOFS.values()) if f'"{each}"' in json.dumps(transport.json())
    ]


REFUSED = refusal("NotAuthorizedException", f"Unable to verify secret hash for client {CLIENT}")


@pytest.mark.parametrize("name", CALLS)
async def test_a_secret_that_is_refused_makes_way_for_the_other_once(name: str) -> None:
    transport, pool, user = setting(REFUSED, REFUSED, client_secret=(NEW, OLD))
    with pytest.raises(errors.NotAuthorizedException):
        await CALLS[name](pool, user)
    bodies = [json.loads(request.body) for request in transport.requests]
    if has_secret(name):
        assert [proof(name, body) for body in bodies] == [
            right_proof(name, NEW),
            right_proof(name, OLD),
        ]
    else:
        assert len(bodies) == 1


@pytest.mark.parametrize("name", [name for name in CALLS if has_secret(name)])
async def test_one_secret_is_not_tried_twice(name: str) -> None:
    transport, pool, user = setting(REFUSED)
    with pytest.raises(errors.NotAuthorizedException):
        await CALLS[name](pool, user)
    assert transport.targets == [name]


@pytest.mark.parametrize("name", [name for name in CALLS if has_secret(name)])
@pytest.mark.parametrize(
    "doubt",
    [
        refusal("NotAuthorizedException", "Incorrect username or password."),
        refusal("InvalidParameterException"),
        refusal("LimitExceededException"),
    ],
)
async def test_no_other_refusal_tries_the_other_secret(name: str, doubt: Step) -> None:
    transport, pool, user = setting(doubt, answer({}), client_secret=(NEW, OLD))
    with contextlib.suppress(UserPoolError):
        await CALLS[name](pool, user)
    bodies = [json.loads(request.body) for request in transport.requests]
    assert {proof(call, body) for call, body in zip(transport.targets, bodies, strict=True)} == {
        right_proof(name, NEW)
    }


async def test_the_secret_that_fitted_is_remembered_for_all_calls_of_the_pool() -> None:
    refused = refusal("UnauthorizedException", "Wrong secret")
    transport, pool, user = setting(
        refused, answer({}), answer({}), REFUSED, answer({}), client_secret=(NEW, OLD)
    )
    await pool.revoke_token("refresh")
    await pool.forgot_password("ada")
    assert transport.json(1)["ClientSecret"] == OLD
    assert transport.json(2)["SecretHash"] == secret_hash("ada", CLIENT, OLD)
    # The other way round: whoever rotates again meanwhile finds the first one good again.
    await pool.forgot_password("ada")
    assert transport.json(4)["SecretHash"] == secret_hash("ada", CLIENT, NEW)
    assert OLD not in repr(vars(pool))
    assert user.username == "ada"


async def test_a_refusal_for_another_reason_says_that_the_second_secret_fits() -> None:
    wrong = refusal("LimitExceededException", "Attempt limit exceeded")
    transport, pool, _ = setting(REFUSED, wrong, answer({}), client_secret=(NEW, OLD))
    with pytest.raises(errors.LimitExceededException):
        await pool.forgot_password("ada")
    await pool.forgot_password("ada")
    assert transport.json()["SecretHash"] == secret_hash("ada", CLIENT, OLD)


def sessions(*names: str, token: str | None = None) -> Step:
    """A page of sessions."""
    listed = [{"SessionId": name} for name in names]
    return answer({"Sessions": listed, **({"NextToken": token} if token else {})})


async def test_sessions_are_gone_through_page_by_page() -> None:
    transport, _, user = setting(sessions("a", "b", token="t1"), sessions(token="t2"), sessions("c"))
    found = [session.session_id async for session in user.user_sessions()]
    assert found == ["a", "b", "c"]
    assert [transport.json(index).get("NextToken") for index in range(3)] == [None, "t1", "t2"]


async def test_a_list_that_has_no_end_is_noticed() -> None:
    transport, _, user = setting(sessions("a", token="t1"), sessions("b", token="t1"))
    with pytest.raises(ProtocolError, match="no end"):
        _ = [session async for session in user.user_sessions()]
    assert transport.remaining == 0


async def test_linked_sessions_end_with_a_sign_out_that_says_so() -> None:
    for end in ("sign_out", "revoke_token"):
        transport, _, user = setting(answer({}))
        await getattr(user, end)(revoke_associated_sessions="LINKED")
        assert transport.json()["RevokeAssociatedSessions"] == "LINKED"
