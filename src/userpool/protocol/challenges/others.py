"""A new password, what the pool's own triggers ask, and what nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from userpool.protocol.errors import ParameterError

from .base import Answer, Challenge

ATTRIBUTE_PREFIX: Final = "userAttributes."
"""What stands before attribute names in NEW_PASSWORD_REQUIRED, both ways."""
SET_BY_SERVICE: Final = frozenset({"sub", "email_verified", "phone_number_verified"})
"""Attributes that no user may set."""


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

        What the user has already is not sent again: it may be read-only. So `challenge.attributes` can be
        given back with changes.

        Raises:
            ParameterError: the password is empty, attributes are missing, or some are the service's own to
                set; it names them.
        """
        given = dict(attributes or {})
        changed = {name: value for name, value in given.items() if self.attributes.get(name) != value}
        faults = [] if new_password else ["the new password is empty"]
        faults += [
            f"the attribute {name!r} is required" for name in self.missing_attributes if not given.get(name)
        ]
        faults += [
            f"the attribute {name!r} is the service's to set" for name in changed if name in SET_BY_SERVICE
        ]
        if faults:
            raise ParameterError(
                f"Give a new password, and every required attribute in `attributes`: {'; '.join(faults)}.",
                faults=faults,
            )
        named = {ATTRIBUTE_PREFIX + name: value for name, value in changed.items()}
        return self._answer({"NEW_PASSWORD": new_password, **named})


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

    def answer(self, responses: Mapping[str, str]) -> Answer:
        """Give `ChallengeResponses` by wire name, such as `{"CREDENTIAL": "…"}`; the user name is added."""
        return self._answer(dict(responses))
