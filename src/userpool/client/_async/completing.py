"""A sign-in carried on to its end, by functions that answer in the place of a person's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from userpool.client.answering import CORRECTABLE
from userpool.client.signed_in import SignedIn
from userpool.client.waiting import awaited_value
from userpool.protocol.errors import ParameterError

if TYPE_CHECKING:
    from userpool.client.answering import AsyncAnswerer, AsyncObjector
    from userpool.protocol.challenges import ChallengeStep

    from .pool import AsyncUserPool
    from .steps import AsyncSignInStep
    from .user import AsyncUser


async def complete(
    pool: AsyncUserPool,
    step: AsyncSignInStep,
    answer: AsyncAnswerer,
    *,
    tries: int = 1,
    wrong: AsyncObjector | None = None,
) -> SignedIn[AsyncUser]:
    """As `AsyncUserPool.complete_sign_in`, of `pool`."""
    if tries < 1:
        raise ParameterError("tries is at least 1.")
    while not isinstance(step, SignedIn):
        step = await _put(pool, step, answer, tries, wrong)
    return step


async def _put(
    pool: AsyncUserPool,
    challenge: ChallengeStep,
    answer: AsyncAnswerer,
    tries_left: int,
    wrong: AsyncObjector | None,
) -> AsyncSignInStep:
    while True:
        try:
            return await pool.respond(await awaited_value(answer(challenge)))
        except CORRECTABLE as error:
            tries_left -= 1
            if not tries_left:
                raise
            if wrong is not None:
                await awaited_value(wrong(challenge, error))
