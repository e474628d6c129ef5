"""A second implementation of Cognito's SRP, written for its likeness to the description and for nothing else.

It works on hexadecimal text, step by step, and shares no code with `userpool.protocol.srp`; the tests hold
the two against each other. `transcript` runs the real one with everything known, for peers in other
languages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from userpool.protocol import srp
from userpool.protocol.effects import Power

# The prime of RFC 3526 section 5 by its formula: 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 pi) + 1690314).
PRIME_SHA256 = "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"


def hex_of(number: int) -> str:
    text = f"{number:x}"
    if len(text) % 2 == 1:
        text = "0" + text
    elif text[0] in "89abcdef":
        text = "00" + text
    return text


def hash_hex(text: str) -> str:
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


def multiplier() -> int:
    return int(hash_hex("00" + f"{srp.N:x}" + "02"), 16)


def x_of(pool_name: str, user_id: str, password: str, salt: int) -> int:
    inner = hashlib.sha256((pool_name + user_id + ":" + password).encode("utf-8")).hexdigest()
    return int(hash_hex(hex_of(salt) + inner), 16)


def key_of(shared: int, u: int) -> bytes:
    prk = hmac.new(bytes.fromhex(hex_of(u)), bytes.fromhex(hex_of(shared)), hashlib.sha256).digest()
    return hmac.new(prk, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]


def exchange(
    a: int,
    b: int,
    *,
    pool_name: str,
    user_id: str,
    password: str,
    salt: int,
    timestamp: str,
    secret_block: bytes,
) -> dict[str, str]:
    """One exchange seen from above: both exponents are known, so the shared number has a third formula."""
    n = srp.N
    x = x_of(pool_name, user_id, password, salt)
    v = pow(2, x, n)
    public_a = pow(2, a, n)
    public_b = (multiplier() * v + pow(2, b, n)) % n
    u = int(hash_hex(hex_of(public_a) + hex_of(public_b)), 16)
    shared = pow(2, b * (a + u * x), n)
    key = key_of(shared, u)
    message = pool_name.encode() + user_id.encode() + secret_block + timestamp.encode()
    claim = hmac.new(key, message, hashlib.sha256).digest()
    return {
        "x": f"{x:x}",
        "v": f"{v:x}",
        "A": f"{public_a:x}",
        "B": f"{public_b:x}",
        "u": f"{u:x}",
        "S": f"{shared:x}",
        "key": key.hex(),
        "signature": base64.b64encode(claim).decode(),
    }


def transcript(
    a: int,
    b: int,
    *,
    pool_name: str,
    user_id: str,
    password: str,
    salt: int,
    timestamp: str,
    secret_block: bytes,
    power: Power = pow,
) -> dict[str, Any]:
    """Run both sides of `userpool.protocol.srp` with known exponents; the result is `exchange`'s, and
    `verified`.

    Peers in other languages are given the inputs and `B`, and must come to the same `A` and `signature`.
    """
    v = srp.verifier(pool_name, user_id, password, salt, power)
    client = srp.ClientSide.start(a, power)
    server = srp.ServerSide.start(v, b, power)
    x = srp.private_key(pool_name, user_id, password, salt)
    shared, u = client.shared(x, server.public, power)
    signature = client.prove(
        pool_name=pool_name,
        user_id=user_id,
        password=password,
        salt_hex=f"{salt:x}",
        b_hex=server.public,
        secret_block_b64=base64.b64encode(secret_block).decode(),
        timestamp=timestamp,
        power=power,
    )
    verified = server.verify(
        client.public,
        pool_name=pool_name,
        user_id=user_id,
        secret_block=secret_block,
        timestamp=timestamp,
        signature_b64=signature,
        power=power,
    )
    return {
        "x": f"{x:x}",
        "v": f"{v:x}",
        "A": client.public,
        "B": server.public,
        "u": f"{u:x}",
        "S": f"{shared:x}",
        "key": server.key(client.public, power).hex(),
        "signature": signature,
        "verified": verified,
    }
