"""The seed of an authenticator app, for a person to scan or to type."""

from __future__ import annotations

import sys

import click

from .output import clean


def show_qr_code(text: str) -> None:
    """Draw a QR code on standard error, where that can show it."""
    from userpool import QrCode

    try:
        "▀▄█".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return
    click.echo(QrCode(text).text(), err=True, nl=False)


def in_fours(secret_code: str) -> str:
    """A seed in groups of four, as people type it."""
    return " ".join(clean(secret_code[at : at + 4]) for at in range(0, len(secret_code), 4))
