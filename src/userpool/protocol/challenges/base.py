"""What every challenge is, and what an answer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from userpool.protocol import totp
from userpool.protocol.errors import ParameterError

if TYPE_CHECKING:
    from . import AuthFactor, ChallengeStep

FORMAT: Final = 1
"""Version of what `to_dict` writes."""


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
    available_challenges: tuple[str, ...] = ()
    """First factors that the user may choose from (`AvailableChallenges`), where the service told."""

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
            "available_challenges": list(self.available_challenges),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ChallengeStep:
        """Read back what `to_dict` wrote, here or in another process; members of newer versions are ignored.

        Raises:
            ChallengeError: not a challenge, or of a version that this one cannot read.
        """
        from userpool.protocol.challenge_reading import from_dict

        return from_dict(data)

    def instead(self, factor: AuthFactor | str, password: str | None = None) -> Answer:
        """Choose another first factor in place of the one that is asked for here: the passkey is not at hand,
        the code does not come.

        Args:
            factor: one of `available_challenges`; where the service did not tell them, it is the judge.
            password: for PASSWORD and PASSWORD_SRP.

        Raises:
            ParameterError: the factor is not among them, or the password is missing or too much.
        """
        from .first import AuthFactor, FactorSelectionRequired

        common = {each.name: getattr(self, each.name) for each in fields(Challenge) if each.name != "name"}
        told = FactorSelectionRequired(**common)
        choice = told if told.factors else replace(told, available_challenges=tuple(AuthFactor))
        return replace(choice.answer(factor, password), challenge=told)

    def _answer(self, responses: Mapping[str, str], password: str | None = None) -> Answer:
        return Answer(self, responses, password)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a challenge: hand it to `respond`. Its content never prints."""

    challenge: Challenge
    responses: Mapping[str, str] = field(repr=False, hash=False)
    """`ChallengeResponses` but for the user name, the secret hash and the device, which `respond` adds."""
    password: str | None = field(default=None, repr=False, hash=False)
    """The password that `respond` proves by SRP; it does not go out itself."""


def six_digits(code: str) -> str:
    """Return `code` if it is one of an authenticator app. Raises `ParameterError`."""
    if not totp.is_code(code):
        raise ParameterError("The code of an authenticator app is six digits, 0 to 9, without spaces.")
    return code


def one_of(offered: Sequence[str], chosen: str) -> str:
    """Return `chosen` if it is offered. Raises `ParameterError`."""
    if chosen not in offered:
        offers = f"choose one of {', '.join(offered)}" if offered else "nothing is: ask the pool's operator"
        raise ParameterError(f"{str(chosen)!r} is not offered; {offers}.")
    return str(chosen)
