"""What administrators do to a user: AdminSetUserPassword, AdminConfirmSignUp, AdminEnableUser,
AdminDisableUser, AdminUserGlobalSignOut, AdminDeleteUser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from userpool.protocol import operations as ops
from userpool.protocol.errors import NotAuthorizedException, UserNotFoundException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.passwords import check_policy, with_password
from ..domain.records import CodePurpose, User, UserStatus
from ..domain.settings import PoolSettings
from ..passwords import check_history, make_record
from ..ports import Trigger, Writer
from ..triggers.calling import NO_CLIENT, Occasion
from ..triggers.events import post_confirmation
from .lookup import existing_pool
from .users import existing_user, read_user

T = TypeVar("T")


def change_user(
    context: Context,
    pool_id: str,
    username: str,
    change: Callable[[Writer, PoolSettings, User], T],
    *,
    sub: str | None = None,
) -> T:
    """Find a user and change it, in one transaction; what `change` returned.

    `sub` is of the user for whom something was prepared before: should the name be somebody else's by now,
    there is no such user any more.
    """

    def apply(writer: Writer) -> T:
        settings = PoolSettings(existing_pool(writer, pool_id))
        user = existing_user(writer, settings, username)
        if sub not in (None, user.sub):
            raise UserNotFoundException("User does not exist.")
        return change(writer, settings, user)

    return context.store.write(apply)


@handles(ops.ADMIN_SET_USER_PASSWORD)
def admin_set_user_password(
    context: Context, call: Call[idp.AdminSetUserPasswordRequest]
) -> idp.AdminSetUserPasswordResponse:
    """AdminSetUserPassword: for good, or until the next sign-in. Codes that could reset the password die
    with it.
    """
    request = call.input
    settings, user = read_user(context, request.user_pool_id, request.username)
    check_policy(settings.password_policy, request.password)
    check_history(context, settings.pool, user, request.password)
    record = make_record(
        context,
        settings.pool,
        user.sub,
        user.username,
        request.password,
        temporary=not request.permanent,
    )

    def change(writer: Writer, present: PoolSettings, found: User) -> None:
        now = context.clock.now()
        writer.put_user(with_password(present, found, record, now))
        writer.delete_codes(found.pool_id, found.sub, CodePurpose.RESET_PASSWORD)
        writer.revoke_families(found.pool_id, found.sub, now)

    change_user(context, request.user_pool_id, request.username, change, sub=user.sub)
    return idp.AdminSetUserPasswordResponse()


@handles(ops.ADMIN_CONFIRM_SIGN_UP)
def admin_confirm_sign_up(
    context: Context, call: Call[idp.AdminConfirmSignUpRequest]
) -> idp.AdminConfirmSignUpResponse:
    """AdminConfirmSignUp: confirms the user, and verifies no address."""

    def change(writer: Writer, _: PoolSettings, user: User) -> User:
        if user.status is not UserStatus.UNCONFIRMED:
            raise NotAuthorizedException(f"User cannot be confirmed. Current status is {user.status}")
        writer.delete_codes(user.pool_id, user.sub, CodePurpose.SIGN_UP)
        return writer.put_user(replace(user, status=UserStatus.CONFIRMED, modified_at=context.clock.now()))

    user = change_user(context, call.input.user_pool_id, call.input.username, change)
    about = Occasion(Trigger.POST_CONFIRMATION, "ConfirmSignUp", user.pool_id, NO_CLIENT, user.username)
    post_confirmation(context, about, user, call.input.client_metadata)
    return idp.AdminConfirmSignUpResponse()


@handles(ops.ADMIN_ENABLE_USER)
def admin_enable_user(
    context: Context, call: Call[idp.AdminEnableUserRequest]
) -> idp.AdminEnableUserResponse:
    """AdminEnableUser."""

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        writer.put_user(replace(user, enabled=True, modified_at=context.clock.now()))

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminEnableUserResponse()


@handles(ops.ADMIN_DISABLE_USER)
def admin_disable_user(
    context: Context, call: Call[idp.AdminDisableUserRequest]
) -> idp.AdminDisableUserResponse:
    """AdminDisableUser: the user's tokens are revoked, and stay so when the user is enabled again."""

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        now = context.clock.now()
        writer.put_user(replace(user, enabled=False, modified_at=now))
        writer.revoke_families(user.pool_id, user.sub, now)

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminDisableUserResponse()


@handles(ops.ADMIN_USER_GLOBAL_SIGN_OUT)
def admin_user_global_sign_out(
    context: Context, call: Call[idp.AdminUserGlobalSignOutRequest]
) -> idp.AdminUserGlobalSignOutResponse:
    """AdminUserGlobalSignOut."""

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        writer.revoke_families(user.pool_id, user.sub, context.clock.now())

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminUserGlobalSignOutResponse()


@handles(ops.ADMIN_DELETE_USER)
def admin_delete_user(
    context: Context, call: Call[idp.AdminDeleteUserRequest]
) -> idp.AdminDeleteUserResponse:
    """AdminDeleteUser: everything of the user goes with it, and the name is free."""

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        writer.delete_user(user.pool_id, user.sub)

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminDeleteUserResponse()
