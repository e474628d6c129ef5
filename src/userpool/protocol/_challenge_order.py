"""The legal order of sign-in steps, as one table for both sides; import it from
`userpool.protocol.challenges`.

Client and service read the same rows: the service never goes on to a step that is not in the row, and the
client refuses a reply that is not. A step that the table has never heard of passes: the client makes an
`UnknownChallenge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOKENS: Final = "TOKENS"
"""The end of a sign-in, where a challenge's name would stand in `NEXT`."""

_MFA: Final = frozenset({"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP"})
_AFTER_FACTOR: Final = _MFA | {
    "NEW_PASSWORD_REQUIRED",
    "CUSTOM_CHALLENGE",
    "DEVICE_SRP_AUTH",  # in place of MFA, when a remembered device was named
    TOKENS,
}
_AFTER_MFA: Final = frozenset({"NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE", "DEVICE_SRP_AUTH", TOKENS})
_FIRST_FACTORS: Final = frozenset({"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"})

NEXT: Final[Mapping[str, frozenset[str]]] = {
    # How a sign-in starts: the flow's name.
    "USER_SRP_AUTH": frozenset({"PASSWORD_VERIFIER"}),
    "USER_PASSWORD_AUTH": _AFTER_FACTOR,
    "ADMIN_USER_PASSWORD_AUTH": _AFTER_FACTOR,
    "ADMIN_NO_SRP_AUTH": _AFTER_FACTOR,
    "CUSTOM_AUTH": _AFTER_FACTOR | {"PASSWORD_VERIFIER"},
    "USER_AUTH": _FIRST_FACTORS | _AFTER_FACTOR | {"SELECT_CHALLENGE", "PASSWORD_VERIFIER"},
    "REFRESH_TOKEN_AUTH": frozenset({TOKENS}),
    "REFRESH_TOKEN": frozenset({TOKENS}),
    # First factors.
    "SELECT_CHALLENGE": _FIRST_FACTORS | _AFTER_FACTOR | {"PASSWORD_VERIFIER"},
    "PASSWORD": _AFTER_FACTOR,
    "PASSWORD_SRP": frozenset({"PASSWORD_VERIFIER"}),
    "PASSWORD_VERIFIER": _AFTER_FACTOR,
    "SMS_OTP": _AFTER_FACTOR,
    "WEB_AUTHN": _AFTER_FACTOR,
    "NEW_PASSWORD_REQUIRED": _AFTER_FACTOR - {"NEW_PASSWORD_REQUIRED"},
    # The trigger decides: it may ask again, ask for the password, or be content.
    "CUSTOM_CHALLENGE": _AFTER_FACTOR | {"PASSWORD_VERIFIER"},
    # Second factors. EMAIL_OTP is a first factor too, under the same name; then a second one may follow.
    "SELECT_MFA_TYPE": frozenset({"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}),
    "SMS_MFA": _AFTER_MFA,
    "SOFTWARE_TOKEN_MFA": _AFTER_MFA,
    "EMAIL_OTP": _AFTER_FACTOR - {"EMAIL_OTP"},
    # A factor set up here is asked for at once, or counts as given.
    "MFA_SETUP": _AFTER_MFA | {"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"},
    "DEVICE_SRP_AUTH": frozenset({"DEVICE_PASSWORD_VERIFIER"}),
    "DEVICE_PASSWORD_VERIFIER": frozenset({TOKENS}),
}
"""What may follow: the name of an auth flow or of the challenge just answered -> names of the steps
after it.
"""

_KNOWN: Final = frozenset().union(*NEXT.values())


def may_follow(step: str, following: str) -> bool:
    """Whether `following` may be asked after `step` (a flow or a challenge, by wire name).

    Steps that this version does not know may stand anywhere: what Cognito adds tomorrow must stay answerable.
    """
    return step not in NEXT or following not in _KNOWN or following in NEXT[step]
