"""Users, as administrators make, see and list them: AdminCreateUser, AdminGetUser, ListUsers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    UnsupportedUserStateException,
    UsernameExistsException,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..delivery import Parcel, pack
from ..domain import attributes as rules
from ..domain import identifiers
from ..domain.factors.choices import passwordless
from ..domain.filters import parse_filter
from ..domain.invitations import invitation_deliveries, temporary_password
from ..domain.pagination import page_size, split
from ..domain.passwords import check_policy, with_password
from ..domain.records import ListedUser, LoginName, NameKind, PasswordRecord, Pool, User, UserStatus
from ..domain.schema import VERIFIED_FLAGS
from ..domain.search import position
from ..domain.settings import MfaMethod, PoolSettings
from ..domain.usernames import canonical, identify
from ..messages.outbox import Purpose
from ..names import names_of
from ..passwords import make_record
from ..ports import Conflict, Reader, Trigger, Writer
from ..triggers.calling import NO_CLIENT, Occasion
from ..triggers.events import pre_sign_up
from .lookup import existing_pool, page_start, page_token
from .pools import instant

_logger = logging.getLogger("userpool.service")


def existing_user(reader: Reader, settings: PoolSettings, username: str) -> User:
    """The user of this name, alias or `sub`, as administrators may write it.

    Raises:
        UserNotFoundException: there is none; or the text is the `sub` of one user and a name of another, who
            may have chosen it to be taken for the first.
    """
    named = reader.user_named(settings.pool.id, [canonical(settings, username)])
    meant = reader.user(settings.pool.id, username) if len(username) == identifiers.UUID_LENGTH else None
    user = named or meant
    if user is None or (meant is not None and meant.sub != user.sub):
        raise UserNotFoundException("User does not exist.")
    return user


def read_user(context: Context, pool_id: str, username: str) -> tuple[PoolSettings, User]:
    """The pool's settings and the user that an administrator names."""

    def read(reader: Reader) -> tuple[PoolSettings, User]:
        settings = PoolSettings(existing_pool(reader, pool_id))
        return settings, existing_user(reader, settings, username)

    return context.store.read(read)


@handles(ops.ADMIN_CREATE_USER)
def admin_create_user(
    context: Context, call: Call[idp.AdminCreateUserRequest]
) -> idp.AdminCreateUserResponse:
    """AdminCreateUser, and its RESEND for a user who did not take the invitation up."""
    request = call.input
    settings = PoolSettings(context.store.read(lambda reader: existing_pool(reader, request.user_pool_id)))
    password = request.temporary_password or None
    if password is not None:
        check_policy(settings.password_policy, password)
    user = (
        _invite_again(context, settings, request, password)
        if request.message_action == "RESEND"
        else _create(context, settings, request, password)
    )
    return idp.AdminCreateUserResponse(user=user_shape(user))


def _create(
    context: Context, settings: PoolSettings, request: idp.AdminCreateUserRequest, password: str | None
) -> User:
    user, names = new_user(
        context, settings, request.username, rules.given_attributes(request.user_attributes)
    )
    about = Occasion(Trigger.PRE_SIGN_UP, "AdminCreateUser", settings.pool.id, NO_CLIENT, user.username)
    validation = rules.given_attributes(request.validation_data) if request.validation_data else None
    # It may refuse the user; what else it says is not for users whom an administrator makes.
    pre_sign_up(context, about, user, validation, request.client_metadata)
    invited = password or _generated(context, settings)
    if invited is not None:
        user = replace(
            user,
            password=_temporary(context, settings.pool, user, invited),
            status=UserStatus.FORCE_CHANGE_PASSWORD,
        )
    parcels = _invitations(context, settings, user, request, invited)

    def add(writer: Writer) -> None:
        existing_pool(writer, settings.pool.id)
        if request.force_alias_creation:
            take_names(writer, settings, names, context.clock.now())
        writer.add_user(user, names)
        for parcel in parcels:
            writer.add_message(parcel.message)

    try:
        context.store.write(add)
    except Conflict:
        raise _exists(context, settings, names) from None
    for parcel in parcels:
        parcel.send(context)
    return user


