"""What threat protection would know of sign-ins: AdminListUserAuthEvents, AdminUpdateAuthEventFeedback,
UpdateAuthEventFeedback.

There is no threat protection here, so that no event is kept and no feedback awaited: all three answer what
Cognito answers for a pool without it. No user is looked for, so that nothing tells who exists.
"""

from __future__ import annotations

from typing import NoReturn

from userpool.protocol import operations as ops
from userpool.protocol.errors import UserPoolAddOnNotEnabledException
from userpool.protocol.shapes import idp

from ..context import Call, Context, handles
from .lookup import existing_pool


@handles(ops.ADMIN_LIST_USER_AUTH_EVENTS)
def admin_list_user_auth_events(
    context: Context, call: Call[idp.AdminListUserAuthEventsRequest]
) -> idp.AdminListUserAuthEventsResponse:
    """AdminListUserAuthEvents: refused."""
    _refuse(context, call.input.user_pool_id)


@handles(ops.ADMIN_UPDATE_AUTH_EVENT_FEEDBACK)
def admin_update_auth_event_feedback(
    context: Context, call: Call[idp.AdminUpdateAuthEventFeedbackRequest]
) -> idp.AdminUpdateAuthEventFeedbackResponse:
    """AdminUpdateAuthEventFeedback: refused."""
    _refuse(context, call.input.user_pool_id)


@handles(ops.UPDATE_AUTH_EVENT_FEEDBACK)
def update_auth_event_feedback(
    context: Context, call: Call[idp.UpdateAuthEventFeedbackRequest]
) -> idp.UpdateAuthEventFeedbackResponse:
    """UpdateAuthEventFeedback: refused."""
    _refuse(context, call.input.user_pool_id)


def _refuse(context: Context, pool_id: str) -> NoReturn:
    context.store.read(lambda reader: existing_pool(reader, pool_id))
    raise UserPoolAddOnNotEnabledException(
        f"Threat protection is not enabled for user pool {pool_id}, so that it has no events of sign-ins. "
        "This service does not carry it out."
    )
