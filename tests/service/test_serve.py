"""The service as a process: how it starts, what it refuses, how it ends, what survives."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import boto3
import botocore.config
import botocore.exceptions
import pytest

from tests.service.served import Served, failed
from tests.service.test_seed import CLIENT, POOL, TEXT
from tests.service.world import PASSWORD
from userpool.protocol import operations as ops
from userpool.service import keyfile
from userpool.service import serve as serve_module
from userpool.service.app import Service
from userpool.service.asgi import Limits
from userpool.service.keyfile import AdminKey, KeySet, SealingKey
from userpool.service.ports import StoreError
from userpool.service.seed import parse_seed
from userpool.service.serve import Options, ServeError, find_keys, serve

T = TypeVar("T")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes are those of POSIX here")


def keys() -> KeySet:
    return KeySet((SealingKey.generate(os.urandom, 1.0),), (AdminKey.generate(os.urandom, 1.0, name="test"),))


def environment(given: KeySet) -> dict[str, str]:
    return {
        keyfile.SEALING_KEY: given.sealing[0].text,
        keyfile.ADMIN_KEY_ID: given.admin[0].access_key_id,
        keyfile.ADMIN_KEY_SECRET: given.admin[0].secret,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def development(folder: Path) -> Iterator[Served]:
    (folder / "seed.toml").write_text(TEXT)
    with Served(
        "--development", "--database", "sqlite:///:memory:", "--seed", "seed.toml", directory=folder
    ) as served:
        yield served


GIVEN = keys()


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Iterator[Served]:
    with Served(
        "--database", "sqlite:///guarded.db", directory=folder, environment=environment(GIVEN)
    ) as served:
        yield served


def boto(served: Served, key: AdminKey | None, *, region: str = "us-east-1") -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=served.url,
        region_name=region,
        aws_access_key_id=key.access_key_id if key else "any",
        aws_secret_access_key=key.secret if key else "any",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


# ---------------------------------------------------------------- start and stop


def test_it_says_one_line_when_it_is_ready(development: Served) -> None:
    assert development.line == f"http://127.0.0.1:{development.port}\n"
    assert development.get("/health") == (200, {"status": "ok"})


def test_a_clean_stop_says_nothing_more(tmp_path: Path) -> None:
    with Served("--development", "--database", "sqlite:///:memory:", directory=tmp_path) as served:
        status, _ = served.call("CreateUserPool", PoolName="p")
        assert status == 200
        assert served.stop(signal.SIGTERM) == 0
        assert served.process.stdout is not None
        assert served.process.stdout.read() == ""
        assert served.errors.read_text() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_finished_before_it_stops(tmp_path: Path, number: int) -> None:
    with Served("--development", "--database", "sqlite:///u.db", directory=tmp_path) as served:
        answers: list[int] = []

        def ask() -> None:
            # A new pool needs two RSA keys: it takes a good while.
            answers.append(served.call("CreateUserPool", PoolName="p")[0])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.15)
        assert served.stop(number) == 0
        for thread in threads:
            thread.join(60)
        assert answers == [200] * 4


@pytest.mark.parametrize(("host", "shown"), [("localhost", "localhost"), ("::1", "[::1]")])
def test_hosts_have_names_and_longer_addresses(tmp_path: Path, host: str, shown: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with Served(
        "--development", "--database", "sqlite:///:memory:", "--host", host, directory=tmp_path
    ) as served:
        assert served.url == f"http://{shown}:{served.port}"
        connection = http.client.HTTPConnection(host, served.port, timeout=30)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()
        assert served.stop() == 0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_port_that_is_taken_is_refused(development: Served, tmp_path: Path) -> None:
    text = failed(
        "--development",
        "--database",
        "sqlite:///:memory:",
        "--port",
        str(development.port),
        directory=tmp_path,
    )
    assert "Cannot listen" in text
    assert "--port" in text


def test_without_keys_it_does_not_start(tmp_path: Path) -> None:
    text = failed(directory=tmp_path)
    assert "no sealing key" in text
    assert "userpool keys create" in text
    some = keys()
    text = failed(directory=tmp_path, environment={keyfile.SEALING_KEY: some.sealing[0].text})
    assert "no admin key" in text
    assert "--development" in text
    assert not (tmp_path / "userpool.db").exists()


def test_with_the_wrong_keys_it_does_not_start(tmp_path: Path) -> None:
    first, second = keys(), keys()
    with Served(directory=tmp_path, environment=environment(first)) as served:
        served.stop()
    text = failed(directory=tmp_path, environment=environment(second))
    assert "sealed with other keys" in text
    assert second.sealing[0].text not in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--seed", "none.toml"), "none.toml"),
        (("--database", "mysql://x/y"), "sqlite:///"),
        (("--database", "sqlite:////nowhere/at/all/users.db"), "userpool:"),
        (("--keys", "none.keys"), "none.keys"),
        (("--host", "192.0.2.77"), "Cannot listen"),
        (("--host", "no.such.host.invalid"), "There is no host"),
        (("--port", "70000"), "port"),
    ],
)
def test_other_reasons_not_to_start(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    assert text in failed("--development", *arguments, directory=tmp_path)


def test_the_key_file_beside_it_is_found(tmp_path: Path) -> None:
    given = keys()
    keyfile.save(tmp_path / "userpool.keys", given)
    with Served(directory=tmp_path) as served:
        pools = boto(served, given.admin[0]).list_user_pools(MaxResults=1)["UserPools"]
        assert pools == []
        served.stop()
    assert (tmp_path / "userpool.db").stat().st_mode & 0o077 == 0


def test_development_makes_its_own_key_and_keeps_it(tmp_path: Path) -> None:
    for _ in range(2):
        with Served("--development", "--database", "sqlite:///dev.db", directory=tmp_path) as served:
            served.stop()
    made = keyfile.load(tmp_path / "userpool.keys")
    assert len(made.sealing) == 1
    assert made.admin == ()


def test_keys_come_together_from_file_and_environment(tmp_path: Path) -> None:
    first, second = keys(), keys()
    file = tmp_path / "some.keys"
    keyfile.save(file, first)
    found = find_keys(Options(keys_file=str(file)), environment(second))
    assert [key.secret for key in found.sealing] == [
        first.sealing[0].secret,
        second.sealing[0].secret,
    ]
    assert len(found.admin) == 2
    revoked = first.without_admin(first.admin[0].access_key_id, 1.0)
    keyfile.save(file, revoked)
    with pytest.raises(ServeError, match="no admin key"):
        find_keys(Options(keys_file=str(file)), {})


def test_a_seed_that_is_refused_leaves_nothing_open(tmp_path: Path) -> None:
    seed = tmp_path / "seed.toml"
    seed.write_text('[[pool]]\nid = "none"\nname = "p"\n')
    options = Options(database="sqlite:///:memory:", seed=str(seed), development=True, port=0)
    before = threading.active_count()
    with pytest.raises(ServeError, match="not a user pool id"):
        serve(options, environment={})
    assert threading.active_count() == before


def test_a_server_that_fails_is_not_waited_for() -> None:
    async def start() -> None:
        async def fail() -> None:
            raise OSError("no port")

        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        with free:
            serving = asyncio.create_task(fail())
            await serve_module._answering(serving, "127.0.0.1", free.getsockname()[1])

    with pytest.raises(OSError, match="no port"):
        asyncio.run(start())


def test_without_signal_handlers_of_the_loop_those_of_the_process_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows."""

    async def stopped() -> bool:
        def missing(*_: object) -> None:
            raise NotImplementedError

        called = asyncio.Event()
        monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", missing)
        handlers: dict[int, Callable[..., None]] = {}
        monkeypatch.setattr(signal, "signal", handlers.__setitem__)
        serve_module._stop_on_signals(called.set)
        handlers[signal.SIGTERM](signal.SIGTERM, None)
        await asyncio.wait_for(called.wait(), 5)
        return set(handlers) == {signal.SIGTERM, signal.SIGINT}

    assert asyncio.run(stopped())


