"""What somebody does who is not signed in: signing up, and setting a new password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from userpool import flows
from userpool.flows.config import ClientConfig, UserContext

from .connection import AsyncConnection

if TYPE_CHECKING:
    from userpool.flows.sign_up_results import ConfirmSignUpResult, SignUpResult
    from userpool.protocol.code_delivery import CodeDelivery


class AsyncSignUpCalls:
    """The calls about an account that need nobody signed in to it."""

    _config: ClientConfig
    _connection: AsyncConnection

    async def sign_up(
        self,
        username: str,
        password: str | None = None,
        attributes: Mapping[str, str] | None = None,
        *,
        validation_data: Mapping[str, str] | None = None,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> SignUpResult:
        """Ask for an account (SignUp).

        Args:
            username: the user name, or in pools set up so the e-mail address or phone number.
            password: may be left out only where the pool has other first factors.
            attributes: such as `{"email": "ada@example.com"}`.
            validation_data: what the pre sign-up trigger alone is told.
            client_metadata: what the triggers are told, in place of the pool's.
            user_context: what threat protection is told, in place of the pool's.

        Raises:
            UsernameExistsException: the name is taken.
            InvalidPasswordException: the password breaks the pool's rules; the message says which.
            ParameterError: an argument breaks the contract's limits; nothing was sent.
        """
        return await self._connection.run(
            flows.sign_up.sign_up(
                self._config,
                username,
                password,
                attributes,
                validation_data=validation_data,
                client_metadata=client_metadata,
                user_context=user_context,
            )
        )

    async def confirm_sign_up(
        self,
        username: str,
        confirmation_code: str,
        *,
        force_alias_creation: bool | None = None,
        session: str | None = None,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> ConfirmSignUpResult:
        """Give the code that the sign-up sent (ConfirmSignUp).

        Args:
            username: as at sign-up.
            confirmation_code: the code.
            force_alias_creation: take the e-mail address or phone number over from the account that has it
                as alias.
            session: of the `SignUpResult`, to go over into a sign-in.
            client_metadata: what the triggers are told, in place of the pool's.
            user_context: what threat protection is told, in place of the pool's.

        Returns:
            What to go on with, where a session was given: `sign_in(result.username, session=result.session)`.

        Raises:
            CodeMismatchException: the code is wrong.
            ExpiredCodeException: the code is too old: have one sent with `resend_confirmation_code`.
        """
        return await self._connection.run(
            flows.sign_up.confirm_sign_up(
                self._config,
                username,
                confirmation_code,
                force_alias_creation=force_alias_creation,
                session=session,
                client_metadata=client_metadata,
                user_context=user_context,
            )
        )

    async def resend_confirmation_code(
        self,
        username: str,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> CodeDelivery | None:
        """Have the sign-up's code sent again (ResendConfirmationCode); returns where it went."""
        return await self._connection.run(
            flows.sign_up.resend_confirmation_code(
                self._config, username, client_metadata=client_metadata, user_context=user_context
            )
        )

    async def forgot_password(
        self,
        username: str,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> CodeDelivery | None:
        """Have a code sent that allows a new password (ForgotPassword); returns where it went."""
        return await self._connection.run(
            flows.password.forgot_password(
                self._config, username, client_metadata=client_metadata, user_context=user_context
            )
        )

    async def confirm_forgot_password(
        self,
        username: str,
        confirmation_code: str,
        password: str,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> None:
        """Give that code and the new password (ConfirmForgotPassword).

        Raises:
            CodeMismatchException: the code is wrong.
            ExpiredCodeException: the code is too old: have one sent with `forgot_password`.
            InvalidPasswordException: the password breaks the pool's rules; the message says which.
        """
        await self._connection.run(
            flows.password.confirm_forgot_password(
                self._config,
                username,
                confirmation_code,
                password,
                client_metadata=client_metadata,
                user_context=user_context,
            )
        )
