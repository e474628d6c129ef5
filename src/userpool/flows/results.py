"""What the other conversations end with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from userpool.protocol import totp

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list that Cognito gives in pieces. It is gone through like a list."""

    items: tuple[T, ...] = ()
    next_token: str | None = field(default=None, repr=False)
    """Asks for the page after this one; `None` with the last. A page may be empty and not the last."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class MfaOption:
    """A delivery of codes by the oldest kind of MFA setting, which knows text messages only."""

    attribute_name: str | None = "phone_number"
    delivery_medium: str | None = "SMS"


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What GetUser tells."""

    username: str
    attributes: Mapping[str, str] = field(repr=False, hash=False)
    """By name; every value is text, as in `email_verified`: `"true"`."""
    mfa_methods: tuple[str, ...] = ()
    """The second factors in use: values of `MfaMethod`, and whatever Cognito adds."""
    preferred_mfa: str | None = None
    mfa_options: tuple[MfaOption, ...] = ()
    """What `set_user_settings` has set; empty in all but old accounts."""


@dataclass(frozen=True, slots=True)
class UserAuthFactors:
    """What a user can sign in with (GetUserAuthFactors)."""

    username: str
    factors: tuple[str, ...] = ()
    """First factors that are set up: values of `AuthFactor`, and whatever Cognito adds."""
    mfa_methods: tuple[str, ...] = ()
    """Second factors in use, as in `UserProfile`."""
    preferred_mfa: str | None = None


@dataclass(frozen=True, slots=True)
class TotpSeed:
    """A seed for an authenticator app, which counts once a code of it was verified."""

    secret_code: str = field(repr=False)
    """In base32: show it, or its `otpauth_uri` as a QR code, and keep it nowhere."""
    username: str
    """Whose it is; what `otpauth_uri` shows by default."""

    def otpauth_uri(self, issuer: str, account: str | None = None) -> str:
        """The text for the QR code: `issuer` and `account` (by default the user name) are what the app
        shows.
        """
        return totp.otpauth_uri(self.secret_code, account=account or self.username, issuer=issuer)


class DeviceStatus(StrEnum):
    """Whether the pool remembers a device."""

    REMEMBERED = "remembered"
    """It stands for a second factor, where the pool is set so."""
    NOT_REMEMBERED = "not_remembered"
    """It is known, and a second factor is asked for all the same."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device of the user's as the pool describes it."""

    key: str
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """By name, such as `device_status`."""
    created_at: datetime | None = None
    last_modified_at: datetime | None = None
    last_authenticated_at: datetime | None = None

    @property
    def name(self) -> str | None:
        """What it was called when it was confirmed."""
        return self.attributes.get("device_name")

    @property
    def remembered(self) -> bool | None:
        """Whether the pool remembers it; `None` where it was not told: users are not, administrators are."""
        status = self.attributes.get("dev:device_remembered_status")
        return None if status is None else status == DeviceStatus.REMEMBERED

    @property
    def last_ip(self) -> str | None:
        """The address that it last signed in from."""
        return self.attributes.get("last_ip_used")


class MfaPreference(StrEnum):
    """What becomes of one second factor."""

    ENABLED = "enabled"
    """May be used; whether it is preferred stays as it is."""
    DISABLED = "disabled"
    PREFERRED = "preferred"
    """Enabled, and asked for first."""
    NOT_PREFERRED = "not_preferred"
    """Enabled, and not asked for first."""
