"""What the service remembers: one frozen value for each thing that the store keeps.

The store turns rows into these and back; decisions read them and return new ones (`dataclasses.replace`).
Times are seconds since the epoch on the service's own clock. Whatever is secret is here only sealed or
hashed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class UserStatus(StrEnum):
    """`UserStatus` of the service (the values that a native user can have)."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    RESET_REQUIRED = "RESET_REQUIRED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


@dataclass(frozen=True, slots=True)
class Pool:
    """A user pool. `settings` holds the members of CreateUserPool by wire name, as they were stored."""

    id: str
    name: str
    settings: Mapping[str, Any]
    created_at: float
    modified_at: float


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One secret of an app client; `sealed` is opened by the key ring."""

    id: str
    sealed: bytes = field(repr=False)
    created_at: float


@dataclass(frozen=True, slots=True)
class AppClient:
    """An app client. `settings` holds the members of CreateUserPoolClient by wire name, as they were
    stored.
    """

    id: str
    pool_id: str
    name: str
    settings: Mapping[str, Any]
    secrets: tuple[ClientSecret, ...]
    created_at: float
    modified_at: float


class KeyUse(StrEnum):
    """Which tokens a signing key signs: Cognito uses one key for each kind."""

    ID = "id"
    ACCESS = "access"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A pool's RSA key pair: the private half sealed, the public half as a JWK."""

    pool_id: str
    kid: str
    use: KeyUse
    sealed: bytes = field(repr=False)
    public_jwk: Mapping[str, str]
    created_at: float
    retired_at: float | None = None


@dataclass(frozen=True, slots=True)
class PasswordRecord:
    """An SRP verifier, sealed. It checks SRP and clear passwords alike; the password itself is never kept."""

    salt: bytes
    sealed_verifier: bytes = field(repr=False)
    set_at: float
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Totp:
    """A user's authenticator app. `last_step` is the newest time step that was used: a code works once.

    `pending` is the sealed seed of an app that is to take its place and has not shown a code yet.
    """

    sealed_secret: bytes = field(repr=False)
    verified: bool
    friendly_name: str | None = None
    last_step: int = 0
    pending: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A user. `attributes` includes `sub` and the verified flags, all as strings. `version` grows by one a
    write.
    """

    pool_id: str
    sub: str
    username: str
    status: UserStatus
    enabled: bool
    attributes: Mapping[str, str] = field(repr=False)
    created_at: float
    modified_at: float
    password: PasswordRecord | None = None
    password_history: tuple[PasswordRecord, ...] = ()
    """Earlier passwords, newest first, as many as the pool's `PasswordHistorySize` asks for."""
    totp: Totp | None = None
    mfa_enabled: frozenset[str] = frozenset()
    mfa_preferred: str | None = None
    pending_attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens_valid_after: float = 0.0
    version: int = 0


@dataclass(frozen=True, slots=True)
class ListedUser:
    """What lists show of a user, and nothing that signs in: a page of them is read in half the time."""

    sub: str
    username: str
    status: UserStatus
    enabled: bool
    attributes: Mapping[str, str] = field(repr=False)
    created_at: float
    modified_at: float
    mfa_enabled: frozenset[str]


class NameKind(StrEnum):
    """What a name that finds a user is."""

    USERNAME = "username"
    EMAIL = "email"
    PHONE_NUMBER = "phone_number"
    PREFERRED_USERNAME = "preferred_username"


@dataclass(frozen=True, slots=True)
class LoginName:
    """A name under which a user can be found. `key` is canonical (case-folded where the pool folds) and
    unique a pool.
    """

    pool_id: str
    key: str
    kind: NameKind
    sub: str


class CodePurpose(StrEnum):
    """What a mailed code is good for; a code of one purpose is worthless for another."""

    SIGN_UP = "sign_up"
    RESET_PASSWORD = "reset_password"
    VERIFY_ATTRIBUTE = "verify_attribute"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent out, as a keyed hash. `attribute` is what a right answer verifies."""

    pool_id: str
    sub: str
    purpose: CodePurpose
    attribute: str
    hash: bytes = field(repr=False)
    created_at: float
    expires_at: float
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often something was tried. `key` names the thing (kind, pool, subject); it holds no name in
    clear.
    """

    key: str
    count: int
    window_started_at: float
    last_at: float
    locked_until: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class SessionUse:
    """That a sealed challenge session was tried or used up: a session is good once."""

    id: str
    attempts: int
    consumed_at: float | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """All tokens of one sign-in, known by their `origin_jti`. Only a hash of the refresh token is kept."""

    origin_jti: str
    pool_id: str
    client_id: str
    sub: str
    refresh_hash: bytes = field(repr=False)
    auth_time: float
    expires_at: float
    previous_hash: bytes | None = field(default=None, repr=False)
    rotated_at: float | None = None
    revoked_at: float | None = None
    scope: str = "aws.cognito.signin.user.admin"
    event_id: str = ""
    session_id: str | None = None
    """What lists of the user's sessions call it; `None` where the pool does not track sessions, and once it
    is revoked.
    """
    last_active_at: float | None = None
    ip_address: str | None = field(default=None, repr=False)
    device_type: str | None = None
    device_key: str | None = None
    """The device of the sign-in, where devices are tracked: the one that it named or was given."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that a user has confirmed. Its SRP verifier is sealed; its password never leaves it."""

    pool_id: str
    sub: str
    key: str
    name: str | None = field(repr=False)
    salt: bytes
    sealed_verifier: bytes = field(repr=False)
    remembered: bool
    """Whether it may stand in for a second factor; a confirmed device is not yet remembered."""
    created_at: float
    modified_at: float
    authenticated_at: float
    last_ip: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential of a user: what a later signature is checked with."""

    pool_id: str
    sub: str
    credential_id: bytes
    """Chosen by the authenticator; unique in the pool."""
    public_key: bytes
    """A COSE key, as it was registered (RFC 9052)."""
    sign_count: int
    """The newest value of the authenticator's signature counter; 0 for authenticators that have none."""
    friendly_name: str
    rp_id: str
    """The relying party that it was made for; it is good for no other."""
    attachment: str | None
    """`platform` or `cross-platform`, where the client said so."""
    transports: tuple[str, ...]
    aaguid: str
    """The authenticator's model, as a UUID. Not proved: attestation is not asked for."""
    backup_eligible: bool
    backed_up: bool
    created_at: float


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users. The lower its precedence, the more it weighs; without one it weighs least."""

    pool_id: str
    name: str
    description: str | None
    role_arn: str | None
    precedence: int | None
    created_at: float
    modified_at: float


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """An API that takes this pool's access tokens. `scopes` are what it knows, each with a description."""

    pool_id: str
    identifier: str
    name: str
    scopes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox. The code is sealed until it is delivered."""

    id: str
    pool_id: str
    username: str
    to: str
    medium: str
    purpose: str
    sealed_code: bytes = field(repr=False)
    created_at: float
    expires_at: float
