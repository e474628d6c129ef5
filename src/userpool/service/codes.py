"""Using codes up: once each, even when two answers come at the same time or the clock goes back."""

from __future__ import annotations

import hmac
from dataclasses import replace

from userpool.protocol.errors import ExpiredCodeException

from .context import Context
from .domain.records import Code, CodePurpose
from .ports import Writer


def use_code(
    writer: Writer, pool_id: str, sub: str, purpose: CodePurpose, attribute: str, offered: bytes, now: float
) -> None:
    """Use a code up in the transaction that its right answer leads to.

    Args:
        writer: of that transaction.
        pool_id: the user's pool.
        sub: the user's.
        purpose: the code's.
        attribute: the code's.
        offered: the keyed hash of the answer, which was judged to be right.
        now: the service's time.

    Raises:
        ExpiredCodeException: a faster answer used it, or another code took its place.
    """
    code = writer.code(pool_id, sub, purpose, attribute)
    if code is None or code.used_at is not None or not hmac.compare_digest(code.hash, offered):
        raise ExpiredCodeException("Invalid code provided, please request a code again.")
    writer.put_code(replace(code, used_at=now))


def burn_expired(context: Context, code: Code | None) -> None:
    """Use an expired code up when somebody shows it, so that it stays expired should the clock go back."""
    now = context.clock.now()
    if code is None or code.used_at is not None or now < code.expires_at:
        return
    burnt = replace(code, used_at=now)

    def burn(writer: Writer) -> None:
        if writer.code(code.pool_id, code.sub, code.purpose, code.attribute) == code:
            writer.put_code(burnt)

    context.store.write(burn)
