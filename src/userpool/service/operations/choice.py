"""Choice-based sign-in (USER_AUTH): the user shows one of the first factors that pool and user have."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    AliasExistsException,
    CodeMismatchException,
    FeatureUnavailableInTierException,
    InvalidParameterException,
    NotAuthorizedException,
    TooManyRequestsException,
    UnsupportedOperationException,
)

from .. import handover
from ..charges import charge_call, charge_proof, quota_key
from ..context import Context
from ..delivery import code_hash
from ..devices import device_step
from ..domain.codes import Delivery
from ..domain.existence import stand_in
from ..domain.factors.choices import FIRST_FACTORS, available
from ..domain.factors.passkey import is_offered, with_passkeys
from ..domain.factors.second import Ask, after_code_alone
from ..domain.factors.sent import after_first_code
from ..domain.lockout import SIGN_IN_CODE
from ..domain.records import Passkey, User
from ..domain.sessions import MAX_ATTEMPTS, Session
from ..passkeys import passkeys_of
from ..proving import by_password, offer_srp, public_number
from ..realm import Realm
from ..sessions import use_up
from ..sign_in import proceed, settled
from ..stage import Outcome, Stage, proof_of
from ..steps import Claimant, Facts, Reply, Start, answering, check_caller, claimant, required

_FLOW = "USER_AUTH"
_STEP = ChallengeNameType
_CODES = {_STEP.EMAIL_OTP: "EMAIL_OTP_CODE", _STEP.SMS_OTP: "SMS_OTP_CODE"}
_WRONG_CODE = "Invalid code or auth state for the user."


@dataclass(frozen=True, slots=True)
class Choice:
    """A user before the choice of a first factor."""

    who: Claimant
    person: User
    """The user, or what stands in for one who does not exist."""
    offered: tuple[str, ...]
    """The factors to choose among."""
    passkeys: tuple[Passkey, ...]
    """What the user can sign with, or seems to."""
    given: Mapping[str, str] = field(repr=False)
    """What came along: parameters of the beginning, or responses."""
    session: Session | None = None
    """The challenge that the choice answers, if it does."""

    @property
    def at(self) -> str:
        """Where the choice is made, as `NEXT` knows it."""
        return _FLOW if self.session is None else _STEP.SELECT_CHALLENGE

    @property
    def known(self) -> bool:
        """Whether there is a user who may be sent something."""
        return self.who.user is not None and self.who.user.enabled


def by_choice(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    """Begin USER_AUTH: at once with the preferred factor, or with the choice."""
    _check_levels(start, realm)
    check_caller(context, start, realm, user)
    who = claimant(context, start, realm, user)
    if start.session is not None:
        outcome = handover.sign_in(context, who, start.session)
        if outcome is not None:
            return outcome
    choice = _choice(context, who, start.parameters)
    wanted = start.parameters.get("PREFERRED_CHALLENGE")
    if wanted and wanted not in FIRST_FACTORS:
        raise InvalidParameterException(f"PREFERRED_CHALLENGE {wanted} is no first factor.")
    if not wanted and len(choice.offered) == 1:
        [wanted] = choice.offered
    if wanted in choice.offered:
        return _BEGINNINGS[wanted](context, choice)
    return _ask(context, choice, _STEP.SELECT_CHALLENGE)


def _check_levels(start: Start, realm: Realm) -> None:
    """Refuse what asks for a level of assurance: to sign in without it would be to give less than was asked.

    `MAX_AGE` alone asks for no more than every sign-in does: a proof that is given now.
    """
    given = start.parameters
    if given.get("ACCESS_TOKEN") and not given.get("TARGET_ACR_VALUES"):
        raise InvalidParameterException(
            "ACCESS_TOKEN is given together with TARGET_ACR_VALUES, or not at all."
        )
    if not given.get("MAX_AGE", "0").isdecimal():
        raise InvalidParameterException("MAX_AGE is a number of seconds.")
    if not given.get("TARGET_ACR_VALUES"):
        return
    if realm.settings.tier == "LITE":
        raise FeatureUnavailableInTierException("TARGET_ACR_VALUES needs the tier ESSENTIALS or PLUS.")
    raise UnsupportedOperationException(
        "Levels of assurance are not carried out by userpool yet. Leave TARGET_ACR_VALUES out."
    )


def select(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Answer SELECT_CHALLENGE; or take another choice, instead of an answer to the factor chosen before."""
    wanted = reply.response("ANSWER")
    choice = _choice(context, answering(facts, reply), reply.responses, facts.session)
    if wanted not in choice.offered:
        raise InvalidParameterException("Selected challenge is not available")
    return _BEGINNINGS[wanted](context, choice)


