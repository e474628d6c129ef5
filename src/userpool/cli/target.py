"""Which pool, which app client and which service a command talks to."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failures import BadUsage, MachineFault, NotSignedIn

if TYPE_CHECKING:
    from userpool import Admin, User, UserPool

F = TypeVar("F", bound=Callable[..., Any])

CLIENT_SECRET = "USERPOOL_CLIENT_SECRET"
REGION = "us-east-1"
"""Where a service of one's own is, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Target:
    """An app client of a pool, as the options and the environment name it."""

    pool_id: str | None
    client_id: str | None
    endpoint: str | None
    issuer: str | None
    allow_insecure_http: bool
    storage: str | None
    """The folder that tokens are kept in; by default among this user's application data."""

    @contextmanager
    def open(self) -> Iterator[UserPool]:
        """The pool, with tokens kept in files.

        Raises:
            BadUsage: the pool or the app client is not named.
            MachineFault: inside, tokens could not be kept: the next command would not find them.
        """
        from userpool import FileStorage, StorageWarning, UserPool

        pool = UserPool(
            _named(self.pool_id, "which pool", "--pool", "USERPOOL_POOL_ID"),
            _named(self.client_id, "which app client", "--client-id", "USERPOOL_CLIENT_ID"),
            os.environ.get(CLIENT_SECRET) or None,
            endpoint=self.endpoint,
            issuer=self.issuer,
            allow_insecure_http=self.allow_insecure_http,
            storage=FileStorage(self.storage),
        )
        with pool, warnings.catch_warnings():
            warnings.simplefilter("error", StorageWarning)
            try:
                yield pool
            except StorageWarning as warning:
                raise MachineFault(str(warning)) from warning


def current_user(pool: UserPool) -> User:
    """Who signed in last at this app client. Raises `NotSignedIn`."""
    user = pool.current_user()
    if user is None:
        raise NotSignedIn(
            f"Nobody is signed in to {pool.user_pool_id} with the app client {pool.client_id}.",
            "Sign in first: userpool sign-in USERNAME.",
        )
    return user


def client_options(command: F) -> F:
    """Give a command the options of `Target`, which it takes as its first argument."""

    @functools.wraps(command)
    def run(
        *,
        pool_id: str | None,
        client_id: str | None,
        endpoint: str | None,
        issuer: str | None,
        allow_insecure_http: bool,
        storage: str | None,
        **arguments: Any,
    ) -> Any:
        target = Target(pool_id, client_id, endpoint, issuer, allow_insecure_http, storage)
        return command(target, **arguments)

    options = (
        click.option(
            "--pool", "pool_id", envvar="USERPOOL_POOL_ID", help="The pool, such as us-east-1_aB12cDe34."
        ),
        click.option("--client-id", envvar="USERPOOL_CLIENT_ID", help="The app client."),
        *_service_options(),
        click.option(
            "--issuer",
            envvar="USERPOOL_ISSUER",
            metavar="URL",
            help="Who issues the tokens, where a service was given a name of its own.",
        ),
        click.option(
            "--storage",
            envvar="USERPOOL_STORAGE",
            type=click.Path(file_okay=False),
            help="The folder that keeps tokens.",
        ),
    )
    wrapped: F = _with(run, options)
    return wrapped


@dataclass(frozen=True, slots=True)
class AdminTarget:
    """A service as its administrator calls it. The keys come from the environment."""

    endpoint: str | None
    region: str | None
    allow_insecure_http: bool

    def open(self, pool_id: str | None = None) -> Admin:
        """The administration: close it. Raises `BadUsage` where no region is to be found."""
        from userpool import Admin

        region = self.region or (REGION if self.endpoint else None)
        if region is None and pool_id is None:
            raise BadUsage(
                "Which region is not said.",
                "Give --region (or AWS_REGION), or --endpoint for a service of your own.",
            )
        return Admin(
            pool_id,
            region=None if pool_id else region,
            endpoint=self.endpoint,
            allow_insecure_http=self.allow_insecure_http,
        )


def admin_options(command: F) -> F:
    """Give a command the options of `AdminTarget`, which it takes as its first argument."""

    @functools.wraps(command)
    def run(*, endpoint: str | None, region: str | None, allow_insecure_http: bool, **arguments: Any) -> Any:
        return command(AdminTarget(endpoint, region, allow_insecure_http), **arguments)

    options = (
        *_service_options(),
        click.option(
            "--region",
            envvar=["USERPOOL_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"],
            help=f"The region; {REGION} beside --endpoint.",
        ),
    )
    wrapped: F = _with(run, options)
    return wrapped


def pool_option(command: F) -> F:
    """Give a command the option `--pool`, without which it does nothing."""
    return click.option(
        "--pool",
        "pool_id",
        envvar="USERPOOL_POOL_ID",
        required=True,
        help="The pool, such as us-east-1_aB12cDe34.",
    )(command)


def _service_options() -> tuple[Callable[[Any], Any], ...]:
    return (
        click.option(
            "--endpoint",
            envvar="USERPOOL_ENDPOINT",
            metavar="URL",
            help="Another service than AWS's, such as http://127.0.0.1:9339.",
        ),
        click.option(
            "--allow-insecure-http",
            envvar="USERPOOL_ALLOW_INSECURE_HTTP",
            is_flag=True,
            help="Take an http:// endpoint on another machine.",
        ),
    )


def _with(command: Any, options: tuple[Callable[[Any], Any], ...]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def _named(value: str | None, what: str, option: str, variable: str) -> str:
    if not value:
        raise BadUsage(f"It is not said {what} is meant.", f"Give {option}, or set {variable}.")
    return value
