"""Answering a challenge: it ends with tokens or with the next challenge.

RespondToAuthChallenge; AssociateSoftwareToken and VerifySoftwareToken by session where an authenticator app
is set up on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from userpool.protocol.challenges import Answer, Challenge, ChallengeStep, MfaSetupRequired, TotpSetupRequired
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ChallengeError

from . import members, srp
from .asking import set_up
from .auth_calls import SignIn, answer, conclude
from .config import ClientConfig, UserContext
from .grant import Device, Grant
from .known_device import KnownDevice
from .mfa import verify_software_token


def respond(
    config: ClientConfig,
    given: Answer,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
    device: Device | None = None,
    device_name: str | None = None,
) -> Flow[Grant | ChallengeStep]:
    """Go on with a sign-in.

    Args:
        config: the app client that the challenge came to.
        given: from the challenge's `answer`.
        client_metadata: what the triggers are told (`ClientMetadata`), in place of the configuration's.
        user_context: what threat protection is told (`UserContextData`), likewise.
        device: the device that the challenge names, where that is to prove itself.
        device_name: what the user will find a new device under; by default what the program calls itself.

    Raises:
        ChallengeError: the challenge came to another app client.
        PasswordPolicyError: a new password breaks the policy of the configuration; nothing was sent.
        CodeMismatchException: the code is wrong; the same challenge can be answered again.
        NotAuthorizedException: among others, the session has expired: sign in again.
        ProtocolError, ServiceError, TransportError: as for `sign_in`.
    """
    challenge = given.challenge
    if challenge.client_id != config.client_id:
        raise ChallengeError(
            f"This challenge came to the app client {challenge.client_id}: answer it there, or sign in here."
        )
    known = KnownDevice.of(device, key=challenge.device_key, name=device_name)
    along = SignIn(config, client_metadata, user_context, known)
    session, responses = challenge.session, given.responses
    members.check_password(config, responses.get("NEW_PASSWORD"))
    if isinstance(challenge, MfaSetupRequired):
        return (yield from set_up(along, challenge, responses["ANSWER"]))
    if isinstance(challenge, TotpSetupRequired):
        code, device_name = responses["SOFTWARE_TOKEN_MFA_CODE"], responses.get("FRIENDLY_DEVICE_NAME")
        session = yield from verify_software_token(config, code, device_name=device_name, session=session)
        responses = {}
    outcome = yield from _answered(along, given, responses, session)
    if isinstance(outcome, Challenge) and outcome.name == responses.get("ANSWER"):
        # What was chosen is asked for: what else there was to choose stays with it.
        available = outcome.available_challenges or challenge.available_challenges
        return replace(outcome, available_challenges=available)
    return outcome


def _answered(
    along: SignIn, given: Answer, responses: Mapping[str, str], session: str | None
) -> Flow[Grant | ChallengeStep]:
    challenge, name, username = given.challenge, given.challenge.name, given.challenge.username
    user_id, position = challenge.user_id, challenge.position + 1
    if given.password is None:
        reply = yield from answer(along, name, responses, username=username, session=session)
        return (
            yield from conclude(
                along, reply.output, step=name, username=username, user_id=user_id, position=position
            )
        )
    side = yield from srp.begin()
    with_public = {**responses, "SRP_A": side.public}
    reply = yield from answer(along, name, with_public, username=username, session=session)
    return (
        yield from srp.go_on(
            along,
            side,
            given.password,
            reply,
            step=name,
            username=username,
            user_id=user_id,
            position=position,
        )
    )
