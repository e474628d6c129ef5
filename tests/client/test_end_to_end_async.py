"""A user's life on the asynchronous face, against the embedded pool: everything between is real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code, wrong
from userpool import (
    AsyncUser,
    AsyncUserPool,
    AuthFlow,
    Challenge,
    ChallengeError,
    CodeMismatchException,
    EmailCodeRequired,
    FileStorage,
    InvalidPasswordException,
    MemoryStorage,
    MfaMethod,
    MfaPreference,
    MfaSelectionRequired,
    NewPasswordRequired,
    NotAuthorizedException,
    ParameterError,
    SessionExpired,
    SignedIn,
    SignedOutError,
    TotpRequired,
    TotpSetupRequired,
    UsernameExistsException,
    UserNotConfirmedException,
    errors,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol.shapes import idp

TOTP_ON = idp.SoftwareTokenMfaConfigType(enabled=True)
EMAIL_ON = idp.EmailMfaConfigType(message="Your code is {####}", subject="Code")


@pytest.fixture(scope="module")
def pool() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


@pytest.fixture
def own_pool() -> Iterator[AsyncEmbeddedUserPool]:
    """A pool that a test may set up, or move the clock of, as it likes."""
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


async def enrol(pool: AsyncUserPool, outbox: AsyncEmbeddedUserPool, name: str) -> None:
    """Sign `name` up and confirm it with the code that was sent."""
    email = f"{name}@example.com"
    result = await pool.sign_up(name, PASSWORD, {"email": email})
    assert not result.confirmed
    assert result.delivery is not None
    assert (result.delivery.medium, result.delivery.attribute) == ("EMAIL", "email")
    await pool.confirm_sign_up(name, outbox.outbox.code(email))


async def signed_in(pool: AsyncUserPool, name: str, password: str = PASSWORD) -> AsyncUser:
    step = await pool.sign_in(name, password)
    assert isinstance(step, SignedIn)
    return step.user


async def new_user(pool: AsyncEmbeddedUserPool) -> AsyncUser:
    name = fresh_name()
    await enrol(pool, pool, name)
    return await signed_in(pool, name)


async def set_up_totp(user: AsyncUser) -> str:
    """Register an authenticator app and prefer it; returns its seed."""
    seed = await user.associate_software_token()
    assert f"secret={seed.secret_code}" in seed.otpauth_uri("test")
    await user.verify_software_token(totp_code(seed.secret_code), "phone")
    await user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    return seed.secret_code


async def test_from_sign_up_to_sign_out(pool: AsyncEmbeddedUserPool) -> None:
    name = fresh_name()
    await pool.sign_up(name, PASSWORD, {"email": f"{name}@example.com"})
    with pytest.raises(UsernameExistsException):
        await pool.sign_up(name, PASSWORD)
    with pytest.raises(UserNotConfirmedException):
        await pool.sign_in(name, PASSWORD)
    delivery = await pool.resend_confirmation_code(name)
    assert delivery is not None
    code = pool.outbox.code(f"{name}@example.com")
    with pytest.raises(CodeMismatchException):
        await pool.confirm_sign_up(name, wrong(code))
    await pool.confirm_sign_up(name, code)
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        await pool.sign_in(name, "wrong")
    user = await signed_in(pool, name)
    assert repr(user) == f"AsyncUser({name!r})"
    assert (user.username, user.sub) == (name, user.id_claims["sub"])
    assert user.id_claims["email"] == f"{name}@example.com"
    profile = await user.get_user()
    assert profile.username == name
    assert profile.attributes["email_verified"] == "true"
    current = await pool.current_user()
    assert current is not None
    assert current.username == name
    old = await user.tokens()
    new = await user.refresh()
    assert new.access_token != old.access_token
    assert await user.access_token() == new.access_token
    result = await user.sign_out()
    assert (result.revoked, result.error) == (True, None)
    assert await pool.current_user() is None
    for call in (user.get_user, user.tokens, user.refresh, user.sign_out):
        with pytest.raises(SignedOutError):
            await call()
    bystander = pool.user(access_token=new.access_token, refresh_token=new.refresh_token)
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await bystander.get_user()


async def test_the_clear_password_flow(pool: AsyncEmbeddedUserPool) -> None:
    name = fresh_name()
    await enrol(pool, pool, name)
    step = await pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.PASSWORD)
    assert isinstance(step, SignedIn)
    assert step.new_device is None


async def test_attributes(pool: AsyncEmbeddedUserPool) -> None:
    user = await new_user(pool)
    other = f"other-{user.username}@example.com"
    (delivery,) = await user.update_user_attributes({"email": other, "nickname": "ada"})
    assert delivery.attribute == "email"
    assert (await user.get_user()).attributes["nickname"] == "ada"
    again = await user.get_user_attribute_verification_code("email")
    assert again is not None
    with pytest.raises(CodeMismatchException):
        await user.verify_user_attribute("email", wrong(pool.outbox.code(other)))
    await user.verify_user_attribute("email", pool.outbox.code(other))
    assert (await user.get_user()).attributes["email"] == other
    await user.delete_user_attributes("nickname")
    assert "nickname" not in (await user.get_user()).attributes
    await user.update_user_attributes({"nickname": "ada", "name": "Ada"})
    await user.delete_user_attributes(["nickname", "name"])
    assert not {"nickname", "name"} & set((await user.get_user()).attributes)


async def test_passwords(pool: AsyncEmbeddedUserPool) -> None:
    user = await new_user(pool)
    with pytest.raises(NotAuthorizedException):
        await user.change_password("wrong", "Another-horse-8")
    with pytest.raises(InvalidPasswordException, match="Password"):
        await user.change_password(PASSWORD, "weak-password")
    await user.change_password(PASSWORD, "Another-horse-8")
    await signed_in(pool, user.username, "Another-horse-8")
    delivery = await pool.forgot_password(user.username)
    assert delivery is not None
    code = pool.outbox.code(f"{user.username}@example.com")
    with pytest.raises(CodeMismatchException):
        await pool.confirm_forgot_password(user.username, wrong(code), "Third-horse-9")
    await pool.confirm_forgot_password(user.username, code, "Third-horse-9")
    await signed_in(pool, user.username, "Third-horse-9")


async def test_an_account_can_be_deleted(pool: AsyncEmbeddedUserPool) -> None:
    user = await new_user(pool)
    await user.delete_user()
    with pytest.raises(SignedOutError):
        await user.get_user()
    with pytest.raises(NotAuthorizedException):
        await pool.sign_in(user.username, PASSWORD)


async def test_signing_out_everywhere(pool: AsyncEmbeddedUserPool) -> None:
    here = await new_user(pool)
    there = pool.user(**_tokens(await signed_in(pool, here.username)))
    await here.global_sign_out()
    with pytest.raises(SignedOutError):
        await here.tokens()
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await there.get_user()
    with pytest.raises(SessionExpired):
        await there.refresh()


async def test_revoking_one_sign_in(pool: AsyncEmbeddedUserPool) -> None:
    user = await new_user(pool)
    other = await signed_in(pool, user.username)
    copy = pool.user(**_tokens(user))
    await user.revoke_token()
    with pytest.raises(SessionExpired, match="sign in again"):
        await copy.refresh()
    await other.refresh()
    alone = pool.user(access_token=(await other.tokens()).access_token)
    with pytest.raises(ParameterError, match="refresh token"):
        await alone.revoke_token()
    with pytest.raises(SessionExpired, match="without a refresh token"):
        await alone.refresh()
    assert not (await alone.sign_out()).revoked


def _tokens(user: AsyncUser) -> dict[str, str]:
    held = user._session.held.tokens
    assert held.id_token is not None
    assert held.refresh_token is not None
    return {
        "access_token": held.access_token,
        "id_token": held.id_token,
        "refresh_token": held.refresh_token,
    }


async def test_a_user_from_tokens_alone(pool: AsyncEmbeddedUserPool) -> None:
    tokens = _tokens(await new_user(pool))
    user = pool.user(**tokens)
    assert (await user.get_user()).username == user.username
    assert (await user.refresh()).access_token != tokens["access_token"]
    alone = pool.user(access_token=tokens["access_token"])
    assert alone.id_claims == {}
    assert (await alone.tokens()).access_token == tokens["access_token"]
    assert (await alone.get_user()).username == user.username


async def test_a_second_factor_by_app(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    await pool.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL", software_token_mfa_configuration=TOTP_ON
    )
    user = await new_user(pool)
    seed = await user.associate_software_token()
    with pytest.raises(errors.EnableSoftwareTokenMFAException):
        await user.verify_software_token(wrong(totp_code(seed.secret_code)))
    secret = await set_up_totp(user)
    profile = await user.get_user()
    assert (profile.mfa_methods, profile.preferred_mfa) == ((MfaMethod.TOTP,), MfaMethod.TOTP)
    step = await pool.sign_in(user.username, PASSWORD)
    assert isinstance(step, TotpRequired)
    assert step.device_name == "phone"
    with pytest.raises(CodeMismatchException):
        await pool.respond(step.answer(wrong(totp_code(secret, ahead=1))))
    # Another process, another pool object: all that is needed is in the challenge.
    elsewhere = Challenge.from_dict(json.loads(json.dumps(step.to_dict())))
    assert isinstance(elsewhere, TotpRequired)
    assert isinstance(await pool.respond(elsewhere.answer(totp_code(secret, ahead=1))), SignedIn)
    with pytest.raises(NotAuthorizedException, match="session"):
        await pool.respond(step.answer(totp_code(secret, ahead=1)))
    await user.set_user_mfa_preference(totp=MfaPreference.DISABLED)
    assert isinstance(await pool.sign_in(user.username, PASSWORD), SignedIn)


async def test_a_second_factor_is_set_up_on_the_way(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    name = fresh_name()
    await enrol(pool, pool, name)
    await pool.admin.set_user_pool_mfa_config(
        mfa_configuration="ON", software_token_mfa_configuration=TOTP_ON
    )
    step = await pool.sign_in(name, PASSWORD)
    assert isinstance(step, TotpSetupRequired)
    with pytest.raises(errors.EnableSoftwareTokenMFAException):
        await pool.respond(step.answer(wrong(totp_code(step.secret_code))))
    done = await pool.respond(step.answer(totp_code(step.secret_code), "phone"))
    if isinstance(done, TotpRequired):
        done = await pool.respond(done.answer(totp_code(step.secret_code, ahead=1)))
    assert isinstance(done, SignedIn)
    assert isinstance(await pool.sign_in(name, PASSWORD), TotpRequired)


async def test_choosing_among_second_factors(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    user = await new_user(pool)
    await pool.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL",
        software_token_mfa_configuration=TOTP_ON,
        email_mfa_configuration=EMAIL_ON,
    )
    await set_up_totp(user)
    await user.set_user_mfa_preference(totp=MfaPreference.NOT_PREFERRED, email=MfaPreference.ENABLED)
    step = await pool.sign_in(user.username, PASSWORD)
    assert isinstance(step, MfaSelectionRequired)
    assert set(step.methods) == {MfaMethod.TOTP, MfaMethod.EMAIL}
    chosen = await pool.respond(step.answer(MfaMethod.EMAIL))
    assert isinstance(chosen, EmailCodeRequired)
    assert chosen.delivery.medium == "EMAIL"
    code = pool.outbox.code(f"{user.username}@example.com")
    with pytest.raises(CodeMismatchException):
        await pool.respond(chosen.answer(wrong(code)))
    assert isinstance(await pool.respond(chosen.answer(code)), SignedIn)


async def test_a_temporary_password_is_replaced(pool: AsyncEmbeddedUserPool) -> None:
    name = fresh_name()
    made = await pool.admin.admin_create_user(
        name,
        {"email": f"{name}@example.com", "email_verified": "true"},
        temporary_password="Temporary-1",
        message_action="SUPPRESS",
    )
    assert made.user_status == "FORCE_CHANGE_PASSWORD"
    step = await pool.sign_in(name, "Temporary-1")
    assert isinstance(step, NewPasswordRequired)
    assert step.missing_attributes == ()
    assert step.attributes["email"] == f"{name}@example.com"
    with pytest.raises(InvalidPasswordException):
        await pool.respond(step.answer("weak-password"))
    assert isinstance(await pool.respond(step.answer(PASSWORD, {"nickname": "ada"})), SignedIn)
    user = await signed_in(pool, name)
    assert (await user.get_user()).attributes["nickname"] == "ada"


async def test_a_client_with_a_secret(pool: AsyncEmbeddedUserPool) -> None:
    made = await pool.admin.create_user_pool_client(
        "secretive",
        generate_secret=True,
        explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    assert made.client_id is not None
    client = pool.app_client(made.client_id, made.client_secret)
    name = fresh_name()
    await enrol(client, pool, name)
    user = await signed_in(client, name)
    await user.refresh()
    await client.forgot_password(name)
    code = pool.outbox.code(f"{name}@example.com")
    await client.confirm_forgot_password(name, code, "Another-horse-8")
    step = await client.sign_in(name, "Another-horse-8", auth_flow="USER_PASSWORD_AUTH")
    assert isinstance(step, SignedIn)
    assert (await step.user.sign_out()).revoked
    without = pool.app_client(made.client_id)
    with pytest.raises(NotAuthorizedException) as caught:
        await without.sign_in(name, "Another-horse-8")
    assert caught.value.reason == "secret_hash"


async def test_a_challenge_belongs_to_its_client(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    await pool.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL", software_token_mfa_configuration=TOTP_ON
    )
    user = await new_user(pool)
    await set_up_totp(user)
    step = await pool.sign_in(user.username, PASSWORD)
    assert isinstance(step, TotpRequired)
    with pytest.raises(ChallengeError, match=pool.client_id):
        await pool.app_client("anotherclient").respond(step.answer("123456"))


async def test_tokens_are_refreshed_when_they_are_about_to_end(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    user = await new_user(pool)
    first = await user.access_token()
    pool.clock.advance(3600 - 60)
    assert await user.access_token() == first
    pool.clock.advance(45)
    second = await user.access_token()
    assert second != first
    pool.clock.advance(3700)
    assert (await user.get_user()).username == user.username
    assert await user.access_token() != second


async def test_an_access_token_that_only_the_service_finds_old(own_pool: AsyncEmbeddedUserPool) -> None:
    """This machine's clock stands; the service's has moved on."""
    pool = own_pool
    user = await new_user(pool)
    frozen = AsyncUserPool(
        pool.user_pool_id, pool.client_id, endpoint="http://localhost", transport=pool.transport
    )
    same = frozen.user(**_tokens(user))
    pool.clock.advance(3700)
    assert (await same.get_user()).username == user.username
    alone = frozen.user(access_token=_tokens(user)["access_token"])
    with pytest.raises(NotAuthorizedException, match="expired"):
        await alone.get_user()


async def test_a_session_ends_with_its_refresh_token(own_pool: AsyncEmbeddedUserPool) -> None:
    pool = own_pool
    user = await new_user(pool)
    pool.clock.advance(31 * 86400)
    with pytest.raises(SessionExpired, match="sign in again") as caught:
        await user.get_user()
    assert isinstance(caught.value.__cause__, NotAuthorizedException)
    assert await pool.current_user() is None
    with pytest.raises(SignedOutError):
        await user.tokens()
    await signed_in(pool, user.username)


async def test_a_file_remembers_who_signed_in(tmp_path: Path) -> None:
    pool = AsyncUserPool.embedded(tmp_path / "users.db", storage=FileStorage(tmp_path / "tokens"))
    user = await new_user(pool)
    tokens = await user.tokens()
    ids = (pool.user_pool_id, pool.client_id)
    await pool.aclose()
    pool = AsyncUserPool.embedded(tmp_path / "users.db", storage=FileStorage(tmp_path / "tokens"))
    assert (pool.user_pool_id, pool.client_id) == ids
    found = await pool.current_user()
    assert found is not None
    assert found.username == user.username
    assert await found.tokens() == tokens
    await found.refresh()
    await found.sign_out()
    assert await pool.current_user() is None
    left = FileStorage(tmp_path / "tokens").keys()
    assert [key.rpartition("/")[2] for key in left] == ["jwks"]
    await pool.aclose()


async def test_two_users_in_one_storage(pool: AsyncEmbeddedUserPool) -> None:
    first, second = await new_user(pool), await new_user(pool)
    await first.refresh()
    current = await pool.current_user()
    assert current is not None
    assert current.username == second.username
    await first.sign_out()
    assert (await pool.current_user()) is not None
    await second.sign_out()
    assert await pool.current_user() is None


async def test_pools_do_not_share_what_they_store(pool: AsyncEmbeddedUserPool) -> None:
    storage = MemoryStorage()
    mine = pool.app_client(pool.client_id, storage=storage)
    name = fresh_name()
    await enrol(pool, pool, name)
    await signed_in(mine, name)
    assert await mine.current_user() is not None
    assert await pool.app_client("anotherclient", storage=storage).current_user() is None


async def test_it_is_a_context_manager() -> None:
    async with AsyncUserPool.embedded() as pool:
        assert "embedded" not in repr(pool)
        assert pool.user_pool_id in repr(pool)
        user = await new_user(pool)
    with pytest.raises(errors.UserPoolError):
        await user.get_user()
