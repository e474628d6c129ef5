"""The first factor of a choice-based sign-in (USER_AUTH): which one, a password, a passkey."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from userpool.protocol.credential_json import credential_object
from userpool.protocol.errors import ParameterError

from .base import Answer, Challenge, one_of


class AuthFactor(StrEnum):
    """A first factor, by Cognito's name."""

    PASSWORD = "PASSWORD"
    """The password itself, protected by TLS alone."""
    PASSWORD_SRP = "PASSWORD_SRP"
    """The password, proved by SRP: it does not leave this process."""
    EMAIL_OTP = "EMAIL_OTP"
    """A code by e-mail."""
    SMS_OTP = "SMS_OTP"
    """A code by SMS."""
    WEB_AUTHN = "WEB_AUTHN"
    """A passkey."""


@dataclass(frozen=True, kw_only=True)
class FactorSelectionRequired(Challenge):
    """The user chooses how to sign in (SELECT_CHALLENGE)."""

    kind: ClassVar[str] = "factor_selection"
    name: str = "SELECT_CHALLENGE"

    @property
    def factors(self) -> tuple[str, ...]:
        """What may be chosen: values of `AuthFactor`, and whatever Cognito adds."""
        return self.available_challenges

    def answer(self, factor: AuthFactor | str, password: str | None = None) -> Answer:
        """Choose one of `factors`: with the password for PASSWORD (it is sent) and PASSWORD_SRP (it is
        proved).

        A code or a passkey is asked for by the challenge that follows.

        Raises:
            ParameterError: the factor is not among them, or the password is missing or too much.
        """
        chosen = one_of(self.factors, factor)
        match chosen:
            case AuthFactor.PASSWORD:
                return self._answer({"ANSWER": chosen, "PASSWORD": _given(password)})
            case AuthFactor.PASSWORD_SRP:
                return self._answer({"ANSWER": chosen}, _given(password))
            case _:
                if password is not None:
                    raise ParameterError(f"{chosen} takes no password: choose it without one.")
                return self._answer({"ANSWER": chosen})


@dataclass(frozen=True, kw_only=True)
class PasswordRequired(Challenge):
    """The service waits for the password (PASSWORD, PASSWORD_SRP)."""

    kind: ClassVar[str] = "password"
    name: str = "PASSWORD"

    def answer(self, password: str) -> Answer:
        """Give the password: it is sent for PASSWORD, and proved for PASSWORD_SRP.

        Raises:
            ParameterError: it is empty.
        """
        if self.name == AuthFactor.PASSWORD_SRP:
            return self._answer({}, _given(password))
        return self._answer({"PASSWORD": _given(password)})


@dataclass(frozen=True, kw_only=True)
class PasskeyRequired(Challenge):
    """The user's passkey signs (WEB_AUTHN)."""

    kind: ClassVar[str] = "passkey"
    name: str = "WEB_AUTHN"
    options: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    """What `navigator.credentials.get` of a browser, or an authenticator, is given
    (`PublicKeyCredentialRequestOptionsJSON`).
    """

    def answer(self, credential: str | Mapping[str, Any]) -> Answer:
        """Give what the browser's `credential.toJSON()` gave (`AuthenticationResponseJSON`), as text or as
        an object.

        Raises:
            ParameterError: it is no such object, or that of a passkey which was made and has not signed.
        """
        given = credential_object(credential, "signature")
        text = json.dumps(given, separators=(",", ":"))
        return self._answer({"CREDENTIAL": text})


def _given(password: str | None) -> str:
    if not password:
        raise ParameterError("Give the password with the answer: this factor is one.")
    return password
