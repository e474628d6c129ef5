"""Becoming a user.

SignUp, ConfirmSignUp, ResendConfirmationCode.
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

    from .sign_up_results import ConfirmSignUpResult, SignUpResult


@either_secret
def sign_up(
    config: ClientConfig,
    username: str,
    password: str | None,
    attributes: Mapping[str, str] | None = None,
    *,
    validation_data: Mapping[str, str] | None = None,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[SignUpResult]:
    """Ask for an account (SignUp). Never sent twice: a lost answer leaves it open whether the user exists."""
    from .sign_up_results import SignUpResult

    members.check_password(config, password)
    request = ops.SIGN_UP.input(
        client_id=config.client_id,
        username=username,
        secret_hash=members.secret_hash(config, username),
        password=password,
        user_attributes=members.attribute_list(attributes),
        validation_data=members.attribute_list(validation_data),
        analytics_metadata=members.analytics_metadata(config),
        user_context_data=(yield from members.user_context_data(config, user_context, username)),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.SIGN_UP, request)
    delivery = members.code_delivery(reply.code_delivery_details)
    return SignUpResult(username, reply.user_sub, reply.user_confirmed, delivery, reply.session)


@either_secret
def confirm_sign_up(
    config: ClientConfig,
    username: str,
    confirmation_code: str,
    *,
    force_alias_creation: bool | None = None,
    session: str | None = None,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[ConfirmSignUpResult]:
    """Give the code that the sign-up sent (ConfirmSignUp)."""
    from .sign_up_results import ConfirmSignUpResult

    request = ops.CONFIRM_SIGN_UP.input(
        client_id=config.client_id,
        username=username,
        confirmation_code=confirmation_code,
        secret_hash=members.secret_hash(config, username),
        force_alias_creation=force_alias_creation,
        session=session,
        analytics_metadata=members.analytics_metadata(config),
        user_context_data=(yield from members.user_context_data(config, user_context, username)),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.CONFIRM_SIGN_UP, request)
    return ConfirmSignUpResult(username, reply.session)


@either_secret
def resend_confirmation_code(
    config: ClientConfig,
    username: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
) -> Flow[CodeDelivery | None]:
    """Have the sign-up's code sent again (ResendConfirmationCode); returns where it went."""
    request = ops.RESEND_CONFIRMATION_CODE.input(
        client_id=config.client_id,
        username=username,
        secret_hash=members.secret_hash(config, username),
        analytics_metadata=members.analytics_metadata(config),
        user_context_data=(yield from members.user_context_data(config, user_context, username)),
        client_metadata=members.client_metadata(config, client_metadata),
    )
    reply = yield from invoke(config, ops.RESEND_CONFIRMATION_CODE, request)
    return members.code_delivery(reply.code_delivery_details)
