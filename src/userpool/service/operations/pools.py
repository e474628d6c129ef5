"""User pools: CreateUserPool, DescribeUserPool, ListUserPools, DeleteUserPool, UpdateUserPool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from userpool.protocol import endpoints
from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException
from userpool.protocol.shapes import Shape, idp

from ..context import Call, Context, handles
from ..domain import identifiers
from ..domain.pagination import page_size, split
from ..domain.pool_rules import IMMUTABLE, check_pool
from ..domain.records import KeyUse, Pool
from ..domain.settings import SESSION_CONFIGURATION, PoolSettings
from ..ports import Writer
from ..sealed import seal_signing_key
from .lookup import existing_pool, page_start, page_token

_AS_STORED = (
    "AutoVerifiedAttributes",
    "AliasAttributes",
    "UsernameAttributes",
    "SmsAuthenticationMessage",
    "UserAttributeUpdateSettings",
    "DeviceConfiguration",
    "SmsConfiguration",
    "UserPoolAddOns",
    "DcrConfiguration",
    "UsernameConfiguration",
    "AccountRecoverySetting",
    "KeyConfiguration",
    "IssuerConfiguration",
    "AcrConfiguration",
)
_MFA_MEMBERS = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)


def stored_members(shape: Shape, *without: str) -> dict[str, Any]:
    """The members that a request gave, by wire name, ready to be stored."""
    members: dict[str, Any] = msgspec.to_builtins(shape)
    for name in without:
        members.pop(name, None)
    return members


def instant(seconds: float) -> datetime:
    """A time of the store as shapes carry it."""
    return datetime.fromtimestamp(seconds, UTC)


@handles(ops.CREATE_USER_POOL)
def create_user_pool(context: Context, call: Call[idp.CreateUserPoolRequest]) -> idp.CreateUserPoolResponse:
    """CreateUserPool."""
    settings = stored_members(call.input, "PoolName")
    pool = create_pool(context, call.input.pool_name, settings)
    return idp.CreateUserPoolResponse(user_pool=describe(context, pool, 0))


def create_pool(context: Context, name: str, settings: Mapping[str, Any], pool_id: str | None = None) -> Pool:
    """Make a pool with its two signing keys; `pool_id` pins its id."""
    check_pool(settings)
    now = context.clock.now()
    pool = Pool(
        id=pool_id or identifiers.pool_id(context.settings.region, context.random),
        name=name,
        settings=settings,
        created_at=now,
        modified_at=now,
    )
    keys = [
        seal_signing_key(context.keys, pool.id, use, context.new_signing_key(), now)
        for use in (KeyUse.ID, KeyUse.ACCESS)
    ]
    context.store.write(lambda writer: writer.add_pool(pool, keys))
    return pool


@handles(ops.DESCRIBE_USER_POOL)
def describe_user_pool(
    context: Context, call: Call[idp.DescribeUserPoolRequest]
) -> idp.DescribeUserPoolResponse:
    """DescribeUserPool."""
    pool_id = call.input.user_pool_id
    pool, users = context.store.read(
        lambda reader: (existing_pool(reader, pool_id), reader.count_users(pool_id))
    )
    return idp.DescribeUserPoolResponse(user_pool=describe(context, pool, users))


@handles(ops.LIST_USER_POOLS)
def list_user_pools(context: Context, call: Call[idp.ListUserPoolsRequest]) -> idp.ListUserPoolsResponse:
    """ListUserPools."""
    size = page_size(call.input.max_results)
    after = page_start(context, "ListUserPools", call.input.next_token)
    rows = context.store.read(lambda reader: reader.pools(limit=size + 1, after=after))
    page, following = split(rows, size, lambda pool: pool.id)
    return idp.ListUserPoolsResponse(
        user_pools=[_summary(pool) for pool in page],
        next_token=page_token(context, "ListUserPools", following),
    )


@handles(ops.DELETE_USER_POOL)
def delete_user_pool(context: Context, call: Call[idp.DeleteUserPoolRequest]) -> idp.DeleteUserPoolResponse:
    """DeleteUserPool."""
    pool_id = call.input.user_pool_id
    pool = context.store.read(lambda reader: existing_pool(reader, pool_id))
    if PoolSettings(pool).deletion_protected:
        raise InvalidParameterException(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )
    context.store.write(lambda writer: writer.delete_pool(pool_id))
    return idp.DeleteUserPoolResponse()


@handles(ops.UPDATE_USER_POOL)
def update_user_pool(context: Context, call: Call[idp.UpdateUserPoolRequest]) -> idp.UpdateUserPoolResponse:
    """UpdateUserPool: what is left out goes back to its default, but for what is fixed at creation, the
    factors that SetUserPoolMfaConfig set up, the tracking of sessions, and DcrConfiguration.
    """
    given = stored_members(call.input, "UserPoolId", "PoolName")
    kept = (*IMMUTABLE, *_MFA_MEMBERS, "DcrConfiguration", SESSION_CONFIGURATION)

    def apply(writer: Writer) -> None:
        pool = existing_pool(writer, call.input.user_pool_id)
        settings = {name: pool.settings[name] for name in kept if name in pool.settings} | given
        check_pool(settings)
        name = call.input.pool_name or pool.name
        writer.put_pool(replace(pool, name=name, settings=settings, modified_at=context.clock.now()))

    context.store.write(apply)
    return idp.UpdateUserPoolResponse()


def _summary(pool: Pool) -> idp.UserPoolDescriptionType:
    return idp.UserPoolDescriptionType(
        id=pool.id,
        name=pool.name,
        lambda_config=idp.LambdaConfigType(),
        last_modified_date=instant(pool.modified_at),
        creation_date=instant(pool.created_at),
    )


def describe(context: Context, pool: Pool, users: int) -> idp.UserPoolType:
    """A pool as DescribeUserPool shows it, with the defaults that are in effect filled in."""
    settings = PoolSettings(pool)
    stored = pool.settings
    policy = settings.password_policy
    text = settings.verification_message
    wire: dict[str, Any] = {name: stored[name] for name in _AS_STORED if name in stored}
    wire |= {
        "Id": pool.id,
        "Name": pool.name,
        "Arn": arn(context, pool),
        "LastModifiedDate": instant(pool.modified_at),
        "CreationDate": instant(pool.created_at),
        "EstimatedNumberOfUsers": users,
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": policy.minimum_length,
                "RequireUppercase": policy.require_uppercase,
                "RequireLowercase": policy.require_lowercase,
                "RequireNumbers": policy.require_numbers,
                "RequireSymbols": policy.require_symbols,
                "TemporaryPasswordValidityDays": policy.temporary_days,
            }
            | ({"PasswordHistorySize": policy.history} if policy.history else {}),
            "SignInPolicy": {"AllowedFirstAuthFactors": list(settings.first_factors)},
        },
        "DeletionProtection": "ACTIVE" if settings.deletion_protected else "INACTIVE",
        "LambdaConfig": {},
        "SchemaAttributes": [one.to_wire() for one in settings.schema.values()],
        "MfaConfiguration": str(settings.mfa),
        "EmailConfiguration": stored.get("EmailConfiguration") or {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": stored.get("UserPoolTags") or {},
        "AdminCreateUserConfig": {
            **(stored.get("AdminCreateUserConfig") or {}),
            "AllowAdminCreateUserOnly": settings.admin_create_only,
            "UnusedAccountValidityDays": policy.temporary_days,
        },
        "UserPoolTier": settings.tier,
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            **(stored.get("VerificationMessageTemplate") or {}),
        },
    }
    for member, part, value in (
        ("SmsVerificationMessage", "SmsMessage", text.sms),
        ("EmailVerificationMessage", "EmailMessage", text.email),
        ("EmailVerificationSubject", "EmailSubject", text.subject),
    ):
        if value is not None:
            wire[member] = wire["VerificationMessageTemplate"][part] = value
    return msgspec.convert(wire, idp.UserPoolType)


def arn(context: Context, pool: Pool) -> str:
    """The pool's Amazon resource name."""
    region = pool.id.partition("_")[0]
    partition = endpoints.partition_of(region).name
    return f"arn:{partition}:cognito-idp:{region}:{context.settings.account_id}:userpool/{pool.id}"
