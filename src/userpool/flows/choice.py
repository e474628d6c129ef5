"""Signing in by the factor that the user chooses (USER_AUTH), or straight from a sign-up.

InitiateAuth; the choice itself, if it is still to be made, is a challenge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from userpool.protocol.effects import Flow
from userpool.protocol.errors import ParameterError

from . import srp
from .auth_calls import SignIn, conclude, initiate
from .config import AuthFlow
from .grant import Grant
from .known_device import or_without_device

if TYPE_CHECKING:
    from userpool.protocol.challenges import ChallengeStep

# By name, not `AuthFactor`: the challenges are loaded when somebody is asked.
_SENT: Final = "PASSWORD"
_PROVED: Final = "PASSWORD_SRP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a choice-based sign-in may be asked for besides."""

    preferred_challenge: str | None = None
    """An `AuthFactor`."""
    session: str | None = field(default=None, repr=False)
    """Of the sign-up that this sign-in follows on."""
    acr_values: Iterable[str] | None = None
    """Levels of assurance, the most wanted first."""
    max_age: int | None = None
    """Seconds since when the last proof still counts."""
    access_token: str | None = field(default=None, repr=False)
    """Of the signed-in user who steps up to `acr_values`."""

    def parameters(self) -> dict[str, str]:
        """The `AuthParameters` for step-up. Raises `ParameterError`."""
        levels = tuple(self.acr_values or ())
        if isinstance(self.acr_values, str) or any(not level or " " in level for level in levels):
            raise ParameterError(
                "acr_values is a sequence of names without spaces, such as ['urn:cognito:loa:3']."
            )
        if self.access_token is not None and not levels:
            raise ParameterError("An access token is given to step up: give acr_values as well.")
        if self.max_age is not None and self.max_age < 0:
            raise ParameterError("max_age is a number of seconds, 0 or more.")
        optional = {
            "TARGET_ACR_VALUES": " ".join(levels) or None,
            "MAX_AGE": None if self.max_age is None else str(self.max_age),
            "ACCESS_TOKEN": self.access_token,
        }
        return {name: value for name, value in optional.items() if value is not None}


@or_without_device
def by_choice(
    along: SignIn, username: str, password: str | None, wishes: Wishes
) -> Flow[Grant | ChallengeStep]:
    """Begin a choice-based sign-in. A password is proved by SRP, unless PASSWORD is preferred: then it is
    sent.

    Arguments and errors as `sign_in`.
    """
    preferred = wishes.preferred_challenge or (_PROVED if password is not None else None)
    parameters = {"USERNAME": username, **wishes.parameters()}
    if preferred is not None:
        parameters["PREFERRED_CHALLENGE"] = str(preferred)
    if (password is not None) != (preferred in (_SENT, _PROVED)):
        need = f"{preferred} takes no password" if password is not None else f"{preferred} needs the password"
        raise ParameterError(f"{need}.")
    if password is None or preferred == _SENT:
        given = {} if password is None else {"PASSWORD": password}
        reply = yield from initiate(
            along, AuthFlow.CHOICE, {**parameters, **given}, username=username, session=wishes.session
        )
        return (yield from conclude(along, reply.output, step=AuthFlow.CHOICE, username=username))
    side = yield from srp.begin()
    parameters["SRP_A"] = side.public
    reply = yield from initiate(along, AuthFlow.CHOICE, parameters, username=username, session=wishes.session)
    return (yield from srp.go_on(along, side, password, reply, step=AuthFlow.CHOICE, username=username))
