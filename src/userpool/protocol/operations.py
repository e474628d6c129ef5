"""Every operation of the contract, typed, with who may call it and when it may be repeated.

    from userpool.protocol import operations as ops

    request = ops.INITIATE_AUTH.input(auth_flow="USER_SRP_AUTH", client_id="…")

Importing this loads no shape and no msgspec: a family of shapes is loaded when one of its operations is first
used. Where both services have an operation of one name, that of the identity service is called `IDENTITY_…`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ._generated import identity_operations as _identity
from ._generated import idp_operations as _idp
from ._generated.identity_operations import *  # noqa: F403 - the generated module says what it exports
from ._generated.idp_operations import *  # noqa: F403
from ._operation import Auth as Auth
from ._operation import Operation as Operation
from ._operation import Pagination as Pagination
from ._operation import Retry as Retry
from ._operation import Service as Service


def _table(module: object, names: list[str]) -> Mapping[str, Operation[Any, Any]]:
    operations: list[Operation[Any, Any]] = [getattr(module, name) for name in names]
    return MappingProxyType({operation.name: operation for operation in operations})


IDP: Mapping[str, Operation[Any, Any]] = _table(_idp, _idp.__all__)
"""The operations of user pools by wire name."""

IDENTITY: Mapping[str, Operation[Any, Any]] = _table(_identity, _identity.__all__)
"""The operations of identity pools by wire name."""

BY_TARGET: Mapping[str, Operation[Any, Any]] = MappingProxyType(
    {operation.target: operation for operation in (*IDP.values(), *IDENTITY.values())}
)
"""All operations by their `X-Amz-Target` header."""
