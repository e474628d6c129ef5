"""What administrators change of a user's profile: AdminUpdateUserAttributes, AdminDeleteUserAttributes,
AdminResetUserPassword.
"""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..delivery import Posted, post
from ..domain.attributes import check_flags, check_mutable, conform, given_attributes, merge
from ..domain.codes import Delivery, recovery_delivery
from ..domain.records import CodePurpose, User, UserStatus
from ..domain.schema import VERIFIED_FLAGS
from ..domain.settings import PoolSettings
from ..names import ADDRESSES, move_names
from ..ports import Writer
from .user_states import change_user
from .users import read_user


@handles(ops.ADMIN_UPDATE_USER_ATTRIBUTES)
def admin_update_user_attributes(
    context: Context, call: Call[idp.AdminUpdateUserAttributesRequest]
) -> idp.AdminUpdateUserAttributesResponse:
    """AdminUpdateUserAttributes: an empty value deletes an attribute.

    An administrator may say that an address is verified. One that changes without that gets a code where the
    pool verifies it, and waits for its code where the pool wants that.
    """
    request = call.input
    settings, found = read_user(context, request.user_pool_id, request.username)
    changes = conform(settings, given_attributes(request.user_attributes))
    check_mutable(settings, changes)
    _check_kept(settings, [name for name, value in changes.items() if not value])
    proved = {name for name, flag in VERIFIED_FLAGS.items() if changes.get(flag) == "true"}
    posted = [
        post(context, found, Delivery(name, changes[name]), CodePurpose.VERIFY_ATTRIBUTE)
        for name in ADDRESSES
        if changes.get(name) and name in settings.auto_verified and name not in proved
    ]
    waiting = settings.verify_before_update - proved

    def change(writer: Writer, present: PoolSettings, user: User) -> list[Posted]:
        sent = [
            one
            for one in posted
            if user.attributes.get(one.record.attribute) != changes[one.record.attribute]
        ]
        later = {name: changes[name] for one in sent if (name := one.record.attribute) in waiting}
        at_once = {name: value for name, value in changes.items() if name not in later}
        updated = _with(user, merge(user.attributes, at_once), later, list(changes), context.clock.now())
        check_flags(updated.attributes)
        move_names(writer, present, user, updated)
        writer.put_user(updated)
        for one in sent:
            one.store(writer)
        return sent

    for one in change_user(context, request.user_pool_id, request.username, change, sub=found.sub):
        one.parcel.send(context)
    return idp.AdminUpdateUserAttributesResponse()


@handles(ops.ADMIN_DELETE_USER_ATTRIBUTES)
def admin_delete_user_attributes(
    context: Context, call: Call[idp.AdminDeleteUserAttributesRequest]
) -> idp.AdminDeleteUserAttributesResponse:
    """AdminDeleteUserAttributes."""
    names = call.input.user_attribute_names

    def change(writer: Writer, settings: PoolSettings, user: User) -> None:
        removed = conform(settings, dict.fromkeys(names, ""))
        check_mutable(settings, names)
        _check_kept(settings, names)
        updated = _with(user, merge(user.attributes, removed), {}, names, context.clock.now())
        move_names(writer, settings, user, updated)
        writer.put_user(updated)

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminDeleteUserAttributesResponse()


def _with(
    user: User, attributes: dict[str, str], waiting: dict[str, str], changed: list[str], now: float
) -> User:
    """The user with new attributes; what waited for its code under a changed name waits no more."""
    pending = {name: value for name, value in user.pending_attributes.items() if name not in changed}
    return replace(user, attributes=attributes, pending_attributes={**pending, **waiting}, modified_at=now)


def _check_kept(settings: PoolSettings, names: list[str]) -> None:
    """Refuse to delete what the pool requires, or the one address that users sign in with."""
    single = settings.username_attributes if len(settings.username_attributes) == 1 else frozenset()
    for name in names:
        if name in settings.required_attributes or name in single:
            raise InvalidParameterException(
                f"Attributes did not conform to the schema: {name}: The attribute is required"
            )


@handles(ops.ADMIN_RESET_USER_PASSWORD)
def admin_reset_user_password(
    context: Context, call: Call[idp.AdminResetUserPasswordRequest]
) -> idp.AdminResetUserPasswordResponse:
    """AdminResetUserPassword: the password is good for nothing until a code that is sent out renews it; the
    user's sign-ins end.
    """
    request = call.input
    settings, found = read_user(context, request.user_pool_id, request.username)
    _check_resettable(found)
    posted = post(context, found, recovery_delivery(settings, found), CodePurpose.RESET_PASSWORD)

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        _check_resettable(user)
        now = context.clock.now()
        writer.put_user(replace(user, status=UserStatus.RESET_REQUIRED, modified_at=now))
        writer.revoke_families(user.pool_id, user.sub, now)
        writer.delete_codes(user.pool_id, user.sub, CodePurpose.RESET_PASSWORD)
        posted.store(writer)

    change_user(context, request.user_pool_id, request.username, change, sub=found.sub)
    posted.parcel.send(context)
    return idp.AdminResetUserPasswordResponse()


def _check_resettable(user: User) -> None:
    if user.status not in (UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED):
        raise NotAuthorizedException("User password cannot be reset in the current state.")
