"""The password proved by SRP, in whichever sign-in asks for it: SRP_A goes out with a request,
PASSWORD_VERIFIER comes back, and the proof follows.

RespondToAuthChallenge. The arithmetic is that of `userpool.protocol.srp`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

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

MIGRATION: Final = (
    "Where the pool takes users over from elsewhere at their first sign-in, that needs "
    "auth_flow=AuthFlow.PASSWORD: SRP has no password to hand on."
)


def hint_at_migration(refusal: NotAuthorizedException) -> None:
    """Say what a refused password may also mean: the service does not tell one from the other."""
    if refusal.reason == NotAuthorizedReason.BAD_CREDENTIALS:
        refusal.hint = f"{refusal.hint} {MIGRATION}"


def begin() -> Flow[srp.ClientSide]:
    """Draw the secret exponent and compute the public number: SRP_A is its `public`."""
    secret = yield from random(srp.SECRET_BYTES)
    return (yield from compute(lambda power: srp.ClientSide.generate(secret, power)))


def go_on(
    along: SignIn,
    side: srp.ClientSide,
    password: str,
    reply: Reply[InitiateAuthResponse] | Reply[RespondToAuthChallengeResponse],
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
    user_id, proof = yield from _prove(along, side, password, reply)
    second = yield from answer(along, "PASSWORD_VERIFIER", proof, username=user_id, session=first.session)
    return (
        yield from conclude(
            along,
            second.output,
            step="PASSWORD_VERIFIER",
            username=user_id,
            user_id=user_id,
            position=position,
        )
    )


def _prove(
    along: SignIn,
    side: srp.ClientSide,
    password: str,
    reply: Reply[InitiateAuthResponse] | Reply[RespondToAuthChallengeResponse],
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
                pool_name=along.config.pool_name,
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
            operation=type(reply.output).__name__.removesuffix("Response"),
            status=reply.response.status,
        ) from None
    return user_id, {
        "PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": timestamp,
    }
