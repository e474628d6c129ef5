"""What a sign-in or a refresh ends with: tokens, and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that the pool now tracks (`NewDeviceMetadata`). Until it is confirmed, refreshing may fail."""

    key: str = field(repr=False)
    group_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a signed-in user holds. None of it prints."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens as a conversation got them, with what the conversation knows besides."""

    tokens: Tokens
    user_id: str | None = None
    """The service's own name for the user, where the conversation has told: the tokens must bear it."""
    device_key: str | None = field(default=None, repr=False)
    new_device: NewDevice | None = None
