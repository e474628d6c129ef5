"""Other people's collection of bad tokens (Wycheproof), and the JOSE cookbook's good one.

Every valid RS256 case passes and every invalid case of any algorithm is refused. The valid cases of other
algorithms are refused too, by design: Cognito signs with RS256 alone. They are counted here, so that none
slips away.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.vectors import vectors_dir
from userpool.crypto import jws, rs256
from userpool.crypto.jwks import InvalidKeySet, PublicKeys
from userpool.crypto.jws import Check, InvalidToken
from userpool.crypto.rs256 import PublicKey

Case = tuple[dict[str, Any], dict[str, Any]]


def cases(name: str) -> Iterator[Case]:
    data = json.loads((vectors_dir("wycheproof") / name).read_text())
    for group in data["testGroups"]:
        for test in group["tests"]:
            yield group, test


def accepted(group: dict[str, Any], token: object) -> bytes | Check | str:
    """The payload, or why it was refused."""
    published = group.get("public") or group["private"]
    try:
        keys = PublicKeys.from_jwks(published if "keys" in published else {"keys": [published]})
    except InvalidKeySet:
        keys = PublicKeys({})
    try:
        parsed = jws.parse(token)
        key = keys.get(parsed.key_id)
        return "no key" if key is None else rs256.verify_signature(parsed, key)
    except InvalidToken as error:
        return error.check


def algorithm(token: object) -> str:
    text = str(token).split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["alg"])


def test_json_web_signature() -> None:
    passed, refused, by_design = [], 0, Counter[str]()
    for group, test in cases("json_web_signature_test.json"):
        outcome = accepted(group, test["jws"])
        if test["result"] == "invalid":
            assert not isinstance(outcome, bytes), test["tcId"]
            refused += 1
        elif isinstance(outcome, bytes):
            assert algorithm(test["jws"]) == "RS256"
            passed.append(test["tcId"])
        else:
            by_design[algorithm(test["jws"])] += 1
    assert passed == [33, 259, 260, 261, 262, 263, 345, 349]
    assert refused == 355
    # Two of the HS256 are 372 and 373: characters put into a segment, which the set calls valid.
    assert by_design == {
        "HS256": 10, "ES256": 2, "RS384": 4, "RS512": 4, "PS256": 6, "PS384": 6, "PS512": 4, "ES512": 2,
    }  # fmt: skip
    assert len(passed) + refused + by_design.total() == 401


def test_json_web_key() -> None:
    outcomes = {
        test["tcId"]: (test["result"], accepted(group, test["jws"]))
        for group, test in cases("json_web_key_test.json")
    }
    assert len(outcomes) == 26
    passed = {number for number, (_, outcome) in outcomes.items() if isinstance(outcome, bytes)}
    assert passed == {5}
    valid = {number for number, (result, _) in outcomes.items() if result == "valid"}
    assert valid - passed == {2, 13, 14, 15}  # HMAC keys: refused by design
    # ROCA, 1024 bits and exponent 1 are refused as keys, before any signature is looked at.
    assert [outcomes[number][1] for number in (6, 7, 8, 9)] == ["no key"] * 4


def test_json_web_crypto() -> None:
    passed, by_design, refused = [], [], 0
    for group, test in cases("json_web_crypto_test.json"):
        outcome = accepted(group, test.get("jws") or test.get("jwe"))
        if isinstance(outcome, bytes):
            passed.append(test["tcId"])
        elif test["result"] == "valid":
            by_design.append(test["tcId"])
        else:
            refused += 1
    assert passed == [33]
    assert by_design == [1, 18, 48, 50, 67]  # HS256, ES256, HS256 from a set, and two encrypted tokens
    assert refused == 83 - 6


def test_rsa_signatures() -> None:
    """V-20: 249 altered paddings and the like. The one case that the set leaves open (8) is refused."""
    results = Counter[tuple[str, bool]]()
    for group, test in cases("rsa_signature_2048_sha256_test.json"):
        numbers = group["publicKey"]
        key = PublicKey.from_numbers("k", int(numbers["modulus"], 16), int(numbers["publicExponent"], 16))
        good = key.check(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
        results[test["result"], good] += 1
    assert results == {("valid", True): 9, ("invalid", False): 249, ("acceptable", False): 1}


def test_jose_cookbook_rs256() -> None:
    """RFC 7520 section 4.1, and the public key of section 3.3."""
    folder = vectors_dir("jose-cookbook")
    example = json.loads((folder / "jws" / "4_1.rsa_v15_signature.json").read_text())
    keys = PublicKeys.from_jwks(
        {"keys": [json.loads((folder / "jwk" / "3_3.rsa_public_key.json").read_text())]}
    )
    parsed = jws.parse(example["output"]["compact"])
    payload = rs256.verify_signature(parsed, keys["bilbo.baggins@hobbiton.example"])
    assert payload.decode() == example["input"]["payload"]
    with pytest.raises(InvalidToken) as caught:
        rs256.verify(parsed, keys["bilbo.baggins@hobbiton.example"])
    assert caught.value.check == Check.PAYLOAD


@pytest.mark.parametrize(
    "name",
    [
        "4_2.rsa-pss_signature.json",
        "4_3.ecdsa_signature.json",
        "4_4.hmac-sha2_integrity_protection.json",
        "4_5.signature_with_detached_content.json",
        "4_6.protecting_specific_header_fields.json",
        "4_7.protecting_content_only.json",
        "4_8.multiple_signatures.json",
    ],
)
def test_jose_cookbook_other_forms_are_refused(name: str) -> None:
    output = json.loads((vectors_dir("jose-cookbook") / "jws" / name).read_text())["output"]
    for form in output.values():
        with pytest.raises(InvalidToken):
            jws.parse(form if isinstance(form, str) else json.dumps(form))
