"""A whole service in memory, with a clock that stands still, counters, and a client that speaks for tests."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self, TypeVar

from userpool.crypto.powers import power as powers
from userpool.crypto.rs256 import SigningKey
from userpool.protocol import operations as ops
from userpool.protocol import srp, totp
from userpool.protocol.errors import InternalErrorException, ServiceError, error_class
from userpool.protocol.http import Request
from userpool.service.access_sigv4 import AdminAccess
from userpool.service.app import Service
from userpool.service.clock import ServiceClock
from userpool.service.context import Context, Settings
from userpool.service.dispatch import Dispatcher
from userpool.service.domain.records import User
from userpool.service.keyfile import KeySet
from userpool.service.messages.outbox import Delivered
from userpool.service.ports import Reader, Store, Writer
from userpool.service.triggers import Triggers

T = TypeVar("T")

PASSWORD = "Correct-horse-7"
OTHER_PASSWORD = "Battery-staple-8"
ALL_FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_CUSTOM_AUTH",
]
ROTATING = {
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 30},
}
PROTOCOL_ERRORS = {"SerializationException", "InvalidParameterException"}

_keys = cache(lambda number: SigningKey.generate())
_arithmetic = powers()


class CountingStore:
    """A store that counts what is done with it: `read`, `write`, and each method of their views."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def _view(self, view: Any) -> Any:
        return _View(view, self.calls)

    def read(self, work: Callable[[Reader], T]) -> T:
        self.calls["read"] += 1
        return self._store.read(lambda view: work(self._view(view)))

    def write(self, work: Callable[[Writer], T]) -> T:
        self.calls["write"] += 1
        return self._store.write(lambda view: work(self._view(view)))

    def reset(self) -> None:
        self._store.reset()

    def close(self) -> None:
        self._store.close()


class _View:
    def __init__(self, view: Any, calls: Counter[str]) -> None:
        self._view, self._calls = view, calls

    def __getattr__(self, name: str) -> Any:
        self._calls[name] += 1
        return getattr(self._view, name)


