"""What an app client may be set to, beyond what the model's own limits say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from userpool.protocol.errors import InvalidOAuthFlowException, InvalidParameterException

from .records import AppClient
from .settings import DAY, HOUR, LEGACY_FLOWS, MINUTE, ClientSettings

Stored = Mapping[str, Any]

TOKEN_SECONDS = (5 * MINUTE, DAY)
REFRESH_SECONDS = (HOUR, 3650 * DAY)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check_client(client: AppClient, attributes: Collection[str], required: Collection[str]) -> None:
    """Refuse settings of an app client that contradict each other, or that cannot be had here.

    `attributes` are those of the pool's schema, `required` those among them that users must have.
    Raises `InvalidParameterException`, `InvalidOAuthFlowException`.
    """
    stored = client.settings
    _check_flows(stored)
    _check_lifetimes(ClientSettings(client))
    _check_permissions(stored, attributes, required)
    _check_oauth(stored)
    _check_providers(stored, client.pool_id)


def _check_flows(stored: Stored) -> None:
    flows = set(stored.get("ExplicitAuthFlows") or ())
    if flows & set(LEGACY_FLOWS) and flows - set(LEGACY_FLOWS):
        raise InvalidParameterException(
            "ExplicitAuthFlows cannot mix the legacy names ("
            + ", ".join(sorted(LEGACY_FLOWS))
            + ") with those "
            "that begin with ALLOW_."
        )
    if "ALLOW_CLIENT_TOKEN_AUTH" in flows and len(flows) > 1:
        raise InvalidParameterException(
            "ALLOW_CLIENT_TOKEN_AUTH must be the only flow: an app client signs in users, or itself."
        )
    rotates = (stored.get("RefreshTokenRotation") or {}).get("Feature") == "ENABLED"
    if rotates and (not flows or "ALLOW_REFRESH_TOKEN_AUTH" in flows or flows & set(LEGACY_FLOWS)):
        raise InvalidParameterException(
            "Refresh token rotation cannot be enabled while ALLOW_REFRESH_TOKEN_AUTH is among "
            "ExplicitAuthFlows "
            "(as it is when none are given). List the other flows."
        )


def _check_lifetimes(settings: ClientSettings) -> None:
    lowest, highest = TOKEN_SECONDS
    if not lowest <= settings.access_seconds <= highest or not lowest <= settings.id_seconds <= highest:
        raise InvalidParameterException(
            "Invalid range for token validity. Access and ID tokens live between 5 minutes and 1 day."
        )
    lowest, highest = REFRESH_SECONDS
    if not lowest <= settings.refresh_seconds <= highest:
        raise InvalidParameterException(
            "Invalid range for token validity. Refresh tokens live between 60 minutes and 3650 days."
        )
    if settings.refresh_seconds < max(settings.access_seconds, settings.id_seconds):
        raise InvalidParameterException(
            "Invalid range for token validity. A refresh token must outlive the access and ID token."
        )


def _check_permissions(stored: Stored, attributes: Collection[str], required: Collection[str]) -> None:
    unknown = set(stored.get("ReadAttributes") or ()) - set(attributes)
    if unknown:
        raise InvalidParameterException("Invalid read attributes specified while creating a client")
    written = set(stored.get("WriteAttributes") or ())
    if written - set(attributes) or (written and set(required) - written):
        raise InvalidParameterException("Invalid write attributes specified while creating a client")


def _check_oauth(stored: Stored) -> None:
    flows = set(stored.get("AllowedOAuthFlows") or ())
    if "client_credentials" in flows and len(flows) > 1:
        raise InvalidOAuthFlowException(
            "client_credentials flow can not be selected along with code or implicit flow"
        )
    for url in (*(stored.get("CallbackURLs") or ()), *(stored.get("LogoutURLs") or ())):
        _check_url(url)
    default = stored.get("DefaultRedirectURI")
    if default and default not in (stored.get("CallbackURLs") or ()):
        raise InvalidParameterException("DefaultRedirectURI must be one of the CallbackURLs.")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidParameterException(f"{url} is not a URL.") from None
    if not parts.scheme:
        raise InvalidParameterException(f"{url} is not an absolute URL.")
    if "#" in url:
        raise InvalidParameterException(f"{url} has a fragment.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidParameterException(
            f"cannot use the HTTP protocol: {url}. Use https://, or http://localhost."
        )


def _check_providers(stored: Stored, pool_id: str) -> None:
    for name in stored.get("SupportedIdentityProviders") or ():
        if name != "COGNITO":
            raise InvalidParameterException(f"The provider {name} does not exist for User Pool {pool_id}.")
