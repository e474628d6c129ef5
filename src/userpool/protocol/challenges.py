"""What a sign-in may ask of a person, as frozen values, and the legal order in which it asks.

A challenge holds all that is needed to answer it: it can be pickled or written down (`to_dict`), and
another process can read it back (`Challenge.from_dict`) and answer. It holds no password and no client
secret; what it does hold lets whoever has it go on with this sign-in for some minutes, so keep it as you
would keep a session cookie.

Each kind has `answer(…)`, which checks what can be checked before the wire and makes an `Answer`. Cognito's
challenge names are those of RespondToAuthChallenge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeAlias

from . import totp
from ._challenge_order import NEXT, TOKENS, may_follow
from .errors import ParameterError

__all__ = [
    "NEXT",
    "TOKENS",
    "Answer",
    "Challenge",
    "ChallengeStep",
    "CodeDelivery",
    "CustomChallenge",
    "EmailCodeRequired",
    "EmailSetupRequired",
    "MfaMethod",
    "MfaSelectionRequired",
    "MfaSetupRequired",
    "NewPasswordRequired",
    "SmsCodeRequired",
    "TotpRequired",
    "TotpSetupRequired",
    "UnknownChallenge",
    "may_follow",
]

FORMAT: Final = 1
"""Version of what `to_dict` writes."""

ATTRIBUTE_PREFIX: Final = "userAttributes."
"""What stands before attribute names in NEW_PASSWORD_REQUIRED, both ways."""


class MfaMethod(StrEnum):
    """A second factor, by Cognito's name."""

    SMS = "SMS_MFA"
    EMAIL = "EMAIL_OTP"
    TOTP = "SOFTWARE_TOKEN_MFA"


@dataclass(frozen=True, slots=True)
class CodeDelivery:
    """Where a code went."""

    medium: str
    """`SMS` or `EMAIL`."""
    destination: str
    """The address as Cognito shows it, with stars; empty where it was not told."""
    attribute: str | None = None
    """The attribute that holds the address, where it was told."""


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A sign-in that waits for an answer. `pool.respond(challenge.answer(…))` goes on with it.

    A wrong code leaves the challenge as it is: answer it again. A session that has expired or was used up
    starts over with `sign_in`.
    """

    kind: ClassVar[str]
    """What `to_dict` calls this class."""

    name: str
    """The wire name, such as `SMS_MFA`."""
    username: str
    """The name to answer with: the service's own for this user once it has told, what was typed before."""
    client_id: str
    issued_at: datetime
    """When it was received. Cognito lets a session live for 3 to 15 minutes, as the app client is set."""
    user_id: str | None = None
    """The service's own name for this user (`USER_ID_FOR_SRP`), once it has told."""
    position: int = 1
    """Its place in this sign-in, counted from 1."""
    session: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """`ChallengeParameters`, as received."""
    device_key: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON types. Whoever reads this can go on with the sign-in: keep it from
        others.
        """
        return {
            "version": FORMAT,
            "kind": self.kind,
            "name": self.name,
            "username": self.username,
            "client_id": self.client_id,
            "issued_at": self.issued_at.isoformat(),
            "user_id": self.user_id,
            "position": self.position,
            "session": self.session,
            "parameters": dict(self.parameters),
            "device_key": self.device_key,
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ChallengeStep:
        """Read back what `to_dict` wrote, here or in another process; members of newer versions are ignored.

        Raises:
            ChallengeError: not a challenge, or of a version that this one cannot read.
        """
        from .challenge_reading import from_dict

        return from_dict(data)

    def _answer(self, responses: Mapping[str, str]) -> Answer:
        return Answer(self, responses)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a challenge: hand it to `respond`. Its content never prints."""

    challenge: Challenge
    responses: Mapping[str, str] = field(repr=False, hash=False)
    """`ChallengeResponses` but for the user name, the secret hash and the device, which `respond` adds."""


