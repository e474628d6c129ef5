"""SRP as Cognito speaks it, both sides: SRP-6a in a 3072-bit group, with a signed claim in the place of M1.

Pure: random bytes and the modular power are arguments, nothing is read from the clock or the system. The same
code serves users (pool name, user id) and remembered devices (device group key, device key; see
`userpool.protocol.device`).

Sources: RFC 5054 section 2.5 and RFC 2945 for SRP; RFC 3526 section 5 for the prime. What is Cognito's own
(the generator, Java's padding, the key derivation, the claim) is pinned by the vectors of the tests, made
with Amazon's JavaScript SDK.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self

from .effects import Power

N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
"""The safe prime of RFC 3526 group 15, the same as that of RFC 5054's 3072-bit group."""

G: Final = 2
"""The generator. RFC 5054 takes 5 for this prime; Cognito takes 2."""

SECRET_BYTES: Final = 35
"""Random bytes for a secret exponent: 280 bits.

SP 800-56A rev. 3 (section 5.6.1.1 and appendix D) asks for at least 256 bits in this group, RFC 5054
(sections 2.5.3 and 2.5.4) for at least 256, RFC 7919 appendix A.2 for at least 275 in one of its size. The
1024 bits that other clients draw make the sign-in twice as slow and no safer.
"""

MAX_SECRET_BYTES: Final = 40
MIN_SECRET_BYTES: Final = 32

MAX_HEX_DIGITS: Final = 770
"""768 digits hold any number of the group; writers of two's complement put up to two zeros in front."""

_DECOY_BYTES: Final = 400
_MAX_SECRET_BLOCK: Final = 65_536
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_INFO: Final = b"Caldera Derived Key"
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(
    rf"({'|'.join(_WEEKDAYS)}) ({'|'.join(_MONTHS)}) ([1-9]|[12][0-9]|3[01])"
    r" ([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) UTC ([0-9]{4})",
    re.ASCII,
)


class SrpError(ValueError):
    """A value of an SRP exchange is malformed or unsafe: the exchange ends here, before any proof is made.

    `parameter` is the wire name of the value at fault (`SRP_B`, `SALT` …). The value itself is never
    repeated.
    """

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(parameter, problem)
        self.parameter = parameter
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.parameter} {self.problem}"


