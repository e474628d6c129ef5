"""More attributes for a pool that has users already: AddCustomAttributes."""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from ..domain.pool_rules import check_schema
from ..domain.settings import PoolSettings
from ..ports import Writer
from .lookup import existing_pool
from .pools import stored_members


@handles(ops.ADD_CUSTOM_ATTRIBUTES)
def add_custom_attributes(
    context: Context, call: Call[idp.AddCustomAttributesRequest]
) -> idp.AddCustomAttributesResponse:
    """AddCustomAttributes. They cannot be changed or taken away again."""
    added = [stored_members(one) for one in call.input.custom_attributes]

    def apply(writer: Writer) -> None:
        pool = existing_pool(writer, call.input.user_pool_id)
        check_schema(added, taken=PoolSettings(pool).schema)
        settings = {**pool.settings, "Schema": [*(pool.settings.get("Schema") or ()), *added]}
        writer.put_pool(replace(pool, settings=settings, modified_at=context.clock.now()))

    context.store.write(apply)
    return idp.AddCustomAttributesResponse()
