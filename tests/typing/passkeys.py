"""Passkeys: plain JSON to and fro, and authenticators of one's own."""

from collections.abc import Mapping
from typing import Any

from userpool import AsyncUser, AsyncUserPool, Authenticator, QrCode, SecurityKey, User, UserPool
from userpool.testing import SoftwareAuthenticator


class Mine:
    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return dict(options)

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return dict(options)


class Half:
    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return dict(options)


def registers(user: User, page: str) -> None:
    reveal_type(user.start_web_authn_registration())  # reveals: dict[str, Any]
    user.complete_web_authn_registration(page)
    user.complete_web_authn_registration({"id": "AQ"})
    user.complete_web_authn_registration(b"bytes")  # error: arg-type
    for authenticator in (Mine(), SecurityKey(), SoftwareAuthenticator()):
        user.register_passkey(authenticator)
    user.register_passkey(Half())  # error: arg-type
    for passkey in user.web_authn_credentials():
        reveal_type(passkey.created_at)  # reveals: datetime.datetime


def signs_in(pool: UserPool, authenticator: Authenticator) -> None:
    step = pool.sign_in_with_passkey("ada", authenticator)
    pool.respond(step)  # error: arg-type


async def the_same_for_asyncio(pool: AsyncUserPool, user: AsyncUser) -> None:
    reveal_type(await user.register_passkey(Mine()))  # reveals: str
    await pool.sign_in_with_passkey("ada", Mine())
    async for passkey in user.web_authn_credentials():
        reveal_type(passkey.authenticator_transports)  # reveals: tuple[str, ...]


def draws(code: QrCode) -> None:
    reveal_type(code.text())  # reveals: str
    reveal_type(code.png())  # reveals: bytes
