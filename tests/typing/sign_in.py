"""A sign-in covers every step, and the checker sees to it."""

from typing import assert_never

from userpool import (
    AsyncUserPool,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    FactorSelectionRequired,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SignedIn,
    SignInStep,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
    User,
    UserPool,
)


def ask(text: str) -> str:
    return input(text)


def finish(pool: UserPool, step: SignInStep) -> User:
    while not isinstance(step, SignedIn):
        match step:
            case TotpRequired() | SmsCodeRequired() | EmailCodeRequired():
                step = pool.respond(step.answer(ask("code: ")))
            case NewPasswordRequired(missing_attributes=missing):
                given = {name: ask(name) for name in missing}
                step = pool.respond(step.answer(ask("new password: "), given))
            case MfaSelectionRequired(methods=methods) | MfaSetupRequired(methods=methods):
                step = pool.respond(step.answer(methods[0]))
            case TotpSetupRequired():
                step = pool.respond(step.answer(ask(step.otpauth_uri("My app"))))
            case FactorSelectionRequired(factors=factors):
                step = pool.respond(step.answer(factors[0], ask("password: ")))
            case PasswordRequired():
                step = pool.respond(step.answer(ask("password: ")))
            case PasskeyRequired(options=options):
                step = pool.respond(step.answer(ask(options["challenge"])))
            case EmailSetupRequired():
                step = pool.respond(step.answer(ask("e-mail: ")))
            case CustomChallenge(parameters=parameters):
                step = pool.respond(step.answer(ask(parameters["question"])))
            case UnknownChallenge(name=name):
                step = pool.respond(step.answer({name: ask(name)}))
            case _:
                assert_never(step)
    reveal_type(step)  # reveals: userpool.client.signed_in.SignedIn[userpool.client._sync.user.User]
    return step.user


def forgetful(pool: UserPool) -> User:
    step = pool.sign_in("ada", "Correct-horse-7")
    match step:
        case SignedIn(user=user):
            return user
        case TotpRequired():
            raise SystemExit("no")
        case _:
            assert_never(step)  # error: arg-type


def careless(pool: UserPool) -> User:
    return pool.sign_in("ada", "Correct-horse-7").user  # error: union-attr


async def both_colours(pool: UserPool, async_pool: AsyncUserPool) -> None:
    reveal_type(pool.current_user())  # reveals: userpool.client._sync.user.User | None
    user = async_pool.user(access_token="a.b.c")
    reveal_type(user)  # reveals: userpool.client._async.user.AsyncUser
    reveal_type(await user.access_token())  # reveals: str
    reveal_type((await user.get_user()).attributes["email"])  # reveals: str
    _ = user.get_user().attributes  # error: attr-defined
    pool.sign_in()  # error: call-arg
    pool.sign_in("ada", preferred_challenge=7)  # error: arg-type
    pool.sign_in("ada", acr_values=7)  # error: arg-type
    pool.sign_in(1, "x")  # error: arg-type
