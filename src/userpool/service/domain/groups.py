"""What a user's groups mean in the tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .records import Group

MAX_GROUPS = 10_000
"""Groups of a pool."""
MAX_OF_USER = 100
"""Groups that one user is in."""


@dataclass(frozen=True, slots=True)
class GroupClaims:
    """What tokens say of groups, the weightiest first."""

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None


def group_claims(groups: Iterable[Group]) -> GroupClaims:
    """The claims of a user who is in `groups`.

    They are ordered by precedence, equal ones by name. The preferred role is that of the weightiest group
    that has a role; where several weigh the same and their roles differ, there is none.
    """
    ordered = sorted(groups, key=lambda group: (*_weight(group), group.name))
    with_role = [(group.role_arn, _weight(group)) for group in ordered if group.role_arn]
    roles = tuple(dict.fromkeys(role for role, _ in with_role))
    first = {role for role, weight in with_role if weight == with_role[0][1]}
    return GroupClaims(
        names=tuple(group.name for group in ordered),
        roles=roles,
        preferred_role=roles[0] if len(first) == 1 else None,
    )


def _weight(group: Group) -> tuple[bool, int]:
    return group.precedence is None, group.precedence or 0
