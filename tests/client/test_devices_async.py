"""A device's life on the asynchronous face, against the embedded pool: everything between is real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden, found_in
from tests.client.disturbed import Disturbed
from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    Challenge,
    CustomChallenge,
    Device,
    DeviceStatus,
    FileStorage,
    InvalidParameterException,
    MemoryStorage,
    MfaPreference,
    NewDevice,
    ParameterError,
    ResourceNotFoundException,
    SessionExpired,
    SignedIn,
    Storage,
    TotpRequired,
    TransportError,
)
from userpool.embedded import ORIGIN, AsyncEmbeddedUserPool
from userpool.protocol.http import Request, Response
from userpool.protocol.shapes import idp
from userpool.service.triggers import Triggers
from userpool.testing.scripted import refusal

FLOWS = (
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


@pytest.fixture(scope="module")
def service() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


@dataclass
class Tracked:
    """A pool that tracks devices, with one user in it."""

    service: AsyncEmbeddedUserPool
    pool_id: str
    client_id: str
    client_secret: str | None
    name: str
    way: Disturbed

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    def machine(self, storage: Storage | None = None) -> AsyncUserPool:
        """The pool as a machine of its own sees it."""
        return AsyncUserPool(
            self.pool_id,
            self.client_id,
            self.client_secret,
            endpoint=ORIGIN,
            transport=self.way,
            storage=storage,
            clock=self.service.clock.now,
            user_agent="tests/1.0",
        )


_clients: dict[tuple[str, bool, bool], tuple[str, str, str | None]] = {}
"""The pools that are there already: each has keys of its own, which take their time to make."""


async def tracked(service: AsyncEmbeddedUserPool, *, opt_in: bool = False, secret: bool = False) -> Tracked:
    """Remembered devices skip the second factor, which is offered; a user of the test's own."""
    admin, name = service.admin, fresh_name()
    kind = (service.user_pool_id, opt_in, secret)
    if kind not in _clients:
        made = await admin.create_user_pool(
            name,
            alias_attributes=["email"],
            device_configuration=idp.DeviceConfigurationType(
                challenge_required_on_new_device=True, device_only_remembered_on_user_prompt=opt_in
            ),
        )
        await admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
            user_pool_id=made.id,
        )
        client = await admin.create_user_pool_client(
            "app", explicit_auth_flows=FLOWS, generate_secret=secret, user_pool_id=made.id
        )
        _clients[kind] = (made.id or "", client.client_id or "", client.client_secret)
    pool_id, client_id, client_secret = _clients[kind]
    attributes = {"email": f"{name}@example.com", "email_verified": "true"}
    await admin.admin_create_user(name, attributes, message_action="SUPPRESS", user_pool_id=pool_id)
    await admin.admin_set_user_password(name, PASSWORD, permanent=True, user_pool_id=pool_id)
    return Tracked(service, pool_id, client_id, client_secret, name, Disturbed(service.transport))


async def signed_in(pool: AsyncUserPool, name: str, **more: Any) -> SignedIn[AsyncUser]:
    step = await pool.sign_in(name, PASSWORD, **more)
    assert isinstance(step, SignedIn)
    return step


async def with_totp(user: AsyncUser) -> str:
    """Turn an authenticator app on; returns its seed."""
    seed = await user.associate_software_token()
    await user.verify_software_token(totp_code(seed.secret_code))
    await user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    return seed.secret_code


def records(storage: MemoryStorage) -> list[str]:
    """What is kept of devices."""
    every = storage.keys()
    return [key for key in every if "/devices/" in key]


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD, AuthFlow.CHOICE])
async def test_a_device_is_confirmed_kept_and_known_again(
    service: AsyncEmbeddedUserPool, flow: AuthFlow
) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    step = await signed_in(pool, world.name, auth_flow=flow)
    assert step.new_device is not None
    assert (step.new_device.confirmed, step.new_device.error) == (True, None)
    assert not step.new_device.user_confirmation_necessary
    assert step.user.device_key == step.new_device.key
    assert await pool.device(world.name) == step.new_device.device
    assert (await step.user.get_device()).name == "tests/1.0 userpool/" + _version()
    await step.user.refresh()
    await step.user.sign_out()
    again = await signed_in(pool, world.name, auth_flow=flow)
    assert again.new_device is None
    assert not again.device_forgotten
    assert again.user.device_key == step.new_device.key
    await again.user.refresh()
    assert len([device async for device in again.user.devices()]) == 1


def _version() -> str:
    from userpool import __version__

    return __version__


