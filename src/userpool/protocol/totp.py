"""Time-based one-time passwords (RFC 6238) as authenticator apps compute them: SHA-1, 6 digits, 30
seconds.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Final
from urllib.parse import quote

DIGITS: Final = 6
STEP_SECONDS: Final = 30
SECRET_BYTES: Final = 32
"""Random bytes of a new seed: 256 bits, 52 characters of base32."""

_MIN_SECRET_BYTES: Final = 16
_MAX_SECRET: Final = 512
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret(random: bytes) -> str:
    """Write random bytes as the seed that a user scans or types: base32 without padding.

    Args:
        random: at least 16 bytes (RFC 4226 section 4, R6), `SECRET_BYTES` by habit.

    Raises:
        ValueError: too few bytes.
    """
    if len(random) < _MIN_SECRET_BYTES:
        raise ValueError(f"give at least {_MIN_SECRET_BYTES} random bytes, SECRET_BYTES by habit")
    return base64.b32encode(random).decode().rstrip("=")


def step(at: float) -> int:
    """The number of the time step at `at` seconds since the epoch."""
    return int(at // STEP_SECONDS)


def code(secret: str, at: float, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code that an authenticator app shows.

    Args:
        secret: the seed in base32; spaces, lower case and missing padding are allowed, since people copy it
            by hand.
        at: seconds since the epoch, true time.
        digits: length of the code.
        algorithm: `sha1` as Cognito has it, or another hash by name.

    Raises:
        ValueError: the seed is not base32.
    """
    return _code(_seed(secret), step(at), digits, algorithm)


def matched_step(secret: str, given: str, at: float, *, after: int = -1, window: int = 1) -> int | None:
    """Find the time step whose code was given, in constant time over the window.

    A code works once (RFC 6238 section 5.2): keep the step that this returns and pass it as `after` next
    time.

    Args:
        secret: the seed in base32.
        given: the code as the user gave it; anything but six ASCII digits matches nothing.
        at: seconds since the epoch, true time.
        after: the newest step already used; it and those before it match nothing.
        window: how many steps the user's clock may be early or late.

    Returns:
        The step, or None when the code is wrong or used.

    Raises:
        ValueError: the seed is not base32.
    """
    seed = _seed(secret)
    if not is_code(given):
        return None
    now = step(at)
    found = None
    for candidate in range(max(now - window, 0), now + window + 1):
        same = hmac.compare_digest(_code(seed, candidate, DIGITS, "sha1"), given)
        if same and candidate > after:
            found = candidate
    return found


def is_code(text: object) -> bool:
    """Whether this is six ASCII digits: what `SOFTWARE_TOKEN_MFA_CODE` and `UserCode` must be."""
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


def otpauth_uri(secret: str, *, account: str, issuer: str) -> str:
    """Make the text of the QR code that sets up an authenticator app, in the Key URI format.

    Every character but letters, digits and `-._~` is written by its number, so that no part of a name is
    taken for a part of the address.

    Args:
        secret: the seed in base32, as `AssociateSoftwareToken` gives it.
        account: whose it is, as the app shows it; any text.
        issuer: what it is for, as the app shows it; any text, or none.
    """
    named, whose = quote(issuer, safe=""), quote(account, safe="")
    # The first colon of the label divides issuer and account, for most apps even one that is quoted. So an
    # issuer that has one stands in its parameter alone, unless the account has one too and would be divided.
    prefixed = issuer and (":" not in issuer or ":" in account)
    label = f"{named}:{whose}" if prefixed else whose
    parameters = f"secret={quote(secret, safe='')}" + (f"&issuer={named}" if issuer else "")
    return f"otpauth://totp/{label}?{parameters}"


def _seed(secret: str) -> bytes:
    text = secret.replace(" ", "").rstrip("=").upper()
    if not text or len(text) > _MAX_SECRET:
        raise ValueError("the seed is empty or too long")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise ValueError("the seed is not base32: letters A to Z and digits 2 to 7") from None


def _code(seed: bytes, counter: int, digits: int, algorithm: str) -> str:
    digest = hmac.digest(seed, counter.to_bytes(8), algorithm)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"
