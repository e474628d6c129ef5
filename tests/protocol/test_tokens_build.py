"""What the service writes into tokens."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.canary import found_in
from userpool.protocol import tokens
from userpool.protocol.tokens import Issue, IssuerForm, SignInFacts, TokenUse

SUB = "11111111-2222-3333-4444-555555555555"
FACTS = SignInFacts(
    issuer="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aB12cDe34",
    client_id="7ghr5379orhbo88d52vphda6s9",
    sub=SUB,
    username="ada",
    auth_time=1_800_000_000,
    origin_jti="origin",
    event_id="event",
)
ISSUE = Issue(at=1_800_000_100, lifetime=3600, jti="jti")


def test_a_clients_own_token_in_full_and_as_a_reader_takes_it() -> None:
    claims = tokens.client_token_claims(ISSUE, issuer=FACTS.issuer, client_id="client", scope="api/a api/b")
    assert list(claims.items()) == [
        ("sub", "client"),
        ("token_use", "access"),
        ("scope", "api/a api/b"),
        ("auth_time", 1_800_000_100),
        ("iss", FACTS.issuer),
        ("exp", 1_800_003_700),
        ("iat", 1_800_000_100),
        ("version", 2),
        ("jti", "jti"),
        ("client_id", "client"),
    ]
    tokens.check_claims(
        claims,
        issuer=FACTS.issuer,
        client_id="client",
        token_use=TokenUse.ACCESS,
        now=ISSUE.at,
        scopes=["api/b"],
    )


def test_an_access_token_in_full() -> None:
    assert list(tokens.access_token_claims(FACTS, ISSUE).items()) == [
        ("sub", SUB),
        ("iss", FACTS.issuer),
        ("client_id", FACTS.client_id),
        ("origin_jti", "origin"),
        ("event_id", "event"),
        ("token_use", "access"),
        ("scope", "aws.cognito.signin.user.admin"),
        ("auth_time", 1_800_000_000),
        ("exp", 1_800_003_700),
        ("iat", 1_800_000_100),
        ("jti", "jti"),
        ("username", "ada"),
    ]


def test_an_access_token_with_everything() -> None:
    facts = SignInFacts(**{name: getattr(FACTS, name) for name in FACTS.__slots__} | {"groups": ("a", "b")})
    claims = tokens.access_token_claims(
        facts, ISSUE, scope="openid x/read", device_key="dev", version=2, audience="https://api"
    )
    assert claims["cognito:groups"] == ["a", "b"]
    assert claims["scope"] == "openid x/read"
    assert (claims["device_key"], claims["version"], claims["aud"]) == ("dev", 2, "https://api")
    assert "cognito:roles" not in claims


def test_an_id_token_in_full() -> None:
    attributes = {"sub": SUB, "email": "ada@example.com", "email_verified": "true"}
    assert list(tokens.id_token_claims(FACTS, ISSUE, attributes=attributes).items()) == [
        ("sub", SUB),
        ("email_verified", True),
        ("iss", FACTS.issuer),
        ("cognito:username", "ada"),
        ("origin_jti", "origin"),
        ("aud", FACTS.client_id),
        ("event_id", "event"),
        ("token_use", "id"),
        ("auth_time", 1_800_000_000),
        ("exp", 1_800_003_700),
        ("iat", 1_800_000_100),
        ("jti", "jti"),
        ("email", "ada@example.com"),
    ]


def test_attributes_have_their_own_types() -> None:
    attributes = {
        "phone_number_verified": "False",
        "address": "1 Main St",
        "updated_at": "1700000000",
        "custom:level": "42",
        "dev:note": "7",
        "birthdate": "2000-01-01",
        "identities": '[{"userId":"1","issuer":null,"primary":"true"}]',
        "cognito:user_status": "CONFIRMED",
        "iss": "https://evil",
        "token_use": "access",
    }
    claims = tokens.id_token_claims(FACTS, ISSUE, attributes=attributes)
    assert claims["phone_number_verified"] is False
    assert claims["address"] == {"formatted": "1 Main St"}
    assert claims["updated_at"] == 1_700_000_000
    assert (claims["custom:level"], claims["dev:note"], claims["birthdate"]) == ("42", "7", "2000-01-01")
    assert claims["identities"] == [{"userId": "1", "issuer": None, "primary": "true"}]
    assert "cognito:user_status" not in claims
    assert (claims["iss"], claims["token_use"]) == (FACTS.issuer, "id")


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "٣"])
def test_an_updated_at_that_is_no_number_stays_a_text(text: str) -> None:
    assert tokens.id_token_claims(FACTS, ISSUE, attributes={"updated_at": text})["updated_at"] == text


def test_roles_groups_nonce_and_at_hash() -> None:
    facts = SignInFacts(
        **{name: getattr(FACTS, name) for name in FACTS.__slots__}
        | {"groups": ("a",), "roles": ("arn:1", "arn:2"), "preferred_role": "arn:1"}
    )
    claims = tokens.id_token_claims(facts, ISSUE, attributes={}, nonce="n", access_token="x.y.z")
    assert claims["cognito:groups"] == ["a"]
    assert claims["cognito:roles"] == ["arn:1", "arn:2"]
    assert (claims["cognito:preferred_role"], claims["nonce"]) == ("arn:1", "n")
    half = base64.urlsafe_b64encode(hashlib.sha256(b"x.y.z").digest()[:16]).decode().rstrip("=")
    assert claims["at_hash"] == half


def test_what_is_written_passes_its_own_rules() -> None:
    claims = tokens.id_token_claims(FACTS, ISSUE, attributes={"email": "a@b"}, nonce="n", access_token="x")
    use = tokens.check_claims(
        claims,
        issuer=FACTS.issuer,
        client_id=FACTS.client_id,
        token_use=TokenUse.ID,
        now=ISSUE.at,
        nonce="n",
        access_token="x",
    )
    assert use is TokenUse.ID
    use = tokens.check_claims(
        tokens.access_token_claims(FACTS, ISSUE),
        issuer=FACTS.issuer,
        client_id=FACTS.client_id,
        token_use=None,
        now=ISSUE.at,
        scopes=[tokens.SIGN_IN_SCOPE],
    )
    assert use is TokenUse.ACCESS


@pytest.mark.parametrize(
    ("form", "suffix", "expected"),
    [
        (IssuerForm.ORIGINAL, "amazonaws.com", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"),
        (
            IssuerForm.UPDATED,
            "amazonaws.com",
            "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x",
        ),
        (
            IssuerForm.ORIGINAL,
            "amazonaws.com.cn",
            "https://cognito-idp.eu-west-1.amazonaws.com.cn/eu-west-1_x",
        ),
    ],
)
def test_issuer_forms(form: IssuerForm, suffix: str, expected: str) -> None:
    assert tokens.issuer("eu-west-1_x", form, dns_suffix=suffix) == expected


@pytest.mark.parametrize("pool_id", ["", "x", "_x"])
def test_an_issuer_needs_a_region(pool_id: str) -> None:
    with pytest.raises(ValueError, match="us-east-1_aB12cDe34"):
        tokens.issuer(pool_id)


def test_ids_do_not_show() -> None:
    assert not found_in(repr(Issue(at=1, lifetime=2, jti="a-very-secret-id")), "a-very-secret-id")
