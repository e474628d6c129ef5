"""The operations, one file a family. Loading a file registers its handlers (`service.context.HANDLERS`)."""

from __future__ import annotations

from importlib import import_module

FAMILIES = (
    "pools",
    "custom_attributes",
    "tags",
    "clients",
    "client_secrets",
    "resource_servers",
    "machine",
    "mfa_config",
    "users",
    "user_states",
    "user_attributes",
    "groups",
    "user_sessions",
    "session_config",
    "sign_up",
    "auth",
    "challenges",
    "refresh",
    "profile",
    "password",
    "mfa",
    "user_mfa",
    "user_settings",
    "auth_events",
    "devices",
    "passkeys",
    "auth_factors",
)


def load() -> None:
    """Load every family."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