def test_what_expired_goes_while_nobody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_module, "PURGE_SECONDS", 0)
    purged = threading.Event()

    async def keep() -> bool:
        with Service.open() as service:
            monkeypatch.setattr(service, "purge_quietly", purged.set)
            housekeeping = asyncio.create_task(
                serve_module._keep_house(service, renew=False, stopped=purged.is_set)
            )
            found = await asyncio.to_thread(purged.wait, 10)
            housekeeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await housekeeping
            return found

    assert asyncio.run(keep())


def test_a_new_sealing_key_takes_over_and_the_old_one_can_go(tmp_path: Path) -> None:
    file = tmp_path / "userpool.keys"
    old = keys()
    keyfile.save(file, old)
    database = f"sqlite:///{tmp_path / 'userpool.db'}"
    with Service.open(database, keys=old) as service:
        parse_seed(tomllib.loads(TEXT)).plant(service.context)
    both = old.with_sealing(SealingKey.generate(os.urandom, 2.0))
    keyfile.save(file, both)
    with Served(directory=tmp_path) as served:
        deadline = time.monotonic() + 30
        while "can be revoked" not in served.errors.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        served.stop()
    keyfile.save(file, both.without_sealing(old.sealing[0].id))
    with Served(directory=tmp_path) as served:
        parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
        status, body = served.call(
            "InitiateAuth", ClientId=CLIENT, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        assert status == 200, body


def test_sealing_anew_that_fails_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service.open() as service:

        def fail(_: object) -> int:
            raise StoreError("disk full")

        monkeypatch.setattr(service, "reseal", fail)
        serve_module._renew_seals(service, lambda: False)
    assert "keep the older ones" in caplog.text


def test_sealing_anew_that_is_stopped_promises_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with Service.open() as service:
        serve_module._renew_seals(service, lambda: True)
    assert caplog.text == ""


# ---------------------------------------------------------------- what comes over the wire


def test_boto3_makes_a_pool_and_a_user_who_signs_in(guarded: Served) -> None:
    client = boto(guarded, GIVEN.admin[0])
    pool = client.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])["UserPool"]
    app = client.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    client.admin_create_user(UserPoolId=pool["Id"], Username="ada", MessageAction="SUPPRESS")
    client.admin_set_user_password(UserPoolId=pool["Id"], Username="ada", Password=PASSWORD, Permanent=True)
    result = client.initiate_auth(
        ClientId=app["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    assert client.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"
    users = client.get_paginator("list_users").paginate(
        UserPoolId=pool["Id"], PaginationConfig={"PageSize": 1}
    )
    assert [user["Username"] for page in users for user in page["Users"]] == ["ada"]
    with pytest.raises(client.exceptions.UsernameExistsException):
        client.admin_create_user(UserPoolId=pool["Id"], Username="ada")
    with pytest.raises(client.exceptions.UserNotFoundException):
        client.admin_get_user(UserPoolId=pool["Id"], Username="eve")
    client.delete_user_pool(UserPoolId=pool["Id"])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_user_pool(UserPoolId=pool["Id"])


@pytest.mark.parametrize(
    ("key", "region", "code"),
    [
        (AdminKey("UPAKNOBODYNOBODYNOBO", "x"), "us-east-1", "UnrecognizedClientException"),
        (AdminKey(GIVEN.admin[0].access_key_id, "wrong"), "us-east-1", "InvalidSignatureException"),
        (GIVEN.admin[0], "eu-west-1", None),
    ],
)
def test_a49_a51_boto3_with_the_wrong_credentials(
    guarded: Served, key: AdminKey, region: str, code: str | None
) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        boto(guarded, key, region=region).create_user_pool(PoolName="x")
    answered = caught.value.response["Error"]["Code"]
    assert code in (None, answered)
    assert boto(guarded, GIVEN.admin[0]).list_user_pools(MaxResults=60)["UserPools"] == []


def test_a49_an_unsigned_call_of_an_administrators_operation(guarded: Served) -> None:
    status, body = guarded.call("CreateUserPool", PoolName="x")
    assert (status, body["__type"]) == (400, "MissingAuthenticationTokenException")
    for method, path in (("GET", "outbox"), ("POST", "clock"), ("POST", "reset")):
        assert guarded.get(f"/_userpool/{path}", method, '{"advance": 1}')[0] == 404


def test_development_takes_any_credentials_and_none(development: Served) -> None:
    assert boto(development, None).list_user_pools(MaxResults=60)["UserPools"][0]["Id"] == POOL
    status, body = development.call("DescribeUserPool", UserPoolId=POOL)
    assert (status, body["UserPool"]["Id"]) == (200, POOL)


def test_a_seeded_user_signs_in(development: Served) -> None:
    status, body = development.call(
        "InitiateAuth",
        ClientId=CLIENT,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    assert status == 200
    assert body["AuthenticationResult"]["ExpiresIn"] == 3600


def test_the_clock_and_the_outbox_are_there_in_development(tmp_path: Path) -> None:
    (tmp_path / "seed.toml").write_text(TEXT)
    with Served(
        "--development", "--database", "sqlite:///:memory:", "--seed", "seed.toml", directory=tmp_path
    ) as served:
        address = "new@example.com"
        served.call(
            "SignUp",
            ClientId=CLIENT,
            Username="new",
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": address}],
        )
        _, outbox = served.get(f"/_userpool/outbox?to={address}")
        code = outbox["messages"][0]["code"]
        served.get("/_userpool/clock", "POST", '{"advance": 90000}')
        status, body = served.call("ConfirmSignUp", ClientId=CLIENT, Username="new", ConfirmationCode=code)
        assert (status, body["__type"]) == (400, "ExpiredCodeException")
        assert served.get("/_userpool/reset", "POST")[0] == 200
        status, _ = served.call("AdminGetUser", UserPoolId=POOL, Username="ada")
        assert status == 200, "what was seeded is there again"
        assert served.call("AdminGetUser", UserPoolId=POOL, Username="new")[0] == 400


def test_a46_a_body_of_2_mib_is_refused(development: Served) -> None:
    status, body = development.call("DescribeUserPool", UserPoolId="x" * (2 << 20))
    assert (status, body["__type"]) == (413, "RequestEntityTooLargeException")


def test_a46_a_body_without_an_end_is_refused(development: Served) -> None:
    with socket.create_connection(("127.0.0.1", development.port), timeout=30) as connection:
        head = (
            f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\n"
            f"X-Amz-Target: {ops.GET_USER.target}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        sent = 0
        try:
            while sent < 32 << 20:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = connection.recv(4096)
    # The answer may be lost with the connection, as its sender never listens.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert sent < 32 << 20
    assert development.get("/health")[0] == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b'{"UserPoolId": 1}', "SerializationException"),
        (b'{"UserPoolId": "a", "UserPoolId": "b"}', "SerializationException"),
        (b"{}", "InvalidParameterException"),
    ],
)
def test_bodies_that_cannot_be_read(development: Served, body: bytes, code: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", development.port, timeout=30)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": ops.DESCRIBE_USER_POOL.target}
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    assert response.status == 400
    assert json.loads(response.read())["__type"] == code
    connection.close()


def test_a_header_that_never_ends_is_refused(development: Served) -> None:
    with socket.create_connection(("127.0.0.1", development.port), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ")
        answer = b""
        try:
            for _ in range(64):
                connection.sendall(b"y" * 4096)
            answer = connection.recv(4096)
        except OSError:
            pass
    assert answer == b"" or answer.split()[1] in (b"400", b"431")
    assert development.get("/health")[0] == 200


# ---------------------------------------------------------------- what survives


def test_kill_9_loses_no_acknowledged_user(tmp_path: Path) -> None:
    (tmp_path / "seed.toml").write_text(TEXT)
    arguments = ("--development", "--database", "sqlite:///kept.db", "--seed", "seed.toml")
    chance = random.Random(7)
    acknowledged: list[str] = []
    lock = threading.Lock()
    for round_ in range(3):
        with Served(*arguments, directory=tmp_path) as served:
            stop = threading.Event()

            def sign_up(
                worker: int, served: Served = served, stop: threading.Event = stop, round_: int = round_
            ) -> None:
                number = 0
                with contextlib.closing(
                    http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
                ) as connection:
                    while not stop.is_set():
                        name = f"user-{round_}-{worker}-{number}"
                        number += 1
                        try:
                            status, _ = served.call(
                                "SignUp", connection, ClientId=CLIENT, Username=name, Password=PASSWORD
                            )
                        except (OSError, http.client.HTTPException, ValueError):
                            return
                        if status == 200:
                            with lock:
                                acknowledged.append(name)

            threads = [threading.Thread(target=sign_up, args=(worker,)) for worker in range(6)]
            for thread in threads:
                thread.start()
            time.sleep(0.4 + chance.random() * 0.4)
            served.process.kill()
            stop.set()
            for thread in threads:
                thread.join(60)
    assert len(acknowledged) > 5
    with Served(*arguments, directory=tmp_path) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        lost = [
            name
            for name in acknowledged
            if served.call("AdminGetUser", connection, UserPoolId=POOL, Username=name)[0] != 200
        ]
        connection.close()
    assert lost == []


# ---------------------------------------------------------------- slow senders


def run_with_short_deadlines(monkeypatch: pytest.MonkeyPatch, work: Callable[[int], T]) -> T:
    """Serve in this process with deadlines of a fraction of a second, while `work` talks to the port."""
    monkeypatch.setattr(serve_module, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(serve_module, "Limits", lambda threads: Limits(request_seconds=0.3, threads=threads))
    stops: list[Callable[[], None]] = []
    monkeypatch.setattr(serve_module, "_stop_on_signals", stops.append)

    async def main() -> T:
        options = Options(port=0, development=True)
        ready = asyncio.Event()
        output = mock.Mock(flush=ready.set)
        with Service.open() as service, serve_module._held_port(options) as holder:
            port = holder.getsockname()[1]
            serving = asyncio.create_task(serve_module._run(service, options, holder, output, renew=False))
            await asyncio.wait_for(ready.wait(), 30)
            try:
                return await asyncio.to_thread(work, port)
            finally:
                stops[0]()
                await serving

    return asyncio.run(main())


def closed_after(port: int, first: bytes, then: bytes) -> tuple[float, bytes]:
    """Send `first`, then a little of `then` again and again; when the server has enough, and what it says."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(first)
        begun = time.monotonic()
        connection.settimeout(0.05)
        answer = b""
        while time.monotonic() - begun < 10:
            try:
                if then:
                    connection.sendall(then)
                part = connection.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
            answer += part
            if not part:
                break
        return time.monotonic() - begun, answer


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (b"", b"", b""),
        (b"POST / HTTP/1.1\r\nHost: x\r\n", b"X-Drop: 1\r\n", b""),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", b"{", b"HTTP/1.1 408"),
    ],
    ids=["nothing at all", "headers", "body"],
)
def test_who_sends_too_slowly_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, first: bytes, then: bytes, said: bytes
) -> None:
    seconds, answer = run_with_short_deadlines(monkeypatch, lambda port: closed_after(port, first, then))
    assert seconds < 5
    assert answer.startswith(said)