def answer_password(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Answer PASSWORD."""
    password = reply.response("PASSWORD")
    return by_password(context, answering(facts, reply), password, facts.session)


def answer_srp(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Answer PASSWORD_SRP, which asks for the proof."""
    choice = _choice(context, answering(facts, reply), reply.responses, facts.session)
    required(reply.responses, "SRP_A")
    return _srp(context, choice)


def _choice(
    context: Context, who: Claimant, given: Mapping[str, str], session: Session | None = None
) -> Choice:
    settings = who.realm.settings
    # Made for those who exist too, who do not need it: the time that it takes would tell who does.
    person = stand_in(settings, who.typed, context.keys.digest)
    passkeys = passkeys_of(context, settings, who.user, who.sub)
    person = who.user or with_passkeys(person, passkeys)
    offered = available(settings, person, passkeys=is_offered(settings, person, passkeys))
    return Choice(who, person, offered, passkeys, given, session)


def _password(context: Context, choice: Choice) -> Outcome:
    password = choice.given.get("PASSWORD")
    if not password:
        return _ask(context, choice, _STEP.PASSWORD)
    return by_password(context, choice.who, password, choice.session)


def _srp(context: Context, choice: Choice) -> Outcome:
    public = choice.given.get("SRP_A")
    if not public:
        return _ask(context, choice, _STEP.PASSWORD_SRP)
    number = public_number(public)
    if choice.session is not None:
        use_up(context, choice.session)
    return offer_srp(context, choice.who, number, choice.offered)


def _email_code(context: Context, choice: Choice) -> Outcome:
    return _code(context, choice, _STEP.EMAIL_OTP)


def _sms_code(context: Context, choice: Choice) -> Outcome:
    return _code(context, choice, _STEP.SMS_OTP)


def _code(context: Context, choice: Choice, step: ChallengeNameType) -> Outcome:
    client = choice.who.realm.client_settings
    if not choice.person.enabled and not client.prevent_user_existence_errors:
        raise NotAuthorizedException("User is disabled.")
    charge_call(context, SIGN_IN_CODE, choice.person.pool_id, choice.who.sub, error=TooManyRequestsException)
    return _ask(context, choice, step)


def _passkey(context: Context, choice: Choice) -> Outcome:
    return _ask(context, choice, _STEP.WEB_AUTHN)


def _ask(context: Context, choice: Choice, step: ChallengeNameType) -> Outcome:
    who, ask = choice.who, Ask(step, available=choice.offered, passkeys=choice.passkeys)

    def attempt(person: User) -> Outcome:
        stage = Stage(
            who.realm,
            person,
            who.typed,
            answered=choice.session,
            at=choice.at,
            known=choice.known,
            carried=who.carried,
            metadata=who.metadata,
        )
        return proceed(context, stage, ask)

    return settled(context, choice.person, attempt)


_BEGINNINGS: Mapping[str, Callable[[Context, Choice], Outcome]] = {
    _STEP.PASSWORD_SRP: _srp,
    _STEP.PASSWORD: _password,
    _STEP.EMAIL_OTP: _email_code,
    _STEP.SMS_OTP: _sms_code,
    _STEP.WEB_AUTHN: _passkey,
}
"""How each first factor is asked for; which of them a user has says `domain.factors.choices.available`."""


def first_code(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Answer EMAIL_OTP or SMS_OTP where it took the password's place."""
    realm, session = facts.realm, facts.session
    code = reply.response(_CODES[_STEP(session.step)])
    charge_proof(context, realm.pool.id, session.sub, session, limit=MAX_ATTEMPTS)
    attribute, address = session.data["attribute"], session.data["to"]
    offered = code_hash(context, realm.pool.id, session.sub, session.id, Delivery(attribute, address), code)
    right = hmac.compare_digest(offered, bytes.fromhex(session.data["code"]))
    if facts.user is None or not right:
        raise CodeMismatchException(_WRONG_CODE)
    counter = quota_key(context, SIGN_IN_CODE, realm.pool.id, session.sub)

    def attempt(present: User) -> Outcome:
        _check_unchanged(session, present)
        updated = after_first_code(present, attribute, context.clock.now())
        ask = after_code_alone(realm.settings, updated or present, attribute)
        stage = Stage(
            realm,
            present,
            session.typed,
            updated,
            session,
            charged=True,
            settled=(counter,),
            metadata=reply.metadata,
        )
        ask = device_step(context, stage, ask)
        try:
            return proceed(context, stage, ask)
        except AliasExistsException:
            # Another user has verified the same address as an alias: it stays theirs, and the code was right.
            updated = after_first_code(present, attribute, context.clock.now(), verifies=False)
            return proceed(context, replace(stage, updated=updated), ask)

    return settled(context, facts.user, attempt)


def _check_unchanged(session: Session, user: User) -> None:
    if (
        session.data["proof"] != proof_of(user)
        or user.attributes.get(session.data["attribute"]) != (session.data["to"])
    ):
        raise NotAuthorizedException("Invalid session for the user.")
    if not user.enabled:
        raise NotAuthorizedException("User is disabled.")