def new_user(
    context: Context, settings: PoolSettings, username: str, attributes: Mapping[str, str]
) -> tuple[User, list[LoginName]]:
    """A user that an administrator makes, confirmed and without a password, and the names that find it."""
    if "sub" in attributes:
        raise InvalidParameterException("Cannot modify the non-mutable attribute sub")
    sub = identifiers.uuid(context.random)
    identity = identify(settings, username, rules.conform(settings, attributes), sub)
    kept = {name: value for name, value in identity.attributes.items() if value}
    rules.check_flags(kept)
    now = context.clock.now()
    user = User(
        pool_id=settings.pool.id,
        sub=sub,
        username=identity.username,
        status=UserStatus.CONFIRMED,
        enabled=True,
        attributes={"sub": sub, **kept},
        created_at=now,
        modified_at=now,
    )
    names = {name.key: name for name in (*names_of(settings, user).values(), *identity.names)}
    return user, list(names.values())


def take_names(writer: Writer, settings: PoolSettings, names: Iterable[LoginName], now: float) -> None:
    """Take aliases from whoever has them: their address is not verified any more (ForceAliasCreation)."""
    for name in names:
        owner = writer.name_owner(name.pool_id, name.key)
        if name.kind in settings.alias_attributes and owner is not None and owner.sub != name.sub:
            writer.delete_name(name.pool_id, name.key)
            user = writer.user(name.pool_id, owner.sub)
            flag = VERIFIED_FLAGS.get(name.kind)
            if user is not None and flag is not None:
                attributes = {**user.attributes, flag: "false"}
                writer.put_user(replace(user, attributes=attributes, modified_at=now))


def _exists(context: Context, settings: PoolSettings, names: Iterable[LoginName]) -> UsernameExistsException:
    """Why a new user's name was refused: which of `names` is somebody else's."""

    def taken(reader: Reader) -> NameKind:
        kinds = [name.kind for name in names if reader.name_owner(settings.pool.id, name.key) is not None]
        return kinds[0] if kinds else NameKind.USERNAME

    kind = context.store.read(taken)
    if kind is NameKind.USERNAME:
        return UsernameExistsException("User already exists")
    return UsernameExistsException(f"An account with the given {kind} already exists.")


def _invite_again(
    context: Context, settings: PoolSettings, request: idp.AdminCreateUserRequest, password: str | None
) -> User:
    _, user = read_user(context, request.user_pool_id, request.username)
    _check_invited(user)
    invited = password or temporary_password(settings.password_policy, context.random)
    record = _temporary(context, settings.pool, user, invited)
    parcels = _invitations(context, settings, user, request, invited)

    def renew(writer: Writer) -> User:
        # Read again: what was decided on may have changed while the verifier was made.
        present = writer.user(user.pool_id, user.sub)
        if present is None:
            raise UserNotFoundException("User does not exist.")
        _check_invited(present)
        changed = writer.put_user(with_password(settings, present, record, context.clock.now()))
        for parcel in parcels:
            writer.add_message(parcel.message)
        return changed

    renewed = context.store.write(renew)
    for parcel in parcels:
        parcel.send(context)
    return renewed


def _check_invited(user: User) -> None:
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD:
        raise UnsupportedUserStateException(
            f"Resend not possible. {user.username} status is not FORCE_CHANGE_PASSWORD"
        )


def _generated(context: Context, settings: PoolSettings) -> str | None:
    """A password for a user who was given none; `None` where the pool lets users in without one."""
    if passwordless(settings):
        return None
    return temporary_password(settings.password_policy, context.random)


