"""SignUp, ConfirmSignUp, ResendConfirmationCode: how a user comes into being by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    UsernameExistsException,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp

from .. import handover
from ..charges import charge_call
from ..codes import Offer, newest_code, sent_to
from ..context import Call, Context, handles
from ..delivery import Posted, details, post
from ..domain import identifiers, lockout
from ..domain.attributes import check_required, check_writable, conform, given_attributes
from ..domain.codes import Delivery, Verdict, refusal, sign_up_delivery, simulated_delivery
from ..domain.existence import ghost, ghost_material
from ..domain.factors.choices import check_reachable
from ..domain.passwords import check_policy
from ..domain.records import Code, CodePurpose, LoginName, NameKind, User, UserStatus
from ..domain.schema import VERIFIED_FLAGS
from ..domain.sessions import Session
from ..domain.usernames import identify
from ..messages.outbox import Purpose
from ..names import ADDRESSES, move_names, names_of
from ..passwords import make_record
from ..ports import Conflict, Reader, Trigger, Writer
from ..realm import Realm, find_user
from ..sessions import use_up_in
from ..triggers.events import Metadata, SignUpVerdict, occasion, post_confirmation, pre_sign_up

_PURPOSE = CodePurpose.SIGN_UP


@handles(ops.SIGN_UP)
def sign_up(context: Context, call: Call[idp.SignUpRequest]) -> idp.SignUpResponse:
    """Create a user who is unconfirmed until a code, or an administrator, confirms it."""
    given = call.input
    realm = context.store.read(lambda reader: Realm.read(reader, given.client_id))
    realm.check_secret_hash(context.keys, given.secret_hash, given.username)
    if realm.settings.admin_create_only:
        raise NotAuthorizedException("SignUp is not permitted for this user pool")
    user, names = _new_user(context, realm, given)
    if given.password:
        check_policy(realm.settings.password_policy, given.password)
    else:
        check_reachable(realm.settings, realm.client_settings, user.attributes)
    verdict = _judged(context, realm, user, given)
    attributes = {**user.attributes, **verdict.flags()}
    user = replace(user, attributes=attributes)
    names = tuple({name.key: name for name in (*names, *names_of(realm.settings, user).values())}.values())
    if verdict.confirmed:
        user = replace(user, status=UserStatus.CONFIRMED)
    if given.password:
        record = make_record(context, realm.pool, user.sub, user.username, given.password)
        user = replace(user, password=record)
    delivery = None if verdict.confirmed else sign_up_delivery(realm.settings, user)
    posted = None if delivery is None else post(context, user, delivery, _PURPOSE)
    _add(context, user, names, posted)
    if posted is not None:
        posted.parcel.send(context)
    if verdict.confirmed:
        _tell_confirmed(context, realm, user, given.client_metadata)
    return idp.SignUpResponse(
        user_confirmed=verdict.confirmed,
        user_sub=user.sub,
        code_delivery_details=None if delivery is None else details(delivery),
        session=None if delivery is None else handover.after_sign_up(context, realm, user, given.username),
    )


def _judged(context: Context, realm: Realm, user: User, given: idp.SignUpRequest) -> SignUpVerdict:
    about = occasion(Trigger.PRE_SIGN_UP, "SignUp", realm, user.username)
    validation = given_attributes(given.validation_data) if given.validation_data else None
    return pre_sign_up(context, about, user, validation, given.client_metadata)


def _tell_confirmed(context: Context, realm: Realm, user: User, metadata: Metadata) -> None:
    about = occasion(Trigger.POST_CONFIRMATION, "ConfirmSignUp", realm, user.username)
    post_confirmation(context, about, user, metadata)


def _new_user(context: Context, realm: Realm, given: idp.SignUpRequest) -> tuple[User, tuple[LoginName, ...]]:
    settings, now = realm.settings, context.clock.now()
    attributes = given_attributes(given.user_attributes)
    check_writable(realm.client_settings, attributes)
    if attributes.get("preferred_username") and "preferred_username" in settings.alias_attributes:
        raise InvalidParameterException("Preferred username can not be set before the user is confirmed.")
    sub = identifiers.uuid(context.random)
    identity = identify(settings, given.username, attributes, sub)
    stored = {name: value for name, value in conform(settings, identity.attributes).items() if value}
    check_required(settings, stored)
    unproved = {VERIFIED_FLAGS[name]: "false" for name in ADDRESSES if name in stored}
    user = User(
        pool_id=realm.pool.id,
        sub=sub,
        username=identity.username,
        status=UserStatus.UNCONFIRMED,
        enabled=True,
        attributes={"sub": sub, **stored, **unproved},
        created_at=now,
        modified_at=now,
    )
    return user, identity.names


def _add(context: Context, user: User, names: tuple[LoginName, ...], posted: Posted | None) -> None:
    def add(writer: Writer) -> None:
        for name in names:
            if writer.name_owner(name.pool_id, name.key) is not None:
                raise _taken(name.kind)
        writer.add_user(user, names)
        if posted is not None:
            posted.store(writer)

    try:
        context.store.write(add)
    except Conflict:
        # Another process was faster between the look and the insertion.
        raise _taken(names[-1].kind) from None


def _taken(kind: NameKind) -> UsernameExistsException:
    if kind is NameKind.USERNAME:
        return UsernameExistsException("User already exists")
    return UsernameExistsException(f"An account with the given {kind} already exists.")


@dataclass(frozen=True, slots=True)
class _Facts:
    realm: Realm
    user: User | None
    sub: str
    code: Code | None


def _facts(context: Context, client_id: str, username: str) -> _Facts:
    def read(reader: Reader) -> _Facts:
        realm = Realm.read(reader, client_id)
        user = find_user(reader, realm.settings, username)
        sub = ghost(realm.settings, username, context.keys.digest).sub if user is None else user.sub
        return _Facts(realm, user, sub, newest_code(reader, realm.pool.id, sub, _PURPOSE))

    return context.store.read(read)


def _check_known(facts: _Facts) -> None:
    if facts.user is None and not facts.realm.client_settings.prevent_user_existence_errors:
        raise UserNotFoundException("Username/client id combination not found.")


@handles(ops.CONFIRM_SIGN_UP)
def confirm_sign_up(context: Context, call: Call[idp.ConfirmSignUpRequest]) -> idp.ConfirmSignUpResponse:
    """Confirm a user by the code that was sent at sign-up; the address that it went to is verified."""
    given = call.input
    facts = _facts(context, given.client_id, given.username)
    realm = facts.realm
    realm.check_secret_hash(context.keys, given.secret_hash, given.username)
    _check_known(facts)
    if facts.user is not None:
        _check_unconfirmed(facts.user)
    session = handover.of_sign_up(context, realm, facts.sub, given.session)
    charge_call(context, lockout.CONFIRM_SIGN_UP, realm.pool.id, facts.sub)
    offer = Offer(realm.pool.id, facts.sub, _PURPOSE, given.confirmation_code)
    attribute, address = sent_to(facts.code, facts.user)
    verdict = offer.judge(context, facts.code, address)
    if facts.user is None:
        # A user who does not exist looks like one to whom another code was sent.
        verdict = Verdict.WRONG
    if verdict is not Verdict.RIGHT:
        raise refusal(verdict)
    user = _confirm(context, realm, offer, attribute, session, force=bool(given.force_alias_creation))
    _tell_confirmed(context, realm, user, given.client_metadata)
    return idp.ConfirmSignUpResponse(
        session=handover.after_confirmation(context, realm, user, session, attribute)
    )


def _confirm(
    context: Context, realm: Realm, offer: Offer, attribute: str, session: Session | None, *, force: bool
) -> User:
    def apply(writer: Writer) -> User:
        if session is not None:
            use_up_in(context, writer, session)
        user = writer.user(offer.pool_id, offer.sub)
        if user is None:
            raise refusal(Verdict.DEAD)
        _check_unconfirmed(user)
        offer.use(context, writer, attribute, user.attributes.get(attribute, ""))
        attributes = {**user.attributes, VERIFIED_FLAGS[attribute]: "true"}
        confirmed = replace(
            user, status=UserStatus.CONFIRMED, attributes=attributes, modified_at=context.clock.now()
        )
        move_names(writer, realm.settings, user, confirmed, force=force)
        return writer.put_user(confirmed)

    return context.store.write(apply)


def _check_unconfirmed(user: User) -> None:
    if user.status is not UserStatus.UNCONFIRMED:
        raise NotAuthorizedException(f"User cannot be confirmed. Current status is {user.status}")


@handles(ops.RESEND_CONFIRMATION_CODE)
def resend_confirmation_code(
    context: Context, call: Call[idp.ResendConfirmationCodeRequest]
) -> idp.ResendConfirmationCodeResponse:
    """Send a new code for a sign-up; the one before is worthless from now on."""
    given = call.input
    facts = _facts(context, given.client_id, given.username)
    realm, user = facts.realm, facts.user
    realm.check_secret_hash(context.keys, given.secret_hash, given.username)
    _check_known(facts)
    if user is not None and user.status is not UserStatus.UNCONFIRMED:
        raise InvalidParameterException("User is already confirmed.")
    delivery = _resend_delivery(context, realm, user, given.username)
    charge_call(context, lockout.RESEND_CODE, realm.pool.id, facts.sub)
    return idp.ResendConfirmationCodeResponse(
        code_delivery_details=_resend(context, user, delivery) if user else details(delivery)
    )


def _resend_delivery(context: Context, realm: Realm, user: User | None, typed: str) -> Delivery:
    delivery = None
    if user is not None:
        delivery = sign_up_delivery(realm.settings, user)
    elif realm.settings.auto_verified:
        material = ghost_material(realm.settings, typed, context.keys.digest)
        delivery = simulated_delivery(realm.settings, typed, material)
    if delivery is None:
        raise InvalidParameterException("Cannot resend codes. Auto verification not turned on.")
    return delivery


def _resend(context: Context, user: User, delivery: Delivery) -> idp.CodeDeliveryDetailsType:
    posted = post(context, user, delivery, _PURPOSE, shown=Purpose.RESEND)

    def store(writer: Writer) -> None:
        writer.delete_codes(user.pool_id, user.sub, _PURPOSE)
        posted.store(writer)

    context.store.write(store)
    posted.parcel.send(context)
    return details(delivery)
