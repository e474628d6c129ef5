"""A user moves from amazon-cognito-identity-js's storage into ours, and back, and stays signed in."""

from __future__ import annotations

from tests.interop.javascript import Node
from tests.interop.pools import PASSWORD, Pool
from userpool import SignedIn, UserPool


def test_from_the_library_to_python_and_back(node: Node, pool: Pool) -> None:
    name = pool.user(name="Ada")
    theirs = node.pool(pool.endpoint, pool.id, pool.client_id)
    there = theirs.user(name)
    assert there.sign_in(name, PASSWORD).value["valid"]
    with UserPool(pool.id, pool.client_id, endpoint=pool.endpoint) as ours:
        (moved,) = ours.import_from_javascript(theirs.items())
        current = ours.current_user()
        assert current is not None
        assert current.username == moved.username
        assert current.get_user().attributes["name"] == "Ada"
        before = current.access_token()
        assert current.refresh().access_token != before
        back = ours.export_to_javascript()
        newest = current.access_token()
    other = node.pool(pool.endpoint, pool.id, pool.client_id)
    assert other.items(back) == back
    again = other.current_user()
    assert again is not None
    session = again.call("getSession").value
    assert session["access"] == newest, "valid as it is: it was not refreshed once more"
    assert again.call("refreshSession", {"$refreshToken": session["refresh"]}).value["access"] != newest


def test_from_python_to_the_library(node: Node, pool: Pool) -> None:
    name = pool.user(name="Bob")
    with UserPool(pool.id, pool.client_id, endpoint=pool.endpoint) as ours:
        assert isinstance(ours.sign_in(name, PASSWORD), SignedIn)
        items = ours.export_to_javascript()
    theirs = node.pool(pool.endpoint, pool.id, pool.client_id)
    theirs.items(items)
    user = theirs.current_user()
    assert user is not None
    assert user.call("getSession").value["valid"]
    assert {"Name": "name", "Value": "Bob"} in [
        {"Name": key, "Value": value}
        for one in user.call("getUserAttributes").value
        for key, value in one.items()
    ]
