"""What administrators do to a user's second factors: AdminSetUserMFAPreference, AdminDeleteSoftwareToken."""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import ResourceNotFoundException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.factors.preference import without_app
from ..domain.records import User
from ..domain.settings import PoolSettings
from ..ports import Writer
from .mfa import preference
from .user_states import change_user


@handles(ops.ADMIN_SET_USER_MFA_PREFERENCE)
def admin_set_user_mfa_preference(
    context: Context, call: Call[idp.AdminSetUserMFAPreferenceRequest]
) -> idp.AdminSetUserMFAPreferenceResponse:
    """AdminSetUserMFAPreference: by the same rules as for the user's own call."""
    given = call.input
    change_user(context, given.user_pool_id, given.username, preference(context, given))
    return idp.AdminSetUserMFAPreferenceResponse()


@handles(ops.ADMIN_DELETE_SOFTWARE_TOKEN)
def admin_delete_software_token(
    context: Context, call: Call[idp.AdminDeleteSoftwareTokenRequest]
) -> idp.AdminDeleteSoftwareTokenResponse:
    """AdminDeleteSoftwareToken: for a user who has lost the authenticator app. Where the pool requires a
    second factor, the next sign-in sets one up.

    Raises:
        ResourceNotFoundException: the user has none.
    """

    def change(writer: Writer, _: PoolSettings, user: User) -> None:
        if user.totp is None:
            raise ResourceNotFoundException("User has no software token.")
        writer.put_user(replace(without_app(user), modified_at=context.clock.now()))

    change_user(context, call.input.user_pool_id, call.input.username, change)
    return idp.AdminDeleteSoftwareTokenResponse()
