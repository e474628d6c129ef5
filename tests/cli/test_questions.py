"""Every challenge is put to a person in words, answered from the environment where it may be, and named
where neither is there."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from userpool import (
    Answer,
    Challenge,
    CodeDelivery,
    CodeMismatchException,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    EnableSoftwareTokenMFAException,
    FactorSelectionRequired,
    InvalidPasswordException,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    NotAuthorizedException,
    PasskeyRequired,
    PasswordRequired,
    SignedIn,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
)
from userpool.cli import app
from userpool.cli.qr import in_fours, show_qr_code
from userpool.cli.sign_in import TRIES, Questions
from userpool.client._sync.completing import complete

COMMON: dict[str, Any] = {
    "username": "ada",
    "client_id": "client",
    "issued_at": datetime(2026, 1, 1, tzinfo=UTC),
    "session": "s3ss10n",
}
BY_MAIL = CodeDelivery("EMAIL", "a***@e***")
BY_SMS = CodeDelivery("SMS", "")
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

NEW_PASSWORD = NewPasswordRequired(**COMMON, missing_attributes=("name",))
NEW_PASSWORD_ONLY = NewPasswordRequired(**COMMON)
TOTP = TotpRequired(**COMMON)
TOTP_SETUP = TotpSetupRequired(**COMMON, secret_code=SEED)
EMAIL = EmailCodeRequired(**COMMON, delivery=BY_MAIL)
SMS = SmsCodeRequired(**COMMON, delivery=BY_SMS)
SELECTION = MfaSelectionRequired(**COMMON, methods=("SMS_MFA", "SOFTWARE_TOKEN_MFA"))
SETUP = MfaSetupRequired(**COMMON, methods=("SOFTWARE_TOKEN_MFA", "EMAIL_OTP"))
EMAIL_SETUP = EmailSetupRequired(**COMMON)
FACTOR = FactorSelectionRequired(**COMMON, available_challenges=("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"))
PASSWORD = PasswordRequired(**COMMON)
PASSKEY = PasskeyRequired(**COMMON, options={"challenge": "AAEC"})
CUSTOM = CustomChallenge(**COMMON, parameters={"USERNAME": "ada", "riddle": "what has keys"})
UNKNOWN = UnknownChallenge(**COMMON, name="PROVE_IT", parameters={"hint": "to do with \x1b[31mred"})


@dataclass
class Pool:
    """Takes answers, and refuses the first ones as it is told."""

    refusals: list[Exception] = field(default_factory=list)
    taken: list[Answer] = field(default_factory=list)

    def respond(self, answer: Answer) -> SignedIn[str]:
        self.taken.append(answer)
        if self.refusals:
            raise self.refusals.pop(0)
        return SignedIn("signed in")


def put(
    challenge: Challenge, typed: Sequence[str] = (), refusals: Sequence[Exception] = ()
) -> tuple[Pool, Result]:
    """Ask `challenge` of somebody who types these lines."""
    pool = Pool(list(refusals))

    @click.group(cls=app.Commands)
    def group() -> None:
        pass

    @click.command()
    def ask() -> None:
        questions = Questions("us-east-1_aB12cDe34")
        answering: Any = pool  # it answers, which is all that is asked of it
        step: Any = challenge
        done = complete(answering, step, questions.answer, tries=TRIES, wrong=questions.wrong)
        click.echo(done.user)

    group.get_command = lambda ctx, cmd_name: ask  # type: ignore[method-assign]  # the one command of the test
    lines = "".join(f"{line}\n" for line in typed)
    return pool, CliRunner().invoke(group, ["ask"], input=lines, catch_exceptions=False)


@pytest.mark.parametrize(
    ("challenge", "typed", "responses"),
    [
        (
            NEW_PASSWORD,
            [" spaces count ", " spaces count ", "Ada"],
            {"NEW_PASSWORD": " spaces count ", "userAttributes.name": "Ada"},
        ),
        (TOTP, [" 123456 "], {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
        (TOTP_SETUP, ["123456"], {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
        (EMAIL, ["12345678"], {"EMAIL_OTP_CODE": "12345678"}),
        (SMS, ["123456"], {"SMS_MFA_CODE": "123456"}),
        (SELECTION, ["3", "2"], {"ANSWER": "SOFTWARE_TOKEN_MFA"}),
        (SETUP, ["1"], {"ANSWER": "SOFTWARE_TOKEN_MFA"}),
        (EMAIL_SETUP, ["no address", "ada@example.com"], {"EMAIL": "ada@example.com"}),
        (FACTOR, ["3"], {"ANSWER": "EMAIL_OTP"}),
        (FACTOR, ["2", " spaces "], {"ANSWER": "PASSWORD", "PASSWORD": " spaces "}),
        (PASSWORD, ["Correct-horse-7"], {"PASSWORD": "Correct-horse-7"}),
        (CUSTOM, ["a piano"], {"ANSWER": "a piano"}),
        (UNKNOWN, ["PROOF", "this"], {"PROOF": "this"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Challenge) else "",
)
@pytest.mark.usefixtures("terminal")
def test_a_person_answers(challenge: Challenge, typed: list[str], responses: dict[str, str]) -> None:
    pool, done = put(challenge, typed)
    assert (done.exit_code, done.stdout) == (0, "signed in\n"), done.output
    assert pool.taken[-1].responses == responses
    hidden = [line for line in typed if line in responses.values() and isinstance(challenge, _HIDDEN)]
    assert [line for line in hidden if line.strip() in done.stderr] == []


@pytest.mark.usefixtures("terminal")
def test_a_chosen_password_is_handed_on_to_be_proved() -> None:
    pool, done = put(FACTOR, ["1", "Correct-horse-7"])
    assert done.exit_code == 0, done.output
    assert (pool.taken[0].responses, pool.taken[0].password) == (
        {"ANSWER": "PASSWORD_SRP"},
        "Correct-horse-7",
    )


@pytest.mark.usefixtures("terminal")
def test_a_security_key_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Key:
        def __init__(self, *, pin: Callable[[], str], touch: Callable[[], None]) -> None:
            self.pin, self.touch = pin, touch

        def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
            self.touch()
            signature = f"{options['challenge']} with {self.pin()}"
            texts = {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": signature}
            return {"id": "AQ", "rawId": "AQ", "type": "public-key", "response": texts}

    monkeypatch.setattr("userpool.authenticators.security_key.SecurityKey", Key)
    pool, done = put(PASSKEY, ["1234"])
    assert done.exit_code == 0, done.output
    assert "Touch the security key." in done.stderr
    credential = json.loads(pool.taken[0].responses["CREDENTIAL"])
    assert credential["response"]["signature"] == "AAEC with 1234"


_HIDDEN = TotpRequired | TotpSetupRequired | EmailCodeRequired | SmsCodeRequired | CustomChallenge


@pytest.mark.usefixtures("terminal")
def test_the_person_is_told_what_is_wanted() -> None:
    def said(challenge: Challenge, *typed: str) -> str:
        return put(challenge, typed)[1].stderr

    assert "A code went by EMAIL to a***@e***." in said(EMAIL, "123456")
    assert "A code went by SMS to the address on file." in said(SMS, "123456")
    assert "choose one of your own" in said(NEW_PASSWORD_ONLY, "x", "x")
    assert "riddle: what has keys: " in said(CUSTOM, "a piano")
    unknown = said(UNKNOWN, "PROOF", "this")
    assert "PROVE_IT" in unknown
    assert "to do with \N{REPLACEMENT CHARACTER}[31mred" in unknown, "a server must not steer the terminal"
    setup = said(TOTP_SETUP, "123456")
    assert "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP" in setup
    assert setup.count("█") > 50, "a QR code"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("challenge", "answers", "refusal"),
    [
        (TOTP, ["111111", "123456"], CodeMismatchException("Invalid code received for user")),
        (TOTP_SETUP, ["111111", "123456"], EnableSoftwareTokenMFAException("Code mismatch")),
        (
            NEW_PASSWORD_ONLY,
            ["weak", "weak", "strong", "strong"],
            InvalidPasswordException("Password too weak"),
        ),
    ],
    ids=["code", "set-up", "password"],
)
def test_a_wrong_answer_can_be_corrected(challenge: Challenge, answers: list[str], refusal: Any) -> None:
    pool, done = put(challenge, answers, [refusal])
    assert done.exit_code == 0, done.output
    assert refusal.message in done.stderr
    assert len(pool.taken) == 2


@pytest.mark.usefixtures("terminal")
def test_three_wrong_answers_are_enough() -> None:
    wrong = [CodeMismatchException("Invalid code received for user") for _ in range(4)]
    pool, done = put(TOTP, ["111111"] * 4, wrong)
    assert (done.exit_code, len(pool.taken)) == (1, 3)
    assert done.stderr.rstrip().endswith("Look at the code again: only the newest one counts.")


@pytest.mark.usefixtures("terminal")
def test_what_cannot_be_corrected_ends_the_sign_in() -> None:
    over = NotAuthorizedException("Invalid session for the user, session is expired.")
    pool, done = put(TOTP, ["123456", "123456"], [over])
    assert (done.exit_code, len(pool.taken)) == (1, 1)
    assert "Sign in again: userpool sign-in USERNAME." in done.stderr


@pytest.mark.parametrize(
    ("challenge", "variable", "value", "responses"),
    [
        (TOTP, "USERPOOL_CODE", "123456", {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
        (EMAIL, "USERPOOL_CODE", "123456", {"EMAIL_OTP_CODE": "123456"}),
        (NEW_PASSWORD_ONLY, "USERPOOL_NEW_PASSWORD", "Another-7", {"NEW_PASSWORD": "Another-7"}),
        (PASSWORD, "USERPOOL_PASSWORD", "Another-7", {"PASSWORD": "Another-7"}),
    ],
    ids=["totp", "e-mail", "new password", "password"],
)
def test_the_environment_answers(
    challenge: Challenge,
    variable: str,
    value: str,
    responses: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    pool, done = put(challenge)
    assert done.exit_code == 0, done.output
    assert pool.taken[0].responses == responses
    assert done.stderr == ""


def test_a_wrong_answer_of_the_environment_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERPOOL_CODE", "111111")
    pool, done = put(TOTP, refusals=[CodeMismatchException("Invalid code received for user")])
    assert (done.exit_code, len(pool.taken)) == (1, 1)
    assert done.stderr.startswith("userpool: CodeMismatchException: ")


@pytest.mark.usefixtures("terminal")
def test_a_person_may_correct_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERPOOL_CODE", "111111")
    pool, done = put(TOTP, ["123456"], [CodeMismatchException("Invalid code received for user")])
    assert done.exit_code == 0
    assert [one.responses["SOFTWARE_TOKEN_MFA_CODE"] for one in pool.taken] == ["111111", "123456"]


@pytest.mark.parametrize(
    "challenge",
    [
        NEW_PASSWORD,
        TOTP,
        TOTP_SETUP,
        EMAIL,
        SMS,
        SELECTION,
        SETUP,
        EMAIL_SETUP,
        CUSTOM,
        UNKNOWN,
        FACTOR,
        PASSWORD,
        PASSKEY,
    ],
    ids=lambda challenge: challenge.name + "-" + challenge.kind,
)
def test_without_a_person_it_fails_and_names_the_step(challenge: Challenge) -> None:
    pool, done = put(challenge)
    assert (done.exit_code, pool.taken, done.stdout) == (5, [], "")
    assert f"Stopped at: {challenge.name}" in done.stderr
    assert SEED not in done.stderr.replace(" ", "")


def test_a_terminal_without_blocks_gets_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", plain)
    show_qr_code("otpauth://totp/x")
    assert plain.tell() == 0
    assert in_fours("ABCDE") == "ABCD E"
