"""`userpool outbox`: the messages that a service of one's own has to send, with their codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from .failures import Failure, MachineFault, NoAnswer, service_errors
from .keys import keys_at_hand, keys_option
from .output import json_option, show, table, when

SECONDS = 20.0
"""How long the service may take to answer."""

SQLITE = "sqlite:///"


@click.command(short_help="Read the messages that wait, with their codes.")
@click.option("--to", metavar="ADDRESS", help="Only messages to this e-mail address or phone number.")
@click.option(
    "--code", "only_code", is_flag=True, help="Print the code of the newest message, and nothing else."
)
@click.option(
    "--database",
    envvar="USERPOOL_DATABASE",
    default="sqlite:///userpool.db",
    show_default=True,
    help="The service's database.",
)
@keys_option
@click.option(
    "--endpoint",
    envvar="USERPOOL_ENDPOINT",
    metavar="URL",
    help="Ask a service that runs with --development, instead of reading its database.",
)
@json_option
@click.pass_context
def outbox(
    context: click.Context,
    to: str | None,
    only_code: bool,
    database: str,
    keys_file: Path,
    endpoint: str | None,
) -> None:
    """Read the messages that wait, oldest first: sign-up codes, reset codes, MFA codes, invitations.

    As the operator, with the database and its sealing key; or, with --endpoint, from a service that runs in
    development mode. A message goes when it was delivered or its code has expired.
    """
    named = context.get_parameter_source("database") is ParameterSource.COMMANDLINE
    if endpoint and not named:
        messages = _over_http(endpoint, to)
    else:
        messages = _from_database(database, keys_file, to)
    if only_code:
        if not messages:
            raise Failure("There is no message" + (f" to {to}." if to else "."))
        click.echo(messages[-1]["code"])
        return
    rows = [[when(one["sent_at"]), *(str(one[name]) for name in _COLUMNS)] for one in messages]
    lines = table(["SENT", "TO", "FOR", "USERNAME", "CODE"], rows) if rows else ["There are no messages."]
    show({"messages": messages}, lines)


_COLUMNS = ("to", "purpose", "username", "code")


def _from_database(database: str, keys_file: Path, to: str | None) -> list[dict[str, Any]]:
    with service_errors("reading the outbox"):
        from userpool.service.app import Service

        # Opening a database that is not there would make it.
        file = Path(database.removeprefix(SQLITE))
        if database.startswith(SQLITE) and not file.is_file():
            raise MachineFault(
                f"There is no database {file}.", "Name the one that the service uses with --database."
            )
        with Service.open(database, keys=keys_at_hand(keys_file)) as service:
            return [one.to_dict() for one in service.outbox(to)]


def _over_http(endpoint: str, to: str | None) -> list[dict[str, Any]]:
    from urllib.parse import urlencode

    from userpool import HttpTransport
    from userpool.protocol.endpoints import check_endpoint
    from userpool.protocol.http import Request

    address = check_endpoint(endpoint)
    query = f"?{urlencode({'to': to})}" if to else ""
    transport = HttpTransport()
    try:
        request = Request("GET", f"{address}/_userpool/outbox{query}", {"accept": "application/json"}, b"")
        response = transport.send(request, timeout=SECONDS)
    finally:
        transport.close()
    try:
        messages: list[dict[str, Any]] = json.loads(response.body)["messages"]
    except (ValueError, KeyError, TypeError):
        raise NoAnswer(
            f"{address} shows no outbox (HTTP {response.status}).",
            "A service does so in development mode only: userpool serve --development. Otherwise read its "
            "database: --database and --keys.",
        ) from None
    return messages
