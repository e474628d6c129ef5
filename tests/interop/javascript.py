"""amazon-cognito-identity-js on Node, spoken to over pipes (tests/interop/node/driver.js)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.interop.running import Program

ANSWER_SECONDS = 300.0
"""How long the library may take: its arithmetic is slow, and the machine may have other work."""


@dataclass(frozen=True)
class Event:
    """What the library did: the callback that it called, and with what."""

    name: str
    values: list[Any]

    def only(self, name: str) -> Any:
        """The first value of the event `name`; fails when it was another."""
        assert self.name == name, f"{self.name} was called, not {name}: {self.values}"
        return self.values[0] if self.values else None

    @property
    def value(self) -> Any:
        """What `onSuccess` was given."""
        return self.only("onSuccess")

    @property
    def error(self) -> tuple[str, str]:
        """Code and message of the error that `onFailure` was given."""
        error = self.only("onFailure")
        return error.get("code") or error["name"], error["message"]


@dataclass(frozen=True)
class Node:
    """The driver, for one worker's tests."""

    program: Program
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    def do(self, action: str, **request: Any) -> Event:
        """One action of the driver."""
        pipe = self.program.process.stdin
        assert pipe is not None
        sent = next(self._ids)
        pipe.write(json.dumps({"id": sent, "action": action, **request}) + "\n")
        pipe.flush()
        answer = json.loads(self.program.line(ANSWER_SECONDS))
        assert answer["id"] == sent
        if "broken" in answer:
            raise AssertionError(f"{action} {request.get('method', '')}: {answer['broken']}")
        return Event(answer["event"], answer["values"])

    def pool(self, endpoint: str, user_pool_id: str, client_id: str) -> JsPool:
        """A `CognitoUserPool` with a storage of its own."""
        data = {"UserPoolId": user_pool_id, "ClientId": client_id, "endpoint": endpoint}
        return JsPool(self, self.do("pool", data=data).only("made"))


@dataclass(frozen=True)
class JsPool:
    """A `CognitoUserPool`."""

    node: Node
    handle: str

    def user(self, username: str) -> JsUser:
        """A `CognitoUser` of this name."""
        return JsUser(self.node, self.node.do("user", pool=self.handle, username=username).only("made"))

    def current_user(self) -> JsUser | None:
        """The user whom the storage remembers."""
        made = self.node.do("currentUser", pool=self.handle).only("made")
        return None if made is None else JsUser(self.node, made)

    def items(self, items: Mapping[str, str] | None = None) -> dict[str, str]:
        """What its storage holds; first replaced by `items`, if given."""
        given = None if items is None else dict(items)
        held: dict[str, str] = self.node.do("items", pool=self.handle, items=given).only("returned")
        return held

    def sign_up(self, username: str, password: str, attributes: Mapping[str, str]) -> Event:
        """`signUp`."""
        args = [username, password, js_attributes(attributes), None, "$callback"]
        return self.node.do("call", object=self.handle, method="signUp", args=args, style="node")


@dataclass(frozen=True)
class JsUser:
    """A `CognitoUser`."""

    node: Node
    handle: str

    def call(self, method: str, *args: Any) -> Event:
        """A method that takes Node's callback last."""
        request = [*args, "$callback"]
        return self.node.do("call", object=self.handle, method=method, args=request, style="node")

    def start(self, method: str, *args: Any) -> Event:
        """A method that takes a map of callbacks; it stands last unless `$callback` is among `args`."""
        request = list(args) if "$callback" in args else [*args, "$callback"]
        return self.node.do("call", object=self.handle, method=method, args=request, style="events")

    def ask(self, method: str, *args: Any) -> Any:
        """A method without a callback: what it returns."""
        return self.node.do("ask", object=self.handle, method=method, args=list(args)).only("returned")

    def sign_in(self, username: str, password: str) -> Event:
        """`authenticateUser`, by SRP unless another flow was set."""
        details = {"$details": {"Username": username, "Password": password}}
        return self.start("authenticateUser", details)


def js_attributes(attributes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Attributes as the library takes them."""
    return [{"$attribute": {"Name": name, "Value": value}} for name, value in attributes.items()]
