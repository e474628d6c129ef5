"""A code is asked for: one that was sent, or one that an authenticator app shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from userpool.protocol.code_delivery import CodeDelivery
from userpool.protocol.errors import ParameterError

from .base import Answer, Challenge, six_digits


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
        return self._answer({"SOFTWARE_TOKEN_MFA_CODE": six_digits(code)})
