"""Users, as administrators see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from userpool.flows.members import attribute_list
from userpool.protocol import operations as ops

from .admin_calls import AsyncAdminCalls, present

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.common import UserType
    from userpool.protocol._generated.idp.users import AdminGetUserResponse, ListUsersResponse


class AsyncUsersAdmin(AsyncAdminCalls):
    """The users of a pool."""

    async def admin_create_user(
        self,
        username: str,
        attributes: Mapping[str, str] | None = None,
        *,
        temporary_password: str | None = None,
        message_action: str | None = None,
        desired_delivery_mediums: Sequence[str] | None = None,
        force_alias_creation: bool | None = None,
        validation_data: Mapping[str, str] | None = None,
        client_metadata: Mapping[str, str] | None = None,
        user_pool_id: str | None = None,
    ) -> UserType:
        """Make a user and invite them (AdminCreateUser).

        Args:
            username: the user name, or in pools set up so the e-mail address or phone number.
            attributes: such as `{"email": "ada@example.com", "email_verified": "true"}`.
            temporary_password: what the first sign-in asks to replace; by default the service makes one.
            message_action: `RESEND` invites an existing user again, `SUPPRESS` invites nobody.
            desired_delivery_mediums: `SMS`, `EMAIL`, or both.
            force_alias_creation: take the e-mail address or phone number over from the user who has it as
                alias.
            validation_data: what the pre sign-up trigger alone is told.
            client_metadata: what the triggers are told.
            user_pool_id: another pool than this administrator's.
        """
        request = ops.ADMIN_CREATE_USER.input(
            user_pool_id=self._pool(user_pool_id),
            username=username,
            user_attributes=attribute_list(attributes),
            validation_data=attribute_list(validation_data),
            temporary_password=temporary_password,
            force_alias_creation=force_alias_creation,
            message_action=message_action,
            desired_delivery_mediums=list(desired_delivery_mediums) if desired_delivery_mediums else None,
            client_metadata=dict(client_metadata) if client_metadata else None,
        )
        return present((await self.call(ops.ADMIN_CREATE_USER, request)).user, ops.ADMIN_CREATE_USER)

    async def admin_get_user(self, username: str, *, user_pool_id: str | None = None) -> AdminGetUserResponse:
        """Read a user (AdminGetUser)."""
        request = ops.ADMIN_GET_USER.input(user_pool_id=self._pool(user_pool_id), username=username)
        return await self.call(ops.ADMIN_GET_USER, request)

    async def admin_set_user_password(
        self, username: str, password: str, *, permanent: bool = False, user_pool_id: str | None = None
    ) -> None:
        """Set a user's password (AdminSetUserPassword); one that is not `permanent` is replaced at the
        next sign-in.
        """
        request = ops.ADMIN_SET_USER_PASSWORD.input(
            user_pool_id=self._pool(user_pool_id), username=username, password=password, permanent=permanent
        )
        await self.call(ops.ADMIN_SET_USER_PASSWORD, request)

    async def admin_confirm_sign_up(
        self,
        username: str,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_pool_id: str | None = None,
    ) -> None:
        """Confirm a sign-up without its code (AdminConfirmSignUp)."""
        request = ops.ADMIN_CONFIRM_SIGN_UP.input(
            user_pool_id=self._pool(user_pool_id),
            username=username,
            client_metadata=dict(client_metadata) if client_metadata else None,
        )
        await self.call(ops.ADMIN_CONFIRM_SIGN_UP, request)

    async def admin_delete_user(self, username: str, *, user_pool_id: str | None = None) -> None:
        """Delete a user for good (AdminDeleteUser)."""
        request = ops.ADMIN_DELETE_USER.input(user_pool_id=self._pool(user_pool_id), username=username)
        await self.call(ops.ADMIN_DELETE_USER, request)

    async def list_users(
        self,
        *,
        filter: str | None = None,
        limit: int | None = None,
        pagination_token: str | None = None,
        attributes_to_get: Sequence[str] | None = None,
        user_pool_id: str | None = None,
    ) -> ListUsersResponse:
        """Read one page of users (ListUsers); `users` goes through all pages.

        Args:
            filter: such as `email ^= "ada"`: an attribute, `=` or `^=` (begins with), a text in quotes.
            limit: how many at most, 0 to 60.
            pagination_token: of the page before.
            attributes_to_get: only these attributes.
            user_pool_id: another pool than this administrator's.
        """
        request = ops.LIST_USERS.input(
            user_pool_id=self._pool(user_pool_id),
            attributes_to_get=list(attributes_to_get) if attributes_to_get is not None else None,
            limit=limit,
            pagination_token=pagination_token,
            filter=filter,
        )
        return await self.call(ops.LIST_USERS, request)

    async def users(
        self,
        *,
        filter: str | None = None,
        attributes_to_get: Sequence[str] | None = None,
        user_pool_id: str | None = None,
    ) -> AsyncIterator[UserType]:
        """Go through all users, page by page (ListUsers). Arguments as `list_users`."""
        token: str | None = None
        while True:
            page = await self.list_users(
                filter=filter,
                pagination_token=token,
                attributes_to_get=attributes_to_get,
                user_pool_id=user_pool_id,
            )
            for user in page.users or ():
                yield user
            token = page.pagination_token
            if token is None:
                return
