"""What a pool and an app client are set to: typed views over the stored wire members, with Cognito's API
defaults.

A stored setting is what somebody sent; what they left out is decided here and nowhere else. The views read
lazily and keep nothing, so making one costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from userpool.protocol import passwords

from .records import AppClient, Pool
from .schema import NOT_CLIENT_WRITABLE, STANDARD, Attribute, pool_schema
from .tracking import DEFAULT_SSO_MINUTES, Tracking

MINUTE, HOUR, DAY = 60, 3600, 86400
_UNITS = {"seconds": 1, "minutes": MINUTE, "hours": HOUR, "days": DAY}

SESSION_CONFIGURATION = "UserPoolSessionConfiguration"
"""Where a pool's settings keep what SetUserPoolSessionConfiguration says."""
SSO_SESSION = "SSOSession"
"""Where a client's settings keep what SetUserPoolClientSessionConfiguration says."""


class MfaMode(StrEnum):
    """`MfaConfiguration` of a pool."""

    OFF = "OFF"
    OPTIONAL = "OPTIONAL"
    ON = "ON"


class MfaMethod(StrEnum):
    """The second factors, by the names that settings lists and challenges use."""

    SMS = "SMS_MFA"
    TOTP = "SOFTWARE_TOKEN_MFA"
    EMAIL = "EMAIL_OTP"


class Flow(StrEnum):
    """What a client may be allowed (`ExplicitAuthFlows`, the `ALLOW_` names without their prefix)."""

    ADMIN_USER_PASSWORD_AUTH = "ADMIN_USER_PASSWORD_AUTH"
    CUSTOM_AUTH = "CUSTOM_AUTH"
    USER_PASSWORD_AUTH = "USER_PASSWORD_AUTH"
    USER_SRP_AUTH = "USER_SRP_AUTH"
    REFRESH_TOKEN_AUTH = "REFRESH_TOKEN_AUTH"
    USER_AUTH = "USER_AUTH"
    TOKEN_EXCHANGE_DELEGATION = "TOKEN_EXCHANGE_DELEGATION"
    TOKEN_EXCHANGE_IMPERSONATION = "TOKEN_EXCHANGE_IMPERSONATION"
    CLIENT_TOKEN_AUTH = "CLIENT_TOKEN_AUTH"


DEFAULT_FLOWS = frozenset({Flow.REFRESH_TOKEN_AUTH, Flow.USER_SRP_AUTH, Flow.CUSTOM_AUTH})
LEGACY_FLOWS: Mapping[str, Flow] = {
    "ADMIN_NO_SRP_AUTH": Flow.ADMIN_USER_PASSWORD_AUTH,
    "CUSTOM_AUTH_FLOW_ONLY": Flow.CUSTOM_AUTH,
    "USER_PASSWORD_AUTH": Flow.USER_PASSWORD_AUTH,
}
"""The names from before `ALLOW_`. They never switched SRP and refresh off, except CUSTOM_AUTH_FLOW_ONLY for
SRP.
"""


@dataclass(frozen=True, slots=True)
class PasswordPolicy(passwords.PasswordPolicy):
    """What a password must have, and what becomes of it with time."""

    temporary_days: int = 7
    history: int = 0

    @property
    def temporary_seconds(self) -> int:
        """How long a temporary password is good for."""
        return self.temporary_days * DAY


@dataclass(frozen=True, slots=True)
class MessageText:
    """The texts of one kind of message; `None` where the pool has none of its own. `{####}` stands for the
    code.
    """

    sms: str | None = None
    email: str | None = None
    subject: str | None = None


