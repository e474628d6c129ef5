"""SRP against known answers: the JavaScript SDK's, and whole exchanges with both exponents known."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden, canary
from tests.protocol import make_srp_server_vectors, srp_reference
from userpool.protocol import srp

VECTORS = Path(__file__).parent / "vectors"
JS = json.loads((VECTORS / "cognito-srp.json").read_text(encoding="utf-8"))
SERVER = json.loads((VECTORS / "srp-server.json").read_text(encoding="utf-8"))["exchanges"]

js_case = pytest.mark.parametrize("case", JS["client"], ids=lambda case: case["name"])
server_case = pytest.mark.parametrize("case", SERVER, ids=lambda case: case["name"])


def test_the_group_is_rfc_3526s() -> None:
    assert hashlib.sha256(srp.N.to_bytes(384)).hexdigest() == srp_reference.PRIME_SHA256
    assert srp.G == 2


def test_the_multiplier_takes_g_as_one_byte() -> None:
    assert srp.K == srp_reference.multiplier() == int(JS["k"], 16)


@js_case
def test_client_agrees_with_the_javascript_sdk(case: dict[str, Any]) -> None:
    client = srp.ClientSide.start(int(case["a"], 16))
    expect = case["expect"]
    assert client.public == expect["A"]
    salt = srp.parse_hex(case["salt"], name="SALT")
    x = srp.private_key(case["pool_name"], case["user_id"], case["password"], salt)
    shared, u = client.shared(x, case["B"])
    assert (f"{x:x}", f"{u:x}", f"{shared:x}") == (expect["x"], expect["u"], expect["S"])
    assert srp.session_key(shared, u).hex() == expect["key"]


@js_case
def test_client_signs_as_the_javascript_sdk(case: dict[str, Any]) -> None:
    signature = srp.ClientSide.start(int(case["a"], 16)).prove(
        pool_name=case["pool_name"],
        user_id=case["user_id"],
        password=case["password"],
        salt_hex=case["salt"],
        b_hex=case["B"],
        secret_block_b64=case["secret_block"],
        timestamp=case["timestamp"],
    )
    assert signature == case["expect"]["password_claim_signature"]


@server_case
def test_both_sides_agree_with_the_known_exchange(case: dict[str, Any]) -> None:
    made = srp_reference.transcript(
        int(case["a"], 16),
        int(case["b"], 16),
        pool_name=case["pool_name"],
        user_id=case["user_id"],
        password=case["password"],
        salt=int(case["salt"], 16),
        timestamp=case["timestamp"],
        secret_block=base64.b64decode(case["secret_block"]),
    )
    assert made == {**case["expect"], "verified": True}


def test_the_known_exchanges_are_what_their_script_makes() -> None:
    case = make_srp_server_vectors.case(0, "basic")
    assert case == SERVER[0]


@pytest.mark.parametrize("name", sorted(make_srp_server_vectors.EDGES))
def test_the_known_exchanges_hold_each_edge(name: str) -> None:
    (case,) = [case for case in SERVER if case["name"] == name]
    assert make_srp_server_vectors.EDGES[name](case["expect"])


@pytest.mark.parametrize(
    ("number", "padded"),
    [(0, "00"), (1, "01"), (0x7F, "7f"), (0x80, "0080"), (0xFF, "00ff"), (0x100, "0100"), (0x8000, "008000")],
)
def test_padding_is_javas(number: int, padded: str) -> None:
    assert srp.pad(number).hex() == padded == srp_reference.hex_of(number).rjust(2, "0")


def test_padding_refuses_negative_numbers() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        srp.pad(-1)


def test_a_device_is_a_user_by_other_names() -> None:
    assert srp.private_key("group", "key", "pw", 5) == srp_reference.x_of("group", "key", "pw", 5)


def test_password_check_for_clear_passwords() -> None:
    verifier = srp.verifier("pool", "ada", "right", 12345)
    facts: dict[str, Any] = {"pool_name": "pool", "user_id": "ada", "salt": 12345}
    assert srp.check_password(verifier, password="right", **facts)
    assert not srp.check_password(verifier, password="wrong", **facts)
    assert not srp.check_password(verifier, password="right ", **facts)
    assert not srp.check_password(srp.decoy_verifier(bytes(400)), password="right", **facts)


def test_decoy_verifier_is_a_stable_number_of_the_group() -> None:
    material = hashlib.shake_256(b"name").digest(400)
    decoy = srp.decoy_verifier(material)
    assert decoy == srp.decoy_verifier(material)
    assert 1 < decoy < srp.N
    assert decoy != srp.decoy_verifier(hashlib.shake_256(b"other").digest(400))
    with pytest.raises(ValueError, match="400"):
        srp.decoy_verifier(bytes(399))


def test_c05_random_bytes_are_checked_and_give_full_length() -> None:
    for size in (32, 35, 40):
        client = srp.ClientSide.generate(b"\x01" * size)
        assert client.secret.bit_length() == 8 * size
    for size in (0, 31, 41, 128):
        with pytest.raises(ValueError, match="32 to 40"):
            srp.ClientSide.generate(b"\x01" * size)
    for size in (32, 35, 40):
        with pytest.raises(ValueError, match="broken"):
            srp.ClientSide.generate(bytes(size))
        with pytest.raises(ValueError, match="broken"):
            srp.ServerSide.generate(1234, bytes(size))


def test_server_draws_its_secret_too() -> None:
    server = srp.ServerSide.generate(1234, b"\x07" * srp.SECRET_BYTES)
    assert server.secret.bit_length() == 280
    assert int(server.public, 16) == (srp.K * 1234 + pow(2, server.secret, srp.N)) % srp.N


def test_server_refuses_what_is_no_verifier() -> None:
    for number in (0, srp.N, srp.N + 1, -5):
        with pytest.raises(ValueError, match="verifier"):
            srp.ServerSide.start(number, 5)


def test_server_never_sends_zero() -> None:
    def unlucky(base: int, exponent: int, modulus: int) -> int:
        return -srp.K * 1234 % srp.N

    with pytest.raises(ValueError, match="draw another"):
        srp.ServerSide.start(1234, 5, unlucky)


def test_c27_secrets_never_show() -> None:
    secret = canary("password")
    x = srp.private_key("pool", "ada", secret, 1)
    client = srp.ClientSide.start(x)
    server = srp.ServerSide.start(srp.verifier("pool", "ada", secret, 1), x)
    numbers = [str(x), f"{x:x}", str(server.verifier), f"{server.verifier:x}"]
    assert not any(number in repr(side) for side in (client, server) for number in numbers)
    with pytest.raises(srp.SrpError) as caught:
        srp.parse_hex(secret, name="SRP_B")
    assert_hidden(caught.value, secret)


def test_c27_half_a_character_is_refused_without_the_text() -> None:
    secret = canary("password")
    with pytest.raises(srp.SrpError, match="half a character") as caught:
        srp.private_key("pool", "ada", f"{secret}\ud800", 1)
    assert_hidden(caught.value, secret)
    assert caught.value.__context__ is None


def test_errors_survive_pickling() -> None:
    error = srp.SrpError("SRP_B", "is not below N")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.parameter, again.problem) == ("SRP_B is not below N", "SRP_B", "is not below N")
