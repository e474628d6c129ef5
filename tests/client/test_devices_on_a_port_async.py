"""A device's life on the asynchronous face, against `userpool serve` on a port, with the storage in files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.client.helpers import PASSWORD, fresh_name, totp_code
from tests.requires import need_module
from tests.service.served import Served
from userpool import (
    Admin,
    AsyncUserPool,
    AuthFlow,
    FileStorage,
    MfaPreference,
    SignedIn,
    TotpRequired,
)
from userpool.client.credentials import no_credentials
from userpool.protocol.shapes import idp

need_module("granian", "`userpool serve` needs the extra `service`")

FLOWS = (
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


@pytest.fixture(scope="module")
def administrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """Of a pool whose remembered devices stand for the second factor."""
    arguments = ("--development", "--database", "sqlite:///:memory:")
    with (
        Served(*arguments, directory=tmp_path_factory.mktemp("served")) as served,
        Admin(region="us-east-1", endpoint=served.url, credentials=no_credentials) as first,
    ):
        made = first.create_user_pool(
            "devices",
            username_configuration=idp.UsernameConfigurationType(case_sensitive=False),
            device_configuration=idp.DeviceConfigurationType(
                challenge_required_on_new_device=True, device_only_remembered_on_user_prompt=True
            ),
        )
        with Admin(made.id, endpoint=served.url, credentials=no_credentials) as admin:
            admin.set_user_pool_mfa_config(
                mfa_configuration="OPTIONAL",
                software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
            )
            yield admin


@pytest.fixture
async def pool(administrator: Admin, tmp_path: Path) -> AsyncIterator[AsyncUserPool]:
    client = administrator.create_user_pool_client("app", explicit_auth_flows=FLOWS, generate_secret=True)
    async with AsyncUserPool(
        client.user_pool_id or "",
        client.client_id or "",
        client.client_secret,
        endpoint=administrator._config.endpoint,
        storage=FileStorage(tmp_path),
    ) as opened:
        yield opened


async def test_the_whole_life_of_a_device(administrator: Admin, pool: AsyncUserPool) -> None:
    name = fresh_name()
    administrator.admin_create_user(name, message_action="SUPPRESS")
    administrator.admin_set_user_password(name, PASSWORD, permanent=True)

    step = await pool.sign_in(name, PASSWORD, device_name="the kitchen's")
    assert isinstance(step, SignedIn)
    assert step.new_device is not None
    assert (step.new_device.confirmed, step.new_device.user_confirmation_necessary) == (True, True)
    key = step.user.device_key
    assert [(one.key, one.name) async for one in step.user.devices()] == [(key, "the kitchen's")]
    assert (await step.user.get_device()).last_ip == "127.0.0.1"

    await step.user.remember_device()
    seed = (await step.user.associate_software_token()).secret_code
    await step.user.verify_software_token(totp_code(seed))
    await step.user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    await step.user.sign_out()
    for flow in (AuthFlow.SRP, AuthFlow.PASSWORD, AuthFlow.CHOICE):
        proved = await pool.sign_in(name.upper(), PASSWORD, auth_flow=flow)
        assert isinstance(proved, SignedIn), "the device has proved itself"
        assert (proved.user.device_key, proved.new_device) == (key, None)
        await proved.user.refresh()

    administrator.admin_forget_device(name, key or "")
    asked = await pool.sign_in(name, PASSWORD)
    assert isinstance(asked, TotpRequired)
    assert await pool.device(name) is None
    last = await pool.respond(asked.answer(totp_code(seed, ahead=1)))
    assert isinstance(last, SignedIn)
    assert last.new_device is not None
    assert last.new_device.confirmed
    await last.user.forget_device()
    assert await pool.device(name) is None
    assert [one async for one in last.user.devices()] == []
