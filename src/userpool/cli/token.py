"""`userpool token`: print, decode and verify tokens."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import click

from .failures import Failure
from .output import json_option, note, show, when
from .target import Target, client_options, current_user

if TYPE_CHECKING:
    from userpool import Claims

_LIMIT = 64 * 1024
"""Characters that are read of a token. One of Cognito's has some thousand."""


@click.command(short_help="Print, decode or verify a token.")
@click.option("--id", "of_id", is_flag=True, help="The ID token in place of the access token.")
@click.option("--decode", is_flag=True, help="Print what it says, in place of the token itself.")
@click.option("--verify", is_flag=True, help="Check its signature and that it is for this app client.")
@click.option(
    "--from",
    "source",
    type=click.File(encoding="utf-8"),
    help="A token out of this file, - for standard input, in place of one of who is signed in.",
)
@json_option
@client_options
def token(target: Target, of_id: bool, decode: bool, verify: bool, source: IO[str] | None) -> None:
    """Print a token for use in a script; it is refreshed first where it is about to expire.

    Whoever has it can act as the user until it expires: hand it on by a pipe or a variable, not by arguments.
    """
    wanted = source.read(_LIMIT).strip() if source else _of_user(target, of_id)
    if verify:
        claims = _verified(target, wanted)
        what = f"{claims.token_use} token of {claims.username or claims.sub}"
        good = f"The {what} is genuine, and good until {when(claims.expires_at)}."
        _show(dict(claims), True, None if decode else good)
    elif decode:
        found = _decoded(wanted)
        note("This is what the token says; nobody has verified it (--verify).")
        _show(found, False, None)
    else:
        show({"token": wanted, "expires_at": when(_decoded(wanted).get("exp"))}, [wanted])


def _show(claims: dict[str, Any], verified: bool, line: str | None) -> None:
    lines = [line] if line else [json.dumps(claims, indent=2, ensure_ascii=False)]
    show({"claims": claims, "verified": verified}, lines)


def _decoded(wanted: str) -> dict[str, Any]:
    from userpool.protocol.tokens import ClaimError, decode_unverified

    try:
        return decode_unverified(wanted)
    except ClaimError:
        raise Failure("This is no signed token.", "Give an access token or an ID token, whole.") from None


def _of_user(target: Target, of_id: bool) -> str:
    with target.open() as pool:
        tokens = current_user(pool).tokens()
    wanted = tokens.id_token if of_id else tokens.access_token
    if wanted is None:
        raise Failure("There is no ID token.", "Sign in again: userpool sign-in USERNAME.")
    return wanted


def _verified(target: Target, wanted: str) -> Claims:
    from userpool import TokenVerifier

    pool, client = target.names()
    verifier = TokenVerifier(
        pool,
        client_id=client,
        token_use=None,
        issuer=target.issuer,
        endpoint=target.endpoint,
        allow_insecure_http=target.allow_insecure_http,
    )
    return verifier.verify(wanted)
