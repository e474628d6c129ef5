"""A device as its user's program keeps it: what a sign-in told of it, and the password that it drew."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.service.world import PASSWORD, ClientOf, Tokens
from userpool.crypto.powers import power as powers
from userpool.protocol import srp
from userpool.protocol.device import RANDOM_BYTES, DeviceSecret, new_device
from userpool.protocol.errors import ServiceError

_power = powers()

TRACKED = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}}
"""Every confirmed device is remembered, and skips the second factor."""
OPT_IN = {
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
}
LOGGED = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False}}
"""Devices are tracked, and skip nothing."""


@dataclass
class Phone:
    """A device of a user."""

    client: ClientOf
    key: str
    group: str
    secret: DeviceSecret = field(repr=False)

    @classmethod
    def new(cls, client: ClientOf, answer: Mapping[str, Any]) -> Phone:
        """The device to which a sign-in's answer gave a key."""
        told = answer["AuthenticationResult"]["NewDeviceMetadata"]
        key, group = told["DeviceKey"], told["DeviceGroupKey"]
        return cls(client, key, group, new_device(group, key, os.urandom(RANDOM_BYTES), _power))

    @classmethod
    def confirmed(cls, client: ClientOf, answer: Mapping[str, Any] | None = None, **more: Any) -> Phone:
        """A device that was confirmed; without an answer, after a fresh sign-in of `ada`."""
        answer = answer or client.by_password()
        phone = cls.new(client, answer)
        phone.confirm(client.tokens(answer), **more)
        return phone

    @property
    def config(self) -> dict[str, str]:
        return {"PasswordVerifier": self.secret.verifier, "Salt": self.secret.salt}

    def confirm(self, tokens: Tokens, **more: Any) -> dict[str, Any]:
        """ConfirmDevice."""
        members = {"DeviceKey": self.key, "DeviceSecretVerifierConfig": self.config, **more}
        return tokens.call("ConfirmDevice", **members)

    def sign_in(self, username: str = "ada", password: str = PASSWORD) -> dict[str, Any]:
        """USER_PASSWORD_AUTH with this device."""
        return self.client.by_password(username, password, DEVICE_KEY=self.key)

    def begin(self, challenge: Mapping[str, Any], **changes: str) -> Proof:
        """Answer DEVICE_SRP_AUTH."""
        side = srp.ClientSide.generate(os.urandom(srp.SECRET_BYTES), _power)
        responses = {"DEVICE_KEY": self.key, "SRP_A": side.public, **changes}
        return Proof(self, side, self.client.answer(challenge, **responses))

    def prove(self, challenge: Mapping[str, Any]) -> dict[str, Any]:
        """Both steps of the device's proof."""
        return self.begin(challenge).answer()


@dataclass
class Proof:
    """A device's proof that is under way."""

    phone: Phone
    side: srp.ClientSide
    challenge: dict[str, Any] = field(repr=False)

    def responses(self, **changes: str) -> dict[str, str]:
        """The right answer, with `changes`."""
        given, phone = self.challenge["ChallengeParameters"], self.phone
        timestamp = srp.timestamp(datetime.fromtimestamp(phone.client.world.time, UTC))
        right = {
            "USERNAME": given["USERNAME"],
            "DEVICE_KEY": phone.key,
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "TIMESTAMP": timestamp,
            "PASSWORD_CLAIM_SIGNATURE": self.side.prove(
                pool_name=phone.group,
                user_id=phone.key,
                password=phone.secret.password,
                salt_hex=given["SALT"],
                b_hex=given["SRP_B"],
                secret_block_b64=given["SECRET_BLOCK"],
                timestamp=timestamp,
                power=_power,
            ),
        }
        return right | changes

    def answer(self, **changes: str) -> dict[str, Any]:
        """Answer DEVICE_PASSWORD_VERIFIER."""
        session = self.challenge["Session"]
        return self.phone.client.respond("DEVICE_PASSWORD_VERIFIER", session, **self.responses(**changes))

    def refused(
        self, *, client: ClientOf | None = None, session: str | None = "", **changes: str
    ) -> ServiceError:
        """The error that such an answer meets."""
        return (client or self.phone.client).error(
            "RespondToAuthChallenge",
            ChallengeName="DEVICE_PASSWORD_VERIFIER",
            Session=self.challenge["Session"] if session == "" else session,
            ChallengeResponses=self.responses(**changes),
        )
