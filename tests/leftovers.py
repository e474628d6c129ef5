"""Finds the processes that a test run started and forgot.

Every process of the run inherits a mark in its environment. At the end whoever still bears it and listens on
a TCP port, or has lost its parent, was left behind. Read from `/proc`: on other systems nothing is reported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "USERPOOL_TEST_RUN"
PROC = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True)
class Leftover:
    """A process that outlived its test."""

    pid: int
    command: str
    why: str

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.why}): {self.command}"


def find(mark: str, *, grace: float = 0.0) -> list[Leftover]:
    """The processes marked `MARK=mark` that should have ended; asked again for `grace` seconds."""
    until = time.monotonic() + grace
    while (left := list(_look(mark))) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def _look(mark: str) -> Iterator[Leftover]:
    marked = {pid for pid in _pids() if f"{MARK}={mark}".encode() in _read(pid, "environ").split(b"\0")}
    listening = _listening_sockets()
    for pid in sorted(marked - {os.getpid()}):
        command = _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
        if not command:
            continue  # a zombie: it has ended, its parent has only not asked yet
        if _sockets(pid) & listening:
            yield Leftover(pid, command, "it listens on a port")
        elif _parent(pid) not in marked | {os.getpid()}:
            yield Leftover(pid, command, "its parent is gone")


def _pids() -> Iterator[int]:
    if PROC.is_dir():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""  # it ended while we looked, or belongs to somebody else


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for handle in (PROC / str(pid) / "fd").iterdir():
            try:
                found.add(os.readlink(handle))
            except OSError:
                continue
    except OSError:
        return set()
    return found


def _listening_sockets() -> set[str]:
    found = set()
    for table in (PROC / "net" / "tcp", PROC / "net" / "tcp6"):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == LISTENING:
                found.add(f"socket:[{fields[9]}]")
    return found
