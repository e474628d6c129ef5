"""What can be said to a pool and an administrator, and what is refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.stage import CLIENT, POOL
from userpool import Admin, AsyncHttpTransport, AsyncUserPool, HttpTransport, ParameterError, UserPool
from userpool._version import __version__
from userpool.testing.scripted import ScriptedTransport, answer


def test_a_pool_knows_its_address() -> None:
    pool = UserPool("eu-west-1_aB12cDe34", CLIENT)
    assert pool._config.endpoint == "https://cognito-idp.eu-west-1.amazonaws.com"
    assert (pool.user_pool_id, pool.client_id) == ("eu-west-1_aB12cDe34", CLIENT)
    assert pool._config.pool_name == "aB12cDe34"
    assert UserPool("us-east-1_x1", CLIENT, fips=True)._config.endpoint.startswith(
        "https://cognito-idp-fips.us-east-1."
    )
    own = UserPool(POOL, CLIENT, endpoint="http://127.0.0.1:9339/")
    assert own._config.endpoint == "http://127.0.0.1:9339"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "C-11 no underscore": ({"user_pool_id": "us-east-1aB12"}, "user pool id"),
    "C-11 two underscores": ({"user_pool_id": "us-east-1_a_b"}, "user pool id"),
    "C-11 no region": ({"user_pool_id": "_aB12cDe34"}, "user pool id"),
    "no client": ({"client_id": ""}, "client id is empty"),
    "an empty secret": ({"client_secret": ""}, "None where it has none"),
    "one of two secrets is empty": ({"client_secret": ("new", "")}, "None where it has none"),
    "three secrets": ({"client_secret": ("a", "b", "c")}, r"\(new, old\)"),
    "no secret of several": ({"client_secret": ()}, r"\(new, old\)"),
    "C-21 http elsewhere": ({"endpoint": "http://idp.example.com"}, "allow_insecure_http"),
    "an endpoint and fips": ({"endpoint": "https://idp.example.com", "fips": True}, "AWS's own hosts"),
    "no time": ({"timeout": 0}, "above 0"),
    "no deadline": ({"deadline": -1}, "above 0"),
    "no attempt": ({"attempts": 0}, "first attempt counts"),
    "a user agent of two lines": ({"user_agent": "a\r\nb: c"}, "header"),
    "a user agent of other letters": ({"user_agent": "käse"}, "ASCII"),
    "an unknown refresh flow": ({"refresh_flow": "x"}, "x"),
    "a transport of no colour": ({"transport": object()}, "no method"),
    "keys that are none": ({"jwks": {"keys": 7}}, "jwks"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_at_construction(change: dict[str, Any], words: str) -> None:
    settings = {"user_pool_id": POOL, "client_id": CLIENT, **change}
    for face in (UserPool, AsyncUserPool):
        with pytest.raises(ValueError, match=words):
            face(**settings)


def test_http_elsewhere_can_be_allowed() -> None:
    pool = UserPool(POOL, CLIENT, endpoint="http://idp.example.com", allow_insecure_http=True)
    assert pool._config.endpoint == "http://idp.example.com"


def test_a_program_s_name_goes_out_with_ours() -> None:
    transport = ScriptedTransport([answer({}), answer({})])
    UserPool(POOL, CLIENT, transport=transport, user_agent="shop/2.1").forgot_password("ada")
    UserPool(POOL, CLIENT, transport=transport).forgot_password("ada")
    agents = [request.headers["user-agent"] for request in transport.requests]
    assert agents == [f"shop/2.1 userpool/{__version__}", f"userpool/{__version__}"]


def test_metadata_is_copied() -> None:
    metadata = {"a": "b"}
    pool = UserPool(POOL, CLIENT, client_metadata=metadata)
    metadata["c"] = "d"
    assert pool._config.client_metadata == {"a": "b"}


async def test_only_a_transport_of_our_own_is_closed() -> None:
    borrowed = ScriptedTransport()
    with UserPool(POOL, CLIENT, transport=borrowed):
        pass
    async with AsyncUserPool(POOL, CLIENT, transport=borrowed):
        pass
    with Admin(POOL, transport=borrowed):
        pass
    assert not borrowed.closed
    with UserPool(POOL, CLIENT) as pool:
        assert isinstance(pool._connection.world.transport, HttpTransport)
    async with AsyncUserPool(POOL, CLIENT) as async_pool:
        assert isinstance(async_pool._connection.world.transport, AsyncHttpTransport)


def test_an_administrator_works_in_a_region() -> None:
    assert Admin(POOL)._config.region == "us-east-1"
    assert Admin(region="eu-west-1")._config.endpoint == "https://cognito-idp.eu-west-1.amazonaws.com"
    assert repr(Admin(POOL)) == f"Admin({POOL!r}, region='us-east-1')"
    with pytest.raises(ParameterError, match="or the region"):
        Admin()
    with pytest.raises(ParameterError, match="in us-east-1, not in eu-west-1"):
        Admin(POOL, region="eu-west-1")
