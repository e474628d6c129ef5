"""How a user is signed in, and who is told of it, on the asynchronous face."""

from __future__ import annotations

import logging

import pytest

from tests.canary import assert_hidden
from tests.client.rotating import Rotating
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    ChangeReason,
    MemoryStorage,
    ServiceError,
    SessionChange,
    SessionExpired,
    SessionState,
    SignedIn,
    SignedOutError,
    StorageError,
    TransportError,
)
from userpool.testing.scripted import answer, refusal

DEAD = refusal("NotAuthorizedException", "Refresh Token has been revoked")
OUT = refusal("NotAuthorizedException", "Access Token has been revoked")
LATER = 4000


async def sign_in(pool: AsyncUserPool) -> AsyncUser:
    step = await pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    return step.user


def state(user: AsyncUser) -> SessionState:
    """What it is by now; type checkers believe that it stays as it was."""
    return user.state


def told(pool: AsyncUserPool) -> list[SessionChange]:
    """What is told from now on."""
    changes: list[SessionChange] = []
    pool.on_change(changes.append)
    return changes


def short(changes: list[SessionChange]) -> list[tuple[str, str, str]]:
    found = [(change.before.value, change.after.value, change.reason.value) for change in changes]
    changes.clear()
    return found


async def test_each_change_is_told_with_its_reason() -> None:
    service = Rotating()
    pool = service.async_pool()
    changes = told(pool)
    user = await sign_in(pool)
    assert state(user) == SessionState.SIGNED_IN
    assert short(changes) == [("signed_out", "signed_in", "signed_in")]

    service.advance(LATER)
    await user.access_token()
    await user.access_token()
    assert short(changes) == [("signed_in", "signed_in", "refreshed")]

    service.advance(LATER)
    service.instead = [TransportError("no network"), refusal("InternalErrorException", status=500)]
    for _ in range(2):
        with pytest.raises((TransportError, ServiceError)):
            await user.access_token()
        assert state(user) == SessionState.OFFLINE
    assert isinstance(changes[0].error, TransportError)
    assert short(changes) == [("signed_in", "offline", "refresh_failed")], "told once"

    await user.access_token()
    assert state(user) == SessionState.SIGNED_IN
    assert short(changes) == [("offline", "signed_in", "refreshed")]

    await user.sign_out()
    assert state(user) == SessionState.SIGNED_OUT
    assert short(changes) == [("signed_in", "signed_out", "signed_out")]


async def test_a_definite_end_is_an_expiry() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    changes = told(pool)
    service.advance(LATER)
    service.instead = [DEAD]
    with pytest.raises(SessionExpired):
        await user.access_token()
    assert state(user) == SessionState.EXPIRED
    assert isinstance(changes[0].error, SessionExpired)
    assert (changes[0].username, changes[0].sub) == ("ada", "sub-ada")
    assert short(changes) == [("signed_in", "expired", "session_expired")]
    with pytest.raises(SignedOutError):
        await user.access_token()
    assert changes == []


@pytest.mark.parametrize("way", ["refresh", "forget_device"])
async def test_a_sign_out_elsewhere_is_told_when_it_is_seen(way: str) -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    other = await pool.current_user()
    assert other is not None
    await other.sign_out()
    changes = told(pool)
    service.advance(LATER if way == "refresh" else 0)
    with pytest.raises(SignedOutError):
        await (user.refresh() if way == "refresh" else user._session.bind(None))
    assert state(user) == SessionState.SIGNED_OUT
    assert short(changes) == [("signed_in", "signed_out", "signed_out_elsewhere")]


async def test_a_removed_user_and_a_deleted_one() -> None:
    service = Rotating()
    pool = service.async_pool()
    await sign_in(pool)
    changes = told(pool)
    await pool.remove_user("ada")
    assert short(changes) == [("signed_in", "signed_out", "removed")]
    await pool.remove_user("ada")
    assert changes == []
    user = await sign_in(pool)
    await user.delete_user()
    assert [change.reason for change in changes] == [ChangeReason.SIGNED_IN, ChangeReason.USER_DELETED]


async def test_tokens_without_a_refresh_token_expire_by_themselves() -> None:
    service = Rotating()
    pool = service.async_pool()
    changes = told(pool)
    user = pool.user(access_token=service.tokens()["access_token"])
    assert state(user) == SessionState.SIGNED_IN
    service.advance(LATER)
    assert state(user) == SessionState.EXPIRED
    with pytest.raises(SessionExpired):
        await user.refresh()
    assert short(changes) == [("signed_in", "expired", "session_expired")]


async def test_a_watcher_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    service = Rotating()
    pool = service.async_pool()

    def fail(change: SessionChange) -> None:
        raise ZeroDivisionError

    pool.on_change(fail)
    changes = told(pool)
    with caplog.at_level(logging.ERROR, logger="userpool"):
        user = await sign_in(pool)
        service.advance(LATER)
        assert await user.access_token()
    assert len(changes) == 2
    assert [(record.name, "on_change" in record.message) for record in caplog.records] == [
        ("userpool", True)
    ] * 2


