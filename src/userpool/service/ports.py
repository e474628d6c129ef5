"""What the service needs of the world, as protocols: a clock, random bytes, keys, messages, a store.

Operations see only these. The real ones and their in-memory twins are put together in one place,
`service/app.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from .domain.records import (
    AppClient,
    Attempts,
    Code,
    CodePurpose,
    Device,
    Group,
    ListedUser,
    LoginName,
    Message,
    Passkey,
    Pool,
    ResourceServer,
    SessionUse,
    SigningKey,
    TokenFamily,
    User,
)

T = TypeVar("T")


class Clock(Protocol):
    """Two times: `now` is what the service dates its own things with and can be moved; `true` never moves."""

    def now(self) -> float:
        """Seconds since the epoch on the service's clock: codes, sessions, tokens, lockouts."""

    def true(self) -> float:
        """The true time in seconds since the epoch: SigV4, SRP's TIMESTAMP, TOTP, the Date header."""


class MovableClock(Clock, Protocol):
    """A clock that development mode and tests may move."""

    def advance(self, seconds: float) -> None:
        """Move the service's time forward (or back) by `seconds`."""

    def reset(self) -> None:
        """Go back to true time."""


class Random(Protocol):
    """A cryptographic source of random bytes."""

    def __call__(self, size: int, /) -> bytes: ...


class Keys(Protocol):
    """The key ring that seals what is secret at rest. Its keys come from outside the database."""

    def seal(self, label: str, plain: bytes, context: bytes) -> bytes:
        """Encrypt and authenticate `plain` for `label` (what it is) bound to `context` (whose it is)."""

    def open(self, label: str, sealed: bytes, context: bytes) -> bytes:
        """The inverse; raises `Unsealable` when the key is gone or the data or its context were changed."""

    def digest(self, label: str, data: bytes) -> bytes:
        """A keyed hash (32 bytes), stable for ever: code hashes, fake salts, lockout keys of names."""


class Messages(Protocol):
    """Where codes go. Called after the change that made the code is durable."""

    def send(self, message: Message, code: str) -> None:
        """Hand over one message; raises `CodeDeliveryFailureException` when it cannot be delivered."""


class Trigger(StrEnum):
    """Where functions of the operator take part, by Cognito's names."""

    PRE_SIGN_UP = "PreSignUp"
    POST_CONFIRMATION = "PostConfirmation"
    PRE_AUTHENTICATION = "PreAuthentication"
    POST_AUTHENTICATION = "PostAuthentication"
    DEFINE_AUTH_CHALLENGE = "DefineAuthChallenge"
    CREATE_AUTH_CHALLENGE = "CreateAuthChallenge"
    VERIFY_AUTH_CHALLENGE_RESPONSE = "VerifyAuthChallengeResponse"
    PRE_TOKEN_GENERATION = "PreTokenGeneration"
    USER_MIGRATION = "UserMigration"


class TriggerFailed(Exception):
    """The function refused or failed; the text is its own, and goes to the caller."""


class TriggerUnreachable(Exception):
    """The function could not be called, or took too long."""


class Triggers(Protocol):
    """The functions that take part in sign-ups and sign-ins. They are called outside of transactions."""

    def has(self, trigger: Trigger) -> bool:
        """Whether there is a function for it."""

    def version(self, trigger: Trigger) -> str:
        """The version of the events that its function takes: `1`, or `2` before tokens."""

    def invoke(self, trigger: Trigger, event: dict[str, Any]) -> object:
        """Call the function with Cognito's event, and return what it makes of it.

        Raises `TriggerFailed`, `TriggerUnreachable`.
        """


