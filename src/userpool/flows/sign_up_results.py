"""What a sign-up comes to, step by step: values that another process can go on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from userpool.protocol.errors import ParameterError

if TYPE_CHECKING:
    from userpool.protocol.code_delivery import CodeDelivery

FORMAT: Final = 1
"""Version of what `to_dict` writes."""


@dataclass(frozen=True, slots=True)
class SignUpResult:
    """What a sign-up came to. It can be written down (`to_dict`) until the user comes back with the code."""

    username: str
    """As it was given."""
    user_sub: str
    """The user's id, which never changes."""
    confirmed: bool
    """Whether the user may sign in at once; otherwise `confirm_sign_up` comes first."""
    delivery: CodeDelivery | None = None
    """Where the confirmation code went, if one did."""
    session: str | None = field(default=None, repr=False)
    """Lets the sign-up go over into a sign-in: hand it to `confirm_sign_up`, or to `sign_in` where the user
    is confirmed.
    """

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON types. Whoever reads the session can go on in the user's name: keep it from
        others.
        """
        sent = self.delivery
        return {
            "version": FORMAT,
            "username": self.username,
            "user_sub": self.user_sub,
            "confirmed": self.confirmed,
            "delivery": sent and [sent.medium, sent.destination, sent.attribute],
            "session": self.session,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` wrote, here or in another process.

        Raises:
            ParameterError: it is no such thing, or of a version that this one cannot read.
        """
        from userpool.protocol.code_delivery import CodeDelivery

        match data:
            case {
                "version": 1,
                "username": str(username),
                "user_sub": str(user_sub),
                "confirmed": bool(confirmed),
                "delivery": None | [str(), str(), None | str()] as sent,
                "session": None | str() as session,
            }:
                delivery = None if sent is None else CodeDelivery(*sent)
                return cls(username, user_sub, confirmed, delivery, session)
        raise _unreadable("sign_up")


@dataclass(frozen=True, slots=True)
class ConfirmSignUpResult:
    """What a confirmed sign-up came to. `sign_in(result.username, session=result.session)` goes on."""

    username: str
    """As it was given."""
    session: str | None = field(default=None, repr=False)
    """Signs the user in without asking again, where a session was given to `confirm_sign_up`."""

    def to_dict(self) -> dict[str, Any]:
        """As `SignUpResult.to_dict`."""
        return {"version": FORMAT, "username": self.username, "session": self.session}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """As `SignUpResult.from_dict`.

        Raises:
            ParameterError: it is no such thing, or of a version that this one cannot read.
        """
        match data:
            case {"version": 1, "username": str(username), "session": None | str() as session}:
                return cls(username, session)
        raise _unreadable("confirm_sign_up")


def _unreadable(method: str) -> ParameterError:
    return ParameterError(
        f"This is no result of {method} as version {FORMAT} of its form has it: read it with the version of "
        "userpool that wrote it, or sign in with the password."
    )
