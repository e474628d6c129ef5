"""Calls of a user's life with right, wrong, stale, foreign and senseless members in every mixture: each is
answered with what the operation declares, and none breaks the service or gives tokens to somebody else.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.service.phones import TRACKED, Phone
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ROTATING,
    TOTP_OPTIONAL,
    App,
    World,
    claims,
    with_app,
)
from userpool.protocol import srp
from userpool.protocol.errors import ServiceError

EMAIL = "ada@example.com"
UNKNOWN = "us-east-1_00000000-0000-4000-8000-000000000000"


class Scene:
    """A pool with clients and users in several states, and everything that could be shown to it."""

    def __init__(self, world: World, *, tracked: bool) -> None:
        self.world = world
        pool = world.pool(
            AliasAttributes=["email"],
            AutoVerifiedAttributes=["email"],
            mfa={**TOTP_OPTIONAL, "EmailMfaConfiguration": {}},
            **(TRACKED if tracked else {}),
        )
        self.client = pool.client(PreventUserExistenceErrors="ENABLED")
        self.rotating, self.secret = pool.client(**ROTATING), pool.client(GenerateSecret=True)
        self.client.sign_up("ada", email=EMAIL)
        self.client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
        self.client.signed_up("bob")
        self.client.sign_up("eve", email="eve@example.com")
        pool.admin("AdminCreateUser", Username="new", TemporaryPassword=PASSWORD)
        answer = self.client.by_password("bob")
        self.phone = Phone.confirmed(self.client, answer) if tracked else None
        self.app: App = with_app(self.client, self.client.tokens(answer))
        self.kinds: dict[str, list[str]] = {}

    def renew(self) -> None:
        """Let locks and quotas pass, and make everything that can be shown anew."""
        world, client = self.world, self.client
        world.clock.advance(4000)
        world.time += 60
        for name in ("ada", "bob", "new"):
            client.pool.admin(
                "AdminSetUserPassword", Username=name, Password=PASSWORD, Permanent=name != "new"
            )
        ada, attempt = client.tokens(), client.srp()
        turning, devices = self._turning()
        client.call("ForgotPassword", Username="ada")
        challenges = [client.by_password(name) for name in ("bob", "new")]
        sessions = [challenge["Session"] for challenge in challenges]
        proof = list(attempt.responses().values())
        if self.phone is not None:
            challenge = self.phone.sign_in("bob")
            begun = self.phone.begin(self.phone.sign_in("bob"), USERNAME="bob")
            sessions += [challenge["Session"], begun.challenge["Session"]]
            proof += begun.responses().values()
        self.kinds = {
            "client": [client.id] * 6 + [self.rotating.id, self.rotating.id, self.secret.id],
            "name": ["ada", "ada", "bob", "eve", "new", "nobody", EMAIL],
            "password": [PASSWORD, PASSWORD, OTHER_PASSWORD, "wrong"],
            "code": [message.code for message in world.outbox()[-3:]] + [self.app.code(), self.app.wrong()],
            "session": sessions,
            "access": [ada.access, ada.access, ada.id],
            "refresh": [str(ada.refresh), str(turning)],
            "number": [attempt.side.public, "0", f"{srp.N:x}"],
            "proof": proof,
            "device": [*devices, UNKNOWN],
            "attribute": ["email", "phone_number", "name", "sub"],
            "odd": ["\U0001f600", "\u00e9", "true", "x" * 300, "EMAIL_OTP", os.urandom(40).hex()],
        }
        self.kinds["any"] = [word for words in self.kinds.values() for word in words]

    def _turning(self) -> tuple[str | None, list[str]]:
        """A refresh token that was replaced, and the keys of devices."""
        answer, keys = self.rotating.by_password(), []
        tokens = self.rotating.tokens(answer)
        if self.phone is not None:
            phone = Phone.confirmed(self.rotating, answer)
            if not self._has_phone():
                self.phone = self._new_phone()
            keys = [self.phone.key, phone.key]
        key = keys[-1] if keys else None
        self.rotating.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh, DeviceKey=key)
        return tokens.refresh, keys

    def _has_phone(self) -> bool:
        """Whether bob's device is still there: one of the calls may have forgotten it."""
        assert self.phone is not None
        listed = self.client.pool.admin("AdminListDevices", Username="bob")["Devices"]
        return self.phone.key in [one["DeviceKey"] for one in listed]

    def _new_phone(self) -> Phone:
        challenge = self.client.by_password("bob")
        code = {"USERNAME": "bob", "SOFTWARE_TOKEN_MFA_CODE": self.app.code()}
        return Phone.confirmed(self.client, self.client.answer(challenge, **code))


