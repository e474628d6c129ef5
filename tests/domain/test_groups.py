"""What a user's groups mean in the tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.service.domain.groups import GroupClaims, group_claims
from userpool.service.domain.records import Group


def group(name: str, precedence: int | None = None, role: str | None = None) -> Group:
    return Group("pool", name, None, role, precedence, 0.0, 0.0)


@pytest.mark.parametrize(
    ("groups", "wanted"),
    [
        ([], GroupClaims()),
        ([group("a")], GroupClaims(("a",))),
        ([group("b", 1), group("a", 2), group("c", 0)], GroupClaims(("c", "b", "a"))),
        ([group("n"), group("z", 2**31 - 1), group("a", 7)], GroupClaims(("a", "z", "n"))),
        ([group("b", 1), group("a", 1)], GroupClaims(("a", "b"))),
        ([group("a", role="x")], GroupClaims(("a",), ("x",), "x")),
        ([group("a", 1, "x"), group("b", 0, "y")], GroupClaims(("b", "a"), ("y", "x"), "y")),
        ([group("a", 0), group("b", 1, "y")], GroupClaims(("a", "b"), ("y",), "y")),
        ([group("a", 0, "x"), group("b", 0, "y")], GroupClaims(("a", "b"), ("x", "y"), None)),
        ([group("a", 0, "x"), group("b", 0, "x")], GroupClaims(("a", "b"), ("x",), "x")),
        ([group("a", None, "x"), group("b", None, "y")], GroupClaims(("a", "b"), ("x", "y"), None)),
        ([group("a", 0, "x"), group("b", 0), group("c", 1, "y")], GroupClaims(tuple("abc"), ("x", "y"), "x")),
    ],
)
def test_claims(groups: list[Group], wanted: GroupClaims) -> None:
    assert group_claims(groups) == wanted
    assert group_claims(reversed(groups)) == wanted


groups = st.lists(
    st.builds(
        group,
        st.text(min_size=1, max_size=3),
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from(["x", "y", "z"]),
    ),
    unique_by=lambda one: one.name,
)


@given(groups)
def test_every_group_and_role_is_named_once_and_the_preferred_one_is_the_first(found: list[Group]) -> None:
    claims = group_claims(found)
    assert sorted(claims.names) == sorted(one.name for one in found)
    assert set(claims.roles) == {one.role_arn for one in found} - {None}
    assert len(set(claims.roles)) == len(claims.roles)
    assert claims.preferred_role in (None, *claims.roles[:1])
