"""`userpool sign-up` and `userpool confirm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import asking
from .output import json_option, show
from .target import Target, client_options

if TYPE_CHECKING:
    from userpool import CodeDelivery


def attributes_of(pairs: tuple[str, ...], hint: str = "--attribute") -> dict[str, str]:
    """The attributes of options `NAME=VALUE`; `hint` names them in the error. Raises `click.BadParameter`."""
    attributes = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.BadParameter(
                f"{pair!r} is not NAME=VALUE, such as email=ada@example.com.", param_hint=hint
            )
        attributes[name] = value
    return attributes


@click.command()
@click.argument("username")
@click.option("-a", "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Such as email=…")
@json_option
@asking.no_input_option
@client_options
def sign_up(target: Target, username: str, attributes: tuple[str, ...]) -> None:
    """Ask for an account.

    The password is asked for, or taken from USERPOOL_PASSWORD.
    """
    given = attributes_of(attributes)
    with target.open() as pool:
        password = asking.secret("Password", step="the password", variable=asking.PASSWORD, twice=True)
        result = pool.sign_up(username, password, given)
    data: dict[str, Any] = {
        "user_sub": result.user_sub,
        "confirmed": result.confirmed,
        "delivery": delivery_data(result.delivery),
    }
    lines = [f"{username} is signed up."]
    if result.delivery:
        lines += [sent(result.delivery), f"Next: userpool confirm {username}"]
    elif not result.confirmed:
        lines += [f"It waits for an administrator: userpool users confirm {username}"]
    else:
        lines += [f"Next: userpool sign-in {username}"]
    show(data, lines)


@click.command()
@click.argument("username")
@click.option("--resend", is_flag=True, help="Have another code sent, and do nothing else.")
@json_option
@asking.no_input_option
@client_options
def confirm(target: Target, username: str, resend: bool) -> None:
    """Confirm a sign-up with the code that it sent.

    The code is asked for, or taken from USERPOOL_CODE.
    """
    with target.open() as pool:
        if resend:
            delivery = pool.resend_confirmation_code(username)
            lines = [
                sent(delivery),
                f"Next: userpool confirm {username}",
            ]
            show({"delivery": delivery_data(delivery)}, lines)
            return
        code = asking.secret("Code", step="the code of the sign-up", variable=asking.CODE)
        pool.confirm_sign_up(username, code.strip())
    show({"confirmed": True}, [f"{username} is confirmed.", f"Next: userpool sign-in {username}"])


def sent(delivery: CodeDelivery | None) -> str:
    """Where a code went, in words."""
    if delivery is None:
        return "A code was sent."
    return f"A code went by {delivery.medium} to {delivery.destination or 'the address on file'}."


def delivery_data(delivery: CodeDelivery | None) -> dict[str, Any] | None:
    """The same for programs."""
    if delivery is None:
        return None
    return {
        "medium": delivery.medium,
        "destination": delivery.destination,
        "attribute": delivery.attribute,
    }
