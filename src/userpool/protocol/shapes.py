"""The base of every structure of the contract. It prints without its secrets.

    from userpool.protocol.shapes import idp

    print(idp.AttributeType(name="email", value="ada@example.com"))  # … value='***'

`idp` and `identity` hold the generated structures by their model names; a family is loaded on first use.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """A structure: immutable, made by keyword, with snake_case fields that know their names on the wire."""

    SENSITIVE: ClassVar[frozenset[str]] = frozenset()
    """Fields that print as `***`."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        present = ((name, getattr(self, name)) for name in self.__struct_fields__)
        shown = [(name, value) for name, value in present if value is not None]
        return [(name, _Hidden() if name in self.SENSITIVE else value) for name, value in shown]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


class _Hidden:
    def __repr__(self) -> str:
        return "'***'"


from ._generated import identity as identity  # noqa: E402 - the generated modules need Shape, above
from ._generated import idp as idp  # noqa: E402
