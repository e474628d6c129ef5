"""Modular powers with secret exponents: the built-in `pow`, or gmpy2 where that is installed and pays.

Whatever `power()` returns can be called as `power(base, exponent, modulus)` and handed to
`userpool.protocol.srp`. A generator (a small base that comes again and again with one modulus) gets a table
after a few calls, which makes its powers several times faster: see `FixedBase`.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, Final

_MAX_TABLES: Final = 4
_SMALL_BASE: Final = 1 << 16
_TABLE_BITS: Final = 288
_TABLE_AFTER: Final = 2
_SWITCH_AFTER: Final = 9
"""Powers after which `AUTO` loads gmpy2: three sign-ins. Before, its import costs more than it saves."""


class Prefer(StrEnum):
    """Which arithmetic to take. `AUTO` begins with `pow` and changes to gmpy2 when its import pays."""

    AUTO = "auto"
    PYTHON = "python"
    GMPY2 = "gmpy2"


@dataclass(frozen=True, slots=True)
class Info:
    """What a power costs the rest of the process."""

    name: str
    """`python` or `gmpy2`."""
    releases_lock: bool
    """Whether other threads run during a power. If not, a worker thread spares an event loop nothing."""
    sign_in_ms: float
    """Rough milliseconds of arithmetic of one client sign-in; `benchmarks/srp.py` measures yours."""


_PYTHON: Final = Info("python", releases_lock=False, sign_in_ms=24.0)
_GMPY2: Final = Info("gmpy2", releases_lock=True, sign_in_ms=4.0)


class FixedBase:
    """Powers of one base by the comb of Lim and Lee (CRYPTO '94).

    A power takes `bits / teeth` squarings and as many products, always the same ones and on numbers of full
    size: the entries are blinded, so that none is the cheap number 1. Which entry is read depends on the
    exponent all the same: a spy on the same processor's caches could try to see it, remote timing does not.

    Args:
        base: the base, prime to the modulus.
        modulus: an odd modulus.
        bits: the greatest length of an exponent.
        teeth: the table has 2 ** teeth entries; more are faster to use and slower to make.
        integer: what makes a number of the arithmetic to use, `int` or `gmpy2.mpz`.
    """

    __slots__ = ("_columns", "_modulus", "_start", "_table", "bits")

    def __init__(
        self, base: int, modulus: int, *, bits: int, teeth: int, integer: Callable[[int], Any] = int
    ) -> None:
        columns = -(-bits // teeth)
        number = integer(modulus)
        # Each entry carries the blind mask ** (2 ** columns), mask = base ** wrap; the start makes all blinds
        # cancel after the last column. The inverse is the base's, since that of a great number is slow.
        wrap = 2 * modulus.bit_length()
        table = [integer(pow(base, wrap << columns, modulus))]
        self._start = integer(pow(pow(base, -1, modulus), wrap * ((1 << columns) - 1), modulus))
        point = integer(base)
        for _ in range(teeth):
            table += [point * entry % number for entry in table]
            for _ in range(columns):
                point = point * point % number
        self._table = table
        self._modulus = number
        self._columns = columns
        self.bits = columns * teeth

    def __call__(self, exponent: int) -> int:
        """The power, for an exponent from 0 to 2 ** bits - 1."""
        modulus, table, columns = self._modulus, self._table, self._columns
        digits = format(exponent, f"0{self.bits}b")
        result = self._start
        for column in range(columns):
            result = result * result % modulus * table[int(digits[column::columns], 2)] % modulus
        return int(result)


class Powers:
    """A modular power that can be called: `powers(base, exponent, modulus)`. Safe to share between threads.

    Get one from `power()`. `info` says which arithmetic it uses now and what that costs.
    """

    def __init__(self, prefer: Prefer, gmpy2: ModuleType | None) -> None:
        self._prefer = prefer
        self._gmpy2 = gmpy2
        self._calls = 0
        self._uses: dict[tuple[int, int], int] = {}
        self._tables: dict[tuple[int, int], FixedBase] = {}

    def __repr__(self) -> str:
        return f"<Powers {self.info.name}>"

    @property
    def info(self) -> Info:
        """What the arithmetic in use costs."""
        return _PYTHON if self._gmpy2 is None else _GMPY2

    def __call__(self, base: int, exponent: int, modulus: int) -> int:
        """`base ** exponent % modulus` for a non-negative exponent and an odd modulus above 1."""
        if self._prefer is Prefer.AUTO and self._gmpy2 is None:
            self._consider_gmpy2()
        if 1 < base < _SMALL_BASE and exponent.bit_length() <= _TABLE_BITS:
            table = self._table(base, modulus)
            if table is not None:
                return table(exponent)
        return self._plain(base, exponent, modulus)

    def _plain(self, base: int, exponent: int, modulus: int) -> int:
        if self._gmpy2 is None or exponent == 0:
            return pow(base, exponent, modulus)
        # The context belongs to the thread, and the worker threads of an event loop come and go.
        with self._gmpy2.context(allow_release_gil=True):
            return int(self._gmpy2.powmod_sec(base, exponent, modulus))

    def _table(self, base: int, modulus: int) -> FixedBase | None:
        key = base, modulus
        table = self._tables.get(key)
        if table is None:
            uses = self._uses[key] = self._uses.get(key, 0) + 1
            # The first sign-in (two powers of g) goes without; afterwards the table pays within two more.
            if uses <= _TABLE_AFTER or len(self._tables) >= _MAX_TABLES or math.gcd(base, modulus) != 1:
                return None
            if self._gmpy2 is None:
                table = FixedBase(base, modulus, bits=_TABLE_BITS, teeth=6)
            else:
                table = FixedBase(base, modulus, bits=_TABLE_BITS, teeth=10, integer=self._gmpy2.mpz)
            self._tables[key] = table
        return table

    def _consider_gmpy2(self) -> None:
        self._calls += 1
        if self._calls > _SWITCH_AFTER or "gmpy2" in sys.modules:
            self._gmpy2 = _load()
            if self._gmpy2 is None:
                self._prefer = Prefer.PYTHON  # not installed: look no more
            else:
                self._tables = {}


def power(prefer: Prefer | str = Prefer.AUTO) -> Powers:
    """Choose the arithmetic for modular powers.

    Args:
        prefer: `auto` for clients, `gmpy2` for services, `python` for the built-in `pow` alone.

    Raises:
        ImportError: gmpy2 was asked for and is not installed; the message names the command that installs it.
        ValueError: `prefer` is none of the three.
    """
    choice = Prefer(prefer)
    if choice is not Prefer.GMPY2:
        return Powers(choice, None)
    gmpy2 = _load()
    if gmpy2 is None:
        raise ImportError("gmpy2 is not installed: pip install 'userpool[fast]'", name="gmpy2")
    return Powers(choice, gmpy2)


def gmpy2_installed() -> bool:
    """Whether gmpy2 could be loaded; does not load it."""
    return importlib.util.find_spec("gmpy2") is not None


def _load() -> ModuleType | None:
    try:
        return importlib.import_module("gmpy2")
    except ImportError:
        return None
