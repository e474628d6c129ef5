"""Make `vectors/srp-server.json`: whole exchanges with both exponents known, by the reference implementation.

    python -m tests.protocol.make_srp_server_vectors

Exponents, salts and blocks are hashes of labels, so that anybody can make the same file. A few are searched
for, so that every number whose padding can go wrong does have its edge: a zero byte or half a byte in front,
the top bit set.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.protocol.srp_reference import exchange

TARGET = Path(__file__).parent / "vectors" / "srp-server.json"
TIMESTAMP = "Sun Nov 1 03:04:05 UTC 2026"


def labelled(label: str, size: int) -> bytes:
    blocks = (hashlib.sha256(f"{label}:{i}".encode()).digest() for i in itertools.count())
    return b"".join(itertools.islice(blocks, -(-size // 32)))[:size]


def case(number: int, name: str, password: str = "Passw0rd!", salt: int | None = None) -> dict[str, object]:
    numbers: dict[str, Any] = {
        "a": int.from_bytes(labelled(f"server-a-{number}", 35)),
        "b": int.from_bytes(labelled(f"server-b-{number}", 35)),
        "salt": int.from_bytes(labelled(f"server-salt-{number}", 16)) if salt is None else salt,
    }
    block = labelled(f"server-block-{number}", 64)
    texts: dict[str, Any] = {
        "pool_name": "AbCdEf123",
        "user_id": "11111111-2222-3333-4444-555555555555",
        "password": password,
        "timestamp": TIMESTAMP,
    }
    expect = exchange(**numbers, **texts, secret_block=block)
    hexed = {key: f"{value:x}" for key, value in numbers.items()}
    return {
        "name": name,
        **texts,
        **hexed,
        "secret_block": base64.b64encode(block).decode(),
        "expect": expect,
    }


EDGES: dict[str, Callable[[dict[str, str]], bool]] = {
    "A has an odd number of digits": lambda e: len(e["A"]) == 767,
    "B has an odd number of digits": lambda e: len(e["B"]) == 767,
    "S has an odd number of digits": lambda e: len(e["S"]) == 767,
    "B has its top bit clear": lambda e: len(e["B"]) == 768 and e["B"][0] < "8",
    "B has its top bit set": lambda e: len(e["B"]) == 768 and e["B"][0] >= "8",
    "u has an odd number of digits": lambda e: len(e["u"]) == 63,
    "B begins with a zero byte": lambda e: len(e["B"]) <= 766,
    "S begins with a zero byte": lambda e: len(e["S"]) <= 766,
}


def searched() -> Iterator[dict[str, object]]:
    missing = dict(EDGES)
    for number in itertools.count(1000):
        if not missing:
            return
        found = case(number, "")
        expect = found["expect"]
        for name, is_edge in list(missing.items()):
            if isinstance(expect, dict) and is_edge(expect):
                del missing[name]
                yield {**found, "name": name}
                break


def vectors() -> dict[str, object]:
    cases = [
        case(0, "basic"),
        case(1, "empty password", password=""),
        case(2, "unicode password", password=" pâsswörd 🔑\u0301 "),
        case(3, "salt of zero", salt=0),
        case(4, "salt with its top bit set", salt=0xF0E1D2C3B4A5968778695A4B3C2D1E0F),
        case(5, "salt with zeros in front", salt=0x1D2C3B4A5968778695A4B3C2D1E0F),
        *searched(),
    ]
    source = "made by tests/protocol/make_srp_server_vectors.py; numbers are lower-case hex without padding"
    return {"source": source, "exchanges": cases}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
