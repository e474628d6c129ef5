"""Who answers challenges in the place of a loop: functions of the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from userpool.protocol.errors import (
    ChallengeError,
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    InvalidPasswordException,
    ParameterError,
    UserPoolError,
)

if TYPE_CHECKING:
    from userpool.protocol.challenges import Answer, ChallengeStep

    Answerer: TypeAlias = Callable[[ChallengeStep], Answer]
    AsyncAnswerer: TypeAlias = Callable[[ChallengeStep], Answer | Awaitable[Answer]]
    Objector: TypeAlias = Callable[[ChallengeStep, UserPoolError], None]
    AsyncObjector: TypeAlias = Callable[[ChallengeStep, UserPoolError], Awaitable[None] | None]

CORRECTABLE: Final = (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    InvalidPasswordException,
    ParameterError,
)
"""After these the same challenge can be answered again: a typing mistake, a password against the rules."""


def only_an_answer(given: object) -> Answer:
    """What was handed to `respond`, if it is an answer.

    Raises:
        ChallengeError: it is the challenge itself, or nothing, or a bare code; its value is not shown.
    """
    from userpool.protocol.challenges import Answer

    if isinstance(given, Answer):
        return given
    raise ChallengeError(
        f"respond takes what a challenge's answer(…) made, not {type(given).__name__}: "
        "pool.respond(step.answer(…))."
    )
