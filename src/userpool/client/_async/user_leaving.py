"""How a signed-in user stays one, and ceases to be one."""

from __future__ import annotations

from userpool import flows
from userpool.client.changes import ChangeReason, SessionState
from userpool.client.judging import is_refused_access_token, means_already_out
from userpool.client.signed_in import SignOutResult
from userpool.protocol.errors import (
    ParameterError,
    ServiceError,
    SignedOutError,
    StorageError,
    UserPoolError,
)

from .background import AHEAD, AsyncBackgroundRefresh
from .user_calls import AsyncUserCalls


class AsyncUserLeaving(AsyncUserCalls):
    """The state of a user, and the ways out of it."""

    @property
    def state(self) -> SessionState:
        """How the user is signed in, as far as is known here without asking anybody; `pool.on_change` tells
        of changes.
        """
        return self._session.state

    def keep_fresh(self, *, ahead: float = AHEAD) -> AsyncBackgroundRefresh:
        """Refresh the tokens ahead of use from now on, so that no call has to wait for it: in a thread, or
        with asyncio in a task. Until `stop` of what is returned, a sign-out, or the end of the pool.

        Args:
            ahead: seconds before its end when a token is refreshed; half of its life at most.

        Raises:
            ParameterError: there is no refresh token, or `ahead` is not above 0.
        """
        if not ahead > 0:
            raise ParameterError("ahead is seconds above 0: with none the calls themselves refresh.")
        if self._session.held.tokens.refresh_token is None:
            raise ParameterError("These tokens came without a refresh token: nothing can keep them fresh.")
        keeper = AsyncBackgroundRefresh(self._session, ahead, self._home.keepers)
        keeper.start()
        return keeper

    async def verify(self) -> bool:
        """Ask the service whether the user is still signed in (GetUser): a token that it has revoked looks
        good until it ends. The scope `aws.cognito.signin.user.admin` is needed.

        Returns:
            Whether the sign-in is good. `False` is the service's definite answer, and the tokens are
            forgotten.

        Raises:
            ServiceError, TransportError, ProtocolError: nobody knows; the user stays signed in.
        """
        try:
            held = await self._session.fresh()
            try:
                await self._home.connection.run(
                    flows.profile.get_user(self._config, held.tokens.access_token)
                )
            except ServiceError as refusal:
                if not is_refused_access_token(refusal):
                    raise
                # Only a refresh says whether the session is over with it.
                await self._session.renewed(held)
        except SignedOutError:
            return False
        return True

    async def sign_out(
        self, *, everywhere: bool = False, revoke_associated_sessions: str | None = None
    ) -> SignOutResult:
        """Forget the tokens, on this machine and in its storage, and have the service revoke them
        (RevokeToken), or end every sign-in of this user (GlobalSignOut).

        Neither the service nor the storage being out of order stops anybody from signing out: the result
        says what it came to. What the service had ended before counts as done.

        Args:
            everywhere: on all devices.
            revoke_associated_sessions: `LINKED` ends the sessions that belong together with it as well.
        """
        _ = self._session.held  # raises where nobody is signed in
        everywhere_error = await self._end_everywhere() if everywhere else None
        storage_error: StorageError | None = None
        try:
            await self._session.end()
        except StorageError as error:
            storage_error = error
        refresh_token = self._session.last.tokens.refresh_token
        ended = everywhere and everywhere_error is None
        revoke_error: UserPoolError | None = None
        if refresh_token is not None and not ended:
            revoke_error = await self._end_this(refresh_token, revoke_associated_sessions)
        return SignOutResult(
            revoked=ended or (refresh_token is not None and revoke_error is None),
            error=everywhere_error or revoke_error,
            everywhere=ended if everywhere else None,
            forgotten=storage_error is None,
            storage_error=storage_error,
        )

    async def revoke_token(self, *, revoke_associated_sessions: str | None = None) -> None:
        """Have the service end this sign-in (RevokeToken), then forget the tokens.

        Args:
            revoke_associated_sessions: `LINKED` ends the sessions that belong together with it as well.

        Raises:
            ParameterError: there is no refresh token to revoke.
        """
        refresh_token = (await self._session.latest()).tokens.refresh_token
        if refresh_token is None:
            raise ParameterError("These tokens came without a refresh token: there is nothing to revoke.")
        await self._home.connection.run(
            flows.sign_out.revoke_token(
                self._config, refresh_token, revoke_associated_sessions=revoke_associated_sessions
            )
        )
        await self._session.end()

    async def global_sign_out(self) -> None:
        """Have the service end every sign-in of this user, on all devices (GlobalSignOut), then forget
        the tokens. Nothing is forgotten where the service does not agree; `sign_out(everywhere=True)` does
        what can be done.
        """
        await self._call(lambda token: flows.sign_out.global_sign_out(self._config, token))
        await self._session.end()

    async def delete_user(self) -> None:
        """Delete the account for good (DeleteUser), then forget the tokens, and this machine's device."""
        await self._call(lambda token: flows.profile.delete_user(self._config, token))
        await self._session.end(ChangeReason.USER_DELETED)
        await self._home.devices.drop(self._name)

    async def _end_everywhere(self) -> UserPoolError | None:
        """What came in the way of a GlobalSignOut."""
        try:
            await self._call(lambda token: flows.sign_out.global_sign_out(self._config, token))
        except UserPoolError as error:
            return None if means_already_out(error) else error
        return None

    async def _end_this(self, refresh_token: str, associated: str | None) -> UserPoolError | None:
        """What came in the way of a RevokeToken."""
        flow = flows.sign_out.revoke_token(self._config, refresh_token, revoke_associated_sessions=associated)
        try:
            await self._home.connection.run(flow)
        except UserPoolError as error:
            return None if means_already_out(error) else error
        return None
