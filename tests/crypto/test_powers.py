"""Powers: right with every arithmetic, loaded when they pay, and out of the way of other threads."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from userpool.crypto import powers
from userpool.crypto.powers import FixedBase, Prefer, power
from userpool.protocol.srp import N

gmpy2: Any = importlib.import_module("gmpy2")


@pytest.mark.parametrize("prefer", ["python", "gmpy2"])
def test_powers_are_right_before_and_with_a_table(prefer: str) -> None:
    arithmetic = power(prefer)
    for exponent in (0, 1, 2, 3072, 2**255, 2**287, 2**288 - 1, 2**288, 2**320 - 1, 2**600 + 7):
        assert arithmetic(2, exponent, N) == pow(2, exponent, N)
        assert arithmetic(N - 3, exponent, N) == pow(N - 3, exponent, N)
    assert type(arithmetic(2, 5, N)) is type(arithmetic(N - 3, 5, N)) is int


@settings(max_examples=30)
@given(
    base=st.integers(2, 1000),
    half=st.integers(1, 2**80),
    exponent=st.integers(0, 2**64 - 1),
    teeth=st.integers(1, 8),
)
def test_fixed_base_is_right_for_every_odd_modulus(base: int, half: int, exponent: int, teeth: int) -> None:
    modulus = 2 * half + 1
    while True:
        try:
            pow(base, -1, modulus)
            break
        except ValueError:
            modulus += 2
    table = FixedBase(base, modulus, bits=64, teeth=teeth)
    assert table(exponent) == pow(base, exponent, modulus)


def test_fixed_base_with_gmpy2_at_its_ends() -> None:
    table = FixedBase(2, N, bits=288, teeth=10, integer=gmpy2.mpz)
    for exponent in (0, 1, 2**table.bits - 1, 2 ** (table.bits - 1)):
        assert table(exponent) == pow(2, exponent, N)
        assert type(table(exponent)) is int


def test_no_entry_of_the_table_is_cheap() -> None:
    """An entry that is the number 1, or small, would show in the time which exponents have zeros."""
    for teeth in (6, 10):
        table = FixedBase(2, N, bits=288, teeth=teeth)
        assert len(table._table) == 2**teeth
        assert min(table._table).bit_length() > 3072 - 40


def test_only_a_generator_gets_a_table_and_only_a_few_do() -> None:
    arithmetic = power("python")
    for base in (2, 3, 5, 6, 7, 10, 2**16, N - 2):
        for _ in range(4):
            assert arithmetic(base, 2**20 + 1, 2**61 - 1) == pow(base, 2**20 + 1, 2**61 - 1)
    assert [base for base, _ in arithmetic._tables] == [2, 3, 5, 6]


@pytest.mark.parametrize(("base", "modulus"), [(0, N), (1, N), (3, 9 * N), (15, 5 * N)])
def test_a_base_that_has_no_inverse_needs_no_table(base: int, modulus: int) -> None:
    for arithmetic in (power("python"), power("gmpy2")):
        for exponent in (0, 1, 2, 2**200, 2**201, 2**202):
            assert arithmetic(base, exponent, modulus) == pow(base, exponent, modulus)
        assert not arithmetic._tables


def test_the_first_sign_in_does_without_a_table() -> None:
    arithmetic = power("python")
    arithmetic(2, 5, N)
    arithmetic(2, 6, N)
    assert not arithmetic._tables
    arithmetic(2, 7, N)
    assert list(arithmetic._tables) == [(2, N)]


def test_info_says_what_a_power_costs_others() -> None:
    assert power("python").info.name == "python"
    assert not power("python").info.releases_lock
    assert power("gmpy2").info.name == "gmpy2"
    assert power("gmpy2").info.releases_lock
    assert power("gmpy2").info.sign_in_ms < power("python").info.sign_in_ms
    assert repr(power("gmpy2")) == "<Powers gmpy2>"


def test_auto_takes_gmpy2_at_once_where_it_is_loaded() -> None:
    arithmetic = power()
    assert arithmetic(3, 5, 7) == 5
    assert arithmetic.info.name == "gmpy2"


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """gmpy2 as in a new process; the list fills with the loads."""
    loads: list[str] = []

    def load() -> Any:
        loads.append("gmpy2")
        return gmpy2

    monkeypatch.delitem(sys.modules, "gmpy2")
    monkeypatch.setattr(powers, "_load", load)
    return loads


def test_auto_loads_gmpy2_with_the_fourth_sign_in(unloaded: list[str]) -> None:
    arithmetic = power(Prefer.AUTO)
    for _ in range(9):
        assert arithmetic(2, 2**256 + 5, N) == pow(2, 2**256 + 5, N)
        assert arithmetic.info.name == "python"
    assert not unloaded
    for _ in range(9):
        assert arithmetic(2, 2**256 + 5, N) == pow(2, 2**256 + 5, N)
    assert arithmetic.info.name == "gmpy2"
    assert unloaded == ["gmpy2"]


def test_python_stays_with_python(unloaded: list[str]) -> None:
    arithmetic = power("python")
    for _ in range(20):
        arithmetic(3, 5, 7)
    assert (arithmetic.info.name, unloaded) == ("python", [])


def without_gmpy2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmpy2", None)  # an import of it now fails


def test_auto_does_without_gmpy2(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gmpy2(monkeypatch)
    arithmetic = power()
    for _ in range(20):
        assert arithmetic(3, 5, 7) == 5
    assert arithmetic.info.name == "python"


def test_a_missing_gmpy2_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gmpy2(monkeypatch)
    with pytest.raises(ImportError, match=r"pip install 'userpool\[fast\]'"):
        power("gmpy2")


def test_whether_gmpy2_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert powers.gmpy2_installed()
    without_gmpy2(monkeypatch)
    assert not powers.gmpy2_installed()


def test_an_unknown_preference_is_refused() -> None:
    with pytest.raises(ValueError, match="openssl"):
        power("openssl")


def ticks_during(work: Callable[[], object]) -> int:
    """How often the main thread comes to run while another is at work."""
    started, ended = threading.Event(), threading.Event()

    def run() -> None:
        started.set()
        work()
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    ticks = 0
    while not ended.is_set():
        time.sleep(0.001)
        ticks += 1
    thread.join()
    return ticks


def test_gmpy2_lets_other_threads_run_during_one_power() -> None:
    arithmetic = power("gmpy2")
    exponent = (
        2**60_000 + 1
    )  # one power of some tenths of a second: held, the lock would be held for all of it
    assert ticks_during(lambda: arithmetic(N - 3, exponent, N)) > 20
    assert not gmpy2.get_context().allow_release_gil  # the context of the caller's thread is left as it was


def test_importing_crypto_loads_neither_library() -> None:
    program = (
        "import sys, userpool.crypto.powers as p, userpool.crypto.aead, userpool.crypto.jwks\n"
        "p.power()(2, 5, 7)\n"
        "print(sorted({'gmpy2', 'cryptography', 'msgspec'} & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['msgspec']"
