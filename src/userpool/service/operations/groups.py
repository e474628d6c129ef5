"""Groups of users: CreateGroup, GetGroup, UpdateGroup, DeleteGroup, ListGroups, ListUsersInGroup,
AdminAddUserToGroup, AdminRemoveUserFromGroup, AdminListGroupsForUser.

Groups show in the next tokens of their users; tokens that are out already keep what they say.
"""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    GroupExistsException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.groups import MAX_GROUPS, MAX_OF_USER
from ..domain.pagination import page_size, split
from ..domain.records import Group, User
from ..domain.settings import PoolSettings
from ..ports import Reader, Writer
from .lookup import existing_pool, page_start, page_token
from .pools import instant
from .users import existing_user, user_shape


@handles(ops.CREATE_GROUP)
def create_group(context: Context, call: Call[idp.CreateGroupRequest]) -> idp.CreateGroupResponse:
    """CreateGroup."""
    given, now = call.input, context.clock.now()
    group = Group(
        given.user_pool_id, given.group_name, given.description, given.role_arn, given.precedence, now, now
    )

    def add(writer: Writer) -> None:
        existing_pool(writer, group.pool_id)
        if writer.group(group.pool_id, group.name) is not None:
            raise GroupExistsException("A group with the name already exists.")
        if writer.has_groups(group.pool_id, MAX_GROUPS):
            raise LimitExceededException(f"A user pool can have at most {MAX_GROUPS} groups.")
        writer.add_group(group)

    context.store.write(add)
    return idp.CreateGroupResponse(group=_shape(group))


@handles(ops.GET_GROUP)
def get_group(context: Context, call: Call[idp.GetGroupRequest]) -> idp.GetGroupResponse:
    """GetGroup."""
    given = call.input
    group = context.store.read(lambda reader: _existing(reader, given.user_pool_id, given.group_name))
    return idp.GetGroupResponse(group=_shape(group))


@handles(ops.UPDATE_GROUP)
def update_group(context: Context, call: Call[idp.UpdateGroupRequest]) -> idp.UpdateGroupResponse:
    """UpdateGroup: what is left out stays as it is."""
    given = call.input
    changes = {
        name: value
        for name in ("description", "role_arn", "precedence")
        if (value := getattr(given, name)) is not None
    }

    def apply(writer: Writer) -> Group:
        found = _existing(writer, given.user_pool_id, given.group_name)
        changed = replace(found, modified_at=context.clock.now(), **changes)
        writer.put_group(changed)
        return changed

    return idp.UpdateGroupResponse(group=_shape(context.store.write(apply)))


@handles(ops.DELETE_GROUP)
def delete_group(context: Context, call: Call[idp.DeleteGroupRequest]) -> idp.DeleteGroupResponse:
    """DeleteGroup: its users stay, and are in it no more."""
    given = call.input

    def apply(writer: Writer) -> None:
        _existing(writer, given.user_pool_id, given.group_name)
        writer.delete_group(given.user_pool_id, given.group_name)

    context.store.write(apply)
    return idp.DeleteGroupResponse()


@handles(ops.LIST_GROUPS)
def list_groups(context: Context, call: Call[idp.ListGroupsRequest]) -> idp.ListGroupsResponse:
    """ListGroups, by name."""
    given, size = call.input, page_size(call.input.limit)
    after = page_start(context, "ListGroups", given.next_token, given.user_pool_id)
    _, rows = context.store.read(
        lambda reader: (
            existing_pool(reader, given.user_pool_id),
            reader.groups(given.user_pool_id, limit=size + 1, after=after),
        )
    )
    page, following = split(rows, size, lambda group: group.name)
    return idp.ListGroupsResponse(
        groups=[_shape(group) for group in page],
        next_token=page_token(context, "ListGroups", following, given.user_pool_id),
    )


