"""`userpool keys`: the keys that a service of one's own is started with."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import asking
from .failures import BadUsage, MachineFault, service_errors
from .output import json_option, note, show, table, when

if TYPE_CHECKING:
    from userpool.service.keyfile import AdminKey, KeySet, SealingKey

PURPOSE = "the keys of a service"

keys_option = click.option(
    "--keys",
    "keys_file",
    envvar="USERPOOL_KEYS",
    type=click.Path(dir_okay=False, path_type=Path),
    default="userpool.keys",
    show_default=True,
    help="The key file.",
)


@click.group()
def keys() -> None:
    """Make, list and revoke the keys of a service of your own.

    A sealing key encrypts what is secret in the database: passwords' verifiers, the seeds of authenticator
    apps, the keys that sign tokens, codes that wait to be sent. Lose it, and the database is worth nothing:
    no user can sign in with what they have, and there is no way back. Keep a copy of the key file apart from
    the database's backups: whoever has both can read all of it.

    An admin key lets its holder call the administrative operations, signed as AWS calls are. Lose it, and you
    make another and revoke the old one. Whoever finds it can do what its holder can: revoke it.

    The service reads the keys when it starts: restart it after a change.
    """


@keys.command(short_help="Make a sealing key, or with --admin an admin key.")
@click.option("--admin", metavar="NAME", help="Make an admin key for the administrator NAME.")
@click.option(
    "--allow", "operations", multiple=True, metavar="OPERATION", help="Such as 'Admin*'; by default all."
)
@click.option("--sealing", is_flag=True, help="Make a newer sealing key; the older ones go on opening.")
@click.option(
    "--print", "to_environment", is_flag=True, help="Print environment variables, and write no file."
)
@keys_option
@json_option
def create(
    admin: str | None, operations: tuple[str, ...], sealing: bool, to_environment: bool, keys_file: Path
) -> None:
    """Make keys: a sealing key where there is none yet, and with --admin an admin key.

    The secret of an admin key is printed this once, to be handed to its holder.
    """
    if operations and not admin:
        raise click.UsageError("--allow goes with --admin NAME.")
    with service_errors(PURPOSE):
        from userpool.service import keyfile

        there = keyfile.KeySet() if to_environment else _in_file(keys_file)
        known = keyfile.from_environment(os.environ) if to_environment else keys_at_hand(keys_file)
        made_sealing = made_admin = None
        now = time.time()
        after = there
        if sealing or not known.sealing:
            made_sealing = keyfile.SealingKey.generate(os.urandom, now)
            after = after.with_sealing(made_sealing)
        if admin:
            made_admin = keyfile.AdminKey.generate(
                os.urandom, now, name=admin, operations=operations or ("*",)
            )
            after = after.with_admin(made_admin)
        if after == there:
            raise BadUsage(
                "There is a sealing key already: see userpool keys list.",
                "Make an admin key with --admin NAME, or a newer sealing key with --sealing.",
            )
        if to_environment:
            _print_variables(made_sealing, made_admin)
            return
        _save(keys_file, after)
    _tell_made(keys_file, made_sealing, made_admin)
    if there.sealing:
        renewal = " It then seals everything anew, and says when older keys can be revoked."
        note(
            f"A service that runs reads its keys when it starts: restart it.{renewal if made_sealing else ''}"
        )


@keys.command("list", short_help="List the keys, without what is secret of them.")
@keys_option
@json_option
def list_(keys_file: Path) -> None:
    """List the keys of the key file and the environment, without what is secret of them."""
    with service_errors(PURPOSE):
        found = keys_at_hand(keys_file)
    newest = found.sealing[-1:]
    rows = [
        ["sealing", key.id, "in use" if key in newest else "opens only", when(key.created_at), ""]
        for key in found.sealing
    ]
    rows += [
        [
            "admin",
            key.access_key_id,
            "in use" if key.revoked_at is None else f"revoked {when(key.revoked_at)}",
            when(key.created_at),
            f"{key.name}: {', '.join(key.operations)}",
        ]
        for key in found.admin
    ]
    names = ("kind", "id", "state", "created_at", "note")
    lines = table(["KIND", "ID", "STATE", "MADE", "WHOSE, AND WHAT IT MAY CALL"], rows)
    hint = f"There are no keys in {keys_file}: userpool keys create --admin NAME makes the first."
    show({"keys": [dict(zip(names, row, strict=True)) for row in rows]}, lines if rows else [hint])


@keys.command(short_help="Revoke the key with this ID.")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@keys_option
@json_option
@asking.no_input_option
def revoke(key: str, yes: bool, keys_file: Path) -> None:
    """Revoke the key with this ID, as `userpool keys list` shows it.

    A revoked admin key is kept, so that its name stays in the list. A revoked sealing key is gone: what only
    it can open is lost.
    """
    with service_errors(PURPOSE):
        from userpool.service import keyfile

        there = keyfile.load(keys_file)
        sealing = any(one.id == key for one in there.sealing)
        after = there.without_sealing(key) if sealing else there.without_admin(key, time.time())
        if not yes:
            loss = "What only this sealing key can open is lost. " if sealing else ""
            asking.confirmed(f"{loss}Revoke {key}?", step="revoking a key")
        _save(keys_file, after)
    show({"revoked": key}, [f"{key} is revoked. Restart the service, which reads its keys when it starts."])


def keys_at_hand(keys_file: Path) -> KeySet:
    """The keys of the key file, if it is there, and of the environment. Raises `KeyFileError`."""
    from userpool.service import keyfile

    return keyfile.merge([_in_file(keys_file), keyfile.from_environment(os.environ)])


def _in_file(keys_file: Path) -> KeySet:
    from userpool.service import keyfile

    return keyfile.load(keys_file) if keys_file.exists() else keyfile.KeySet()


def _save(keys_file: Path, keys: KeySet) -> None:
    from userpool.service import keyfile

    try:
        keyfile.save(keys_file, keys)
    except OSError as error:
        raise MachineFault(
            f"The key file {keys_file} cannot be written: {error.strerror}.", "Name another with --keys."
        ) from error


def _tell_made(keys_file: Path, sealing: SealingKey | None, admin: AdminKey | None) -> None:
    data: dict[str, Any] = {"file": str(keys_file)}
    lines: list[str] = []
    if sealing:
        data["sealing"] = {"id": sealing.id}
        lines.append(f"Sealing key {sealing.id} is in {keys_file}.")
        note(
            "Keep a copy of it, apart from the database's backups: without it the database is worth nothing."
        )
    if admin:
        data["admin"] = {
            "access_key_id": admin.access_key_id,
            "secret_access_key": admin.secret,
            "name": admin.name,
            "operations": list(admin.operations),
        }
        lines += [
            f"Admin key of {admin.name}, shown this once:",
            f"  AWS_ACCESS_KEY_ID={admin.access_key_id}",
            f"  AWS_SECRET_ACCESS_KEY={admin.secret}",
        ]
    show(data, lines)


def _print_variables(sealing: SealingKey | None, admin: AdminKey | None) -> None:
    from userpool.service import keyfile

    variables = {}
    if sealing:
        variables[keyfile.SEALING_KEY] = sealing.text
    if admin:
        variables |= {keyfile.ADMIN_KEY_ID: admin.access_key_id, keyfile.ADMIN_KEY_SECRET: admin.secret}
    show(variables, [f"{name}={value}" for name, value in variables.items()])
    if sealing and os.environ.get(keyfile.SEALING_KEY):
        note("Put the new sealing key before the older ones, with a comma between, until those are revoked.")
