"""What the answer to an SRP challenge claims, read and checked before anything is counted or compared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException
from userpool.protocol.srp import ServerSide, SrpError, parse_timestamp

from .context import Context
from .domain.sessions import Session
from .steps import required

MAX_SKEW_SECONDS = 300
"""How far a client's TIMESTAMP may be from true time."""

_BLOCK = "PASSWORD_CLAIM_SECRET_BLOCK"


def secret_block(responses: Mapping[str, str]) -> bytes:
    """The sealed session that `SECRET_BLOCK` was.

    Raises:
        InvalidParameterException: it is missing.
        NotAuthorizedException: it is no base64, and so was never given out.
    """
    try:
        return base64.b64decode(required(responses, _BLOCK), validate=True)
    except (ValueError, binascii.Error):
        raise NotAuthorizedException("Invalid session for the user.") from None


def offer(server: ServerSide, number: int) -> dict[str, str]:
    """What the session of an SRP challenge keeps: both sides' public numbers, and the service's secret one.

    The first two are of one length, so that the length of the block tells nothing.
    """
    return {"a": f"{number:0768x}", "b": f"{server.secret:x}", "public": f"{server.number:0768x}"}


@dataclass(frozen=True, slots=True)
class Claim:
    """A password claim as it was received."""

    block: bytes = field(repr=False)
    timestamp: str
    signature: str = field(repr=False)

    @classmethod
    def read(cls, context: Context, responses: Mapping[str, str]) -> Self:
        """Read the answer to PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER.

        Raises:
            InvalidParameterException: a part is missing, or the time has another form.
            NotAuthorizedException: the time is not now.
        """
        timestamp = required(responses, "TIMESTAMP")
        try:
            moment = parse_timestamp(timestamp)
        except SrpError:
            raise InvalidParameterException(
                "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
            ) from None
        if abs(moment.timestamp() - context.clock.true()) > MAX_SKEW_SECONDS:
            raise NotAuthorizedException(
                "TIMESTAMP is more than 5 minutes from the service's time. Set the clock of this machine."
            )
        signature = responses.get("PASSWORD_CLAIM_SIGNATURE")
        if signature is None:
            raise InvalidParameterException("Missing required parameter PASSWORD_CLAIM_SIGNATURE")
        return cls(secret_block(responses), timestamp, signature)

    def proves(self, context: Context, verifier: int, session: Session, names: tuple[str, str]) -> bool:
        """Whether it was made with the password of `verifier`; two modular powers.

        Args:
            context: the world.
            verifier: what is stored of the password.
            session: of the challenge, with what `offer` kept.
            names: pool name and user id; for a device its group key and its key.
        """
        server = ServerSide(verifier, int(session.data["b"], 16), int(session.data["public"], 16))
        return server.verify(
            session.data["a"],
            pool_name=names[0],
            user_id=names[1],
            secret_block=self.block,
            timestamp=self.timestamp,
            signature_b64=self.signature,
            power=context.power,
        )
