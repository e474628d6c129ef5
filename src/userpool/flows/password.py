"""A forgotten password, and a changed one.

ForgotPassword, ConfirmForgotPassword, ChangePassword.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from . import members
from .client_secret import either_secret
from .config import ClientConfig, UserContext
from .invoke import invoke

if TYPE_CHECKING:
    from userpool.protocol.code_delivery import CodeDelivery


@either_secret
def forgot_password(
    config: ClientConfig,
    username: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[CodeDelivery | None]:
    """Have a code sent that allows a new password (ForgotPassword); returns where it went.

    A pool that hides its users answers alike for those that do not exist.
    """
    request = ops.FORGOT_PASSWORD.input(
        client_id=config.client_id,
        username=username,
        secret_hash=members.secret_hash(config, username),
        analytics_metadata=members.analytics_metadata(config),
        user_context_data=(yield from members.user_context_data(config, user_context, username)),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.FORGOT_PASSWORD, request)
    return members.code_delivery(reply.code_delivery_details)


@either_secret
def confirm_forgot_password(
    config: ClientConfig,
    username: str,
    confirmation_code: str,
    password: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[None]:
    """Give that code and the new password (ConfirmForgotPassword)."""
    members.check_password(config, password)
    request = ops.CONFIRM_FORGOT_PASSWORD.input(
        client_id=config.client_id,
        username=username,
        confirmation_code=confirmation_code,
        password=password,
        secret_hash=members.secret_hash(config, username),
        analytics_metadata=members.analytics_metadata(config),
        user_context_data=(yield from members.user_context_data(config, user_context, username)),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    yield from invoke(config, ops.CONFIRM_FORGOT_PASSWORD, request)


def change_password(
    config: ClientConfig, access_token: str, previous_password: str | None, proposed_password: str
) -> Flow[None]:
    """Replace the password of a signed-in user (ChangePassword); the previous one is `None` for who has
    none yet.
    """
    members.check_password(config, proposed_password)
    request = ops.CHANGE_PASSWORD.input(
        access_token=access_token,
        previous_password=previous_password,
        proposed_password=proposed_password,
    )
    yield from invoke(config, ops.CHANGE_PASSWORD, request)
