"""The state of a sign-in under way: sealed and handed to the client, so that nothing is stored when it is
issued.

What is stored is only that a session was tried or used up (`SessionUse`): a session is good once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from userpool.protocol.errors import NotAuthorizedException

from .records import SessionUse

BLOCK = 256
"""Plain text is padded to a multiple of this, so that lengths tell little."""

ROOM = 384
"""Bytes that a user's name and the address of a code take in any session, short or long: they are what a user
who exists has of another length than one who does not.
"""

MAX_ATTEMPTS = 5
"""Wrong codes that one session takes; with the last of them the lock of passwords begins as well."""

MAX_SETUP_ATTEMPTS = 3
"""Wrong codes that the session of an authenticator's set-up takes."""


@dataclass(frozen=True, slots=True)
class Session:
    """One step of a sign-in that waits for its answer.

    `step` is the challenge that it may answer. `username` is what the service calls the user; `typed`
    is what the user was called at the start. `data` belongs to the step; `carried` goes along from step to
    step of the same sign-in: its flow, the device that it comes from, and what else must not get lost.
    """

    id: str
    pool_id: str
    client_id: str
    sub: str
    username: str = field(repr=False)
    typed: str = field(repr=False)
    step: str
    expires_at: float
    data: Mapping[str, str] = field(default_factory=dict, repr=False)
    carried: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_bytes(self) -> bytes:
        """The plain text to seal, padded."""
        values = {name: getattr(self, name) for name in self.__slots__}
        text = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        names = (self.username + self.data.get("to", "")).encode("utf-8", "surrogatepass")
        size = len(text) + max(ROOM - len(names), 0)
        return text.ljust(size + -size % BLOCK)

    @classmethod
    def from_bytes(cls, plain: bytes) -> Session:
        """The inverse; only for what the key ring has opened, which nobody else can have made."""
        return cls(**json.loads(plain.decode("utf-8", "surrogatepass")))

    def with_data(self, data: Mapping[str, str]) -> Session:
        """The same session with other data of its step."""
        return replace(self, data=data)

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        return now >= self.expires_at

    def takes(self, step: str) -> bool:
        """Whether it may be answered as `step`: its own, or the choice of another first factor."""
        return step == self.step or (step == "SELECT_CHALLENGE" and "first" in self.data)

    def answers_for(self, name: str) -> bool:
        """Whether `name` means this session's user, as far as the session itself can say."""
        return name in (self.username, self.typed, self.sub)


class Use(StrEnum):
    """What the charge of a session says."""

    ALLOWED = "allowed"
    USED = "used"
    EXHAUSTED = "exhausted"


def charge_session(
    session: Session, use: SessionUse | None, now: float, *, limit: int, once: bool = False
) -> tuple[SessionUse | None, Use]:
    """Count one answer to a session. Returns the counter to store, or `None` with the reason to refuse.

    Args:
        session: the session.
        use: what is stored about it.
        now: the service's time.
        limit: answers that it takes.
        once: this answer uses it up, right or wrong.
    """
    used = use or SessionUse(session.id, 0, None, session.expires_at)
    if used.consumed_at is not None:
        return None, Use.USED
    if used.attempts >= limit:
        return None, Use.EXHAUSTED
    return replace(used, attempts=used.attempts + 1, consumed_at=now if once else None), Use.ALLOWED


def consume_session(session: Session, use: SessionUse | None, now: float) -> SessionUse:
    """Use a session up because its answer was right.

    Raises:
        NotAuthorizedException: another answer was faster.
    """
    used = use or SessionUse(session.id, 0, None, session.expires_at)
    if used.consumed_at is not None:
        refuse(Use.USED)
    return replace(used, consumed_at=now)


def refuse(use: Use) -> None:
    """Raise what Cognito answers when a session cannot be used.

    Raises:
        NotAuthorizedException: with the text for `use`.
    """
    if use is Use.USED:
        raise NotAuthorizedException("Invalid session for the user, session can only be used once.")
    if use is Use.EXHAUSTED:
        raise NotAuthorizedException("Invalid session for the user.")
