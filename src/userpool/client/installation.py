"""A name for this installation of a program, by which threat protection knows it again."""

from __future__ import annotations

import re
import secrets
from typing import Final

from userpool.storage.api import Storage

KEY: Final = "installation"
PATIENCE: Final = 10.0
"""Seconds to wait for another process that is making the name at the same time."""

_BYTES: Final = 16
_NAME: Final = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}".encode())


def installation_id(storage: Storage) -> str:
    """The random text that stands for this installation: made with the first call, the same ever after.

    It says nothing of the person or the machine. `storage.delete("installation")` makes it be forgotten.

        facts = DeviceFacts.of_this_machine(device_id=installation_id(FileStorage()))

    Args:
        storage: keeps it, such as the one that keeps the tokens.

    Raises:
        StorageError: it cannot be read or kept.
    """
    known = storage.load(KEY)
    if known is None or not _NAME.fullmatch(known):
        with storage.lock(KEY, PATIENCE):
            known = storage.load(KEY)
            if known is None or not _NAME.fullmatch(known):
                known = secrets.token_hex(_BYTES).encode()
                storage.save(KEY, known)
    return known.decode()