class World:
    """The service, its clock and its counters. `time` is true time; `clock` moves the service's own."""

    def __init__(
        self,
        database: str = "sqlite:///:memory:",
        settings: Settings | None = None,
        keys: KeySet | None = None,
        triggers: Triggers | None = None,
    ) -> None:
        self.time = 1_795_392_245.25
        self.powers = 0
        self.source_ip = ""
        self.user_agent = ""
        self.clock = ServiceClock(lambda: self.time)
        settings = settings or Settings(development=True)
        self.service = Service.open(
            database,
            keys=keys,
            clock=self.clock,
            power=self._power,
            settings=settings,
            triggers=triggers,
        )
        self.store = CountingStore(self.service.context.store)
        made = iter(range(10**9))
        self.context: Context = replace(
            self.service.context,
            store=self.store,
            # Keys are slow to make: tests share a few.
            new_signing_key=lambda: _keys(next(made) % 4),
        )
        self._lock = threading.Lock()
        self._dispatcher = Dispatcher(
            self.context, AdminAccess(KeySet(), settings, self.clock), self.store.reset
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.close()

    def _power(self, base: int, exponent: int, modulus: int) -> int:
        with self._lock:
            self.powers += 1
        return _arithmetic(base, exponent, modulus)

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """Call an operation by its wire members; raise what it answers as an error."""
        body = {name: value for name, value in members.items() if value is not None}
        headers = {
            "x-amz-target": ops.IDP[operation].target,
            "content-type": "application/x-amz-json-1.1",
            "user-agent": self.user_agent,
        }
        request = Request("POST", "/", headers, json.dumps(body).encode())
        response = self._dispatcher.handle(request, self.source_ip)
        answer: dict[str, Any] = json.loads(response.body or b"{}")
        if response.status == 200:
            return answer
        code = answer["__type"]
        assert code != InternalErrorException.default_code, f"{operation} failed inside"
        # No operation answers an error that it does not declare.
        assert code in ops.IDP[operation].errors | PROTOCOL_ERRORS, f"{operation} answered {code}"
        raise error_class(code)(answer["message"], status=response.status)

    def error(self, operation: str, **members: Any) -> ServiceError:
        """The error that a call answers."""
        try:
            answer = self.call(operation, **members)
        except ServiceError as error:
            return error
        raise AssertionError(f"{operation} was not refused: {sorted(answer)}")

    def pool(self, **settings: Any) -> PoolOf:
        """A new pool."""
        mfa = settings.pop("mfa", None)
        made = self.call("CreateUserPool", PoolName="pool", **settings)
        pool = PoolOf(self, made["UserPool"]["Id"])
        if mfa:
            self.call("SetUserPoolMfaConfig", UserPoolId=pool.id, **mfa)
        return pool

    def outbox(self, to: str | None = None) -> list[Delivered]:
        """The messages that were sent."""
        return self.service.outbox(to)

    def code(self, to: str | None = None) -> str:
        """The code of the newest message."""
        return self.outbox(to)[-1].code

    def counted(self, work: Callable[[], object]) -> tuple[int, Counter[str]]:
        """How many powers, and which calls of the store, `work` takes."""
        self.store.calls.clear()
        powers = self.powers
        work()
        return self.powers - powers, Counter(self.store.calls)


@dataclass
class PoolOf:
    """One pool."""

    world: World
    id: str

    def client(self, **settings: Any) -> ClientOf:
        """A new app client of the pool."""
        settings = {"ExplicitAuthFlows": ALL_FLOWS, **settings}
        made = self.world.call("CreateUserPoolClient", UserPoolId=self.id, ClientName="app", **settings)
        client = made["UserPoolClient"]
        return ClientOf(self, client["ClientId"], client.get("ClientSecret"))

    def user(self, username: str) -> User:
        """A user as the store has it."""
        key = username
        found = self.world.service.context.store.read(lambda reader: reader.user_named(self.id, [key]))
        assert found is not None
        return found

    def change(self, username: str, **changes: Any) -> None:
        """Change a user behind the service's back."""
        user = self.user(username)
        self.world.service.context.store.write(lambda writer: writer.put_user(replace(user, **changes)))

    def admin(self, operation: str, **members: Any) -> dict[str, Any]:
        """An administrator's call about this pool."""
        return self.world.call(operation, UserPoolId=self.id, **members)


@dataclass
class Tokens:
    """What a sign-in ends with."""

    client: ClientOf
    access: str = field(repr=False)
    id: str = field(repr=False)
    refresh: str | None = field(repr=False)

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """A call of the signed-in user."""
        return self.client.world.call(operation, AccessToken=self.access, **members)

    def error(self, operation: str, **members: Any) -> ServiceError:
        """The error that such a call answers."""
        return self.client.world.error(operation, AccessToken=self.access, **members)


def claims(token: str) -> dict[str, Any]:
    """What stands in a token."""
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


@dataclass
class ClientOf:
    """One app client, and what its users do."""

    pool: PoolOf
    id: str
    secret: str | None = None

    @property
    def world(self) -> World:
        return self.pool.world

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """A call through this client."""
        return self.world.call(operation, ClientId=self.id, **members)

    def error(self, operation: str, **members: Any) -> ServiceError:
        """The error that such a call answers."""
        return self.world.error(operation, ClientId=self.id, **members)

    def sign_up(self, username: str, password: str = PASSWORD, /, **attributes: str) -> dict[str, Any]:
        """SignUp."""
        return self.call("SignUp", Username=username, Password=password, UserAttributes=pairs(attributes))

    def signed_up(self, username: str = "ada", password: str = PASSWORD, /, **attributes: str) -> str:
        """A confirmed user; its `sub`."""
        sub: str = self.sign_up(username, password, **attributes)["UserSub"]
        self.pool.admin("AdminConfirmSignUp", Username=username)
        return sub

    def initiate(self, flow: str, /, **parameters: str) -> dict[str, Any]:
        """InitiateAuth."""
        return self.call("InitiateAuth", AuthFlow=flow, AuthParameters=parameters)

    def by_password(self, username: str = "ada", password: str = PASSWORD, **more: str) -> dict[str, Any]:
        """USER_PASSWORD_AUTH."""
        return self.initiate("USER_PASSWORD_AUTH", USERNAME=username, PASSWORD=password, **more)

    def tokens(self, answer: Mapping[str, Any] | None = None) -> Tokens:
        """The tokens in an answer; without one, of a fresh sign-in of `ada`."""
        result = (answer or self.by_password())["AuthenticationResult"]
        return Tokens(self, result["AccessToken"], result["IdToken"], result.get("RefreshToken"))

    def respond(self, name: str, session: str | None, /, **responses: str) -> dict[str, Any]:
        """RespondToAuthChallenge."""
        return self.call(
            "RespondToAuthChallenge", ChallengeName=name, Session=session, ChallengeResponses=responses
        )

    def answer(self, challenge: Mapping[str, Any], /, **responses: str) -> dict[str, Any]:
        """The answer to a challenge of `ada`."""
        responses = {"USERNAME": "ada", **responses}
        return self.respond(challenge["ChallengeName"], challenge.get("Session"), **responses)

    def srp(self, username: str = "ada", password: str = PASSWORD, **more: str) -> SrpAttempt:
        """Begin USER_SRP_AUTH."""
        side = srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), _arithmetic)
        challenge = self.initiate("USER_SRP_AUTH", USERNAME=username, SRP_A=side.public, **more)
        return SrpAttempt(self, side, password, challenge)

    def by_srp(self, username: str = "ada", password: str = PASSWORD) -> dict[str, Any]:
        """The whole of USER_SRP_AUTH."""
        return self.srp(username, password).answer()


