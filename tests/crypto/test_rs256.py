"""Signing and verifying, with keys as the service makes, keeps and publishes them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.canary import found_in
from userpool.crypto import jws, rs256
from userpool.crypto.jws import Check, InvalidToken
from userpool.crypto.rs256 import PublicKey, SigningKey

CLAIMS: dict[str, Any] = {
    "sub": "ada",
    "name": "Ada Lovelace, née Byron 🔑",
    "cognito:groups": ["a"],
    "exp": 1_800_000_000,
}


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture(scope="module")
def other() -> SigningKey:
    return SigningKey.generate()


def check(token: str, public: PublicKey) -> dict[str, Any]:
    return rs256.verify(jws.parse(token), public)


def refused(token: str, public: PublicKey, expected: Check) -> None:
    with pytest.raises(InvalidToken) as caught:
        check(token, public)
    assert caught.value.check == expected


def test_what_is_signed_verifies(key: SigningKey) -> None:
    assert check(key.sign(CLAIMS), key.public) == CLAIMS


def test_the_header_has_kid_and_alg_and_nothing_else(key: SigningKey) -> None:
    header = base64.urlsafe_b64decode(key.sign(CLAIMS).split(".")[0] + "==")
    assert header == f'{{"kid":"{key.key_id}","alg":"RS256"}}'.encode()


def test_claims_keep_their_order_and_are_written_tightly(key: SigningKey) -> None:
    payload = jws.parse(key.sign({"b": 1, "a": [True, None]})).payload
    assert payload == b'{"b":1,"a":[true,null]}'


def test_key_ids_look_like_cognitos(key: SigningKey) -> None:
    assert len(key.key_id) == 44
    assert len(base64.b64decode(key.key_id, validate=True)) == 32


def test_the_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    """The example of section 3.1, whose thumbprint is written there in base64url."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
        "apJzKnqDKgw"
    )
    number = int.from_bytes(base64.urlsafe_b64decode(modulus + "=="))
    public = rsa.RSAPublicNumbers(65537, number).public_key()
    expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert rs256._thumbprint(public).translate(str.maketrans("+/", "-_")).rstrip("=") == expected


def test_every_changed_byte_is_noticed(key: SigningKey) -> None:
    token = key.sign(CLAIMS)
    header, payload, signature = token.split(".")
    refused(f"{header}.{payload[:-4]}AAAA.{signature}", key.public, Check.SIGNATURE)
    raw = jws.parse(token).signature
    for index in (0, 1, 100, 255):
        changed = bytearray(raw)
        changed[index] ^= 1
        text = base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")
        refused(f"{header}.{payload}.{text}", key.public, Check.SIGNATURE)
    for text in ("", "AA", signature + "AAAA", "AAAA" + signature):
        refused(f"{header}.{payload}.{text}", key.public, Check.SIGNATURE)


def test_another_key_does_not_verify(key: SigningKey, other: SigningKey) -> None:
    token = key.sign(CLAIMS)
    refused(token, other.public, Check.KEY)
    modulus, exponent = other.public.numbers
    refused(token, PublicKey.from_numbers(key.key_id, modulus, exponent), Check.SIGNATURE)


def test_v02_the_public_key_is_no_secret(key: SigningKey) -> None:
    """HS256 with everything that is published about the key as its secret."""
    import hashlib
    import hmac

    public = key.public._key
    jwk = json.dumps(key.public.jwk()).encode()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwks = b'{"keys":[' + jwk + b"]}"
    for secret in (pem, der, jwk, jwks, base64.b64encode(der), b"\xef\xbb\xbf" + pem, pem.strip(), b""):
        for alg in ("HS256", "RS256"):
            head = base64.urlsafe_b64encode(json.dumps({"kid": key.key_id, "alg": alg}).encode()).rstrip(b"=")
            body = base64.urlsafe_b64encode(b'{"sub":"ada"}').rstrip(b"=")
            mac = hmac.digest(secret, head + b"." + body, hashlib.sha256)
            token = b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()
            refused(token, key.public, Check.ALGORITHM if alg == "HS256" else Check.SIGNATURE)


def test_v28_a_signed_payload_that_is_no_object_is_refused(key: SigningKey) -> None:
    token = key.sign([1, 2])  # type: ignore[arg-type]  # what a careless issuer may sign
    refused(token, key.public, Check.PAYLOAD)
    assert rs256.verify_signature(jws.parse(token), key.public) == b"[1,2]"


