"""What an operation is given: the world (`Context`) and one call (`Call`); and how it is registered.

A handler is a plain function `(context, call) -> output shape`. It raises the service's own error classes
(`userpool.protocol.errors`) to refuse. Everything else that escapes is a bug and becomes
InternalErrorException.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from userpool.crypto.rs256 import SigningKey
from userpool.protocol import endpoints
from userpool.protocol.effects import Power
from userpool.protocol.operations import Operation

from .domain.records import AppClient, Pool, TokenFamily, User
from .ports import Clock, Keys, Messages, Random, Store, Triggers
from .signing import SigningKeys
from .triggers import Triggers as Functions
from .turnstile import Turnstile

if TYPE_CHECKING:
    from userpool.protocol.shapes import Shape

In = TypeVar("In", bound="Shape")
Out = TypeVar("Out", bound="Shape")


@lru_cache(maxsize=64)
def _aws_endpoint(region: str) -> str:
    return endpoints.endpoint("cognito-idp", region)


@dataclass(frozen=True, slots=True)
class Settings:
    """How this service was started."""

    region: str = "us-east-1"
    account_id: str = "000000000000"
    issuer: str | None = None
    """Base URL of the issuer (`{issuer}/{pool id}`), or `None` for AWS's own form."""
    development: bool = False
    """Any caller may do what administrators do, and `/_userpool/` answers. Never on a network."""
    signed_admin: bool = True
    """Whether administrators must sign. Not where the caller is in the same process."""
    max_body_bytes: int = 1024 * 1024
    revoke_on_reuse: bool = True
    """Whether a refresh token that is used again long after it was replaced ends its whole sign-in."""
    passkey_origins: tuple[str, ...] = ()
    """The only origins from which passkeys are taken, such as `https://app.example.com` or an Android app's
    `android:apk-key-hash:…`. Without any, those of the relying party's host and of the hosts below it.
    """
    passkey_fresh_seconds: float | None = None
    """How long ago a user may have signed in who registers a passkey; `None` for however long, as at
    Cognito.
    """

    def issuer_of(self, pool_id: str) -> str:
        """The issuer that tokens of this pool name."""
        if self.issuer is not None:
            return f"{self.issuer.rstrip('/')}/{pool_id}"
        return f"{_aws_endpoint(pool_id.partition('_')[0])}/{pool_id}"


@dataclass(frozen=True, slots=True)
class Context:
    """The world as operations see it."""

    store: Store
    clock: Clock
    random: Random
    keys: Keys
    messages: Messages
    power: Power
    settings: Settings
    user_agent: str = field(default="", repr=False, compare=False)
    """What the program of the present call calls itself."""
    triggers: Triggers = field(default_factory=Functions, repr=False)
    new_signing_key: Callable[[], SigningKey] = SigningKey.generate
    turnstile: Turnstile = field(default_factory=Turnstile, repr=False, compare=False)
    signing: SigningKeys = field(default_factory=SigningKeys, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an access token speaks for: checked, not revoked, and the user as the store has it now."""

    pool: Pool
    client: AppClient
    user: User
    family: TokenFamily
    claims: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call(Generic[In]):
    """One decoded, validated and authorised request."""

    operation: Operation[Any, Any]
    input: In
    request_id: str
    source_ip: str = ""
    caller: Caller | None = None
    """Set for operations that take an access token and were given one."""

    def required_caller(self) -> Caller:
        """The caller, where the operation cannot be reached without one."""
        if self.caller is None:
            raise LookupError(f"{self.operation.name} reached its handler without a caller")
        return self.caller


Handler = Callable[[Context, Call[Any]], Any]
HANDLERS: dict[str, Handler] = {}


def handles(
    operation: Operation[In, Out],
) -> Callable[[Callable[[Context, Call[In]], Out]], Callable[[Context, Call[In]], Out]]:
    """Register the decorated function as the one home of `operation`."""

    def register(function: Callable[[Context, Call[In]], Out]) -> Callable[[Context, Call[In]], Out]:
        if operation.name in HANDLERS:
            raise LookupError(f"{operation.name} has two handlers")
        HANDLERS[operation.name] = function
        return function

    return register
