"""The servers that others wrote, each in an environment of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.interop.running import NODE_PROJECT, ROOT, environment, server
from tests.requires import need
from tools.interop_setup import find_node, server_python

SERVERS = ROOT / "tests" / "interop" / "servers"
HOW = "`make interop-setup` installs it"
CONFIRMATION_CODE = "123456"
"""What ministack always sends, and what cognito-local is told to."""


def pinned(name: str, package: str) -> str:
    """The version of `package` that the list `name` asks for."""
    for line in (SERVERS / f"{name}.txt").read_text("utf-8").splitlines():
        found, _, version = line.partition("==")
        if found.partition("[")[0].lower() == package:
            return version.strip()
    raise LookupError(f"{package} is not in {name}.txt")


def installed(name: str, package: str) -> str:
    """The version of `package` that the environment `name` has."""
    python = server_python(name)
    need(python.exists(), f"{name} is not installed: {HOW}")
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    found = subprocess.run(
        [python, "-c", asked], capture_output=True, text=True, check=True, env=environment()
    )
    return found.stdout.strip()


def _program(name: str, program: str) -> Path:
    """A program of the environment `name`, in the version that the list asks for."""
    has, wanted = installed(name, name), pinned(name, name)
    need(has == wanted, f".venvs/{name} has {name} {has}, not {wanted}: {HOW}")
    return server_python(name).parent / program


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """ministack with `AUTH=true`, which checks signatures, secrets, codes and tokens: its URL.

    Its keys are `test` and `test`. `IOT_MTLS_ENABLED=0` keeps it from listening on all interfaces.
    """
    command = _program("ministack", "ministack")

    def env(port: int) -> Mapping[str, str]:
        return environment(
            BIND_HOST="127.0.0.1",
            GATEWAY_PORT=str(port),
            SERVICES="cognito-idp,cognito-identity,iam,lambda,sts,ses",
            STATE_DIR=str(folder),
            IOT_MTLS_ENABLED="0",
            AUTH="true",
        )

    with server(lambda _: [command], "/_ministack/health", folder, env) as url:
        yield url


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """moto's server: its URL."""
    command = _program("moto", "moto_server")
    with server(
        lambda port: [command, "-H", "127.0.0.1", "-p", str(port)],
        "/moto-api/data.json",
        folder,
        lambda _: environment(),
    ) as url:
        yield url


@contextmanager
def cognito_local(folder: Path) -> Iterator[str]:
    """cognito-local, which keeps its data in `folder`: its URL. Every code that it sends is 123456."""
    node = find_node()
    script = NODE_PROJECT / "node_modules" / "cognito-local" / "lib" / "bin" / "start.js"
    need(node and script.exists(), f"cognito-local is not installed: {HOW}")
    with server(
        lambda _: [str(node), script],
        "/health",
        folder,
        lambda port: environment(HOST="127.0.0.1", PORT=str(port), CODE=CONFIRMATION_CODE),
    ) as url:
        yield url
