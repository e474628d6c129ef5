"""`userpool serve`: the service on a port, until it is told to stop.

Granian carries the ASGI application in this very process: its HTTP side runs outside of the interpreter lock
and holds slow senders to a deadline, and there is no second process to pay for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from userpool.protocol.endpoints import is_loopback

from . import keyfile
from .app import MEMORY, PURGE_SECONDS, Service
from .asgi import Application, Limits
from .clock import ServiceClock
from .context import Settings
from .keyfile import DEFAULT_FILE, KeySet, SealingKey
from .seed import SeedError, read_seed
from .triggers.loading import TriggersError, load_triggers

_logger = logging.getLogger("userpool.service")

DEFAULT_PORT = 9339
MAX_PORT = 65_535
DEFAULT_DATABASE = "sqlite:///userpool.db"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound to
HEADER_SECONDS = 10.0
"""How long the headers of a request may take to come in."""


class ServeError(Exception):
    """The service cannot be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a service that listens is started."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 takes any free port."""
    database: str = DEFAULT_DATABASE
    issuer: str | None = None
    seed: str | None = None
    """A TOML file with pools, clients and users to make."""
    development: bool = False
    keys_file: str | None = None
    """By default `userpool.keys` in the working directory, where there is one."""
    region: str = "us-east-1"
    threads: int = 8
    """Requests that are worked on at once."""
    passkey_origins: tuple[str, ...] = ()
    """The only origins from which passkeys are taken, where they are listed."""
    passkey_fresh_seconds: float | None = None
    """How long ago a user may have signed in who registers a passkey."""
    triggers: str | None = None
    """`module:object`: functions that take part in sign-ups and sign-ins."""


def serve(
    options: Options, *, environment: Mapping[str, str] = os.environ, output: IO[str] = sys.stdout
) -> None:
    """Run the service until SIGTERM or SIGINT; then finish what is under way.

    Prints one line with its URL to `output` when it answers.

    Args:
        options: where to listen, what to serve.
        environment: where keys may come from (`USERPOOL_SEALING_KEY`, …).
        output: where the line goes.

    Raises:
        ServeError: it would be unsafe to start, the port is taken, the seed file is wrong, or the triggers
            are not there.
        KeyFileError: the keys cannot be read, or are not those of this database.
        StoreError: the database cannot be opened.
    """
    keys = find_keys(options, environment)
    if options.development and not is_loopback(options.host):
        _logger.warning(
            "development mode on %s: whoever reaches the port is an administrator and reads the codes",
            options.host,
        )
    with _held_port(options) as holder:
        settings = Settings(
            region=options.region,
            issuer=options.issuer,
            development=options.development,
            passkey_origins=options.passkey_origins,
            passkey_fresh_seconds=options.passkey_fresh_seconds,
        )
        with _opened(options, keys, settings) as service:
            renew = len(keys.sealing) > 1
            asyncio.run(_run(service, options, holder, output, renew=renew))


def _opened(options: Options, keys: KeySet, settings: Settings) -> Service:
    try:
        triggers = None if options.triggers is None else load_triggers(options.triggers)
    except TriggersError as error:
        raise ServeError(str(error)) from error
    if options.seed is None:
        return Service.open(options.database, keys=keys, settings=settings, triggers=triggers)
    try:
        seed = read_seed(Path(options.seed))
        service = Service.open(options.database, keys=keys, settings=settings, triggers=triggers)
        try:
            service.seed(seed.plant)
        except BaseException:
            service.close()
            raise
    except SeedError as error:
        raise ServeError(f"{options.seed}: {error}") from error
    return service


