"""A pool's keys: when they are fetched, what is taken for a key set, and what goes on without one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.verify.conftest import Bench
from tests.verify.issuing import CLIENT, KEYS, NOW, POOL, Publisher, access, jwks, key
from userpool.crypto.rs256 import SigningKey
from userpool.protocol.errors import ParameterError, TransportError
from userpool.protocol.http import Request, Response
from userpool.protocol.tokens import issuer
from userpool.verify import (
    AsyncMultiPoolVerifier,
    AsyncTokenVerifier,
    KeysUnavailable,
    MalformedToken,
    MultiPoolVerifier,
    TokenVerifier,
    UnknownKey,
    WrongClaim,
)


def fetches(bench: Bench) -> int:
    return len(bench.pool.requests)


def test_the_keys_are_fetched_once_from_the_pool_s_own_place(bench: Bench) -> None:
    bench.make()
    assert fetches(bench) == 0
    for _ in range(3):
        bench.verify(access())
    assert [(r.method, r.url, r.headers["accept"]) for r in bench.pool.requests] == [
        ("GET", KEYS, "application/json")
    ]


@pytest.mark.parametrize(
    ("arguments", "uri"),
    [
        (
            {"user_pool_id": "us-gov-west-1_a"},
            "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_a",
        ),
        ({"user_pool_id": POOL, "endpoint": "http://127.0.0.1:9339/"}, f"http://127.0.0.1:9339/{POOL}"),
        ({"issuer": "https://id.example.com/pool"}, "https://id.example.com/pool"),
        ({"issuer": "https://id.example.com/pool/"}, "https://id.example.com/pool"),
        (
            {"user_pool_id": POOL, "issuer": "https://id.example.com/a", "endpoint": "http://localhost:1"},
            f"http://localhost:1/{POOL}",
        ),
    ],
)
def test_where_the_keys_are(bench: Bench, arguments: dict[str, Any], uri: str) -> None:
    verifier = bench.make(**arguments)
    bench.verify(access(iss=verifier.issuers[0]))
    assert bench.pool.requests[0].url == uri + "/.well-known/jwks.json"


def test_the_place_of_the_keys_can_be_given(bench: Bench) -> None:
    bench.make(jwks_uri="https://cdn.example.com/keys")
    bench.verify(access())
    assert bench.pool.requests[0].url == "https://cdn.example.com/keys"


def test_v10_invented_key_ids_lead_to_one_fetch_in_the_cool_down(bench: Bench) -> None:
    bench.verify(access())
    bench.steady += 10
    stranger = SigningKey(key(1)._key, "stranger")
    for number in range(1000 if bench.colour != "async" else 100):
        forged = SigningKey(stranger._key, f"stranger{number}").sign({"iss": issuer(POOL)})
        with pytest.raises(UnknownKey) as caught:
            bench.verify(forged)
        assert caught.value.check == "key_id"
        bench.steady += 0.001
    assert bench.verify(access())
    assert fetches(bench) == 2
    bench.steady += 10
    with pytest.raises(UnknownKey):
        bench.verify(stranger.sign({}))
    assert fetches(bench) == 3


def test_v11_the_keys_that_are_known_go_on_through_an_outage(bench: Bench) -> None:
    bench.verify(access())
    bench.pool.failure = TransportError("down")
    bench.steady += 11
    for _ in range(5):
        with pytest.raises(KeysUnavailable) as caught:
            bench.verify(access(key(1)))
        assert caught.value.check == "jwks"
        assert bench.verify(access())
    assert fetches(bench) == 2
    bench.steady += 3600
    assert bench.verify(access())
    assert bench.verify(access())
    assert fetches(bench) == 3
    bench.pool.failure = None
    bench.steady += 11
    assert bench.verify(access())
    assert fetches(bench) == 4


def test_v11_without_any_keys_a_failure_is_tried_again_after_a_second(bench: Bench) -> None:
    bench.pool.failure = TransportError("down")
    for _ in range(3):
        with pytest.raises(KeysUnavailable, match="could not be fetched: down"):
            bench.verify(access())
    assert fetches(bench) == 1
    bench.pool.failure = None
    bench.steady += 1.0
    assert bench.verify(access())
    assert fetches(bench) == 2


def test_v12_a_redirect_is_not_followed(bench: Bench) -> None:
    bench.pool.document = Response(302, {"location": "https://evil.example.com/jwks.json"})
    with pytest.raises(KeysUnavailable, match="answers 302"):
        bench.verify(access())
    assert fetches(bench) == 1


@pytest.mark.parametrize("place", ["jwks_uri", "endpoint", "issuer"])
@pytest.mark.parametrize(
    "url",
    ["file:///etc/jwks.json", "ftp://a/b", "data:,{}", "http://id.example.com", "http://10.0.0.1/", "x"],
)
def test_v13_keys_come_over_https_only(bench: Bench, place: str, url: str) -> None:
    with pytest.raises(ParameterError):
        bench.make(**{"user_pool_id": POOL, place: url})
    if url.startswith("http://"):
        bench.make(**{"user_pool_id": POOL, place: url}, allow_insecure_http=True)


@pytest.mark.parametrize(
    "document",
    [
        b'{"message": "Internal error"}',
        b"<html>Bad gateway</html>",
        b'{"keys": [{"kty": "RSA"',
        b"",
        b"[" * 50_000,
        {"keys": {}},
        {"keys": []},
        {"keys": "all"},
        [],
        b"x" * 262_145,
        Response(500, {}, b'{"keys": []}'),
        Response(404, {}, b""),
        Response(204, {}, b""),
    ],
    ids=lambda document: repr(document)[:30],
)
def test_v14_what_is_no_key_set_changes_nothing(bench: Bench, document: object) -> None:
    bench.verify(access())
    bench.pool.document = document
    bench.steady += 11
    with pytest.raises(KeysUnavailable):
        bench.verify(access(key(1)))
    assert bench.verify(access())


def test_v14_a_body_without_end_over_a_real_socket() -> None:
    from userpool.testing._misbehaving import MisbehavingServer

    for path in ("/huge", "/endless", "/bomb", "/redirect/302", "/status/500"):
        with MisbehavingServer() as server:
            verifier = TokenVerifier(
                POOL, client_id=CLIENT, token_use="access", jwks_uri=server.url + path, timeout=20
            )
            with pytest.raises(KeysUnavailable):
                verifier.verify(access())
            asynchronous = AsyncTokenVerifier(
                POOL, client_id=CLIENT, token_use="access", jwks_uri=server.url + path, timeout=20
            )
            with pytest.raises(KeysUnavailable):
                asyncio.run(asynchronous.verify(access()))
            assert all(seen.path == path for seen in server.seen)


def test_v15_one_broken_member_spoils_nothing_but_itself(bench: Bench) -> None:
    bench.pool.document = {"keys": ["x", {}, {"kty": "EC", "kid": "e"}, *jwks()["keys"], None, {"kid": 5}]}
    assert bench.verify(access())


def test_v16_a_key_id_that_comes_twice_is_used_for_neither(bench: Bench) -> None:
    (member,) = jwks()["keys"]
    double = {**jwks(key(1))["keys"][0], "kid": member["kid"]}
    bench.pool.document = {"keys": [member, double, *jwks(key(2))["keys"]]}
    with pytest.raises(UnknownKey):
        bench.verify(access())
    assert bench.verify(access(key(2)))


def test_v17_private_and_symmetric_members_are_not_usable(bench: Bench) -> None:
    (member,) = jwks()["keys"]
    symmetric = {"kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"}
    bench.pool.document = {"keys": [{**member, "d": "AQAB"}, symmetric, *jwks(key(1))["keys"]]}
    with pytest.raises(UnknownKey):
        bench.verify(access())


def test_v18_a_key_for_something_else_is_not_usable(bench: Bench) -> None:
    (member,) = jwks()["keys"]
    for change in ({"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "RS512"}):
        bench = Bench(bench.colour)
        bench.pool.document = {"keys": [{**member, **change}, *jwks(key(1))["keys"]]}
        with pytest.raises(UnknownKey):
            bench.verify(access())


def test_v54_a_new_key_is_fetched_once_and_a_withdrawn_one_ends(bench: Bench) -> None:
    bench.verify(access())
    bench.pool.publish(key(), key(1))
    with pytest.raises(UnknownKey):
        bench.verify(access(key(1)))
    bench.steady += 10
    assert bench.verify(access(key(1)))
    assert fetches(bench) == 2
    bench.pool.publish(key(1))
    assert bench.verify(access())
    bench.steady += 3600
    with pytest.raises(UnknownKey):
        bench.verify(access())
    assert bench.verify(access(key(1)))
    assert fetches(bench) == 3


# Keys that are known beforehand


def test_keys_given_need_no_fetch(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks()))
    for given in (jwks(), json.dumps(jwks()).encode(), path, str(path)):
        bench.make(jwks=given)
        assert bench.verify(access())
    assert fetches(bench) == 0


def test_keys_given_are_added_to_by_a_fetch_and_age(bench: Bench) -> None:
    bench.make(jwks=jwks(key(1)))
    assert bench.verify(access(key(1)))
    assert bench.verify(access())
    assert fetches(bench) == 1
    bench = Bench(bench.colour)
    bench.make(jwks=jwks(key(1)))
    assert bench.verify(access(key(1)))
    bench.steady += 3600
    with pytest.raises(UnknownKey):
        bench.verify(access(key(1)))


def test_offline_nothing_is_ever_fetched(bench: Bench) -> None:
    bench.make(jwks=jwks(), offline=True)
    assert bench.verify(access())
    bench.steady += 100_000
    assert bench.verify(access())
    with pytest.raises(UnknownKey):
        bench.verify(access(key(1)))
    bench.make(offline=True)
    with pytest.raises(UnknownKey):
        bench.verify(access())
    assert fetches(bench) == 0


@pytest.mark.parametrize("given", [{}, {"keys": []}, b"{", b"[]", {"keys": [{"kty": "oct"}]}])
def test_keys_given_that_are_none_are_an_error_at_once(bench: Bench, given: Any) -> None:
    with pytest.raises(ParameterError, match="jwks"):
        bench.make(jwks=given)


def test_a_file_of_keys_that_is_not_there_is_an_error_at_once(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"missing\.json cannot be read"):
        bench.make(jwks=tmp_path / "missing.json")


def test_keys_can_be_kept_for_another_time(bench: Bench) -> None:
    verifier = bench.make()
    assert verifier.jwks() == {"keys": []}
    bench.verify(access())
    kept = json.loads(json.dumps(verifier.jwks()))
    assert kept == jwks()
    bench.make(jwks=kept, offline=True)
    assert bench.verify(access())


def test_keys_can_be_fetched_beforehand(bench: Bench) -> None:
    bench.make()
    bench.fetch_keys()
    assert bench.verify(access())
    assert fetches(bench) == 1
    bench.pool.failure = TransportError("down")
    with pytest.raises(KeysUnavailable, match="down"):
        bench.fetch_keys()
    assert bench.verify(access())


# Many at once


class Gate(Publisher):
    """Holds every fetch until it is opened."""

    def __init__(self, *signers: SigningKey) -> None:
        super().__init__(*signers)
        self.asked = threading.Event()
        self.open = threading.Event()

    def send(self, request: Request, *, timeout: float) -> Response:
        response = super().send(request, timeout=timeout)
        self.asked.set()
        if not self.open.wait(20):
            raise AssertionError("the gate was never opened")
        return response

    async def asend(self, request: Request, *, timeout: float) -> Response:
        return await asyncio.to_thread(self.send, request, timeout=timeout)


def test_many_threads_lead_to_one_fetch() -> None:
    gate = Gate(key())
    verifier = TokenVerifier(POOL, client_id=CLIENT, token_use="access", transport=gate, clock=lambda: NOW)
    with ThreadPoolExecutor(16) as threads:
        results = [threads.submit(verifier.verify, access()) for _ in range(16)]
        assert gate.asked.wait(10)
        gate.open.set()
        assert {result.result().username for result in results} == {"ada"}
    assert len(gate.requests) == 1


def test_many_tasks_lead_to_one_fetch_and_a_cancelled_one_spoils_nothing() -> None:
    async def main() -> int:
        gate = Gate(key())
        verifier = AsyncTokenVerifier(
            POOL, client_id=CLIENT, token_use="access", transport=gate, clock=lambda: NOW
        )
        first = asyncio.create_task(verifier.verify(access()))
        await asyncio.to_thread(gate.asked.wait, 10)
        others = [asyncio.create_task(verifier.verify(access())) for _ in range(16)]
        await asyncio.sleep(0)
        first.cancel()
        gate.open.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert {(await other).username for other in others} == {"ada"}
        return len(gate.requests)

    assert asyncio.run(main()) == 2


def test_nobody_waits_for_a_renewal_while_an_old_key_is_at_hand() -> None:
    steady = [0.0]
    gate = Gate(key())
    gate.open.set()
    verifier = TokenVerifier(
        POOL,
        client_id=CLIENT,
        token_use="access",
        transport=gate,
        clock=lambda: NOW,
        steady_clock=lambda: steady[0],
    )
    verifier.verify(access())
    gate.open.clear()
    gate.asked.clear()
    steady[0] += 3600
    with ThreadPoolExecutor(1) as threads:
        renewing = threads.submit(verifier.verify, access())
        assert gate.asked.wait(10)
        assert verifier.verify(access()).username == "ada"
        assert not renewing.done()
        gate.open.set()
        assert renewing.result().username == "ada"


def test_no_task_waits_for_a_renewal_while_an_old_key_is_at_hand() -> None:
    steady = [0.0]

    async def main() -> None:
        gate = Gate(key())
        gate.open.set()
        verifier = AsyncTokenVerifier(
            POOL,
            client_id=CLIENT,
            token_use="access",
            transport=gate,
            clock=lambda: NOW,
            steady_clock=lambda: steady[0],
        )
        await verifier.verify(access())
        gate.open.clear()
        gate.asked.clear()
        steady[0] += 3600
        renewing = asyncio.create_task(verifier.verify(access()))
        await asyncio.to_thread(gate.asked.wait, 10)
        assert (await verifier.verify(access())).username == "ada"
        assert not renewing.done()
        gate.open.set()
        await renewing

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")  # from Python 3.12 on
def test_a_forked_child_does_not_wait_for_a_lock_of_its_parent() -> None:
    pool = Publisher(key())
    sync = TokenVerifier(POOL, client_id=CLIENT, token_use="access", transport=pool, clock=lambda: NOW)
    asynchronous = AsyncTokenVerifier(
        POOL, client_id=CLIENT, token_use="access", transport=pool, clock=lambda: NOW
    )
    token = access()
    sync._fetching.acquire()
    pid = os.fork()
    if pid == 0:
        try:
            sync.verify(token)
            asynchronous._pid = 0
            asyncio.run(asynchronous.verify(token))
            os._exit(0)
        finally:
            os._exit(1)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.02)
    else:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        pytest.fail("the child waits for ever")
    assert os.waitstatus_to_exitcode(status) == 0


# Over the default transport


@pytest.fixture
def published() -> Iterator[tuple[str, list[str]]]:
    """The key set on a real port: its address, and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(jwks()).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_are_fetched_over_httpx2_by_default(published: tuple[str, list[str]]) -> None:
    url, asked = published
    verifier = TokenVerifier(POOL, client_id=CLIENT, token_use="access", endpoint=url, clock=lambda: NOW)
    assert verifier.verify(access()).username == "ada"
    asynchronous = AsyncTokenVerifier(
        POOL, client_id=CLIENT, token_use="access", endpoint=url, clock=lambda: NOW
    )

    async def twice() -> None:
        await asynchronous.verify(access())
        await asynchronous.fetch_keys()

    asyncio.run(twice())
    asyncio.run(asynchronous.fetch_keys())
    assert asked == [f"/{POOL}/.well-known/jwks.json"] * 4
    assert len(asynchronous._locks) <= 1


def test_importing_it_loads_no_cryptography_and_no_network() -> None:
    program = """
import sys
from userpool.verify import TokenVerifier
TokenVerifier("us-east-1_a", client_id=None, token_use=None)
loaded = {"cryptography", "httpx2", "gmpy2", "boto3"} & set(sys.modules)
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# Several pools


def test_several_pools_each_with_its_rules() -> None:
    def make(kind: Any) -> Any:
        return kind(POOL, client_id=CLIENT, token_use="access", jwks=jwks(), offline=True, clock=lambda: NOW)

    both = MultiPoolVerifier(make(TokenVerifier))
    assert both.verify(access()).username == "ada"
    assert asyncio.run(AsyncMultiPoolVerifier(make(AsyncTokenVerifier)).verify(access())).username == "ada"
    for stranger in (issuer("us-east-1_other"), ..., ["x"], 5):
        with pytest.raises(WrongClaim, match="none of the pools") as caught:
            both.verify(access(iss=stranger))
        assert caught.value.check == "iss"
    with pytest.raises(MalformedToken):
        both.verify("a.b")
    with pytest.raises(ParameterError, match="Two verifiers"):
        MultiPoolVerifier(make(TokenVerifier), make(TokenVerifier))