class PoolSettings:
    """A pool's settings as they take effect."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def _map(self, name: str) -> Mapping[str, Any]:
        return self.pool.settings.get(name) or {}

    def _list(self, name: str) -> list[Any]:
        return self.pool.settings.get(name) or []

    # passwords

    @cached_property
    def password_policy(self) -> PasswordPolicy:
        """The policy for passwords. Of a policy given in part, what is left out is not required."""
        policy = self._map("Policies").get("PasswordPolicy")
        unused = int(self._map("AdminCreateUserConfig").get("UnusedAccountValidityDays") or 0)
        if not policy:
            return PasswordPolicy(temporary_days=unused or 7)
        return PasswordPolicy(
            minimum_length=int(policy.get("MinimumLength") or 8),
            require_uppercase=bool(policy.get("RequireUppercase")),
            require_lowercase=bool(policy.get("RequireLowercase")),
            require_numbers=bool(policy.get("RequireNumbers")),
            require_symbols=bool(policy.get("RequireSymbols")),
            temporary_days=int(policy.get("TemporaryPasswordValidityDays") or unused or 7),
            history=int(policy.get("PasswordHistorySize") or 0),
        )

    @property
    def first_factors(self) -> tuple[str, ...]:
        """`SignInPolicy.AllowedFirstAuthFactors`, by default the password alone."""
        policy = self._map("Policies").get("SignInPolicy") or {}
        return tuple(policy.get("AllowedFirstAuthFactors") or ("PASSWORD",))

    # second factors

    @property
    def mfa(self) -> MfaMode:
        """Whether a second factor is asked for."""
        return MfaMode(self.pool.settings.get("MfaConfiguration") or "OFF")

    @property
    def mfa_methods(self) -> frozenset[MfaMethod]:
        """The second factors that users of this pool can have."""
        return frozenset(
            method
            for method, enabled in (
                (MfaMethod.SMS, self.sms_mfa_enabled),
                (MfaMethod.TOTP, self.totp_mfa_enabled),
                (MfaMethod.EMAIL, self.email_mfa_enabled),
            )
            if enabled
        )

    @property
    def sms_mfa_enabled(self) -> bool:
        """Whether a code by SMS can be a second factor: the pool has MFA, and SMS is set up for it.

        SetUserPoolMfaConfig says it outright; a pool that was created with MFA and an SMS configuration has
        it too.
        """
        if self.mfa is MfaMode.OFF:
            return False
        if "SmsMfaConfiguration" in self.pool.settings:
            return bool(self._map("SmsMfaConfiguration"))
        return bool(self._map("SmsConfiguration"))

    @property
    def totp_mfa_enabled(self) -> bool:
        """Whether an authenticator app can be a second factor."""
        return self.mfa is not MfaMode.OFF and bool(self._map("SoftwareTokenMfaConfiguration").get("Enabled"))

    @property
    def email_mfa_enabled(self) -> bool:
        """Whether a code by e-mail can be a second factor."""
        return self.mfa is not MfaMode.OFF and self.pool.settings.get("EmailMfaConfiguration") is not None

    @property
    def mfa_message(self) -> MessageText:
        """The texts that carry a second factor's code."""
        email = self._map("EmailMfaConfiguration")
        sms = self._map("SmsMfaConfiguration").get("SmsAuthenticationMessage")
        return MessageText(
            sms=sms or self.pool.settings.get("SmsAuthenticationMessage"),
            email=email.get("Message"),
            subject=email.get("Subject"),
        )

    # passkeys

    @property
    def rp_id(self) -> str | None:
        """The relying party of passkeys: the domain that they are made for."""
        return self._map("WebAuthnConfiguration").get("RelyingPartyId") or None

    @property
    def passkeys_verify_user(self) -> bool:
        """Whether every passkey must have verified its user."""
        return self._map("WebAuthnConfiguration").get("UserVerification") == "required"

    @property
    def passkeys_count_twice(self) -> bool:
        """Whether a passkey that verified its user can count as the second factor too."""
        given = self._map("WebAuthnConfiguration").get("FactorConfiguration")
        return given == "MULTI_FACTOR_WITH_USER_VERIFICATION"

    # names and attributes

    @property
    def auto_verified(self) -> frozenset[str]:
        """`email`, `phone_number`: what gets a code when it is set."""
        return frozenset(self._list("AutoVerifiedAttributes"))

    @property
    def username_attributes(self) -> frozenset[str]:
        """`email`, `phone_number`: what users sign up with in place of a user name."""
        return frozenset(self._list("UsernameAttributes"))

    @property
    def alias_attributes(self) -> frozenset[str]:
        """`email`, `phone_number`, `preferred_username`: what finds a user besides the user name."""
        return frozenset(self._list("AliasAttributes"))

    @property
    def case_sensitive(self) -> bool:
        """Whether `Ada` and `ada` are two names. The API's default is that they are."""
        given = self._map("UsernameConfiguration").get("CaseSensitive")
        return True if given is None else bool(given)

    @cached_property
    def schema(self) -> Mapping[str, Attribute]:
        """Every attribute that a user of this pool can have, by full name."""
        return pool_schema(self._list("Schema"))

    @cached_property
    def required_attributes(self) -> tuple[str, ...]:
        """The attributes that a user must have, without `sub`, which the service gives."""
        return tuple(name for name, one in self.schema.items() if one.required and name != "sub")

    @property
    def verify_before_update(self) -> frozenset[str]:
        """The attributes whose old value stays until the new one is verified."""
        settings = self._map("UserAttributeUpdateSettings")
        return frozenset(settings.get("AttributesRequireVerificationBeforeUpdate") or ())

    # sign-up, recovery, messages

    @property
    def recovery(self) -> tuple[str, ...]:
        """How a password is recovered, best first: `verified_phone_number`, `verified_email`, or
        `admin_only`.
        """
        given = self._map("AccountRecoverySetting").get("RecoveryMechanisms")
        if not given:
            return ("verified_phone_number", "verified_email")
        return tuple(str(one["Name"]) for one in sorted(given, key=lambda one: int(one["Priority"])))

    @property
    def recovery_configured(self) -> bool:
        """Whether the pool chose its recovery itself: then a channel that is the user's MFA is not used for
        it.
        """
        return bool(self._map("AccountRecoverySetting").get("RecoveryMechanisms"))

    @property
    def admin_create_only(self) -> bool:
        """Whether nobody may sign up by themselves."""
        return bool(self._map("AdminCreateUserConfig").get("AllowAdminCreateUserOnly"))

    @property
    def invite_message(self) -> MessageText:
        """The texts of an invitation; `{username}` stands for the name."""
        text = self._map("AdminCreateUserConfig").get("InviteMessageTemplate") or {}
        return MessageText(
            sms=text.get("SMSMessage"), email=text.get("EmailMessage"), subject=text.get("EmailSubject")
        )

    @property
    def verification_message(self) -> MessageText:
        """The texts of sign-up and verification codes."""
        text = self._map("VerificationMessageTemplate")
        stored = self.pool.settings
        return MessageText(
            sms=text.get("SmsMessage") or stored.get("SmsVerificationMessage"),
            email=text.get("EmailMessage") or stored.get("EmailVerificationMessage"),
            subject=text.get("EmailSubject") or stored.get("EmailVerificationSubject"),
        )

    # sessions, devices, tier, protection

    @property
    def tracking(self) -> Tracking:
        """Whether the sessions of users are tracked (SetUserPoolSessionConfiguration)."""
        stored = self._map(SESSION_CONFIGURATION)
        if not stored:
            return Tracking()
        return Tracking(stored["UserSessionTracking"] == "ENABLED", stored["TokenSession"]["MaxPerUser"])

    @property
    def devices_tracked(self) -> bool:
        """Whether devices are tracked at all: giving any member of the configuration says so."""
        return bool(self._map("DeviceConfiguration"))

    @property
    def devices_need_opt_in(self) -> bool:
        """Whether a device is remembered only when its user says so."""
        return bool(self._map("DeviceConfiguration").get("DeviceOnlyRememberedOnUserPrompt"))

    @property
    def device_skips_mfa(self) -> bool:
        """Whether a remembered device stands in for the second factor."""
        return bool(self._map("DeviceConfiguration").get("ChallengeRequiredOnNewDevice"))

    @property
    def tier(self) -> str:
        """`LITE`, `ESSENTIALS` or `PLUS`."""
        return str(self.pool.settings.get("UserPoolTier") or "ESSENTIALS")

    @property
    def deletion_protected(self) -> bool:
        """Whether DeleteUserPool is refused."""
        return self.pool.settings.get("DeletionProtection") == "ACTIVE"


