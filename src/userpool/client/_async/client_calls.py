"""What an app client does in its own name: tokens of its own, tokens exchanged and revoked, feedback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from userpool import flows
from userpool.flows.config import ClientConfig

from .connection import AsyncConnection

if TYPE_CHECKING:
    from userpool.flows.machine import ClientToken, DerivedToken


class AsyncClientCalls:
    """The calls of an app client that need no signed-in user."""

    _config: ClientConfig
    _connection: AsyncConnection

    async def get_client_token(
        self, scopes: Iterable[str] | None = None, *, client_metadata: Mapping[str, str] | None = None
    ) -> ClientToken:
        """Get an access token for the app client itself (GetClientToken): machine to machine, no user.

        Args:
            scopes: such as `orders/read`; by default all that the app client has.
            client_metadata: what the triggers are told, in place of the pool's.

        Raises:
            ParameterError: the app client is one without a secret.
            NotAuthorizedException: the secret is wrong, or the app client may not do this.
        """
        return await self._connection.run(
            flows.machine.get_client_token(self._config, scopes, client_metadata=client_metadata)
        )

    async def get_derived_token(
        self,
        subject_token: str,
        subject_token_type: str = "ACCESS_TOKEN",
        *,
        subject_token_provider_name: str | None = None,
        actor_token: str | None = None,
        actor_token_type: str | None = None,
        actor_token_provider_name: str | None = None,
        scopes: Iterable[str] | None = None,
        audiences: Iterable[str] | None = None,
        resources: Iterable[str] | None = None,
        requested_token_type: str | None = None,
    ) -> DerivedToken:
        """Exchange a token for another one (GetDerivedToken, the token exchange of RFC 8693).

        Args:
            subject_token: the token of the one whom the new token is about.
            subject_token_type: `ACCESS_TOKEN`, `ID_TOKEN` or `SAML2`.
            subject_token_provider_name: the identity provider that issued it, where it was not this pool.
            actor_token: the token of the one who acts for them; without it, the app client is them.
            actor_token_type: as `subject_token_type`.
            actor_token_provider_name: as `subject_token_provider_name`.
            scopes: what the new token is to allow.
            audiences: whom the new token is for, by name.
            resources: whom the new token is for, by address.
            requested_token_type: `ACCESS_TOKEN` or `ID_TOKEN`.

        Raises:
            NotAuthorizedException: a token is not good, or the app client may not do this.
        """
        return await self._connection.run(
            flows.machine.get_derived_token(
                self._config,
                subject_token,
                subject_token_type,
                subject_token_provider_name=subject_token_provider_name,
                actor_token=actor_token,
                actor_token_type=actor_token_type,
                actor_token_provider_name=actor_token_provider_name,
                scopes=scopes,
                audiences=audiences,
                resources=resources,
                requested_token_type=requested_token_type,
            )
        )

    async def revoke_token(
        self, refresh_token: str, *, revoke_associated_sessions: str | None = None
    ) -> None:
        """End the sign-in that a refresh token belongs to (RevokeToken), where the token is all there is.

        A `User` of this process has `sign_out` and `revoke_token`, which also forget the tokens here.

        Args:
            refresh_token: the newest one. One that is unknown or already revoked is no error.
            revoke_associated_sessions: `LINKED` ends the sessions that belong together with it as well.

        Raises:
            UnauthorizedException: the app client's secret is wrong.
            UnsupportedTokenTypeException: it is no refresh token.
            UnsupportedOperationException: the app client does not revoke tokens.
        """
        await self._connection.run(
            flows.sign_out.revoke_token(
                self._config, refresh_token, revoke_associated_sessions=revoke_associated_sessions
            )
        )

    async def update_auth_event_feedback(
        self, username: str, *, event_id: str, feedback_token: str, feedback_value: str
    ) -> None:
        """Say whether a sign-in that looked risky was the user (UpdateAuthEventFeedback).

        Args:
            username: whose sign-in it was.
            event_id: from the message that asked.
            feedback_token: from the message that asked.
            feedback_value: `Valid` or `Invalid`.

        Raises:
            UserPoolAddOnNotEnabledException: the pool has no threat protection.
        """
        await self._connection.run(
            flows.feedback.update_auth_event_feedback(
                self._config,
                username,
                event_id=event_id,
                feedback_token=feedback_token,
                feedback_value=feedback_value,
            )
        )
