"""Calling a trigger: Cognito's event around a request, and what is allowed to come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    UnexpectedLambdaException,
    UserLambdaValidationException,
)

from ..context import Context
from ..ports import Trigger, TriggerFailed, TriggerUnreachable

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""What stands for the app client where administrators act."""

MAX_ANSWER = 256 * 1024
"""Bytes of what a trigger answers, as JSON."""

_MAX_TEXT = 512
_FIXED = ("version", "triggerSource", "region", "userPoolId", "userName", "callerContext")
_SDK = "aws-sdk-unknown-unknown"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a trigger is called for: in Cognito's words, the source of the event, and about whom."""

    trigger: Trigger
    kind: str
    """The part of `triggerSource` behind the underscore."""
    pool_id: str
    client_id: str
    user_name: str = field(repr=False)

    @property
    def source(self) -> str:
        """`triggerSource`."""
        name = "TokenGeneration" if self.trigger is Trigger.PRE_TOKEN_GENERATION else self.trigger
        return f"{name}_{self.kind}"


def call(
    context: Context, occasion: Occasion, request: Mapping[str, Any], response: Mapping[str, Any]
) -> Answer:
    """Call the function of a trigger. Never call this inside of a transaction.

    Args:
        context: the world; it has the trigger.
        occasion: why, and about whom.
        request: the event's request.
        response: the event's response as the function finds it.

    Raises:
        UserLambdaValidationException: the function raised something.
        UnexpectedLambdaException: it could not be called, or took too long.
        InvalidLambdaResponseException: what it gave back is not the event that it got, with a response.
    """
    event = {
        "version": context.triggers.version(occasion.trigger),
        "triggerSource": occasion.source,
        "region": occasion.pool_id.partition("_")[0],
        "userPoolId": occasion.pool_id,
        "userName": occasion.user_name,
        "callerContext": {"awsSdkVersion": _SDK, "clientId": occasion.client_id},
        "request": request,
        "response": response,
    }
    sent = json.dumps(event)
    try:
        answered = context.triggers.invoke(occasion.trigger, json.loads(sent))
    except TriggerFailed as error:
        text = _shown(str(error))
        raise UserLambdaValidationException(f"{occasion.trigger} failed with error {text}.") from None
    except TriggerUnreachable as error:
        raise UnexpectedLambdaException(_shown(str(error))) from None
    return Answer(occasion.trigger, _response(json.loads(sent), answered))


def _shown(text: str) -> str:
    """A text of somebody else's making as it may stand in an error: short, in one line, nothing invisible."""
    printable = "".join(one if one.isprintable() else " " for one in text[:_MAX_TEXT])
    return printable.strip().removesuffix(".")


def _response(sent: Mapping[str, Any], answered: object) -> dict[str, Any]:
    try:
        # As UTF-8: half of a surrogate pair has none, and could neither be stored nor be sent.
        text = json.dumps(answered, allow_nan=False, ensure_ascii=False).encode()
        plain = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise InvalidLambdaResponseException("Unrecognizable lambda output") from None
    if len(text) > MAX_ANSWER or not isinstance(plain, dict):
        raise InvalidLambdaResponseException("Unrecognizable lambda output")
    if any(plain.get(name) != sent[name] for name in _FIXED):
        raise InvalidLambdaResponseException("Unrecognizable lambda output")
    response = plain.get("response")
    if not isinstance(response, dict):
        raise InvalidLambdaResponseException("Unrecognizable lambda output")
    return response


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of a trigger. What has another type than it should have is refused when it is read."""

    trigger: Trigger
    response: Mapping[str, Any] = field(repr=False)

    def flag(self, name: str) -> bool:
        """A member that is true or false; one that is missing or null is false."""
        value = self.response.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(name)
        return bool(value)

    def text(self, name: str) -> str | None:
        """A text, or `None` where there is none."""
        value = self.response.get(name)
        if value is not None and not isinstance(value, str):
            raise self.invalid(name)
        return value

    def texts(self, name: str) -> dict[str, str]:
        """Names and texts; empty where the member is missing or null."""
        value = self.mapping(name) or {}
        if not all(isinstance(one, str) for one in value.values()):
            raise self.invalid(name)
        return dict(value)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where the member is missing or null."""
        value = self.response.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.invalid(name)
        return tuple(value)

    def part(self, name: str) -> Answer:
        """An object by itself; empty where there is none."""
        return Answer(self.trigger, self.mapping(name) or {})

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        """An object, or `None` where there is none."""
        value = self.response.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.invalid(name)
        return value

    def invalid(self, name: str) -> InvalidLambdaResponseException:
        """The refusal of a member."""
        return InvalidLambdaResponseException(f"Invalid lambda function output : {self.trigger}, {name}")
