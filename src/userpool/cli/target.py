"""Which pool, which app client and which service a command talks to."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failures import BadUsage, MachineFault, NotSignedIn

if TYPE_CHECKING:
    from userpool import Admin, PasswordPolicy, User, UserPool

F = TypeVar("F", bound=Callable[..., Any])

CLIENT_SECRET = "USERPOOL_CLIENT_SECRET"
REGION = "us-east-1"
"""Where a service of one's own is, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An app client of a pool, as options, the environment, a configuration file or a profile name it."""

    user_pool_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    issuer: str | None = None
    allow_insecure_http: bool = False
    storage: str | None = None
    """The folder that tokens are kept in; by default among this user's application data."""
    identity_pool_id: str | None = None
    identity_endpoint: str | None = None
    password_policy: PasswordPolicy | None = None

    def names(self) -> tuple[str, str]:
        """Pool and app client. Raises `BadUsage` where they are not named."""
        return (
            _named(self.user_pool_id, "which pool", "--pool", "USERPOOL_POOL_ID"),
            _named(self.client_id, "which app client", "--client-id", "USERPOOL_CLIENT_ID"),
        )

    @contextmanager
    def open(self) -> Iterator[UserPool]:
        """The pool, with tokens kept in files.

        Raises:
            BadUsage: the pool or the app client is not named.
            MachineFault: inside, tokens could not be kept: the next command would not find them.
        """
        from userpool import FileStorage, StorageWarning, UserPool

        pool = UserPool(
            *self.names(),
            self.client_secret,
            endpoint=self.endpoint,
            issuer=self.issuer,
            allow_insecure_http=self.allow_insecure_http,
            storage=FileStorage(self.storage),
            password_policy=self.password_policy,
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


def client_options(command: F, *, default: bool = True) -> F:
    """Give a command the options of `Target`, which it takes as its first argument.

    Args:
        command: the command.
        default: whether the default profile counts where nothing is named.
    """

    @functools.wraps(command)
    def run(*, profile: str | None, config: str | None, **arguments: Any) -> Any:
        from .resolve import resolve

        given = {name: arguments.pop(name) for name in _CLIENT}
        context = click.get_current_context()
        target = resolve(context, given, profile=profile, config=config, default=default)
        return command(target, **arguments)

    options = (
        click.option(
            "--profile",
            envvar="USERPOOL_PROFILE",
            metavar="NAME",
            shell_complete=_complete_profile,
            help="The profile that says all of this (userpool profiles).",
        ),
        click.option(
            "--config",
            envvar="USERPOOL_CONFIG",
            type=click.Path(dir_okay=False),
            help="A file that says it: amplify_outputs.json or aws-exports.",
        ),
        click.option(
            "--pool",
            "user_pool_id",
            envvar="USERPOOL_POOL_ID",
            help="The pool, such as us-east-1_aB12cDe34.",
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


def identity_options(command: F) -> F:
    """Give a command the options that name an identity pool."""
    options = (
        click.option(
            "--identity-pool",
            "identity_pool_id",
            envvar="USERPOOL_IDENTITY_POOL_ID",
            help="The identity pool, such as us-east-1:0a1b2c3d-….",
        ),
        click.option(
            "--identity-endpoint",
            envvar="USERPOOL_IDENTITY_ENDPOINT",
            metavar="URL",
            help="Another identity service than AWS's.",
        ),
    )
    wrapped: F = _with(command, options)
    return wrapped


_CLIENT = ("user_pool_id", "client_id", "endpoint", "allow_insecure_http", "issuer", "storage")
"""The options of `client_options` that say something by themselves."""


def _complete_profile(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """For the shell: the names of profiles."""
    from .profile_file import ProfileFile

    try:
        return [name for name in ProfileFile().names if name.startswith(begun)]
    except MachineFault:
        return []


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
