"""The floor of the service's calls: the server that the service runs on, doing the least that a call cannot
do without, by hand.

python benchmarks/_floor.py DATABASE POOL_ID PUBLIC_KEY_PEM_FILE    (prints its URL; ended by a signal)

`POST /nothing` answers `{}`; `/get_user` checks the RS256 signature of the token it is given and reads that
user by one statement; `/list_users` reads a page of 60 users by one statement; `/create_user` computes the
verifier of a password and inserts one row, durably. None checks anything else.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from userpool.crypto.powers import power
from userpool.protocol import srp

PAGE = 60
ONE = "SELECT username, attributes, mfa_enabled FROM users WHERE pool_id = ? AND sub = ?"
MANY = (
    "SELECT username, attributes, created_at, modified_at, enabled, status FROM users "
    "WHERE pool_id = ? AND sub > ? ORDER BY sub LIMIT ?"
)
CREATE = "CREATE TABLE IF NOT EXISTS floor (name TEXT PRIMARY KEY, verifier BLOB, salt BLOB) WITHOUT ROWID"


class Floor:
    """An ASGI application."""

    def __init__(self, database: str, pool_id: str, key: RSAPublicKey) -> None:
        self._pool_id, self._key = pool_id, key
        self._reader = self._open(database)
        self._writer = self._open(database)
        self._writer.execute(CREATE)
        self._turn = threading.Lock()
        self._power = power("gmpy2")
        self._paths: dict[str, Callable[[dict[str, Any]], Any]] = {
            "/nothing": lambda _: {},
            "/get_user": self._get_user,
            "/list_users": self._list_users,
        }

    @staticmethod
    def _open(database: str) -> sqlite3.Connection:
        connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        given = msgspec.json.decode(body)
        if scope["path"] == "/create_user":  # waits for the disk: not in the event loop
            answer = await asyncio.to_thread(self._create_user, given)
        else:
            answer = self._paths[scope["path"]](given)
        text = msgspec.json.encode(answer)
        headers = [
            (b"content-type", b"application/x-amz-json-1.1"),
            (b"content-length", str(len(text)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    def _get_user(self, given: dict[str, Any]) -> Any:
        signed, _, signature = given["AccessToken"].rpartition(".")
        self._key.verify(_bytes(signature), signed.encode(), PKCS1v15(), SHA256())
        claims = msgspec.json.decode(_bytes(signed.partition(".")[2]))
        username, attributes, methods = self._reader.execute(ONE, (self._pool_id, claims["sub"])).fetchone()
        return {
            "Username": username,
            "UserAttributes": _pairs(attributes),
            "UserMFASettingList": msgspec.json.decode(methods),
        }

    def _list_users(self, given: dict[str, Any]) -> Any:
        rows = self._reader.execute(MANY, (self._pool_id, given["after"], PAGE))
        names = ("Username", "Attributes", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus")
        return {
            "Users": [
                dict(zip(names, (row[0], _pairs(row[1]), row[2], row[3], bool(row[4]), row[5]), strict=True))
                for row in rows
            ]
        }

    def _create_user(self, given: dict[str, Any]) -> Any:
        salt = os.urandom(16)
        verifier = srp.verifier(
            "aB12cDe34", given["Username"], given["TemporaryPassword"], int.from_bytes(salt), self._power
        )
        with self._turn:
            self._writer.execute("BEGIN IMMEDIATE")
            row = (given["Username"], verifier.to_bytes(384), salt)
            self._writer.execute("INSERT INTO floor VALUES (?, ?, ?)", row)
            self._writer.execute("COMMIT")
        return {"User": {"Username": given["Username"]}}


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _pairs(attributes: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in msgspec.json.decode(attributes).items()]


async def main(database: str, pool_id: str, key_pem: bytes) -> None:
    """Serve until told to stop."""
    key = load_pem_public_key(key_pem)
    if not isinstance(key, RSAPublicKey):
        raise SystemExit("the key is no RSA key")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(
        Floor(database, pool_id, key),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    serving = asyncio.create_task(server.serve())
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    print(f"http://127.0.0.1:{port}", flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_bytes()))
