"""What a program can do beside signing in, on the asynchronous face, against the embedded pool."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code
from userpool import (
    AsyncUser,
    AsyncUserPool,
    DeviceFacts,
    InvalidParameterException,
    InvalidPasswordException,
    MfaMethod,
    MfaOption,
    MfaPreference,
    NewPasswordRequired,
    NotAuthorizedException,
    PasswordPolicy,
    PasswordPolicyError,
    SessionExpired,
    SignedIn,
    SignedOutError,
    UserContext,
    errors,
    generate_password,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp

FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.fixture(scope="module")
def pool() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


@pytest.fixture
def own_pool() -> Iterator[AsyncEmbeddedUserPool]:
    """A pool that a test may set up as it likes."""
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


async def new_user(
    pool: AsyncUserPool, outbox: AsyncEmbeddedUserPool, *, password: str = PASSWORD
) -> AsyncUser:
    """Somebody who has signed up, confirmed, and signed in."""
    name = fresh_name()
    await pool.sign_up(name, password, {"email": f"{name}@example.com"})
    await pool.confirm_sign_up(name, outbox.outbox.code(f"{name}@example.com"))
    step = await pool.sign_in(name, password)
    assert isinstance(step, SignedIn)
    return step.user


class TestTwoSecrets:
    async def test_a_client_lives_through_the_rotation_of_its_secret(
        self, pool: AsyncEmbeddedUserPool
    ) -> None:
        made = await pool.admin.create_user_pool_client(
            "rotating", generate_secret=True, explicit_auth_flows=FLOWS
        )
        assert made.client_id is not None
        assert made.client_secret is not None
        old, new = made.client_secret, "n" * 40
        before = pool.app_client(made.client_id, (new, old))
        # The new secret is in the program's settings already; the service has not heard of it.
        user = await new_user(before, pool)

        added = await pool.admin.call(
            ops.ADD_USER_POOL_CLIENT_SECRET,
            ops.ADD_USER_POOL_CLIENT_SECRET.input(
                user_pool_id=pool.user_pool_id, client_id=made.client_id, client_secret=new
            ),
        )
        assert added.client_secret_descriptor is not None
        both = await pool.admin.call(
            ops.LIST_USER_POOL_CLIENT_SECRETS,
            ops.LIST_USER_POOL_CLIENT_SECRETS.input(user_pool_id=pool.user_pool_id, client_id=made.client_id),
        )
        first = next(
            one.client_secret_id
            for one in both.client_secrets or ()
            if one.client_secret_id != added.client_secret_descriptor.client_secret_id
        )
        await user.refresh()
        await pool.admin.call(
            ops.DELETE_USER_POOL_CLIENT_SECRET,
            ops.DELETE_USER_POOL_CLIENT_SECRET.input(
                user_pool_id=pool.user_pool_id, client_id=made.client_id, client_secret_id=first or ""
            ),
        )

        # The same program goes on, without a restart: by refresh, sign-in, and everything else.
        await user.refresh()
        step = await before.sign_in(user.username, PASSWORD)
        assert isinstance(step, SignedIn)
        with pytest.raises(NotAuthorizedException, match="secret hash"):
            await pool.app_client(made.client_id, old).sign_in(user.username, PASSWORD)
        assert (await step.user.sign_out()).revoked

    async def test_two_wrong_ones_are_refused(self, pool: AsyncEmbeddedUserPool) -> None:
        made = await pool.admin.create_user_pool_client("wrong", generate_secret=True)
        client = pool.app_client(made.client_id or "", ("x" * 40, "y" * 40))
        with pytest.raises(NotAuthorizedException, match="secret hash"):
            await client.forgot_password("ada")


class TestPasswordPolicy:
    async def test_client_and_service_ask_for_the_same(self, own_pool: AsyncEmbeddedUserPool) -> None:
        wanted = idp.PasswordPolicyType(minimum_length=12, require_numbers=True, require_symbols=True)
        made = await own_pool.admin.create_user_pool(
            "strict",
            policies=idp.UserPoolPolicyType(password_policy=wanted),
            auto_verified_attributes=["email"],
        )
        policy = PasswordPolicy.from_user_pool(await own_pool.admin.describe_user_pool(made.id))
        assert policy == PasswordPolicy(12, False, False, True, True)
        client = await own_pool.admin.create_user_pool_client(
            "strict", explicit_auth_flows=FLOWS, user_pool_id=made.id
        )

        def seen(policy: PasswordPolicy | None = None) -> AsyncUserPool:
            return AsyncUserPool(
                made.id or "",
                client.client_id or "",
                password_policy=policy,
                endpoint="http://localhost",
                transport=own_pool.transport,
            )

        careful, careless = seen(policy), seen()
        for password in ("short-1", "long-enough-", "longenough123", "LONG ENOUGH"):
            assert policy.check(password)
            with pytest.raises(PasswordPolicyError):
                await careful.sign_up(fresh_name(), password, {"email": "a@example.com"})
            if " " not in password:  # which the contract's own pattern refuses before anybody looks
                with pytest.raises(InvalidPasswordException):
                    await careless.sign_up(fresh_name(), password, {"email": "a@example.com"})
        result = await careful.sign_up(fresh_name(), "nothing-big-7", {"email": "a@example.com"})
        assert result.user_sub

    async def test_what_is_generated_is_taken(self, pool: AsyncEmbeddedUserPool) -> None:
        for _ in range(5):
            await pool.sign_up(fresh_name(), generate_password(length=8), {"email": "a@example.com"})

    async def test_a_user_is_held_to_it_at_every_change(self, pool: AsyncEmbeddedUserPool) -> None:
        careful = pool.app_client(pool.client_id, password_policy=PasswordPolicy(16))
        user = await new_user(careful, pool, password="A-very-long-password-1")
        with pytest.raises(PasswordPolicyError, match="16 characters"):
            await user.change_password("A-very-long-password-1", PASSWORD)
        fresh = generate_password(PasswordPolicy(16))
        await user.change_password("A-very-long-password-1", fresh)
        await careful.forgot_password(user.username)
        code = pool.outbox.code(f"{user.username}@example.com")
        with pytest.raises(PasswordPolicyError):
            await careful.confirm_forgot_password(user.username, code, PASSWORD)
        await careful.confirm_forgot_password(user.username, code, "A-very-long-password-2")

    async def test_so_is_a_new_one_in_the_middle_of_a_sign_in(self, pool: AsyncEmbeddedUserPool) -> None:
        careful = pool.app_client(pool.client_id, password_policy=PasswordPolicy(16))
        name = fresh_name()
        await pool.admin.admin_create_user(name, temporary_password=PASSWORD, message_action="SUPPRESS")
        step = await careful.sign_in(name, PASSWORD)
        assert isinstance(step, NewPasswordRequired)
        with pytest.raises(PasswordPolicyError):
            await careful.respond(step.answer("Shorter-than-1"))
        # Nothing was sent: the same challenge goes on.
        assert isinstance(await careful.respond(step.answer("Longer-than-that-1")), SignedIn)


async def track(pool: AsyncEmbeddedUserPool) -> None:
    """Have the pool keep track of where its users are signed in."""
    operation = ops.SET_USER_POOL_SESSION_CONFIGURATION
    request = operation.input(
        user_pool_id=pool.user_pool_id,
        user_session_tracking="ENABLED",
        token_session=idp.UserPoolTokenSessionConfigType(max_per_user=20),
    )
    await pool.admin.call(operation, request)


class TestSessions:
    async def test_a_user_sees_where_they_are_signed_in_and_ends_it_there(
        self, own_pool: AsyncEmbeddedUserPool
    ) -> None:
        await track(own_pool)
        here = await new_user(own_pool, own_pool)
        another_machine = own_pool.app_client(own_pool.client_id)
        step = await another_machine.sign_in(here.username, PASSWORD)
        assert isinstance(step, SignedIn)
        elsewhere = step.user

        page = await here.list_user_sessions()
        assert len(page) == 2
        assert page.next_token is None
        [other] = [one async for one in here.user_sessions() if not one.is_current]
        assert other.session_type == "TOKEN"
        assert other.client_id == own_pool.client_id
        assert other.created_at is not None
        assert other.created_at.tzinfo is not None

        await here.revoke_user_session(other.session_id)
        assert [one.is_current async for one in here.user_sessions()] == [True]
        with pytest.raises(SessionExpired):
            await elsewhere.refresh()
        await here.refresh()

    async def test_a_session_of_nobody_is_told_to_be_none(self, own_pool: AsyncEmbeddedUserPool) -> None:
        await track(own_pool)
        user = await new_user(own_pool, own_pool)
        with pytest.raises(errors.ResourceNotFoundException):
            await user.revoke_user_session("tkn" + "0" * 25)

    async def test_a_back_end_ends_a_sign_in_by_its_refresh_token_alone(
        self, own_pool: AsyncEmbeddedUserPool
    ) -> None:
        await track(own_pool)
        user = await new_user(own_pool, own_pool)
        token = (await user.tokens()).refresh_token or ""
        await own_pool.revoke_token(token, revoke_associated_sessions="LINKED")
        await own_pool.revoke_token(token)  # already done is done
        with pytest.raises(SessionExpired):
            await user.refresh()
        with pytest.raises(errors.UnsupportedTokenTypeException):
            await own_pool.revoke_token(await (await new_user(own_pool, own_pool)).access_token())


async def test_both_tokens_say_what_they_say(pool: AsyncEmbeddedUserPool) -> None:
    user = await new_user(pool, pool)
    access, identity = user.access_claims, user.id_claims
    assert (access["token_use"], identity["token_use"]) == ("access", "id")
    assert access["sub"] == identity["sub"] == user.sub
    assert access["scope"] == "aws.cognito.signin.user.admin"
    await user.sign_out()
    with pytest.raises(SignedOutError):
        _ = user.access_claims


class TestFactors:
    async def test_a_user_s_factors_are_told_with_what_is_preferred(
        self, own_pool: AsyncEmbeddedUserPool
    ) -> None:
        await own_pool.admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
        )
        user = await new_user(own_pool, own_pool)
        assert (await user.get_user_auth_factors()).mfa_methods == ()
        seed = await user.associate_software_token()
        await user.verify_software_token(totp_code(seed.secret_code))
        await user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
        factors = await user.get_user_auth_factors()
        assert factors.username == user.username
        assert set(factors.factors) >= {"PASSWORD"}
        assert (factors.mfa_methods, factors.preferred_mfa) == ((MfaMethod.TOTP,), MfaMethod.TOTP)
        profile = await user.get_user()
        assert (profile.mfa_methods, profile.preferred_mfa) == ((MfaMethod.TOTP,), MfaMethod.TOTP)

    async def test_a_passkey_counts_as_second_factor_only_where_the_pool_says_so(
        self, pool: AsyncEmbeddedUserPool
    ) -> None:
        user = await new_user(pool, pool)
        with pytest.raises(InvalidParameterException, match="WebAuthn"):
            await user.set_user_mfa_preference(web_authn=True)

    async def test_the_oldest_setting_turns_text_messages_on_and_off(
        self, own_pool: AsyncEmbeddedUserPool
    ) -> None:
        await own_pool.admin.set_user_pool_mfa_config(
            mfa_configuration="OPTIONAL",
            sms_mfa_configuration=idp.SmsMfaConfigType(
                sms_configuration=idp.SmsConfigurationType(sns_caller_arn="arn:aws:iam::123456789012:role/s")
            ),
        )
        name = fresh_name()
        await own_pool.admin.admin_create_user(
            name,
            {"phone_number": "+15550100123", "phone_number_verified": "true"},
            temporary_password=PASSWORD,
            message_action="SUPPRESS",
        )
        step = await own_pool.sign_in(name, PASSWORD)
        assert isinstance(step, NewPasswordRequired)
        step = await own_pool.respond(step.answer("Correct-horse-8"))
        assert isinstance(step, SignedIn)
        await step.user.set_user_settings([MfaOption()])
        assert (await step.user.get_user()).mfa_options == (MfaOption(),)
        assert (await step.user.get_user()).mfa_methods == (MfaMethod.SMS,)
        await step.user.set_user_settings([])
        assert (await step.user.get_user()).mfa_options == ()


async def test_feedback_needs_threat_protection(pool: AsyncEmbeddedUserPool) -> None:
    with pytest.raises(errors.UserPoolAddOnNotEnabledException):
        await pool.update_auth_event_feedback(
            "ada", event_id="event", feedback_token="token", feedback_value="Valid"
        )


async def test_what_threat_protection_is_told_is_taken_in_every_call(pool: AsyncEmbeddedUserPool) -> None:
    facts = DeviceFacts.of_this_machine(application_name="shop", device_id="0123456789abcdef")
    telling = AsyncUserPool(
        pool.user_pool_id,
        pool.client_id,
        endpoint="http://localhost",
        transport=pool.transport,
        user_context=UserContext("192.0.2.1", device=facts),
    )
    user = await new_user(telling, pool)
    assert await telling.forgot_password(user.username)
    assert (await user.get_user()).username == user.username