@pytest.mark.parametrize("claims", [{"a": float("nan")}, {"a": object()}, {"a": b"x"}])
def test_claims_that_are_not_json_are_not_signed(key: SigningKey, claims: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        key.sign(claims)


def test_a_key_can_be_kept(key: SigningKey) -> None:
    for again in (SigningKey.from_der(key.to_der()), SigningKey.from_pem(key.to_pem())):
        assert again.key_id == key.key_id
        assert check(again.sign(CLAIMS), key.public) == CLAIMS
    named = SigningKey.from_der(key.to_der(), "key-1")
    assert named.key_id == named.public.key_id == "key-1"
    assert check(named.sign(CLAIMS), named.public) == CLAIMS


def test_a_key_with_a_password_can_be_read(key: SigningKey) -> None:
    pem = key._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    assert SigningKey.from_pem(pem, password=b"pw").key_id == key.key_id
    with pytest.raises(TypeError):
        SigningKey.from_pem(pem)


def test_other_keys_do_not_sign() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="not an RSA key"):
        SigningKey.from_pem(pem)
    with pytest.raises(ValueError, match="2048 bits or more; this has 1024"):
        SigningKey(rsa.generate_private_key(65537, 1024))
    with pytest.raises(ValueError, match="PEM"):
        SigningKey.from_pem(b"no key")


def test_public_jwk(key: SigningKey) -> None:
    jwk = key.public.jwk()
    assert list(jwk) == ["alg", "e", "kid", "kty", "n", "use"]
    assert (jwk["alg"], jwk["e"], jwk["kty"], jwk["use"]) == ("RS256", "AQAB", "RSA", "sig")
    assert int.from_bytes(base64.urlsafe_b64decode(jwk["n"] + "==")) == key.public.numbers[0]


def test_c27_private_keys_never_show(key: SigningKey) -> None:
    assert repr(key) == f"<SigningKey {key.key_id}>"
    assert repr(key.public) == f"<PublicKey {key.key_id}>"
    assert not found_in(repr(key), key.to_pem().decode(), str(key._key.private_numbers().d))


@pytest.mark.parametrize(
    ("change", "exponent"),
    [
        (lambda n: n >> 1, 65537),
        (lambda n: n << 1, 65537),
        (lambda n: 0, 65537),
        (lambda n: (n << 6145) + 1, 65537),
        (lambda n: n, 0),
        (lambda n: n, 1),
        (lambda n: n, 65536),
        (lambda n: n, 2**64 + 1),
    ],
)
def test_v19_weak_and_unusable_numbers(key: SigningKey, change: Any, exponent: int) -> None:
    modulus = change(key.public.numbers[0])
    if modulus.bit_length() == 2047:
        modulus |= 1
    with pytest.raises(ValueError, match=r"modulus|exponent"):
        PublicKey.from_numbers("k", modulus, exponent)


def test_v19_roca() -> None:
    """Primes of that generator are k * M + (65537 ** a mod M), M being a product of small primes."""
    product = 1
    for prime in [p for p in range(2, 168) if all(p % q for q in range(2, p))]:
        product *= prime
    marked = pow(65537, 12345, product) * pow(65537, 54321, product) % product
    modulus = marked + (product << (2048 - product.bit_length()))
    assert (modulus % 2, modulus.bit_length()) == (1, 2048)
    assert rs256.is_roca_weak(modulus)
    with pytest.raises(ValueError, match="ROCA"):
        PublicKey.from_numbers("k", modulus, 65537)


def test_v56_refusals_do_not_depend_on_optimisation_or_hash_seed(key: SigningKey) -> None:
    program = (
        "import sys, json\n"
        "from userpool.crypto import jws, rs256, jwks\n"
        "keys = jwks.PublicKeys.from_jwks(json.loads(sys.argv[1]))\n"
        "for token in sys.argv[2:]:\n"
        "    try:\n"
        "        parsed = jws.parse(token)\n"
        "        print(rs256.verify(parsed, keys[parsed.key_id])['sub'])\n"
        "    except jws.InvalidToken as error:\n"
        "        print(error.check)\n"
        "from userpool.protocol import srp\n"
        "for number in (0, srp.N, srp.N + 1):\n"
        "    try:\n"
        "        print(srp.parse_public(f'{number:x}', name='SRP_B'))\n"
        "    except srp.SrpError as error:\n"
        "        print(error.parameter)\n"
    )
    good = key.sign(CLAIMS)
    tokens = [
        good,
        good[:-8] + "AAAAAAAA"[: len(good[-8:])],
        good.replace(".", "..", 1),
        key.sign({})[:-1] + "!",
    ]
    arguments = [json.dumps({"keys": [key.public.jwk()]}), *tokens]
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-O", "-c", program, *arguments],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        words = done.stdout.split()
        assert words[:1] + words[2:] == ["ada", "shape", "encoding", "SRP_B", "SRP_B", "SRP_B"]
        assert words[1] in {"signature", "encoding"}