async def test_it_is_found_by_every_name_that_its_user_may_type(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    step = await signed_in(world.machine(storage), world.email)
    key = step.user.device_key
    assert key
    for name in (world.name, world.email, step.user.sub):
        kept = await world.machine(storage).device(name)
        assert kept is not None
        assert kept.key == key
    for name in (world.name, world.email):
        assert (await signed_in(world.machine(storage), name)).user.device_key == key
    assert await world.machine(storage).device("somebody") is None
    assert await world.machine(storage).device("x" * 129) is None


async def test_it_outlives_the_process_in_a_file(service: AsyncEmbeddedUserPool, tmp_path: Path) -> None:
    world = await tracked(service)
    first = await signed_in(world.machine(FileStorage(tmp_path)), world.name)
    current = await world.machine(FileStorage(tmp_path)).current_user()
    assert current is not None
    assert current.device_key == first.user.device_key
    await current.refresh()
    again = await signed_in(world.machine(FileStorage(tmp_path)), world.email)
    assert again.new_device is None


async def test_another_machine_is_another_device(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service)
    one = await signed_in(world.machine(), world.name, device_name="one")
    two = await signed_in(world.machine(), world.name, device_name="two")
    assert one.user.device_key != two.user.device_key
    first = await one.user.list_devices(limit=1)
    assert len(first) == 1
    second = await one.user.list_devices(limit=1, pagination_token=first.next_token)
    names = {device.name for device in (*first, *second)}
    assert names == {device.name async for device in one.user.devices()} == {"one", "two"}
    found = await one.user.get_device(two.user.device_key)
    assert found.name == "two"
    assert found.created_at is not None


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD, AuthFlow.CHOICE])
@pytest.mark.parametrize("secret", [False, True])
async def test_a_remembered_device_spares_the_second_factor(
    service: AsyncEmbeddedUserPool, flow: AuthFlow, secret: bool
) -> None:
    """Nobody is asked: the device proves itself inside of the one call."""
    world, storage = await tracked(service, secret=secret), MemoryStorage()
    pool = world.machine(storage)
    await with_totp((await signed_in(pool, world.name)).user)
    again = await signed_in(pool, world.email, auth_flow=flow)
    assert again.new_device is None
    assert [body.get("ChallengeName") for _, body in world.way.seen][-2:] == [
        "DEVICE_SRP_AUTH",
        "DEVICE_PASSWORD_VERIFIER",
    ]
    await again.user.refresh()
    elsewhere = await world.machine().sign_in(world.name, PASSWORD, auth_flow=flow)
    assert isinstance(elsewhere, TotpRequired)


async def test_the_user_decides_where_the_pool_asks(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service, opt_in=True), MemoryStorage()
    pool = world.machine(storage)
    step = await signed_in(pool, world.name)
    assert step.new_device is not None
    assert step.new_device.user_confirmation_necessary
    seed = await with_totp(step.user)
    asked = await pool.sign_in(world.name, PASSWORD)
    assert isinstance(asked, TotpRequired), "known, and not remembered"
    again = await pool.respond(asked.answer(totp_code(seed, ahead=1)))
    assert isinstance(again, SignedIn)
    assert again.new_device is None
    await again.user.remember_device()
    assert (await signed_in(pool, world.name)).user.device_key == step.new_device.key
    await again.user.do_not_remember_device()
    assert isinstance(await pool.sign_in(world.name, PASSWORD), TotpRequired)
    await again.user.update_device_status(DeviceStatus.REMEMBERED)
    await signed_in(pool, world.name)


async def test_a_device_is_confirmed_after_a_second_factor_and_named_in_its_answer(
    service: AsyncEmbeddedUserPool,
) -> None:
    """The challenge may be answered in another process, which knows the device by the storage."""
    world = await tracked(service)
    seed = await with_totp((await signed_in(world.machine(), world.name)).user)
    storage = MemoryStorage()
    asked = await world.machine(storage).sign_in(world.email, PASSWORD)
    assert isinstance(asked, TotpRequired)
    carried = Challenge.from_dict(json.loads(json.dumps(asked.to_dict())))
    assert isinstance(carried, TotpRequired)
    answered = carried.answer(totp_code(seed, ahead=1))
    step = await world.machine(storage).respond(answered, device_name="kiosk")
    assert isinstance(step, SignedIn)
    assert step.new_device is not None
    assert step.new_device.confirmed
    assert (await step.user.get_device()).name == "kiosk"
    again = await signed_in(world.machine(storage), world.email)
    assert again.user.device_key == step.user.device_key