@dataclass(frozen=True, kw_only=True)
class NewPasswordRequired(Challenge):
    """The password was temporary: the user chooses one (NEW_PASSWORD_REQUIRED)."""

    kind: ClassVar[str] = "new_password"
    name: str = "NEW_PASSWORD_REQUIRED"
    missing_attributes: tuple[str, ...] = ()
    """Attributes that the pool requires and the user has not: give each with the answer."""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """The user's attributes as they are now."""

    def answer(self, new_password: str, attributes: Mapping[str, str] | None = None) -> Answer:
        """Choose `new_password`, and give `attributes` (at least `missing_attributes`).

        Raises:
            ParameterError: the password is empty, or attributes are missing; it names them.
        """
        given = dict(attributes or {})
        faults = [] if new_password else ["the new password is empty"]
        faults += [
            f"the attribute {name!r} is required" for name in self.missing_attributes if not given.get(name)
        ]
        if faults:
            raise ParameterError(
                f"Give a new password, and every required attribute in `attributes`: {'; '.join(faults)}.",
                faults=faults,
            )
        named = {ATTRIBUTE_PREFIX + name: value for name, value in given.items()}
        return self._answer({"NEW_PASSWORD": new_password, **named})


@dataclass(frozen=True, kw_only=True)
class _CodeRequired(Challenge):
    delivery: CodeDelivery

    def answer(self, code: str) -> Answer:
        """Give the `code` that was sent.

        Raises:
            ParameterError: it is not made of ASCII digits.
        """
        if not (code.isascii() and code.isdigit()):
            raise ParameterError("The code consists of the digits 0 to 9 only, without spaces.")
        return self._answer({f"{self.name}_CODE": code})


@dataclass(frozen=True, kw_only=True)
class SmsCodeRequired(_CodeRequired):
    """A code went out by SMS (SMS_MFA, or SMS_OTP as a first factor)."""

    kind: ClassVar[str] = "sms_code"
    name: str = "SMS_MFA"


@dataclass(frozen=True, kw_only=True)
class EmailCodeRequired(_CodeRequired):
    """A code went out by e-mail (EMAIL_OTP)."""

    kind: ClassVar[str] = "email_code"
    name: str = "EMAIL_OTP"


@dataclass(frozen=True, kw_only=True)
class TotpRequired(Challenge):
    """The user's authenticator app shows the code (SOFTWARE_TOKEN_MFA)."""

    kind: ClassVar[str] = "totp"
    name: str = "SOFTWARE_TOKEN_MFA"
    device_name: str | None = None
    """What the user called the app or device, where it was told."""

    def answer(self, code: str) -> Answer:
        """Give the `code` that the app shows now: six digits.

        Raises:
            ParameterError: it is not six ASCII digits.
        """
        return self._answer({"SOFTWARE_TOKEN_MFA_CODE": _six_digits(code)})


@dataclass(frozen=True, kw_only=True)
class MfaSelectionRequired(Challenge):
    """The user has several second factors and chooses one (SELECT_MFA_TYPE)."""

    kind: ClassVar[str] = "mfa_selection"
    name: str = "SELECT_MFA_TYPE"
    methods: tuple[str, ...]
    """What may be chosen: values of `MfaMethod`, and whatever Cognito adds."""

    def answer(self, method: MfaMethod | str) -> Answer:
        """Choose one of `methods`.

        Raises:
            ParameterError: the method is not among them.
        """
        return self._answer({"ANSWER": _one_of(self.methods, method)})


@dataclass(frozen=True, kw_only=True)
class MfaSetupRequired(Challenge):
    """The pool wants a second factor, the user has none, and there is more than one to choose from
    (MFA_SETUP).

    Where there is only one, `TotpSetupRequired` or `EmailSetupRequired` comes in place of this.
    """

    kind: ClassVar[str] = "mfa_setup"
    name: str = "MFA_SETUP"
    methods: tuple[str, ...]
    """What may be set up: values of `MfaMethod`, and whatever Cognito adds."""

    def answer(self, method: MfaMethod | str) -> Answer:
        """Choose one of `methods`; `TotpSetupRequired` or `EmailSetupRequired` follows.

        Raises:
            ParameterError: the method is not among them, or cannot be set up in the middle of a sign-in.
        """
        chosen = _one_of(self.methods, method)
        if chosen not in (MfaMethod.TOTP, MfaMethod.EMAIL):
            raise ParameterError(
                f"{chosen} cannot be set up during a sign-in: give the user the attribute that it needs "
                "(phone_number for SMS_MFA), then sign in again."
            )
        return self._answer({"ANSWER": chosen})


