"""What a sign-in may ask of a person, as frozen values, and the legal order in which it asks.

A challenge holds all that is needed to answer it: it can be pickled or written down (`to_dict`), and
another process can read it back (`Challenge.from_dict`) and answer. It holds no password and no client
secret; what it does hold lets whoever has it go on with this sign-in for some minutes, so keep it as you
would keep a session cookie.

Each kind has `answer(…)`, which checks what can be checked before the wire and makes an `Answer`. Cognito's
challenge names are those of RespondToAuthChallenge.
"""

from __future__ import annotations

from typing import TypeAlias

from userpool.protocol._challenge_order import NEXT, TOKENS, may_follow

from .base import Answer, Challenge
from .codes import EmailCodeRequired, SmsCodeRequired, TotpRequired
from .first import AuthFactor, FactorSelectionRequired, PasskeyRequired, PasswordRequired
from .mfa import (
    EmailSetupRequired,
    MfaMethod,
    MfaSelectionRequired,
    MfaSetupRequired,
    TotpSetupRequired,
)
from .others import CustomChallenge, NewPasswordRequired, UnknownChallenge

__all__ = [
    "NEXT",
    "TOKENS",
    "Answer",
    "AuthFactor",
    "Challenge",
    "ChallengeStep",
    "CustomChallenge",
    "EmailCodeRequired",
    "EmailSetupRequired",
    "FactorSelectionRequired",
    "MfaMethod",
    "MfaSelectionRequired",
    "MfaSetupRequired",
    "NewPasswordRequired",
    "PasskeyRequired",
    "PasswordRequired",
    "SmsCodeRequired",
    "TotpRequired",
    "TotpSetupRequired",
    "UnknownChallenge",
    "may_follow",
]

ChallengeStep: TypeAlias = (
    FactorSelectionRequired
    | PasswordRequired
    | PasskeyRequired
    | NewPasswordRequired
    | SmsCodeRequired
    | EmailCodeRequired
    | TotpRequired
    | MfaSelectionRequired
    | MfaSetupRequired
    | TotpSetupRequired
    | EmailSetupRequired
    | CustomChallenge
    | UnknownChallenge
)
"""Every kind of challenge: what a `match` has to cover."""
