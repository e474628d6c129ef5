"""ChangePassword, ForgotPassword, ConfirmForgotPassword: a new password in place of the old one, or of a
lost one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp

from ..charges import charge_call, charge_proof, lock_key, quota_key
from ..codes import Offer, newest_code, sent_to
from ..context import Call, Context, handles
from ..delivery import details, post
from ..domain import lockout
from ..domain.codes import (
    LIFETIME,
    Delivery,
    Verdict,
    recovery_delivery,
    refusal,
    simulated_delivery,
)
from ..domain.existence import ghost, ghost_material
from ..domain.passwords import check_policy, with_password
from ..domain.records import Code, CodePurpose, User, UserStatus
from ..migration import migrated, migrates
from ..passwords import check_history, credentials, make_record
from ..ports import Reader, Trigger, Writer
from ..realm import Realm, find_user
from ..stage import proof_of
from ..triggers.events import occasion, post_confirmation
from .profile import present_user

_PURPOSE = CodePurpose.RESET_PASSWORD


@handles(ops.CHANGE_PASSWORD)
def change_password(context: Context, call: Call[idp.ChangePasswordRequest]) -> idp.ChangePasswordResponse:
    """Change the caller's password, who proves the old one. Other sign-ins of the user end; this one goes
    on.
    """
    caller, given = call.required_caller(), call.input
    realm, user = Realm.of(caller.pool, caller.client), caller.user
    pool, previous = caller.pool, given.previous_password
    charge_call(context, lockout.CHANGE_PASSWORD, pool.id, user.sub)
    if user.password is not None:
        if not previous:
            raise InvalidParameterException("Missing required parameter PreviousPassword")
        charge_proof(context, pool.id, user.sub)
        if not credentials(context, pool, user, user.sub, user.username).match(context, previous):
            raise NotAuthorizedException("Incorrect username or password.")
    check_policy(realm.settings.password_policy, given.proposed_password)
    check_history(context, pool, user, given.proposed_password)
    record = make_record(context, pool, user.sub, user.username, given.proposed_password)
    key = lock_key(context, pool.id, user.sub)

    def apply(writer: Writer) -> None:
        present = present_user(writer, caller)
        family = writer.family(caller.family.origin_jti)
        if family is None or family.revoked_at is not None:
            raise NotAuthorizedException("Access Token has been revoked")
        if proof_of(present) != proof_of(user):
            raise NotAuthorizedException("Incorrect username or password.")
        now = context.clock.now()
        writer.delete_attempts(key)
        writer.delete_codes(pool.id, user.sub, _PURPOSE)
        _set_password(writer, with_password(realm.settings, present, record, now), now)
        writer.put_family(family)

    context.store.write(apply)
    return idp.ChangePasswordResponse()


def _set_password(writer: Writer, updated: User, now: float) -> None:
    """Store a new password; the sign-ins that were made with the old one end."""
    writer.put_user(updated)
    writer.revoke_families(updated.pool_id, updated.sub, now)


@dataclass(frozen=True, slots=True)
class _Facts:
    realm: Realm
    user: User | None
    sub: str
    code: Code | None
    asked: bool
    """Whether a code was asked for in the time that a code lives, by whoever knows the name."""


def _facts(context: Context, client_id: str, username: str) -> _Facts:
    def read(reader: Reader) -> _Facts:
        realm = Realm.read(reader, client_id)
        user = find_user(reader, realm.settings, username)
        sub = ghost(realm.settings, username, context.keys.digest).sub if user is None else user.sub
        newest = newest_code(reader, realm.pool.id, sub, _PURPOSE)
        asked = reader.attempts(quota_key(context, lockout.FORGOT_PASSWORD, realm.pool.id, sub))
        recent = asked is not None and context.clock.now() < asked.last_at + LIFETIME[_PURPOSE]
        return _Facts(realm, user, sub, newest, recent)

    return context.store.read(read)


def _check_known(facts: _Facts) -> None:
    if facts.user is None and not facts.realm.client_settings.prevent_user_existence_errors:
        raise UserNotFoundException("Username/client id combination not found.")


@handles(ops.FORGOT_PASSWORD)
def forgot_password(context: Context, call: Call[idp.ForgotPasswordRequest]) -> idp.ForgotPasswordResponse:
    """Send a code that resets the password, to a verified address of the user."""
    given = call.input
    facts = _facts(context, given.client_id, given.username)
    realm = facts.realm
    realm.check_secret_hash(context.keys, given.secret_hash, given.username)
    if facts.user is None and migrates(context):
        facts = _migrated(context, facts, given)
    else:
        _check_known(facts)
        charge_call(context, lockout.FORGOT_PASSWORD, realm.pool.id, facts.sub)
    delivery, real = _recovery(context, facts, given.username)
    if facts.user is None or not real:
        _write_as_if(context, facts)
        return idp.ForgotPasswordResponse(code_delivery_details=details(delivery))
    user, posted = facts.user, post(context, facts.user, delivery, _PURPOSE)

    def store(writer: Writer) -> None:
        writer.delete_codes(user.pool_id, user.sub, _PURPOSE)
        posted.store(writer)

    context.store.write(store)
    posted.parcel.send(context)
    return idp.ForgotPasswordResponse(code_delivery_details=details(delivery))


def _migrated(context: Context, facts: _Facts, given: idp.ForgotPasswordRequest) -> _Facts:
    """The same facts, about the user whom a function gives for a name that is not known here."""
    charge_call(context, lockout.FORGOT_PASSWORD, facts.realm.pool.id, facts.sub)
    user = migrated(context, facts.realm, given.username, metadata=given.client_metadata)
    if user is not None:
        facts = replace(facts, user=user, sub=user.sub)
    _check_known(facts)
    return facts


def _recovery(context: Context, facts: _Facts, typed: str) -> tuple[Delivery, bool]:
    """Where the code goes, and whether it really does: where existence is hidden, it may only seem so."""
    settings, user = facts.realm.settings, facts.user
    hidden = facts.realm.client_settings.prevent_user_existence_errors
    if user is not None:
        if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
            raise NotAuthorizedException("User password cannot be reset in the current state.")
        if not user.enabled and not hidden:
            raise NotAuthorizedException("User is disabled.")
        try:
            delivery = recovery_delivery(settings, user)
            if user.enabled:
                return delivery, True
        except InvalidParameterException:
            if not hidden:
                raise
    material = ghost_material(settings, typed, context.keys.digest)
    return simulated_delivery(settings, typed, material), False


def _write_as_if(context: Context, facts: _Facts) -> None:
    """Write as often as for a user who gets a code, so that the time tells nothing."""
    key = quota_key(context, lockout.FORGOT_PASSWORD, facts.realm.pool.id, facts.sub)

    def rewrite(writer: Writer) -> None:
        attempts = writer.attempts(key)
        if attempts is not None:
            writer.put_attempts(attempts)

    context.store.write(rewrite)


@handles(ops.CONFIRM_FORGOT_PASSWORD)
def confirm_forgot_password(
    context: Context, call: Call[idp.ConfirmForgotPasswordRequest]
) -> idp.ConfirmForgotPasswordResponse:
    """Set a new password by the code that was sent. It gives no tokens, and lifts no lock."""
    given = call.input
    facts = _facts(context, given.client_id, given.username)
    realm, user = facts.realm, facts.user
    realm.check_secret_hash(context.keys, given.secret_hash, given.username)
    _check_known(facts)
    check_policy(realm.settings.password_policy, given.password)
    charge_call(context, lockout.CONFIRM_FORGOT_PASSWORD, realm.pool.id, facts.sub)
    offer = Offer(realm.pool.id, facts.sub, _PURPOSE, given.confirmation_code)
    attribute, address = sent_to(facts.code, user)
    verdict = offer.judge(context, facts.code, address)
    if facts.code is None and facts.asked:
        # Nobody was sent a code, but somebody was told so.
        verdict = Verdict.WRONG
    if user is None or verdict is not Verdict.RIGHT:
        raise refusal(verdict)
    changed = _reset(context, realm, user, offer, attribute, given.password)
    about = occasion(Trigger.POST_CONFIRMATION, "ConfirmForgotPassword", realm, user.username)
    post_confirmation(context, about, changed, given.client_metadata)
    return idp.ConfirmForgotPasswordResponse()


def _reset(context: Context, realm: Realm, user: User, offer: Offer, attribute: str, password: str) -> User:
    check_history(context, realm.pool, user, password)
    record = make_record(context, realm.pool, user.sub, user.username, password)

    def apply(writer: Writer) -> User:
        now = context.clock.now()
        present = writer.user(user.pool_id, user.sub)
        if present is None:
            raise refusal(Verdict.DEAD)
        if not present.enabled:
            raise NotAuthorizedException("User is disabled.")
        offer.use(context, writer, attribute, present.attributes.get(attribute, ""))
        changed = with_password(realm.settings, present, record, now)
        _set_password(writer, changed, now)
        return changed

    return context.store.write(apply)
