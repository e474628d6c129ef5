"""Pools and app clients, as administrators see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from userpool.protocol import operations as ops

from .admin_calls import AsyncAdminCalls, present

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.clients import (
        AnalyticsConfigurationType,
        ListUserPoolClientsResponse,
        RefreshTokenRotationType,
        TokenValidityUnitsType,
        UserPoolClientDescription,
        UserPoolClientType,
    )
    from userpool.protocol._generated.idp.common import (
        SmsConfigurationType,
    )
    from userpool.protocol._generated.idp.mfa import (
        EmailMfaConfigType,
        GetUserPoolMfaConfigResponse,
        SetUserPoolMfaConfigResponse,
        SmsMfaConfigType,
        SoftwareTokenMfaConfigType,
        WebAuthnConfigurationType,
    )
    from userpool.protocol._generated.idp.pools import (
        AccountRecoverySettingType,
        AcrLevelConfigType,
        AdminCreateUserConfigType,
        DcrConfigurationType,
        DeviceConfigurationType,
        EmailConfigurationType,
        IssuerConfigurationType,
        KeyConfigurationType,
        LambdaConfigType,
        ListUserPoolsResponse,
        SchemaAttributeType,
        UserAttributeUpdateSettingsType,
        UsernameConfigurationType,
        UserPoolAddOnsType,
        UserPoolDescriptionType,
        UserPoolPolicyType,
        UserPoolType,
        VerificationMessageTemplateType,
    )


class AsyncPoolsAdmin(AsyncAdminCalls):
    """Pools and their app clients. Settings are shapes of `userpool.protocol.shapes.idp`, or what they
    are made of.
    """

    async def create_user_pool(
        self,
        pool_name: str,
        *,
        policies: UserPoolPolicyType | None = None,
        deletion_protection: str | None = None,
        lambda_config: LambdaConfigType | None = None,
        auto_verified_attributes: Sequence[str] | None = None,
        alias_attributes: Sequence[str] | None = None,
        username_attributes: Sequence[str] | None = None,
        sms_verification_message: str | None = None,
        email_verification_message: str | None = None,
        email_verification_subject: str | None = None,
        verification_message_template: VerificationMessageTemplateType | None = None,
        sms_authentication_message: str | None = None,
        mfa_configuration: str | None = None,
        user_attribute_update_settings: UserAttributeUpdateSettingsType | None = None,
        device_configuration: DeviceConfigurationType | None = None,
        email_configuration: EmailConfigurationType | None = None,
        sms_configuration: SmsConfigurationType | None = None,
        user_pool_tags: Mapping[str, str] | None = None,
        admin_create_user_config: AdminCreateUserConfigType | None = None,
        schema: Sequence[SchemaAttributeType] | None = None,
        user_pool_add_ons: UserPoolAddOnsType | None = None,
        dcr_configuration: DcrConfigurationType | None = None,
        username_configuration: UsernameConfigurationType | None = None,
        account_recovery_setting: AccountRecoverySettingType | None = None,
        user_pool_tier: str | None = None,
        key_configuration: KeyConfigurationType | None = None,
        issuer_configuration: IssuerConfigurationType | None = None,
        acr_configuration: Mapping[str, AcrLevelConfigType] | None = None,
    ) -> UserPoolType:
        """Make a pool (CreateUserPool). What is not given has the defaults of Cognito's API.

        User name and alias attributes, case sensitivity and the schema are for good; the rest can be changed.
        """
        request = ops.CREATE_USER_POOL.input(
            pool_name=pool_name,
            policies=policies,
            deletion_protection=deletion_protection,
            lambda_config=lambda_config,
            auto_verified_attributes=list(auto_verified_attributes)
            if auto_verified_attributes is not None
            else None,
            alias_attributes=list(alias_attributes) if alias_attributes is not None else None,
            username_attributes=list(username_attributes) if username_attributes is not None else None,
            sms_verification_message=sms_verification_message,
            email_verification_message=email_verification_message,
            email_verification_subject=email_verification_subject,
            verification_message_template=verification_message_template,
            sms_authentication_message=sms_authentication_message,
            mfa_configuration=mfa_configuration,
            user_attribute_update_settings=user_attribute_update_settings,
            device_configuration=device_configuration,
            email_configuration=email_configuration,
            sms_configuration=sms_configuration,
            user_pool_tags=dict(user_pool_tags) if user_pool_tags is not None else None,
            admin_create_user_config=admin_create_user_config,
            schema=list(schema) if schema is not None else None,
            user_pool_add_ons=user_pool_add_ons,
            dcr_configuration=dcr_configuration,
            username_configuration=username_configuration,
            account_recovery_setting=account_recovery_setting,
            user_pool_tier=user_pool_tier,
            key_configuration=key_configuration,
            issuer_configuration=issuer_configuration,
            acr_configuration=dict(acr_configuration) if acr_configuration is not None else None,
        )
        return present((await self.call(ops.CREATE_USER_POOL, request)).user_pool, ops.CREATE_USER_POOL)

    async def describe_user_pool(self, user_pool_id: str | None = None) -> UserPoolType:
        """Read a pool's settings (DescribeUserPool)."""
        request = ops.DESCRIBE_USER_POOL.input(user_pool_id=self._pool(user_pool_id))
        return present((await self.call(ops.DESCRIBE_USER_POOL, request)).user_pool, ops.DESCRIBE_USER_POOL)

    async def delete_user_pool(self, user_pool_id: str | None = None) -> None:
        """Delete a pool with all its users (DeleteUserPool)."""
        request = ops.DELETE_USER_POOL.input(user_pool_id=self._pool(user_pool_id))
        await self.call(ops.DELETE_USER_POOL, request)

    async def list_user_pools(
        self, *, max_results: int = 60, next_token: str | None = None
    ) -> ListUserPoolsResponse:
        """Read one page of pools (ListUserPools); `user_pools` goes through all pages."""
        request = ops.LIST_USER_POOLS.input(max_results=max_results, next_token=next_token)
        return await self.call(ops.LIST_USER_POOLS, request)

    async def user_pools(self) -> AsyncIterator[UserPoolDescriptionType]:
        """Go through all pools, page by page (ListUserPools)."""
        token: str | None = None
        while True:
            page = await self.list_user_pools(next_token=token)
            for pool in page.user_pools or ():
                yield pool
            token = page.next_token
            if token is None:
                return

    async def create_user_pool_client(
        self,
        client_name: str,
        *,
        generate_secret: bool | None = None,
        client_secret: str | None = None,
        refresh_token_validity: int | None = None,
        access_token_validity: int | None = None,
        id_token_validity: int | None = None,
        token_validity_units: TokenValidityUnitsType | None = None,
        read_attributes: Sequence[str] | None = None,
        write_attributes: Sequence[str] | None = None,
        explicit_auth_flows: Sequence[str] | None = None,
        supported_identity_providers: Sequence[str] | None = None,
        callback_urls: Sequence[str] | None = None,
        logout_urls: Sequence[str] | None = None,
        default_redirect_uri: str | None = None,
        allowed_oauth_flows: Sequence[str] | None = None,
        allowed_oauth_scopes: Sequence[str] | None = None,
        allowed_oauth_flows_user_pool_client: bool | None = None,
        analytics_configuration: AnalyticsConfigurationType | None = None,
        prevent_user_existence_errors: str | None = None,
        enable_token_revocation: bool | None = None,
        enable_propagate_additional_user_context_data: bool | None = None,
        auth_session_validity: int | None = None,
        refresh_token_rotation: RefreshTokenRotationType | None = None,
        user_pool_id: str | None = None,
    ) -> UserPoolClientType:
        """Make an app client (CreateUserPoolClient). What is not given has the defaults of Cognito's API.

        With `generate_secret` the client gets a secret, which later cannot be taken from it.
        """
        request = ops.CREATE_USER_POOL_CLIENT.input(
            user_pool_id=self._pool(user_pool_id),
            client_name=client_name,
            generate_secret=generate_secret,
            client_secret=client_secret,
            refresh_token_validity=refresh_token_validity,
            access_token_validity=access_token_validity,
            id_token_validity=id_token_validity,
            token_validity_units=token_validity_units,
            read_attributes=list(read_attributes) if read_attributes is not None else None,
            write_attributes=list(write_attributes) if write_attributes is not None else None,
            explicit_auth_flows=list(explicit_auth_flows) if explicit_auth_flows is not None else None,
            supported_identity_providers=list(supported_identity_providers)
            if supported_identity_providers is not None
            else None,
            callback_urls=list(callback_urls) if callback_urls is not None else None,
            logout_urls=list(logout_urls) if logout_urls is not None else None,
            default_redirect_uri=default_redirect_uri,
            allowed_oauth_flows=list(allowed_oauth_flows) if allowed_oauth_flows is not None else None,
            allowed_oauth_scopes=list(allowed_oauth_scopes) if allowed_oauth_scopes is not None else None,
            allowed_oauth_flows_user_pool_client=allowed_oauth_flows_user_pool_client,
            analytics_configuration=analytics_configuration,
            prevent_user_existence_errors=prevent_user_existence_errors,
            enable_token_revocation=enable_token_revocation,
            enable_propagate_additional_user_context_data=enable_propagate_additional_user_context_data,
            auth_session_validity=auth_session_validity,
            refresh_token_rotation=refresh_token_rotation,
        )
        reply = await self.call(ops.CREATE_USER_POOL_CLIENT, request)
        return present(reply.user_pool_client, ops.CREATE_USER_POOL_CLIENT)

    async def describe_user_pool_client(
        self, client_id: str, *, user_pool_id: str | None = None
    ) -> UserPoolClientType:
        """Read an app client's settings, its secret included (DescribeUserPoolClient)."""
        request = ops.DESCRIBE_USER_POOL_CLIENT.input(
            user_pool_id=self._pool(user_pool_id), client_id=client_id
        )
        reply = await self.call(ops.DESCRIBE_USER_POOL_CLIENT, request)
        return present(reply.user_pool_client, ops.DESCRIBE_USER_POOL_CLIENT)

    async def delete_user_pool_client(self, client_id: str, *, user_pool_id: str | None = None) -> None:
        """Delete an app client (DeleteUserPoolClient)."""
        request = ops.DELETE_USER_POOL_CLIENT.input(
            user_pool_id=self._pool(user_pool_id), client_id=client_id
        )
        await self.call(ops.DELETE_USER_POOL_CLIENT, request)

    async def list_user_pool_clients(
        self,
        *,
        max_results: int | None = None,
        next_token: str | None = None,
        user_pool_id: str | None = None,
    ) -> ListUserPoolClientsResponse:
        """Read one page of app clients (ListUserPoolClients); `user_pool_clients` goes through all pages."""
        request = ops.LIST_USER_POOL_CLIENTS.input(
            user_pool_id=self._pool(user_pool_id), max_results=max_results, next_token=next_token
        )
        return await self.call(ops.LIST_USER_POOL_CLIENTS, request)

    async def user_pool_clients(
        self, *, user_pool_id: str | None = None
    ) -> AsyncIterator[UserPoolClientDescription]:
        """Go through all app clients, page by page (ListUserPoolClients)."""
        token: str | None = None
        while True:
            page = await self.list_user_pool_clients(next_token=token, user_pool_id=user_pool_id)
            for client in page.user_pool_clients or ():
                yield client
            token = page.next_token
            if token is None:
                return

    async def set_user_pool_mfa_config(
        self,
        *,
        sms_mfa_configuration: SmsMfaConfigType | None = None,
        software_token_mfa_configuration: SoftwareTokenMfaConfigType | None = None,
        email_mfa_configuration: EmailMfaConfigType | None = None,
        mfa_configuration: str | None = None,
        web_authn_configuration: WebAuthnConfigurationType | None = None,
        user_pool_id: str | None = None,
    ) -> SetUserPoolMfaConfigResponse:
        """Say which second factors a pool has, and whether they are `OFF`, `OPTIONAL` or `ON`
        (SetUserPoolMfaConfig).
        """
        request = ops.SET_USER_POOL_MFA_CONFIG.input(
            user_pool_id=self._pool(user_pool_id),
            sms_mfa_configuration=sms_mfa_configuration,
            software_token_mfa_configuration=software_token_mfa_configuration,
            email_mfa_configuration=email_mfa_configuration,
            mfa_configuration=mfa_configuration,
            web_authn_configuration=web_authn_configuration,
        )
        return await self.call(ops.SET_USER_POOL_MFA_CONFIG, request)

    async def get_user_pool_mfa_config(self, user_pool_id: str | None = None) -> GetUserPoolMfaConfigResponse:
        """Read a pool's second factors (GetUserPoolMfaConfig)."""
        request = ops.GET_USER_POOL_MFA_CONFIG.input(user_pool_id=self._pool(user_pool_id))
        return await self.call(ops.GET_USER_POOL_MFA_CONFIG, request)
