"""The proof of a remembered device, in the place of a second factor: two steps of a sign-in that ask nobody.

RespondToAuthChallenge with DEVICE_SRP_AUTH, then with DEVICE_PASSWORD_VERIFIER.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from userpool.protocol import srp
from userpool.protocol.effects import Flow, compute, now
from userpool.protocol.errors import ChallengeError, ProtocolError

from .auth_calls import DEVICE_STEP, SignIn, answer_once, conclude
from .clock import check_clock
from .srp import begin

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.auth import RespondToAuthChallengeResponse
    from userpool.protocol.challenges import ChallengeStep

    from .auth_calls import AuthReply
    from .grant import Device, Grant
    from .invoke import Reply

VERIFIER_STEP: Final = "DEVICE_PASSWORD_VERIFIER"


def prove_device(
    along: SignIn, reply: AuthReply, *, username: str, user_id: str | None, position: int
) -> Flow[Grant | ChallengeStep]:
    """Answer DEVICE_SRP_AUTH. Arguments as `auth_calls.conclude`.

    Raises:
        ChallengeError: the device's secret is not at hand.
        ProtocolError: the service's part of the exchange is malformed, unsafe, or out of order.
        ResourceNotFoundException: the service has forgotten the device meanwhile.
    """
    parameters = reply.challenge_parameters or {}
    user_id = parameters.get("USER_ID_FOR_SRP") or user_id
    username = user_id or parameters.get("USERNAME") or username
    device = _in_hand(along, parameters.get("DEVICE_KEY"))
    side = yield from begin()
    begun = yield from answer_once(
        along, DEVICE_STEP, {"SRP_A": side.public}, username=username, session=reply.session
    )
    asked = begun.output
    if asked.challenge_name != VERIFIER_STEP or asked.authentication_result:
        return (
            yield from conclude(
                along, asked, step=DEVICE_STEP, username=username, user_id=user_id, position=position
            )
        )
    proof = yield from _proof(side, device, begun)
    done = yield from answer_once(along, VERIFIER_STEP, proof, username=username, session=asked.session)
    return (
        yield from conclude(
            along, done.output, step=VERIFIER_STEP, username=username, user_id=user_id, position=position
        )
    )


def _in_hand(along: SignIn, asked: str | None) -> Device:
    device = along.device.device
    if device is None or (asked is not None and asked != device.key):
        raise ChallengeError(
            "The service asks for the secret of a device that is not at hand: go on where that device's data "
            "is stored, hand it in with `device`, or sign in again without it."
        )
    return device


def _proof(
    side: srp.ClientSide, device: Device, begun: Reply[RespondToAuthChallengeResponse]
) -> Flow[dict[str, str]]:
    received = begun.output.challenge_parameters or {}
    moment = yield from now()
    check_clock(begun.response.header("date"), moment)
    timestamp = srp.timestamp(datetime.fromtimestamp(moment, UTC))
    try:
        signature = yield from compute(
            lambda power: side.prove(
                pool_name=device.group_key,
                user_id=device.key,
                password=device.password,
                salt_hex=received.get("SALT"),
                b_hex=received.get("SRP_B"),
                secret_block_b64=received.get("SECRET_BLOCK"),
                timestamp=timestamp,
                power=power,
            )
        )
    except srp.SrpError as error:
        raise ProtocolError(
            f"The service's part of the device's SRP exchange cannot be used: {error}. No proof was sent.",
            operation="RespondToAuthChallenge",
            status=begun.response.status,
        ) from None
    return {
        "PASSWORD_CLAIM_SECRET_BLOCK": received["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": signature,
        "TIMESTAMP": timestamp,
    }
