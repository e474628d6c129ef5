"""Fresh pools, ready users, tokens with any claims."""

from __future__ import annotations

import pytest

from tests.canary import assert_hidden
from userpool import (
    ExpiredToken,
    NotAuthorizedException,
    SignedIn,
    TokenError,
    TokenVerificationError,
    TotpRequired,
    UserNotFoundException,
)
from userpool.testing.pools import PASSWORD, fresh_async_pool, fresh_pool, make_user
from userpool.testing.tokens import TokenIssuer
from userpool.verify import WrongClaim, WrongSignature


def test_two_pools_share_nothing_but_keys() -> None:
    with fresh_pool() as one, fresh_pool() as two:
        ada = make_user(one, "ada")
        assert one.user_pool_id != two.user_pool_id
        with pytest.raises((UserNotFoundException, NotAuthorizedException)):
            two.sign_in("ada", PASSWORD)
        one.clock.advance(3600)
        assert two.clock.now() < one.clock.now() - 3500
        with pytest.raises(TokenError):
            ada.of(two)


def test_a_user_is_confirmed_and_signed_in() -> None:
    with fresh_pool() as pool:
        ada = make_user(pool, groups=["admins", "staff"])
        grace = make_user(pool, groups=["admins"])
        assert ada.username != grace.username
        assert ada.of(pool).get_user().attributes["email_verified"] == "true"
        step = pool.sign_in(ada.username, PASSWORD)
        assert isinstance(step, SignedIn)
        assert sorted(step.user.id_claims["cognito:groups"]) == ["admins", "staff"]
        assert step.user.sub == ada.sub
        assert pool.outbox.messages() == []
        assert_hidden(ada, PASSWORD)
        assert ada.tokens is not None
        assert_hidden(ada, ada.tokens.access_token)


def test_a_user_with_an_authenticator_app() -> None:
    with fresh_pool() as pool:
        ada = make_user(pool, totp=True)
        make_user(pool, totp=True, signed_in=False)
        step = pool.sign_in(ada.username, PASSWORD)
        assert isinstance(step, TotpRequired)
        assert isinstance(pool.respond(step.answer(ada.totp_code())), SignedIn)
        assert ada.totp_secret is not None
        assert_hidden(ada, ada.totp_secret)


def test_what_was_not_asked_for_is_not_there() -> None:
    with fresh_pool() as pool:
        ada = make_user(pool, attributes={"name": "Ada"}, signed_in=False)
        with pytest.raises(LookupError, match="totp=True"):
            ada.totp_code()
        with pytest.raises(LookupError, match="signed_in=True"):
            ada.of(pool)
        assert ada.attributes == {"name": "Ada"}


async def test_the_same_for_asyncio() -> None:
    with fresh_async_pool() as pool:
        ada = make_user(pool)
        assert (await ada.of_async(pool).get_user()).username == ada.username
        assert isinstance(await pool.sign_in(ada.username, PASSWORD), SignedIn)


def test_genuine_tokens_pass() -> None:
    issuer = TokenIssuer()
    access = issuer.access_token(username="ada", groups=["admins"], scope="orders/read")
    claims = issuer.verifier(token_use="access", scopes=["orders/read"], groups=["admins"]).verify(access)
    assert claims["username"] == "ada"
    identity = issuer.id_token(email="ada@example.com")
    assert issuer.verifier(token_use="id").verify(identity)["email"] == "ada@example.com"


async def test_genuine_tokens_pass_with_asyncio() -> None:
    issuer = TokenIssuer(issuer="https://login.example.com", client_id="another")
    claims = await issuer.async_verifier().verify(issuer.access_token(sub="1"))
    assert (claims.sub, claims["client_id"]) == ("1", "another")


def test_what_is_wrong_is_refused() -> None:
    issuer = TokenIssuer()
    verifier = issuer.verifier(token_use="access")
    with pytest.raises(ExpiredToken):
        verifier.verify(issuer.access_token(expires_in=-3600))
    with pytest.raises(WrongClaim):
        verifier.verify(issuer.id_token())
    with pytest.raises(WrongClaim):
        verifier.verify(issuer.access_token(client_id="another"))
    with pytest.raises(WrongSignature):
        verifier.verify(TokenIssuer(forged=True).access_token())
    with pytest.raises(TokenVerificationError):
        verifier.verify(issuer.access_token(token_use=None))
