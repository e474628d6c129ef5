"""Keys of passkeys: the private half signs, the public half is written as COSE and as DER, and checks.

ES256 and RS256 are what Cognito takes (RFC 9053 section 2.1, RFC 8812 section 2). A signature of ES256 is the
ASN.1 sequence that WebAuthn has it be, not the two numbers of JOSE.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Self

from . import rs256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RSA_BITS: Final = 2048

_KTY, _ALG = 1, 3
_EC2, _RSA = 2, 3
_P256, _P256_BYTES = 1, 32


class CoseAlgorithm(IntEnum):
    """A signature, by its number in the registry of COSE algorithms."""

    ES256 = -7
    RS256 = -257


class CoseKey:
    """A private key that signs for a passkey. It never shows in its `repr`."""

    __slots__ = ("_key", "algorithm")

    def __init__(self, algorithm: CoseAlgorithm, key: EllipticCurvePrivateKey | RSAPrivateKey) -> None:
        self.algorithm = algorithm
        self._key: Any = key

    @classmethod
    def generate(cls, algorithm: CoseAlgorithm = CoseAlgorithm.ES256) -> CoseKey:
        """Make a new key. One of RS256 takes a good tenth of a second, sometimes several."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        if algorithm is CoseAlgorithm.ES256:
            return cls(algorithm, ec.generate_private_key(ec.SECP256R1()))
        return cls(algorithm, rsa.generate_private_key(65_537, RSA_BITS))

    def __repr__(self) -> str:
        return f"<CoseKey {self.algorithm.name}>"

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        if self.algorithm is CoseAlgorithm.ES256:
            signature: bytes = self._key.sign(data, ECDSA(SHA256()))
        else:
            signature = self._key.sign(data, PKCS1v15(), SHA256())
        return signature

    def public(self) -> dict[int, int | bytes]:
        """The public half as a COSE key (RFC 9052 section 7), before it is written as CBOR."""
        numbers = self._key.public_key().public_numbers()
        if self.algorithm is CoseAlgorithm.ES256:
            x, y = numbers.x.to_bytes(_P256_BYTES), numbers.y.to_bytes(_P256_BYTES)
            return {_KTY: _EC2, _ALG: self.algorithm.value, -1: _P256, -2: x, -3: y}
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
        return {_KTY: _RSA, _ALG: self.algorithm.value, -1: modulus, -2: numbers.e.to_bytes(3)}

    def public_der(self) -> bytes:
        """The public half as SubjectPublicKeyInfo in DER, as browsers give it beside the COSE key."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der: bytes = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return der


class UnusableKey(ValueError):
    """A public key of another algorithm than ES256 and RS256, or one that is broken."""


class CosePublicKey:
    """The public half of a passkey, as somebody sent it: whole and sound, or refused."""

    __slots__ = ("_key", "algorithm")

    def __init__(self, algorithm: CoseAlgorithm, key: EllipticCurvePublicKey | rs256.PublicKey) -> None:
        self.algorithm = algorithm
        self._key: Any = key

    @classmethod
    def parse(cls, members: Mapping[Any, Any]) -> Self:
        """Read a COSE key (RFC 9052 section 7) that was CBOR.

        Args:
            members: by their labels; WebAuthn allows no more than the key takes (level 3, section 6.5.1).

        Raises:
            UnusableKey: its algorithm is neither ES256 nor RS256, a member is missing, wrong or too many, the
                point is not on the curve, or the RSA key is too weak or too slow to use.
        """
        match {label: value for label, value in members.items() if type(label) is int}:
            case {1: 2, 3: -7, -1: int(curve), -2: bytes(x), -3: bytes(y)} if len(members) == 5 and (
                curve == _P256 and curve is not True
            ):
                return cls(CoseAlgorithm.ES256, _point(x, y))
            case {1: 3, 3: -257, -1: bytes(n), -2: bytes(e)} if len(members) == 4:
                return cls(CoseAlgorithm.RS256, _rsa(n, e))
        raise UnusableKey("not a key of ES256 or RS256")

    def check(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's over `data`."""
        if self.algorithm is CoseAlgorithm.RS256:
            right: bool = self._key.check(signature, data)
            return right
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            self._key.verify(signature, data, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def _point(x: bytes, y: bytes) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers

    if len(x) != _P256_BYTES or len(y) != _P256_BYTES:
        raise UnusableKey("a coordinate has not 32 bytes")
    try:
        return EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()
    except ValueError:
        raise UnusableKey("the point is not on the curve") from None


def _rsa(modulus: bytes, exponent: bytes) -> rs256.PublicKey:
    if not (0 < len(modulus) <= rs256.MAX_BITS // 8 and 0 < len(exponent) <= 8):
        raise UnusableKey("the modulus or the exponent is too long, or not there")
    try:
        return rs256.PublicKey.from_numbers("", int.from_bytes(modulus), int.from_bytes(exponent))
    except ValueError as error:
        raise UnusableKey(str(error)) from None