@dataclass(frozen=True, kw_only=True)
class TotpSetupRequired(Challenge):
    """The user sets up an authenticator app to go on (MFA_SETUP, after AssociateSoftwareToken by session)."""

    kind: ClassVar[str] = "totp_setup"
    name: str = "MFA_SETUP"
    secret_code: str = field(repr=False)
    """The seed in base32: show it, or its `otpauth_uri` as a QR code, and keep it nowhere."""

    def otpauth_uri(self, issuer: str, account: str | None = None) -> str:
        """The text for the QR code: `issuer` and `account` (by default the user name) are what the app
        shows.
        """
        return totp.otpauth_uri(self.secret_code, account=account or self.username, issuer=issuer)

    def answer(self, code: str, device_name: str | None = None) -> Answer:
        """Give the `code` that the app shows now (six digits), and a name for the device if you like.

        Raises:
            ParameterError: it is not six ASCII digits.
        """
        named = {"FRIENDLY_DEVICE_NAME": device_name} if device_name else {}
        return self._answer({"SOFTWARE_TOKEN_MFA_CODE": _six_digits(code), **named})

    def to_dict(self) -> dict[str, Any]:
        """As `Challenge.to_dict`; the seed is in it."""
        return {**super().to_dict(), "secret_code": self.secret_code}


@dataclass(frozen=True, kw_only=True)
class EmailSetupRequired(Challenge):
    """The user gives an e-mail address for codes to go on (MFA_SETUP); a code to it is asked for next."""

    kind: ClassVar[str] = "email_setup"
    name: str = "MFA_SETUP"

    def answer(self, email: str) -> Answer:
        """Give the address.

        Raises:
            ParameterError: it has no `@`.
        """
        if "@" not in email:
            raise ParameterError("The e-mail address has no @.")
        return self._answer({"EMAIL": email})


@dataclass(frozen=True, kw_only=True)
class CustomChallenge(Challenge):
    """The pool's own triggers ask (CUSTOM_CHALLENGE); `parameters` says what, as the trigger made it
    public.
    """

    kind: ClassVar[str] = "custom"
    name: str = "CUSTOM_CHALLENGE"

    def answer(self, answer: str) -> Answer:
        """Give the answer, for the trigger to judge."""
        return self._answer({"ANSWER": answer})


@dataclass(frozen=True, kw_only=True)
class UnknownChallenge(Challenge):
    """A challenge that this version has no type for: `name` and `parameters` tell what Cognito's
    documents ask.
    """

    kind: ClassVar[str] = "unknown"
    available_challenges: tuple[str, ...] = ()
    """What may be chosen, where the service told."""

    def answer(self, responses: Mapping[str, str]) -> Answer:
        """Give `ChallengeResponses` by wire name, such as `{"CREDENTIAL": "…"}`; the user name is added."""
        return self._answer(dict(responses))

    def to_dict(self) -> dict[str, Any]:
        """As `Challenge.to_dict`."""
        return {**super().to_dict(), "available_challenges": list(self.available_challenges)}


ChallengeStep: TypeAlias = (
    NewPasswordRequired
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


def _six_digits(code: str) -> str:
    if not totp.is_code(code):
        raise ParameterError("The code of an authenticator app is six digits, 0 to 9, without spaces.")
    return code


def _one_of(methods: tuple[str, ...], method: MfaMethod | str) -> str:
    if method not in methods:
        raise ParameterError(f"{str(method)!r} is not offered; choose one of {', '.join(methods)}.")
    return str(method)
