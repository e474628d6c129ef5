"""A signed-in user's second factors.

AssociateSoftwareToken, VerifySoftwareToken, SetUserMFAPreference, GetUserAuthFactors, SetUserSettings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow
from userpool.protocol.errors import EnableSoftwareTokenMFAException, ParameterError, ProtocolError

from .config import ServiceConfig
from .invoke import invoke

if TYPE_CHECKING:
    from .results import MfaOption, MfaPreference, UserAuthFactors

_SETTINGS: dict[str, dict[str, bool]] = {
    "enabled": {"enabled": True},
    "disabled": {"enabled": False},
    "preferred": {"enabled": True, "preferred_mfa": True},
    "not_preferred": {"enabled": True, "preferred_mfa": False},
}
"""What each `MfaPreference` is on the wire."""


def associate_software_token(
    config: ServiceConfig, *, access_token: str | None = None, session: str | None = None
) -> Flow[tuple[str, str | None]]:
    """Get a new seed for an authenticator app (AssociateSoftwareToken), as a signed-in user or within a
    sign-in.

    Returns:
        The seed in base32, and the session that follows within a sign-in.
    """
    operation = ops.ASSOCIATE_SOFTWARE_TOKEN
    reply = yield from invoke(config, operation, operation.input(access_token=access_token, session=session))
    if not reply.secret_code:
        raise ProtocolError("The service gave no seed for the authenticator app.", operation=operation.name)
    return reply.secret_code, reply.session or session


def verify_software_token(
    config: ServiceConfig,
    user_code: str,
    *,
    device_name: str | None = None,
    access_token: str | None = None,
    session: str | None = None,
) -> Flow[str | None]:
    """Show that the app knows the seed (VerifySoftwareToken); returns the session that follows within a
    sign-in.

    Raises:
        EnableSoftwareTokenMFAException: the code is wrong; another may be tried.
    """
    operation = ops.VERIFY_SOFTWARE_TOKEN
    request = operation.input(
        user_code=user_code, friendly_device_name=device_name, access_token=access_token, session=session
    )
    reply = yield from invoke(config, operation, request)
    if reply.status != "SUCCESS":
        # Cognito refuses a wrong code with this error; the status of an accepted request may say it too.
        raise EnableSoftwareTokenMFAException(
            "The code was not accepted.", status=200, operation=operation.name
        )
    return reply.session or session


def set_user_mfa_preference(
    config: ServiceConfig,
    access_token: str,
    *,
    sms: MfaPreference | None = None,
    totp: MfaPreference | None = None,
    email: MfaPreference | None = None,
    web_authn: bool | None = None,
) -> Flow[None]:
    """Say what becomes of each second factor (SetUserMFAPreference); one that is not named stays as it is.

    Args:
        config: where.
        access_token: the user's.
        sms: codes by text message.
        totp: codes of an authenticator app.
        email: codes by e-mail.
        web_authn: whether a passkey counts as second factor. The service knows no preference for it.

    Raises:
        ParameterError: nothing is named, or a preference is none.
    """
    from userpool.protocol.shapes import idp

    if sms is None and totp is None and email is None and web_authn is None:
        raise ParameterError("Say what becomes of sms, totp, email or web_authn.")
    request = ops.SET_USER_MFA_PREFERENCE.input(
        access_token=access_token,
        sms_mfa_settings=_settings(idp.SMSMfaSettingsType, sms),
        software_token_mfa_settings=_settings(idp.SoftwareTokenMfaSettingsType, totp),
        email_mfa_settings=_settings(idp.EmailMfaSettingsType, email),
        web_authn_mfa_settings=(
            None if web_authn is None else idp.WebAuthnMfaSettingsType(enabled=web_authn)
        ),
    )
    yield from invoke(config, ops.SET_USER_MFA_PREFERENCE, request)


def get_user_auth_factors(config: ServiceConfig, access_token: str) -> Flow[UserAuthFactors]:
    """Read what the user can sign in with (GetUserAuthFactors)."""
    from .results import UserAuthFactors

    operation = ops.GET_USER_AUTH_FACTORS
    reply = yield from invoke(config, operation, operation.input(access_token=access_token))
    return UserAuthFactors(
        username=reply.username,
        factors=tuple(reply.configured_user_auth_factors or ()),
        mfa_methods=tuple(reply.user_mfa_setting_list or ()),
        preferred_mfa=reply.preferred_mfa_setting,
    )


def set_user_settings(config: ServiceConfig, access_token: str, options: Iterable[MfaOption]) -> Flow[None]:
    """Set the oldest kind of MFA setting (SetUserSettings); no option turns it off."""
    from userpool.protocol.shapes import idp

    listed = [
        idp.MFAOptionType(attribute_name=option.attribute_name, delivery_medium=option.delivery_medium)
        for option in options
    ]
    request = ops.SET_USER_SETTINGS.input(access_token=access_token, mfa_options=listed)
    yield from invoke(config, ops.SET_USER_SETTINGS, request)


def _settings(shape: type[Any], preference: MfaPreference | None) -> Any:
    if preference is None:
        return None
    if preference not in _SETTINGS:
        raise ParameterError(f"{preference!r} is no MfaPreference; give one of {', '.join(_SETTINGS)}.")
    return shape(**_SETTINGS[preference])
