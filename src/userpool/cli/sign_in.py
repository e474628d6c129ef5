"""`userpool sign-in`: asks for whatever the service asks for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from . import asking
from .output import clean, json_option, note
from .session import tell_who
from .target import Target, client_options

if TYPE_CHECKING:
    from userpool import Answer, Challenge, SignInStep, UserPool
    from userpool.protocol.challenges import ChallengeStep

TRIES = 3
"""How often a person may answer one challenge wrongly."""


@click.command()
@click.argument("username")
@click.option(
    "--flow",
    type=click.Choice(["srp", "password"]),
    default="srp",
    show_default=True,
    help="Prove the password without sending it, or send it.",
)
@json_option
@asking.no_input_option
@client_options
def sign_in(target: Target, username: str, flow: str) -> None:
    """Sign in, and stay signed in for later commands.

    The password is asked for, or taken from USERPOOL_PASSWORD; so are the answers to what the service asks
    next: a code from USERPOOL_CODE, a new password from USERPOOL_NEW_PASSWORD. Without a terminal nothing is
    asked: the command fails with exit code 5 and names the step that it stopped at.
    """
    from userpool import AuthFlow, SignedIn

    auth_flow = AuthFlow.SRP if flow == "srp" else AuthFlow.PASSWORD
    with target.open() as pool:
        password = asking.secret("Password", step="the password", variable=asking.PASSWORD)
        step = pool.sign_in(username, password, auth_flow=auth_flow)
        questions = Questions(pool)
        while not isinstance(step, SignedIn):
            step = questions.put(step)
        if step.new_device:
            note(
                "This pool tracks devices, and this one is not confirmed: you may have to sign in more often."
            )
        tell_who(step.user)


class Questions:
    """Puts challenges to a person. What the environment answers is used once: the next code is another."""

    def __init__(self, pool: UserPool) -> None:
        self._pool = pool
        self._environment = dict(os.environ)

    def put(self, challenge: ChallengeStep) -> SignInStep:
        """Go on with a sign-in; a wrong answer may be corrected while there is a person.

        Raises:
            NeedsPerson: there is none, and the environment has no answer.
        """
        from userpool import errors

        correctable = (
            errors.CodeMismatchException,
            errors.EnableSoftwareTokenMFAException,
            errors.InvalidPasswordException,
            errors.ParameterError,
        )
        self._introduce(challenge)
        tries_left = TRIES
        while True:
            try:
                return self._pool.respond(self._answer(challenge))
            except correctable as error:
                tries_left -= 1
                if not tries_left or not asking.can_ask():
                    raise
                note(error.message if isinstance(error, errors.ServiceError) else str(error))

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
                uri = challenge.otpauth_uri(f"userpool {self._pool.user_pool_id}")
                note("This pool wants an authenticator app. Scan this with it, or type the key in:")
                show_qr_code(uri)
                note("  " + in_fours(challenge.secret_code))

    def _answer(self, challenge: ChallengeStep) -> Answer:
        from userpool import (
            CustomChallenge,
            EmailCodeRequired,
            EmailSetupRequired,
            MfaSelectionRequired,
            MfaSetupRequired,
            NewPasswordRequired,
            SmsCodeRequired,
            TotpRequired,
            TotpSetupRequired,
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
            case TotpRequired() | TotpSetupRequired():
                return challenge.answer(
                    self._secret("Code that the authenticator app shows", challenge, asking.CODE)
                )
            case MfaSelectionRequired() | MfaSetupRequired():
                return challenge.answer(asking.choice("Which second factor", challenge.methods, step=step))
            case EmailSetupRequired():
                return challenge.answer(asking.text("E-mail address for codes", step=step))
            case CustomChallenge():
                return challenge.answer(self._secret(_asked(challenge) or "Answer", challenge))
            case _:
                note(f"The service asks {step}, which this command has no question for. {_asked(challenge)}")
                name = asking.text("Name of the response, such as ANSWER", step=step)
                return challenge.answer({name: self._secret(name, challenge)})

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


def show_qr_code(text: str) -> None:
    """Draw a QR code on standard error, where that can show it."""
    import segno

    try:
        "▀▄█".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return
    segno.make(text, micro=False).terminal(out=sys.stderr, border=2, compact=True)


def in_fours(secret_code: str) -> str:
    """A seed in groups of four, as people type it."""
    return " ".join(clean(secret_code[at : at + 4]) for at in range(0, len(secret_code), 4))
