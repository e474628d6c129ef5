"""A signed-in user's passkeys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from userpool import flows
from userpool.client.waiting import in_thread

from .user_calls import AsyncUserCalls

if TYPE_CHECKING:
    from userpool.authenticators.api import Authenticator
    from userpool.flows.passkeys import Passkey
    from userpool.flows.results import Page


class AsyncUserPasskeys(AsyncUserCalls):
    """The passkeys of a user, for pages in a browser and for programs without one."""

    async def start_web_authn_registration(self) -> dict[str, Any]:
        """Ask for the options to make a passkey with (StartWebAuthnRegistration).

        They are plain JSON, as `PublicKeyCredential.parseCreationOptionsFromJSON` of a browser takes them:
        hand them to the page, and what it makes to `complete_web_authn_registration`. A program without a
        browser does both by `register_passkey`.

        Raises:
            WebAuthnNotEnabledException: the pool takes no passkeys.
            WebAuthnConfigurationMissingException: the pool has no relying party id.
        """
        return await self._call(
            lambda token: flows.passkeys.start_web_authn_registration(self._config, token)
        )

    async def complete_web_authn_registration(self, credential: str | Mapping[str, Any]) -> None:
        """Hand in the passkey that was made (CompleteWebAuthnRegistration).

        Args:
            credential: what the browser's `credential.toJSON()` gave (`RegistrationResponseJSON`), as text or
                as an object.

        Raises:
            ParameterError: it is no such object; nothing was sent.
            WebAuthnChallengeNotFoundException: the registration has expired: start it again.
            WebAuthnOriginNotAllowedException: the page stands on an address that the pool does not allow.
        """
        await self._call(
            lambda token: flows.passkeys.complete_web_authn_registration(self._config, token, credential)
        )

    async def register_passkey(self, authenticator: Authenticator) -> str:
        """Make a passkey with an authenticator and register it; returns its id.

        Args:
            authenticator: such as `SecurityKey`. It may wait for a person to touch it.

        Raises:
            AuthenticatorError: it made none; nothing is registered.
        """
        options = await self.start_web_authn_registration()
        credential = await in_thread(lambda: authenticator.create(options))
        await self.complete_web_authn_registration(credential)
        return str(credential["id"])

    async def list_web_authn_credentials(
        self, *, limit: int | None = None, next_token: str | None = None
    ) -> Page[Passkey]:
        """Read one page of passkeys (ListWebAuthnCredentials); `web_authn_credentials` goes through all.

        Args:
            limit: how many at most, 0 to 20.
            next_token: of the page before.
        """
        return await self._call(
            lambda token: flows.passkeys.list_web_authn_credentials(
                self._config, token, limit=limit, next_token=next_token
            )
        )

    async def web_authn_credentials(self) -> AsyncIterator[Passkey]:
        """Go through all passkeys, page by page (ListWebAuthnCredentials)."""
        from .paging import every

        async for passkey in every(self.list_web_authn_credentials):
            yield passkey

    async def delete_web_authn_credential(self, credential_id: str) -> None:
        """Delete a passkey (DeleteWebAuthnCredential), by the id that the list gives."""
        await self._call(
            lambda token: flows.passkeys.delete_web_authn_credential(self._config, token, credential_id)
        )
