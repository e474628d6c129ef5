"""What a user can sign in with: GetUserAuthFactors, AdminGetUserAuthFactors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from userpool.protocol import operations as ops
from userpool.protocol.errors import PasswordResetRequiredException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.factors.configured import configured
from ..domain.factors.second import ORDER
from ..domain.records import Passkey, User, UserStatus
from ..domain.settings import PoolSettings
from ..ports import Reader
from .lookup import existing_pool
from .users import existing_user

Out = TypeVar("Out")


@handles(ops.GET_USER_AUTH_FACTORS)
def get_user_auth_factors(
    context: Context, call: Call[idp.GetUserAuthFactorsRequest]
) -> idp.GetUserAuthFactorsResponse:
    """What the caller can sign in with."""
    caller = call.required_caller()
    user = caller.user
    if user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException("Password reset required for the user")
    passkeys = context.store.read(lambda reader: reader.passkeys(user.pool_id, user.sub))
    return _shaped(idp.GetUserAuthFactorsResponse, PoolSettings(caller.pool), user, passkeys)


@handles(ops.ADMIN_GET_USER_AUTH_FACTORS)
def admin_get_user_auth_factors(
    context: Context, call: Call[idp.AdminGetUserAuthFactorsRequest]
) -> idp.AdminGetUserAuthFactorsResponse:
    """The same of any user, for administrators."""
    request = call.input

    def read(reader: Reader) -> tuple[PoolSettings, User, Sequence[Passkey]]:
        settings = PoolSettings(existing_pool(reader, request.user_pool_id))
        user = existing_user(reader, settings, request.username)
        return settings, user, reader.passkeys(user.pool_id, user.sub)

    settings, user, passkeys = context.store.read(read)
    return _shaped(idp.AdminGetUserAuthFactorsResponse, settings, user, passkeys)


def _shaped(
    shape: Callable[..., Out], settings: PoolSettings, user: User, passkeys: Sequence[Passkey]
) -> Out:
    return shape(
        username=user.username,
        preferred_mfa_setting=user.mfa_preferred,
        user_mfa_setting_list=[method for method in ORDER if method in user.mfa_enabled] or None,
        configured_user_auth_factors=configured(settings, user, passkeys),
    )
