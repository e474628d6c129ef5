"""What users can be found by (ListUsers' filter), and where a page of them ends.

A pool may hold millions of users, so that every search is one walk along one index: equal values are ordered
by `sub`, values that share a prefix by value and then by `sub`.
"""

from __future__ import annotations

from .records import ListedUser, User

SEARCHED_TEXT = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")
"""The attributes that are searched as they were written, besides `username`."""

INDEXED_CHARACTERS = 256
"""How much of a value the index holds: a filter is 256 characters at most, so it can ask for no more."""


def search_text(user: User | ListedUser, attribute: str) -> str | None:
    """The text under which `user` is found by `attribute`; `None` where it cannot be.

    A NUL cannot be kept in a column of PostgreSQL; a value that holds one is kept, but not found.
    """
    value = user.username if attribute == "username" else user.attributes.get(attribute)
    if value is None or "\0" in value:
        return None
    return value[:INDEXED_CHARACTERS]


def position(user: User | ListedUser, attribute: str | None = None, prefix: bool = False) -> str:
    """Where a listing that ended at `user` goes on: what `Reader.users` takes as `after`.

    It holds all that is needed, so that the next page is found even when `user` was deleted meanwhile.
    """
    if prefix and attribute is not None and (attribute in SEARCHED_TEXT or attribute == "username"):
        return f"{user.sub}/{search_text(user, attribute) or ''}"
    return user.sub
