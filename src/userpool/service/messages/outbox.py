"""The outbox: codes and temporary passwords on their way to a user, sealed.

The row is written in the transaction that makes the code good. A deliverer sends it afterwards; until then,
or until it expires, the operator can read it. This is the only place in the database from which a code can be
had back.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from userpool.crypto.aead import Unsealable

from ..domain.records import Message
from ..keys import KeyRing
from ..ports import Keys, Random

_LABEL = "outbox"
_logger = logging.getLogger("userpool.service.outbox")


class Purpose(StrEnum):
    """What a message is for, as the outbox shows it."""

    SIGN_UP = "sign_up"
    RESEND = "resend_confirmation_code"
    RESET_PASSWORD = "reset_password"
    VERIFY_ATTRIBUTE = "verify_attribute"
    MFA = "mfa"
    SIGN_IN = "sign_in"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as its reader sees it, with the code in clear."""

    id: str
    to: str
    medium: str
    purpose: str
    code: str = field(repr=False)
    username: str
    user_pool_id: str
    sent_at: float
    """Seconds since the epoch on the service's clock."""

    def to_dict(self) -> dict[str, str | float]:
        """The JSON form: what `GET /_userpool/outbox` lists."""
        return {
            "to": self.to,
            "medium": self.medium,
            "purpose": self.purpose,
            "code": self.code,
            "username": self.username,
            "user_pool_id": self.user_pool_id,
            "sent_at": self.sent_at,
        }


def compose(
    keys: Keys,
    random: Random,
    *,
    pool_id: str,
    username: str,
    to: str,
    medium: str,
    purpose: str,
    code: str,
    now: float,
    expires_at: float,
) -> Message:
    """A new message with its code sealed, for `Writer.add_message`.

    Args:
        keys: the key ring that seals the code.
        random: where the message's id comes from.
        pool_id: the pool of its user.
        username: the user's name, as messages name it.
        to: the address or number.
        medium: `EMAIL` or `SMS`.
        purpose: what it is for: one of `Purpose`.
        code: the code or temporary password that it carries.
        now: seconds since the epoch.
        expires_at: when the code is worthless and the message is purged.
    """
    message_id = str(UUID(bytes=random(16), version=4))
    return Message(
        id=message_id,
        pool_id=pool_id,
        username=username,
        to=to,
        medium=medium,
        purpose=purpose,
        sealed_code=keys.seal(_LABEL, code.encode(), _context(pool_id, message_id, to)),
        created_at=now,
        expires_at=expires_at,
    )


def reveal(keys: Keys, messages: Iterable[Message]) -> list[Delivered]:
    """The messages in clear. One whose key is gone is left out: its code cannot be had any more."""
    revealed = []
    for one in messages:
        try:
            code = keys.open(_LABEL, one.sealed_code, _context(one.pool_id, one.id, one.to)).decode()
        except Unsealable:
            _logger.warning("message %s was sealed with a key that is gone; it is not shown", one.id)
            continue
        revealed.append(
            Delivered(
                one.id, one.to, one.medium, one.purpose, code, one.username, one.pool_id, one.created_at
            )
        )
    return revealed


def renew(ring: KeyRing, message: Message) -> Message:
    """A message with its code under the newest sealing key."""
    context = _context(message.pool_id, message.id, message.to)
    return replace(message, sealed_code=ring.renew(_LABEL, message.sealed_code, context))


class Outbox:
    """A deliverer that leaves messages where they are (the port `Messages`): the operator reads them.

    In development mode it also says, in the log, that a message is there; the code itself is never logged.
    """

    def __init__(self, announce: bool = False) -> None:
        self._announce = announce

    def send(self, message: Message, code: str) -> None:
        """Leave `message` in the outbox."""
        if self._announce:
            _logger.info(
                "a message (%s) to %s is in the outbox: GET /_userpool/outbox", message.purpose, message.to
            )


def _context(pool_id: str, message_id: str, to: str) -> bytes:
    return json.dumps([pool_id, message_id, to]).encode()
