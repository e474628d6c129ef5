"""Custom sign-in (CUSTOM_AUTH): three functions of the operator's define, make and judge the challenges.

What was asked and answered goes along with the sign-in, sealed, as its other steps do. A second factor that
is due is asked for when the functions are content; they cannot leave it out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException, ServiceError

from ..charges import charge_proof, give_back
from ..context import Context
from ..devices import device_step
from ..domain.custom_auth import SRP_A, CustomChallenge, Next, Round, decide, rounds_of, rounds_text
from ..domain.existence import stand_in
from ..domain.factors.first import after_password, check_state
from ..domain.factors.second import Ask
from ..domain.records import User
from ..domain.sessions import Session
from ..ports import Trigger
from ..proving import offer_srp, public_number
from ..realm import Realm
from ..sign_in import proceed, settled
from ..stage import Outcome, Stage, proof_of
from ..steps import Claimant, Facts, Reply, Start, answering, check_caller, claimant
from ..triggers.calling import Answer, call
from ..triggers.events import given, hidden, occasion, user_attributes

_FLOW = "CUSTOM_AUTH"
_STEP = ChallengeNameType
_WRONG = "Incorrect username or password."
_ROUNDS = "rounds"
_KIND = "Authentication"


def by_custom(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    """Begin CUSTOM_AUTH, by the proof of the password where SRP_A comes along."""
    _needed(context, Trigger.DEFINE_AUTH_CHALLENGE)
    first = start.parameters.get("CHALLENGE_NAME")
    if first not in (None, SRP_A):
        raise InvalidParameterException("CHALLENGE_NAME of CUSTOM_AUTH is SRP_A, or left out.")
    number = public_number(start.parameter("SRP_A")) if first else None
    check_caller(context, start, realm, user)
    who = claimant(context, start, realm, user, {"flow": _FLOW})
    return _next(context, who, [Round(SRP_A, True)] if first else [], _FLOW, number=number)


def runs(session: Session) -> bool:
    """Whether this step belongs to a custom sign-in."""
    return session.carried.get("flow") == _FLOW


def password_proved(context: Context, who: Claimant, user: User) -> Outcome:
    """Go on after the password of a custom sign-in; errors as those of any other."""
    try:
        check_state(user)
    except ServiceError:
        give_back(context, user.pool_id, user.sub)
        raise
    rounds = [*rounds_of(who.carried[_ROUNDS]), Round(_STEP.PASSWORD_VERIFIER, True)]
    return _next(context, who, rounds, _STEP.PASSWORD_VERIFIER, charged=True)


def answer_custom(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Answer CUSTOM_CHALLENGE: the answer uses the session up, right or wrong."""
    session, who = facts.session, answering(facts, reply)
    charge_proof(context, facts.realm.pool.id, session.sub, session, once=True)
    _check_unchanged(facts)
    right = _verify(context, who, session, reply.responses.get("ANSWER"))
    this = Round(_STEP.CUSTOM_CHALLENGE, right, session.data.get("metadata"))
    rounds = [*rounds_of(who.carried[_ROUNDS]), this]
    return _next(context, who, rounds, _STEP.CUSTOM_CHALLENGE, charged=right)


def _check_unchanged(facts: Facts) -> None:
    user, hides = facts.user, facts.realm.client_settings.prevent_user_existence_errors
    gone = user is None and not hides
    if gone or (user is not None and facts.session.data["proof"] != proof_of(user)):
        raise NotAuthorizedException("Invalid session for the user.")


def _next(
    context: Context,
    who: Claimant,
    rounds: Sequence[Round],
    at: str,
    *,
    charged: bool = False,
    number: int | None = None,
) -> Outcome:
    """Let the functions say what follows, and do it.

    Args:
        context: the world.
        who: signs in.
        rounds: what was answered so far.
        at: the step that was answered, as `NEXT` knows it.
        charged: whether an attempt was counted for a right answer.
        number: the client's public number, where the password can be asked for now.
    """
    who = replace(who, carried={**who.carried, _ROUNDS: rounds_text(rounds)})
    following = _define(context, who, rounds, password=number is not None)
    if following is Next.PASSWORD and number is not None:
        return offer_srp(context, who, number)
    challenge = _create(context, who, rounds) if following is Next.CHALLENGE else None
    # Made for those who exist too, who do not need it: the time that it takes would tell who does.
    person = stand_in(who.realm.settings, who.typed, context.keys.digest)

    def attempt(present: User) -> Outcome:
        stage = Stage(
            who.realm,
            present,
            who.typed,
            at=at,
            known=who.user is not None,
            charged=charged,
            carried=who.carried,
            metadata=who.metadata,
        )
        if who.user is not None and proof_of(present) != proof_of(who.user):
            raise NotAuthorizedException("Invalid session for the user.")
        if challenge is not None:
            return proceed(context, stage, Ask(_STEP.CUSTOM_CHALLENGE, custom=challenge))
        return _content(context, stage)

    return settled(context, who.user or person, attempt)


def _content(context: Context, stage: Stage) -> Outcome:
    """The functions are content: whatever else is due, then tokens. Nobody who does not exist gets here."""
    if not stage.known:
        raise NotAuthorizedException(_WRONG)
    try:
        ask = after_password(stage.realm.settings, stage.user, context.clock.now())
    except ServiceError:
        if stage.charged:
            give_back(context, stage.user.pool_id, stage.user.sub)
        raise
    return proceed(context, stage, device_step(context, stage, ask))


def _define(context: Context, who: Claimant, rounds: Sequence[Round], *, password: bool) -> Next:
    request = {"session": [one.shown() for one in rounds]}
    response = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
    answer = _called(context, who, Trigger.DEFINE_AUTH_CHALLENGE, request, response)
    return decide(
        rounds,
        answer.text("challengeName"),
        issue=answer.flag("issueTokens"),
        fail=answer.flag("failAuthentication"),
        password=password,
    )


def _create(context: Context, who: Claimant, rounds: Sequence[Round]) -> CustomChallenge:
    request = {
        "challengeName": _STEP.CUSTOM_CHALLENGE.value,
        "session": [one.shown() for one in rounds],
    }
    response: dict[str, Any] = {
        "publicChallengeParameters": {},
        "privateChallengeParameters": {},
        "challengeMetadata": None,
    }
    answer = _called(context, who, Trigger.CREATE_AUTH_CHALLENGE, request, response)
    return CustomChallenge(
        answer.texts("publicChallengeParameters"),
        answer.texts("privateChallengeParameters"),
        answer.text("challengeMetadata"),
    )


def _verify(context: Context, who: Claimant, session: Session, offered: str | None) -> bool:
    request = {
        "privateChallengeParameters": json.loads(session.data["private"]),
        "challengeAnswer": offered,
    }
    trigger = Trigger.VERIFY_AUTH_CHALLENGE_RESPONSE
    return _called(context, who, trigger, request, {"answerCorrect": None}).flag("answerCorrect")


def _called(
    context: Context, who: Claimant, trigger: Trigger, request: dict[str, Any], response: dict[str, Any]
) -> Answer:
    _needed(context, trigger)
    about = occasion(trigger, _KIND, who.realm, who.typed if who.user is None else who.username)
    whole = {
        "userAttributes": user_attributes(who.user),
        **request,
        "clientMetadata": given(who.metadata),
        **hidden(who.realm, who.user),
    }
    return call(context, about, whole, response)


def _needed(context: Context, trigger: Trigger) -> None:
    if not context.triggers.has(trigger):
        raise InvalidParameterException("Custom auth lambda trigger is not configured for the user pool.")
