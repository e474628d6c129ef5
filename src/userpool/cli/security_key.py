"""The security key that is plugged in, with the person in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import asking
from .output import note

if TYPE_CHECKING:
    from userpool import SecurityKey


def security_key(step: str) -> SecurityKey:
    """A security key that asks the person for its PIN and for a touch.

    Args:
        step: what needs it, named where nobody can be asked.

    Raises:
        NeedsPerson: nobody can be asked.
        MissingExtra: python-fido2 is not installed.
    """
    asking.need_person(step)
    from userpool.authenticators.security_key import SecurityKey

    return SecurityKey(
        pin=lambda: asking.secret("PIN of the security key", step=step),
        touch=lambda: note("Touch the security key."),
    )
