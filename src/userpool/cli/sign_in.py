"""`userpool sign-in`: asks for whatever the service asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from . import asking
from .devices import tell_device
from .output import json_option, note
from .qr import in_fours, show_qr_code
from .security_key import security_key
from .seed import AppSeed, app_seed, seed_option
from .session import tell_who
from .target import Target, client_options

if TYPE_CHECKING:
    from userpool import Answer, Challenge, SignedIn, User, UserPoolError
    from userpool.protocol.challenges import ChallengeStep

TRIES = 3
"""How often a person may answer one challenge wrongly."""

FLOWS = {
    "srp": ("USER_SRP_AUTH", True),
    "password": ("USER_PASSWORD_AUTH", True),
    "choice": ("USER_AUTH", False),
    "custom": ("CUSTOM_AUTH", False),
    "custom-srp": ("CUSTOM_AUTH", True),
}
"""By the name of the option: Cognito's flow, and whether it begins with the password."""
FACTORS = {"PASSWORD_SRP": True, "PASSWORD": True, "EMAIL_OTP": False, "SMS_OTP": False, "WEB_AUTHN": False}
"""What `--factor` takes, and whether it is the password."""


@click.command()
@click.argument("username")
@click.option(
    "--flow",
    type=click.Choice(list(FLOWS)),
    default="srp",
    show_default=True,
    help="Prove the password without sending it, send it, choose the factor, or let the pool's triggers ask "
    "(after the password, with custom-srp).",
)
@click.option(
    "--factor",
    type=click.Choice(list(FACTORS)),
    help="The first factor, of --flow choice; without it you are asked.",
)
@seed_option
@json_option
@asking.no_input_option
@client_options
def sign_in(target: Target, username: str, flow: str, factor: str | None, seed_file: str | None) -> None:
    """Sign in, and stay signed in for later commands.

    The password is asked for, or taken from USERPOOL_PASSWORD; so are the answers to what the service asks
    next: a code from USERPOOL_CODE, a new password from USERPOOL_NEW_PASSWORD. Without a terminal nothing is
    asked: the command fails with exit code 5 and names the step that it stopped at.

    With the seed of an authenticator app its codes are given by themselves; where one was used already, the
    next one is waited for.
    """
    auth_flow, by_password = FLOWS[flow]
    if factor is not None:
        if flow != "choice":
            raise click.BadParameter("It goes with --flow choice.", param_hint="--factor")
        by_password = FACTORS[factor]
    with target.open() as pool:
        password = (
            asking.secret("Password", step="the password", variable=asking.PASSWORD) if by_password else None
        )
        seed = app_seed(seed_file)
        questions = Questions(pool.user_pool_id, seed)

        def once() -> SignedIn[User]:
            step = pool.sign_in(username, password, auth_flow=auth_flow, preferred_challenge=factor)
            return pool.complete_sign_in(step, questions.answer, tries=TRIES, wrong=questions.wrong)

        done = again_with_next_code(once, seed)
        tell_device(done)
        tell_who(done.user)


def again_with_next_code(sign_in: Callable[[], SignedIn[User]], seed: AppSeed | None) -> SignedIn[User]:
    """Sign in, and once more where the code of the seed was used already, by whoever has the same seed."""
    from userpool import ExpiredCodeException

    try:
        return sign_in()
    except ExpiredCodeException:
        if seed is None or not seed.wait_for_another():
            raise
    return sign_in()


