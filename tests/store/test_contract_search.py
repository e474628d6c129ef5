"""What every store does: find users by an attribute, in pages that lose nobody and show nobody twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.examples import OTHER_POOL, POOL, add_pool, add_user, make_user
from userpool.service.domain.filters import SEARCHABLE
from userpool.service.domain.records import ListedUser, Pool, User, UserStatus
from userpool.service.domain.search import position
from userpool.service.ports import Store, Writer


def walk(
    store: Store,
    pool: Pool,
    limit: int,
    attribute: str | None = None,
    value: str = "",
    prefix: bool = False,
    then: Callable[[list[ListedUser]], None] = lambda page: None,
) -> list[ListedUser]:
    """All users that are found, read in pages of `limit`; `then` is done with each page."""
    found: list[ListedUser] = []
    after: str | None = None

    def page() -> list[ListedUser]:
        return store.read(
            lambda r: list(
                r.users(pool.id, limit=limit, after=after, attribute=attribute, value=value, prefix=prefix)
            )
        )

    while users := page():
        assert len(users) <= limit
        found += users
        after = position(users[-1], attribute, prefix)
        assert len(found) < 10_000
        then(users)
    return found


def subs(users: Sequence[ListedUser | User]) -> list[str]:
    return [user.sub for user in users]


PEOPLE = [
    make_user(1, attributes={"email": "ann@example.com", "name": "Ann", "family_name": "Lee"}),
    make_user(2, attributes={"email": "ann@example.com", "name": "ann", "phone_number": "+15550001"}),
    make_user(
        3, attributes={"email": "anna@example.com", "given_name": "Anna", "preferred_username": "anna"}
    ),
    make_user(4, attributes={"name": "An%", "phone_number": "+15550002"}, enabled=False),
    make_user(5, attributes={"name": "An_\\'\""}, status=UserStatus.UNCONFIRMED),
    make_user(6, username="Ann", attributes={"custom:x": "Ann"}, status=UserStatus.RESET_REQUIRED),
    make_user(7, attributes={"name": ""}),
    make_user(8, attributes={"name": "nul\0in it"}),
]


@pytest.fixture
def people(store: Store) -> Store:
    add_pool(store)
    add_pool(store, OTHER_POOL)
    for user in PEOPLE:
        add_user(store, user)
    add_user(store, make_user(1, OTHER_POOL, attributes={"email": "ann@example.com", "name": "Ann"}))
    return store


FOUND: list[tuple[str | None, str, bool, set[int]]] = [
    ("email", "ann@example.com", False, {1, 2}),
    ("email", "ann", False, set()),
    ("email", "ann", True, {1, 2, 3}),
    ("email", "", True, {1, 2, 3}),
    ("email", "", False, set()),
    ("name", "", False, {7}),
    ("name", "An", True, {1, 4, 5}),
    ("name", "An%", True, {4}),
    ("name", "An_", True, {5}),
    ("name", "An_\\'\"", False, {5}),
    ("name", "' or 1=1 --", False, set()),
    ("name", "nul\0in it", False, set()),
    ("name", "nul\0", True, set()),
    ("username", "Ann", False, {6}),
    ("username", "user", True, {1, 2, 3, 4, 5, 7, 8}),
    ("given_name", "Anna", False, {3}),
    ("family_name", "L", True, {1}),
    ("preferred_username", "anna", False, {3}),
    ("phone_number", "+1555", True, {2, 4}),
    ("status", "Disabled", False, {4}),
    ("status", "Dis", True, {4}),
    ("status", "disabled", False, set()),
    ("status", "", True, set(range(1, 9))),
    ("status", "Enabled", False, {1, 2, 3, 5, 6, 7, 8}),
    ("cognito:user_status", "UNCONFIRMED", False, {5}),
    ("cognito:user_status", "RES", True, {6}),
    ("cognito:user_status", "X", True, set()),
    ("cognito:user_status", "", True, set(range(1, 9))),
    ("sub", PEOPLE[2].sub, False, {3}),
    ("sub", PEOPLE[2].sub[:8], True, {3}),
    ("sub", PEOPLE[2].sub, True, {3}),
    ("sub", "", True, set(range(1, 9))),
    ("sub", "zzz", True, set()),
    (None, "", False, set(range(1, 9))),
]
"""Attribute, value, whether it is a prefix, and the numbers of those that are found."""


def test_who_is_found(people: Store) -> None:
    for attribute, value, prefix, numbers in FOUND:
        expected = sorted(PEOPLE[n - 1].sub for n in numbers)
        by_value = prefix and position(PEOPLE[0], attribute, prefix) != PEOPLE[0].sub
        for limit in (1, 3, 60):
            found = subs(walk(people, POOL, limit, attribute, value, prefix))
            assert sorted(found) == expected, (attribute, value, prefix, limit)
            assert by_value or found == expected, (attribute, value, prefix, limit)


def test_a_list_shows_what_is_kept_and_a_walk_for_all_of_it_keeps_its_order(people: Store) -> None:
    def one_behind(after: str | None) -> User:
        [found] = people.read(lambda r: r.whole_users(POOL.id, limit=1, after=after))
        return found

    listed = walk(people, POOL, 3)
    whole = [one_behind(last) for last in (None, *subs(listed)[:-1])]
    assert sorted(whole, key=lambda user: user.username) == sorted(PEOPLE, key=lambda user: user.username)
    for short, user in zip(listed, whole, strict=True):
        assert short == ListedUser(**{name: getattr(user, name) for name in ListedUser.__slots__})


def test_every_searchable_attribute_can_be_searched(people: Store) -> None:
    for attribute, prefix in itertools.product(SEARCHABLE, (False, True)):
        assert walk(people, POOL, 60, attribute, "nothing like it", prefix) == []


def test_others_cannot(people: Store) -> None:
    for attribute, prefix in itertools.product(
        ("custom:x", "enabled", "attributes", "version"), (False, True)
    ):
        with pytest.raises(ValueError, match="searched by"):
            walk(people, POOL, 60, attribute, "x", prefix)


def test_a_search_by_prefix_does_not_go_on_at_a_sub(people: Store) -> None:
    with pytest.raises(ValueError, match="position"):
        people.read(lambda r: r.users(POOL.id, limit=1, after="x", attribute="name", value="", prefix=True))


def test_a_changed_attribute_is_found_by_its_new_value_only(people: Store) -> None:
    changed = replace(PEOPLE[0], attributes={"email": "new@example.com"}, enabled=False)
    people.write(lambda w: w.put_user(changed))
    assert subs(walk(people, POOL, 9, "email", "new@example.com")) == [changed.sub]
    assert subs(walk(people, POOL, 9, "email", "ann@example.com")) == [PEOPLE[1].sub]
    assert changed.sub in subs(walk(people, POOL, 9, "status", "Disabled"))


def test_values_longer_than_a_filter_are_found_by_their_beginning(people: Store) -> None:
    long = "é" * 2_000
    people.write(lambda w: w.put_user(replace(PEOPLE[0], attributes={"name": long})))
    people.write(lambda w: w.put_user(replace(PEOPLE[1], attributes={"name": long + "x"})))
    assert len(walk(people, POOL, 1, "name", "é" * 200, True)) == 2


@pytest.mark.parametrize(("attribute", "value", "prefix"), [(None, "", False), ("name", "n", True)])
def test_who_deletes_page_by_page_misses_nobody(
    store: Store, attribute: str | None, value: str, prefix: bool
) -> None:
    add_pool(store)
    users = [make_user(n, attributes={"name": f"n{n % 3}"}) for n in range(20)]

    def add(writer: Writer) -> None:
        for user in users:
            writer.add_user(user, ())

    def delete(page: list[ListedUser]) -> None:
        def work(writer: Writer) -> None:
            for user in page:
                writer.delete_user(POOL.id, user.sub)

        store.write(work)

    store.write(add)
    seen = walk(store, POOL, 3, attribute, value, prefix, then=delete)
    assert sorted(subs(seen)) == sorted(subs(users))
    assert store.read(lambda r: r.count_users(POOL.id)) == 0


LETTERS = st.text(st.sampled_from("aAbé%_'\\ \x7f\uffff\U00010000\U0010ffff"), max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(LETTERS, max_size=8), value=LETTERS, limit=st.integers(1, 3), prefix=st.booleans())
def test_whatever_the_names_a_search_finds_what_begins_so(
    store: Store, names: list[str], value: str, limit: int, prefix: bool
) -> None:
    store.reset()
    add_pool(store)
    users = [make_user(n, attributes={"name": name}) for n, name in enumerate(names)]

    def add(writer: Writer) -> None:
        for user in users:
            writer.add_user(user, ())

    store.write(add)
    fits = [
        u
        for u in users
        if (u.attributes["name"].startswith(value) if prefix else u.attributes["name"] == value)
    ]
    fits.sort(key=lambda u: (u.attributes["name"].encode(), u.sub) if prefix else (b"", u.sub))
    assert subs(walk(store, POOL, limit, "name", value, prefix)) == subs(fits)


def test_many_users_are_estimated_from_some(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_pool(store)
    add_pool(store, OTHER_POOL)

    def add(writer: Writer) -> None:
        for n in range(300):
            writer.add_user(make_user(n), ())
        for n in range(30):
            writer.add_user(make_user(n, OTHER_POOL, sub=f"pinned-{n:02}"), ())
            writer.add_user(make_user(n, OTHER_POOL, sub=f"00000000-{n:02}"), ())

    store.write(add)
    assert store.read(lambda r: r.count_users(POOL.id)) == 300
    monkeypatch.setattr("userpool.service.store.reader._EXACT", 100)
    assert 200 < store.read(lambda r: r.count_users(POOL.id)) < 400
    monkeypatch.setattr("userpool.service.store.reader._EXACT", 40)
    assert store.read(lambda r: r.count_users(OTHER_POOL.id)) == 60  # no hexadecimal number
    monkeypatch.setattr("userpool.service.store.reader._EXACT", 20)
    assert store.read(lambda r: r.count_users(OTHER_POOL.id)) == 60  # zero
