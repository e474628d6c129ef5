"""RespondToAuthChallenge and AdminRespondToAuthChallenge: what the answer to each challenge must prove."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from userpool.protocol import operations as ops
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    AliasExistsException,
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
)
from userpool.protocol.shapes import idp
from userpool.protocol.srp import ServerSide, SrpError, parse_timestamp

from ..charges import charge_proof
from ..context import Call, Context, handles
from ..delivery import code_hash
from ..domain.attributes import conform, merge
from ..domain.codes import Delivery
from ..domain.factors import totp
from ..domain.factors.first import attributes_given
from ..domain.factors.second import Ask, challenge_of, second_factor
from ..domain.factors.sent import after_code
from ..domain.passwords import check_policy, with_password
from ..domain.records import User
from ..domain.sessions import MAX_ATTEMPTS, Session, consume_session
from ..domain.settings import MfaMethod
from ..passwords import check_history, credentials, make_record
from ..ports import Reader, Writer
from ..realm import Realm, find_user
from ..sessions import open_bytes, open_session
from ..sign_in import proceed, settled, still_good
from ..stage import Outcome, Stage
from ..totp_seeds import open_seed
from .auth import password_proved, required

MAX_SKEW_SECONDS = 300
"""How far a client's TIMESTAMP may be from true time."""

