"""The check that no test leaves a process behind is a test of ours too."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

from tests.leftovers import MARK, PROC, find
from tests.requires import need

LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_process_that_listens_is_found_until_it_ends() -> None:
    need(PROC.is_dir(), "processes are looked for in /proc, which is Linux's")
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN],
        env={**os.environ, MARK: mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        (found,) = find(mark)
        assert (found.pid, found.why) == (server.pid, "it listens on a port")
        server.communicate(b"")
    assert find(mark) == []


def test_a_child_that_neither_listens_nor_is_orphaned_is_no_concern() -> None:
    need(PROC.is_dir(), "processes are looked for in /proc, which is Linux's")
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print('ready', flush=True); sys.stdin.read()"],
        env={**os.environ, MARK: mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert find(mark) == []
        child.communicate(b"")
