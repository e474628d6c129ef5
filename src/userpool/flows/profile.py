"""A signed-in user's own account.

GetUser, UpdateUserAttributes, DeleteUserAttributes, GetUserAttributeVerificationCode, VerifyUserAttribute,
DeleteUser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from . import members
from .config import ClientConfig
from .invoke import invoke

if TYPE_CHECKING:
    from userpool.protocol.code_delivery import CodeDelivery

    from .results import UserProfile


def get_user(config: ClientConfig, access_token: str) -> Flow[UserProfile]:
    """Read the account (GetUser)."""
    from .results import MfaOption, UserProfile

    reply = yield from invoke(config, ops.GET_USER, ops.GET_USER.input(access_token=access_token))
    return UserProfile(
        username=reply.username,
        attributes=members.attribute_map(reply.user_attributes),
        mfa_methods=tuple(reply.user_mfa_setting_list or ()),
        preferred_mfa=reply.preferred_mfa_setting,
        mfa_options=tuple(
            MfaOption(option.attribute_name, option.delivery_medium) for option in reply.mfa_options or ()
        ),
    )


def update_user_attributes(
    config: ClientConfig,
    access_token: str,
    attributes: Mapping[str, str],
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> Flow[tuple[CodeDelivery, ...]]:
    """Set attributes (UpdateUserAttributes); returns where codes went for those that have to be verified."""
    request = ops.UPDATE_USER_ATTRIBUTES.input(
        access_token=access_token,
        user_attributes=members.attribute_list(attributes) or [],
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.UPDATE_USER_ATTRIBUTES, request)
    sent = (members.code_delivery(details) for details in reply.code_delivery_details_list or ())
    return tuple(delivery for delivery in sent if delivery is not None)


def delete_user_attributes(config: ClientConfig, access_token: str, names: Iterable[str]) -> Flow[None]:
    """Remove attributes by name (DeleteUserAttributes)."""
    request = ops.DELETE_USER_ATTRIBUTES.input(access_token=access_token, user_attribute_names=list(names))
    yield from invoke(config, ops.DELETE_USER_ATTRIBUTES, request)


def get_user_attribute_verification_code(
    config: ClientConfig,
    access_token: str,
    attribute_name: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> Flow[CodeDelivery | None]:
    """Have a code sent to the address in an attribute (GetUserAttributeVerificationCode); returns where
    it went.
    """
    request = ops.GET_USER_ATTRIBUTE_VERIFICATION_CODE.input(
        access_token=access_token,
        attribute_name=attribute_name,
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.GET_USER_ATTRIBUTE_VERIFICATION_CODE, request)
    return members.code_delivery(reply.code_delivery_details)


def verify_user_attribute(
    config: ClientConfig, access_token: str, attribute_name: str, code: str
) -> Flow[None]:
    """Give that code (VerifyUserAttribute)."""
    request = ops.VERIFY_USER_ATTRIBUTE.input(
        access_token=access_token, attribute_name=attribute_name, code=code
    )
    yield from invoke(config, ops.VERIFY_USER_ATTRIBUTE, request)


def delete_user(config: ClientConfig, access_token: str) -> Flow[None]:
    """Delete the account for good (DeleteUser)."""
    yield from invoke(config, ops.DELETE_USER, ops.DELETE_USER.input(access_token=access_token))
