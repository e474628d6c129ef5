"""The course of a sign-in: from one proved step to the next challenge, or to tokens.

Both ends of it are here, for public and administrators' calls alike: issuing a challenge as a sealed
session, and ending in tokens. What each challenge's answer must prove is in `operations/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from userpool.protocol.challenges import TOKENS, may_follow
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    CodeDeliveryFailureException,
    InvalidLambdaResponseException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    TooManyRequestsException,
)

from . import tokens
from .asking import challenge
from .charges import give_back, lock_key, quota_key, refund_proof
from .context import Context
from .delivery import Parcel
from .devices import note_sign_in, sign_in_device
from .domain.factors.first import check_state
from .domain.factors.second import Ask
from .domain.lockout import SIGN_IN_CODE
from .domain.records import User
from .domain.sessions import Session
from .names import move_names
from .ports import Conflict, Trigger, Writer
from .sessions import MAX_LENGTH, seal_session, use_up_in
from .stage import Outcome, Stage, proof_of
from .tracking import make_room, tracked
from .triggers.events import post_authentication
from .triggers.token_claims import Occurrence

T = TypeVar("T")

_TRIES = 5
_OCCURRENCES: Mapping[str, str] = {
    ChallengeNameType.NEW_PASSWORD_REQUIRED: "NewPasswordChallenge",
    ChallengeNameType.DEVICE_PASSWORD_VERIFIER: "AuthenticateDevice",
}


def proceed(context: Context, stage: Stage, ask: Ask | None) -> Outcome:
    """Go on after a proved step.

    Raises:
        NotAuthorizedException: the session was used up by a faster answer.
        Conflict: the user was changed meanwhile; judge the step again (see `settled`).
        LookupError: the step may not be followed by this one, which is a bug in what decided so.
    """
    following = TOKENS if ask is None else ask.challenge
    if not may_follow(stage.step, following):
        raise LookupError(f"{following} may not follow {stage.step}: the legal order is challenges.NEXT")
    return _finish(context, stage) if ask is None else _ask(context, stage, ask)


def settled(context: Context, user: User, attempt: Callable[[User], T]) -> T:
    """Judge a step and store its result, again when the user was changed before the result could be stored.

    Args:
        context: the world.
        user: as it was read for the step.
        attempt: judges the step of the user that it is given, and stores what follows.

    Raises:
        NotAuthorizedException: the user was deleted meanwhile.
        TooManyRequestsException: it was changed again and again.
    """
    present: User | None = user
    for _ in range(_TRIES):
        if present is None:
            raise NotAuthorizedException("Incorrect username or password.")
        try:
            return attempt(present)
        except Conflict as conflict:
            if conflict.what != "user":
                raise
        present = context.store.read(lambda reader: reader.user(user.pool_id, user.sub))
    raise TooManyRequestsException("Too many requests")


def _finish(context: Context, stage: Stage) -> Outcome:
    realm, now = stage.realm, context.clock.now()
    device = sign_in_device(context, stage)
    _tell(context, stage, new_device=device.new is not None)
    family, refresh_token = tokens.start_family(context, realm, stage.present, now, device.key)
    family = tracked(context, realm.settings, family, realm.source_ip)
    groups = context.store.read(lambda reader: reader.groups_of(realm.pool.id, stage.user.sub))
    why = Occurrence(_OCCURRENCES.get(stage.step, "Authentication"), stage.metadata)
    result = tokens.issue(context, realm, stage.present, family, refresh_token, device.new, groups, why)
    key = lock_key(context, realm.pool.id, stage.user.sub)

    def apply(writer: Writer) -> None:
        _apply(context, writer, stage)
        writer.delete_attempts(key)
        note_sign_in(writer, stage, device.key, now)
        make_room(writer, realm.settings, stage.present, now)
        writer.add_family(family)

    context.store.write(apply)
    return Outcome(result=result)


def _tell(context: Context, stage: Stage, *, new_device: bool) -> None:
    """Let the functions that may still refuse a sign-in speak, if there are any."""
    triggers = context.triggers
    if not (triggers.has(Trigger.POST_AUTHENTICATION) or triggers.has(Trigger.PRE_TOKEN_GENERATION)):
        return
    # All that was proved is right: while a function takes its time, nothing of it counts as a failure, and
    # nobody else who signs in as this user waits.
    if stage.charged:
        give_back(context, stage.realm.pool.id, stage.user.sub)
    context.turnstile.leave()
    post_authentication(context, stage.realm, stage.present, new_device=new_device, metadata=stage.metadata)


def _ask(context: Context, stage: Stage, ask: Ask) -> Outcome:
    session, parameters, parcel = challenge(context, stage, ask)
    sealed = seal_session(context, session)
    if len(sealed) > MAX_LENGTH:
        # Nothing but what functions of the operator's say can be so long.
        raise InvalidLambdaResponseException(
            "Invalid lambda function output : CreateAuthChallenge, more than a session can carry"
        )
    key = lock_key(context, stage.realm.pool.id, stage.user.sub)
    counter = quota_key(context, SIGN_IN_CODE, stage.realm.pool.id, stage.user.sub)

    def apply(writer: Writer) -> None:
        _apply(context, writer, stage)
        if stage.charged:
            refund_proof(writer, key)
        if parcel is not None:
            _post(writer, stage, parcel, counter)

    if stage.writes or parcel is not None:
        context.store.write(apply)
    if parcel is not None and stage.known:
        _send(context, parcel)
    return Outcome(session.step, sealed, parameters, available=ask.available)


def _post(writer: Writer, stage: Stage, parcel: Parcel, counter: str) -> None:
    if stage.known:
        writer.add_message(parcel.message)
        return
    # Nobody is sent anything; as much is written, so that the time tells nothing.
    attempts = writer.attempts(counter)
    if attempts is not None:
        writer.put_attempts(attempts)


def _send(context: Context, parcel: Parcel) -> None:
    try:
        parcel.send(context)
    except CodeDeliveryFailureException as error:
        # The operations of a sign-in do not declare that error.
        raise InvalidUserPoolConfigurationException(
            "The code of this sign-in could not be delivered. Sign in again to get another."
        ) from error


def _apply(context: Context, writer: Writer, stage: Stage) -> None:
    if stage.answered is not None:
        use_up_in(context, writer, stage.answered)
    for counter in stage.settled:
        writer.delete_attempts(counter)
    if stage.also is not None:
        stage.also(writer)
    if stage.updated is not None:
        move_names(writer, stage.realm.settings, stage.user, stage.updated)
        writer.put_user(stage.updated)
        return
    now_stored = writer.user(stage.user.pool_id, stage.user.sub)
    if stage.known and (now_stored is None or now_stored.version != stage.user.version):
        raise Conflict("user")


def still_good(session: Session, user: User | None) -> User:
    """The user of a session that was issued for a proved password, if all that still holds.

    Raises:
        NotAuthorizedException: the user is gone or disabled, or has another password now.
        UserNotConfirmedException, PasswordResetRequiredException: the user may not sign in any more.
    """
    if user is None or session.data["proof"] != proof_of(user):
        raise NotAuthorizedException("Invalid session for the user.")
    check_state(user)
    return user
