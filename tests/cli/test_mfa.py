"""`userpool mfa` and `userpool totp`, and sign-ins whose codes a program gives."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Shell, with_pool
from tests.client.helpers import fresh_name
from userpool import (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    MfaPreference,
    MfaSelectionRequired,
    SignedIn,
    TotpRequired,
    TotpSeed,
    User,
)
from userpool.cli.seed import AppSeed
from userpool.cli.sign_in import Questions, again_with_next_code
from userpool.protocol import totp

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="module")
def variables(service: str) -> Mapping[str, str]:
    """Those of a pool whose users may have authenticator apps."""
    return with_pool(Shell({"USERPOOL_ENDPOINT": service}), "--totp", "optional").variables


@pytest.fixture
def member(shell: Shell, variables: Mapping[str, str]) -> Shell:
    """The shell of a new user, who is signed in; the name is in the variable USER."""
    name = fresh_name()
    shell.variables |= {**variables, "USER": name}
    shell.ok("users", "create", name, "--no-invite")
    shell.ok("users", "set-password", name, USERPOOL_NEW_PASSWORD=PASSWORD)
    shell.ok("sign-in", name, USERPOOL_PASSWORD=PASSWORD)
    return shell


def test_a_program_sets_an_app_up_and_signs_in_with_its_seed(
    member: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "seed"
    done = member("mfa", "set-up", "--seed-file", str(file), "--name", "ci")
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    seed = file.read_text().strip()
    assert seed not in done.output
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    assert member.json("mfa", "show")["preferred_mfa"] == "SOFTWARE_TOKEN_MFA"
    assert "Name a file that is not there yet" in member.fails(6, "mfa", "set-up", "--seed-file", str(file))

    # The app's clock is a step ahead, as far as a service goes: the code of this moment is used up.
    monkeypatch.setattr(AppSeed.__init__, "__kwdefaults__", {"clock": later, "sleep": time.sleep})
    said = member(
        "sign-in", member.variables["USER"], "--totp-seed-file", str(file), USERPOOL_PASSWORD=PASSWORD
    )
    assert said.exit_code == 0, said.output
    assert seed not in said.output


def later() -> float:
    """The time of the next code."""
    return time.time() + totp.STEP_SECONDS


def test_a_person_sets_an_app_up(member: Shell, terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "associate_software_token", lambda user: TotpSeed(SEED, user.username))
    given: list[str] = []

    def verify(_: User, code: str, name: str | None = None) -> None:
        given.append(code)
        if len(given) == 1:
            raise EnableSoftwareTokenMFAException("Code mismatch")

    preferred: list[Any] = []
    monkeypatch.setattr(User, "verify_software_token", verify)
    monkeypatch.setattr(User, "set_user_mfa_preference", lambda _, **more: preferred.append(more))
    done = member("mfa", "set-up", "--label", "Shop", typed="111111\n123456\n")
    assert done.exit_code == 0, done.output
    assert "JBSW Y3DP EHPK 3PXP" in done.stderr
    assert done.stderr.count("█") > 50, "a QR code"
    assert "Code mismatch" in done.stderr
    assert given == ["111111", "123456"]
    assert preferred == [{"totp": MfaPreference.PREFERRED}]
    refusal = EnableSoftwareTokenMFAException("Code mismatch")
    monkeypatch.setattr(User, "verify_software_token", _always(refusal))
    ended = member("mfa", "set-up", typed="1\n2\n3\n")
    assert ended.exit_code == 1
    assert ended.stderr.count("Code that the authenticator app shows") == 3


def _always(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_without_a_person_nothing_is_begun(member: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "associate_software_token", lambda _: pytest.fail("a seed was asked for"))
    assert "Stopped at: the code of the authenticator app" in member.fails(5, "mfa", "set-up")


@pytest.mark.parametrize(
    ("command", "factor", "wanted"),
    [
        ("prefer", "totp", {"totp": MfaPreference.PREFERRED}),
        ("enable", "sms", {"sms": MfaPreference.ENABLED}),
        ("disable", "email", {"email": MfaPreference.DISABLED}),
        ("enable", "passkey", {"web_authn": True}),
        ("disable", "passkey", {"web_authn": False}),
    ],
)
def test_factors_are_preferred_turned_on_and_off(
    member: Shell, monkeypatch: pytest.MonkeyPatch, command: str, factor: str, wanted: Any
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(User, "set_user_mfa_preference", lambda _, **more: given.append(more))
    assert factor in member.ok("mfa", command, factor)
    assert given == [wanted]


def test_a_passkey_has_no_preference(member: Shell) -> None:
    assert "userpool mfa enable passkey" in member.fails(2, "mfa", "prefer", "passkey")


def test_factors_are_shown(member: Shell) -> None:
    shown = member.ok("mfa", "show").splitlines()
    assert shown[0] == "second factors: none"
    assert shown[-1].startswith("first factors: ")


def test_a_seed_gives_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "seed"
    file.write_text(f"{SEED[:4]} {SEED[4:].lower()}\n")
    file.chmod(0o600)
    before = totp.step(time.time())
    shell = Shell()
    codes = {
        shell.ok("totp", "--totp-seed-file", str(file)).strip(),
        shell.ok("totp", USERPOOL_TOTP_SEED_FILE=str(file)).strip(),
        shell.ok("totp", USERPOOL_TOTP_SEED=SEED).strip(),
        shell.ok(
            "totp", "--totp-seed-file", "-", typed=f"otpauth://totp/a:b?secret={SEED}&issuer=a\n"
        ).strip(),
    }
    shown = shell.json("totp", USERPOOL_TOTP_SEED=SEED)
    after = totp.step(time.time())
    assert codes | {shown["code"]} <= {totp.code(SEED, at * 30) for at in range(before, after + 1)}
    assert 1 <= shown["seconds_left"] <= 30


def test_a_seed_that_others_can_read_is_mentioned(tmp_path: Path) -> None:
    file = tmp_path / "seed"
    file.write_text(SEED)
    file.chmod(0o644)
    done = Shell()("totp", "--totp-seed-file", str(file))
    assert done.exit_code == 0
    assert ("chmod 600" in done.stderr) is (os.name == "posix")


def test_what_is_no_seed_is_told_without_it(tmp_path: Path) -> None:
    shell = Shell()
    assert "Give --totp-seed-file, or set USERPOOL_TOTP_SEED." in shell.fails(2, "totp")
    said = shell.fails(2, "totp", USERPOOL_TOTP_SEED="hush-1890")
    assert "not base32" in said
    assert "hush" not in said
    assert "is empty" in shell.fails(2, "totp", USERPOOL_TOTP_SEED="otpauth://totp/a")
    missing = tmp_path / "nowhere"
    assert str(missing) in shell.fails(6, "totp", "--totp-seed-file", str(missing))
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert "cannot be read" in shell.fails(6, "totp", "--totp-seed-file", str(tmp_path / "bytes"))
    assert SEED not in repr(AppSeed(SEED))


COMMON: dict[str, Any] = {"username": "ada", "client_id": "client", "issued_at": None, "session": "s3ss10n"}


class Clock:
    """A clock that sleeping moves."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_seed_answers_in_the_place_of_the_person() -> None:
    clock = Clock(1_800_000_010.0)
    questions = Questions("us-east-1_aB12cDe34", AppSeed(SEED, clock=clock, sleep=clock.sleep))
    asked = TotpRequired(**COMMON)
    assert questions.answer(asked).responses == {"SOFTWARE_TOKEN_MFA_CODE": totp.code(SEED, clock.now)}
    choice = MfaSelectionRequired(**COMMON, methods=("SMS_MFA", "SOFTWARE_TOKEN_MFA"))
    assert questions.answer(choice).responses == {"ANSWER": "SOFTWARE_TOKEN_MFA"}
    with pytest.raises(CodeMismatchException):
        questions.wrong(asked, CodeMismatchException("Invalid code received for user"))


def test_a_code_that_was_used_already_is_waited_out() -> None:
    clock = Clock(1_800_000_010.0)
    seed = AppSeed(SEED, clock=clock, sleep=clock.sleep)
    done: SignedIn[Any] = SignedIn(None)
    codes: list[str] = []

    def sign_in() -> SignedIn[Any]:
        codes.append(seed.code())
        if len(codes) == 1:
            raise ExpiredCodeException("Your software token has already been used once.")
        return done

    assert again_with_next_code(sign_in, seed) is done
    assert clock.slept == [20.0]
    assert codes == [totp.code(SEED, 1_800_000_010), totp.code(SEED, 1_800_000_030)]
    clock.now += 31
    assert seed.wait_for_another()
    assert clock.slept == [20.0], "another code is there already"


def test_another_code_that_is_too_old_is_no_reason_to_wait() -> None:
    clock = Clock(1_800_000_010.0)
    for seed in (None, AppSeed(SEED, clock=clock, sleep=clock.sleep)):
        with pytest.raises(ExpiredCodeException):
            again_with_next_code(_always(ExpiredCodeException("Invalid code provided.")), seed)
    assert clock.slept == []
