"""Tags of user pools: TagResource, UntagResource, ListTagsForResource. They describe, and decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException, ResourceNotFoundException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.pool_rules import MAX_TAGS
from ..domain.records import Pool
from ..ports import Reader, Writer
from .pools import arn

_TAGS = "UserPoolTags"


@handles(ops.TAG_RESOURCE)
def tag_resource(context: Context, call: Call[idp.TagResourceRequest]) -> idp.TagResourceResponse:
    """TagResource: add tags, or replace the values of those that are there."""
    given = call.input

    def apply(writer: Writer) -> None:
        pool = _named(context, writer, given.resource_arn)
        _put(context, writer, pool, {**_tags(pool), **given.tags})

    context.store.write(apply)
    return idp.TagResourceResponse()


@handles(ops.UNTAG_RESOURCE)
def untag_resource(context: Context, call: Call[idp.UntagResourceRequest]) -> idp.UntagResourceResponse:
    """UntagResource; keys that are not there are passed over."""
    given = call.input

    def apply(writer: Writer) -> None:
        pool = _named(context, writer, given.resource_arn)
        _put(context, writer, pool, {k: v for k, v in _tags(pool).items() if k not in given.tag_keys})

    context.store.write(apply)
    return idp.UntagResourceResponse()


@handles(ops.LIST_TAGS_FOR_RESOURCE)
def list_tags_for_resource(
    context: Context, call: Call[idp.ListTagsForResourceRequest]
) -> idp.ListTagsForResourceResponse:
    """ListTagsForResource."""
    pool = context.store.read(lambda reader: _named(context, reader, call.input.resource_arn))
    return idp.ListTagsForResourceResponse(tags=dict(_tags(pool)))


def _named(context: Context, reader: Reader, name: str) -> Pool:
    pool = reader.pool(name.rpartition("/")[2])
    if pool is None or arn(context, pool) != name:
        raise ResourceNotFoundException(f"Resource {name} does not exist.")
    return pool


def _tags(pool: Pool) -> Mapping[str, str]:
    return pool.settings.get(_TAGS) or {}


def _put(context: Context, writer: Writer, pool: Pool, tags: Mapping[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise InvalidParameterException(f"A user pool can have at most {MAX_TAGS} tags.")
    settings = {**pool.settings, _TAGS: dict(tags)}
    writer.put_pool(replace(pool, settings=settings, modified_at=context.clock.now()))
