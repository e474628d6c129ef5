"""The course of a sign-in: from one proved step to the next challenge, or to tokens.

Both ends of it are here, for public and administrators' calls alike: issuing a challenge as a sealed
session, and ending in tokens. What each challenge's answer must prove is in `operations/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from userpool.protocol.challenges import TOKENS, may_follow
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    CodeDeliveryFailureException,
    InvalidUserPoolConfigurationException,
    NotAuthorizedException,
    TooManyRequestsException,
)
from userpool.protocol.shapes import idp

from . import tokens
from .charges import lock_key, refund_proof
from .context import Context
from .delivery import Parcel, code_hash, draw_code, pack
from .domain.codes import Delivery
from .domain.factors.first import check_state, new_password_parameters
from .domain.factors.second import ATTRIBUTE, Ask
from .domain.records import User
from .domain.sessions import Session, consume_session
from .domain.settings import MfaMethod
from .messages.outbox import Purpose
from .names import move_names
from .ports import Conflict, Writer
from .realm import Realm
from .sessions import new_session, seal_session

T = TypeVar("T")
Out = TypeVar("Out")

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step of a sign-in is answered with: a challenge, or tokens."""

    challenge: str | None = None
    session: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    result: idp.AuthenticationResultType | None = None

    def shaped(self, shape: Callable[..., Out]) -> Out:
        """The output shape of one of the four operations that answer so."""
        return shape(
            challenge_name=self.challenge,
            session=self.session,
            challenge_parameters=dict(self.parameters),
            authentication_result=self.result,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a sign-in stands when a step was proved, and what is to be stored for it."""

    realm: Realm
    user: User
    """As the store had it when the step was judged."""
    typed: str = field(repr=False)
    """The name that the sign-in started with."""
    updated: User | None = None
    """The user as this step changes it."""
    answered: Session | None = None
    """The session whose answer was right; it is used up."""
    charged: bool = False
    """Whether an attempt was counted for this step: it is taken back, since the proof was right."""

    @property
    def step(self) -> str:
        """What was proved, as `NEXT` knows it; without a session it was the password."""
        return ChallengeNameType.PASSWORD_VERIFIER if self.answered is None else self.answered.step

    @property
    def present(self) -> User:
        """The user after this step."""
        return self.updated or self.user


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
    family, refresh_token = tokens.start_family(context, realm, stage.present, now)
    result = tokens.issue(context, realm, stage.present, family, refresh_token)
    key = lock_key(context, realm.pool.id, stage.user.sub)

    def apply(writer: Writer) -> None:
        _apply(context, writer, stage)
        writer.delete_attempts(key)
        writer.add_family(family)

    context.store.write(apply)
    return Outcome(result=result)


def _ask(context: Context, stage: Stage, ask: Ask) -> Outcome:
    session, parameters, parcel = _challenge(context, stage, ask)
    key = lock_key(context, stage.realm.pool.id, stage.user.sub)

    def apply(writer: Writer) -> None:
        _apply(context, writer, stage)
        if stage.charged:
            refund_proof(writer, key)
        if parcel is not None:
            writer.add_message(parcel.message)

    context.store.write(apply)
    if parcel is not None:
        _send(context, parcel)
    return Outcome(session.step, seal_session(context, session), parameters)


def _send(context: Context, parcel: Parcel) -> None:
    try:
        parcel.send(context)
    except CodeDeliveryFailureException as error:
        # The operations of a sign-in do not declare that error.
        raise InvalidUserPoolConfigurationException(
            "The code of the second factor could not be delivered. Sign in again to get another."
        ) from error


def _apply(context: Context, writer: Writer, stage: Stage) -> None:
    if stage.answered is not None:
        use = writer.session_use(stage.answered.id)
        writer.put_session_use(consume_session(stage.answered, use, context.clock.now()))
    if stage.updated is not None:
        move_names(writer, stage.realm.settings, stage.user, stage.updated)
        writer.put_user(stage.updated)
        return
    now_stored = writer.user(stage.user.pool_id, stage.user.sub)
    if now_stored is None or now_stored.version != stage.user.version:
        raise Conflict("user")


def _challenge(context: Context, stage: Stage, ask: Ask) -> tuple[Session, dict[str, str], Parcel | None]:
    realm, user = stage.realm, stage.present
    parameters = {"USER_ID_FOR_SRP": user.username}
    match ask.challenge:
        case ChallengeNameType.SMS_MFA | ChallengeNameType.EMAIL_OTP:
            attribute = ATTRIBUTE[MfaMethod(ask.challenge)]
            delivery = Delivery(attribute, ask.to or user.attributes[attribute])
            return _send_code(context, stage, ask, delivery, parameters)
        case ChallengeNameType.SOFTWARE_TOKEN_MFA:
            if user.totp is not None and user.totp.friendly_name:
                parameters["FRIENDLY_DEVICE_NAME"] = user.totp.friendly_name
        case ChallengeNameType.SELECT_MFA_TYPE:
            parameters["MFAS_CAN_CHOOSE"] = _listed(ask.choices)
        case ChallengeNameType.MFA_SETUP:
            parameters["MFAS_CAN_SETUP"] = _listed(ask.choices)
        case _:
            parameters |= new_password_parameters(realm.settings, realm.client_settings, user)
    data = {"proof": proof_of(user)}
    if ask.choices:
        data["choices"] = ",".join(ask.choices)
    return (
        new_session(context, realm, user.sub, user.username, stage.typed, ask.challenge, data),
        parameters,
        None,
    )


def _listed(methods: tuple[MfaMethod, ...]) -> str:
    return json.dumps(methods, separators=(",", ":"))


def _send_code(
    context: Context, stage: Stage, ask: Ask, delivery: Delivery, parameters: dict[str, str]
) -> tuple[Session, dict[str, str], Parcel]:
    user, code = stage.present, draw_code(context)
    session = new_session(context, stage.realm, user.sub, user.username, stage.typed, ask.challenge)
    hashed = code_hash(context, user.pool_id, user.sub, session.id, delivery, code)
    data = {
        "proof": proof_of(user),
        "code": hashed.hex(),
        "attribute": delivery.attribute,
        "to": delivery.to,
    }
    session = session.with_data({**data, "setup": "yes"} if ask.to else data)
    parameters |= {
        "CODE_DELIVERY_DELIVERY_MEDIUM": delivery.medium,
        "CODE_DELIVERY_DESTINATION": delivery.masked,
    }
    return session, parameters, pack(context, user, delivery, Purpose.MFA, code, session.expires_at)


def proof_of(user: User) -> str:
    """Which password a sign-in has proved: what tells one password record from another."""
    return "" if user.password is None else user.password.salt.hex()


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
