"""A password proved by SRP, the user's or a device's, wherever a sign-in asks for it: SRP_A goes out with a
request, PASSWORD_VERIFIER comes back, and the proof follows.

RespondToAuthChallenge. The arithmetic is that of `userpool.protocol.srp`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from userpool.protocol import srp
from userpool.protocol.effects import Flow, compute, now, random
from userpool.protocol.errors import NotAuthorizedException, NotAuthorizedReason, ProtocolError

from .auth_calls import SignIn, answer, conclude
from .clock import check_clock
from .grant import Grant
from .invoke import Reply

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.auth import (
        InitiateAuthResponse,
        RespondToAuthChallengeResponse,
    )
    from userpool.protocol.challenges import ChallengeStep

    AnyReply: TypeAlias = Reply[InitiateAuthResponse] | Reply[RespondToAuthChallengeResponse]

MIGRATION: Final = (
    "Where the pool takes users over from elsewhere at their first sign-in, that needs "
    "auth_flow=AuthFlow.PASSWORD: SRP has no password to hand on."
)


def hint_at_migration(refusal: NotAuthorizedException) -> None:
    """Say what a refused password may also mean: the service does not tell one from the other."""
    # One that has a hint of its own already was about something else, such as the device.
    plain = refusal.hint == type(refusal)(refusal.message).hint
    if plain and refusal.reason == NotAuthorizedReason.BAD_CREDENTIALS:
        refusal.hint = f"{refusal.hint} {MIGRATION}"


def begin() -> Flow[srp.ClientSide]:
    """Draw the secret exponent and compute the public number: SRP_A is its `public`."""
    secret = yield from random(srp.SECRET_BYTES)
    return (yield from compute(lambda power: srp.ClientSide.generate(secret, power)))


def go_on(
    along: SignIn,
    side: srp.ClientSide,
    password: str,
    reply: AnyReply,
    *,
    step: str,
    username: str,
    user_id: str | None = None,
    position: int = 1,
) -> Flow[Grant | ChallengeStep]:
    """Give the proof if `reply` asks for it; otherwise say what the reply comes to.

    Args:
        along: as for the request.
        side: from `begin`; the request carried its public number.
        password: taken byte for byte.
        reply: what the request was answered with.
        step: the flow or challenge that the request answered, for the legal order.
        username: the name that the request carried.
        user_id: the service's own name for the user, if it has told.
        position: the place of the challenge that may follow, counted from 1.

    Raises:
        ClockSkewError: this machine's clock would spoil the proof.
        ProtocolError: the service's part of the exchange is malformed, unsafe, or out of order.
        NotAuthorizedException: among others, the password is wrong.
    """
    first = reply.output
    if first.challenge_name != "PASSWORD_VERIFIER" or first.authentication_result:
        return (
            yield from conclude(
                along, first, step=step, username=username, user_id=user_id, position=position
            )
        )
    if not (user_id_for_srp := (first.challenge_parameters or {}).get("USER_ID_FOR_SRP")):
        raise _unusable(srp.SrpError("USER_ID_FOR_SRP", "is missing"), reply)
    given = yield from proof(
        side, reply, pool_name=along.config.pool_name, user_id=user_id_for_srp, password=password
    )
    second = yield from answer(
        along, "PASSWORD_VERIFIER", given, username=user_id_for_srp, session=first.session
    )
    return (
        yield from conclude(
            along,
            second.output,
            step="PASSWORD_VERIFIER",
            username=user_id_for_srp,
            user_id=user_id_for_srp,
            position=position,
        )
    )


def proof(
    side: srp.ClientSide, reply: AnyReply, *, pool_name: str, user_id: str, password: str
) -> Flow[dict[str, str]]:
    """The responses that prove a password to what `reply` asks for.

    Args:
        side: from `begin`.
        reply: PASSWORD_VERIFIER, or DEVICE_PASSWORD_VERIFIER.
        pool_name: the pool's, or a device's group key.
        user_id: the service's own name for the user, or a device's key.
        password: the user's, or a device's.

    Raises:
        ClockSkewError, ProtocolError: as `go_on`.
    """
    received = reply.output.challenge_parameters or {}
    moment = yield from now()
    check_clock(reply.response.header("date"), moment)
    timestamp = srp.timestamp(datetime.fromtimestamp(moment, UTC))
    try:
        signature = yield from compute(
            lambda power: side.prove(
                pool_name=pool_name,
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
        raise _unusable(error, reply) from None
    return {
        "PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": timestamp,
    }


def _unusable(error: srp.SrpError, reply: AnyReply) -> ProtocolError:
    return ProtocolError(
        f"The service's part of the SRP exchange cannot be used: {error}. No proof was sent.",
        operation=type(reply.output).__name__.removesuffix("Response"),
        status=reply.response.status,
    )