_STEP = ChallengeNameType
_CODES = {_STEP.SMS_MFA: "SMS_MFA_CODE", _STEP.EMAIL_OTP: "EMAIL_OTP_CODE"}
_CHOICES = {"EMAIL_MFA": MfaMethod.EMAIL, **{method.value: method for method in MfaMethod}}
"""What SELECT_MFA_TYPE may be answered with; Cognito's guide writes EMAIL_MFA, its clients send EMAIL_OTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a challenge, by a user or for one."""

    challenge: str
    client_id: str
    session: str | None = field(repr=False)
    responses: Mapping[str, str] = field(repr=False)
    pool_id: str | None = None
    """Given by administrators."""

    def response(self, name: str) -> str:
        """A response that the challenge needs.

        Raises:
            InvalidParameterException: it is missing.
        """
        return required(self.responses, name)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer is judged by: where it takes place, the session that it answers, and its user."""

    realm: Realm
    session: Session
    user: User | None

    def proved_user(self) -> User:
        """The user, whose password this sign-in has proved; errors as `still_good`."""
        return still_good(self.session, self.user)


@handles(ops.RESPOND_TO_AUTH_CHALLENGE)
def respond_to_auth_challenge(
    context: Context, call: Call[idp.RespondToAuthChallengeRequest]
) -> idp.RespondToAuthChallengeResponse:
    """Go on with a sign-in."""
    given = call.input
    reply = Reply(given.challenge_name, given.client_id, given.session, given.challenge_responses or {})
    return _respond(context, reply).shaped(idp.RespondToAuthChallengeResponse)


@handles(ops.ADMIN_RESPOND_TO_AUTH_CHALLENGE)
def admin_respond_to_auth_challenge(
    context: Context, call: Call[idp.AdminRespondToAuthChallengeRequest]
) -> idp.AdminRespondToAuthChallengeResponse:
    """The same for administrators."""
    given = call.input
    responses = given.challenge_responses or {}
    reply = Reply(given.challenge_name, given.client_id, given.session, responses, given.user_pool_id)
    return _respond(context, reply).shaped(idp.AdminRespondToAuthChallengeResponse)


def _respond(context: Context, reply: Reply) -> Outcome:
    username = reply.response("USERNAME")

    def read(reader: Reader) -> tuple[Facts, bool]:
        realm = Realm.read(reader, reply.client_id, reply.pool_id)
        session = _open(context, reply)
        user = reader.user(realm.pool.id, session.sub)
        if session.answers_for(username):
            return Facts(realm, session, user), True
        named = find_user(reader, realm.settings, username)
        return Facts(realm, session, user), named is not None and named.sub == session.sub

    facts, same = context.store.read(read)
    facts.realm.check_secret_hash(context.keys, reply.responses.get("SECRET_HASH"), username)
    if not same or facts.session.pool_id != facts.realm.pool.id:
        raise NotAuthorizedException("Invalid session for the user.")
    return _ANSWERS[facts.session.step](context, reply, facts)


def _open(context: Context, reply: Reply) -> Session:
    if reply.challenge != _STEP.PASSWORD_VERIFIER:
        return open_session(context, reply.session, reply.challenge, reply.client_id)
    # Cognito sends no session with this challenge: the secret block is one.
    try:
        sealed = base64.b64decode(reply.response("PASSWORD_CLAIM_SECRET_BLOCK"), validate=True)
    except (ValueError, binascii.Error):
        raise NotAuthorizedException("Invalid session for the user.") from None
    return open_bytes(context, sealed, reply.challenge, reply.client_id)


def _password_verifier(context: Context, reply: Reply, facts: Facts) -> Outcome:
    realm, session, user = facts.realm, facts.session, facts.user
    timestamp = _recent(context, reply.response("TIMESTAMP"))
    signature = reply.responses.get("PASSWORD_CLAIM_SIGNATURE")
    if signature is None:
        raise InvalidParameterException("Missing required parameter PASSWORD_CLAIM_SIGNATURE")
    charge_proof(context, realm.pool.id, session.sub, session, once=True)
    held = credentials(context, realm.pool, user, session.sub, session.username)
    server = ServerSide(held.verifier, int(session.data["b"], 16), int(session.data["public"], 16))
    right = server.verify(
        session.data["a"],
        pool_name=realm.pool_name,
        user_id=session.username,
        secret_block=base64.b64decode(reply.responses["PASSWORD_CLAIM_SECRET_BLOCK"]),
        timestamp=timestamp,
        signature_b64=signature,
        power=context.power,
    )
    if user is None or not right:
        raise NotAuthorizedException("Incorrect username or password.")
    return password_proved(context, realm, user, session.typed)


def _recent(context: Context, timestamp: str) -> str:
    try:
        moment = parse_timestamp(timestamp)
    except SrpError:
        raise InvalidParameterException(
            "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
        ) from None
    if abs(moment.timestamp() - context.clock.true()) > MAX_SKEW_SECONDS:
        raise NotAuthorizedException(
            "TIMESTAMP is more than 5 minutes from the service's time. Set the clock of this machine."
        )
    return timestamp


def _new_password(context: Context, reply: Reply, facts: Facts) -> Outcome:
    realm, session, user = facts.realm, facts.session, facts.proved_user()
    password = reply.response("NEW_PASSWORD")
    check_policy(realm.settings.password_policy, password)
    given = conform(
        realm.settings, attributes_given(realm.settings, realm.client_settings, user, reply.responses)
    )
    check_history(context, realm.pool, user, password)
    record = make_record(context, realm.pool, user.sub, user.username, password)

    def attempt(present: User) -> Outcome:
        still_good(session, present)
        changed = replace(present, attributes=merge(present.attributes, given))
        updated = with_password(realm.settings, changed, record, context.clock.now())
        stage = Stage(realm, present, session.typed, updated, session)
        return proceed(context, stage, second_factor(realm.settings, updated))

    return settled(context, user, attempt)


def _sent_code(context: Context, reply: Reply, facts: Facts) -> Outcome:
    realm, session, user = facts.realm, facts.session, facts.proved_user()
    code = reply.response(_CODES[_STEP(session.step)])
    charge_proof(context, realm.pool.id, user.sub, session, limit=MAX_ATTEMPTS)
    sent_to = Delivery(session.data["attribute"], session.data["to"])
    offered = code_hash(context, realm.pool.id, user.sub, session.id, sent_to, code)
    if not hmac.compare_digest(offered, bytes.fromhex(session.data["code"])):
        raise CodeMismatchException("Invalid code or auth state for the user.")

    def attempt(present: User) -> Outcome:
        still_good(session, present)
        updated = after_code(present, session.data, context.clock.now())
        stage = Stage(realm, present, session.typed, updated, session)
        try:
            return proceed(context, stage, None)
        except AliasExistsException:
            if "setup" in session.data:
                raise
        # Another user has verified the same address as an alias: it stays theirs, and the code was right.
        return proceed(context, replace(stage, updated=None), None)

    return settled(context, user, attempt)


def _software_token(context: Context, reply: Reply, facts: Facts) -> Outcome:
    realm, session, user = facts.realm, facts.session, facts.proved_user()
    code = reply.response("SOFTWARE_TOKEN_MFA_CODE")
    charge_proof(context, realm.pool.id, user.sub, session, limit=MAX_ATTEMPTS)

    def attempt(present: User) -> Outcome:
        still_good(session, present)
        record = present.totp
        if record is None or not record.verified:
            raise NotAuthorizedException("Invalid session for the user.")
        secret = open_seed(context, present, record.sealed_secret)
        used = totp.accept(record, secret, code, context.clock.true())
        return proceed(
            context, Stage(realm, present, session.typed, replace(present, totp=used), session), None
        )

    try:
        return settled(context, user, attempt)
    except ExpiredCodeException:
        _end(context, session)
        raise


def _end(context: Context, session: Session) -> None:
    """Use a session up that led to nothing: after this error Cognito takes no other answer to it."""

    def apply(writer: Writer) -> None:
        writer.put_session_use(consume_session(session, writer.session_use(session.id), context.clock.now()))

    context.store.write(apply)


def _select_mfa_type(context: Context, reply: Reply, facts: Facts) -> Outcome:
    session, user = facts.session, facts.proved_user()
    method = _CHOICES.get(reply.response("ANSWER"))
    if method is None or method not in session.data["choices"].split(","):
        raise InvalidParameterException("Selected challenge is not available")
    return _go_on(context, facts, user, challenge_of(method))


def _mfa_setup(context: Context, reply: Reply, facts: Facts) -> Outcome:
    session, user = facts.session, facts.proved_user()
    if "verified" in session.data:
        return _go_on(context, facts, user, None)
    email = reply.responses.get("EMAIL") or reply.responses.get("email")
    if not email:
        raise InvalidParameterException("User has not verified software token mfa")
    if MfaMethod.EMAIL not in session.data["choices"].split(","):
        raise InvalidParameterException("Selected challenge is not available")
    conform(facts.realm.settings, {"email": email})
    return _go_on(context, facts, user, Ask(_STEP.EMAIL_OTP, to=email))


def _go_on(context: Context, facts: Facts, user: User, ask: Ask | None) -> Outcome:
    def attempt(present: User) -> Outcome:
        still_good(facts.session, present)
        return proceed(context, Stage(facts.realm, present, facts.session.typed, answered=facts.session), ask)

    return settled(context, user, attempt)


_ANSWERS: Mapping[str, Callable[[Context, Reply, Facts], Outcome]] = {
    _STEP.PASSWORD_VERIFIER: _password_verifier,
    _STEP.NEW_PASSWORD_REQUIRED: _new_password,
    _STEP.SMS_MFA: _sent_code,
    _STEP.EMAIL_OTP: _sent_code,
    _STEP.SOFTWARE_TOKEN_MFA: _software_token,
    _STEP.SELECT_MFA_TYPE: _select_mfa_type,
    _STEP.MFA_SETUP: _mfa_setup,
}
"""Every step that a session can name has its answer here."""
