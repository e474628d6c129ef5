"""`userpool attributes`: what the account of who is signed in says."""

from __future__ import annotations

import click

from . import asking
from .accounts import attributes_of, delivery_data, sent
from .output import json_option, note, show, table
from .target import Target, client_options, current_user


@click.group(short_help="Show, set, delete and verify your attributes.")
def attributes() -> None:
    """Show, set, delete and verify the attributes of who is signed in.

    What may be read and written is up to the pool and its app client.
    """


@attributes.command("list")
@json_option
@client_options
def list_(target: Target) -> None:
    """Show your attributes, as the service has them now."""
    with target.open() as pool:
        found = dict(current_user(pool).get_user().attributes)
    show({"attributes": found}, table(["NAME", "VALUE"], found.items()))


@attributes.command("set")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1, required=True)
@json_option
@client_options
def set_(target: Target, pairs: tuple[str, ...]) -> None:
    """Set attributes, such as email=ada@example.com."""
    given = attributes_of(pairs, "NAME=VALUE")
    with target.open() as pool:
        deliveries = current_user(pool).update_user_attributes(given)
    show(
        {"attributes": given, "deliveries": [delivery_data(one) for one in deliveries]},
        [f"{', '.join(given)}: set.", *map(sent, deliveries)],
    )
    for one in deliveries:
        if one.attribute:
            note(f"Next: userpool attributes verify {one.attribute}")


@attributes.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@json_option
@client_options
def delete(target: Target, names: tuple[str, ...]) -> None:
    """Delete attributes."""
    with target.open() as pool:
        current_user(pool).delete_user_attributes(names)
    show({"deleted": list(names)}, [f"{', '.join(names)}: deleted."])


@attributes.command()
@click.argument("name")
@click.option("--send", is_flag=True, help="Have another code sent, and do nothing else.")
@json_option
@asking.no_input_option
@client_options
def verify(target: Target, name: str, send: bool) -> None:
    """Verify the address in an attribute (email or phone_number) with the code that was sent to it.

    The code is asked for, or taken from USERPOOL_CODE.
    """
    with target.open() as pool:
        user = current_user(pool)
        if send:
            delivery = user.get_user_attribute_verification_code(name)
            lines = [sent(delivery), f"Next: userpool attributes verify {name}"]
            show({"delivery": delivery_data(delivery)}, lines)
            return
        code = asking.secret("Code", step=f"the code for {name}", variable=asking.CODE)
        user.verify_user_attribute(name, code.strip())
    show({"attribute": name, "verified": True}, [f"{name} is verified."])
