"""Challenge sessions in and out of their seals."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from userpool.crypto.aead import Unsealable
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException

from .context import Context
from .domain.identifiers import uuid
from .domain.sessions import Session, consume_session
from .ports import Writer
from .realm import Realm

_LABEL = "session"
_BINDING = b"sign-in"
MIN_LENGTH, MAX_LENGTH = 20, 4096
"""Characters of a session on the wire."""


def new_session(
    context: Context,
    realm: Realm,
    sub: str,
    username: str,
    typed: str,
    step: str,
    data: Mapping[str, str] | None = None,
    carried: Mapping[str, str] | None = None,
) -> Session:
    """A session that waits for the answer to `step`, for as long as the client's sessions last."""
    return Session(
        id=uuid(context.random),
        pool_id=realm.pool.id,
        client_id=realm.client.id,
        sub=sub,
        username=username,
        typed=typed,
        step=step,
        expires_at=context.clock.now() + realm.client_settings.auth_session_seconds,
        data=data or {},
        carried=carried or {},
    )


def seal_session(context: Context, session: Session) -> str:
    """The session as the client carries it: opaque."""
    return base64.urlsafe_b64encode(seal_bytes(context, session)).decode().rstrip("=")


def seal_bytes(context: Context, session: Session) -> bytes:
    """The sealed bytes of a session, as `SECRET_BLOCK` carries them."""
    return context.keys.seal(_LABEL, session.to_bytes(), _BINDING)


def open_session(context: Context, text: str | None, step: str, client_id: str | None = None) -> Session:
    """Open a session that waits for the answer to `step`.

    Args:
        context: the world.
        text: as it was received.
        step: the challenge that is answered.
        client_id: the client at which it is; `None` for the calls that name none.

    Raises:
        InvalidParameterException: there is none, or it is no text of a session's form.
        NotAuthorizedException: it was not made here, for this client and step, or its time is over.
    """
    if not text:
        raise InvalidParameterException("Missing required parameter Session")
    return _checked(context, unseal_session(context, text), step, client_id)


def unseal_session(context: Context, text: str) -> Session:
    """A session that was made here, for whatever client and step, however long ago.

    Raises:
        InvalidParameterException: the text has no session's form.
        NotAuthorizedException: it was not made here.
    """
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise InvalidParameterException("Invalid session provided")
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise NotAuthorizedException("Invalid session for the user.") from None
    return _unseal(context, sealed)


def open_bytes(context: Context, sealed: bytes, step: str, client_id: str | None = None) -> Session:
    """As `open_session`, from the sealed bytes."""
    return _checked(context, _unseal(context, sealed), step, client_id)


def use_up(context: Context, session: Session) -> None:
    """Use a session up whose answer stores nothing else.

    Raises:
        NotAuthorizedException: another answer was faster.
    """

    context.store.write(lambda writer: use_up_in(context, writer, session))


def use_up_in(context: Context, writer: Writer, session: Session) -> None:
    """As `use_up`, in the transaction of what the answer stores."""
    writer.put_session_use(consume_session(session, writer.session_use(session.id), context.clock.now()))


def _unseal(context: Context, sealed: bytes) -> Session:
    try:
        return Session.from_bytes(context.keys.open(_LABEL, sealed, _BINDING))
    except Unsealable:
        raise NotAuthorizedException("Invalid session for the user.") from None


def _checked(context: Context, session: Session, step: str, client_id: str | None) -> Session:
    if not session.takes(step) or client_id not in (None, session.client_id):
        raise NotAuthorizedException("Invalid session for the user.")
    if session.expired(context.clock.now()):
        raise NotAuthorizedException("Invalid session for the user, session is expired.")
    return session