# Forgotten.


async def test_forgetting_this_machine_s_device_drops_its_data(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    step = await signed_in(pool, world.email)
    key = step.user.device_key
    await step.user.forget_device()
    assert step.user.device_key is None
    assert await pool.device(world.email) is None
    assert records(storage) == []
    with pytest.raises(ResourceNotFoundException, match="Device does not exist"):
        await step.user.get_device(key)
    with pytest.raises(ParameterError, match="This sign-in has no device"):
        await step.user.get_device()
    again = await signed_in(pool, world.email)
    assert again.new_device is not None
    assert again.new_device.key != key
    assert not again.device_forgotten, "it was not named any more"


async def test_forgetting_another_device_leaves_this_one(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    other = await signed_in(world.machine(), world.name)
    pool = world.machine(storage)
    here = await signed_in(pool, world.name)
    await here.user.forget_device(other.user.device_key)
    assert here.user.device_key
    assert (await signed_in(pool, world.name)).new_device is None
    with pytest.raises(SessionExpired):
        await other.user.refresh()


@pytest.mark.parametrize("flow", [AuthFlow.SRP, AuthFlow.PASSWORD, AuthFlow.CHOICE])
@pytest.mark.parametrize("mfa", [False, True])
async def test_c29_a_device_that_the_service_has_forgotten_is_dropped_and_told(
    service: AsyncEmbeddedUserPool, flow: AuthFlow, mfa: bool
) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    first = await signed_in(pool, world.name)
    seed = await with_totp(first.user) if mfa else None
    await forgotten_by_the_service(world, first.user)
    step = await pool.sign_in(world.name, PASSWORD, auth_flow=flow)
    if seed is not None:
        assert isinstance(step, TotpRequired)
        assert step.device_key is None
        assert await pool.device(world.name) is None
        step = await pool.respond(step.answer(totp_code(seed, ahead=1)))
    assert isinstance(step, SignedIn)
    assert step.device_forgotten is not mfa, "with the step in which the service said so"
    assert step.new_device is not None
    assert step.new_device.confirmed
    assert await pool.device(world.name) == step.new_device.device
    assert (await signed_in(pool, world.name)).new_device is None


async def forgotten_by_the_service(world: Tracked, user: AsyncUser) -> None:
    await world.service.admin.admin_forget_device(
        world.name, user.device_key or "", user_pool_id=world.pool_id
    )


async def test_c29_forgotten_between_two_steps_the_sign_in_begins_anew(
    service: AsyncEmbeddedUserPool,
) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    await with_totp((await signed_in(pool, world.name)).user)
    gone = refusal("ResourceNotFoundException", "Device does not exist.")
    answers: list[Response | Exception] = []
    world.way.instead["RespondToAuthChallenge"] = answers

    def when_asked(request: Request) -> Response | None:
        if json.loads(request.body).get("ChallengeName") == "DEVICE_PASSWORD_VERIFIER":
            answers.append(gone)
        return played(request)

    played, world.way._played = world.way._played, when_asked  # type: ignore[method-assign]  # watched
    step = await pool.sign_in(world.name, PASSWORD)
    assert isinstance(step, TotpRequired)
    assert await pool.device(world.name) is None
    assert world.way.operations()[-6:].count("InitiateAuth") == 2


async def test_c29_what_a_refusal_says_is_dropped_though_the_sign_in_failed(
    service: AsyncEmbeddedUserPool,
) -> None:
    """Twice the same refusal: there is nothing more to try, and the next sign-in is one from a new device."""
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    await signed_in(pool, world.name)
    gone = refusal("ResourceNotFoundException", "Device does not exist.")
    world.way.instead["InitiateAuth"] = [gone, gone]
    with pytest.raises(ResourceNotFoundException):
        await pool.sign_in(world.name, PASSWORD)
    assert await pool.device(world.name) is None


async def test_c29_no_other_refusal_drops_it(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    key = (await signed_in(pool, world.name)).user.device_key
    with pytest.raises(Exception, match="Incorrect username or password"):
        await pool.sign_in(world.name, "wrong")
    world.way.instead["InitiateAuth"] = [
        refusal("ResourceNotFoundException", "User pool client x does not exist.")
    ]
    with pytest.raises(ResourceNotFoundException):
        await pool.sign_in(world.name, PASSWORD)
    kept = await pool.device(world.name)
    assert kept is not None
    assert kept.key == key


# Not confirmed.


async def test_a_device_that_was_not_confirmed_can_be_tried_again(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    world.way.instead["ConfirmDevice"] = [refusal("InvalidParameterException", "not today")]
    step = await signed_in(pool, world.name)
    assert step.new_device is not None
    assert not step.new_device.confirmed
    assert isinstance(step.new_device.error, InvalidParameterException)
    assert await pool.device(world.name) is None, "a device that the pool has not taken is none"
    assert (await step.user.get_user()).username == world.name, "signed in all the same"
    confirmed = await step.user.confirm_device(step.new_device, device_name="second try")
    assert confirmed.confirmed
    assert await pool.device(world.email) == confirmed.device
    assert (await step.user.get_device()).name == "second try"
    await step.user.refresh()
    assert (await signed_in(pool, world.name)).new_device is None


async def test_a_lost_answer_to_the_confirmation_is_got_over(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service)
    pool = world.machine()
    world.way.lost.add("ConfirmDevice")
    step = await signed_in(pool, world.name)
    assert step.new_device is not None
    assert isinstance(step.new_device.error, TransportError)
    world.way.lost.clear()
    confirmed = await step.user.confirm_device(step.new_device)
    assert confirmed.confirmed
    assert confirmed.user_confirmation_necessary
    await with_totp(step.user)
    assert isinstance(await pool.sign_in(world.name, PASSWORD), SignedIn), "by the device's own proof"


# Seen by administrators.


async def test_administrators_see_remember_and_forget_devices(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service, opt_in=True)
    keys = {(await signed_in(world.machine(), world.name)).user.device_key or "" for _ in range(2)}
    admin = service.admin
    page = await admin.admin_list_devices(world.name, limit=1, user_pool_id=world.pool_id)
    rest = await admin.admin_list_devices(
        world.name, pagination_token=page.next_token, user_pool_id=world.pool_id
    )
    every = [one async for one in admin.admin_devices(world.name, user_pool_id=world.pool_id)]
    assert {one.key for one in (*page, *rest)} == {one.key for one in every} == keys
    key = keys.pop()
    for status in (True, False, DeviceStatus.REMEMBERED):
        await admin.admin_update_device_status(world.name, key, status, user_pool_id=world.pool_id)
        found = await admin.admin_get_device(world.name, key, user_pool_id=world.pool_id)
        assert found.remembered is bool(status)
    await admin.admin_forget_device(world.name, key, user_pool_id=world.pool_id)
    with pytest.raises(ResourceNotFoundException, match="Device does not exist"):
        await admin.admin_get_device(world.name, key, user_pool_id=world.pool_id)


# From hand to hand.


async def test_a_device_can_be_taken_to_another_storage(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service)
    pool = world.machine()
    user = (await signed_in(pool, world.name)).user
    await with_totp(user)
    kept = await pool.device(world.name)
    assert kept is not None
    taken = Device.from_dict(json.loads(json.dumps(kept.to_dict())))
    by_hand = await signed_in(world.machine(), world.name, device=taken)
    assert by_hand.user.device_key == kept.key
    elsewhere = world.machine()
    await elsewhere.keep_device(world.email, taken)
    assert (await signed_in(elsewhere, world.email)).user.device_key == kept.key
    await elsewhere.drop_device(world.email)
    await elsewhere.drop_device(world.email)
    assert await elsewhere.device(world.email) is None
    assert isinstance(await elsewhere.sign_in(world.email, PASSWORD), TotpRequired)


async def test_a_device_given_by_hand_goes_with_the_answer_too(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service, opt_in=True)
    pool = world.machine()
    user = (await signed_in(pool, world.name)).user
    seed = await with_totp(user)
    kept = await pool.device(world.name)
    assert kept is not None
    elsewhere = world.machine()
    asked = await elsewhere.sign_in(world.name, PASSWORD, device=kept)
    assert isinstance(asked, TotpRequired)
    assert asked.device_key == kept.key
    step = await elsewhere.respond(asked.answer(totp_code(seed, ahead=1)), device=kept)
    assert isinstance(step, SignedIn)
    assert (step.user.device_key, step.new_device) == (kept.key, None)


async def test_a_user_from_tokens_knows_the_device_by_them(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service)
    pool = world.machine()
    step = await signed_in(pool, world.name)
    tokens = await step.user.tokens()
    handed_in = world.machine().user(access_token=tokens.access_token, refresh_token=tokens.refresh_token)
    assert handed_in.device_key == step.user.device_key
    await handed_in.refresh()
    named = world.machine().user(access_token=tokens.access_token, device_key="us-east-1_another")
    assert named.device_key == "us-east-1_another"


async def test_of_a_user_from_tokens_nothing_is_kept(service: AsyncEmbeddedUserPool) -> None:
    world = await tracked(service)
    world.way.instead["ConfirmDevice"] = [refusal("InvalidParameterException", "not today")]
    step = await signed_in(world.machine(), world.name)
    assert step.new_device is not None
    tokens, storage = await step.user.tokens(), MemoryStorage()
    elsewhere = world.machine(storage).user(
        access_token=tokens.access_token, refresh_token=tokens.refresh_token
    )
    confirmed = await elsewhere.confirm_device(step.new_device)
    assert confirmed.device is not None
    assert records(storage) == []
    await elsewhere.refresh()
    await elsewhere.forget_device()
    assert elsewhere.device_key is None
    assert records(storage) == []


async def test_a_challenge_of_another_machine_leaves_this_one_s_device(
    service: AsyncEmbeddedUserPool,
) -> None:
    """A back end may answer for several: the challenge's own device goes along, and no other is dropped."""
    world, storage = await tracked(service, opt_in=True), MemoryStorage()
    here = world.machine(storage)
    other = world.machine()
    there = (await signed_in(other, world.name)).user
    user = (await signed_in(here, world.name)).user
    seed = await with_totp(user)
    asked = await other.sign_in(world.name, PASSWORD)
    assert isinstance(asked, TotpRequired)
    assert asked.device_key == there.device_key
    step = await here.respond(asked.answer(totp_code(seed, ahead=1)))
    assert isinstance(step, SignedIn)
    assert step.user.device_key == there.device_key
    assert not step.device_forgotten
    kept = await here.device(world.name)
    assert kept is not None
    assert kept.key == user.device_key


async def test_a_custom_sign_in_keeps_its_device_too() -> None:
    def define(event: dict[str, Any]) -> None:
        event["response"]["issueTokens"] = bool(event["request"]["session"])
        event["response"]["challengeName"] = "CUSTOM_CHALLENGE"

    def verify(event: dict[str, Any]) -> None:
        event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == "blue"

    triggers = Triggers(
        define_auth_challenge=define,
        create_auth_challenge=lambda event: None,
        verify_auth_challenge_response=verify,
    )
    async with AsyncUserPool.embedded(triggers=triggers) as opened:
        world, storage = await tracked(opened), MemoryStorage()
        pool = world.machine(storage)
        for new in (True, False):
            asked = await pool.sign_in(world.email, auth_flow=AuthFlow.CUSTOM)
            assert isinstance(asked, CustomChallenge)
            step = await pool.respond(asked.answer("blue"))
            assert isinstance(step, SignedIn)
            assert (step.new_device is not None) is new
            assert step.user.device_key
            await step.user.refresh()


async def test_a_pool_that_tracks_nothing_has_no_devices(service: AsyncEmbeddedUserPool) -> None:
    name = fresh_name()
    await service.sign_up(name, PASSWORD, {"email": f"{name}@example.com"})
    await service.confirm_sign_up(name, service.outbox.code(f"{name}@example.com"))
    step = await signed_in(service, name)
    assert (step.new_device, step.user.device_key) == (None, None)
    for call in (step.user.get_device, step.user.remember_device, step.user.forget_device):
        with pytest.raises(ParameterError, match="This sign-in has no device"):
            await call()
    with pytest.raises(InvalidParameterException, match="Device tracking not currently enabled"):
        await step.user.list_devices()


async def test_an_account_that_is_deleted_leaves_no_device(service: AsyncEmbeddedUserPool) -> None:
    world, storage = await tracked(service), MemoryStorage()
    step = await signed_in(world.machine(storage), world.email)
    await step.user.delete_user()
    assert records(storage) == []


async def test_c27_neither_a_step_nor_a_request_shows_a_device_s_password(
    service: AsyncEmbeddedUserPool,
) -> None:
    world, storage = await tracked(service), MemoryStorage()
    pool = world.machine(storage)
    step = await signed_in(pool, world.name)
    assert step.new_device is not None
    kept = step.new_device.device
    assert kept is not None
    await with_totp(step.user)
    await signed_in(pool, world.name)
    for shown in (step, step.new_device, kept, pool, step.user, pool._devices, NewDevice("k", "g")):
        assert_hidden(shown, kept.password, kept.group_key)
    assert not found_in(json.dumps(world.way.seen), kept.password)
