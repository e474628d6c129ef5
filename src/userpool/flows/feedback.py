"""What a person says of a sign-in that looked risky.

UpdateAuthEventFeedback.
"""

from __future__ import annotations

from userpool.protocol import operations as ops
from userpool.protocol.effects import Flow

from .config import ClientConfig
from .invoke import invoke


def update_auth_event_feedback(
    config: ClientConfig, username: str, *, event_id: str, feedback_token: str, feedback_value: str
) -> Flow[None]:
    """Say whether it was the user (UpdateAuthEventFeedback), with the token of the message that asked."""
    request = ops.UPDATE_AUTH_EVENT_FEEDBACK.input(
        user_pool_id=config.user_pool_id,
        username=username,
        event_id=event_id,
        feedback_token=feedback_token,
        feedback_value=feedback_value,
    )
    yield from invoke(config, ops.UPDATE_AUTH_EVENT_FEEDBACK, request)
