"""What a user holds, and how long it is good."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from tests.flows.stage import CLIENT, NOW, jwt
from userpool.client.held import SHORTEST_LIFE, Held, hold, hold_grant
from userpool.flows.grant import Grant, Tokens
from userpool.protocol.errors import TokenError

USER = {"sub": "sub", "iat": NOW, "exp": NOW + 3600, "client_id": CLIENT, "username": "ada", "iss": "pool"}
IDENTITY = {"sub": "sub", "iat": NOW, "exp": NOW + 3600, "aud": CLIENT, "cognito:username": "ada"}


def tokens(access: dict[str, Any], identity: dict[str, Any] | None = None) -> Tokens:
    return Tokens(access_token=jwt(**access), id_token=jwt(**identity) if identity else None)


def held(*, exp: float = NOW + 3600, iat: float = NOW, id_exp: float | None = None, **more: Any) -> Held:
    identity = {**IDENTITY, "iat": iat, "exp": id_exp} if id_exp else None
    return hold(tokens({**USER, "exp": exp, "iat": iat}, identity), client_id=CLIENT, **more)


def test_whose_they_are() -> None:
    both = hold(tokens(USER, IDENTITY), client_id=CLIENT)
    assert (both.username, both.sub) == ("ada", "sub")
    assert both.id_claims["aud"] == CLIENT
    nameless = {name: value for name, value in USER.items() if name not in ("username", "client_id")}
    assert hold(tokens(nameless, IDENTITY), client_id=CLIENT).username == "ada"
    assert hold(tokens(nameless), client_id=CLIENT).username == "sub"


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(TokenError, match="two different users"):
        hold(tokens(USER, {**IDENTITY, "sub": "other"}), client_id=CLIENT)
    for pair in ((USER, None), (USER, {**IDENTITY, "aud": "other"}), ({**USER, "client_id": "other"}, None)):
        client = "other" if pair[1] is None and pair[0] is USER else CLIENT
        with pytest.raises(TokenError, match="another app client"):
            hold(tokens(*pair), client_id=client)


@pytest.mark.parametrize("token", ["", "a.b.c", "opaque", "a.b", "e30.W10.x"])
def test_what_is_no_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(TokenError, match="access token"):
        hold(Tokens(access_token=token), client_id=CLIENT)


@pytest.mark.parametrize("claim", ["sub", "exp", "iat"])
@pytest.mark.parametrize("value", [None, "soon", True, 1e300, [], float("1e999")])
def test_a_token_without_its_claims_is_refused(claim: str, value: object) -> None:
    if claim == "sub" and value == "soon":
        return
    with pytest.raises(TokenError):
        hold(tokens({**USER, claim: value}), client_id=CLIENT)
    with pytest.raises(TokenError):
        hold(tokens(USER, {**IDENTITY, claim: value}), client_id=CLIENT)


def test_fresh_until_the_margin() -> None:
    user = held()
    assert user.fresh(NOW, 0, 30)
    assert user.fresh(NOW + 3569, 0, 30)
    assert not user.fresh(NOW + 3570, 0, 30)
    assert not user.fresh(NOW + 9999, 0, 30)


def test_the_token_that_ends_first_counts() -> None:
    user = held(id_exp=NOW + 600)
    assert user.fresh(NOW + 500, 0, 30)
    assert not user.fresh(NOW + 571, 0, 30)


def test_drift_moves_the_end() -> None:
    assert not held(drift=3600.0).fresh(NOW, 0, 30)
    assert held(drift=-3600.0).fresh(NOW + 7000, 0, 30)


def test_r10_both_clocks_have_a_say() -> None:
    user = held(received_monotonic=1000.0)
    assert user.fresh(NOW - 86400, 1000 + 3500, 30), "a clock set back makes no token old"
    assert not user.fresh(NOW - 86400, 1000 + 3571, 30), "a clock set back keeps no token young"
    assert not user.fresh(NOW + 3571, 1000.0, 30), "the monotonic clock stands while a machine sleeps"


def test_short_tokens_are_not_refreshed_at_every_call() -> None:
    user = held(exp=NOW + 40)
    assert user.fresh(NOW + 19, 0, 30)
    assert not user.fresh(NOW + 21, 0, 30)


def test_r09_a_token_that_arrives_dead_is_not_asked_for_in_a_loop() -> None:
    dead = held(exp=NOW - 99, received_monotonic=0.0)
    assert dead.fresh(NOW, 0, 30)
    assert not dead.fresh(NOW + SHORTEST_LIFE, SHORTEST_LIFE, 30)


@given(
    st.floats(-1e6, 1e6),
    st.floats(0, 1e6),
    st.integers(-(10**6), 10**6),
    st.floats(0, 1e6),
    st.floats(0, 1e4),
)
def test_a_fresh_token_only_gets_older(
    drift: float, start: float, life: int, wait: float, margin: float
) -> None:
    user = held(exp=NOW + life, drift=drift, received_monotonic=start)
    if not user.fresh(NOW, start, margin):
        assert not user.fresh(NOW + wait, start + wait, margin)


def test_the_clock_is_measured_by_what_comes() -> None:
    grant = Grant(tokens=tokens(USER))
    user = hold_grant(grant, client_id=CLIENT, now=NOW + 5000, monotonic=7.0)
    assert (user.drift, user.received_monotonic) == (-5000, 7.0)
    assert user.fresh(NOW + 5000, 7.0, 30)


def test_r08_another_user_s_tokens_are_refused() -> None:
    known = held()
    grant = Grant(tokens=tokens({**USER, "sub": "other"}))
    with pytest.raises(TokenError, match="another user's"):
        hold_grant(grant, client_id=CLIENT, now=NOW, monotonic=0, known=known)
    elsewhere = Grant(tokens=tokens({**USER, "iss": "another pool"}))
    with pytest.raises(TokenError, match="another user's"):
        hold_grant(elsewhere, client_id=CLIENT, now=NOW, monotonic=0, known=known)


def test_c27_it_prints_whose_it_is_and_no_more() -> None:
    secret = canary()
    user = hold(
        Tokens(access_token=jwt(**USER, note=secret), id_token=None, refresh_token=secret),
        client_id=CLIENT,
        device_key=secret,
    )
    assert_hidden(user, secret, user.tokens.access_token)
    assert "ada" in repr(user)
