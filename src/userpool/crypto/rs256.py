"""RS256, the one signature of Cognito's tokens: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), on
cryptography.

`cryptography` is loaded by the first key, not by this module.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from .jws import ALGORITHM, Check, InvalidToken, ParsedJws, read_claims
from .strict import b64url_encode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

MIN_BITS: Final = 2048
MAX_BITS: Final = 8192
_EXPONENT: Final = 65_537


class PublicKey:
    """A key that verifies tokens. `userpool.crypto.jwks` reads whole sets of them."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key_id: str, key: RSAPublicKey) -> None:
        self.key_id = key_id
        self._key = key

    @classmethod
    def from_numbers(cls, key_id: str, modulus: int, exponent: int) -> Self:
        """Make a key from its numbers, refusing what is too weak or too slow to use.

        Raises:
            ValueError: the modulus has not 2048 to 8192 bits or is one of a known broken kind, or the
                exponent is not an odd number of 2 to 64 bits.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

        if not MIN_BITS <= modulus.bit_length() <= MAX_BITS or modulus % 2 == 0:
            raise ValueError(f"the modulus is even or has not {MIN_BITS} to {MAX_BITS} bits")
        if not 2 <= exponent.bit_length() <= 64 or exponent % 2 == 0:
            raise ValueError("the exponent is not an odd number of 2 to 64 bits")
        if is_roca_weak(modulus):
            raise ValueError("the key was made by a broken generator (ROCA, CVE-2017-15361)")
        return cls(key_id, RSAPublicNumbers(exponent, modulus).public_key())

    def __repr__(self) -> str:
        return f"<PublicKey {self.key_id}>"

    @property
    def numbers(self) -> tuple[int, int]:
        """Modulus and exponent."""
        numbers = self._key.public_numbers()
        return numbers.n, numbers.e

    def jwk(self) -> dict[str, str]:
        """The key as a member of a JWKS, as Cognito writes it (RFC 7517, RFC 7518 section 6.3.1)."""
        modulus, exponent = self.numbers
        return {
            "alg": ALGORITHM,
            "e": _b64_number(exponent),
            "kid": self.key_id,
            "kty": "RSA",
            "n": _b64_number(modulus),
            "use": "sig",
        }

    def check(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's over `data`."""
        padding, digest = _scheme()
        try:
            self._key.verify(signature, data, padding, digest)
        except _invalid_signature():  # looked up only when there is an exception to compare
            return False
        return True


class SigningKey:
    """A private RSA key that signs tokens. It never shows in its `repr`; keep it as `to_der`, sealed."""

    __slots__ = ("_head", "_key", "public")

    def __init__(self, key: RSAPrivateKey, key_id: str | None = None) -> None:
        if key.key_size < MIN_BITS:
            raise ValueError(f"a signing key needs {MIN_BITS} bits or more; this has {key.key_size}")
        public = key.public_key()
        self._key = key
        self.public = PublicKey(_thumbprint(public) if key_id is None else key_id, public)
        header = {"kid": self.public.key_id, "alg": ALGORITHM}
        self._head = b64url_encode(_dump(header)).encode() + b"."

    @classmethod
    def generate(cls, bits: int = MIN_BITS) -> Self:
        """Make a new key. It takes a good tenth of a second, sometimes several."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        return cls(rsa.generate_private_key(_EXPONENT, bits))

    @classmethod
    def from_der(cls, der: bytes, key_id: str | None = None) -> Self:
        """Read a key as `to_der` wrote it (PKCS #8).

        The primes are not proved again, which takes longer than a hundred signatures: what comes out of a
        seal is what went in. Read a key of other origin with `from_pem`.

        Raises:
            ValueError: not an RSA key of 2048 bits or more.
        """
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        return cls(_rsa(load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)), key_id)

    @classmethod
    def from_pem(cls, pem: bytes, key_id: str | None = None, password: bytes | None = None) -> Self:
        """Read a key of any origin from PEM, and check it.

        Raises:
            ValueError: not an RSA key of 2048 bits or more, or it is broken.
            TypeError: the key is encrypted and no password was given, or the other way round.
        """
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        return cls(_rsa(load_pem_private_key(pem, password)), key_id)

    def __repr__(self) -> str:
        return f"<SigningKey {self.key_id}>"

    @property
    def key_id(self) -> str:
        """The `kid`: base64 of the key's SHA-256 thumbprint (RFC 7638), 44 characters as Cognito's have."""
        return self.public.key_id

    def to_der(self) -> bytes:
        """The private key in clear, as PKCS #8: seal it before it goes anywhere."""
        return self._dump(pem=False)

    def to_pem(self) -> bytes:
        """The private key in clear, as PKCS #8 in PEM."""
        return self._dump(pem=True)

    def _dump(self, *, pem: bool) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        form = Encoding.PEM if pem else Encoding.DER
        return self._key.private_bytes(form, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make a signed token; its header has `kid` and `alg` and nothing else, as Cognito's.

        Raises:
            TypeError, ValueError: the claims are not JSON.
        """
        signing_input = self._head + b64url_encode(_dump(claims)).encode()
        signature = self._key.sign(signing_input, *_scheme())
        return f"{signing_input.decode()}.{b64url_encode(signature)}"


def verify_signature(parsed: ParsedJws, key: PublicKey) -> bytes:
    """Check the signature of a token.

    Args:
        parsed: from `userpool.crypto.jws.parse`.
        key: the key that the issuer publishes under `parsed.key_id`.

    Returns:
        The payload, which is now known to be the issuer's.

    Raises:
        InvalidToken: the key is another, or the signature is wrong.
    """
    if parsed.key_id != key.key_id:
        raise InvalidToken(Check.KEY, "The token was not signed with the key that it was checked with.")
    if not key.check(parsed.signature, parsed.signing_input):
        raise InvalidToken(Check.SIGNATURE, "The token's signature is wrong.")
    return parsed.payload


def verify(parsed: ParsedJws, key: PublicKey) -> dict[str, Any]:
    """Check the signature of a token and read its claims, which are still to be checked.

    Arguments and errors as `verify_signature`; and `InvalidToken` if the payload is not a JSON object.
    """
    return read_claims(verify_signature(parsed, key))


def is_roca_weak(modulus: int) -> bool:
    """Whether a modulus bears the mark of the Infineon generator of CVE-2017-15361, whose keys can be
    factored.

    All primes of that generator, and so their products, are powers of 65537 modulo each of many small primes.
    For another key to look so by chance is less likely than 2 ** -27.
    """
    return all(modulus % prime in powers for prime, powers in _roca_marks())


@cache
def _roca_marks() -> tuple[tuple[int, frozenset[int]], ...]:
    primes = [p for p in range(11, 168) if all(p % q for q in range(2, int(p**0.5) + 1))]
    return tuple((p, frozenset(pow(_EXPONENT, i, p) for i in range(p))) for p in primes)


@cache
def _invalid_signature() -> type[Exception]:
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature


@cache
def _scheme() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return PKCS1v15(), SHA256()


def _rsa(key: object) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise ValueError("this is not an RSA key; tokens are signed with RSA")
    return key


def _thumbprint(key: RSAPublicKey) -> str:
    numbers = key.public_numbers()
    members = {"e": _b64_number(numbers.e), "kty": "RSA", "n": _b64_number(numbers.n)}
    return base64.b64encode(hashlib.sha256(_dump(members)).digest()).decode()


def _b64_number(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _dump(value: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()