@handles(ops.LIST_USERS_IN_GROUP)
def list_users_in_group(
    context: Context, call: Call[idp.ListUsersInGroupRequest]
) -> idp.ListUsersInGroupResponse:
    """ListUsersInGroup."""
    given, size = call.input, page_size(call.input.limit)
    bound = (given.user_pool_id, given.group_name)
    after = page_start(context, "ListUsersInGroup", given.next_token, *bound)
    _, rows = context.store.read(
        lambda reader: (_existing(reader, *bound), reader.members(*bound, limit=size + 1, after=after))
    )
    page, following = split(rows, size, lambda user: user.sub)
    return idp.ListUsersInGroupResponse(
        users=[user_shape(user) for user in page],
        next_token=page_token(context, "ListUsersInGroup", following, *bound),
    )


@handles(ops.ADMIN_ADD_USER_TO_GROUP)
def admin_add_user_to_group(
    context: Context, call: Call[idp.AdminAddUserToGroupRequest]
) -> idp.AdminAddUserToGroupResponse:
    """AdminAddUserToGroup; a user who is in it already stays in it."""
    given = call.input

    def apply(writer: Writer) -> None:
        group, user = _both(writer, given.user_pool_id, given.group_name, given.username)
        present = {one.name for one in writer.groups_of(user.pool_id, user.sub)}
        if group.name not in present and len(present) >= MAX_OF_USER:
            # The operation does not declare LimitExceededException.
            raise InvalidParameterException(f"A user can be in at most {MAX_OF_USER} groups.")
        writer.add_member(user.pool_id, user.sub, group.name)

    context.store.write(apply)
    return idp.AdminAddUserToGroupResponse()


@handles(ops.ADMIN_REMOVE_USER_FROM_GROUP)
def admin_remove_user_from_group(
    context: Context, call: Call[idp.AdminRemoveUserFromGroupRequest]
) -> idp.AdminRemoveUserFromGroupResponse:
    """AdminRemoveUserFromGroup; a user who is not in it is left alone."""
    given = call.input

    def apply(writer: Writer) -> None:
        group, user = _both(writer, given.user_pool_id, given.group_name, given.username)
        writer.delete_member(user.pool_id, user.sub, group.name)

    context.store.write(apply)
    return idp.AdminRemoveUserFromGroupResponse()


@handles(ops.ADMIN_LIST_GROUPS_FOR_USER)
def admin_list_groups_for_user(
    context: Context, call: Call[idp.AdminListGroupsForUserRequest]
) -> idp.AdminListGroupsForUserResponse:
    """AdminListGroupsForUser, by name."""
    given, size = call.input, page_size(call.input.limit)
    bound = (given.user_pool_id, given.username)
    after = page_start(context, "AdminListGroupsForUser", given.next_token, *bound)

    def read(reader: Reader) -> list[Group]:
        settings = PoolSettings(existing_pool(reader, given.user_pool_id))
        user = existing_user(reader, settings, given.username)
        found = reader.groups_of(user.pool_id, user.sub)
        return [group for group in found if group.name > (after or "")]

    page, following = split(context.store.read(read)[: size + 1], size, lambda group: group.name)
    return idp.AdminListGroupsForUserResponse(
        groups=[_shape(group) for group in page],
        next_token=page_token(context, "AdminListGroupsForUser", following, *bound),
    )


def _existing(reader: Reader, pool_id: str, name: str) -> Group:
    existing_pool(reader, pool_id)
    group = reader.group(pool_id, name)
    if group is None:
        raise ResourceNotFoundException("Group not found.")
    return group


def _both(reader: Reader, pool_id: str, name: str, username: str) -> tuple[Group, User]:
    settings = PoolSettings(existing_pool(reader, pool_id))
    user = existing_user(reader, settings, username)
    return _existing(reader, pool_id, name), user


def _shape(group: Group) -> idp.GroupType:
    return idp.GroupType(
        group_name=group.name,
        user_pool_id=group.pool_id,
        description=group.description,
        role_arn=group.role_arn,
        precedence=group.precedence,
        last_modified_date=instant(group.modified_at),
        creation_date=instant(group.created_at),
    )
