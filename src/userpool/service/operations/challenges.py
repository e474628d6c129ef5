"""RespondToAuthChallenge and AdminRespondToAuthChallenge: what the answer to each challenge must prove."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    AliasExistsException,
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
    TooManyRequestsException,
)
from userpool.protocol.shapes import idp

from ..charges import charge_call, charge_proof
from ..context import Call, Context, handles
from ..delivery import code_hash
from ..devices import device_step, naming
from ..domain.attributes import conform, merge
from ..domain.codes import Delivery
from ..domain.factors import totp
from ..domain.factors.first import attributes_given
from ..domain.factors.second import Ask, challenge_of, check_set_up_due, second_factor
from ..domain.factors.sent import after_code
from ..domain.lockout import ATTRIBUTE_CODE
from ..domain.passwords import check_policy, with_password
from ..domain.records import User
from ..domain.sessions import MAX_ATTEMPTS, Session
from ..domain.settings import MfaMethod
from ..passwords import check_history, credentials, make_record
from ..ports import Reader
from ..proving import password_proved
from ..realm import Realm, find_user
from ..sessions import open_bytes, open_session, use_up
from ..sign_in import proceed, settled, still_good
from ..srp_claims import Claim, secret_block
from ..stage import Outcome, Stage
from ..steps import Facts, Reply, answering
from ..totp_seeds import open_seed
from . import custom
from .choice import answer_password, answer_srp, first_code, select
from .device_challenges import answer_device_srp, answer_device_verifier
from .passkey_sign_in import answer_passkey

_STEP = ChallengeNameType
_CLAIMS = (_STEP.PASSWORD_VERIFIER, _STEP.DEVICE_PASSWORD_VERIFIER)
_CODES = {_STEP.SMS_MFA: "SMS_MFA_CODE", _STEP.EMAIL_OTP: "EMAIL_OTP_CODE"}
_CHOICES = {"EMAIL_MFA": MfaMethod.EMAIL, **{method.value: method for method in MfaMethod}}
"""What SELECT_MFA_TYPE may be answered with; Cognito's guide writes EMAIL_MFA, its clients send EMAIL_OTP."""


@handles(ops.RESPOND_TO_AUTH_CHALLENGE)
def respond_to_auth_challenge(
    context: Context, call: Call[idp.RespondToAuthChallengeRequest]
) -> idp.RespondToAuthChallengeResponse:
    """Go on with a sign-in."""
    given = call.input
    responses = given.challenge_responses or {}
    reply = Reply(
        given.challenge_name,
        given.client_id,
        given.session,
        responses,
        metadata=given.client_metadata,
        source_ip=call.source_ip,
    )
    return _respond(context, reply).shaped(idp.RespondToAuthChallengeResponse)


@handles(ops.ADMIN_RESPOND_TO_AUTH_CHALLENGE)
def admin_respond_to_auth_challenge(
    context: Context, call: Call[idp.AdminRespondToAuthChallengeRequest]
) -> idp.AdminRespondToAuthChallengeResponse:
    """The same for administrators."""
    given = call.input
    responses = given.challenge_responses or {}
    reply = Reply(
        given.challenge_name,
        given.client_id,
        given.session,
        responses,
        given.user_pool_id,
        given.client_metadata,
        given.context_data.ip_address if given.context_data else "",
    )
    return _respond(context, reply).shaped(idp.AdminRespondToAuthChallengeResponse)


def _respond(context: Context, reply: Reply) -> Outcome:
    username = reply.response("USERNAME")

    def read(reader: Reader) -> tuple[Facts, bool]:
        realm = Realm.read(reader, reply.client_id, reply.pool_id, reply.source_ip)
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
    named = naming(context, facts.realm, facts.session, reply.responses)
    return _ANSWERS[reply.challenge](context, reply, replace(facts, session=named))


def _open(context: Context, reply: Reply) -> Session:
    if reply.challenge not in _CLAIMS:
        return open_session(context, reply.session, reply.challenge, reply.client_id)
    # Cognito sends no session with PASSWORD_VERIFIER: the secret block is one.
    return open_bytes(context, secret_block(reply.responses), reply.challenge, reply.client_id)


