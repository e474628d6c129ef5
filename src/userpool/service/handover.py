"""Signing in straight after signing up: a session that goes from SignUp over ConfirmSignUp to InitiateAuth.

It proves that the one who signs in is the one who signed up and who had the code, which then counts as a
first factor. Each of the two sessions is good once, for its own user, client and step.
"""

from __future__ import annotations

from userpool.protocol.errors import NotAuthorizedException

from .context import Context
from .domain.factors.choices import ADDRESS, available
from .domain.records import User
from .domain.sessions import Session
from .domain.settings import Flow
from .realm import Realm
from .sessions import new_session, open_session, seal_session, unseal_session
from .sign_in import proceed, settled
from .stage import Outcome, Stage, proof_of
from .steps import Claimant

SIGNED_UP = "sign-up"
CONFIRMED = "sign-up confirmed"
"""The steps that these sessions wait for; no challenge bears such a name."""


def after_sign_up(context: Context, realm: Realm, user: User, typed: str) -> str | None:
    """The session that ConfirmSignUp takes; `None` where the client does not sign in by choice."""
    if not realm.client_settings.allows(Flow.USER_AUTH):
        return None
    return seal_session(context, new_session(context, realm, user.sub, user.username, typed, SIGNED_UP))


def of_sign_up(context: Context, realm: Realm, sub: str, text: str | None) -> Session | None:
    """The session of a sign-up that is being confirmed.

    One that is too old is `None`: the code is what confirms, and signing in takes another way then.

    Raises:
        InvalidParameterException: the text has no session's form.
        NotAuthorizedException: it was not made here, or for another client, user or step.
    """
    if text is None:
        return None
    session = unseal_session(context, text)
    if session.expired(context.clock.now()):
        return None
    if (session.step, session.client_id, session.sub) != (SIGNED_UP, realm.client.id, sub):
        raise NotAuthorizedException("Invalid session for the user.")
    return session


def after_confirmation(
    context: Context, realm: Realm, user: User, before: Session | None, attribute: str
) -> str | None:
    """The session that InitiateAuth takes, in exchange for the sign-up's.

    Args:
        context: the world.
        realm: the client at which the sign-up was confirmed.
        user: as it was confirmed.
        before: what `of_sign_up` gave.
        attribute: what holds the address that the code went to.
    """
    if before is None:
        return None
    data = {"attribute": attribute, "to": user.attributes[attribute], "proof": proof_of(user)}
    following = new_session(context, realm, user.sub, user.username, before.typed, CONFIRMED, data)
    return seal_session(context, following)


def sign_in(context: Context, who: Claimant, text: str) -> Outcome | None:
    """Tokens for whoever has just confirmed a sign-up; `None` where that code is no first factor of theirs.

    Raises:
        InvalidParameterException: the text has no session's form.
        NotAuthorizedException: the session is not this user's, is used up, too old, or the user was changed.
    """
    realm = who.realm
    session = open_session(context, text, CONFIRMED, realm.client.id)
    if who.user is None or session.sub != who.user.sub:
        raise NotAuthorizedException("Invalid session for the user.")

    def attempt(present: User) -> Outcome | None:
        _check_unchanged(session, present)
        factors = {factor for factor, attribute in ADDRESS.items() if attribute == session.data["attribute"]}
        if factors.isdisjoint(available(realm.settings, present)):
            return None
        stage = Stage(realm, present, session.typed, answered=session, at=Flow.USER_AUTH, carried=who.carried)
        return proceed(context, stage, None)

    return settled(context, who.user, attempt)


def _check_unchanged(session: Session, user: User) -> None:
    address = user.attributes.get(session.data["attribute"])
    if not user.enabled or proof_of(user) != session.data["proof"] or address != session.data["to"]:
        raise NotAuthorizedException("Invalid session for the user.")
