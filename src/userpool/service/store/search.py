"""Listing users: each kind of search is one walk along one index, begun where the last page ended.

Equal values are ordered by `sub`, values with a common prefix by value and then by `sub`. So a page costs the
same in a pool of a thousand users and of ten million, at its beginning and at its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from ..domain.records import ListedUser, UserStatus
from ..domain.search import INDEXED_CHARACTERS, SEARCHED_TEXT
from .rows import LISTED_COLUMNS, Row, listed_user_from
from .schema import users
from .session import Session

_TEXT = ("username", *SEARCHED_TEXT)
_LAST = "\U0010ffff" * (INDEXED_CHARACTERS + 1)
"""Comes after every value: what stands between a prefix and the prefix with this begins with the prefix."""


def _page(*conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    here = users.c.pool_id == bindparam("pool_id")
    return select(*LISTED_COLUMNS).where(here, *conditions).limit(bindparam("limit"))


def _by_sub(*conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return _page(*conditions, users.c.sub > bindparam("after")).order_by(users.c.sub)


def _by_value(name: str) -> Select[tuple[object, ...]]:
    return _by_sub(users.c[name] == bindparam("value"))


def _by_prefix(name: str) -> Select[tuple[object, ...]]:
    column = users.c[name]
    place = tuple_(column, users.c.sub) > tuple_(bindparam("after_value"), bindparam("after"))
    return _page(place, column < bindparam("end")).order_by(column, users.c.sub)


_ALL = _by_sub()
_EQUAL = {name: _by_value(name) for name in (*_TEXT, "sub")}
_PREFIX = {name: _by_prefix(name) for name in _TEXT}
_SUB_FROM = _page(users.c.sub >= bindparam("value"), users.c.sub < bindparam("end")).order_by(users.c.sub)
_SUB_AFTER = _by_sub(users.c.sub < bindparam("end"))

_ENABLED = _by_value("enabled")
_STATUS = _by_value("status")
_FEW: dict[str, tuple[Select[tuple[object, ...]], dict[str, object]]] = {
    "status": (_ENABLED, {"Enabled": True, "Disabled": False}),
    "cognito:user_status": (_STATUS, {status.value: status.value for status in UserStatus}),
}
"""Attributes with few values, no two of which begin alike: how a filter calls them, what the column holds."""


def list_users(
    session: Session,
    pool_id: str,
    limit: int,
    after: str | None,
    attribute: str | None,
    value: str,
    prefix: bool,
) -> Sequence[ListedUser]:
    """One page of users; see `Reader.users`. Raises `ValueError` for an attribute that is not searchable."""
    found = _find(session, {"pool_id": pool_id, "limit": limit}, after or "", attribute, value, prefix)
    return [listed_user_from(row) for row in found]


def _find(
    session: Session, place: dict[str, object], after: str, attribute: str | None, value: str, prefix: bool
) -> Sequence[Row]:
    if attribute in _FEW:
        statement, known = _FEW[attribute]
        fits = [held for name, held in known.items() if (name.startswith(value) if prefix else name == value)]
        if not fits:
            return ()
        if len(fits) == 1:
            return session.rows(statement, **place, after=after, value=fits[0])
        attribute = None  # the empty prefix
    if attribute is None:
        return session.rows(_ALL, **place, after=after)
    if "\0" in value:
        return ()
    if not prefix and attribute in _EQUAL:
        return session.rows(_EQUAL[attribute], **place, after=after, value=value)
    end = value + _LAST
    if prefix and attribute == "sub":
        if after:
            return session.rows(_SUB_AFTER, **place, after=after, end=end)
        return session.rows(_SUB_FROM, **place, value=value, end=end)
    if prefix and attribute in _PREFIX:
        sub, _, last = after.partition("/")
        if after and "/" not in after:
            raise ValueError(
                f"a search by prefix goes on at position(user, {attribute!r}, True), not at a sub"
            )
        return session.rows(_PREFIX[attribute], **place, after=sub, after_value=last or value, end=end)
    raise ValueError(f"users cannot be searched by {attribute!r}: use one of {sorted({*_EQUAL, *_FEW})}")
