"""The first sign-in of users whom somebody else has made, on the asynchronous face: attributes to add,
factors to set up.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.helpers import PASSWORD, finish, fresh_name, totp_code, wrong
from userpool import (
    AsyncUserPool,
    CodeMismatchException,
    EmailCodeRequired,
    EmailSetupRequired,
    EnableSoftwareTokenMFAException,
    InvalidPasswordException,
    MfaMethod,
    MfaSetupRequired,
    NewPasswordRequired,
    ParameterError,
    SignedIn,
    TotpRequired,
    TotpSetupRequired,
)
from userpool.embedded import ORIGIN, AsyncEmbeddedUserPool, Outbox
from userpool.protocol.shapes import idp

FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
SOURCE = "arn:aws:ses:us-east-1:123456789012:identity/userpool@example.com"
TEMPORARY = "Temporary-7"
READ = ("name", "nickname", "custom:staff")


@pytest.fixture(scope="module")
def house() -> Iterator[AsyncEmbeddedUserPool]:
    opened = AsyncUserPool.embedded()
    yield opened
    finish(opened)


async def pool_of(
    house: AsyncEmbeddedUserPool, *attributes: idp.SchemaAttributeType, secret: bool = False
) -> AsyncUserPool:
    """A pool of the house with these attributes, seen by a client of its own."""
    email = idp.EmailConfigurationType(email_sending_account="DEVELOPER", source_arn=SOURCE)
    made = await house.admin.create_user_pool(
        fresh_name(), schema=attributes or None, email_configuration=email
    )
    assert made.id is not None
    client = await house.admin.create_user_pool_client(
        "app",
        explicit_auth_flows=FLOWS,
        user_pool_id=made.id,
        generate_secret=secret,
        read_attributes=READ if attributes else None,
    )
    assert client.client_id is not None
    return AsyncUserPool(
        made.id, client.client_id, client.client_secret, endpoint=ORIGIN, transport=house.transport
    )


async def wanting_a_factor(house: AsyncEmbeddedUserPool) -> AsyncUserPool:
    pool = await pool_of(house)
    await house.admin.set_user_pool_mfa_config(
        user_pool_id=pool.user_pool_id,
        mfa_configuration="ON",
        software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
        email_mfa_configuration=idp.EmailMfaConfigType(message="{####}", subject="Code"),
    )
    return pool


async def invited(house: AsyncEmbeddedUserPool, pool: AsyncUserPool, **attributes: str) -> str:
    name = fresh_name()
    await house.admin.admin_create_user(
        name, attributes, temporary_password=TEMPORARY, user_pool_id=pool.user_pool_id
    )
    return name


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
async def test_attributes_that_the_pool_requires(house: AsyncEmbeddedUserPool, secret: bool) -> None:
    required = idp.SchemaAttributeType(name="name", required=True)
    fixed = idp.SchemaAttributeType(name="staff", attribute_data_type="String", mutable=False)
    pool = await pool_of(house, required, fixed, secret=secret)
    name = await invited(house, pool, **{"nickname": "a", "custom:staff": "42"})
    step = await pool.sign_in(name, TEMPORARY)
    assert isinstance(step, NewPasswordRequired)
    assert step.missing_attributes == ("name",)
    assert (step.attributes["nickname"], step.attributes["custom:staff"]) == ("a", "42")
    with pytest.raises(ParameterError, match="'name' is required"):
        step.answer(PASSWORD)
    with pytest.raises(InvalidPasswordException):
        await pool.respond(step.answer("weak", {"name": "Ada"}))
    # As JavaScript's users do it, all of it is given back: the read-only one among it.
    given = {**step.attributes, "name": "Ada", "nickname": "b"}
    done = await pool.respond(step.answer(PASSWORD, given))
    assert isinstance(done, SignedIn)
    profile = await done.user.get_user()
    assert {key: profile.attributes[key] for key in ("name", "nickname", "custom:staff")} == {
        "name": "Ada",
        "nickname": "b",
        "custom:staff": "42",
    }


async def test_a_factor_is_chosen_and_set_up_by_e_mail(house: AsyncEmbeddedUserPool) -> None:
    pool = await wanting_a_factor(house)
    name = await invited(house, pool)
    new = await pool.sign_in(name, TEMPORARY)
    assert isinstance(new, NewPasswordRequired)
    setup = await pool.respond(new.answer(PASSWORD))
    assert isinstance(setup, MfaSetupRequired)
    assert set(setup.methods) == {"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}
    address = await pool.respond(setup.answer(MfaMethod.EMAIL))
    assert isinstance(address, EmailSetupRequired)
    mailbox = f"{name}@example.com"
    code = await pool.respond(address.answer(mailbox))
    assert isinstance(code, EmailCodeRequired)
    sent = Outbox(house._embedded.service, pool.user_pool_id).code(mailbox)
    with pytest.raises(CodeMismatchException):
        await pool.respond(code.answer(wrong(sent)))
    done = await pool.respond(code.answer(sent))
    assert isinstance(done, SignedIn)
    assert (await done.user.get_user()).attributes["email"] == mailbox
    assert isinstance(await pool.sign_in(name, PASSWORD), EmailCodeRequired)


async def test_a_factor_is_chosen_and_set_up_by_app(house: AsyncEmbeddedUserPool) -> None:
    pool = await wanting_a_factor(house)
    name = await invited(house, pool)
    new = await pool.sign_in(name, TEMPORARY)
    assert isinstance(new, NewPasswordRequired)
    setup = await pool.respond(new.answer(PASSWORD))
    assert isinstance(setup, MfaSetupRequired)
    app = await pool.respond(setup.answer(MfaMethod.TOTP))
    assert isinstance(app, TotpSetupRequired)
    with pytest.raises(EnableSoftwareTokenMFAException):
        await pool.respond(app.answer("000000"))
    done = await pool.respond(app.answer(totp_code(app.secret_code), "phone"))
    assert isinstance(done, SignedIn)
    again = await pool.sign_in(name, PASSWORD)
    assert isinstance(again, TotpRequired)
    assert again.device_name == "phone"
