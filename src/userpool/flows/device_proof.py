"""The proof of a remembered device, in the place of a second factor: two steps of a sign-in that ask nobody.

RespondToAuthChallenge with DEVICE_SRP_AUTH, then with DEVICE_PASSWORD_VERIFIER.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from userpool.protocol.effects import Flow
from userpool.protocol.errors import ChallengeError, NotAuthorizedException

from . import srp
from .auth_calls import DEVICE_STEP, SignIn, answer_once, conclude

if TYPE_CHECKING:
    from userpool.protocol.challenges import ChallengeStep

    from .auth_calls import AuthReply
    from .grant import Device, Grant

VERIFIER_STEP: Final = "DEVICE_PASSWORD_VERIFIER"
REFUSED: Final = (
    "It was this machine's device that was not accepted; what the user gave was. If that does not pass, "
    "pool.drop_device(username) lets the user sign in without it."
)


def prove_device(
    along: SignIn, reply: AuthReply, *, username: str, user_id: str | None, position: int
) -> Flow[Grant | ChallengeStep]:
    """Answer DEVICE_SRP_AUTH. Arguments as `auth_calls.conclude`.

    Raises:
        ChallengeError: the device's secret is not at hand.
        ProtocolError: the service's part of the exchange is malformed, unsafe, or out of order.
        NotAuthorizedException: the device's proof was refused.
        ResourceNotFoundException: the service has forgotten the device meanwhile.
    """
    parameters = reply.challenge_parameters or {}
    user_id = parameters.get("USER_ID_FOR_SRP") or user_id
    username = user_id or parameters.get("USERNAME") or username
    device = _in_hand(along, parameters.get("DEVICE_KEY"))
    side = yield from srp.begin()
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
    given = yield from srp.proof(
        side, begun, pool_name=device.group_key, user_id=device.key, password=device.password
    )
    try:
        done = yield from answer_once(along, VERIFIER_STEP, given, username=username, session=asked.session)
    except NotAuthorizedException as refusal:
        refusal.hint = REFUSED
        raise
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
