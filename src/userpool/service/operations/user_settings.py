"""The oldest way to have codes by text message: SetUserSettings, AdminSetUserSettings.

SetUserMFAPreference and AdminSetUserMFAPreference have taken their place: these know SMS alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.factors.preference import Wish, prefer
from ..domain.records import User
from ..domain.settings import MfaMethod, PoolSettings
from ..ports import Writer
from .profile import present_user
from .user_states import change_user


@handles(ops.SET_USER_SETTINGS)
def set_user_settings(
    context: Context, call: Call[idp.SetUserSettingsRequest]
) -> idp.SetUserSettingsResponse:
    """Switch the caller's codes by SMS on, or with an empty list off."""
    caller = call.required_caller()
    settings, wanted = PoolSettings(caller.pool), _wanted(call.input.mfa_options)

    def apply(writer: Writer) -> None:
        _switch(context, writer, settings, present_user(writer, caller), wanted)

    context.store.write(apply)
    return idp.SetUserSettingsResponse()


@handles(ops.ADMIN_SET_USER_SETTINGS)
def admin_set_user_settings(
    context: Context, call: Call[idp.AdminSetUserSettingsRequest]
) -> idp.AdminSetUserSettingsResponse:
    """The same for any user."""
    given, wanted = call.input, _wanted(call.input.mfa_options)

    def change(writer: Writer, settings: PoolSettings, user: User) -> None:
        _switch(context, writer, settings, user, wanted)

    change_user(context, given.user_pool_id, given.username, change)
    return idp.AdminSetUserSettingsResponse()


def _wanted(options: Iterable[idp.MFAOptionType]) -> bool:
    given = {(one.delivery_medium, one.attribute_name) for one in options}
    if given - {("SMS", "phone_number")}:
        raise InvalidParameterException(
            "MFAOptions can only say that codes go to phone_number by SMS. For other factors call "
            "SetUserMFAPreference."
        )
    return bool(given)


def _switch(context: Context, writer: Writer, settings: PoolSettings, user: User, wanted: bool) -> None:
    preferred = wanted and user.mfa_preferred == MfaMethod.SMS
    updated = prefer(settings, user, [Wish(MfaMethod.SMS, wanted, preferred)])
    writer.put_user(replace(updated, modified_at=context.clock.now()))
