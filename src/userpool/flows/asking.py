"""What the service asks of a person, made into a challenge.

AssociateSoftwareToken by session, where an authenticator app is the only thing that can be set up.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from userpool.protocol.challenge_reading import read_challenge
from userpool.protocol.challenges import (
    Challenge,
    ChallengeStep,
    EmailSetupRequired,
    MfaMethod,
    MfaSetupRequired,
    TotpSetupRequired,
)
from userpool.protocol.effects import Flow, now
from userpool.protocol.errors import ProtocolError

from .mfa import associate_software_token

if TYPE_CHECKING:
    from .auth_calls import AuthReply, SignIn

MAX_CHALLENGES: Final = 10
"""A sign-in that asks more often than this goes round in circles."""
MAX_CUSTOM_CHALLENGES: Final = 100
"""The same for the pool's own triggers, which may ask again and again: a quiz is a sign-in too."""

_CUSTOM: Final = "CUSTOM_CHALLENGE"


def ask(
    along: SignIn,
    reply: AuthReply,
    name: str,
    *,
    step: str,
    username: str,
    user_id: str | None,
    position: int,
) -> Flow[ChallengeStep]:
    """Make the challenge `name` of `reply`; where there is one thing to set up, begin with it.

    Arguments as `auth_calls.conclude`.

    Raises:
        ProtocolError: the challenge is malformed, or comes after too many others.
    """
    # No sign-in gets past the first bound but by the triggers' questions.
    by_triggers = _CUSTOM in (name, step) or position > MAX_CHALLENGES + 1
    bound = MAX_CUSTOM_CHALLENGES if by_triggers else MAX_CHALLENGES
    if position > bound:
        raise ProtocolError(f"The service asked more than {bound} times in one sign-in.")
    challenge = read_challenge(
        name,
        reply.challenge_parameters or {},
        username=username,
        user_id=user_id,
        client_id=along.config.client_id,
        issued_at=datetime.fromtimestamp((yield from now()), UTC),
        position=position,
        session=reply.session,
        device_key=along.device_key,
        available=reply.available_challenges or (),
    )
    if isinstance(challenge, MfaSetupRequired) and len(challenge.methods) == 1:
        return (yield from set_up(along, challenge, challenge.methods[0]))
    return challenge


def set_up(along: SignIn, challenge: MfaSetupRequired, method: str) -> Flow[ChallengeStep]:
    """Begin to set up `method`; one that cannot be set up by an answer leaves the challenge as it is."""
    common: dict[str, Any] = {each.name: getattr(challenge, each.name) for each in fields(Challenge)}
    match method:
        case MfaMethod.TOTP:
            secret_code, session = yield from associate_software_token(
                along.config, session=challenge.session
            )
            return TotpSetupRequired(**{**common, "session": session}, secret_code=secret_code)
        case MfaMethod.EMAIL:
            return EmailSetupRequired(**common)
        case _:
            return challenge