class Conflict(Exception):
    """A conditional write lost: a name is taken, a row changed since it was read. `what` says which.

    Let it leave the work that `Store.write` runs, so that the rest of that work is undone too. `what` is
    `name`, `user`, `pool`, `client`, `family`, `device`, `passkey`, `group`, `member` or `resource server`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class StoreError(Exception):
    """The database failed: disk full, an I/O error, no connection, still busy after a while, closed.

    An error does not mean "not done": when it came while the change was being made durable, the change may be
    there. Read before you write again.
    """


class Reader(Protocol):
    """One consistent view of the store."""

    def meta(self, name: str) -> bytes | None:
        """A value that belongs to the store as a whole, such as its sealed root key."""

    def pool(self, pool_id: str) -> Pool | None: ...
    def pools(self, *, limit: int, after: str | None) -> Sequence[Pool]:
        """Pools ordered by id, those behind `after`."""

    def client(self, client_id: str) -> AppClient | None: ...
    def clients(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[AppClient]: ...
    def signing_keys(self, pool_id: str) -> Sequence[SigningKey]: ...

    def user(self, pool_id: str, sub: str) -> User | None: ...
    def user_named(self, pool_id: str, keys: Sequence[str]) -> User | None:
        """The user that one of the canonical names `keys` finds (the first that does, in their order)."""

    def login_names(self, pool_id: str, sub: str) -> Sequence[LoginName]: ...
    def name_owner(self, pool_id: str, key: str) -> LoginName | None: ...
    def users(
        self,
        pool_id: str,
        *,
        limit: int,
        after: str | None,
        attribute: str | None = None,
        value: str = "",
        prefix: bool = False,
    ) -> Sequence[ListedUser]:
        """Users in a stable order, those behind `after`: what `domain.search.position` says of the last user
        of the page before (a user's `sub`, but for a search by prefix). `attribute` is one of the searchable
        ones."""

    def whole_users(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[User]:
        """Users with all that is kept of them, ordered by `sub`, those behind `after`."""

    def count_users(self, pool_id: str) -> int:
        """How many users a pool has: exactly up to some thousands, then estimated from as many."""

    def code(self, pool_id: str, sub: str, purpose: CodePurpose, attribute: str = "") -> Code | None: ...
    def attempts(self, key: str) -> Attempts | None: ...
    def session_use(self, session_id: str) -> SessionUse | None: ...
    def family(self, origin_jti: str) -> TokenFamily | None: ...
    def token_facts(
        self, pool_id: str, client_id: str, sub: str, origin_jti: str
    ) -> tuple[Pool, AppClient, User | None, TokenFamily | None] | None:
        """What an access token names, in one statement; `None` without the pool, or a client of that pool."""

    def family_by_refresh(self, refresh_hash: bytes) -> TokenFamily | None:
        """The family whose current or previous refresh token has this hash."""

    def user_sessions(self, pool_id: str, sub: str, now: float) -> Sequence[TokenFamily]:
        """A user's tracked sign-ins that have neither expired nor been revoked."""

    def device(self, pool_id: str, sub: str, key: str) -> Device | None: ...
    def devices(self, pool_id: str, sub: str, *, limit: int, after: str | None) -> Sequence[Device]:
        """A user's devices ordered by key, those behind `after`."""

    def passkey(self, pool_id: str, credential_id: bytes) -> Passkey | None: ...
    def passkeys(self, pool_id: str, sub: str) -> Sequence[Passkey]:
        """A user's passkeys, oldest first."""

    def group(self, pool_id: str, name: str) -> Group | None: ...
    def groups(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[Group]:
        """Groups ordered by name, those behind `after`."""

    def has_groups(self, pool_id: str, count: int) -> bool:
        """Whether a pool has `count` groups or more."""

    def groups_of(self, pool_id: str, sub: str) -> Sequence[Group]:
        """The groups that a user is in, ordered by name."""

    def members(self, pool_id: str, group: str, *, limit: int, after: str | None) -> Sequence[User]:
        """The users in a group ordered by `sub`, those behind `after`."""

    def resource_server(self, pool_id: str, identifier: str) -> ResourceServer | None: ...
    def resource_servers(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[ResourceServer]:
        """Resource servers ordered by identifier, those behind `after`."""

    def messages(self, *, to: str | None = None, pool_id: str | None = None) -> Sequence[Message]:
        """Outbox messages, oldest first."""


class Writer(Reader, Protocol):
    """A view that can change. All changes of one `Store.write` happen together or not at all."""

    def put_meta(self, name: str, value: bytes) -> None: ...

    def add_pool(self, pool: Pool, keys: Sequence[SigningKey]) -> None: ...
    def put_pool(self, pool: Pool) -> None: ...
    def put_signing_key(self, key: SigningKey) -> None:
        """Add a key to a pool, or replace the one of this `kid`."""

    def delete_pool(self, pool_id: str) -> None:
        """Delete a pool and everything in it."""

    def add_client(self, client: AppClient) -> None: ...
    def put_client(self, client: AppClient) -> None: ...
    def delete_client(self, client_id: str) -> None: ...

    def add_user(self, user: User, names: Sequence[LoginName]) -> None:
        """Add a user and its names; `Conflict` when a name is taken."""

    def put_user(self, user: User) -> User:
        """Replace a user read at `user.version`; `Conflict` when it changed since. Returns what is stored
        now, with its new version."""

    def add_name(self, name: LoginName) -> None:
        """`Conflict` when the name is taken by another user."""

    def delete_name(self, pool_id: str, key: str) -> None: ...
    def delete_user(self, pool_id: str, sub: str) -> None:
        """Delete a user with its names, codes, token families, devices, passkeys and messages; it is in no
        group any more."""

    def put_code(self, code: Code) -> None:
        """Keep a code, in place of an older one of the same user, purpose and attribute."""

    def delete_codes(self, pool_id: str, sub: str, purpose: CodePurpose | None = None) -> None: ...
    def put_attempts(self, attempts: Attempts) -> None: ...
    def delete_attempts(self, key: str) -> None: ...
    def put_session_use(self, use: SessionUse) -> None: ...
    def add_family(self, family: TokenFamily) -> None: ...
    def put_family(self, family: TokenFamily) -> None: ...
    def revoke_families(self, pool_id: str, sub: str, at: float) -> None:
        """Revoke all sign-ins of a user; they are no sessions any more."""

    def add_device(self, device: Device) -> None:
        """`Conflict` when the user has a device of this key."""

    def put_device(self, device: Device) -> None:
        """Replace a device; `Conflict` when it was forgotten."""

    def delete_device(self, pool_id: str, sub: str, key: str) -> None:
        """Forget a device; the sign-ins that had it have none any more."""

    def add_passkey(self, passkey: Passkey) -> None:
        """`Conflict` when the pool has a credential of this id."""

    def put_passkey(self, passkey: Passkey) -> None:
        """Replace a passkey; `Conflict` when it is gone."""

    def delete_passkey(self, pool_id: str, credential_id: bytes) -> None: ...
    def add_group(self, group: Group) -> None:
        """`Conflict` when the pool has a group of this name."""

    def put_group(self, group: Group) -> None:
        """Replace a group; `Conflict` when it is gone."""

    def delete_group(self, pool_id: str, name: str) -> None:
        """Delete a group and who is in it; the users stay."""

    def add_member(self, pool_id: str, sub: str, group: str) -> None:
        """Put a user into a group, where he may be already; `Conflict` when one of the two is gone."""

    def delete_member(self, pool_id: str, sub: str, group: str) -> None: ...
    def add_resource_server(self, server: ResourceServer) -> None:
        """`Conflict` when the pool has one of this identifier."""

    def put_resource_server(self, server: ResourceServer) -> None:
        """Replace a resource server; `Conflict` when it is gone."""

    def delete_resource_server(self, pool_id: str, identifier: str) -> None: ...
    def add_message(self, message: Message) -> None: ...
    def delete_message(self, message_id: str) -> None: ...
    def purge(self, now: float) -> int:
        """Delete codes, attempts, session uses and messages that expired before `now`, and families that
        expired a day before (their last access tokens may live that long); how many went. It takes a bounded
        number at a time, so that nobody waits for it: run it again while it finds some."""


class Store(Protocol):
    """Where everything is kept. `write` is durable when it returns."""

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent view."""

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction of its own, serialised with all others.

        It may run in another thread, and again on a conflict of the database, so it has no effect outside.
        What it raises rolls it back and is raised here.
        """

    def reset(self) -> None:
        """Empty the store (development mode)."""

    def close(self) -> None: ...
