"""Custom sign-ins (CUSTOM_AUTH): what has been asked so far, and what may come next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import InvalidLambdaResponseException, NotAuthorizedException

SRP_A = "SRP_A"
"""What stands first among the rounds where the password is to be proved too."""

MAX_ROUNDS = 16
"""Rounds that one sign-in may have; nothing that is tried for ever goes on for ever."""


@dataclass(frozen=True, slots=True)
class Round:
    """One challenge that was answered, as the defining function sees it."""

    name: str
    right: bool
    metadata: str | None = field(default=None, repr=False)

    def shown(self) -> dict[str, str | bool | None]:
        """The form that it has in an event's `session`."""
        return {
            "challengeName": self.name,
            "challengeResult": self.right,
            "challengeMetadata": self.metadata,
        }


def rounds_text(rounds: Sequence[Round]) -> str:
    """The rounds as a sign-in carries them along."""
    return json.dumps([[one.name, one.right, one.metadata] for one in rounds], separators=(",", ":"))


def rounds_of(text: str) -> tuple[Round, ...]:
    """The inverse."""
    return tuple(Round(*one) for one in json.loads(text))


@dataclass(frozen=True, slots=True)
class CustomChallenge:
    """A challenge as the creating function made it."""

    public: Mapping[str, str] = field(repr=False)
    """What the client is told."""
    private: Mapping[str, str] = field(repr=False)
    """What the verifying function is told, and nobody else."""
    metadata: str | None = field(default=None, repr=False)


class Next(StrEnum):
    """What the defining function may let come next."""

    CHALLENGE = ChallengeNameType.CUSTOM_CHALLENGE
    PASSWORD = ChallengeNameType.PASSWORD_VERIFIER
    TOKENS = "TOKENS"


def decide(
    rounds: Sequence[Round], challenge: str | None, *, issue: bool, fail: bool, password: bool
) -> Next:
    """What comes next, by the answer of the defining function.

    Args:
        rounds: what was answered so far.
        challenge: the name of the challenge that it wants.
        issue: whether it is content.
        fail: whether it gives up; this counts before the others.
        password: whether the proof of the password can be asked for now.

    Raises:
        NotAuthorizedException: it gives up, or there were too many rounds.
        InvalidLambdaResponseException: it wants nothing, or what cannot be had.
    """
    if fail or len(rounds) >= MAX_ROUNDS:
        raise NotAuthorizedException("Incorrect username or password.")
    if issue:
        return Next.TOKENS
    if challenge == Next.CHALLENGE:
        return Next.CHALLENGE
    if challenge == Next.PASSWORD and password:
        return Next.PASSWORD
    raise InvalidLambdaResponseException(
        "Invalid lambda function output : DefineAuthChallenge wants no challenge that can come now"
    )
