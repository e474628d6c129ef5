"""Groups and who is in them, and resource servers: a part of the reader and of the writer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from ..domain.records import Group, ResourceServer, User
from ..ports import Conflict
from . import rows, schema
from .session import Session
from .statements import add, by, page, remove, replace

_GROUP = by(schema.user_groups, "pool_id", "name")
_GROUPS = page(schema.user_groups, "name", "pool_id")
_NTH_GROUP = (
    select(schema.user_groups.c.name)
    .where(schema.user_groups.c.pool_id == bindparam("pool_id"))
    .order_by(schema.user_groups.c.name)
    .limit(1)
    .offset(bindparam("offset"))
)
# Not ordered here: it is a handful, and a statement's order should come from one index.
_GROUPS_OF = (
    select(schema.user_groups)
    .join_from(
        schema.group_members,
        schema.user_groups,
        (schema.user_groups.c.pool_id == schema.group_members.c.pool_id)
        & (schema.user_groups.c.name == schema.group_members.c.group_name),
    )
    .where(
        schema.group_members.c.pool_id == bindparam("pool_id"),
        schema.group_members.c.sub == bindparam("sub"),
    )
)
_MEMBERS = (
    select(*rows.USER_COLUMNS)
    .join_from(
        schema.group_members,
        schema.users,
        (schema.users.c.pool_id == schema.group_members.c.pool_id)
        & (schema.users.c.sub == schema.group_members.c.sub),
    )
    .where(
        schema.group_members.c.pool_id == bindparam("pool_id"),
        schema.group_members.c.group_name == bindparam("group_name"),
        schema.group_members.c.sub > bindparam("after"),
    )
    .order_by(schema.group_members.c.sub)
    .limit(bindparam("limit"))
)
_ADD_GROUP = add(schema.user_groups)
_PUT_GROUP = replace(schema.user_groups)
_DELETE_GROUP = remove(schema.user_groups, "pool_id", "name")
_ADD_MEMBER = add(schema.group_members)
_DELETE_MEMBER = remove(schema.group_members, "pool_id", "sub", "group_name")

_RESOURCE_SERVER = by(schema.resource_servers, "pool_id", "identifier")
_RESOURCE_SERVERS = page(schema.resource_servers, "identifier", "pool_id")
_ADD_RESOURCE_SERVER = add(schema.resource_servers)
_PUT_RESOURCE_SERVER = replace(schema.resource_servers)
_DELETE_RESOURCE_SERVER = remove(schema.resource_servers, "pool_id", "identifier")


class GroupReader:
    """What `Reader` says of groups and resource servers."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def group(self, pool_id: str, name: str) -> Group | None:
        row = self._session.row(_GROUP, pool_id=pool_id, name=name)
        return None if row is None else rows.group_from(row)

    def groups(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[Group]:
        found = self._session.rows(_GROUPS, pool_id=pool_id, after=after or "", limit=limit)
        return [rows.group_from(row) for row in found]

    def has_groups(self, pool_id: str, count: int) -> bool:
        return self._session.row(_NTH_GROUP, pool_id=pool_id, offset=count - 1) is not None

    def groups_of(self, pool_id: str, sub: str) -> Sequence[Group]:
        found = self._session.rows(_GROUPS_OF, pool_id=pool_id, sub=sub)
        return sorted((rows.group_from(row) for row in found), key=lambda group: group.name)

    def members(self, pool_id: str, group: str, *, limit: int, after: str | None) -> Sequence[User]:
        found = self._session.rows(
            _MEMBERS, pool_id=pool_id, group_name=group, after=after or "", limit=limit
        )
        return [rows.user_from(row) for row in found]

    def resource_server(self, pool_id: str, identifier: str) -> ResourceServer | None:
        row = self._session.row(_RESOURCE_SERVER, pool_id=pool_id, identifier=identifier)
        return None if row is None else rows.resource_server_from(row)

    def resource_servers(self, pool_id: str, *, limit: int, after: str | None) -> Sequence[ResourceServer]:
        found = self._session.rows(_RESOURCE_SERVERS, pool_id=pool_id, after=after or "", limit=limit)
        return [rows.resource_server_from(row) for row in found]


class GroupWriter(GroupReader):
    """What `Writer` says of groups and resource servers."""

    __slots__ = ()

    def add_group(self, group: Group) -> None:
        self._session.insert(_ADD_GROUP, rows.group_values(group), taken="group", missing="pool")

    def put_group(self, group: Group) -> None:
        if not self._session.change(_PUT_GROUP, rows.group_values(group)):
            raise Conflict("group")

    def delete_group(self, pool_id: str, name: str) -> None:
        self._session.change(_DELETE_GROUP, {"pool_id": pool_id, "name": name})

    def add_member(self, pool_id: str, sub: str, group: str) -> None:
        values = {"pool_id": pool_id, "sub": sub, "group_name": group}
        self._session.change(_ADD_MEMBER, values, missing="member")

    def delete_member(self, pool_id: str, sub: str, group: str) -> None:
        self._session.change(_DELETE_MEMBER, {"pool_id": pool_id, "sub": sub, "group_name": group})

    def add_resource_server(self, server: ResourceServer) -> None:
        values = rows.resource_server_values(server)
        self._session.insert(_ADD_RESOURCE_SERVER, values, taken="resource server", missing="pool")

    def put_resource_server(self, server: ResourceServer) -> None:
        if not self._session.change(_PUT_RESOURCE_SERVER, rows.resource_server_values(server)):
            raise Conflict("resource server")

    def delete_resource_server(self, pool_id: str, identifier: str) -> None:
        values = {"pool_id": pool_id, "identifier": identifier}
        self._session.change(_DELETE_RESOURCE_SERVER, values)
