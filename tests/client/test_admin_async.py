"""The administration on the asynchronous face, against the embedded pool and against scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name
from tests.flows.stage import POOL
from userpool import (
    AsyncAdmin,
    AsyncUserPool,
    Credentials,
    NewPasswordRequired,
    ParameterError,
    ProtocolError,
    ResourceNotFoundException,
    SignedIn,
    UsernameExistsException,
    UserNotFoundException,
    errors,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp
from userpool.testing.scripted import ScriptedTransport, answer

KEYS = Credentials("AKIDEXAMPLE", "secret-of-the-example")


@pytest.fixture(scope="module")
def pool() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


def scripted(*replies: object) -> tuple[AsyncAdmin, ScriptedTransport]:
    transport = ScriptedTransport([answer(reply) for reply in replies])
    return AsyncAdmin(POOL, credentials=KEYS, transport=transport), transport


async def test_a_user_s_life(pool: AsyncEmbeddedUserPool) -> None:
    admin, name = pool.admin, fresh_name()
    email = f"{name}@example.com"
    made = await admin.admin_create_user(
        name, {"email": email, "email_verified": "true"}, desired_delivery_mediums=["EMAIL"]
    )
    assert made.username == name
    with pytest.raises(UsernameExistsException):
        await admin.admin_create_user(name)
    step = await pool.sign_in(name, pool.outbox.code(email))
    assert isinstance(step, NewPasswordRequired)
    await admin.admin_set_user_password(name, "Temporary-1")
    assert (await admin.admin_get_user(name)).user_status == "FORCE_CHANGE_PASSWORD"
    await admin.admin_set_user_password(name, PASSWORD, permanent=True)
    found = await admin.admin_get_user(name)
    assert (found.user_status, found.enabled) == ("CONFIRMED", True)
    assert isinstance(await pool.sign_in(name, PASSWORD), SignedIn)
    await admin.admin_delete_user(name)
    with pytest.raises(UserNotFoundException, match="User does not exist"):
        await admin.admin_get_user(name)


async def test_a_sign_up_is_confirmed_without_its_code(pool: AsyncEmbeddedUserPool) -> None:
    name = fresh_name()
    await pool.sign_up(name, PASSWORD)
    await pool.admin.admin_confirm_sign_up(name, client_metadata={"by": "hand"})
    assert isinstance(await pool.sign_in(name, PASSWORD), SignedIn)


async def test_users_are_listed_and_found(pool: AsyncEmbeddedUserPool) -> None:
    admin = pool.admin
    made = await admin.create_user_pool("listed")
    names = {fresh_name() for _ in range(7)}
    for name in names:
        await admin.admin_create_user(
            name, {"email": f"{name}@example.com"}, message_action="SUPPRESS", user_pool_id=made.id
        )
    page = await admin.list_users(limit=3, user_pool_id=made.id)
    assert len(page.users or ()) == 3
    assert page.pagination_token is not None
    following = await admin.list_users(limit=60, pagination_token=page.pagination_token, user_pool_id=made.id)
    first = {user.username for user in (*(page.users or ()), *(following.users or ()))}
    everybody = {user.username async for user in admin.users(user_pool_id=made.id)}
    assert first == everybody == names
    one = min(names)
    found = [user async for user in admin.users(filter=f'username = "{one}"', user_pool_id=made.id)]
    assert [user.username for user in found] == [one]
    thin = await admin.list_users(attributes_to_get=["email"], limit=1, user_pool_id=made.id)
    assert [each.name for user in thin.users or () for each in user.attributes or ()] == ["email"]
    await admin.delete_user_pool(made.id)
    with pytest.raises(ResourceNotFoundException):
        await admin.describe_user_pool(made.id)


async def test_pools_and_clients(pool: AsyncEmbeddedUserPool) -> None:
    admin = pool.admin
    policy = idp.UserPoolPolicyType(password_policy=idp.PasswordPolicyType(minimum_length=12))
    made = await admin.create_user_pool("shop", policies=policy, username_attributes=["email"])
    assert made.id is not None
    described = await admin.describe_user_pool(made.id)
    assert described.name == "shop"
    assert described.policies is not None
    assert described.policies.password_policy is not None
    assert described.policies.password_policy.minimum_length == 12
    assert made.id in {each.id async for each in admin.user_pools()}
    assert len((await admin.list_user_pools(max_results=1)).user_pools or ()) == 1
    client = await admin.create_user_pool_client("web", access_token_validity=1, user_pool_id=made.id)
    assert client.client_id is not None
    again = await admin.describe_user_pool_client(client.client_id, user_pool_id=made.id)
    assert again.client_name == "web"
    listed = [each.client_id async for each in admin.user_pool_clients(user_pool_id=made.id)]
    assert listed == [client.client_id]
    await admin.delete_user_pool_client(client.client_id, user_pool_id=made.id)
    page = await admin.list_user_pool_clients(max_results=5, user_pool_id=made.id)
    assert not page.user_pool_clients
    factors = await admin.set_user_pool_mfa_config(
        mfa_configuration="ON",
        software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
        user_pool_id=made.id,
    )
    assert factors.mfa_configuration == "ON"
    assert (await admin.get_user_pool_mfa_config(made.id)).mfa_configuration == "ON"
    await admin.delete_user_pool(made.id)


async def test_any_operation_can_be_called(pool: AsyncEmbeddedUserPool) -> None:
    there = await pool.admin.call(ops.LIST_GROUPS, ops.LIST_GROUPS.input(user_pool_id=pool.user_pool_id))
    assert not there.groups
    with pytest.raises(errors.NotImplementedException):
        await pool.admin.call(ops.GET_CSV_HEADER, ops.GET_CSV_HEADER.input(user_pool_id=pool.user_pool_id))


async def test_an_administrator_without_a_pool_is_told_which() -> None:
    transport = ScriptedTransport([answer({"Username": "ada"})])
    async with AsyncAdmin(region="us-east-1", credentials=KEYS, transport=transport) as admin:
        assert repr(admin) == "AsyncAdmin(None, region='us-east-1')"
        with pytest.raises(ParameterError, match="user_pool_id"):
            await admin.admin_get_user("ada")
        await admin.admin_get_user("ada", user_pool_id=POOL)
    assert transport.json() == {"UserPoolId": POOL, "Username": "ada"}


async def test_a_pool_s_administrator_shares_its_connection() -> None:
    transport = ScriptedTransport([answer({"Username": "ada"})])
    pool = AsyncUserPool(POOL, "client", endpoint="http://localhost:1", transport=transport)
    assert (await pool.admin.admin_get_user("ada")).username == "ada"
    assert "authorization" not in transport.requests[0].headers


async def test_requests_are_signed() -> None:
    admin, transport = scripted({})
    await admin.admin_delete_user("ada")
    (request,) = transport.requests
    assert "Credential=AKIDEXAMPLE/" in request.headers["authorization"]


async def test_pages_go_on_as_long_as_there_is_a_token() -> None:
    admin, transport = scripted(
        {"Users": [{"Username": "a"}], "PaginationToken": "1"}, {"PaginationToken": "2"}, {"Users": []}
    )
    assert [user.username async for user in admin.users()] == ["a"]
    assert [transport.json(index).get("PaginationToken") for index in range(3)] == [None, "1", "2"]
    admin, transport = scripted({"UserPools": [{"Id": POOL}], "NextToken": "1"}, {})
    assert [each.id async for each in admin.user_pools()] == [POOL]
    assert transport.json(1) == {"MaxResults": 60, "NextToken": "1"}
    admin, transport = scripted({"UserPoolClients": [{"ClientId": "c"}], "NextToken": "1"}, {})
    assert [each.client_id async for each in admin.user_pool_clients()] == ["c"]
    assert transport.json(1) == {"UserPoolId": POOL, "NextToken": "1"}


async def test_a_success_says_at_what() -> None:
    for call in ("describe_user_pool",):
        admin, _ = scripted({})
        with pytest.raises(ProtocolError, match="without saying at what") as caught:
            await getattr(admin, call)()
        assert caught.value.operation == "DescribeUserPool"


async def test_settings_go_out_under_their_wire_names() -> None:
    admin, transport = scripted({"UserPool": {"Id": POOL}}, {"UserPoolClient": {"ClientId": "c"}})
    await admin.create_user_pool(
        "shop",
        auto_verified_attributes=("email",),
        user_pool_tags={"team": "shop"},
        mfa_configuration="OFF",
        username_configuration=idp.UsernameConfigurationType(case_sensitive=False),
    )
    assert transport.json() == {
        "PoolName": "shop",
        "AutoVerifiedAttributes": ["email"],
        "UserPoolTags": {"team": "shop"},
        "MfaConfiguration": "OFF",
        "UsernameConfiguration": {"CaseSensitive": False},
    }
    await admin.create_user_pool_client(
        "web",
        callback_urls=["https://example.com/cb"],
        allowed_oauth_flows_user_pool_client=True,
        refresh_token_rotation=idp.RefreshTokenRotationType(feature="ENABLED", retry_grace_period_seconds=10),
    )
    assert transport.json() == {
        "UserPoolId": POOL,
        "ClientName": "web",
        "CallbackURLs": ["https://example.com/cb"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    }
