"""Tokens are verified when they arrive: another pool's, client's or user's are refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.canary import assert_hidden
from tests.flows.stage import CLIENT, NOW, POOL
from userpool import (
    AsyncUserPool,
    AuthFlow,
    MemoryStorage,
    SignedIn,
    StorageError,
    TokenError,
    TokenVerificationError,
    TransportError,
    UserPool,
    UserPoolError,
)
from userpool.client.checking import KEPT_FOR
from userpool.crypto.rs256 import SigningKey
from userpool.protocol.challenges import CustomChallenge
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import answer
from userpool.verify.errors import KeysUnavailable

KEY, OTHER_KEY = SigningKey.generate(), SigningKey.generate()
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
JWKS = {"keys": [KEY.public.jwk()]}

Change = Callable[[dict[str, Any], dict[str, Any]], None]


class Pool:
    """A service that gives tokens: as they should be, but for what a test changes."""

    def __init__(self, change: Change | None = None, *, key: SigningKey = KEY) -> None:
        self.change = change or (lambda access, identity: None)
        self.key = key
        self.jwks: dict[str, Any] | Exception = JWKS
        self.fetched = 0
        self.refresh_token = "refresh-1"
        self.now = NOW
        self.id_token = True

    def result(self) -> dict[str, Any]:
        times = {"iat": int(self.now), "exp": int(self.now) + 3600, "auth_time": int(self.now)}
        common = {"sub": "sub-ada", "iss": ISSUER, **times}
        access = {**common, "client_id": CLIENT, "username": "ada", "token_use": "access"}
        identity = {**common, "aud": CLIENT, "cognito:username": "ada", "token_use": "id"}
        self.change(access, identity)
        tokens = {"AccessToken": self.key.sign(access), "RefreshToken": self.refresh_token}
        return tokens | ({"IdToken": self.key.sign(identity)} if self.id_token else {})

    def send(self, request: Request, *, timeout: float) -> Response:
        if request.method == "GET":
            assert request.url == f"{ISSUER}/.well-known/jwks.json"
            self.fetched += 1
            if isinstance(self.jwks, Exception):
                raise self.jwks
            return answer(self.jwks)
        return answer({"AuthenticationResult": self.result()})

    async def asend(self, request: Request, *, timeout: float) -> Response:
        await asyncio.sleep(0.001)
        return self.send(request, timeout=timeout)

    def close(self) -> None:
        """Nothing to close."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def face(self, **settings: Any) -> UserPool:
        return UserPool(POOL, CLIENT, transport=self, clock=lambda: self.now, **settings)


