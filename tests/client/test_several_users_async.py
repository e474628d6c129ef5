"""Several users of one app client in one storage, on the asynchronous face."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.rotating import Rotating
from tests.flows.stage import CLIENT, POOL
from userpool import AsyncUserPool, AuthFlow, FileStorage, MemoryStorage, SignedIn, SignedOutError, Storage


@pytest.fixture(params=["memory", "files"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return MemoryStorage() if request.param == "memory" else FileStorage(tmp_path)


async def sign_in(service: Rotating, pool: AsyncUserPool, name: str) -> None:
    service.person(name)
    assert isinstance(await pool.sign_in(name, "x", auth_flow=AuthFlow.PASSWORD), SignedIn)


async def test_all_of_them_are_found_and_the_last_one_is_current(storage: Storage) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    assert await pool.users() == []
    for name in ("eve", "ada", "bob"):
        await sign_in(service, pool, name)
    assert [user.username for user in await pool.users()] == ["ada", "bob", "eve"]
    current = await pool.current_user()
    assert current is not None
    assert current.username == "bob"


async def test_switching_signs_nobody_out(storage: Storage) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    for name in ("ada", "bob"):
        await sign_in(service, pool, name)
    assert (await pool.switch_user("ada")).username == "ada"
    again = service.async_pool(storage=storage)
    current = await again.current_user()
    assert current is not None
    assert (current.username, len(await again.users())) == ("ada", 2)
    await current.sign_out()
    assert await again.current_user() is None, "nobody becomes current unasked"
    assert [user.username for user in await again.users()] == ["bob"]
    with pytest.raises(SignedOutError, match="keeps no user ada"):
        await again.switch_user("ada")


@pytest.mark.parametrize("name", ["ada", "sub-ada", "ADA@example.com", "ada@example.com", "Ada-Lovelace"])
async def test_a_user_is_found_by_whatever_they_may_type(storage: Storage, name: str) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    for each in ("bob", "ada"):
        await sign_in(service, pool, each)
    await pool.switch_user("bob")
    found = await pool.stored_user(name)
    assert found is not None
    assert found.username == "ada"
    assert (await pool.switch_user(name)).username == "ada"


async def test_an_address_that_is_not_verified_finds_nobody() -> None:
    service = Rotating()
    pool = service.async_pool()
    service.verified = False
    await sign_in(service, pool, "ada")
    assert await pool.stored_user("ada@example.com") is None
    assert await pool.stored_user("") is None


async def test_a_user_is_removed_without_a_call(storage: Storage) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    for name in ("bob", "ada"):
        await sign_in(service, pool, name)
    before = list(service.operations)
    assert await pool.remove_user("ada@example.com")
    assert not await pool.remove_user("ada@example.com")
    assert service.operations == before
    assert await pool.current_user() is None
    assert [user.username for user in await pool.users()] == ["bob"]
    assert await pool.remove_user("bob")
    assert await pool.users() == []


async def test_who_is_removed_is_out_at_the_next_refresh(storage: Storage) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    await sign_in(service, pool, "ada")
    (user,) = await pool.users()
    await pool.remove_user("ada")
    service.advance(4000)
    with pytest.raises(SignedOutError, match="elsewhere"):
        await user.access_token()


async def test_records_of_others_and_of_other_versions_are_nobody(storage: Storage) -> None:
    service = Rotating()
    pool = service.async_pool(storage=storage)
    storage.save(f"{POOL}/{CLIENT}/users/ada", b'{"version": 99}')
    storage.save(f"{POOL}/other/users/bob", b"{}")
    storage.save("installation", b"x")
    assert await pool.users() == []
    assert await pool.stored_user("ada") is None
    assert await pool.remove_user("ada"), "what cannot be read can be dropped by its name"
    assert storage.load(f"{POOL}/{CLIENT}/users/ada") is None