def _temporary(context: Context, pool: Pool, user: User, password: str) -> PasswordRecord:
    return make_record(context, pool, user.sub, user.username, password, temporary=True)


def _invitations(
    context: Context,
    settings: PoolSettings,
    user: User,
    request: idp.AdminCreateUserRequest,
    password: str | None,
) -> list[Parcel]:
    if request.message_action == "SUPPRESS" or password is None:
        return []
    deliveries = invitation_deliveries(user, request.desired_delivery_mediums)
    if not deliveries:
        _logger.info("user %s gets no invitation: there is no address for the media asked for", user.sub)
    expires_at = context.clock.now() + settings.password_policy.temporary_seconds
    return [pack(context, user, one, Purpose.INVITATION, password, expires_at) for one in deliveries]


@handles(ops.ADMIN_GET_USER)
def admin_get_user(context: Context, call: Call[idp.AdminGetUserRequest]) -> idp.AdminGetUserResponse:
    """AdminGetUser."""
    _, user = read_user(context, call.input.user_pool_id, call.input.username)
    return idp.AdminGetUserResponse(
        username=user.username,
        user_attributes=attribute_list(user),
        user_create_date=instant(user.created_at),
        user_last_modified_date=instant(user.modified_at),
        enabled=user.enabled,
        user_status=str(user.status),
        mfa_options=mfa_options(user),
        preferred_mfa_setting=user.mfa_preferred,
        user_mfa_setting_list=sorted(user.mfa_enabled) or None,
    )


@handles(ops.LIST_USERS)
def list_users(context: Context, call: Call[idp.ListUsersRequest]) -> idp.ListUsersResponse:
    """ListUsers."""
    request = call.input
    wanted = parse_filter(request.filter)
    size = page_size(request.limit)
    bound: tuple[str | None, ...] = (request.user_pool_id, request.filter)
    after = page_start(context, "ListUsers", request.pagination_token, *bound)
    search: dict[str, Any] = (
        {}
        if wanted is None
        else {"attribute": wanted.attribute, "value": wanted.value, "prefix": wanted.prefix}
    )

    def read(reader: Reader) -> tuple[Pool, list[ListedUser]]:
        pool = existing_pool(reader, request.user_pool_id)
        return pool, list(reader.users(pool.id, limit=size + 1, after=after, **search))

    pool, rows = context.store.read(read)
    names = request.attributes_to_get
    if names is not None and set(names) - PoolSettings(pool).schema.keys():
        raise InvalidParameterException("One or more requested attributes do not exist.")
    page, following = split(rows, size, lambda user: position(user, **_ordering(search)))
    return idp.ListUsersResponse(
        users=[user_shape(user, names) for user in page],
        pagination_token=page_token(context, "ListUsers", following, *bound),
    )


def _ordering(search: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in search.items() if name != "value"}


def attribute_list(user: User | ListedUser, names: Iterable[str] | None = None) -> list[idp.AttributeType]:
    """A user's attributes as shapes carry them; `names` leaves others out."""
    wanted = None if names is None else set(names)
    return [
        idp.AttributeType(name=name, value=value)
        for name, value in user.attributes.items()
        if wanted is None or name in wanted
    ]


def mfa_options(user: User | ListedUser) -> list[idp.MFAOptionType] | None:
    """What members of the oldest kind say of a user's second factors: whether codes go out by SMS."""
    if MfaMethod.SMS not in user.mfa_enabled:
        return None
    return [idp.MFAOptionType(delivery_medium="SMS", attribute_name="phone_number")]


def user_shape(user: User | ListedUser, names: Iterable[str] | None = None) -> idp.UserType:
    """A user as lists and AdminCreateUser show it."""
    return idp.UserType(
        username=user.username,
        attributes=attribute_list(user, names),
        user_create_date=instant(user.created_at),
        user_last_modified_date=instant(user.modified_at),
        enabled=user.enabled,
        user_status=str(user.status),
        mfa_options=mfa_options(user),
    )
