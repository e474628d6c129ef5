"""The trigger before tokens: claims of the ID token and groups of both; with events of version 2 claims and
scopes of the access token too.
"""

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
        "scope",
        "sub",
        "token_use",
        "username",
        "version",
    }
)
"""Claims that no function can add, change or take away; neither any that begins with `cognito:`."""

_FLAT = ("address", "email_verified", "phone_number_verified", "updated_at")
"""Claims of users' attributes that cannot become objects."""

_GROUPS = "groupOverrideDetails"
_ADD, _SUPPRESS = "claimsToAddOrOverride", "claimsToSuppress"
_V2 = "2"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Why tokens are made: the end of `triggerSource`, and the metadata of the call."""

    kind: str
    metadata: Metadata = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """What is to become of the claims of one token."""

    add: Mapping[str, Any] = field(default_factory=dict, repr=False)
    suppress: tuple[str, ...] = ()

    def apply(self, claims: dict[str, Any]) -> None:
        """Change them. One that is added and suppressed is suppressed."""
        for name, value in self.add.items():
            if _is_free(name):
                claims[name] = value
        for name in self.suppress:
            if _is_free(name):
                claims.pop(name, None)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is to become of the tokens."""

    groups: GroupClaims
    identity: Claims = field(default_factory=Claims)
    access: Claims = field(default_factory=Claims)
    add_scopes: tuple[str, ...] = ()
    suppress_scopes: tuple[str, ...] = ()

    def scope(self, before: str) -> str:
        """The scopes of the access token."""
        kept = dict.fromkeys((*before.split(), *self.add_scopes))
        return " ".join(one for one in kept if one not in self.suppress_scopes)


def overrides(
    context: Context, realm: Realm, user: User, groups: GroupClaims, scope: str, why: Occurrence | None
) -> Overrides:
    """Ask what is to become of the tokens; without a function, nothing.

    Args:
        context: the world.
        realm: the client that the tokens are for.
        user: as stored now.
        groups: what the tokens would say of groups.
        scope: that of the access token.
        why: what the tokens are made for; `None` where no function is asked.

    Raises:
        UserLambdaValidationException: the function refuses, or failed.
        InvalidLambdaResponseException: what it says cannot be done.
    """
    trigger = Trigger.PRE_TOKEN_GENERATION
    if why is None or not context.triggers.has(trigger):
        return Overrides(groups)
    both = context.triggers.version(trigger) == _V2
    request = {
        "userAttributes": user_attributes(user),
        "groupConfiguration": {
            "groupsToOverride": list(groups.names),
            "iamRolesToOverride": list(groups.roles),
            "preferredRole": groups.preferred_role,
        },
        "clientMetadata": given(why.metadata),
        **({"scopes": scope.split()} if both else {}),
    }
    member = "claimsAndScopeOverrideDetails" if both else "claimsOverrideDetails"
    about = occasion(trigger, why.kind, realm, user.username)
    details = call(context, about, request, {member: None}).part(member)
    groups = _groups(details) if _GROUPS in details.response else groups
    if not both:
        return Overrides(groups, Claims(details.texts(_ADD), details.names(_SUPPRESS)))
    access = details.part("accessTokenGeneration")
    scopes = access.names("scopesToAdd"), access.names("scopesToSuppress")
    return Overrides(groups, _claims(details.part("idTokenGeneration")), _claims(access), *scopes)


def _claims(answer: Answer) -> Claims:
    added = answer.mapping(_ADD) or {}
    for name in _FLAT:
        if isinstance(added.get(name), dict):
            raise answer.invalid(f"{_ADD}.{name}")
    return Claims(added, answer.names(_SUPPRESS))


def _groups(answer: Answer) -> GroupClaims:
    """What takes the groups' place: where that is empty or null, nothing does."""
    groups = answer.part(_GROUPS)
    return GroupClaims(
        groups.names("groupsToOverride"), groups.names("iamRolesToOverride"), groups.text("preferredRole")
    )


def _is_free(name: str) -> bool:
    return name not in _FIXED and not name.startswith("cognito:")
