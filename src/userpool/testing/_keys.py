"""The RSA keys of this process's test pools: made once, because making one takes a tenth of a second."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from userpool.crypto.rs256 import SigningKey


@cache
def spare_keys() -> tuple[SigningKey, SigningKey]:
    """One for ID tokens, one for access tokens."""
    from userpool.crypto.rs256 import SigningKey

    return SigningKey.generate(), SigningKey.generate()