@dataclass
class SrpAttempt:
    """A sign-in by SRP that waits for its proof."""

    client: ClientOf
    side: srp.ClientSide
    password: str = field(repr=False)
    challenge: dict[str, Any] = field(repr=False)

    @property
    def parameters(self) -> dict[str, str]:
        parameters: dict[str, str] = self.challenge["ChallengeParameters"]
        return parameters

    def responses(self, **changes: str) -> dict[str, str]:
        """The right answer, with `changes`."""
        given = self.parameters
        timestamp = srp.timestamp(datetime.fromtimestamp(self.client.world.time, UTC))
        signature = self.side.prove(
            pool_name=self.client.pool.id.partition("_")[2],
            user_id=given["USER_ID_FOR_SRP"],
            password=self.password,
            salt_hex=given["SALT"],
            b_hex=given["SRP_B"],
            secret_block_b64=given["SECRET_BLOCK"],
            timestamp=timestamp,
            power=_arithmetic,
        )
        right = {
            "USERNAME": given["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": signature,
            "TIMESTAMP": timestamp,
        }
        return right | changes

    def answer(self, **changes: str) -> dict[str, Any]:
        """Answer PASSWORD_VERIFIER."""
        return self.client.respond("PASSWORD_VERIFIER", None, **self.responses(**changes))


@dataclass
class App:
    """An authenticator app."""

    world: World
    secret: str = field(repr=False)

    def code(self, steps: int = 0) -> str:
        """The code that it shows now, or some steps later."""
        return totp.code(self.secret, self.world.time + steps * totp.STEP_SECONDS)

    def wrong(self) -> str:
        """A code that it shows at no time near now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)


def with_app(client: ClientOf, tokens: Tokens, *, preferred: bool = True) -> App:
    """Set an authenticator app up for a signed-in user, and let time pass so that its next code is a new
    one.
    """
    app = App(client.world, tokens.call("AssociateSoftwareToken")["SecretCode"])
    tokens.call("VerifySoftwareToken", UserCode=app.code())
    tokens.call("SetUserMFAPreference", SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": preferred})
    client.world.time += 60
    return app


TOTP_OPTIONAL = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
TOTP_ON = {**TOTP_OPTIONAL, "MfaConfiguration": "ON"}


def pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Attributes as they stand on the wire; `custom__x` means `custom:x`."""
    return [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]


def other_code(code: str) -> str:
    """A code that is not this one."""
    assert re.fullmatch(r"[0-9]{6}|[0-9]{8}", code)
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


def together(count: int, work: Callable[[int], T], threads: int = 16) -> list[T | ServiceError]:
    """Run `work` many times in parallel; what each returned, or the service's error that it raised."""

    def one(number: int) -> T | ServiceError:
        try:
            return work(number)
        except ServiceError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(count)))
