"""Users who come from the JavaScript libraries' storage and go back there, on the asynchronous face."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.client.rotating import Rotating
from tests.flows.stage import CLIENT
from userpool import AuthFlow, Device, MemoryStorage, ParameterError, SignedIn

PREFIX = f"CognitoIdentityServiceProvider.{CLIENT}"


def kept(tokens: dict[str, str], user: str = "ada", **more: str) -> dict[str, str]:
    """What the JavaScript libraries write at a sign-in."""
    names = {"access_token": "accessToken", "id_token": "idToken", "refresh_token": "refreshToken"}
    members = {names[name]: token for name, token in tokens.items()} | {"clockDrift": "0"} | more
    return {f"{PREFIX}.{user}.{name}": text for name, text in members.items()}


DEVICE = {"deviceKey": "us-east-1_0a1b-2c", "deviceGroupKey": "group", "randomPasswordKey": "drawn"}


@pytest.mark.parametrize("form", ["mapping", "text", "cookies", "react native"])
async def test_a_user_moves_in_with_the_device_and_stays_signed_in(form: str) -> None:
    service = Rotating()
    pool = service.async_pool()
    items = kept(service.tokens(), **DEVICE) | {f"{PREFIX}.LastAuthUser": "ada", "theme": "dark"}
    if form == "cookies":
        items = {quote(name, safe=""): quote(text, safe="") for name, text in items.items()}
    elif form == "react native":
        items = {f"@MemoryStorage:{name}": text for name, text in items.items()}
    moved = await pool.import_from_javascript(
        json.dumps(items) if form == "text" else items, cookies=form == "cookies"
    )
    assert [user.username for user in moved] == ["ada"]
    user = await pool.current_user()
    assert user is not None
    assert user.device_key == "us-east-1_0a1b-2c"
    assert await pool.device("ada@example.com") == Device("us-east-1_0a1b-2c", "group", "drawn")
    service.advance(4000)
    assert await user.access_token()
    assert (service.refreshes, service.operations) == (1, ["GetTokensFromRefreshToken"])


async def test_a_user_moves_out_and_in_again() -> None:
    service = Rotating()
    pool = service.async_pool()
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    await pool.keep_device("ada", Device("us-east-1_0a1b-2c", "group", "drawn"))
    for cookies in (False, True):
        items = await pool.export_to_javascript(cookies=cookies)
        other = service.async_pool(storage=MemoryStorage())
        (moved,) = await other.import_from_javascript(items, cookies=cookies)
        assert await moved.tokens() == await step.user.tokens()
        assert await other.export_to_javascript(cookies=cookies) == items
    held = await step.user.tokens()
    assert await pool.export_to_javascript() == kept(
        {
            "access_token": held.access_token,
            "id_token": held.id_token or "",
            "refresh_token": held.refresh_token or "",
        },
        **DEVICE,
    ) | {f"{PREFIX}.LastAuthUser": "ada"}


async def test_several_users_move_and_one_of_them_is_current() -> None:
    service = Rotating()
    pool = service.async_pool()
    items = {f"{PREFIX}.LastAuthUser": "bob@example.com"}
    for sub, name in (("ada", "ada"), ("bob", "bob@example.com"), ("eve", "eve.of.eden")):
        service.person(sub)
        items |= kept(service.tokens(), name)
    assert [user.username for user in await pool.import_from_javascript(items)] == ["ada", "bob", "eve"]
    current = await pool.current_user()
    assert current is not None
    assert current.username == "bob", "the service's own name, not the address that was typed"
    assert len(await pool.users()) == 3


@pytest.mark.parametrize("drift", ["NaN", "-86400000", "17", "fast", ""])
async def test_any_clock_drift_is_that_of_another_machine(drift: str) -> None:
    service = Rotating()
    (user,) = await service.async_pool().import_from_javascript(kept(service.tokens(), clockDrift=drift))
    assert await user.access_token()
    assert service.refreshes == 0


@pytest.mark.parametrize("missing", ["idToken", "refreshToken", "clockDrift"])
@pytest.mark.parametrize("instead", [None, "", "undefined", "null"])
async def test_what_is_missing_or_empty_is_done_without(missing: str, instead: str | None) -> None:
    service = Rotating()
    items: dict[str, object] = {**kept(service.tokens())}
    del items[f"{PREFIX}.ada.{missing}"]
    items |= {} if instead is None else {f"{PREFIX}.ada.{missing}": instead}
    (user,) = await service.async_pool().import_from_javascript(items)
    tokens = await user.tokens()
    assert (tokens.id_token is None) == (missing == "idToken")
    assert (tokens.refresh_token is None) == (missing == "refreshToken")


async def test_who_has_no_tokens_of_this_client_is_left_out() -> None:
    service = Rotating()
    pool = service.async_pool()
    good = kept(service.tokens())
    bad = {
        f"{PREFIX}.bob.accessToken": "no token",
        f"{PREFIX}.eve.idToken": "only this",
        f"{PREFIX}.mallory.deviceKey": "only a device",
        f"CognitoIdentityServiceProvider.other.{CLIENT}.accessToken": good[f"{PREFIX}.ada.accessToken"],
        f"{PREFIX}.LastAuthUser": "bob",
    }
    assert [user.username for user in await pool.import_from_javascript(good | bad)] == ["ada"]
    assert await pool.current_user() is None
    assert len(await pool.users()) == 1


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
async def test_a_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=r"JSON\.stringify"):
        await Rotating().async_pool().import_from_javascript(text)


async def test_an_older_copy_does_not_take_the_place_of_refreshed_tokens() -> None:
    service = Rotating()
    pool = service.async_pool()
    items = kept(service.tokens())
    (user,) = await pool.import_from_javascript(items)
    service.advance(4000)
    newest = await user.tokens()
    (again,) = await pool.import_from_javascript(items)
    assert await again.tokens() == newest
    assert service.refreshes == 1
    other = kept(service.tokens())
    (replaced,) = await pool.import_from_javascript(other)
    assert (await replaced.tokens()).access_token == other[f"{PREFIX}.ada.accessToken"], "another sign-in"
