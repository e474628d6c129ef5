"""Where a sign-in stands, and what its steps are answered with: values that pass between the operations,
`asking.py` and `sign_in.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.shapes import idp

from .domain.records import User
from .domain.sessions import Session
from .ports import Writer
from .realm import Realm

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step of a sign-in is answered with: a challenge, or tokens."""

    challenge: str | None = None
    session: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    result: idp.AuthenticationResultType | None = None
    available: tuple[str, ...] = ()
    """The first factors that the user can choose among, where one is asked for."""

    def shaped(self, shape: Callable[..., Out]) -> Out:
        """The output shape of one of the four operations that answer so."""
        return shape(
            challenge_name=self.challenge,
            session=self.session,
            challenge_parameters=dict(self.parameters),
            authentication_result=self.result,
            available_challenges=list(self.available) or None,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a sign-in stands when a step was proved, and what is to be stored for it."""

    realm: Realm
    user: User
    """As the store had it when the step was judged."""
    typed: str = field(repr=False)
    """The name that the sign-in started with."""
    updated: User | None = None
    """The user as this step changes it."""
    answered: Session | None = None
    """The session whose answer was right; it is used up."""
    charged: bool = False
    """Whether an attempt was counted for this step: it is taken back, since the proof was right."""
    at: str | None = None
    """What was proved, or how the sign-in began, where that is neither the password nor `answered`."""
    known: bool = True
    """Whether the user exists and may be sent something; otherwise it is only made to look so."""
    settled: tuple[str, ...] = ()
    """Keys of counters that this step's proof ends."""
    also: Callable[[Writer], None] | None = None
    """What else this step stores, in the same transaction."""
    carried: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What this step adds to what goes along with the sign-in."""
    metadata: Mapping[str, str] | None = field(default=None, repr=False)
    """`ClientMetadata` of the answer, for triggers."""

    @property
    def step(self) -> str:
        """What was proved, as `NEXT` knows it; without a session it was the password."""
        if self.at is not None:
            return self.at
        return ChallengeNameType.PASSWORD_VERIFIER if self.answered is None else self.answered.step

    @property
    def course(self) -> Mapping[str, str]:
        """All that goes along with the sign-in from here."""
        return {**self.answered.carried, **self.carried} if self.answered is not None else self.carried

    @property
    def present(self) -> User:
        """The user after this step."""
        return self.updated or self.user

    @property
    def writes(self) -> bool:
        """Whether anything is to be stored for this step, whatever follows it."""
        return self.charged or self.answered is not None or self.updated is not None


def proof_of(user: User) -> str:
    """Which password a sign-in has proved: what tells one password record from another."""
    return "" if user.password is None else user.password.salt.hex()
