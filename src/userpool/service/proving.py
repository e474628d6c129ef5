"""Proofs of a password, in clear or by SRP, whichever flow asks for one."""

from __future__ import annotations

import base64
from collections.abc import Callable

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException, ServiceError
from userpool.protocol.srp import SECRET_BYTES, ServerSide, SrpError, parse_public

from .charges import charge_proof, give_back
from .context import Context
from .devices import device_step
from .domain.factors.first import after_password
from .domain.factors.second import Ask
from .domain.records import User
from .domain.sessions import MAX_ATTEMPTS, Session
from .passwords import credentials
from .sessions import new_session, seal_bytes
from .sign_in import proceed, settled
from .srp_claims import offer
from .stage import Outcome, Stage, proof_of
from .steps import Claimant

GoOn = Callable[[Context, Stage, Ask | None], Outcome]
"""What follows a proof: `proceed`, or what a flow of its own does first."""


def by_password(context: Context, who: Claimant, password: str, session: Session | None = None) -> Outcome:
    """Check a password in clear, and go on when it is right.

    Args:
        context: the world.
        who: whose password it should be.
        password: in clear.
        session: the challenge that it answers, if it does; it is used up, right or wrong.

    Raises:
        NotAuthorizedException: it is wrong, or there is no such user.
    """
    pool = who.realm.pool
    # Wrong codes may have been answered to this session before the password was chosen instead.
    charge_proof(context, pool.id, who.sub, session, limit=MAX_ATTEMPTS, once=True)
    right = credentials(context, pool, who.user, who.sub, who.username).match(context, password)
    if who.user is None or not right:
        raise NotAuthorizedException("Incorrect username or password.")
    return password_proved(context, who, who.user)


def public_number(text: str) -> int:
    """`SRP_A` as a number.

    Raises:
        InvalidParameterException: it is none, or one that would give the password away.
    """
    try:
        return parse_public(text, name="SRP_A")
    except SrpError as error:
        raise InvalidParameterException(str(error)) from None


def offer_srp(context: Context, who: Claimant, number: int, available: tuple[str, ...] = ()) -> Outcome:
    """Ask for the proof of a password by SRP. Nothing is written.

    Args:
        context: the world.
        who: whose password it should be.
        number: the client's public number, checked.
        available: the first factors that the user could choose among instead.
    """
    held = credentials(context, who.realm.pool, who.user, who.sub, who.username)
    server = ServerSide.generate(held.verifier, context.random(SECRET_BYTES), context.power)
    step, data = ChallengeNameType.PASSWORD_VERIFIER, offer(server, number)
    session = new_session(context, who.realm, who.sub, who.username, who.typed, step, data, who.carried)
    return Outcome(
        step,
        parameters={
            "SALT": held.salt.hex(),
            "SECRET_BLOCK": base64.b64encode(seal_bytes(context, session)).decode(),
            "SRP_B": server.public,
            "USERNAME": who.username,
            "USER_ID_FOR_SRP": who.username,
        },
        available=available,
    )


def password_proved(context: Context, who: Claimant, user: User, go_on: GoOn = proceed) -> Outcome:
    """Go on after a right password, whichever way it was proved.

    Raises:
        NotAuthorizedException, UserNotConfirmedException, PasswordResetRequiredException: the state of the
            user does not allow it. The attempt does not count as a failure then.
    """
    realm = who.realm

    def attempt(present: User) -> Outcome:
        if proof_of(present) != proof_of(user):
            raise NotAuthorizedException("Incorrect username or password.")
        try:
            ask = after_password(realm.settings, present, context.clock.now())
        except ServiceError:
            give_back(context, user.pool_id, user.sub)
            raise
        stage = Stage(realm, present, who.typed, charged=True, carried=who.carried, metadata=who.metadata)
        return go_on(context, stage, device_step(context, stage, ask))

    return settled(context, user, attempt)