def pad(number: int) -> bytes:
    """Write a non-negative integer as Java's `BigInteger.toByteArray` does: big-endian, the top bit clear.

    Raises:
        ValueError: the number is negative.
    """
    if number < 0:
        raise ValueError("only non-negative numbers are padded")
    return number.to_bytes(number.bit_length() // 8 + 1)


def parse_hex(text: object, *, name: str, max_digits: int = MAX_HEX_DIGITS) -> int:
    """Read a number that came over the wire as hex: ASCII digits only, no sign, no prefix, of bounded length.

    Args:
        text: what was received; anything but a string is refused too.
        name: the wire name, for the error.
        max_digits: more digits are refused before they are read.

    Raises:
        SrpError: with `name`; it does not repeat the value.
    """
    if not isinstance(text, str) or not text:
        raise SrpError(name, "is missing or is not a text of hexadecimal digits")
    if len(text) > max_digits:
        raise SrpError(name, f"has more than {max_digits} hexadecimal digits")
    if not _HEX.fullmatch(text):
        raise SrpError(name, "has characters that are not hexadecimal digits")
    return int(text, 16)


def decode_base64(text: object, *, name: str, max_bytes: int = _MAX_SECRET_BLOCK) -> bytes:
    """Read standard base64 with padding, strictly.

    Raises:
        SrpError: with `name`; missing, too long, or not base64.
    """
    if not isinstance(text, str) or not text:
        raise SrpError(name, "is missing or is not a text in base64")
    if len(text) > max_bytes * 4 // 3 + 4:
        raise SrpError(name, f"is longer than {max_bytes} bytes")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SrpError(name, "is not base64") from None
    return data


def _hash_int(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest())


K: Final = _hash_int(pad(N) + pad(G))
"""SRP-6a's multiplier. g enters as one byte: Cognito does not stretch it to the length of N."""


def private_key(pool_name: str, user_id: str, password: str, salt: int) -> int:
    """Derive x, the private key that a password stands for. Texts enter as UTF-8, byte for byte as given.

    Args:
        pool_name: the part of the pool id after `_`; for a device its group key.
        user_id: `USER_ID_FOR_SRP`; for a device its key.
        password: never trimmed, folded or normalised.
        salt: the salt as a number: zeros in front of it on the wire do not count.

    Raises:
        SrpError: a text has half a surrogate pair, which no UTF-8 holds.
    """
    text = f"{pool_name}{user_id}:{password}"
    if _HALF_PAIR.search(text):  # encoding would raise too, but its error carries the whole text
        raise SrpError("PASSWORD", "or the user name holds half a character; give whole ones")
    inner = hashlib.sha256(text.encode()).digest()
    return _hash_int(pad(salt) + inner)


def verifier(pool_name: str, user_id: str, password: str, salt: int, power: Power = pow) -> int:
    """Compute v = g^x, which checks a password over SRP and in clear alike. Arguments as `private_key`."""
    return power(G, private_key(pool_name, user_id, password, salt), N)


def check_password(
    stored: int, *, pool_name: str, user_id: str, password: str, salt: int, power: Power = pow
) -> bool:
    """Tell whether a clear password belongs to a stored verifier, comparing in constant time.

    For an unknown user call it with a verifier from `decoy_verifier`: the work is the same and the answer is
    False.
    """
    computed = verifier(pool_name, user_id, password, salt, power)
    return hmac.compare_digest(_fixed(computed), _fixed(stored))


def decoy_verifier(material: bytes) -> int:
    """Turn keyed pseudo-random bytes into the verifier of a user that does not exist, without a power.

    Args:
        material: at least 400 bytes, from a keyed derivation over pool and name, so that the same name gets
            the same verifier in every worker. The 16 bytes beyond the modulus take away the bias of the
            reduction.

    Raises:
        ValueError: too few bytes.
    """
    if len(material) < _DECOY_BYTES:
        raise ValueError(f"a decoy verifier needs at least {_DECOY_BYTES} bytes of material")
    return int.from_bytes(material) % (N - 2) + 2


def scramble(public_a: int, public_b: int) -> int:
    """Compute u = H(A ‖ B).

    Raises:
        SrpError: u is zero, which would take the password out of the exchange.
    """
    u = _hash_int(pad(public_a) + pad(public_b))
    if u == 0:
        raise SrpError("SRP_B", "gives a scrambling value of zero; start the sign-in again")
    return u


def session_key(shared: int, u: int) -> bytes:
    """Derive the 16-byte key of the exchange: HKDF-SHA256 (RFC 5869) with u as its salt."""
    extracted = hmac.digest(pad(u), pad(shared), "sha256")
    return hmac.digest(extracted, _INFO + b"\x01", "sha256")[:16]


def signature(key: bytes, pool_name: str, user_id: str, secret_block: bytes, timestamp: str) -> bytes:
    """Make the password claim: HMAC-SHA256 over pool name ‖ user id ‖ secret block ‖ time."""
    message = f"{pool_name}{user_id}".encode() + secret_block + timestamp.encode()
    return hmac.digest(key, message, "sha256")


def timestamp(moment: datetime) -> str:
    """Write a moment as `TIMESTAMP` wants it, whatever the locale: `Sun Nov 1 03:04:05 UTC 2026`.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("give the moment a time zone, such as datetime.now(UTC)")
    utc = moment.astimezone(UTC)
    return f"{_WEEKDAYS[utc.weekday()]} {_MONTHS[utc.month - 1]} {utc.day} {utc:%H:%M:%S} UTC {utc.year:04}"


def parse_timestamp(text: object) -> datetime:
    """Read a `TIMESTAMP`, only in the form that `timestamp` writes; the day of the week must fit the date.

    Raises:
        SrpError: any other form.
    """
    match = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise SrpError("TIMESTAMP", "is not of the form 'Sun Nov 1 03:04:05 UTC 2026'")
    weekday, month, *numbers = match.groups()
    day, hour, minute, second, year = map(int, numbers)
    try:
        moment = datetime(year, _MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise SrpError("TIMESTAMP", "is not a date of the calendar") from None
    if _WEEKDAYS[moment.weekday()] != weekday:
        raise SrpError("TIMESTAMP", "names another day of the week than its date has")
    return moment


@dataclass(frozen=True, slots=True)
class ClientSide:
    """The side that knows the password. One object serves one exchange: draw a new one for each.

    `secret` is the exponent a, `number` is A = g^a. Make it with `generate`; `start` takes a known exponent.
    """

    secret: int = field(repr=False)
    number: int = field(repr=False)

    @classmethod
    def generate(cls, random: bytes, power: Power = pow) -> Self:
        """Draw the secret exponent from fresh random bytes; one modular power.

        Args:
            random: 32 to 40 bytes, `SECRET_BYTES` by habit, from a cryptographic source.
            power: the modular power to use.

        Raises:
            ValueError: a wrong number of bytes, or bytes that no working source gives.
        """
        return cls.start(_exponent(random), power)

    @classmethod
    def start(cls, secret: int, power: Power = pow) -> Self:
        """Begin with a known exponent, as vectors have it; programs call `generate`."""
        return cls(secret, power(G, secret, N))

    @property
    def public(self) -> str:
        """A as `SRP_A` carries it: lower-case hex without padding."""
        return f"{self.number:x}"

    def prove(
        self,
        *,
        pool_name: str,
        user_id: str,
        password: str,
        salt_hex: object,
        b_hex: object,
        secret_block_b64: object,
        timestamp: str,
        power: Power = pow,
    ) -> str:
        """Answer the challenge: check what the service sent, then sign; two modular powers.

        Args:
            pool_name: the part of the pool id after `_`; for a device its group key.
            user_id: `USER_ID_FOR_SRP` of the challenge; for a device its key.
            password: byte for byte as the user gave it.
            salt_hex: `SALT` as received.
            b_hex: `SRP_B` as received.
            secret_block_b64: `SECRET_BLOCK` as received.
            timestamp: from the function of this name, and the same text that is sent.
            power: the modular power to use.

        Returns:
            `PASSWORD_CLAIM_SIGNATURE`, in base64.

        Raises:
            SrpError: a value is missing, malformed or unsafe; nothing has been proved (RFC 5054 section
                2.5.3).
        """
        salt = parse_hex(salt_hex, name="SALT")
        block = decode_base64(secret_block_b64, name="SECRET_BLOCK")
        key = self.key(private_key(pool_name, user_id, password, salt), b_hex, power)
        return base64.b64encode(signature(key, pool_name, user_id, block, timestamp)).decode()

    def key(self, x: int, b_hex: object, power: Power = pow) -> bytes:
        """Derive the 16-byte session key from x and the service's public number; two modular powers.

        Raises:
            SrpError: `SRP_B` is malformed, zero or not below N, or the scrambling value is zero.
        """
        return session_key(*self.shared(x, b_hex, power))

    def shared(self, x: int, b_hex: object, power: Power = pow) -> tuple[int, int]:
        """Compute the shared number S = (B - k g^x)^(a + u x), and u. Errors as `key`."""
        b = parse_public(b_hex, name="SRP_B")
        u = scramble(self.number, b)
        return power((b - K * power(G, x, N)) % N, self.secret + u * x, N), u


@dataclass(frozen=True, slots=True)
class ServerSide:
    """The side that keeps a verifier. Its numbers can be stored between the two requests of an exchange.

    `verifier` is v, `secret` is the exponent b, `number` is B = k v + g^b. One object serves one exchange.
    """

    verifier: int = field(repr=False)
    secret: int = field(repr=False)
    number: int = field(repr=False)

    @classmethod
    def generate(cls, verifier: int, random: bytes, power: Power = pow) -> Self:
        """Draw the secret exponent from fresh random bytes, as `ClientSide.generate`; one modular power."""
        return cls.start(verifier, _exponent(random), power)

    @classmethod
    def start(cls, verifier: int, secret: int, power: Power = pow) -> Self:
        """Begin with a known exponent b; programs call `generate`.

        Raises:
            ValueError: B comes out as a multiple of N (draw again), or the verifier is not a number of the
                group.
        """
        if not 0 < verifier < N:
            raise ValueError("the verifier is not a number of the group")
        number = (K * verifier + power(G, secret, N)) % N
        if number == 0:
            raise ValueError("the exponent gives a public number of zero; draw another")
        return cls(verifier, secret, number)

    @property
    def public(self) -> str:
        """B as `SRP_B` carries it: lower-case hex without padding."""
        return f"{self.number:x}"

    def key(self, a_hex: object, power: Power = pow) -> bytes:
        """Derive the 16-byte session key from the client's public number; two modular powers.

        Raises:
            SrpError: `SRP_A` is malformed or a multiple of N; refused before any power (RFC 5054 section
                2.5.4).
        """
        a = parse_public(a_hex, name="SRP_A")
        u = scramble(a, self.number)
        shared = power(a * power(self.verifier, u, N) % N, self.secret, N)
        return session_key(shared, u)

    def verify(
        self,
        a_hex: object,
        *,
        pool_name: str,
        user_id: str,
        secret_block: bytes,
        timestamp: str,
        signature_b64: object,
        power: Power = pow,
    ) -> bool:
        """Tell whether the client has proved that it knows the password, comparing in constant time.

        Args:
            a_hex: `SRP_A` of the first request.
            pool_name: as `ClientSide.prove`.
            user_id: as `ClientSide.prove`.
            secret_block: the bytes that were sent; that they are the right ones, and used once, is the
                caller's check.
            timestamp: `TIMESTAMP` as received; whether it is recent is the caller's check.
            signature_b64: `PASSWORD_CLAIM_SIGNATURE` as received; a malformed one is a wrong one.
            power: the modular power to use.

        Raises:
            SrpError: `SRP_A` is malformed or a multiple of N.
        """
        key = self.key(a_hex, power)
        return proof_matches(key, pool_name, user_id, secret_block, timestamp, signature_b64)


def proof_matches(
    key: bytes, pool_name: str, user_id: str, secret_block: bytes, timestamp: str, signature_b64: object
) -> bool:
    """Compare a received password claim with the right one in constant time; a malformed one is wrong."""
    expected = signature(key, pool_name, user_id, secret_block, timestamp)
    try:
        received = decode_base64(signature_b64, name="PASSWORD_CLAIM_SIGNATURE", max_bytes=64)
    except SrpError:
        received = b""
    return hmac.compare_digest(expected, received)


def parse_public(text: object, *, name: str) -> int:
    """Read the public number of the other side and refuse what would make the secret guessable.

    Raises:
        SrpError: malformed, a multiple of N, or not below N.
    """
    number = parse_hex(text, name=name)
    if number % N == 0:
        raise SrpError(name, "is zero modulo N; the exchange is unsafe and ends here")
    if number >= N:
        raise SrpError(name, "is not below N")
    return number


def _exponent(random: bytes) -> int:
    if not MIN_SECRET_BYTES <= len(random) <= MAX_SECRET_BYTES:
        raise ValueError(f"give {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random bytes, SECRET_BYTES by habit")
    drawn = int.from_bytes(random)
    if drawn >> 128 == 0:
        raise ValueError("the random source is broken: it gave zeros")
    return drawn | 1 << (8 * len(random) - 1)  # the top bit is set, so that the exponent has its full length


def _fixed(number: int) -> bytes:
    return number.to_bytes(384)
