"""Choice-based sign-in and sign-in after sign-up on the asynchronous face, against the embedded pool."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code, wrong
from userpool import (
    AsyncUserPool,
    AuthFactor,
    AuthFlow,
    Challenge,
    CodeMismatchException,
    ConfirmSignUpResult,
    EmailCodeRequired,
    FactorSelectionRequired,
    InvalidParameterException,
    MfaPreference,
    NotAuthorizedException,
    PasswordRequired,
    SignedIn,
    SignUpResult,
    SmsCodeRequired,
    TotpRequired,
)
from userpool.embedded import AsyncEmbeddedUserPool
from userpool.protocol import operations as ops
from userpool.protocol.errors import UnsupportedOperationException
from userpool.protocol.shapes import idp

FLOWS = ("ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
TOTP_OPTIONAL = idp.SoftwareTokenMfaConfigType(enabled=True)


@pytest.fixture(scope="module")
def house() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


@pytest.fixture(params=[False, True], ids=["public", "secret"])
async def pool(house: AsyncEmbeddedUserPool, request: pytest.FixtureRequest) -> AsyncUserPool:
    """The pool with every first factor, by a client that allows nothing but the choice."""
    policy = idp.SignInPolicyType(allowed_first_auth_factors=["PASSWORD", "EMAIL_OTP", "SMS_OTP"])
    await house.admin.call(
        ops.UPDATE_USER_POOL,
        ops.UPDATE_USER_POOL.input(
            user_pool_id=house.user_pool_id,
            policies=idp.UserPoolPolicyType(sign_in_policy=policy),
            auto_verified_attributes=["email"],
        ),
    )
    made = await house.admin.create_user_pool_client(
        fresh_name(), explicit_auth_flows=FLOWS, generate_secret=request.param
    )
    assert made.client_id is not None
    return house.app_client(made.client_id, made.client_secret)


async def enrol(pool: AsyncUserPool, house: AsyncEmbeddedUserPool, password: str | None = PASSWORD) -> str:
    """A confirmed user with an address and a telephone; returns the name."""
    name = fresh_name()
    email = f"{name}@example.com"
    await pool.sign_up(name, password, {"email": email, "phone_number": "+15555550123"})
    await pool.confirm_sign_up(name, house.outbox.code(email))
    return name


async def test_the_user_chooses(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    name = await enrol(pool, house)
    step = await pool.sign_in(name, auth_flow=AuthFlow.CHOICE)
    assert isinstance(step, FactorSelectionRequired)
    assert set(step.factors) == {"PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"}
    again = Challenge.from_dict(json.loads(json.dumps(step.to_dict())))
    assert isinstance(again, FactorSelectionRequired)
    code = await pool.respond(again.answer(AuthFactor.EMAIL_OTP))
    assert isinstance(code, EmailCodeRequired)
    assert code.delivery.destination.endswith("@e***")
    sent = house.outbox.code(f"{name}@example.com")
    with pytest.raises(CodeMismatchException):
        await pool.respond(code.answer(wrong(sent)))
    done = await pool.respond(code.answer(sent))
    assert isinstance(done, SignedIn)
    assert done.user.username == name


@pytest.mark.parametrize("factor", [AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP])
async def test_a_password_is_one_of_the_factors(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool, factor: AuthFactor
) -> None:
    name = await enrol(pool, house)
    preferred = await pool.sign_in(name, PASSWORD, preferred_challenge=factor)
    assert isinstance(preferred, SignedIn)
    step = await pool.sign_in(name, auth_flow=AuthFlow.CHOICE)
    assert isinstance(step, FactorSelectionRequired)
    chosen = await pool.respond(step.answer(factor, PASSWORD))
    assert isinstance(chosen, SignedIn)
    assert chosen.user.username == name
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        await pool.sign_in(name, "wrong", preferred_challenge=factor)


async def test_a_password_without_a_preference_is_proved(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = await enrol(pool, house)
    by_alias = await pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.CHOICE)
    assert isinstance(by_alias, SignedIn)
    with pytest.raises(InvalidParameterException, match="ALLOW_USER_SRP_AUTH"):
        await pool.sign_in(name, PASSWORD)


async def test_a_preferred_code_is_sent_at_once(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    name = await enrol(pool, house)
    step = await pool.sign_in(name, preferred_challenge=AuthFactor.SMS_OTP)
    assert isinstance(step, SmsCodeRequired)
    done = await pool.respond(step.answer(house.outbox.code("+15555550123")))
    assert isinstance(done, SignedIn)


async def test_a_preference_that_cannot_be_leaves_the_choice(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = await enrol(pool, house)
    step = await pool.sign_in(name, preferred_challenge=AuthFactor.WEB_AUTHN)
    assert isinstance(step, FactorSelectionRequired)
    assert "WEB_AUTHN" not in step.factors


async def test_another_factor_instead(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    name = await enrol(pool, house)
    step = await pool.sign_in(name, preferred_challenge=AuthFactor.SMS_OTP)
    assert isinstance(step, SmsCodeRequired)
    code = await pool.respond(step.instead(AuthFactor.EMAIL_OTP))
    assert isinstance(code, EmailCodeRequired)
    done = await pool.respond(code.instead(AuthFactor.PASSWORD_SRP, PASSWORD))
    assert isinstance(done, SignedIn)
    assert done.user.username == name


async def test_a_password_that_the_service_waits_for(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    """Other clients choose first and give the password later: whatever they left can be answered."""
    name = await enrol(pool, house)
    for factor in (AuthFactor.PASSWORD, AuthFactor.PASSWORD_SRP):
        step = await pool.sign_in(name, auth_flow=AuthFlow.CHOICE)
        assert isinstance(step, FactorSelectionRequired)
        waiting = await pool.respond(step._answer({"ANSWER": factor}))
        assert isinstance(waiting, PasswordRequired)
        assert waiting.name == factor
        assert isinstance(await pool.respond(waiting.answer(PASSWORD)), SignedIn)


async def test_a_second_factor_follows_a_password_of_the_choice(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = await enrol(pool, house)
    await house.admin.set_user_pool_mfa_config(
        mfa_configuration="OPTIONAL", software_token_mfa_configuration=TOTP_OPTIONAL
    )
    first = await pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.CHOICE)
    assert isinstance(first, SignedIn)
    seed = await first.user.associate_software_token()
    await first.user.verify_software_token(totp_code(seed.secret_code))
    await first.user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
    step = await pool.sign_in(name, PASSWORD, auth_flow=AuthFlow.CHOICE)
    assert isinstance(step, TotpRequired)
    assert isinstance(await pool.respond(step.answer(totp_code(seed.secret_code, ahead=1))), SignedIn)
    await house.admin.set_user_pool_mfa_config(mfa_configuration="OFF")


async def test_step_up_is_asked_of_the_service(pool: AsyncUserPool, house: AsyncEmbeddedUserPool) -> None:
    """The embedded pool knows no levels, and says so; how old a proof may be is no matter at a sign-in."""
    name = await enrol(pool, house)
    step = await pool.sign_in(name, PASSWORD, max_age=300)
    assert isinstance(step, SignedIn)
    with pytest.raises(UnsupportedOperationException, match="TARGET_ACR_VALUES"):
        await pool.sign_in(
            name, acr_values=["urn:cognito:loa:4"], access_token=await step.user.access_token()
        )


# ---------------------------------------------------------------- straight from a sign-up


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["passwordless", "password"])
async def test_a_sign_up_goes_over_into_a_sign_in(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool, password: str | None
) -> None:
    name = fresh_name()
    email = f"{name}@example.com"
    begun = await pool.sign_up(name, password, {"email": email})
    assert begun.session is not None
    kept = SignUpResult.from_dict(json.loads(json.dumps(begun.to_dict())))
    confirmed = await pool.confirm_sign_up(kept.username, house.outbox.code(email), session=kept.session)
    assert confirmed.session is not None
    last = ConfirmSignUpResult.from_dict(json.loads(json.dumps(confirmed.to_dict())))
    done = await pool.sign_in(last.username, session=last.session)
    assert isinstance(done, SignedIn)
    assert done.user.username == name
    with pytest.raises(NotAuthorizedException, match="session"):
        await pool.sign_in(last.username, session=last.session)


async def test_a_password_given_besides_does_not_lose_the_sign_up(
    pool: AsyncUserPool, house: AsyncEmbeddedUserPool
) -> None:
    name = fresh_name()
    email = f"{name}@example.com"
    begun = await pool.sign_up(name, PASSWORD, {"email": email})
    confirmed = await pool.confirm_sign_up(name, house.outbox.code(email), session=begun.session)
    done = await pool.sign_in(name, "not asked for", session=confirmed.session)
    assert isinstance(done, SignedIn)