async def test_a_watcher_may_wait_and_may_call() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    seen: list[str] = []

    async def ask(change: SessionChange) -> None:
        seen.append(await user.access_token() if change.after == SessionState.SIGNED_IN else change.reason)

    pool.on_change(ask)
    service.advance(LATER)
    assert await user.access_token() == seen[0]
    await user.sign_out()
    assert seen[1:] == ["signed_out"]


async def test_a_watcher_is_told_until_it_is_taken_away() -> None:
    service = Rotating()
    pool = service.async_pool()
    first: list[SessionChange] = []
    second: list[SessionChange] = []
    end = pool.on_change(first.append)
    pool.on_change(second.append)
    await sign_in(pool)
    end()
    end()
    await sign_in(pool.with_storage(MemoryStorage()))
    assert (len(first), len(second)) == (1, 2)


async def test_a_change_holds_no_secret() -> None:
    service = Rotating()
    pool = service.async_pool()
    changes = told(pool)
    user = await sign_in(pool)
    tokens = await user.tokens()
    service.advance(LATER)
    service.instead = [DEAD]
    with pytest.raises(SessionExpired):
        await user.access_token()
    for change in changes:
        for secret in (tokens.access_token, tokens.id_token, tokens.refresh_token):
            assert secret
            assert_hidden(change, secret)


async def test_a_sign_out_tells_what_worked() -> None:
    service = Rotating()
    pool = service.async_pool()
    result = await (await sign_in(pool)).sign_out()
    assert (result.revoked, result.everywhere, result.forgotten, result.error) == (True, None, True, None)
    result = await (await sign_in(pool)).sign_out(everywhere=True)
    assert (result.revoked, result.everywhere, result.forgotten, result.error) == (True, True, True, None)
    assert service.operations[-1] == "GlobalSignOut"
    only = pool.user(access_token=service.tokens()["access_token"])
    result = await only.sign_out()
    assert (result.revoked, result.everywhere, result.forgotten) == (False, None, True)


@pytest.mark.parametrize("already", [DEAD, refusal("UserNotFoundException"), OUT])
@pytest.mark.parametrize("everywhere", [True, False])
async def test_what_the_service_has_ended_before_counts_as_done(already: Exception, everywhere: bool) -> None:
    service = Rotating()
    user = await sign_in(service.async_pool())
    service.instead = [already]
    result = await user.sign_out(everywhere=everywhere)
    assert (result.revoked, result.everywhere, result.error) == (True, True if everywhere else None, None)


async def test_an_expired_session_is_out_already() -> None:
    service = Rotating()
    user = await sign_in(service.async_pool())
    service.advance(LATER)
    service.instead = [DEAD]
    result = await user.sign_out(everywhere=True)
    assert (result.revoked, result.everywhere, result.forgotten) == (True, True, True)


async def test_a_refusal_to_sign_out_everywhere_still_ends_this_one() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    service.instead = [refusal("ForbiddenException", "Not from here")]
    result = await user.sign_out(everywhere=True)
    assert (result.revoked, result.everywhere, result.forgotten) == (True, False, True)
    assert type(result.error).__name__ == "ForbiddenException"
    assert await pool.current_user() is None


async def test_out_of_reach_it_is_out_here() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    service.instead = [TransportError("gone", sent="maybe")] * 20
    result = await user.sign_out(everywhere=True)
    assert (result.revoked, result.everywhere, result.forgotten) == (False, False, True)
    assert isinstance(result.error, TransportError)
    assert state(user) == SessionState.SIGNED_OUT


class Stuck(MemoryStorage):
    """Gives nothing up."""

    def delete(self, key: str) -> None:
        raise StorageError("The disk is gone: mount it.")


async def test_a_storage_that_gives_nothing_up_stops_no_revocation() -> None:
    service = Rotating()
    pool = service.async_pool(storage=Stuck())
    user = await sign_in(pool)
    result = await user.sign_out()
    assert (result.revoked, result.forgotten, type(result.storage_error)) == (True, False, StorageError)
    assert state(user) == SessionState.SIGNED_OUT
    with pytest.raises(SignedOutError):
        await user.access_token()


async def test_the_service_is_asked_whether_a_user_is_still_one() -> None:
    service = Rotating()
    pool = service.async_pool()
    user = await sign_in(pool)
    assert await user.verify()
    assert service.operations[-1] == "GetUser"
    service.instead = [OUT]
    assert await user.verify(), "only that access token was ended"
    assert service.refreshes == 1
    service.instead = [OUT, DEAD]
    assert not await user.verify()
    assert state(user) == SessionState.EXPIRED
    assert not await user.verify()
    assert await pool.current_user() is None


async def test_a_doubt_is_no_answer() -> None:
    service = Rotating()
    user = await sign_in(service.async_pool())
    service.instead = [refusal("NotAuthorizedException", "User is disabled.")]
    with pytest.raises(ServiceError):
        await user.verify()
    service.instead = [OUT, answer({}, status=500)]
    with pytest.raises(ServiceError):
        await user.verify()
    assert state(user) == SessionState.OFFLINE
    assert await user.verify()
