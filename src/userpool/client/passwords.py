"""New passwords."""

from __future__ import annotations

import secrets
from typing import Final

from userpool.protocol.errors import ParameterError
from userpool.protocol.passwords import CLASSES, MAX_LENGTH, PasswordPolicy, generate

USUAL_LENGTH: Final = 20
"""Characters: some 130 bits, more than anybody can guess, whatever a service does with it."""


def generate_password(policy: PasswordPolicy | None = None, *, length: int | None = None) -> str:
    """Make a random password that every policy of Cognito takes, if it is long enough.

    It has upper case, lower case, a number and a symbol, and no spaces; every such password is as likely as
    any other.

    Args:
        policy: the pool's, for its minimum length.
        length: how many characters; by default 20, or more where the policy asks for more.

    Raises:
        ParameterError: the length is too small for the policy or for four kinds of characters, or over 256.
    """
    least = max(len(CLASSES), policy.minimum_length if policy else 0)
    wanted = max(USUAL_LENGTH, least) if length is None else length
    if not least <= wanted <= MAX_LENGTH:
        raise ParameterError(f"This password has {least} to {MAX_LENGTH} characters, not {wanted}.")
    return generate(wanted, secrets.choice)
