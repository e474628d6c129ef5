"""The trigger before tokens (events of version 1): claims of the ID token, and groups of both tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..context import Context
from ..domain.groups import GroupClaims
from ..domain.records import User
from ..ports import Trigger
from ..realm import Realm
from .calling import Answer, call
from .events import Metadata, given, occasion, user_attributes

_FIXED = frozenset(
    {
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "client_id",
        "device_key",
        "event_id",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
        "username",
        "version",
    }
)
"""Claims that no function can add, change or take away; neither any that begins with `cognito:`."""

_DETAILS, _GROUPS = "claimsOverrideDetails", "groupOverrideDetails"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Why tokens are made: the end of `triggerSource`, and the metadata of the call."""

    kind: str
    metadata: Metadata = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is to become of the tokens."""

    groups: GroupClaims
    add: Mapping[str, str] = field(default_factory=dict, repr=False)
    suppress: tuple[str, ...] = ()

    def apply(self, claims: dict[str, Any]) -> None:
        """Change the claims of an ID token. One that is added and suppressed is suppressed."""
        for name, value in self.add.items():
            if _is_free(name):
                claims[name] = value
        for name in self.suppress:
            if _is_free(name):
                claims.pop(name, None)


def overrides(
    context: Context, realm: Realm, user: User, groups: GroupClaims, why: Occurrence | None
) -> Overrides:
    """Ask what is to become of the tokens; without a function, nothing.

    Args:
        context: the world.
        realm: the client that the tokens are for.
        user: as stored now.
        groups: what the tokens would say of groups.
        why: what the tokens are made for; `None` where no function is asked.

    Raises:
        UserLambdaValidationException: the function refuses, or failed.
        InvalidLambdaResponseException: what it says cannot be done.
    """
    if why is None or not context.triggers.has(Trigger.PRE_TOKEN_GENERATION):
        return Overrides(groups)
    request = {
        "userAttributes": user_attributes(user),
        "groupConfiguration": {
            "groupsToOverride": list(groups.names),
            "iamRolesToOverride": list(groups.roles),
            "preferredRole": groups.preferred_role,
        },
        "clientMetadata": given(why.metadata),
    }
    about = occasion(Trigger.PRE_TOKEN_GENERATION, why.kind, realm, user.username)
    details = call(context, about, request, {_DETAILS: None}).mapping(_DETAILS)
    if details is None:
        return Overrides(groups)
    answer = Answer(Trigger.PRE_TOKEN_GENERATION, details)
    return Overrides(
        _groups(answer) if _GROUPS in details else groups,
        answer.texts("claimsToAddOrOverride"),
        answer.names("claimsToSuppress"),
    )


def _groups(answer: Answer) -> GroupClaims:
    """What takes the groups' place: where that is empty or null, nothing does."""
    groups = Answer(answer.trigger, answer.mapping(_GROUPS) or {})
    return GroupClaims(
        groups.names("groupsToOverride"), groups.names("iamRolesToOverride"), groups.text("preferredRole")
    )


def _is_free(name: str) -> bool:
    return name not in _FIXED and not name.startswith("cognito:")