def _password_verifier(context: Context, reply: Reply, facts: Facts) -> Outcome:
    realm, session, user = facts.realm, facts.session, facts.user
    claim = Claim.read(context, reply.responses)
    charge_proof(context, realm.pool.id, session.sub, session, once=True)
    held = credentials(context, realm.pool, user, session.sub, session.username)
    right = claim.proves(context, held.verifier, session, (realm.pool_name, session.username))
    if user is None or not right:
        raise NotAuthorizedException("Incorrect username or password.")
    proved = custom.password_proved if custom.runs(session) else password_proved
    return proved(context, answering(facts, reply), user)


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
        stage = Stage(realm, present, session.typed, updated, session, metadata=reply.metadata)
        return proceed(context, stage, device_step(context, stage, second_factor(realm.settings, updated)))

    return settled(context, user, attempt)


def _email_otp(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """A code by e-mail bears the same name as a first and as a second factor."""
    return (first_code if "first" in facts.session.data else _sent_code)(context, reply, facts)


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
        if "setup" in session.data:
            check_set_up_due(realm.settings, present)
        updated = after_code(present, session.data, context.clock.now())
        stage = Stage(realm, present, session.typed, updated, session, charged=True, metadata=reply.metadata)
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
        updated = replace(present, totp=used)
        stage = Stage(realm, present, session.typed, updated, session, charged=True, metadata=reply.metadata)
        return proceed(context, stage, None)

    try:
        return settled(context, user, attempt)
    except ExpiredCodeException:
        # After this error Cognito takes no other answer to the session.
        use_up(context, session)
        raise


def _select_mfa_type(context: Context, reply: Reply, facts: Facts) -> Outcome:
    session, user = facts.session, facts.proved_user()
    method = _CHOICES.get(reply.response("ANSWER"))
    if method is None or method not in session.data["choices"].split(","):
        raise InvalidParameterException("Selected challenge is not available")
    return _go_on(context, reply, facts, user, challenge_of(method))


def _mfa_setup(context: Context, reply: Reply, facts: Facts) -> Outcome:
    session, user = facts.session, facts.proved_user()
    if "verified" in session.data:
        return _go_on(context, reply, facts, user, None)
    email = reply.responses.get("EMAIL") or reply.responses.get("email")
    if not email:
        raise InvalidParameterException("User has not verified software token mfa")
    if MfaMethod.EMAIL not in session.data["choices"].split(","):
        raise InvalidParameterException("Selected challenge is not available")
    check_set_up_due(facts.realm.settings, user)
    conform(facts.realm.settings, {"email": email})
    charge_call(context, ATTRIBUTE_CODE, user.pool_id, user.sub, error=TooManyRequestsException)
    return _go_on(context, reply, facts, user, Ask(_STEP.EMAIL_OTP, to=email))


def _go_on(context: Context, reply: Reply, facts: Facts, user: User, ask: Ask | None) -> Outcome:
    def attempt(present: User) -> Outcome:
        still_good(facts.session, present)
        session = facts.session
        stage = Stage(facts.realm, present, session.typed, answered=session, metadata=reply.metadata)
        return proceed(context, stage, ask)

    return settled(context, user, attempt)


_ANSWERS: Mapping[str, Callable[[Context, Reply, Facts], Outcome]] = {
    _STEP.SELECT_CHALLENGE: select,
    _STEP.PASSWORD: answer_password,
    _STEP.PASSWORD_SRP: answer_srp,
    _STEP.SMS_OTP: first_code,
    _STEP.WEB_AUTHN: answer_passkey,
    _STEP.CUSTOM_CHALLENGE: custom.answer_custom,
    _STEP.PASSWORD_VERIFIER: _password_verifier,
    _STEP.NEW_PASSWORD_REQUIRED: _new_password,
    _STEP.SMS_MFA: _sent_code,
    _STEP.EMAIL_OTP: _email_otp,
    _STEP.SOFTWARE_TOKEN_MFA: _software_token,
    _STEP.SELECT_MFA_TYPE: _select_mfa_type,
    _STEP.MFA_SETUP: _mfa_setup,
    _STEP.DEVICE_SRP_AUTH: answer_device_srp,
    _STEP.DEVICE_PASSWORD_VERIFIER: answer_device_verifier,
}
"""Every step that a session can name has its answer here."""
