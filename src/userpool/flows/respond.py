"""Answering a challenge: it ends with tokens or with the next challenge.

RespondToAuthChallenge; AssociateSoftwareToken and VerifySoftwareToken by session where an authenticator app
is set up on the way.
"""

from __future__ import annotations

from collections.abc import Mapping

from userpool.protocol.challenges import Answer, ChallengeStep, MfaSetupRequired, TotpSetupRequired
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ChallengeError

from .asking import set_up
from .auth_calls import SignIn, answer, conclude
from .config import ClientConfig, UserContext
from .grant import Grant
from .mfa import verify_software_token


def respond(
    config: ClientConfig,
    given: Answer,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[Grant | ChallengeStep]:
    """Go on with a sign-in.

    Args:
        config: the app client that the challenge came to.
        given: from the challenge's `answer`.
        client_metadata: what the triggers are told (`ClientMetadata`), in place of the configuration's.
        user_context: what threat protection is told (`UserContextData`), likewise.

    Raises:
        ChallengeError: the challenge came to another app client.
        CodeMismatchException: the code is wrong; the same challenge can be answered again.
        NotAuthorizedException: among others, the session has expired: sign in again.
        ProtocolError, ServiceError, TransportError: as for `sign_in`.
    """
    challenge = given.challenge
    if challenge.client_id != config.client_id:
        raise ChallengeError(
            f"This challenge came to the app client {challenge.client_id}: answer it there, or sign in here."
        )
    along = SignIn(config, client_metadata, user_context, challenge.device_key)
    session, responses = challenge.session, given.responses
    if isinstance(challenge, MfaSetupRequired):
        return (yield from set_up(along, challenge, responses["ANSWER"]))
    if isinstance(challenge, TotpSetupRequired):
        code, device_name = responses["SOFTWARE_TOKEN_MFA_CODE"], responses.get("FRIENDLY_DEVICE_NAME")
        session = yield from verify_software_token(config, code, device_name=device_name, session=session)
        responses = {}
    reply = yield from answer(along, challenge.name, responses, username=challenge.username, session=session)
    return (
        yield from conclude(
            along,
            reply,
            step=challenge.name,
            username=challenge.username,
            user_id=challenge.user_id,
            position=challenge.position + 1,
        )
    )