class Questions:
    """Puts challenges to a person. What the environment answers is used once: the next code is another.

    Args:
        user_pool_id: what an authenticator app shows beside the user.
        seed: of the user's authenticator app, where it answers in the place of the person.
    """

    def __init__(self, user_pool_id: str, seed: AppSeed | None = None) -> None:
        self._user_pool_id = user_pool_id
        self._seed = seed
        self._environment = dict(os.environ)
        self._introduced: ChallengeStep | None = None

    def answer(self, challenge: ChallengeStep) -> Answer:
        """What the environment or the person answers.

        Raises:
            NeedsPerson: there is none, and the environment has no answer.
        """
        if challenge is not self._introduced:
            self._introduce(challenge)
            self._introduced = challenge
        return self._answer(challenge)

    def wrong(self, challenge: ChallengeStep, error: UserPoolError) -> None:
        """Tell the person that the answer was wrong; where there is none, that is the end."""
        from userpool import ServiceError, TotpRequired

        if not asking.can_ask() or (self._seed and isinstance(challenge, TotpRequired)):
            raise error
        note(error.message if isinstance(error, ServiceError) else str(error))

    def _introduce(self, challenge: ChallengeStep) -> None:
        """Tell the person what is wanted, before they are asked."""
        from userpool import EmailCodeRequired, NewPasswordRequired, SmsCodeRequired, TotpSetupRequired

        if not asking.can_ask():
            return
        match challenge:
            case SmsCodeRequired(delivery=sent) | EmailCodeRequired(delivery=sent):
                note(f"A code went by {sent.medium} to {sent.destination or 'the address on file'}.")
            case NewPasswordRequired():
                note("The password was temporary: choose one of your own.")
            case TotpSetupRequired():
                uri = challenge.otpauth_uri(f"userpool {self._user_pool_id}")
                note("This pool wants an authenticator app. Scan this with it, or type the key in:")
                show_qr_code(uri)
                note("  " + in_fours(challenge.secret_code))

    def _answer(self, challenge: ChallengeStep) -> Answer:
        from userpool import (
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
            SmsCodeRequired,
            TotpRequired,
            TotpSetupRequired,
            UnknownChallenge,
        )

        step = challenge.name
        match challenge:
            case NewPasswordRequired():
                new = self._secret("New password", challenge, asking.NEW_PASSWORD, twice=True)
                missing = challenge.missing_attributes
                return challenge.answer(
                    new, {name: asking.text(name, step=f"{step}, the attribute {name}") for name in missing}
                )
            case SmsCodeRequired() | EmailCodeRequired():
                return challenge.answer(self._secret("Code", challenge, asking.CODE))
            case TotpRequired() if self._seed:
                return challenge.answer(self._seed.code())
            case MfaSelectionRequired(methods=methods) if self._seed and MfaMethod.TOTP in methods:
                return challenge.answer(MfaMethod.TOTP)
            case TotpRequired() | TotpSetupRequired():
                return challenge.answer(
                    self._secret("Code that the authenticator app shows", challenge, asking.CODE)
                )
            case MfaSelectionRequired() | MfaSetupRequired():
                return challenge.answer(asking.choice("Which second factor", challenge.methods, step=step))
            case FactorSelectionRequired():
                factor = asking.choice("How do you want to sign in", challenge.factors, step=step)
                by_password = FACTORS.get(factor, False)
                return challenge.answer(factor, self._password(challenge) if by_password else None)
            case PasswordRequired():
                return challenge.answer(self._password(challenge))
            case PasskeyRequired():
                return challenge.answer(security_key(step).get(challenge.options))
            case EmailSetupRequired():
                return challenge.answer(asking.text("E-mail address for codes", step=step))
            case CustomChallenge():
                return challenge.answer(self._secret(_asked(challenge) or "Answer", challenge))
            case UnknownChallenge():
                note(f"The service asks {step}, which this command has no question for. {_asked(challenge)}")
                name = asking.text("Name of the response, such as ANSWER", step=step)
                return challenge.answer({name: self._secret(name, challenge)})

    def _password(self, challenge: Challenge) -> str:
        return asking.secret(
            "Password", step=challenge.name, variable=asking.PASSWORD, environment=self._environment
        )

    def _secret(
        self, question: str, challenge: Challenge, variable: str | None = None, *, twice: bool = False
    ) -> str:
        answer = asking.secret(
            question, step=challenge.name, variable=variable, twice=twice, environment=self._environment
        )
        if variable:
            self._environment.pop(variable, None)
        return answer if twice else answer.strip()


def _asked(challenge: Challenge) -> str:
    """What a challenge of the pool's own says, but for names that the person knows."""
    known = {"USERNAME", "USER_ID_FOR_SRP"}
    return ", ".join(f"{name}: {value}" for name, value in challenge.parameters.items() if name not in known)
