"""Keys of passkeys: the private half signs, the public half is written as COSE and as DER.

ES256 and RS256 are what Cognito takes (RFC 9053 section 2.1, RFC 8812 section 2). A signature of ES256 is the
ASN.1 sequence that WebAuthn has it be, not the two numbers of JOSE.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RSA_BITS: Final = 2048

_KTY, _ALG = 1, 3
_EC2, _RSA = 2, 3
_P256 = 1


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
            x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
            return {_KTY: _EC2, _ALG: self.algorithm.value, -1: _P256, -2: x, -3: y}
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
        return {_KTY: _RSA, _ALG: self.algorithm.value, -1: modulus, -2: numbers.e.to_bytes(3)}

    def public_der(self) -> bytes:
        """The public half as SubjectPublicKeyInfo in DER, as browsers give it beside the COSE key."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der: bytes = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return der
