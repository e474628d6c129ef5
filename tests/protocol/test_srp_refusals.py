"""What must end an SRP exchange, on the side that must refuse it, before any power is computed or proof
made.
"""

from __future__ import annotations

import base64
from typing import Any, NoReturn

import pytest

from userpool.protocol import srp

N = srp.N
GOOD: dict[str, Any] = {
    "pool_name": "AbCdEf123",
    "user_id": "ada",
    "password": "Passw0rd!",
    "salt_hex": "b5fb9a9dd6c9a7b1b3f6fc3e2d3c4b5a",
    "b_hex": f"{N - 12345:x}",
    "secret_block_b64": base64.b64encode(b"block").decode(),
    "timestamp": "Sun Nov 1 03:04:05 UTC 2026",
}
MALFORMED = [
    None,
    17,
    b"12",
    "",
    "-1",
    "+1",
    "0x10",
    "1 ",
    " 1",
    "1\n",
    "1_0",
    "g",
    "１２",
    "٣",
    "1" * 10_000_000,
]

client = srp.ClientSide.start(2**279 + 12345)
server = srp.ServerSide.start(pow(2, 777, N), 2**279 + 54321)


def no_power(base: int, exponent: int, modulus: int) -> NoReturn:
    pytest.fail("a power was computed for a value that should have been refused")


def prove(**changes: Any) -> str:
    return client.prove(**{**GOOD, **changes}, power=no_power)


def short(value: object) -> str:
    return repr(value)[:20]


@pytest.mark.parametrize("number", [0, N], ids=["0", "N"])
def test_c01_c28_service_number_of_zero_modulo_n(number: int) -> None:
    with pytest.raises(srp.SrpError, match="SRP_B is zero modulo N") as caught:
        prove(b_hex=f"{number:x}")
    assert caught.value.parameter == "SRP_B"


def test_c01_twice_n() -> None:
    with pytest.raises(srp.SrpError, match="SRP_B"):
        prove(b_hex=f"{2 * N:x}")


@pytest.mark.parametrize("number", [N + 1, 2 * N - 1, 16**768 - 1], ids=["N+1", "2N-1", "768 f"])
def test_c02_service_number_beyond_n(number: int) -> None:
    with pytest.raises(srp.SrpError, match="SRP_B is not below N"):
        prove(b_hex=f"{number:x}")


@pytest.mark.parametrize("text", MALFORMED, ids=short)
def test_c03_malformed_service_number(text: object) -> None:
    with pytest.raises(srp.SrpError, match=r"SRP_B (is|has)"):
        prove(b_hex=text)


def test_c04_scrambling_value_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srp, "_hash_int", lambda data: 0)
    with pytest.raises(srp.SrpError, match="scrambling value of zero"):
        prove()
    with pytest.raises(srp.SrpError, match="scrambling value of zero"):
        server.key("5", no_power)


@pytest.mark.parametrize("text", [*MALFORMED, "ab" * 32 * 1024], ids=short)
def test_c06_malformed_or_oversized_salt(text: object) -> None:
    with pytest.raises(srp.SrpError, match=r"SALT (is|has)"):
        prove(salt_hex=text)


@pytest.mark.parametrize("wire", ["5", "05", "005", "0000000005", "f", "0F"])
def test_c06_odd_and_zero_led_salts_sign_in(wire: str) -> None:
    salt = int(wire, 16)
    fresh = srp.ServerSide.start(srp.verifier("AbCdEf123", "ada", "Passw0rd!", salt), 2**279 + 54321)
    signature = client.prove(**{**GOOD, "salt_hex": wire, "b_hex": fresh.public})
    assert verify(fresh, signature)


@pytest.mark.parametrize(
    ("argument", "name"), [("salt_hex", "SALT"), ("b_hex", "SRP_B"), ("secret_block_b64", "SECRET_BLOCK")]
)
def test_c09_missing_parameter_is_named(argument: str, name: str) -> None:
    with pytest.raises(srp.SrpError, match="missing") as caught:
        prove(**{argument: None})
    assert caught.value.parameter == name


@pytest.mark.parametrize(
    "text", ["", "!", "A", "AAA", "AA=A", "-_-_", "YQ==\n", "é", "A" * 100_000, 5], ids=short
)
def test_c10_secret_block_that_is_not_base64(text: object) -> None:
    with pytest.raises(srp.SrpError, match="SECRET_BLOCK"):
        prove(secret_block_b64=text)


@pytest.mark.parametrize("number", [0, N], ids=["0", "N"])
def test_a01_client_number_of_zero_modulo_n(number: int) -> None:
    with pytest.raises(srp.SrpError, match="SRP_A is zero modulo N"):
        server.key(f"{number:x}", no_power)


@pytest.mark.parametrize("number", [2 * N, 7 * N, N + 1], ids=["2N", "7N", "N+1"])
def test_a01_client_number_beyond_n(number: int) -> None:
    with pytest.raises(srp.SrpError, match="SRP_A"):
        server.key(f"{number:x}", no_power)


@pytest.mark.parametrize("text", MALFORMED, ids=short)
def test_a02_malformed_client_number(text: object) -> None:
    with pytest.raises(srp.SrpError, match=r"SRP_A (is|has)"):
        server.key(text, no_power)


def test_a02_numbers_in_twos_complement_are_taken() -> None:
    """Some SDKs put zeros in front of a number whose top bit is set."""
    number = N - 5
    for text in (f"{number:x}", f"0{number:x}", f"00{number:X}"):
        assert srp.parse_public(text, name="SRP_A") == number


def verify(
    side: srp.ServerSide,
    signature: object,
    *,
    user_id: str = "ada",
    block: bytes = b"block",
    timestamp: str = GOOD["timestamp"],
) -> bool:
    return side.verify(
        client.public,
        pool_name="AbCdEf123",
        user_id=user_id,
        secret_block=block,
        timestamp=timestamp,
        signature_b64=signature,
    )


def test_a03_wrong_and_malformed_proofs_are_wrong() -> None:
    fresh = srp.ServerSide.start(srp.verifier("AbCdEf123", "ada", "Passw0rd!", 9), 2**279 + 54321)
    good = client.prove(**{**GOOD, "salt_hex": "9", "b_hex": fresh.public})
    assert verify(fresh, good)
    raw = base64.b64decode(good)
    flipped = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
    short_proof = base64.b64encode(raw[:-1]).decode()
    for bad in (flipped, short_proof, "", "!", None, 5, "A" * 44, good * 2, good.rstrip("="), f" {good}"):
        assert not verify(fresh, bad), short(bad)


def test_a03_a05_proof_is_bound_to_user_block_time_and_password() -> None:
    fresh = srp.ServerSide.start(srp.verifier("AbCdEf123", "ada", "Passw0rd!", 9), 2**279 + 54321)
    good = client.prove(**{**GOOD, "salt_hex": "9", "b_hex": fresh.public})
    assert not verify(fresh, good, user_id="bob")
    assert not verify(fresh, good, block=b"other")
    assert not verify(fresh, good, timestamp="Sun Nov 1 03:04:06 UTC 2026")
    wrong = client.prove(**{**GOOD, "password": "passw0rd!", "salt_hex": "9", "b_hex": fresh.public})
    assert not verify(fresh, wrong)
