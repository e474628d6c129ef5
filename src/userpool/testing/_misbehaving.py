"""A small HTTP server on loopback that misbehaves on demand: the path of a request says how."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final
from urllib.parse import urlsplit

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
TICK: Final = 0.02
"""Seconds between two bytes that trickle."""
RESET: Final = object()
"""Ends a connection with a reset."""
CLOSE: Final = object()
"""Ends a connection in good order."""


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class MisbehavingServer:
    """Listens on a port of its own from `with` to its end.

    `seen` holds the requests so far, `first` is set by the first of them, `written` counts the bytes sent.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.written = 0
        self.first = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> MisbehavingServer:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        # A connection of our own wakes the thread that accepts.
        with contextlib.suppress(OSError), socket.create_connection(self._socket.getsockname(), 1):
            pass
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._socket.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._stop.is_set():
                connection.close()
                return
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # A client that gives up in the middle is what this server is for.
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while not self._stop.is_set():
                request = self._read(stream)
                if request is None:
                    return
                self.seen.append(request)
                self.first.set()
                if not self._answer(connection, request):
                    return

    def _read(self, stream: BinaryIO) -> Seen | None:
        lines: list[bytes] = []
        while (line := stream.readline(65536)) != b"\r\n":
            if not line:
                return None
            lines.append(line)
        method, path, _ = lines[0].decode().split(" ", 2)
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Seen(method, path, headers, stream.read(int(headers.get("content-length", "0"))))

    def _write(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        self.written += len(data)

    def _answer(self, connection: socket.socket, request: Seen) -> bool:
        """Answer as the path says; whether the connection may be used again."""
        how = urlsplit(request.path).path.strip("/").split("/")
        behaviour = getattr(self, "_do_" + how[0].replace("-", "_"), self._do_nothing)
        for piece in behaviour(request, *how[1:]):
            if piece is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if piece is CLOSE:
                return False
            if isinstance(piece, float):
                self._stop.wait(piece)
                if self._stop.is_set():
                    return False
                continue
            self._write(connection, piece)
        return True

    @staticmethod
    def _whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        return "\r\n".join(head).encode() + body

    # One method a behaviour: each yields what to write, seconds to wait, RESET or CLOSE.

    def _do_echo(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(
            json.dumps(
                {
                    "method": request.method,
                    "path": request.path,
                    "headers": request.headers,
                    "body": request.body.hex(),
                }
            ).encode(),
            "X-AmZn-RequestId: 17",
            "x-twice: a",
            "X-Twice: b",
        )

    def _do_nothing(self, request: Seen, *rest: str) -> Iterator[bytes]:
        yield self._whole(b"", status="404 Not Found")

    def _do_bytes(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(bytes(range(256)))

    def _do_status(self, request: Seen, status: str) -> Iterator[bytes]:
        yield self._whole(b"<html>no</html>", "Content-Type: text/html", status=f"{status} So be it")

    def _do_empty(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(b"")

    def _do_hints(self, request: Seen) -> Iterator[bytes]:
        yield b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + self._whole(b"{}")

    def _do_chunked(self, request: Seen) -> Iterator[bytes]:
        yield HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    def _do_redirect(self, request: Seen, status: str) -> Iterator[bytes]:
        yield self._whole(b"", f"Location: {self.url}/stolen", status=f"{status} Elsewhere")

    def _do_stolen(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(b"stolen")

    def _do_cookie(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(b"{}", "Set-Cookie: track=me; Path=/")

    def _do_pause(self, request: Seen, seconds: str) -> Iterator[bytes | float]:
        yield float(seconds)
        yield self._whole(request.body)

    def _do_huge(self, request: Seen) -> Iterator[bytes]:
        yield HEAD + b"content-length: 100000000\r\n\r\n"
        for _ in range(1526):
            yield bytes(65536)

    def _do_endless(self, request: Seen) -> Iterator[bytes]:
        yield HEAD + b"transfer-encoding: chunked\r\n\r\n"
        for _ in range(1526):
            yield b"10000\r\n" + bytes(65536) + b"\r\n"

    def _do_unbounded(self, request: Seen) -> Iterator[bytes | object]:
        yield HEAD + b"connection: close\r\n\r\n"
        for _ in range(1526):
            yield bytes(65536)
        yield CLOSE

    def _do_bomb(self, request: Seen) -> Iterator[bytes]:
        import zlib

        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
        yield self._whole(packed, "Content-Encoding: gzip")

    def _do_not_gzip(self, request: Seen) -> Iterator[bytes]:
        yield self._whole(b'{"not": "gzip"}', "Content-Encoding: gzip")

    def _do_short(self, request: Seen) -> Iterator[bytes | object]:
        yield HEAD + b"content-length: 100\r\n\r\n{}"
        yield CLOSE

    def _do_cut_chunk(self, request: Seen) -> Iterator[bytes | object]:
        yield HEAD + b"transfer-encoding: chunked\r\n\r\n10\r\n{}"
        yield CLOSE

    def _do_surplus(self, request: Seen) -> Iterator[bytes]:
        yield HEAD + b"content-length: 2\r\n\r\n{}surplus that is nobody's answer"

    def _do_not_http(self, request: Seen) -> Iterator[bytes | object]:
        yield b"220 mail.example.com ESMTP\r\n\r\n"
        yield CLOSE

    def _do_close(self, request: Seen) -> Iterator[object]:
        yield CLOSE

    def _do_reset(self, request: Seen) -> Iterator[bytes | object]:
        yield HEAD + b"content-length: 100\r\n\r\n{}"
        yield TICK
        yield RESET

    def _do_stall(self, request: Seen) -> Iterator[float]:
        yield 60.0

    def _do_stall_body(self, request: Seen) -> Iterator[bytes | float]:
        yield HEAD + b"content-length: 100\r\n\r\n{"
        yield 60.0

    def _do_trickle(self, request: Seen) -> Iterator[bytes | float]:
        yield HEAD
        for _ in range(3000):
            yield b"x"
            yield TICK

    def _do_trickle_body(self, request: Seen) -> Iterator[bytes | float]:
        yield HEAD + b"content-length: 3000\r\n\r\n"
        for _ in range(3000):
            yield b"x"
            yield TICK
