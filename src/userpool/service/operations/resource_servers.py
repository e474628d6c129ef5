"""Resource servers and their scopes: CreateResourceServer, DescribeResourceServer, UpdateResourceServer,
DeleteResourceServer, ListResourceServers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.pagination import page_size, split
from ..domain.records import ResourceServer
from ..domain.scopes import MAX_RESOURCE_SERVERS, collected, server_of
from ..ports import Reader, Writer
from .lookup import existing_pool, page_start, page_token
from .pools import stored_members

_MAX_PAGE = 50


@handles(ops.CREATE_RESOURCE_SERVER)
def create_resource_server(
    context: Context, call: Call[idp.CreateResourceServerRequest]
) -> idp.CreateResourceServerResponse:
    """CreateResourceServer."""
    server = _given(call.input)

    def add(writer: Writer) -> None:
        existing_pool(writer, server.pool_id)
        if writer.resource_server(server.pool_id, server.identifier) is not None:
            # The operation declares no error of its own for this.
            raise InvalidParameterException(f"Resource server {server.identifier} already exists.")
        full = writer.resource_servers(server.pool_id, limit=MAX_RESOURCE_SERVERS, after=None)
        if len(full) >= MAX_RESOURCE_SERVERS:
            raise LimitExceededException(
                f"A user pool can have at most {MAX_RESOURCE_SERVERS} resource servers."
            )
        writer.add_resource_server(server)

    context.store.write(add)
    return idp.CreateResourceServerResponse(resource_server=_shape(server))


@handles(ops.DESCRIBE_RESOURCE_SERVER)
def describe_resource_server(
    context: Context, call: Call[idp.DescribeResourceServerRequest]
) -> idp.DescribeResourceServerResponse:
    """DescribeResourceServer."""
    given = call.input
    server = context.store.read(lambda reader: existing_server(reader, given.user_pool_id, given.identifier))
    return idp.DescribeResourceServerResponse(resource_server=_shape(server))


@handles(ops.UPDATE_RESOURCE_SERVER)
def update_resource_server(
    context: Context, call: Call[idp.UpdateResourceServerRequest]
) -> idp.UpdateResourceServerResponse:
    """UpdateResourceServer: without scopes it has none any more."""
    server = _given(call.input)

    def apply(writer: Writer) -> None:
        existing_server(writer, server.pool_id, server.identifier)
        writer.put_resource_server(server)

    context.store.write(apply)
    return idp.UpdateResourceServerResponse(resource_server=_shape(server))


@handles(ops.DELETE_RESOURCE_SERVER)
def delete_resource_server(
    context: Context, call: Call[idp.DeleteResourceServerRequest]
) -> idp.DeleteResourceServerResponse:
    """DeleteResourceServer: no token gets its scopes any more, also where a client still has them."""
    given = call.input

    def apply(writer: Writer) -> None:
        existing_server(writer, given.user_pool_id, given.identifier)
        writer.delete_resource_server(given.user_pool_id, given.identifier)

    context.store.write(apply)
    return idp.DeleteResourceServerResponse()


@handles(ops.LIST_RESOURCE_SERVERS)
def list_resource_servers(
    context: Context, call: Call[idp.ListResourceServersRequest]
) -> idp.ListResourceServersResponse:
    """ListResourceServers, by identifier."""
    given = call.input
    pool_id, size = given.user_pool_id, min(page_size(given.max_results), _MAX_PAGE)
    after = page_start(context, "ListResourceServers", given.next_token, pool_id)
    _, rows = context.store.read(
        lambda reader: (
            existing_pool(reader, pool_id),
            reader.resource_servers(pool_id, limit=size + 1, after=after),
        )
    )
    page, following = split(rows, size, lambda server: server.identifier)
    return idp.ListResourceServersResponse(
        resource_servers=[_shape(server) for server in page],
        next_token=page_token(context, "ListResourceServers", following, pool_id),
    )


def existing_server(reader: Reader, pool_id: str, identifier: str) -> ResourceServer:
    """The resource server of this identifier; raises `ResourceNotFoundException` where there is none."""
    existing_pool(reader, pool_id)
    server = reader.resource_server(pool_id, identifier)
    if server is None:
        raise ResourceNotFoundException(f"Resource server {identifier} does not exist.")
    return server


def servers_of(reader: Reader, pool_id: str, scopes: Iterable[str]) -> Sequence[ResourceServer]:
    """The resource servers that scopes name, those that exist."""
    wanted = {identifier for scope in scopes if (identifier := server_of(scope)) is not None}
    found = (reader.resource_server(pool_id, identifier) for identifier in sorted(wanted))
    return [server for server in found if server is not None]


def _given(request: idp.CreateResourceServerRequest | idp.UpdateResourceServerRequest) -> ResourceServer:
    scopes = collected(stored_members(one) for one in request.scopes or ())
    return ResourceServer(request.user_pool_id, request.identifier, request.name, scopes)


def _shape(server: ResourceServer) -> idp.ResourceServerType:
    return idp.ResourceServerType(
        user_pool_id=server.pool_id,
        identifier=server.identifier,
        name=server.name,
        scopes=[
            idp.ResourceServerScopeType(scope_name=name, scope_description=description)
            for name, description in server.scopes.items()
        ],
    )