def sign_in(pool: UserPool) -> SignedIn[Any]:
    step = pool.sign_in("ada@example.com", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step


def test_right_tokens_pass() -> None:
    service = Pool()
    assert sign_in(service.face()).user.username == "ada"
    service.id_token = False
    assert sign_in(service.face()).user.id_claims == {}


def _set(access: dict[str, Any] | None = None, identity: dict[str, Any] | None = None) -> Change:
    def change(first: dict[str, Any], second: dict[str, Any]) -> None:
        first.update(access or {})
        second.update(identity or {})

    return change


ELSEWHERE = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"
WRONG: dict[str, tuple[Change, str]] = {
    "another pool's access token": (_set({"iss": ELSEWHERE}), "iss"),
    "another pool's ID token": (_set(None, {"iss": ELSEWHERE}), "iss"),
    "an ID token for an access token": (_set({"token_use": "id", "aud": CLIENT}), "token_use"),
    "an access token for an ID token": (
        _set(None, {"token_use": "access", "client_id": CLIENT}),
        "token_use",
    ),
    "tokens that ended before they began": (_set({"exp": NOW - 1}), "exp"),
    "no use at all": (_set({"token_use": None}), "token_use"),
    "an ID token of other tokens": (_set(None, {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "at_hash"),
}


@pytest.mark.parametrize(("change", "check"), WRONG.values(), ids=WRONG.keys())
def test_c19_tokens_that_are_not_what_they_should_be_are_refused(change: Change, check: str) -> None:
    storage = MemoryStorage()
    pool = Pool(change).face(storage=storage)
    with pytest.raises(TokenVerificationError) as caught:
        sign_in(pool)
    assert caught.value.check == check
    assert pool.current_user() is None
    assert_hidden(caught.value, Pool(change).result()["AccessToken"])


def test_c19_another_client_s_tokens_are_refused() -> None:
    with pytest.raises(TokenError, match="another app client"):
        sign_in(Pool(_set({"client_id": "other"}, {"aud": "other"})).face())


def test_c19_tokens_of_two_users_are_refused() -> None:
    with pytest.raises(TokenError, match="two different users"):
        sign_in(Pool(_set(None, {"sub": "sub-eve"})).face())


def test_c19_a_forged_signature_is_refused() -> None:
    class Forger(Pool):
        def result(self) -> dict[str, Any]:
            result = super().result()
            head, body, _ = result["AccessToken"].split(".")
            return {**result, "AccessToken": f"{head}.{body}.{OTHER_KEY.sign({}).split('.')[2]}"}

    with pytest.raises(TokenVerificationError) as caught:
        sign_in(Forger().face())
    assert caught.value.check == "signature"


def test_c19_a_key_that_the_pool_does_not_publish_is_refused() -> None:
    with pytest.raises(TokenVerificationError) as caught:
        sign_in(Pool(key=OTHER_KEY).face())
    assert caught.value.check == "key_id"


@pytest.mark.parametrize("told", ["ada", "sub-ada"])
def test_c19_the_tokens_are_for_the_user_whom_the_service_named(told: str) -> None:
    pool = Pool().face()
    question = CustomChallenge(username=told, user_id=told, client_id=CLIENT, issued_at=_moment())
    assert isinstance(pool.respond(question.answer("x")), SignedIn)
    other = CustomChallenge(username="eve", user_id="eve", client_id=CLIENT, issued_at=_moment())
    with pytest.raises(TokenVerificationError, match="another user") as caught:
        pool.respond(other.answer("x"))
    assert caught.value.check == "username"


def _moment() -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(NOW, UTC)


def test_what_is_not_verified_is_taken_as_it_is() -> None:
    service = Pool(key=OTHER_KEY)
    assert sign_in(service.face(verify_tokens=False)).user.username == "ada"
    assert service.fetched == 0


def test_an_issuer_of_one_s_own() -> None:
    service = Pool(_set({"iss": "https://idp.example.com/pool"}, {"iss": "https://idp.example.com/pool"}))
    assert sign_in(service.face(issuer="https://idp.example.com/pool")).user.username == "ada"
    with pytest.raises(TokenVerificationError):
        sign_in(service.face())


def test_a_machine_whose_clock_is_wrong_can_sign_in() -> None:
    service = Pool()
    pool = UserPool(POOL, CLIENT, transport=service, clock=lambda: NOW - 86400)
    user = sign_in(pool).user
    assert user.access_token()


def test_keys_known_beforehand_are_not_fetched() -> None:
    service = Pool()
    sign_in(service.face(jwks=JWKS))
    assert service.fetched == 0


def test_keys_are_fetched_once_and_kept_in_the_store() -> None:
    service, storage = Pool(), MemoryStorage()
    pool = service.face(storage=storage)
    sign_in(pool)
    sign_in(pool)
    assert service.fetched == 1
    sign_in(service.face(storage=storage))
    assert service.fetched == 1, "another process finds them in the store"
    service.now += KEPT_FOR + 1
    sign_in(service.face(storage=storage))
    assert service.fetched == 2, "but not for ever"
    service.now -= 3 * KEPT_FOR
    sign_in(service.face(storage=storage))
    assert service.fetched == 3, "nor from the future"


@pytest.mark.parametrize(
    "record",
    [
        *(b"", b"null", b"[]", b"{", b'{"version":1,"at":0}', b'{"version":2}', b"\xff", b"[" * 99999),
        json.dumps({"version": 1, "at": NOW, "jwks": {"keys": 7}}).encode(),
    ],
)
def test_stored_keys_that_are_damaged_are_fetched_anew(record: bytes) -> None:
    service, storage = Pool(), MemoryStorage()
    storage.save(f"{POOL}/jwks", record)
    sign_in(service.face(storage=storage))
    assert service.fetched == 1


def test_a_storage_without_room_does_not_stop_the_keys() -> None:
    class Broken(MemoryStorage):
        def load(self, key: str) -> bytes | None:
            raise StorageError("no")

        def save(self, key: str, data: bytes) -> None:
            if key.endswith("jwks"):
                raise StorageError("no")

    service = Pool()
    sign_in(service.face(storage=Broken()))
    assert service.fetched == 1


def test_without_keys_nobody_is_signed_in() -> None:
    service = Pool()
    service.jwks = TransportError("no network")
    with pytest.raises(KeysUnavailable, match="could not be fetched"):
        sign_in(service.face())


def test_r08_what_a_refresh_brings_is_verified() -> None:
    service = Pool()
    user = sign_in(service.face()).user
    held = user._session.held
    service.key = OTHER_KEY
    with pytest.raises(TokenVerificationError):
        user.refresh()
    assert user._session.held is held


def test_a_rotated_token_is_kept_though_the_keys_cannot_be_had() -> None:
    service, storage = Pool(), MemoryStorage()
    pool = service.face(storage=storage)
    user = sign_in(pool).user
    old = user.tokens()
    service.key, service.refresh_token = OTHER_KEY, "refresh-2"
    service.jwks = TransportError("no network")
    storage.delete(f"{POOL}/jwks")
    pool._home.checker._keys._not_before = float("-inf")  # type: ignore[union-attr]  # as if some time had passed
    with pytest.raises(KeysUnavailable):
        user.refresh()
    found = pool.current_user()
    assert found is not None
    for tokens in (user.tokens(), found.tokens()):
        assert tokens.refresh_token == "refresh-2"
        assert tokens.access_token == old.access_token


async def test_a_task_keeps_a_rotated_token_too_and_none_of_one_who_has_left() -> None:
    service, storage = Pool(), MemoryStorage()
    pool = AsyncUserPool(POOL, CLIENT, transport=service, clock=lambda: NOW, storage=storage)
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    service.key, service.refresh_token = OTHER_KEY, "refresh-2"
    service.jwks = TransportError("no network")
    for refresh_token in ("refresh-2", "refresh-3"):
        service.refresh_token = refresh_token
        storage.delete(f"{POOL}/jwks")
        pool._home.checker._keys._not_before = float("-inf")  # type: ignore[union-attr]  # as if time had passed
        refreshing = asyncio.create_task(step.user.refresh())
        await asyncio.sleep(0)
        step.user._session._ended = refresh_token == "refresh-3"
        with pytest.raises(TokenError if refresh_token == "refresh-2" else UserPoolError):
            await refreshing
        assert step.user._session._held.tokens.refresh_token == refresh_token
        assert b"refresh-2" in (storage.load(pool._home.keys.user("ada")) or b"")


def test_threads_fetch_the_keys_once() -> None:
    service = Pool()
    pool = service.face()
    with ThreadPoolExecutor(20) as threads:
        assert len(list(threads.map(lambda _: sign_in(pool), range(20)))) == 20
    assert service.fetched == 1


async def test_tasks_fetch_the_keys_once() -> None:
    service = Pool()
    pool = AsyncUserPool(POOL, CLIENT, transport=service, clock=lambda: NOW)
    asked = (pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD) for _ in range(20))
    assert all(isinstance(step, SignedIn) for step in await asyncio.gather(*asked))
    assert service.fetched == 1
