"""The pytest plugin: fixtures for tests of programs that sign in with Cognito.

It is there as soon as `userpool` is installed, and loads nothing until a test asks for one of its fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from userpool.embedded import AsyncEmbeddedUserPool, EmbeddedUserPool
    from userpool.testing.pools import ReadyUser
    from userpool.testing.tokens import TokenIssuer


@pytest.fixture
def user_pool() -> Iterator[EmbeddedUserPool]:
    """A user pool of this test's own, for threads: real, in memory; with `outbox`, `clock` and `admin`."""
    from userpool.testing.pools import fresh_pool

    with fresh_pool() as pool:
        yield pool


@pytest.fixture
def async_user_pool() -> Iterator[AsyncEmbeddedUserPool]:
    """A user pool of this test's own, for asyncio."""
    from userpool.testing.pools import fresh_async_pool

    with fresh_async_pool() as pool:
        yield pool


@pytest.fixture
def make_pool_user(request: pytest.FixtureRequest) -> Callable[..., ReadyUser]:
    """Makes confirmed users in the pool of this test: `make_pool_user("ada", groups=["admins"], totp=True)`.

    Arguments as `userpool.testing.pools.make_user` without the pool; a test with pools of both colours names
    the one it means: `make_pool_user("ada", pool=async_user_pool)`.
    """
    from userpool.testing.pools import make_user

    def make(username: str | None = None, *, pool: Any = None, **options: Any) -> ReadyUser:
        named = "async_user_pool" if "async_user_pool" in request.fixturenames else "user_pool"
        return make_user(pool or request.getfixturevalue(named), username, **options)

    return make


@pytest.fixture
def token_issuer() -> TokenIssuer:
    """Signs tokens with any claims; `token_issuer.verifier()` takes them."""
    from userpool.testing.tokens import TokenIssuer

    return TokenIssuer()
