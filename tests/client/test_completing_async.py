"""A sign-in carried to its end by functions, on the asynchronous face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code
from userpool import (
    Answer,
    AsyncUserPool,
    ChallengeError,
    ChallengeStep,
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    InvalidPasswordException,
    NewPasswordRequired,
    ParameterError,
    SignedIn,
    TotpRequired,
    TotpSetupRequired,
    UserPoolError,
)
from userpool.client.answering import CORRECTABLE
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol.shapes import idp


@pytest.fixture(scope="module")
def pool() -> Iterator[AsyncEmbeddedUserPool]:
    """A pool whose new users choose a password and set up an app at their first sign-in."""
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


@pytest.fixture
async def ada(pool: AsyncEmbeddedUserPool) -> str:
    name = fresh_name()
    await pool.admin.set_user_pool_mfa_config(
        mfa_configuration="ON", software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True)
    )
    await pool.admin.admin_create_user(name, temporary_password="Temporary-7")
    return name


class Person:
    """Answers as it is told to: with each item once, by the kind of the challenge."""

    def __init__(self, *passwords: str, codes: tuple[str, ...] = ()) -> None:
        self.passwords = list(passwords)
        self.codes = list(codes)
        self.seen: list[str] = []
        self.errors: list[type[UserPoolError]] = []

    def answer(self, challenge: ChallengeStep) -> Answer:
        self.seen.append(challenge.kind)
        match challenge:
            case NewPasswordRequired():
                return challenge.answer(self.passwords.pop(0))
            case TotpSetupRequired():
                return challenge.answer(self.codes.pop(0) if self.codes else totp_code(challenge.secret_code))
            case _:
                raise NotImplementedError(challenge.name)

    def wrong(self, challenge: ChallengeStep, error: UserPoolError) -> None:
        assert challenge.kind == self.seen[-1]
        self.errors.append(type(error))


async def test_a_function_answers_to_the_end(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    person = Person(PASSWORD)
    done = await pool.complete_sign_in(await pool.sign_in(ada, "Temporary-7"), person.answer)
    assert isinstance(done, SignedIn)
    assert done.user.username == ada
    assert person.seen == ["new_password", "totp_setup"]


async def test_what_was_mistyped_is_told_and_asked_again(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    person = Person("weak", "", PASSWORD, codes=("12345", "000000"))
    done = await pool.complete_sign_in(
        await pool.sign_in(ada, "Temporary-7"), person.answer, tries=3, wrong=person.wrong
    )
    assert done.user.username == ada
    assert person.seen == ["new_password"] * 3 + ["totp_setup"] * 3
    assert person.errors == [
        InvalidPasswordException,
        ParameterError,
        ParameterError,
        EnableSoftwareTokenMFAException,
    ]
    assert set(person.errors) <= set(CORRECTABLE)


async def test_the_last_try_is_the_last(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    for tries in (1, 2):
        person = Person("weak", "weak", "weak")
        with pytest.raises(InvalidPasswordException):
            await pool.complete_sign_in(await pool.sign_in(ada, "Temporary-7"), person.answer, tries=tries)
        assert len(person.seen) == tries


async def test_what_the_function_raises_ends_it(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    def give_up(challenge: ChallengeStep) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await pool.complete_sign_in(await pool.sign_in(ada, "Temporary-7"), give_up, tries=3)


async def test_tries_cannot_be_none(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        await pool.complete_sign_in(await pool.sign_in(ada, "Temporary-7"), Person().answer, tries=0)


async def test_whoever_is_signed_in_is_asked_nothing(pool: AsyncEmbeddedUserPool) -> None:
    step: Any = SignedIn("anybody")
    assert await pool.complete_sign_in(step, Person().answer) is step


async def test_a_wrong_code_leaves_the_same_value_answerable(pool: AsyncEmbeddedUserPool, ada: str) -> None:
    seeds: list[str] = []

    def first(challenge: ChallengeStep) -> Answer:
        if isinstance(challenge, TotpSetupRequired):
            seeds.append(challenge.secret_code)
        return Person(PASSWORD).answer(challenge)

    await pool.complete_sign_in(await pool.sign_in(ada, "Temporary-7"), first)
    step = await pool.sign_in(ada, PASSWORD)
    assert isinstance(step, TotpRequired)
    for _ in range(3):
        with pytest.raises(CodeMismatchException):
            await pool.respond(step.answer("000000"))
    done = await pool.respond(step.answer(totp_code(seeds[0], ahead=1)))
    assert isinstance(done, SignedIn)


@pytest.mark.parametrize("nothing", [None, "123456", "itself"])
async def test_what_is_no_answer_is_refused_with_what_to_do(
    pool: AsyncEmbeddedUserPool, ada: str, nothing: Any
) -> None:
    step = await pool.sign_in(ada, "Temporary-7")
    given: Any = step if nothing == "itself" else nothing
    asked = []

    def answer(challenge: ChallengeStep) -> Answer:
        asked.append(challenge)
        return cast("Answer", given)  # as a function that forgot a case

    with pytest.raises(ChallengeError, match=r"pool\.respond\(step\.answer\(…\)\)") as refused:
        await pool.respond(given)
    assert type(given).__name__ in str(refused.value) and "123456" not in str(refused.value)
    with pytest.raises(ChallengeError):
        await pool.complete_sign_in(step, answer, tries=3)
    assert len(asked) == 1, "a program's mistake is not asked for again"
