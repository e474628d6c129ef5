"""What a user pool may be set to, beyond what the model's own limits say.

Settings that this service does not carry out and that would leave a pool less guarded than its owner believes
are refused, with a text that says so. Those that only describe something (a sender's address, tags) are kept
and shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from userpool.protocol.errors import FeatureUnavailableInTierException, InvalidParameterException

from .ceremony import check_rp_id
from .schema import STANDARD, Kind, is_custom, wire_name
from .settings import SESSION_CONFIGURATION

Stored = Mapping[str, Any]

MAX_CUSTOM = 50
MAX_TAGS = 50
IMMUTABLE = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "Schema")
"""What is fixed when a pool is created."""


def check_pool(settings: Stored) -> None:
    """Refuse settings of a pool that contradict each other, or that cannot be had here.

    `settings` holds members of CreateUserPool by wire name.
    Raises `InvalidParameterException`, `FeatureUnavailableInTierException`.
    """
    _check_names(settings)
    check_schema(settings.get("Schema") or ())
    _check_required(settings)
    _check_mfa(settings)
    _check_passkeys(settings)
    _check_recovery(settings)
    _check_verification(settings)
    _check_tier(settings)
    _refuse_what_is_not_carried_out(settings)


def _check_names(settings: Stored) -> None:
    if settings.get("AliasAttributes") and settings.get("UsernameAttributes"):
        raise InvalidParameterException(
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )


def check_schema(schema: Iterable[Stored], *, taken: Iterable[str] = ()) -> None:
    """Refuse attributes that cannot be: see `check_pool`. `taken` are those that the pool has already."""
    seen: set[str] = set(taken)
    for one in schema:
        if not one.get("Name"):
            raise InvalidParameterException("Schema attribute without a Name.")
        name = wire_name(one)
        if name in seen:
            raise InvalidParameterException(f"Duplicate attribute name: {name}.")
        seen.add(name)
        if name in STANDARD:
            _check_standard(name, one)
        elif one.get("Required"):
            raise InvalidParameterException("Required custom attributes are not supported currently.")
        _check_bounds(name, one)
    if sum(map(is_custom, seen)) > MAX_CUSTOM:
        raise InvalidParameterException(f"A user pool can have at most {MAX_CUSTOM} custom attributes.")


def _check_standard(name: str, one: Stored) -> None:
    kind = one.get("AttributeDataType")
    if (kind is not None and kind != STANDARD[name].kind) or one.get("DeveloperOnlyAttribute"):
        raise InvalidParameterException(
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema "
            "attribute "
            f"{name}"
        )
    if name == "sub":
        raise InvalidParameterException("The attribute sub is the service's own and cannot be changed.")


def _check_bounds(name: str, one: Stored) -> None:
    kind = Kind(one.get("AttributeDataType") or Kind.STRING)
    for member, low, high, owner in (
        ("StringAttributeConstraints", "MinLength", "MaxLength", Kind.STRING),
        ("NumberAttributeConstraints", "MinValue", "MaxValue", Kind.NUMBER),
    ):
        given = one.get(member)
        if not given:
            continue
        if kind is not owner and name not in STANDARD:
            raise InvalidParameterException(f"{member} are not for attribute {name} of type {kind}.")
        lowest, highest = (_whole(name, edge, given.get(edge)) for edge in (low, high))
        if lowest is not None and highest is not None and lowest > highest:
            raise InvalidParameterException(f"{low} of attribute {name} is greater than its {high}.")


def _whole(name: str, edge: str, text: str | None) -> int | None:
    if text in (None, ""):
        return None
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise InvalidParameterException(f"{edge} of attribute {name} is not a whole number.")
    return int(text)


def _check_required(settings: Stored) -> None:
    required = {one["Name"] for one in settings.get("Schema") or () if one.get("Required")}
    if "preferred_username" in required & set(settings.get("AliasAttributes") or ()):
        raise InvalidParameterException("preferred_username cannot be both required and an alias.")


def _check_mfa(settings: Stored) -> None:
    mode = settings.get("MfaConfiguration") or "OFF"
    has_factor = any(
        settings.get(member)
        for member in ("SmsConfiguration", "SmsMfaConfiguration", "SoftwareTokenMfaConfiguration")
    )
    if mode != "OFF" and not has_factor and settings.get("EmailMfaConfiguration") is None:
        raise InvalidParameterException(
            "SMS configuration and Auto verification for phone_number are required when MFA is "
            "required/optional. "
            "To have MFA by an authenticator app, create the pool without it and call SetUserPoolMfaConfig."
        )


def _check_passkeys(settings: Stored) -> None:
    rp_id = (settings.get("WebAuthnConfiguration") or {}).get("RelyingPartyId")
    if rp_id is not None:
        check_rp_id(rp_id)


def _check_recovery(settings: Stored) -> None:
    mechanisms = (settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or ()
    names = [one["Name"] for one in mechanisms]
    if "admin_only" in names and len(names) > 1:
        raise InvalidParameterException(
            "Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only "
            "setting "
            "with any other recovery mechanisms."
        )
    if len(set(names)) < len(names) or len({one["Priority"] for one in mechanisms}) < len(names):
        raise InvalidParameterException("Each recovery mechanism and each priority can be given once.")


def _check_verification(settings: Stored) -> None:
    before = (settings.get("UserAttributeUpdateSettings") or {}).get(
        "AttributesRequireVerificationBeforeUpdate"
    )
    for name in before or ():
        if name not in (settings.get("AutoVerifiedAttributes") or ()):
            raise InvalidParameterException(
                "Please ensure that all attributes specified in AttributesRequireVerificationBeforeUpdate "
                "are also "
                "specified in AutoVerifiedAttributes."
            )
    template = settings.get("VerificationMessageTemplate") or {}
    if template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        raise _not_here("VerificationMessageTemplate.DefaultEmailOption CONFIRM_WITH_LINK")


def _check_tier(settings: Stored) -> None:
    factors = ((settings.get("Policies") or {}).get("SignInPolicy") or {}).get(
        "AllowedFirstAuthFactors"
    ) or ()
    if factors and "PASSWORD" not in factors:
        raise InvalidParameterException("AllowedFirstAuthFactors must include PASSWORD.")
    if "SOFTWARE_TOKEN" in factors:
        raise InvalidParameterException(
            "SOFTWARE_TOKEN cannot be a first factor. Leave it out of AllowedFirstAuthFactors."
        )
    if settings.get("MfaConfiguration") == "ON" and {"EMAIL_OTP", "SMS_OTP"} & set(factors):
        raise InvalidParameterException(
            "A code as first factor cannot be combined with MFA: with MfaConfiguration ON, leave EMAIL_OTP "
            "and SMS_OTP out of AllowedFirstAuthFactors."
        )
    if settings.get("UserPoolTier") != "LITE":
        return
    if set(factors) - {"PASSWORD"}:
        raise FeatureUnavailableInTierException("Passwordless sign-in needs the tier ESSENTIALS or PLUS.")
    passkeys = settings.get("WebAuthnConfiguration") or {}
    if passkeys.get("FactorConfiguration") == "MULTI_FACTOR_WITH_USER_VERIFICATION":
        raise FeatureUnavailableInTierException("MFA by passkey needs the tier ESSENTIALS or PLUS.")
    if settings.get("EmailMfaConfiguration") is not None:
        raise FeatureUnavailableInTierException("MFA by e-mail needs the tier ESSENTIALS or PLUS.")
    if (settings.get(SESSION_CONFIGURATION) or {}).get("UserSessionTracking") == "ENABLED":
        raise FeatureUnavailableInTierException("Session tracking needs the tier ESSENTIALS or PLUS.")


def _refuse_what_is_not_carried_out(settings: Stored) -> None:
    if settings.get("LambdaConfig"):
        raise _not_here("LambdaConfig (triggers)")
    if (settings.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode") == "ENFORCED":
        raise _not_here("UserPoolAddOns.AdvancedSecurityMode ENFORCED (threat protection)")
    if (settings.get("DcrConfiguration") or {}).get("EnableStatus") == "ENABLED":
        raise _not_here("DcrConfiguration (dynamic client registration)")
    if (settings.get("KeyConfiguration") or {}).get("KeyType") == "CUSTOMER_MANAGED_KEY":
        raise _not_here("KeyConfiguration CUSTOMER_MANAGED_KEY")
    if (settings.get("IssuerConfiguration") or {}).get("Type") == "UPDATED":
        raise _not_here("IssuerConfiguration UPDATED")
    if settings.get("AcrConfiguration"):
        raise _not_here("AcrConfiguration (step-up)")


def _not_here(what: str) -> InvalidParameterException:
    return InvalidParameterException(f"{what} is not carried out by userpool yet. Leave it out.")
