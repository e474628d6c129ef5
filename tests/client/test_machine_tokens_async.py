"""Tokens for programs, on the asynchronous face, against the embedded pool."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name
from userpool import (
    AsyncUserPool,
    InvalidParameterException,
    NotAuthorizedException,
    ParameterError,
    SignedIn,
    TokenError,
    TokenVerifier,
    errors,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp

EXCHANGE = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_TOKEN_EXCHANGE_IMPERSONATION",
    "ALLOW_TOKEN_EXCHANGE_DELEGATION",
]


@pytest.fixture
def pool() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


async def client_of(
    pool: AsyncEmbeddedUserPool, flows: list[str], *, wrong_first: bool = False
) -> AsyncUserPool:
    """An app client with a secret, for a resource server called `orders`."""
    scopes = [
        idp.ResourceServerScopeType(scope_name=name, scope_description=f"may {name}")
        for name in ("read", "write")
    ]
    await pool.admin.call(
        ops.CREATE_RESOURCE_SERVER,
        ops.CREATE_RESOURCE_SERVER.input(
            user_pool_id=pool.user_pool_id, identifier="orders", name="Orders", scopes=scopes
        ),
    )
    made = await pool.admin.create_user_pool_client(
        "machine",
        generate_secret=True,
        explicit_auth_flows=flows,
        allowed_oauth_scopes=["orders/read", "orders/write"],
    )
    assert made.client_id is not None
    assert made.client_secret is not None
    secret = ("w" * 40, made.client_secret) if wrong_first else made.client_secret
    return pool.app_client(made.client_id, secret)


async def test_a_program_gets_a_token_in_its_own_name(pool: AsyncEmbeddedUserPool) -> None:
    program = await client_of(pool, ["ALLOW_CLIENT_TOKEN_AUTH"])
    asked_at = datetime.now(UTC)
    token = await program.get_client_token(["orders/read"])
    assert token.token_type == "Bearer"
    assert token.expires_at is not None
    assert timedelta(minutes=59) < token.expires_at - asked_at < timedelta(minutes=61)

    verifier = TokenVerifier(
        pool.user_pool_id, client_id=program.client_id, token_use="access", transport=pool.transport
    )
    claims = verifier.verify(token.access_token)
    assert claims.sub == program.client_id
    assert claims.scopes == ("orders/read",)
    everything = verifier.verify((await program.get_client_token()).access_token)
    assert set(everything.scopes) == {"orders/read", "orders/write"}


async def test_it_speaks_for_no_user(pool: AsyncEmbeddedUserPool) -> None:
    program = await client_of(pool, ["ALLOW_CLIENT_TOKEN_AUTH"])
    token = await program.get_client_token()
    with pytest.raises(TokenError, match="which no user has"):
        program.user(access_token=token.access_token)


async def test_the_secret_that_fits_is_found(pool: AsyncEmbeddedUserPool) -> None:
    program = await client_of(pool, ["ALLOW_CLIENT_TOKEN_AUTH"], wrong_first=True)
    assert (await program.get_client_token()).access_token
    stranger = pool.app_client(program.client_id, "x" * 40)
    with pytest.raises(NotAuthorizedException):
        await stranger.get_client_token()
    with pytest.raises(ParameterError, match="client_secret="):
        await pool.get_client_token()


async def test_an_app_client_that_may_not_is_told_so(pool: AsyncEmbeddedUserPool) -> None:
    program = await client_of(pool, EXCHANGE)
    with pytest.raises(InvalidParameterException, match="CLIENT_TOKEN_AUTH"):
        await program.get_client_token()


async def test_a_user_s_token_is_exchanged_for_one_for_another_service(pool: AsyncEmbeddedUserPool) -> None:
    program = await client_of(pool, EXCHANGE)
    name = fresh_name()
    await program.sign_up(name, PASSWORD, {"email": f"{name}@example.com"})
    await program.confirm_sign_up(name, pool.outbox.code(f"{name}@example.com"))
    step = await program.sign_in(name, PASSWORD)
    assert isinstance(step, SignedIn)
    mine = await step.user.access_token()

    derived = await program.get_derived_token(mine, audiences=["billing"])
    assert (derived.issued_token_type, derived.token_type) == ("ACCESS_TOKEN", "Bearer")
    assert derived.expires_at is not None
    assert derived.expires_at > datetime.now(UTC)
    assert derived.issued_token != mine

    acted = await program.get_derived_token(
        mine, actor_token=mine, actor_token_type="ACCESS_TOKEN", audiences=["billing"]
    )
    assert acted.issued_token
    with pytest.raises(errors.ServiceError):
        await program.get_derived_token("a.b.c", audiences=["billing"])
