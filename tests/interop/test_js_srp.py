"""Our SRP against that of amazon-cognito-identity-js, number by number, without a service."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from tests.interop.javascript import Node
from userpool.protocol import srp

TIMESTAMP = "Sun Nov 1 03:04:05 UTC 2026"
BLOCK = b"secret block"
PASSWORDS = [
    "Correct-horse-7",
    "",
    " leading and trailing ",
    "pässwörd-ß",
    "пароль",
    "合言葉",
    "e\u0301 is not é",
    "👩‍💻🔑",
    "colon:in:it",
    'quotes"and\\back',
    "tab\tand\nline",
    "x" * 256,
]
NAMES = ["ada", "Ada", "ada@example.com", "0b9f3c2e-6a51-4a5e-9f42-0d5c1e7a9b11", "ünïcödé", "名前"]
HANDSHAKES = 25


def salts(source: random.Random) -> str:
    """Salts as they come and as they are feared: top bit set, zeros in front, odd and short."""
    number = source.getrandbits(128)
    return source.choice(
        [
            f"{number:032x}",
            f"{number:x}",
            f"ff{number >> 8:030x}",
            f"00{number >> 8:030x}",
            f"{number >> 68:x}",
            "1",
        ]
    )


def known(seed: int) -> list[dict[str, Any]]:
    """Handshakes to do on both sides, with all that is secret in them."""
    source = random.Random(seed)
    made = []
    for number in range(HANDSHAKES):
        name, password, pool = source.choice(NAMES), source.choice(PASSWORDS), f"Pool{seed}{number}"
        salt = salts(source)
        verifier = srp.verifier(pool, name, password, int(salt, 16))
        server = srp.ServerSide.start(verifier, _exponent(source))
        made.append(
            {
                "poolName": pool,
                "userId": name,
                "password": password,
                "salt": salt,
                "b": server.public,
                "a": f"{_exponent(source):x}",
                "server": server,
            }
        )
    return made


def _exponent(source: random.Random) -> int:
    """280 bits, and now and then fewer, so that public numbers have zeros in front of them, too."""
    return source.getrandbits(source.choice([280, 280, 280, 256, 12, 4])) + 2


def ask(node: Node, handshakes: list[dict[str, Any]]) -> list[dict[str, str]]:
    sent = [{key: value for key, value in one.items() if key != "server"} for one in handshakes]
    answered: list[dict[str, str]] = node.do("handshakes", list=sent).values
    return answered


@pytest.mark.parametrize("seed", range(8))
def test_both_our_sides_come_to_the_librarys_key(node: Node, seed: int) -> None:
    """8 times 25 handshakes: the same A, and one key on three sides, which the proof of ours then carries."""
    handshakes = known(seed)
    for one, theirs in zip(handshakes, ask(node, handshakes), strict=True):
        server: srp.ServerSide = one["server"]
        client = srp.ClientSide.start(int(one["a"], 16))
        assert client.public == theirs["A"]
        x = srp.private_key(one["poolName"], one["userId"], one["password"], int(one["salt"], 16))
        key = bytes.fromhex(theirs["key"])
        assert client.key(x, one["b"]) == key
        assert server.key(theirs["A"]) == key
        assert server.verify(
            theirs["A"],
            pool_name=one["poolName"],
            user_id=one["userId"],
            secret_block=BLOCK,
            timestamp=TIMESTAMP,
            signature_b64=base64.b64encode(
                srp.signature(key, one["poolName"], one["userId"], BLOCK, TIMESTAMP)
            ).decode(),
        )


def test_the_librarys_own_exponents_of_1024_bits(node: Node) -> None:
    """Where the library draws a by itself, our server side still comes to its key."""
    handshakes = known(100)[:8]
    for one in handshakes:
        del one["a"]
    answers = ask(node, handshakes)
    assert max(int(theirs["a"], 16).bit_length() for theirs in answers) > 1000
    for one, theirs in zip(handshakes, answers, strict=True):
        assert one["server"].key(theirs["A"]) == bytes.fromhex(theirs["key"])


def test_another_password_comes_to_another_key(node: Node) -> None:
    """The counter-sample: the comparison above can fail."""
    handshakes = known(101)[:6]
    for one in handshakes:
        one["password"] += "x"
    for one, theirs in zip(handshakes, ask(node, handshakes), strict=True):
        assert one["server"].key(theirs["A"]) != bytes.fromhex(theirs["key"])


def test_the_library_pads_as_we_do(node: Node) -> None:
    edges = [0, 1, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 1 << 127, (1 << 128) - 1, srp.N - 1, srp.N]
    theirs = node.do("pad", list=[f"{number:x}" for number in edges]).values
    assert [text.lower() for text in theirs] == [srp.pad(number).hex() for number in edges]


def test_a_devices_verifier_is_ours(node: Node) -> None:
    """What the library would register for a device checks with our arithmetic."""
    made = node.do("device", groupKey="-device-group", deviceKey="us-east-1_device").only("returned")
    verifier = srp.verifier("-device-group", "us-east-1_device", made["password"], int(made["salt"], 16))
    assert f"{int(made['verifier'], 16):x}" == f"{verifier:x}"
    assert made["verifier"].lower() == srp.pad(verifier).hex()
