"""Signing in with a passkey: the answer to WEB_AUTHN."""

from __future__ import annotations

import logging

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import NotAuthorizedException, ServiceError

from ..charges import charge_proof, give_back
from ..context import Context
from ..devices import device_step
from ..domain.ceremony import GET, Expected, fault_in
from ..domain.factors.passkey import after_passkey, used
from ..domain.records import Passkey, User
from ..domain.sessions import Session
from ..passkeys import STAND_IN_KEY
from ..ports import Writer
from ..realm import Realm
from ..sign_in import proceed, settled
from ..stage import Outcome, Stage
from ..steps import Facts, Reply
from ..webauthn import Signed, read_signed, read_text

_STEP = ChallengeNameType.WEB_AUTHN
_WRONG = "Incorrect username or password."

_logger = logging.getLogger("userpool.service")


def answer_passkey(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Check what a passkey has signed, and go on when it is right. The session is used up either way.

    Raises:
        InvalidParameterException: the credential is malformed; the session stays good.
        NotAuthorizedException: it is not right, whatever about it is not.
    """
    realm, session = facts.realm, facts.session
    signed = read_signed(read_text(reply.response("CREDENTIAL")))
    charge_proof(context, realm.pool.id, session.sub, session, once=True)
    passkey = context.store.read(lambda reader: reader.passkey(realm.pool.id, signed.credential_id))
    # Checked with another key where there is none, so that the time that it takes tells nothing.
    fits = signed.fits(STAND_IN_KEY if passkey is None else passkey.public_key)
    user = facts.user
    if user is None or passkey is None or not fits or not _is_right(context, realm, session, signed, passkey):
        raise NotAuthorizedException(_WRONG)
    if used(passkey, signed.authenticator) is None:
        _logger.warning(
            "a passkey of the user %s seems to be a copy: its counter or flags went wrong", user.sub
        )
        raise NotAuthorizedException(_WRONG)
    return _go_on(context, reply, facts, user, signed)


def _is_right(context: Context, realm: Realm, session: Session, signed: Signed, passkey: Passkey) -> bool:
    expected = Expected(
        GET,
        realm.settings.rp_id or "",
        bytes.fromhex(session.data["challenge"]),
        session.data["verification"] == "required",
        context.settings.passkey_origins,
    )
    return (
        fault_in(signed.client, signed.authenticator, expected) is None
        and passkey.sub == session.sub
        and signed.user_handle in (None, passkey.sub.encode())
    )


def _go_on(context: Context, reply: Reply, facts: Facts, user: User, signed: Signed) -> Outcome:
    realm, session, told = facts.realm, facts.session, signed.authenticator

    def note_use(writer: Writer) -> None:
        stored = writer.passkey(realm.pool.id, signed.credential_id)
        after = None if stored is None else used(stored, told)
        if after is None:
            raise NotAuthorizedException(_WRONG)
        writer.put_passkey(after)

    def attempt(present: User) -> Outcome:
        try:
            ask = after_passkey(realm.settings, present, verified=told.user_verified)
        except ServiceError:
            give_back(context, realm.pool.id, session.sub)
            raise
        stage = Stage(
            realm,
            present,
            session.typed,
            charged=True,
            at=_STEP,
            also=note_use,
            carried=session.carried,
            metadata=reply.metadata,
        )
        return proceed(context, stage, device_step(context, stage, ask))

    return settled(context, user, attempt)
