"""Each challenge takes the answer that it asks for, and a checker says so."""

from __future__ import annotations

from userpool import (
    Answer,
    AsyncUserPool,
    AuthFactor,
    Challenge,
    ChallengeStep,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    FactorSelectionRequired,
    MfaMethod,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SignInStep,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
    UserPool,
    UserPoolError,
)


def codes(sms: SmsCodeRequired, email: EmailCodeRequired, app: TotpRequired) -> None:
    reveal_type(sms.answer("123456"))  # reveals: userpool.protocol.challenges.base.Answer
    reveal_type(email.delivery.destination)  # reveals: str
    sms.answer(123456)  # error: arg-type
    email.answer()  # error: call-arg
    app.answer("123456", "654321")  # error: call-arg


def passwords(new: NewPasswordRequired, old: PasswordRequired) -> None:
    new.answer("New-pass-1", {"name": "Ada"})
    new.answer("New-pass-1", {"age": 7})  # error: dict-item
    new.answer({"name": "Ada"})  # error: arg-type
    old.answer("Correct-horse-7")
    old.answer(None)  # error: arg-type


def choices(factor: FactorSelectionRequired, method: MfaSelectionRequired, setup: MfaSetupRequired) -> None:
    reveal_type(factor.factors)  # reveals: tuple[str, ...]
    factor.answer(AuthFactor.PASSWORD_SRP, "Correct-horse-7")
    factor.answer("EMAIL_OTP")
    factor.answer()  # error: call-arg
    method.answer(MfaMethod.TOTP)
    method.answer(["SMS_MFA"])  # error: arg-type
    setup.answer(None)  # error: arg-type


def passkeys(passkey: PasskeyRequired) -> None:
    passkey.instead(AuthFactor.PASSWORD, "Correct-horse-7")
    passkey.instead()  # error: call-arg
    reveal_type(passkey.options["challenge"])  # reveals: Any
    passkey.answer('{"id": "AQ"}')
    passkey.answer({"id": "AQ"})
    passkey.answer(b"{}")  # error: arg-type


def others(
    app: TotpSetupRequired, email: EmailSetupRequired, custom: CustomChallenge, unknown: UnknownChallenge
) -> None:
    app.answer("123456", device_name="phone")
    email.answer("ada@example.com")
    email.answer(code="123456")  # error: call-arg
    custom.answer("9")
    custom.answer(9)  # error: arg-type
    unknown.answer({"COLOUR": "blue"})
    unknown.answer("blue")  # error: arg-type


def any_of_them(challenge: Challenge, step: ChallengeStep) -> None:
    challenge.answer("123456")  # error: attr-defined
    step.answer("123456")  # error: arg-type
    reveal_type(Challenge.from_dict({}).kind)  # reveals: str


def answer(challenge: ChallengeStep) -> Answer:
    assert isinstance(challenge, TotpRequired)
    return challenge.answer("123456")


async def later(challenge: ChallengeStep) -> Answer:
    return answer(challenge)


def number(challenge: ChallengeStep) -> str:
    return "123456"


def wrong(challenge: ChallengeStep, error: UserPoolError) -> None:
    print(challenge.name, error)


async def completed(pool: UserPool, async_pool: AsyncUserPool, step: SignInStep) -> None:
    done = pool.complete_sign_in(step, answer, tries=3, wrong=wrong)
    reveal_type(done.user)  # reveals: userpool.client._sync.user.User
    pool.complete_sign_in(step, later)  # error: arg-type
    pool.complete_sign_in(step, number)  # error: arg-type
    begun = await async_pool.sign_in("ada", "Correct-horse-7")
    await async_pool.complete_sign_in(begun, answer)
    there = await async_pool.complete_sign_in(begun, later)
    reveal_type(there.user)  # reveals: userpool.client._async.user.AsyncUser
    await async_pool.complete_sign_in(begun, number)  # error: arg-type


def signed_up(pool: UserPool) -> None:
    result = pool.sign_up("ada", "Correct-horse-7")
    confirmed = pool.confirm_sign_up("ada", "123456", session=result.session)
    reveal_type(confirmed.session)  # reveals: str | None
    pool.sign_in(confirmed.username, session=confirmed.session)
    pool.sign_in(confirmed.username, session=confirmed)  # error: arg-type
