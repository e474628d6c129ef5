"""What happens when something changes between the look at it and the write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    TOTP_ON,
    TOTP_OPTIONAL,
    App,
    ClientOf,
    CountingStore,
    PoolOf,
    World,
    other_code,
    with_app,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
    TooManyRequestsException,
    UsernameExistsException,
)
from userpool.service.domain.records import KeyUse, UserStatus
from userpool.service.ports import Conflict
from userpool.service.sessions import MAX_LENGTH, open_session
from userpool.service.sign_in import settled
from userpool.service.signing import SigningKeys

EMAIL = "ada@example.com"


@pytest.fixture
def meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], None]:
    """`meanwhile(n, work)`: do `work` just before the n-th write from now."""
    original = CountingStore.write

    def arrange(number: int, work: Callable[[], object]) -> None:
        left = number

        def write(store: CountingStore, job: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                monkeypatch.setattr(CountingStore, "write", original)
                work()
            return original(store, job)

        monkeypatch.setattr(CountingStore, "write", write)

    return arrange


Meanwhile = Callable[[int, Callable[[], object]], None]


def test_a_user_who_changes_during_the_sign_in_is_read_again(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up("ada", email=EMAIL)
    meanwhile(2, lambda: client.pool.change("ada", attributes={"sub": "x", "name": "Ada"}))
    tokens = client.tokens()
    assert {"Name": "name", "Value": "Ada"} in tokens.call("GetUser")["UserAttributes"]


def test_a_user_who_is_disabled_during_the_sign_in(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up()
    meanwhile(2, lambda: client.pool.admin("AdminDisableUser", Username="ada"))
    with pytest.raises(NotAuthorizedException, match=r"User is disabled\."):
        client.by_password()


def test_a_password_that_changes_during_the_sign_in(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up()
    new = {"Password": OTHER_PASSWORD, "Permanent": True}
    meanwhile(2, lambda: client.pool.admin("AdminSetUserPassword", Username="ada", **new))
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        client.by_password()


def test_a_user_who_is_deleted_during_the_sign_in(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up()
    meanwhile(2, lambda: client.pool.admin("AdminDeleteUser", Username="ada"))
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        client.by_password()


def test_a_user_who_never_stands_still(client: ClientOf, world: World) -> None:
    client.signed_up()
    user = client.pool.user("ada")

    def conflict(what: str) -> Callable[[object], None]:
        def attempt(_: object) -> None:
            raise Conflict(what)

        return attempt

    with pytest.raises(TooManyRequestsException):
        settled(world.context, user, conflict("user"))
    with pytest.raises(Conflict):
        settled(world.context, user, conflict("family"))


def test_a_password_that_changes_while_it_is_changed(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up()
    tokens = client.tokens()
    record = client.pool.user("ada").password
    assert record is not None
    meanwhile(3, lambda: client.pool.change("ada", password=replace(record, salt=b"another")))
    error = tokens.error("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)
    assert error.message == "Incorrect username or password."


def test_a_sign_out_during_a_change_of_password_stays(client: ClientOf, meanwhile: Meanwhile) -> None:
    client.signed_up()
    tokens = client.tokens()
    meanwhile(3, lambda: client.pool.admin("AdminUserGlobalSignOut", Username="ada"))
    error = tokens.error("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)
    assert error.message == "Access Token has been revoked"
    assert tokens.error("GetUser").message == "Access Token has been revoked"
    assert client.by_password()["AuthenticationResult"]


def test_a_user_who_is_deleted_while_they_confirm(
    client: ClientOf, world: World, meanwhile: Meanwhile
) -> None:
    client.sign_up("ada", email=EMAIL)
    meanwhile(2, lambda: client.pool.admin("AdminDeleteUser", Username="ada"))
    error = client.error("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    assert isinstance(error, ExpiredCodeException)


def test_an_address_that_changes_while_it_is_confirmed(
    client: ClientOf, world: World, meanwhile: Meanwhile
) -> None:
    client.sign_up("ada", email=EMAIL)
    meanwhile(2, lambda: client.pool.change("ada", attributes={"email": "eve@example.com"}))
    error = client.error("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    assert isinstance(error, ExpiredCodeException)
    assert client.pool.user("ada").status is UserStatus.UNCONFIRMED


def test_a_code_that_is_replaced_while_it_expires(
    client: ClientOf, world: World, meanwhile: Meanwhile
) -> None:
    client.sign_up("ada", email=EMAIL)
    old = world.code()
    world.clock.advance(86_400)
    meanwhile(2, lambda: client.call("ResendConfirmationCode", Username="ada"))
    assert isinstance(
        client.error("ConfirmSignUp", Username="ada", ConfirmationCode=old), ExpiredCodeException
    )
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())


def test_a_name_that_another_process_takes(
    client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object) -> None:
        raise Conflict("name")

    with monkeypatch.context() as patch:
        patch.setattr(CountingStore, "write", taken)
        error = client.error("SignUp", Username="ada", Password=PASSWORD)
    assert (type(error), error.message) == (UsernameExistsException, "User already exists")


def test_an_app_that_is_replaced_while_it_is_verified(world: World, meanwhile: Meanwhile) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    client.signed_up()
    tokens = client.tokens()
    app = App(world, tokens.call("AssociateSoftwareToken")["SecretCode"])
    meanwhile(2, lambda: tokens.call("AssociateSoftwareToken"))
    error = tokens.error("VerifySoftwareToken", UserCode=app.code())
    assert isinstance(error, EnableSoftwareTokenMFAException)


def test_T03_a_code_of_an_app_that_was_used_stays_used_when_the_clock_goes_back(world: World) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    client.signed_up()
    app = with_app(client, client.tokens())
    client.answer(client.by_password(), SOFTWARE_TOKEN_MFA_CODE=app.code())
    world.time -= 3600
    error = client.error(
        "RespondToAuthChallenge",
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=client.by_password()["Session"],
        ChallengeResponses={"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": app.code()},
    )
    assert isinstance(error, ExpiredCodeException)


@pytest.mark.parametrize("status", [UserStatus.RESET_REQUIRED, UserStatus.UNCONFIRMED])
def test_a_user_whose_state_changes_during_a_set_up(world: World, status: UserStatus) -> None:
    client = world.pool(mfa=TOTP_ON).client()
    client.signed_up()
    session = client.by_password()["Session"]
    client.pool.change("ada", status=status)
    error = world.error("AssociateSoftwareToken", Session=session)
    assert error.message == "Invalid session for the user."


def test_a_session_that_is_too_long_is_not_opened(world: World) -> None:
    for text in ("A" * 19, "A" * (MAX_LENGTH + 1)):
        with pytest.raises(InvalidParameterException, match="Invalid session provided"):
            open_session(world.context, text, "SMS_MFA")


def test_the_longest_names_fit_into_a_session(world: World) -> None:
    client = world.pool(mfa=TOTP_OPTIONAL).client()
    name = "\U00010348" * 128
    client.signed_up(name)
    tokens = client.tokens(client.by_password(name))
    app = with_app(client, tokens)
    challenge = client.by_password(name)
    assert len(challenge["Session"]) <= MAX_LENGTH
    assert client.answer(challenge, USERNAME=name, SOFTWARE_TOKEN_MFA_CODE=app.code())["AuthenticationResult"]


class TestSigningKeys:
    def test_they_are_opened_again_when_the_pool_changes(self, client: ClientOf, world: World) -> None:
        client.signed_up()
        client.by_password()
        client.call("GetTokensFromRefreshToken", RefreshToken=client.tokens().refresh)
        pool = world.store.read(lambda reader: reader.pool(client.pool.id))
        assert pool is not None
        assert world.context.signing.known(pool) is not None
        assert world.context.signing.known(replace(pool, modified_at=pool.modified_at + 1)) is None
        world.context.signing.forget()
        assert world.context.signing.known(pool) is None

    def test_only_so_many_pools_are_kept(self, world: World) -> None:
        kept, pools = SigningKeys(pools=2), [world.pool() for _ in range(3)]
        for one in pools:
            self.opened(world, kept, one)
        known = [self.known(world, kept, one) for one in pools]
        assert known == [False, True, True]

    def opened(self, world: World, kept: SigningKeys, one: PoolOf) -> None:
        pool = world.store.read(lambda reader: reader.pool(one.id))
        assert pool is not None
        kept.open(world.context.keys, pool, world.store.read(lambda reader: reader.signing_keys(one.id)))

    def known(self, world: World, kept: SigningKeys, one: PoolOf) -> bool:
        pool = world.store.read(lambda reader: reader.pool(one.id))
        assert pool is not None
        return kept.known(pool) is not None

    def test_a_retired_key_signs_no_more(self, world: World, pool: PoolOf) -> None:
        stored = world.store.read(lambda reader: reader.pool(pool.id))
        records = world.store.read(lambda reader: reader.signing_keys(pool.id))
        assert stored is not None
        retired = [replace(one, retired_at=1.0) if one.use is KeyUse.ID else one for one in records]
        with pytest.raises(LookupError, match="no key that signs id tokens"):
            SigningKeys().open(world.context.keys, stored, retired)


def test_a_guess_is_not_lost_when_the_answer_is(client: ClientOf, world: World) -> None:
    """A19: the count is committed in a transaction of its own."""
    client.sign_up("ada", email=EMAIL)
    wrong = other_code(world.code())
    for _ in range(15):
        assert isinstance(
            client.error("ConfirmSignUp", Username="ada", ConfirmationCode=wrong), CodeMismatchException
        )
    error = client.error("ConfirmSignUp", Username="ada", ConfirmationCode=wrong)
    assert error.code == "LimitExceededException"
