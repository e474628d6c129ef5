"""Signing in by what the pool's own triggers ask (CUSTOM_AUTH), after SRP where there is a password.

InitiateAuth; the triggers' questions are challenges, answered as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from userpool.protocol.effects import Flow

from . import srp
from .auth_calls import SignIn, conclude, initiate
from .config import AuthFlow
from .grant import Grant
from .known_device import or_without_device

if TYPE_CHECKING:
    from userpool.protocol.challenges import ChallengeStep


@or_without_device
def by_triggers(along: SignIn, username: str, password: str | None) -> Flow[Grant | ChallengeStep]:
    """Begin a custom sign-in. With a password that is proved first: the triggers see SRP_A and
    PASSWORD_VERIFIER passed before they ask.

    Arguments and errors as `sign_in`.
    """
    if password is None:
        reply = yield from initiate(along, AuthFlow.CUSTOM, {"USERNAME": username}, username=username)
        return (yield from conclude(along, reply.output, step=AuthFlow.CUSTOM, username=username))
    side = yield from srp.begin()
    parameters = {"USERNAME": username, "CHALLENGE_NAME": "SRP_A", "SRP_A": side.public}
    reply = yield from initiate(along, AuthFlow.CUSTOM, parameters, username=username)
    return (yield from srp.go_on(along, side, password, reply, step=AuthFlow.CUSTOM, username=username))