@lru_cache(maxsize=256)
def _flows(given: tuple[str, ...]) -> frozenset[Flow]:
    if not given:
        return DEFAULT_FLOWS
    if any(name in LEGACY_FLOWS for name in given):
        flows = {LEGACY_FLOWS[name] for name in given if name in LEGACY_FLOWS} | {Flow.REFRESH_TOKEN_AUTH}
        return frozenset(flows if "CUSTOM_AUTH_FLOW_ONLY" in given else flows | DEFAULT_FLOWS)
    return frozenset(Flow(name.removeprefix("ALLOW_")) for name in given)


class ClientSettings:
    """An app client's settings as they take effect."""

    def __init__(self, client: AppClient) -> None:
        self.client = client

    @property
    def has_secret(self) -> bool:
        """Whether calls through this client must prove its secret."""
        return bool(self.client.secrets)

    @property
    def flows(self) -> frozenset[Flow]:
        """What this client may do, with the legacy names turned into today's."""
        return _flows(tuple(self.client.settings.get("ExplicitAuthFlows") or ()))

    def allows(self, flow: str) -> bool:
        """Whether the flow of this name (without `ALLOW_`) is enabled."""
        return flow in self.flows

    # lifetimes

    def _seconds(self, member: str, unit_member: str, unit: str, default: int) -> int:
        amount = self.client.settings.get(member)
        if not amount:
            return default
        units = self.client.settings.get("TokenValidityUnits") or {}
        return int(amount) * _UNITS[units.get(unit_member) or unit]

    @property
    def access_seconds(self) -> int:
        """How long an access token is good for."""
        return self._seconds("AccessTokenValidity", "AccessToken", "hours", HOUR)

    @property
    def id_seconds(self) -> int:
        """How long an ID token is good for."""
        return self._seconds("IdTokenValidity", "IdToken", "hours", HOUR)

    @property
    def refresh_seconds(self) -> int:
        """How long a refresh token is good for."""
        return self._seconds("RefreshTokenValidity", "RefreshToken", "days", 30 * DAY)

    @property
    def auth_session_seconds(self) -> int:
        """How long a challenge may be answered, and a second factor's code is good for."""
        return int(self.client.settings.get("AuthSessionValidity") or 3) * MINUTE

    # behaviour

    @property
    def prevent_user_existence_errors(self) -> bool:
        """Whether an unknown user looks like a wrong password. The API's default is that they do not
        (`LEGACY`).
        """
        return self.client.settings.get("PreventUserExistenceErrors") == "ENABLED"

    @property
    def token_revocation(self) -> bool:
        """Whether RevokeToken works and tokens carry `origin_jti`. On for a new client."""
        given = self.client.settings.get("EnableTokenRevocation")
        return True if given is None else bool(given)

    @property
    def rotation(self) -> bool:
        """Whether each refresh gives a new refresh token and ends the old one."""
        return (self.client.settings.get("RefreshTokenRotation") or {}).get("Feature") == "ENABLED"

    @property
    def rotation_grace_seconds(self) -> int:
        """How long a replaced refresh token may still be used."""
        return int(
            (self.client.settings.get("RefreshTokenRotation") or {}).get("RetryGracePeriodSeconds") or 0
        )

    @property
    def sso_minutes(self) -> int:
        """How long a managed login session may be used again by this client
        (SetUserPoolClientSessionConfiguration).
        """
        stored = self.client.settings.get(SSO_SESSION)
        return DEFAULT_SSO_MINUTES if stored is None else int(stored["MaxValidityMinutes"])

    # attributes

    def may_read(self, name: str) -> bool:
        """Whether this client sees the attribute: those listed, or by default every standard one."""
        listed = self.client.settings.get("ReadAttributes")
        return name == "sub" or (name in listed if listed else name in STANDARD)

    def may_write(self, name: str) -> bool:
        """Whether this client may set the attribute: those listed, or by default every standard one."""
        if name in NOT_CLIENT_WRITABLE:
            return False
        listed = self.client.settings.get("WriteAttributes")
        return name in listed if listed else name in STANDARD

    # OAuth

    @property
    def oauth_flows(self) -> tuple[str, ...]:
        """`AllowedOAuthFlows`."""
        return tuple(self.client.settings.get("AllowedOAuthFlows") or ())

    @property
    def oauth_scopes(self) -> tuple[str, ...]:
        """`AllowedOAuthScopes`."""
        return tuple(self.client.settings.get("AllowedOAuthScopes") or ())

    @property
    def callback_urls(self) -> tuple[str, ...]:
        """`CallbackURLs`."""
        return tuple(self.client.settings.get("CallbackURLs") or ())

    @property
    def logout_urls(self) -> tuple[str, ...]:
        """`LogoutURLs`."""
        return tuple(self.client.settings.get("LogoutURLs") or ())
