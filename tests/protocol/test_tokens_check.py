"""The rules for claims: each case of the catalogue that needs no signature, V-33 to V-55."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from userpool.protocol import tokens
from userpool.protocol.tokens import ClaimError, TokenUse, check_claims

NOW = 1_800_000_000
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aB12cDe34"
CLIENT = "7ghr5379orhbo88d52vphda6s9"
COMMON: dict[str, Any] = {
    "sub": "s",
    "iss": ISSUER,
    "exp": NOW + 3600,
    "iat": NOW - 5,
    "auth_time": NOW - 5,
    "jti": "j",
}
ACCESS = {**COMMON, "token_use": "access", "client_id": CLIENT, "scope": "openid x/read", "username": "ada"}
ID = {**COMMON, "token_use": "id", "aud": CLIENT, "cognito:username": "ada"}
MISSING = object()


def check(claims: dict[str, Any], changes: dict[str, Any] | None = None, **wanted: Any) -> TokenUse:
    changed = {**claims, **(changes or {})}
    present = {name: value for name, value in changed.items() if value is not MISSING}
    rules = {"issuer": ISSUER, "client_id": CLIENT, "token_use": None, "now": NOW, **wanted}
    return check_claims(present, **rules)


def refused(claim: str, claims: dict[str, Any], changes: dict[str, Any] | None = None, **wanted: Any) -> None:
    with pytest.raises(ClaimError) as caught:
        check(claims, changes, **wanted)
    assert caught.value.claim == claim


def test_good_tokens_pass() -> None:
    assert check(ACCESS) is TokenUse.ACCESS
    assert check(ID) is TokenUse.ID


@pytest.mark.parametrize(
    "value",
    [MISSING, None, True, [], {}, math.nan, math.inf, -math.inf, -1, 10**400, 253_402_300_800, str(NOW + 9)],
)
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
def test_v33_v34_v35_v55_times_are_finite_numbers(name: str, value: object) -> None:
    if value is MISSING and name in {"nbf", "auth_time"}:
        assert check(ACCESS, {name: MISSING}) is TokenUse.ACCESS
    else:
        refused(name, ACCESS, {name: value})


def test_v36_a_token_ends_at_its_expiry() -> None:
    assert check(ACCESS, {"exp": NOW + 1}) is TokenUse.ACCESS
    assert check(ACCESS, {"exp": NOW + 0.5}) is TokenUse.ACCESS
    refused("exp", ACCESS, {"exp": NOW})
    assert check(ACCESS, {"exp": NOW - 59}, leeway=60) is TokenUse.ACCESS
    refused("exp", ACCESS, {"exp": NOW - 60}, leeway=60)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_v37_times_of_the_future(name: str) -> None:
    assert check(ACCESS, {name: NOW}) is TokenUse.ACCESS
    refused(name, ACCESS, {name: NOW + 1})
    assert check(ACCESS, {name: NOW + 60}, leeway=60) is TokenUse.ACCESS
    refused(name, ACCESS, {name: NOW + 61}, leeway=60)


@pytest.mark.parametrize("leeway", [-1, 301, math.nan])
def test_v38_leeway_out_of_range(leeway: float) -> None:
    with pytest.raises(ValueError, match="leeway"):
        check(ACCESS, leeway=leeway)


@pytest.mark.parametrize(
    "value",
    [
        MISSING,
        None,
        5,
        [ISSUER],
        "",
        ISSUER[:-1],
        ISSUER + "/",
        ISSUER + "x",
        ISSUER.upper(),
        ISSUER.replace("us-east-1", "us-east-2"),
        ISSUER.replace("https", "http"),
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other",
    ],
)
def test_v39_other_issuers(value: object) -> None:
    refused("iss", ACCESS, {"iss": value})


def test_v39_several_issuers_may_be_trusted() -> None:
    assert check(ACCESS, issuer=["https://other", ISSUER]) is TokenUse.ACCESS
    refused("iss", ACCESS, issuer=["https://other"])


@pytest.mark.parametrize("value", [MISSING, None, "", "Access", "ACCESS", "refresh", ["access"], 1])
def test_v41_unknown_use(value: object) -> None:
    refused("token_use", ACCESS, {"token_use": value})


def test_v41_one_token_where_the_other_is_due() -> None:
    refused("token_use", ID, token_use=TokenUse.ACCESS)
    refused("token_use", ACCESS, token_use=TokenUse.ID)
    assert check(ID, token_use=TokenUse.ID) is TokenUse.ID


@pytest.mark.parametrize("value", [MISSING, None, "", "another", [CLIENT], CLIENT + "x", CLIENT.upper()])
def test_v42_v43_other_clients(value: object) -> None:
    refused("client_id", ACCESS, {"client_id": value})
    refused("aud", ID, {"aud": value})


def test_v42_several_clients_or_any() -> None:
    assert check(ACCESS, client_id=("x", CLIENT)) is TokenUse.ACCESS
    assert check(ACCESS, client_id=None) is TokenUse.ACCESS
    refused("client_id", ACCESS, {"client_id": MISSING}, client_id=None)
    refused("client_id", ACCESS, client_id=())


@pytest.mark.parametrize("value", ["other", None, [CLIENT], 5])
def test_v43_authorised_party(value: object) -> None:
    refused("azp", ID, {"azp": value})
    assert check(ID, {"azp": CLIENT}) is TokenUse.ID


def test_v44_resource() -> None:
    assert check(ACCESS, {"aud": "https://api"}, audience="https://api") is TokenUse.ACCESS
    assert check(ACCESS, {"aud": "https://api"}) is TokenUse.ACCESS
    for value in (MISSING, "https://other", ["https://api"], None):
        refused("aud", ACCESS, {"aud": value}, audience="https://api")
    refused("token_use", ID, audience="https://api")


def test_v46_scopes() -> None:
    assert check(ACCESS, scopes=["x/read"]) is TokenUse.ACCESS
    assert check(ACCESS, scopes="openid") is TokenUse.ACCESS
    refused("scope", ACCESS, {"scope": "x/readwrite"}, scopes=["x/read"])
    refused("scope", ACCESS, scopes=["x/read", "x/write"])
    for value in (MISSING, None, ["x/read"], 5, ""):
        refused("scope", ACCESS, {"scope": value}, scopes=["x/read"])
    for value in (["x/read"], 5, ""):
        refused("scope", ACCESS, {"scope": value})
    assert check(ACCESS, {"scope": MISSING}) is TokenUse.ACCESS
    refused("token_use", ID, scopes=["x/read"])


def test_v47_groups() -> None:
    for claims in (ACCESS, ID):
        assert check(claims, {"cognito:groups": ["a", "b"]}, groups=["b", "c"]) in TokenUse
        refused("cognito:groups", claims, {"cognito:groups": ["a"]}, groups=["b"])
        refused("cognito:groups", claims, groups=["b"])
        refused("cognito:groups", claims, {"cognito:groups": []}, groups="b")
        for value in ("b", [["b"]], {"b": 1}, None, [5]):
            refused("cognito:groups", claims, {"cognito:groups": value})


def test_v48_at_hash() -> None:
    right = tokens.at_hash("x.y.z")
    assert check(ID, {"at_hash": right}, access_token="x.y.z") is TokenUse.ID
    assert check(ID, {"at_hash": right}) is TokenUse.ID
    assert check(ID, access_token="x.y.z") is TokenUse.ID
    refused("at_hash", ID, {"at_hash": right}, access_token="x.y.zz")
    for value in (5, None, "", [right]):
        refused("at_hash", ID, {"at_hash": value}, access_token="x.y.z")
        refused("at_hash", ID, {"at_hash": value})


def test_v49_nonce() -> None:
    assert check(ID, {"nonce": "n"}, nonce="n") is TokenUse.ID
    for value in (MISSING, "m", None, 5, ""):
        refused("nonce", ID, {"nonce": value}, nonce="n")
    refused("token_use", ACCESS, nonce="n")


@pytest.mark.parametrize("value", [None, 5, "", ["s"], {}])
def test_v55_names_are_texts(value: object) -> None:
    for name in ("sub", "jti", "username", "origin_jti", "event_id", "device_key"):
        refused(name, ACCESS, {name: value})
    refused("cognito:username", ID, {"cognito:username": value})
    refused("sub", ACCESS, {"sub": MISSING})
    refused("cognito:username", ID, {"cognito:username": MISSING})


def test_errors_survive_pickling_and_carry_no_value() -> None:
    secret = canary("issuer")
    with pytest.raises(ClaimError) as caught:
        check(ACCESS, {"iss": secret})
    assert_hidden(caught.value, secret)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.claim) == ("iss is another issuer's", "iss")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    name=st.sampled_from(sorted({*ACCESS, *ID, "nbf", "azp", "nonce", "at_hash", "cognito:groups"})),
    value=JSON,
)
def test_no_value_of_any_claim_raises_anything_else(name: str, value: object) -> None:
    for claims in (ACCESS, ID):
        with contextlib.suppress(ClaimError):
            check(claims, {name: value}, nonce="n" if claims is ID else None, groups=["a"], access_token="x")


def encoded(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


def test_claims_can_be_read_without_verification() -> None:
    assert tokens.decode_unverified(encoded(json.dumps(ACCESS).encode())) == ACCESS


@pytest.mark.parametrize(
    "token",
    [
        None,
        5,
        b"a.b.c",
        "",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        "." * 3,
        "x" * 20_000 + "..",
        "e30.e30=.c2ln",
        "e30.e3 0.c2ln",
        "e30.e31.c2ln",
        "e30.+/+/.c2ln",
        "e30.é.c2ln",
        encoded(b""),
        encoded(b"[]"),
        encoded(b"5"),
        encoded(b'{"a":1,"a":2}'),
        encoded(b'{"a":{"b":1,"b":2}}'),
        encoded(b'{"a":NaN}'),
        encoded(b"\xef\xbb\xbf{}"),
        encoded(b'{"a":"\xff"}'),
        encoded("{}".encode("utf-16")),
        encoded(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        encoded(b'{"a":' + b"9" * 5000 + b"}"),
    ],
    ids=lambda token: repr(token)[:30],
)
def test_unreadable_tokens(token: object) -> None:
    with pytest.raises(ClaimError) as caught:
        tokens.decode_unverified(token)
    assert caught.value.claim == "token"
