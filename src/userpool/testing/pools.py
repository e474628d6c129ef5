"""Fresh user pools for tests, and users that are ready to be used.

A pool of these is real: it refuses what Cognito refuses. It lives in this process's memory, with its own
clock and outbox, and is there in some tens of milliseconds; only the keys that sign tokens are shared with
the other pools of this process, because making them would take longer than all the rest.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import TYPE_CHECKING, Any, Final

from userpool.client._sync.admin import Admin
from userpool.client._sync.pool import UserPool
from userpool.client.credentials import no_credentials
from userpool.client.signed_in import SignedIn
from userpool.embedded import ORIGIN, AsyncEmbeddedUserPool, EmbeddedUserPool
from userpool.flows.results import MfaPreference
from userpool.protocol import operations as ops
from userpool.protocol import totp
from userpool.protocol.shapes import idp

from ._keys import spare_keys

if TYPE_CHECKING:
    from userpool.client._async.user import AsyncUser
    from userpool.client._sync.user import User
    from userpool.crypto.rs256 import SigningKey
    from userpool.flows.grant import Tokens
    from userpool.service.ports import Triggers
    from userpool.storage.api import Storage

PASSWORD: Final = "Correct-horse-7"
"""What the users of `make_user` sign in with, unless the test says otherwise."""

_numbers = count(1)


@contextmanager
def fresh_pool(
    *, storage: Storage | None = None, triggers: Triggers | None = None
) -> Iterator[EmbeddedUserPool]:
    """A pool of its own for a test: `with fresh_pool() as pool:`.

    Args:
        storage: keeps the tokens; by default this process's memory.
        triggers: as `UserPool.embedded`.
    """
    with EmbeddedUserPool(storage=storage, triggers=triggers, new_signing_key=_keys()) as pool:
        yield pool


@contextmanager
def fresh_async_pool(
    *, storage: Storage | None = None, triggers: Triggers | None = None
) -> Iterator[AsyncEmbeddedUserPool]:
    """The same for asyncio. It is opened and closed without a loop: `with fresh_async_pool() as pool:`."""
    pool = AsyncEmbeddedUserPool(storage=storage, triggers=triggers, new_signing_key=_keys())
    try:
        yield pool
    finally:
        pool._embedded.service.close()  # there is nothing else to close, and no loop to do it in


@dataclass(frozen=True, slots=True)
class ReadyUser:
    """A user that a test can use at once."""

    username: str
    password: str = field(repr=False)
    sub: str
    attributes: Mapping[str, str] = field(hash=False)
    totp_secret: str | None = field(default=None, repr=False)
    """The seed of the user's authenticator app, where one was asked for."""
    tokens: Tokens | None = field(default=None, repr=False)
    """Of a sign-in, where one was asked for."""

    def totp_code(self, *, steps_ahead: int = 1) -> str:
        """What the user's app shows. Each code counts once, so the next one is given, which is good already.

        Args:
            steps_ahead: how many times thirty seconds from now; 1 at most is taken.

        Raises:
            LookupError: the user has no app.
        """
        if self.totp_secret is None:
            raise LookupError(f"{self.username} has no authenticator app: make_user(…, totp=True) gives one.")
        return totp.code(self.totp_secret, time.time() + steps_ahead * totp.STEP_SECONDS)

    def of(self, pool: UserPool) -> User:
        """The signed-in user, on a pool for threads.

        Raises:
            LookupError: the user is not signed in.
        """
        return pool.user(**self._tokens())

    def of_async(self, pool: AsyncEmbeddedUserPool) -> AsyncUser:
        """The signed-in user, on a pool for asyncio; errors as `of`."""
        return pool.user(**self._tokens())

    def _tokens(self) -> dict[str, Any]:
        if self.tokens is None:
            raise LookupError(f"{self.username} is not signed in: make_user(…, signed_in=True) does that.")
        return {
            "access_token": self.tokens.access_token,
            "id_token": self.tokens.id_token,
            "refresh_token": self.tokens.refresh_token,
        }


def make_user(
    pool: EmbeddedUserPool | AsyncEmbeddedUserPool,
    username: str | None = None,
    *,
    password: str = PASSWORD,
    attributes: Mapping[str, str] | None = None,
    groups: Iterable[str] = (),
    totp: bool = False,
    signed_in: bool = True,
) -> ReadyUser:
    """Make a confirmed user in a pool, by its administration: no code is sent.

    It does not wait for anything, so it serves pools of both colours.

    Args:
        pool: from `fresh_pool` or `fresh_async_pool`, or any embedded one.
        username: by default one that nobody else has.
        password: theirs, for good.
        attributes: by default a verified e-mail address.
        groups: made where they are not there yet.
        totp: with an authenticator app that is asked for at each sign-in.
        signed_in: with tokens of a sign-in.
    """
    name = username or f"user-{next(_numbers)}"
    given = dict(attributes or {"email": f"{name}@example.com", "email_verified": "true"})
    admin = Admin(pool.user_pool_id, endpoint=ORIGIN, transport=pool.transport, credentials=no_credentials)
    made = admin.admin_create_user(name, given, message_action="SUPPRESS")
    admin.admin_set_user_password(name, password, permanent=True)
    for group in groups:
        _join(admin, pool.user_pool_id, name, group)
    sub = next(each.value or "" for each in made.attributes or () if each.name == "sub")
    own = UserPool(
        pool.user_pool_id,
        pool.client_id,
        endpoint=ORIGIN,
        transport=pool.transport,
        verify_tokens=False,
        clock=pool.clock.now,
    )
    tokens = secret = None
    if totp or signed_in:
        step = own.sign_in(name, password)
        if not isinstance(step, SignedIn):
            raise LookupError(f"The pool asks {name} for {step.name} too: use signed_in=False.")
        secret = _with_app(admin, step.user) if totp else None
        tokens = step.user.tokens()
    return ReadyUser(name, password, sub, given, secret, tokens if signed_in else None)


def _with_app(admin: Admin, user: User) -> str:
    """Register an authenticator app and prefer it, in a pool that may have to learn of apps first."""
    config = admin.get_user_pool_mfa_config()
    app = config.software_token_mfa_configuration
    if config.mfa_configuration not in ("OPTIONAL", "ON") or app is None or not app.enabled:
        admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
            sms_mfa_configuration=config.sms_mfa_configuration,
            email_mfa_configuration=config.email_mfa_configuration,
        )
    seed = user.associate_software_token()
    user.verify_software_token(totp.code(seed.secret_code, time.time()))
    user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    return seed.secret_code


def _keys() -> Callable[[], SigningKey]:
    """The two keys of this process in turns: a pool takes two, one a kind of token."""
    return cycle(spare_keys()).__next__


def _join(admin: Admin, user_pool_id: str, username: str, group: str) -> None:
    from userpool.protocol.errors import GroupExistsException

    with contextlib.suppress(GroupExistsException):  # another user's
        admin.call(ops.CREATE_GROUP, idp.CreateGroupRequest(group_name=group, user_pool_id=user_pool_id))
    joining = idp.AdminAddUserToGroupRequest(user_pool_id=user_pool_id, username=username, group_name=group)
    admin.call(ops.ADMIN_ADD_USER_TO_GROUP, joining)