KINDS = {
    "ClientId": "client",
    "Username": "name",
    "USERNAME": "name",
    "Password": "password",
    "PASSWORD": "password",
    "PreviousPassword": "password",
    "ProposedPassword": "password",
    "NEW_PASSWORD": "password",
    "ConfirmationCode": "code",
    "Code": "code",
    "UserCode": "code",
    "SOFTWARE_TOKEN_MFA_CODE": "code",
    "EMAIL_OTP_CODE": "code",
    "RefreshToken": "refresh",
    "Token": "refresh",
    "REFRESH_TOKEN": "refresh",
    "AccessToken": "access",
    "Session": "session",
    "SRP_A": "number",
    "PASSWORD_CLAIM_SECRET_BLOCK": "proof",
    "PASSWORD_CLAIM_SIGNATURE": "proof",
    "TIMESTAMP": "proof",
    "DEVICE_KEY": "device",
    "DeviceKey": "device",
    "AttributeName": "attribute",
    "UserAttributeNames[]": "attribute",
    "Name": "attribute",
}
"""What a member mostly holds."""

CLIENT_CALLS = {
    "SignUp": ("Username", "Password"),
    "ConfirmSignUp": ("Username", "ConfirmationCode"),
    "ResendConfirmationCode": ("Username",),
    "ForgotPassword": ("Username",),
    "ConfirmForgotPassword": ("Username", "ConfirmationCode", "Password"),
    "GetTokensFromRefreshToken": ("RefreshToken", "DeviceKey"),
    "RevokeToken": ("Token",),
}
TOKEN_CALLS = {
    "GetUser": (),
    "DeleteUserAttributes": ("UserAttributeNames[]",),
    "GetUserAttributeVerificationCode": ("AttributeName",),
    "VerifyUserAttribute": ("AttributeName", "Code"),
    "ChangePassword": ("PreviousPassword", "ProposedPassword"),
    "AssociateSoftwareToken": (),
    "VerifySoftwareToken": ("UserCode",),
    "GetDevice": ("DeviceKey",),
    "ListDevices": (),
    "ForgetDevice": ("DeviceKey",),
}
FLOWS = (
    "USER_SRP_AUTH",
    "USER_PASSWORD_AUTH",
    "REFRESH_TOKEN_AUTH",
    "CUSTOM_AUTH",
    "USER_AUTH",
    "ADMIN_NO_SRP_AUTH",
)
CHALLENGES = {
    "PASSWORD_VERIFIER": ("PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"),
    "NEW_PASSWORD_REQUIRED": ("NEW_PASSWORD", "userAttributes.name", "userAttributes.email"),
    "SOFTWARE_TOKEN_MFA": ("SOFTWARE_TOKEN_MFA_CODE",),
    "EMAIL_OTP": ("EMAIL_OTP_CODE",),
    "SELECT_MFA_TYPE": ("ANSWER",),
    "MFA_SETUP": ("EMAIL",),
    "CUSTOM_CHALLENGE": ("ANSWER",),
    "DEVICE_SRP_AUTH": ("DEVICE_KEY", "SRP_A"),
    "DEVICE_PASSWORD_VERIFIER": (
        "DEVICE_KEY",
        "PASSWORD_CLAIM_SECRET_BLOCK",
        "PASSWORD_CLAIM_SIGNATURE",
        "TIMESTAMP",
    ),
}


