"""A signed-in user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from userpool import flows
from userpool.flows.results import TotpSeed

from .user_devices import AsyncUserDevices
from .user_leaving import AsyncUserLeaving
from .user_passkeys import AsyncUserPasskeys

if TYPE_CHECKING:
    from userpool.flows.grant import Tokens
    from userpool.flows.results import MfaOption, MfaPreference, Page, UserAuthFactors, UserProfile
    from userpool.flows.user_sessions import UserSession
    from userpool.protocol.code_delivery import CodeDelivery


T = TypeVar("T")


class AsyncUser(AsyncUserLeaving, AsyncUserDevices, AsyncUserPasskeys):
    """A signed-in user. It keeps itself signed in: tokens that are about to expire are refreshed by the
    next call.

    Get one from `sign_in`, `current_user` or `user` of `AsyncUserPool`. It is shared by threads and tasks.

    All calls raise `SignedOutError` once the user has signed out, its subclass `SessionExpired` when the
    service says that the session is over, and otherwise `ServiceError`, `TransportError` and
    `ProtocolError`.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    @property
    def username(self) -> str:
        """The service's own name for the user."""
        return self._name

    @property
    def sub(self) -> str:
        """The user's id, which never changes."""
        return self._sub

    @property
    def id_claims(self) -> Mapping[str, Any]:
        """What the ID token at hand says of the user; empty without one. `refresh` brings it up to date."""
        return dict(self._session.held.id_claims)

    @property
    def access_claims(self) -> Mapping[str, Any]:
        """What the access token at hand allows: its groups, scopes and times, as it says them itself."""
        return dict(self._session.held.claims)

    async def tokens(self) -> Tokens:
        """The tokens, refreshed first where they are about to expire."""
        return (await self._session.fresh()).tokens

    async def access_token(self) -> str:
        """The access token, refreshed first where it is about to expire."""
        return (await self.tokens()).access_token

    async def refresh(
        self, *, stale: Tokens | None = None, client_metadata: Mapping[str, str] | None = None
    ) -> Tokens:
        """Get new tokens now (GetTokensFromRefreshToken). Who asks at the same time shares the same new
        ones.

        Args:
            stale: tokens that somebody found too old; where the user holds others by now, those are the new
                ones.
            client_metadata: what the triggers are told, in place of the pool's.

        Raises:
            SessionExpired: the service says that the session is over, or there is no refresh token.
            ServiceError, TransportError, ProtocolError: no new tokens for now; nobody is signed out.
        """
        held = self._session.held
        if stale is None or held.tokens == stale:
            held = await self._session.renewed(held, client_metadata=client_metadata)
        return held.tokens

    async def get_user(self) -> UserProfile:
        """Read the account (GetUser)."""
        return await self._call(lambda token: flows.profile.get_user(self._config, token))

    async def update_user_attributes(
        self, attributes: Mapping[str, str], *, client_metadata: Mapping[str, str] | None = None
    ) -> tuple[CodeDelivery, ...]:
        """Set attributes (UpdateUserAttributes); returns where codes went for those that have to be
        verified.
        """
        return await self._call(
            lambda token: flows.profile.update_user_attributes(
                self._config, token, attributes, client_metadata=client_metadata
            )
        )

    async def delete_user_attributes(self, names: Iterable[str]) -> None:
        """Remove attributes by name (DeleteUserAttributes)."""
        wanted = [names] if isinstance(names, str) else list(names)
        await self._call(lambda token: flows.profile.delete_user_attributes(self._config, token, wanted))

    async def get_user_attribute_verification_code(
        self, attribute_name: str, *, client_metadata: Mapping[str, str] | None = None
    ) -> CodeDelivery | None:
        """Have a code sent to the address in an attribute (GetUserAttributeVerificationCode)."""
        return await self._call(
            lambda token: flows.profile.get_user_attribute_verification_code(
                self._config, token, attribute_name, client_metadata=client_metadata
            )
        )

    async def verify_user_attribute(self, attribute_name: str, code: str) -> None:
        """Give that code (VerifyUserAttribute)."""
        await self._call(
            lambda token: flows.profile.verify_user_attribute(self._config, token, attribute_name, code)
        )

    async def change_password(self, previous_password: str | None, proposed_password: str) -> None:
        """Replace the password (ChangePassword); the previous one is `None` for who has none yet."""
        await self._call(
            lambda token: flows.password.change_password(
                self._config, token, previous_password, proposed_password
            )
        )

    async def associate_software_token(self) -> TotpSeed:
        """Get a new seed for an authenticator app (AssociateSoftwareToken); `verify_software_token`
        makes it count.
        """
        secret_code, _ = await self._call(
            lambda token: flows.mfa.associate_software_token(self._config, access_token=token)
        )
        return TotpSeed(secret_code, self.username)

    async def verify_software_token(self, user_code: str, device_name: str | None = None) -> None:
        """Show that the app knows the seed (VerifySoftwareToken). `set_user_mfa_preference` then turns it on.

        Raises:
            EnableSoftwareTokenMFAException: the code is wrong; another may be tried.
        """
        await self._call(
            lambda token: flows.mfa.verify_software_token(
                self._config, user_code, device_name=device_name, access_token=token
            )
        )

    async def set_user_mfa_preference(
        self,
        *,
        sms: MfaPreference | None = None,
        totp: MfaPreference | None = None,
        email: MfaPreference | None = None,
        web_authn: bool | None = None,
    ) -> None:
        """Say what becomes of each second factor (SetUserMFAPreference); one that is not named stays as
        it is.

        Args:
            sms: codes by text message.
            totp: codes of an authenticator app.
            email: codes by e-mail.
            web_authn: whether a passkey counts as second factor; it has no preference.

        Raises:
            ParameterError: nothing is named.
        """
        await self._call(
            lambda token: flows.mfa.set_user_mfa_preference(
                self._config, token, sms=sms, totp=totp, email=email, web_authn=web_authn
            )
        )

    async def get_user_auth_factors(self) -> UserAuthFactors:
        """Read what the user can sign in with (GetUserAuthFactors)."""
        return await self._call(lambda token: flows.mfa.get_user_auth_factors(self._config, token))

    async def set_user_settings(self, mfa_options: Iterable[MfaOption]) -> None:
        """Set the oldest kind of MFA setting (SetUserSettings); `set_user_mfa_preference` took its place.

        Args:
            mfa_options: `[MfaOption()]` turns codes by text message on, `[]` turns them off.
        """
        options = list(mfa_options)
        await self._call(lambda token: flows.mfa.set_user_settings(self._config, token, options))

    async def list_user_sessions(self, *, next_token: str | None = None) -> Page[UserSession]:
        """Read one page of where the user is signed in (ListUserSessions); `user_sessions` goes through all
        pages. The pool has to keep track of sessions.

        Args:
            next_token: of the page before.
        """
        return await self._call(
            lambda token: flows.user_sessions.list_user_sessions(self._config, token, next_token=next_token)
        )

    async def user_sessions(self) -> AsyncIterator[UserSession]:
        """Go through all places where the user is signed in, page by page (ListUserSessions)."""
        from .paging import every

        async for session in every(self.list_user_sessions):
            yield session

    async def revoke_user_session(
        self, session_id: str, *, revoke_associated_sessions: str | None = None
    ) -> None:
        """End one place where the user is signed in (RevokeUserSession). To end this one, use `sign_out`.

        Args:
            session_id: of a `UserSession`.
            revoke_associated_sessions: `LINKED` ends the sessions that belong together with it as well.
        """
        await self._call(
            lambda token: flows.user_sessions.revoke_user_session(
                self._config, token, session_id, revoke_associated_sessions=revoke_associated_sessions
            )
        )
