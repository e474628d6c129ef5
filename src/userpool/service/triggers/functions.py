"""Triggers that are Python functions, called in this process."""

from __future__ import annotations

import contextvars
import inspect
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..ports import Trigger, TriggerFailed, TriggerUnreachable

Function = Callable[[dict[str, Any]], Any]
"""Takes Cognito's event for its trigger, and changes `event["response"]` or returns an event that has it
changed. It may be a coroutine function, which gets an event loop of its own.
"""

LIMIT_SECONDS = 5.0
"""How long Cognito waits for an answer."""

_logger = logging.getLogger("userpool.service.triggers")


class Triggers:
    """Functions for some triggers or all of them, for every pool of the service: the event names the pool.

    Each is called in a thread of its own, outside of any transaction, so that it may call the service itself.
    It is called once: an error is not tried again. What it raises is told to the caller of the operation, as
    Cognito does: put nothing secret into the text.

    Args:
        define_auth_challenge: says what comes next in CUSTOM_AUTH.
        create_auth_challenge: makes a challenge of it.
        verify_auth_challenge_response: judges the answer.
        user_migration: gives a user that is not there yet, when it signs in by password or has forgotten it.
        pre_sign_up: refuses, confirms or verifies a user before it is made.
        post_confirmation: learns of a confirmed user, or of a new password after a lost one.
        pre_authentication: refuses a sign-in before anything is checked.
        post_authentication: learns of a sign-in, or refuses it, before tokens are made.
        pre_token_generation: changes claims and groups of tokens.
        token_version: of that function's events: 1 changes the ID token only, 2 the access token and its
            scopes too.
        seconds: how long one of them may take. One that takes longer is answered for with an error; its
            thread cannot be stopped, and ends when the function does.
    """

    def __init__(
        self,
        *,
        define_auth_challenge: Function | None = None,
        create_auth_challenge: Function | None = None,
        verify_auth_challenge_response: Function | None = None,
        user_migration: Function | None = None,
        pre_sign_up: Function | None = None,
        post_confirmation: Function | None = None,
        pre_authentication: Function | None = None,
        post_authentication: Function | None = None,
        pre_token_generation: Function | None = None,
        token_version: Literal[1, 2] = 1,
        seconds: float = LIMIT_SECONDS,
    ) -> None:
        given: Mapping[Trigger, Function | None] = {
            Trigger.DEFINE_AUTH_CHALLENGE: define_auth_challenge,
            Trigger.CREATE_AUTH_CHALLENGE: create_auth_challenge,
            Trigger.VERIFY_AUTH_CHALLENGE_RESPONSE: verify_auth_challenge_response,
            Trigger.USER_MIGRATION: user_migration,
            Trigger.PRE_SIGN_UP: pre_sign_up,
            Trigger.POST_CONFIRMATION: post_confirmation,
            Trigger.PRE_AUTHENTICATION: pre_authentication,
            Trigger.POST_AUTHENTICATION: post_authentication,
            Trigger.PRE_TOKEN_GENERATION: pre_token_generation,
        }
        self._functions = {name: function for name, function in given.items() if function is not None}
        self._token_version = str(token_version)
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"Triggers({', '.join(sorted(self._functions))})"

    def has(self, trigger: Trigger) -> bool:
        """Whether there is a function for it."""
        return trigger in self._functions

    def version(self, trigger: Trigger) -> str:
        """The version of its events."""
        return self._token_version if trigger is Trigger.PRE_TOKEN_GENERATION else "1"

    def invoke(self, trigger: Trigger, event: dict[str, Any]) -> object:
        """Call the function of a trigger, and return what it makes of the event.

        Raises:
            TriggerFailed: it raised something.
            TriggerUnreachable: it took too long.
        """
        function = self._functions[trigger]
        results: queue.SimpleQueue[tuple[object, BaseException | None]] = queue.SimpleQueue()
        surroundings = contextvars.copy_context()

        def work() -> None:
            try:
                results.put((surroundings.run(_call, function, event), None))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                results.put((None, error))

        threading.Thread(target=work, name=f"userpool-{trigger}", daemon=True).start()
        try:
            answered, error = results.get(timeout=self._seconds)
        except queue.Empty:
            raise TriggerUnreachable(
                f"{trigger} invocation failed: it took longer than {self._seconds:g} seconds."
            ) from None
        if error is not None:
            _logger.warning("the trigger %s failed", trigger, exc_info=error)
            raise TriggerFailed(_text(error) or type(error).__name__)
        # A function that changes the event that it was given need not return it.
        return event if answered is None else answered


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - of somebody else's making, and told in the log above
        return ""


def _call(function: Function, event: dict[str, Any]) -> object:
    answered = function(event)
    if inspect.iscoroutine(answered):
        import asyncio

        return asyncio.run(answered)
    return answered
