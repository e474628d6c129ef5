"""Device secrets against the JavaScript SDK's, and what the service must refuse."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.canary import found_in
from userpool.protocol import device, srp

CASES = json.loads((Path(__file__).parent / "vectors" / "cognito-srp.json").read_text())["device_verifier"]
GROUP, KEY = "-GroupKey1", "us-east-1_11111111-2222-3333-4444-555555555555"
TIMESTAMP = "Sun Nov 1 03:04:05 UTC 2026"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["n"])
def test_agrees_with_the_javascript_sdk(case: dict[str, str]) -> None:
    random = base64.b64decode(case["pw"]) + bytes.fromhex(case["raw"])
    new = device.new_device(GROUP, KEY, random)
    assert (new.password, new.salt, new.verifier) == (case["pw"], case["saltB64"], case["verB64"])
    salt, verifier = device.parse_config(new.salt, new.verifier)
    assert (srp.pad(salt).hex(), srp.pad(verifier).hex()) == (case["salt"], case["ver"])


def test_a_new_device_signs_in() -> None:
    new = device.new_device(GROUP, KEY, bytes(range(1, 57)))
    salt, verifier = device.parse_config(new.salt, new.verifier)
    server = srp.ServerSide.start(verifier, 2**279 + 5)
    client = srp.ClientSide.start(2**279 + 7)
    signature = client.prove(
        pool_name=GROUP,
        user_id=KEY,
        password=new.password,
        salt_hex=f"{salt:x}",
        b_hex=server.public,
        secret_block_b64=base64.b64encode(b"device block").decode(),
        timestamp=TIMESTAMP,
    )

    def verified(group: str, key: str) -> bool:
        return server.verify(
            client.public,
            pool_name=group,
            user_id=key,
            secret_block=b"device block",
            timestamp=TIMESTAMP,
            signature_b64=signature,
        )

    assert verified(GROUP, KEY)
    assert not verified(GROUP, KEY + "0")
    assert not verified(GROUP + "0", KEY)


@pytest.mark.parametrize("size", [0, 55, 57, 1024])
def test_wants_exactly_its_random_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="exactly 56"):
        device.new_device(GROUP, KEY, bytes(size))


def test_c27_secrets_never_show() -> None:
    new = device.new_device(GROUP, KEY, bytes(range(1, 57)))
    assert not found_in(repr(new), new.password, new.salt, new.verifier)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


GOOD_SALT, GOOD_VERIFIER = b64(bytes(range(1, 17))), b64(srp.pad(pow(2, 12345, srp.N)))


@pytest.mark.parametrize(
    "salt", [None, 5, "", "!", b64(b"seven b"), b64(bytes(65)), "A" * 10_000_000], ids=lambda x: repr(x)[:20]
)
def test_t06_malformed_or_short_salt(salt: Any) -> None:
    with pytest.raises(srp.SrpError, match="Salt") as caught:
        device.parse_config(salt, GOOD_VERIFIER)
    assert caught.value.parameter == "Salt"


@pytest.mark.parametrize("number", [0, 1, srp.N - 1, srp.N, srp.N + 1, 2**3080 - 1])
def test_t06_verifier_outside_the_group(number: int) -> None:
    with pytest.raises(srp.SrpError, match="not a number of the group"):
        device.parse_config(GOOD_SALT, b64(srp.pad(number)))


@pytest.mark.parametrize("verifier", [None, 5, "", "!", "A" * 10_000_000], ids=lambda x: repr(x)[:20])
def test_t06_malformed_verifier(verifier: Any) -> None:
    with pytest.raises(srp.SrpError, match="PasswordVerifier"):
        device.parse_config(GOOD_SALT, verifier)
