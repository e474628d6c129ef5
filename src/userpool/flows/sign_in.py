"""Signing in: the first call, and for SRP the proof. It ends with tokens or with a challenge for a person.

InitiateAuth, RespondToAuthChallenge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from userpool.protocol import srp
from userpool.protocol.effects import Flow, compute, now, random
from userpool.protocol.errors import ParameterError, ProtocolError

from . import members
from .auth_calls import SignIn, answer, conclude, initiate
from .clock import check_clock
from .config import AuthFlow, ClientConfig, UserContext
from .grant import Grant
from .invoke import Reply

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.auth import InitiateAuthResponse
    from userpool.protocol.challenges import ChallengeStep


def sign_in(
    config: ClientConfig,
    username: str,
    password: str,
    *,
    auth_flow: AuthFlow | str = AuthFlow.SRP,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
    device_key: str | None = None,
) -> Flow[Grant | ChallengeStep]:
    """Sign `username` in. It never falls back from SRP to the clear password.

    Args:
        config: the app client.
        username: user name or alias, as typed.
        password: taken byte for byte, and held no longer than this conversation.
        auth_flow: how the password is proved.
        client_metadata: what the triggers are told (`ClientMetadata`), in place of the configuration's.
        user_context: what threat protection is told (`UserContextData`), likewise.
        device_key: a device that the pool remembers.

    Raises:
        ParameterError: user name, password or flow cannot be right; nothing was sent.
        ClockSkewError: this machine's clock would spoil the proof.
        ProtocolError: the service's part of the exchange is malformed, unsafe, or out of order.
        ServiceError: the service refused; a wrong password is a `NotAuthorizedException`.
        TransportError: no answer arrived.
    """
    members.check_username(username)
    if not password:
        raise ParameterError("The password is empty.")
    along = SignIn(config, client_metadata, user_context, device_key)
    match auth_flow:
        case AuthFlow.SRP:
            return (yield from _with_srp(along, username, password))
        case AuthFlow.PASSWORD:
            return (yield from _with_password(along, username, password))
        case _:
            raise ParameterError(f"{auth_flow!r} is no flow of sign_in; choose one of {', '.join(AuthFlow)}.")


def _with_password(along: SignIn, username: str, password: str) -> Flow[Grant | ChallengeStep]:
    parameters = {"USERNAME": username, "PASSWORD": password}
    reply = yield from initiate(along, AuthFlow.PASSWORD, parameters, username=username)
    return (yield from conclude(along, reply.output, step=AuthFlow.PASSWORD, username=username))


def _with_srp(along: SignIn, username: str, password: str) -> Flow[Grant | ChallengeStep]:
    secret = yield from random(srp.SECRET_BYTES)
    side = yield from compute(lambda power: srp.ClientSide.generate(secret, power))
    parameters = {"USERNAME": username, "SRP_A": side.public}
    reply = yield from initiate(along, AuthFlow.SRP, parameters, username=username)
    first = reply.output
    if first.challenge_name != "PASSWORD_VERIFIER" or first.authentication_result:
        return (yield from conclude(along, first, step=AuthFlow.SRP, username=username))
    user_id, proof = yield from _prove(along.config, side, password, reply)
    second = yield from answer(along, "PASSWORD_VERIFIER", proof, username=user_id, session=first.session)
    return (yield from conclude(along, second, step="PASSWORD_VERIFIER", username=user_id, user_id=user_id))


def _prove(
    config: ClientConfig, side: srp.ClientSide, password: str, reply: Reply[InitiateAuthResponse]
) -> Flow[tuple[str, dict[str, str]]]:
    received = reply.output.challenge_parameters or {}
    moment = yield from now()
    check_clock(reply.response.header("date"), moment)
    timestamp = srp.timestamp(datetime.fromtimestamp(moment, UTC))
    try:
        if not (user_id := received.get("USER_ID_FOR_SRP")):
            raise srp.SrpError("USER_ID_FOR_SRP", "is missing")
        signature = yield from compute(
            lambda power: side.prove(
                pool_name=config.pool_name,
                user_id=user_id,
                password=password,
                salt_hex=received.get("SALT"),
                b_hex=received.get("SRP_B"),
                secret_block_b64=received.get("SECRET_BLOCK"),
                timestamp=timestamp,
                power=power,
            )
        )
    except srp.SrpError as error:
        raise ProtocolError(
            f"The service's part of the SRP exchange cannot be used: {error}. No proof was sent.",
            operation="InitiateAuth",
            status=reply.response.status,
        ) from None
    return user_id, {
        "PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": timestamp,
    }
