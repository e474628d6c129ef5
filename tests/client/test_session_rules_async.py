"""Keeping a user signed in, on the asynchronous face: nothing lost, nobody signed out on a doubt."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.client.rotating import Rotating
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    FileStorage,
    MemoryStorage,
    SessionExpired,
    SignedIn,
    SignedOutError,
    StorageError,
    StorageWarning,
    TokenError,
    TransportError,
    errors,
)
from userpool.testing.scripted import answer, refusal

DEAD = refusal("NotAuthorizedException", "Refresh Token has been revoked")
LATER = 4000


async def sign_in(pool: AsyncUserPool) -> AsyncUser:
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


@pytest.mark.parametrize(
    "doubt",
    [
        TransportError("no network"),
        refusal("InternalErrorException", status=500),
        refusal("NotAuthorizedException", "Something new"),
        refusal("NotAuthorizedException", "User is disabled."),
        refusal("PasswordResetRequiredException"),
        refusal("ResourceNotFoundException"),
        answer({}),
    ],
)
async def test_a_doubt_signs_nobody_out(doubt: Exception) -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    service.advance(LATER)
    service.instead = [doubt]
    with pytest.raises(errors.UserPoolError) as caught:
        await user.access_token()
    assert not isinstance(caught.value, SignedOutError)
    assert (await pool.current_user()) is not None
    assert await user.access_token()


@pytest.mark.parametrize(
    "refused",
    [
        DEAD,
        refusal("NotAuthorizedException", "Invalid Refresh Token"),
        refusal("NotAuthorizedException", "Refresh Token has expired"),
        refusal("RefreshTokenReuseException"),
        refusal("UserNotFoundException", "User does not exist."),
    ],
)
async def test_r01_a_definite_answer_ends_the_session(refused: Exception) -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    service.advance(LATER)
    service.instead = [refused]
    with pytest.raises(SessionExpired, match="sign in again"):
        await user.access_token()
    assert (await pool.current_user()) is None
    assert storage.keys() == []
    with pytest.raises(SignedOutError):
        await user.access_token()


async def test_r01_only_the_dead_token_is_cleared() -> None:
    """Meanwhile the same user has signed in anew, in another process."""
    service, storage = Rotating(), MemoryStorage()
    first = await sign_in(service.async_pool(storage=storage))
    unaware = first._session._held
    second = await sign_in(service.async_pool(storage=storage))
    first._session._stored = False
    service.advance(LATER)
    service.instead = [DEAD]
    with pytest.raises(SessionExpired):
        await first.access_token()
    assert unaware.tokens.refresh_token != second._session._held.tokens.refresh_token
    assert (await service.async_pool(storage=storage).current_user()) is not None


async def test_r03_the_new_refresh_token_is_stored_before_the_access_token_is_given() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    service.advance(LATER)
    seen: list[bytes] = []
    save = storage.save

    def watched(key: str, data: bytes) -> None:
        seen.append(data)
        save(key, data)

    storage.save = watched  # type: ignore[method-assign]  # a storage that is watched
    tokens = await user.tokens()
    assert any((tokens.refresh_token or "").encode() in data for data in seen)
    found = await pool.current_user()
    assert found is not None
    assert await found.tokens() == tokens


async def test_r04_another_process_s_token_is_used_once() -> None:
    """The record changes between the first look and the refusal: whoever wrote it did not ask for the
    lock.
    """
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    service.advance(LATER)
    record = storage.load(pool._home.keys.user("ada"))
    assert record is not None
    newer = service.tokens()
    load, looks = storage.load, 0

    def changing(key: str) -> bytes | None:
        nonlocal looks
        looks += 1
        data = load(key)
        if looks > 1 and data is not None:
            old = user._session._held.tokens.refresh_token or ""
            return data.replace(old.encode(), newer["refresh_token"].encode())
        return data

    storage.load = changing  # type: ignore[method-assign]  # a storage that changes under our hands
    service.alive.discard(user._session._held.tokens.refresh_token or "")
    assert await user.access_token()
    assert service.operations.count("GetTokensFromRefreshToken") == 2


async def test_r04_and_only_once() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = await sign_in(service.async_pool(storage=storage))
    service.advance(LATER)
    service.instead = [DEAD, DEAD]
    with pytest.raises(SessionExpired):
        await user.access_token()
    assert service.operations.count("GetTokensFromRefreshToken") == 1


async def test_s12_an_older_copy_that_was_put_back_ends_in_one_sign_in_anew() -> None:
    service, storage = Rotating(), MemoryStorage()
    first = service.async_pool(storage=storage)
    user = await sign_in(first)
    copy = {key: storage.load(key) or b"" for key in list(storage.keys())}
    service.advance(LATER)
    await user.access_token()
    for key, data in copy.items():
        storage.save(key, data)
    again = service.async_pool(storage=storage)
    restored = await again.current_user()
    assert restored is not None
    with pytest.raises(SessionExpired):
        await restored.access_token()
    assert service.operations.count("GetTokensFromRefreshToken") == 2
    assert await again.current_user() is None
    assert (await (await sign_in(again)).access_token()) != ""


async def test_s08_a_lock_that_is_held_for_ever_is_a_typed_error(tmp_path: Path) -> None:
    service = Rotating()
    pool = service.async_pool(storage=FileStorage(tmp_path), deadline=0.01)
    user = await sign_in(pool)
    service.advance(LATER)
    with (
        FileStorage(tmp_path).lock(pool._home.keys.user("ada"), 1),
        pytest.raises(StorageError, match="in use"),
    ):
        await user.access_token()
    assert service.refreshes == 0
    assert await user.access_token()


async def test_r08_another_user_s_tokens_are_refused_and_the_old_ones_kept() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    held = user._session.held
    service.advance(LATER)
    service.sub = "sub-eve"
    with pytest.raises(TokenError, match="another user's"):
        await user.access_token()
    assert user._session.held is held


async def test_r09_the_token_s_own_expiry_decides() -> None:
    """`ExpiresIn` of this service is -1."""
    service = Rotating()
    user = await sign_in(service.async_pool())
    for _ in range(3):
        await user.access_token()
    assert service.refreshes == 0
    dead = Rotating(life=-5)
    user = await sign_in(dead.async_pool())
    for _ in range(9):
        await user.access_token()
        dead.advance(1)
    assert dead.refreshes <= 2


@pytest.mark.parametrize("step", [86400, -86400])
async def test_r10_a_stepping_clock_causes_one_refresh_at_most(step: int) -> None:
    service = Rotating()
    user = await sign_in(service.async_pool())
    service.now += step
    for _ in range(5):
        await user.access_token()
    assert service.refreshes <= 1


async def test_a_machine_with_a_wrong_clock_stays_signed_in() -> None:
    service = Rotating()
    service.behind = 86400.0
    user = await sign_in(service.async_pool())
    await user.access_token()
    assert service.refreshes == 0
    service.advance(LATER)
    await user.access_token()
    await user.access_token()
    assert service.refreshes == 1


class Failing(MemoryStorage):
    """A disk that is full while `full` is true."""

    full = False

    def save(self, key: str, data: bytes) -> None:
        if self.full:
            raise StorageError("The disk is full: make room.")
        super().save(key, data)


async def test_r11_a_full_disk_leaves_the_session_alive() -> None:
    service, storage = Rotating(), Failing()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    storage.full = True
    service.advance(LATER)
    with pytest.warns(StorageWarning, match="The disk is full"):
        tokens = await user.tokens()
    with pytest.warns(StorageWarning):
        assert await user.tokens() == tokens, "it is tried again"
    service.advance(LATER)
    with pytest.warns(StorageWarning):
        assert await user.tokens() != tokens, "the record on the disk is not taken for newer"
    storage.full = False
    tokens = await user.tokens()
    found = await pool.current_user()
    assert found is not None
    assert await found.tokens() == tokens


async def test_r11_whoever_makes_errors_of_warnings_loses_no_token() -> None:
    service, storage = Rotating(), Failing()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    service.advance(LATER)
    storage.full = True
    with warnings.catch_warnings():
        warnings.simplefilter("error", StorageWarning)
        with pytest.raises(StorageWarning):
            await user.tokens()
    storage.full = False
    tokens = await user.tokens()
    assert (service.refreshes, tokens.refresh_token) == (1, "refresh-2")
    service.advance(LATER)
    assert (await user.tokens()).refresh_token == "refresh-3"


async def test_a_full_disk_does_not_stop_a_sign_in() -> None:
    service, storage = Rotating(), Failing()
    storage.full = True
    with pytest.warns(StorageWarning):
        user = await sign_in(service.async_pool(storage=storage))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StorageWarning)
        assert await user.access_token()


async def test_a_sign_out_elsewhere_is_seen() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = await sign_in(service.async_pool(storage=storage))
    other = await service.async_pool(storage=storage).current_user()
    assert other is not None
    await user.sign_out()
    service.advance(LATER)
    with pytest.raises(SignedOutError, match="elsewhere"):
        await other.access_token()
    assert storage.keys() == []


@pytest.mark.parametrize("tells_origin", [True, False])
async def test_r01_a_sign_out_leaves_a_newer_sign_in_of_the_same_user_alone(tells_origin: bool) -> None:
    service, storage = Rotating(), MemoryStorage()
    service.tells_origin = tells_origin
    pool = service.async_pool(storage=storage)
    first, second = await sign_in(pool), await sign_in(pool)
    await first.sign_out()
    found = await pool.current_user()
    assert found is not None
    assert await found.tokens() == await second.tokens()


async def test_a_sign_out_revokes_what_another_process_has_refreshed() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = await sign_in(service.async_pool(storage=storage))
    other = await service.async_pool(storage=storage).current_user()
    assert other is not None
    service.advance(1)
    await other.refresh()
    await user.sign_out()
    assert service.revoked == ["refresh-2"]
    assert storage.keys() == []
    user = await sign_in(service.async_pool(storage=storage))
    other = await service.async_pool(storage=storage).current_user()
    assert other is not None
    service.advance(1)
    await other.refresh()
    await user.revoke_token()
    assert service.revoked == ["refresh-2", "refresh-4"]


async def test_a_sign_out_without_network_is_a_sign_out() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = await sign_in(service.async_pool(storage=storage))
    service.instead = [TransportError("no network")] * 4
    result = await user.sign_out()
    assert not result.revoked
    assert isinstance(result.error, TransportError)
    assert storage.keys() == []


async def test_a_refresh_that_was_asked_for_is_shared_too() -> None:
    service = Rotating()
    user = await sign_in(service.async_pool())
    before = user._session.held
    await user.refresh()
    assert await user._session.renewed(before) is user._session.held, "somebody has done it already"
    assert service.refreshes == 1


async def test_a_record_of_another_version_is_written_anew() -> None:
    service, storage = Rotating(), MemoryStorage()
    pool = service.async_pool(storage=storage)
    user = await sign_in(pool)
    storage.save(pool._home.keys.user("ada"), b'{"version": 99}')
    assert (await pool.current_user()) is None
    service.advance(LATER)
    await user.access_token()
    assert (await pool.current_user()) is not None


async def test_tokens_that_were_handed_in_are_not_stored() -> None:
    service, storage = Rotating(), MemoryStorage()
    user = service.async_pool(storage=storage).user(**service.tokens())
    service.advance(LATER)
    assert (await user.tokens()).refresh_token == "refresh-2"
    assert storage.keys() == []
    await user.sign_out()
    with pytest.raises(SignedOutError):
        await user.tokens()
