"""Who answers challenges in the place of a loop: functions of the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from userpool.protocol.errors import (
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
