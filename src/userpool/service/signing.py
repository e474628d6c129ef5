"""The opened signing keys of pools: opening one costs as much as a signature, so they are kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from userpool.crypto.rs256 import PublicKey
from userpool.crypto.rs256 import SigningKey as Signer

from .domain.records import KeyUse, Pool, SigningKey
from .ports import Keys
from .sealed import open_signing_key

_POOLS: Final = 256


@dataclass(frozen=True, slots=True)
class PoolKeys:
    """The keys of one pool: what signs today, and what tokens may have been signed with."""

    id_signer: Signer
    access_signer: Signer
    access_keys: Mapping[str, PublicKey] = field(repr=False)
    id_keys: Mapping[str, PublicKey] = field(repr=False)


class SigningKeys:
    """The keys of the pools that were used last. Safe to share between threads.

    What is kept for a pool is good as long as its record is the one that was read with the keys: the caller
    reads the pool anyway, and hands it in.
    """

    def __init__(self, pools: int = _POOLS) -> None:
        self._limit = pools
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[tuple[float, float], PoolKeys]] = OrderedDict()

    def known(self, pool: Pool) -> PoolKeys | None:
        """The keys of `pool`, if they were opened since it last changed."""
        with self._lock:
            stamp, keys = self._known.get(pool.id, (None, None))
            if stamp != (pool.created_at, pool.modified_at):
                return None
            self._known.move_to_end(pool.id)
            return keys

    def forget(self) -> None:
        """Keep nothing: the store was emptied, and what comes next may bear the same ids and times."""
        with self._lock:
            self._known.clear()

    def open(self, ring: Keys, pool: Pool, records: Sequence[SigningKey]) -> PoolKeys:
        """Open a pool's keys and keep them. The newest key of each use that is not retired signs.

        Raises:
            LookupError: the pool has no key for one of the uses.
        """
        signers = {record.kid: open_signing_key(ring, record) for record in records}
        keys = PoolKeys(
            id_signer=signers[_newest(records, KeyUse.ID).kid],
            access_signer=signers[_newest(records, KeyUse.ACCESS).kid],
            access_keys={one.kid: signers[one.kid].public for one in records if one.use is KeyUse.ACCESS},
            id_keys={one.kid: signers[one.kid].public for one in records if one.use is KeyUse.ID},
        )
        with self._lock:
            self._known[pool.id] = (pool.created_at, pool.modified_at), keys
            self._known.move_to_end(pool.id)
            while len(self._known) > self._limit:
                self._known.popitem(last=False)
        return keys


def _newest(records: Sequence[SigningKey], use: KeyUse) -> SigningKey:
    good = [one for one in records if one.use is use and one.retired_at is None]
    if not good:
        raise LookupError(f"the pool has no key that signs {use} tokens")
    return max(good, key=lambda one: one.created_at)