class Chance:
    """Requests by chance: mostly sensible ones, each member sometimes missing, foreign or nonsense."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.random = scene, Random(seed)

    def word(self, member: str) -> str:
        sort = self.random.random()
        if sort < 0.02:
            return "".join(chr(self.random.choice((9, 48, 97, 0x301, 0x1F600))) for _ in range(9))
        kind = "any" if sort < 0.06 else KINDS.get(member, "any")
        return self.random.choice(self.scene.kinds[kind])

    def members(self, *names: str) -> dict[str, Any]:
        return {
            name.removesuffix("[]"): [self.word(name)] if name.endswith("[]") else self.word(name)
            for name in names
            if self.random.random() > 0.03
        }

    def device(self) -> list[str]:
        return ["DEVICE_KEY"] if self.random.random() < 0.2 else []

    def request(self) -> tuple[str, dict[str, Any]]:
        """An operation with its members."""
        kind = self.random.choice(["client", "token", "start", "answer", "update"])
        if kind == "client":
            name = self.random.choice(sorted(CLIENT_CALLS))
            return name, self.members("ClientId", *CLIENT_CALLS[name])
        if kind == "token":
            name = self.random.choice(sorted(TOKEN_CALLS))
            who = self.random.choice(["AccessToken"] * 4 + ["Session"])
            return name, self.members(who, *TOKEN_CALLS[name])
        if kind == "start":
            given = self.members("USERNAME", "PASSWORD", "SRP_A", "REFRESH_TOKEN", *self.device())
            request = {"AuthFlow": self.random.choice(FLOWS), "AuthParameters": given}
            return "InitiateAuth", self.members("ClientId") | request
        if kind == "answer":
            name = self.random.choice(sorted(CHALLENGES))
            given = self.members("USERNAME", *CHALLENGES[name], *self.device())
            request = {"ChallengeName": name, "ChallengeResponses": given}
            return "RespondToAuthChallenge", self.members("ClientId", "Session") | request
        pairs = [self.members("Name", "Value") for _ in range(self.random.randint(1, 3))]
        return "UpdateUserAttributes", self.members("AccessToken") | {"UserAttributes": pairs}


@pytest.mark.parametrize("tracked", [False, True], ids=["", "devices"])
@pytest.mark.parametrize("seed", range(3))
def test_every_answer_is_declared_and_no_token_is_a_strangers(seed: int, tracked: bool) -> None:
    answered: Counter[str] = Counter()
    with World() as world:
        scene = Scene(world, tracked=tracked)
        chance = Chance(scene, seed)
        for number in range(600):
            if number % 20 == 0:
                scene.renew()
            name, request = chance.request()
            try:
                # `World.call` fails for an answer that the operation does not declare, and for a fault
                # inside.
                answer = world.call(name, **request)
            except ServiceError as error:
                answered[error.code] += 1
                continue
            answered[name] += 1
            if "AuthenticationResult" in answer:
                check_tokens(request, claims(answer["AuthenticationResult"]["AccessToken"]))
    assert len(answered) > 15, "the requests are too senseless to say anything"
    assert answered["InitiateAuth"]


def check_tokens(request: dict[str, Any], access: dict[str, Any]) -> None:
    """Tokens are for the client that asked and the user who was named."""
    assert access["client_id"] == request["ClientId"]
    given = {**request.get("AuthParameters", {}), **request.get("ChallengeResponses", {})}
    if "USERNAME" in given and request.get("AuthFlow") != "REFRESH_TOKEN_AUTH":
        assert {EMAIL: "ada"}.get(given["USERNAME"], given["USERNAME"]) == access["username"]
