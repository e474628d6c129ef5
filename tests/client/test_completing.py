"""What only the asynchronous face takes: functions that are awaited."""

from __future__ import annotations

from tests.client.helpers import PASSWORD
from userpool import (
    Answer,
    AsyncUserPool,
    ChallengeStep,
    InvalidPasswordException,
    NewPasswordRequired,
    UserPoolError,
)


async def test_functions_of_the_asynchronous_face_may_be_awaited() -> None:
    passwords = ["weak", PASSWORD]
    told: list[UserPoolError] = []

    async def answer(challenge: ChallengeStep) -> Answer:
        assert isinstance(challenge, NewPasswordRequired)
        return challenge.answer(passwords.pop(0))

    async def wrong(challenge: ChallengeStep, error: UserPoolError) -> None:
        told.append(error)

    async with AsyncUserPool.embedded() as pool:
        await pool.admin.admin_create_user("ada", temporary_password="Temporary-7")
        step = await pool.sign_in("ada", "Temporary-7")
        done = await pool.complete_sign_in(step, answer, tries=2, wrong=wrong)
    assert done.user.username == "ada"
    assert [type(error) for error in told] == [InvalidPasswordException]