def find_keys(options: Options, environment: Mapping[str, str]) -> KeySet:
    """The keys that a service is started with: of its key file and of the environment, the newer ones last.

    Development mode makes a key file for a database that lives on; everything else needs keys that somebody
    made.

    Raises:
        ServeError: a key is missing without which it would be unsafe to start.
        KeyFileError: the keys cannot be read.
    """
    file = Path(options.keys_file or DEFAULT_FILE)
    sets = [keyfile.from_environment(environment)]
    if options.keys_file is not None or file.exists():
        sets.insert(0, keyfile.load(file))
    keys = keyfile.merge(sets)
    if options.development:
        return keys if keys.sealing or options.database == MEMORY else _make_keys(file, keys)
    if not keys.sealing:
        raise ServeError(
            "There is no sealing key, which encrypts what is secret in the database. Make one with "
            f"`userpool keys create` (it writes {DEFAULT_FILE}), or set {keyfile.SEALING_KEY}. "
            "To try things out, use --development."
        )
    if not keys.admin_keys_in_use:
        raise ServeError(
            "There is no admin key, so that nobody could make pools or users. Make one with "
            f"`userpool keys create --admin NAME` (it writes {DEFAULT_FILE}), or set {keyfile.ADMIN_KEY_ID} "
            "and "
            f"{keyfile.ADMIN_KEY_SECRET}. To try things out, use --development."
        )
    return keys


def _make_keys(file: Path, keys: KeySet) -> KeySet:
    made = SealingKey.generate(os.urandom, ServiceClock().true())
    there = keyfile.load(file) if file.exists() else KeySet()
    keyfile.save(file, there.with_sealing(made))
    return keys.with_sealing(made)


def _held_port(options: Options) -> socket.socket:
    """A socket that holds the port, so that another service on it is refused, and port 0 becomes a number."""
    if not 0 <= options.port <= MAX_PORT:
        raise ServeError(f"{options.port} is no port. Choose one up to {MAX_PORT}, or 0 for any free one.")
    try:
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServeError(f"There is no host {options.host} here: {error.strerror}. Try 127.0.0.1.") from error
    # A name such as localhost may be both: the older form is the one that every client tries.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    holder = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # Connections of a service that has just ended do not keep the port.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(address)
    except OSError as error:
        holder.close()
        raise ServeError(
            f"Cannot listen on {options.host} port {options.port}: {error.strerror}. "
            "Choose another port with --port, or 0 for any."
        ) from error
    return holder


def _share_port(holder: socket.socket) -> None:
    """Let the server, which shares ports on Linux, join the held one; elsewhere hand it over."""
    if sys.platform == "linux":
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    else:
        holder.close()


async def _run(
    service: Service, options: Options, holder: socket.socket, output: IO[str], *, renew: bool
) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    limits = Limits(threads=options.threads)
    application = Application(service, limits)
    address, port = holder.getsockname()[:2]
    server = Server(
        application,
        address=address,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=int(HEADER_SECONDS * 1000), max_buffer_size=2 * limits.header_bytes
        ),
        backlog=1024,
        backpressure=limits.threads + limits.waiting,
        websockets=False,
        log_enabled=False,
    )
    _stop_on_signals(server.stop)
    _share_port(holder)
    serving = asyncio.create_task(server.serve())
    stopping = threading.Event()
    housekeeping = asyncio.create_task(_keep_house(service, renew=renew, stopped=stopping.is_set))
    try:
        await _answering(serving, address, port)
        shown = f"[{options.host}]" if ":" in options.host else options.host
        print(f"http://{shown}:{port}", file=output, flush=True)
        await serving
    finally:
        stopping.set()
        housekeeping.cancel()
        await asyncio.to_thread(application.close)


def _stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: _call_in(loop, stop))


def _call_in(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(stop)


async def _answering(serving: asyncio.Task[None], host: str, port: int) -> None:
    """Wait until the port takes connections, or the server has failed."""
    address = _LOOPBACK.get(host, host)
    while not serving.done():
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    await serving


async def _keep_house(service: Service, *, renew: bool, stopped: Callable[[], bool]) -> None:
    """Delete what has expired, also while nobody calls; where there are several sealing keys, use the
    newest.
    """
    if renew:
        await asyncio.to_thread(_renew_seals, service, stopped)
    while True:
        await asyncio.sleep(PURGE_SECONDS)
        await asyncio.to_thread(service.purge_quietly)


def _renew_seals(service: Service, stopped: Callable[[], bool]) -> None:
    try:
        changed = service.reseal(stopped)
    except Exception:
        _logger.exception("not everything could be sealed with the newest key: keep the older ones")
        return
    if not stopped():
        _logger.warning(
            "%d records were sealed anew: everything is under the newest sealing key, older ones can be "
            "revoked",
            changed,
        )
