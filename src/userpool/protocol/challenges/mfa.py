"""The second factor: which one, and what it takes to set one up on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from userpool.protocol import totp
from userpool.protocol.errors import ParameterError

from .base import Answer, Challenge, one_of, six_digits


class MfaMethod(StrEnum):
    """A second factor, by Cognito's name."""

    SMS = "SMS_MFA"
    EMAIL = "EMAIL_OTP"
    TOTP = "SOFTWARE_TOKEN_MFA"


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
        return self._answer({"ANSWER": one_of(self.methods, method)})


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
        chosen = one_of(self.methods, method)
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
        return self._answer({"SOFTWARE_TOKEN_MFA_CODE": six_digits(code), **named})

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
