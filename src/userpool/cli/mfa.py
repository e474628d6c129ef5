"""`userpool mfa`: the second factors of who is signed in."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING

import click

from . import asking
from .failures import MachineFault
from .output import json_option, note, show
from .qr import in_fours, show_qr_code
from .target import Target, client_options, current_user

if TYPE_CHECKING:
    from userpool import MfaPreference, TotpSeed, User

FACTORS = ("totp", "sms", "email", "passkey")
"""What the command calls second factors. A passkey has no preference."""

factor_argument = click.argument("factor", type=click.Choice(FACTORS))


@click.group(short_help="Show and set up your second factors.")
def mfa() -> None:
    """Show and set up the second factors of who is signed in.

    Which of them there are, and whether one is needed, is up to the pool.
    """


@mfa.command("show")
@json_option
@client_options
def show_(target: Target) -> None:
    """Show your second factors, and what else you can sign in with."""
    with target.open() as pool:
        found = current_user(pool).get_user_auth_factors()
    show(
        {
            "mfa_methods": list(found.mfa_methods),
            "preferred_mfa": found.preferred_mfa,
            "first_factors": list(found.factors),
        },
        [
            f"second factors: {', '.join(found.mfa_methods) or 'none'}",
            *([f"asked for first: {found.preferred_mfa}"] if found.preferred_mfa else []),
            f"first factors: {', '.join(found.factors) or 'none'}",
        ],
    )


@mfa.command("set-up")
@click.option("--name", "device_name", help="What the service is to call the app.")
@click.option("--label", help="What the app is to show beside your name.")
@click.option(
    "--seed-file",
    type=click.Path(dir_okay=False),
    help="Write the seed to this new file and prove it at once: for programs, which then sign in with "
    "--totp-seed-file.",
)
@json_option
@asking.no_input_option
@client_options
def set_up(target: Target, device_name: str | None, label: str | None, seed_file: str | None) -> None:
    """Set up an authenticator app, by a QR code on this terminal, and prefer it from now on.

    The code that it then shows is asked for.
    """
    from userpool import MfaPreference

    with target.open() as pool:
        user = current_user(pool)
        if seed_file is None:
            asking.need_person("the code of the authenticator app")
            seed = user.associate_software_token()
            _show_seed(seed, label or f"userpool {pool.user_pool_id}")
            _verify(user, device_name)
        else:
            with _new_private_file(seed_file) as file:
                seed = user.associate_software_token()
                file.write(seed.secret_code + "\n")
            from userpool.protocol import totp

            user.verify_software_token(totp.code(seed.secret_code, time.time()), device_name)
        user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    show({"factor": "totp", "preferred": True}, ["The authenticator app is set up, and asked for first."])


@mfa.command()
@factor_argument
@json_option
@client_options
def prefer(target: Target, factor: str) -> None:
    """Turn a second factor on, and have it asked for first."""
    from userpool import MfaPreference

    if factor == "passkey":
        raise click.BadParameter("A passkey has no preference: userpool mfa enable passkey.")
    _set(target, factor, MfaPreference.PREFERRED)
    show({"factor": factor, "preferred": True}, [f"{factor} is on, and asked for first."])


@mfa.command()
@factor_argument
@json_option
@client_options
def enable(target: Target, factor: str) -> None:
    """Turn a second factor on. For totp an app must be set up, for sms and email the address verified."""
    from userpool import MfaPreference

    _set(target, factor, MfaPreference.ENABLED)
    show({"factor": factor, "enabled": True}, [f"{factor} is on."])


@mfa.command()
@factor_argument
@json_option
@client_options
def disable(target: Target, factor: str) -> None:
    """Turn a second factor off."""
    from userpool import MfaPreference

    _set(target, factor, MfaPreference.DISABLED)
    show({"factor": factor, "enabled": False}, [f"{factor} is off."])


def _set(target: Target, factor: str, preference: MfaPreference) -> None:
    from userpool import MfaPreference

    with target.open() as pool:
        user = current_user(pool)
        match factor:
            case "totp":
                user.set_user_mfa_preference(totp=preference)
            case "sms":
                user.set_user_mfa_preference(sms=preference)
            case "email":
                user.set_user_mfa_preference(email=preference)
            case _:
                user.set_user_mfa_preference(web_authn=preference is not MfaPreference.DISABLED)


def _show_seed(seed: TotpSeed, issuer: str) -> None:
    note("Scan this with the authenticator app, or type the key in:")
    show_qr_code(seed.otpauth_uri(issuer))
    note("  " + in_fours(seed.secret_code))


def _verify(user: User, device_name: str | None, tries: int = 3) -> None:
    from userpool import EnableSoftwareTokenMFAException, ParameterError, ServiceError

    while True:
        code = asking.secret(
            "Code that the authenticator app shows", step="the code of the authenticator app"
        )
        try:
            user.verify_software_token(code.strip(), device_name)
        except (EnableSoftwareTokenMFAException, ParameterError) as error:
            tries -= 1
            if not tries:
                raise
            note(error.message if isinstance(error, ServiceError) else str(error))
        else:
            return


def _new_private_file(path: str) -> IO[str]:
    """A file of that name that there was none of, for its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise MachineFault(
            f"{path} cannot be made: {error.strerror}.", "Name a file that is not there yet."
        ) from error
    return os.fdopen(descriptor, "w", encoding="utf-8")
