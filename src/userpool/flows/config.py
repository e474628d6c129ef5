"""What every conversation is given: whom to call, as which app client, and how patiently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from userpool._version import __version__

if TYPE_CHECKING:
    from userpool.protocol.passwords import PasswordPolicy

    from .client_secret import SecretPair
    from .device_facts import DeviceFacts


class AuthFlow(StrEnum):
    """How a sign-in begins. The app client must allow the flow (`ExplicitAuthFlows`)."""

    SRP = "USER_SRP_AUTH"
    """By Secure Remote Password: the password never leaves this process."""
    PASSWORD = "USER_PASSWORD_AUTH"
    """In clear, protected by TLS alone. Needed for pools that migrate users at sign-in."""
    CHOICE = "USER_AUTH"
    """By the factor that the user chooses: password, code, or passkey (choice-based sign-in)."""
    CUSTOM = "CUSTOM_AUTH"
    """By what the pool's own triggers ask; with a password, that is proved by SRP first."""


class RefreshFlow(StrEnum):
    """Which operation refreshes tokens."""

    TOKENS_FROM_REFRESH_TOKEN = "GetTokensFromRefreshToken"
    """Works with refresh token rotation on or off."""
    REFRESH_TOKEN_AUTH = "REFRESH_TOKEN_AUTH"
    """The older one, for services that know no other; refused where rotation is on."""


@dataclass(frozen=True, slots=True)
class UserContext:
    """What threat protection wants to know of the person (`UserContextData`)."""

    ip_address: str | None = None
    """The person's own address, where a server calls in their place. The app client needs a secret and
    `EnablePropagateAdditionalUserContextData` for the service to take it.
    """
    encoded_data: str | None = field(default=None, repr=False)
    """The fingerprint that Cognito's own script made in the browser or app. It goes before `device`."""
    device: DeviceFacts | None = None
    """What to tell of the device where the program itself runs on it: made into `EncodedData` and signed
    anew for each request.
    """


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    """Where the service is and how patiently it is called."""

    endpoint: str
    """Scheme and host, such as `https://cognito-idp.eu-west-1.amazonaws.com`."""
    region: str
    timeout: float = 20.0
    """Seconds for one exchange. Cognito may wait three times five seconds for a trigger before it answers."""
    deadline: float = 60.0
    """Seconds for one operation, repetitions and pauses included."""
    attempts: int = 4
    """How often one request is sent at most. What may have been acted on is never sent again."""
    user_agent: str = f"userpool/{__version__}"


@dataclass(frozen=True, kw_only=True)
class ClientConfig(ServiceConfig):
    """An app client of a user pool, and what goes with each of its calls unless a call says otherwise."""

    user_pool_id: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    secrets: SecretPair | None = field(default=None, repr=False, compare=False)
    """Both secrets, while one replaces the other; `client_secret` is the one to use for now."""
    analytics_endpoint_id: str | None = None
    """The Pinpoint application that counts events (`AnalyticsMetadata`)."""
    user_context: UserContext | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    """What the pool's triggers are told (`ClientMetadata`)."""
    password_policy: PasswordPolicy | None = None
    """What a new password is held against before it is sent."""

    @property
    def pool_name(self) -> str:
        """The part of the pool id behind its region: SRP mixes it with the password."""
        return self.user_pool_id.partition("_")[2]

    def with_secret(self, secret: str) -> Self:
        """The same app client with this secret."""
        return replace(self, client_secret=secret)
