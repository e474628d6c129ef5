"""What every call of a signed-in user goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from userpool.client.judging import is_old_access_token
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ServiceError

from .session import AsyncSession

if TYPE_CHECKING:
    from .home import AsyncHome

T = TypeVar("T")


class AsyncUserCalls:
    """A signed-in user who can be called for."""

    def __init__(self, home: AsyncHome, session: AsyncSession) -> None:
        self._home = home
        self._config = home.config
        self._session = session
        self._name = session.held.username
        self._sub = session.held.sub

    async def _call(self, conversation: Callable[[str], Flow[T]]) -> T:
        """Run a conversation with the access token. One that the service finds too old was not acted on:
        once more.
        """
        held = await self._session.fresh()
        try:
            return await self._home.connection.run(conversation(held.tokens.access_token))
        except ServiceError as refusal:
            if not is_old_access_token(refusal) or held.tokens.refresh_token is None:
                raise
        held = await self._session.renewed(held)
        return await self._home.connection.run(conversation(held.tokens.access_token))
