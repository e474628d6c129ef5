"""App clients' secrets: AddUserPoolClientSecret, ListUserPoolClientSecrets, DeleteUserPoolClientSecret.

While a client has two, each is as good as the other everywhere (`realm.Realm`): the new one is given to the
programs, then the old one is deleted, and nobody is refused in between.
"""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain import identifiers
from ..domain.records import AppClient, ClientSecret
from ..ports import Reader, Writer
from ..sealed import seal_client_secret
from .lookup import existing_client, existing_pool
from .pools import instant

MAX_SECRETS = 2


@handles(ops.ADD_USER_POOL_CLIENT_SECRET)
def add_user_pool_client_secret(
    context: Context, call: Call[idp.AddUserPoolClientSecretRequest]
) -> idp.AddUserPoolClientSecretResponse:
    """AddUserPoolClientSecret: a second secret beside the first, made here or given."""
    given, now = call.input, context.clock.now()
    made = identifiers.client_secret(context.random) if given.client_secret is None else None

    def apply(writer: Writer) -> ClientSecret:
        client = _client_of(writer, given.user_pool_id, given.client_id)
        if not client.secrets:
            raise InvalidParameterException(
                f"Client {client.id} is a public client: it has no secret that another could take the "
                "place of. Create a client with one."
            )
        if len(client.secrets) >= MAX_SECRETS:
            raise LimitExceededException(
                f"Client {client.id} has {MAX_SECRETS} secrets already. Delete one of them first."
            )
        secret_id = identifiers.client_secret_id(client.id, now, {one.id for one in client.secrets})
        sealed = seal_client_secret(
            context.keys, client.id, secret_id, made or given.client_secret or "", now
        )
        writer.put_client(replace(client, secrets=(*client.secrets, sealed), modified_at=now))
        return sealed

    added = context.store.write(apply)
    return idp.AddUserPoolClientSecretResponse(client_secret_descriptor=_shape(added, made))


@handles(ops.LIST_USER_POOL_CLIENT_SECRETS)
def list_user_pool_client_secrets(
    context: Context, call: Call[idp.ListUserPoolClientSecretsRequest]
) -> idp.ListUserPoolClientSecretsResponse:
    """ListUserPoolClientSecrets: their ids and dates, oldest first, never what they are."""
    given = call.input
    if given.next_token is not None:
        # All secrets stand on the first page, and no token was ever given out.
        raise InvalidParameterException("Invalid pagination token provided.")
    client = context.store.read(lambda reader: _client_of(reader, given.user_pool_id, given.client_id))
    return idp.ListUserPoolClientSecretsResponse(client_secrets=[_shape(one) for one in client.secrets])


@handles(ops.DELETE_USER_POOL_CLIENT_SECRET)
def delete_user_pool_client_secret(
    context: Context, call: Call[idp.DeleteUserPoolClientSecretRequest]
) -> idp.DeleteUserPoolClientSecretResponse:
    """DeleteUserPoolClientSecret: from then on only the other one is good."""
    given, now = call.input, context.clock.now()

    def apply(writer: Writer) -> None:
        client = _client_of(writer, given.user_pool_id, given.client_id)
        left = tuple(one for one in client.secrets if one.id != given.client_secret_id)
        if len(left) == len(client.secrets):
            raise ResourceNotFoundException(f"Client {client.id} has no secret of this id.")
        if not left:
            raise InvalidParameterException(
                "The last secret of a client cannot be deleted. Add another one first."
            )
        writer.put_client(replace(client, secrets=left, modified_at=now))

    context.store.write(apply)
    return idp.DeleteUserPoolClientSecretResponse()


def _client_of(reader: Reader, pool_id: str, client_id: str) -> AppClient:
    existing_pool(reader, pool_id)
    return existing_client(reader, client_id, pool_id)


def _shape(secret: ClientSecret, value: str | None = None) -> idp.ClientSecretDescriptorType:
    return idp.ClientSecretDescriptorType(
        client_secret_id=secret.id,
        client_secret_value=value,
        client_secret_create_date=instant(secret.created_at),
    )
