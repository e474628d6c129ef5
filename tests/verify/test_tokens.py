"""Tokens at the verifier's door: what passes, and every way not to (the catalogue's V cases)."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden
from tests.verify.conftest import Bench
from tests.verify.issuing import (
    CLIENT,
    NOW,
    POOL,
    access,
    access_claims,
    b64,
    id_claims,
    identity,
    jwks,
    key,
    raw,
)
from userpool.protocol.errors import ParameterError, TokenVerificationError
from userpool.protocol.tokens import IssuerForm, TokenUse, issuer
from userpool.verify import (
    Claims,
    ExpiredToken,
    MalformedToken,
    MultiPoolVerifier,
    TokenVerifier,
    UnknownKey,
    WrongClaim,
    WrongSignature,
)

Kind = type[TokenVerificationError]


def refusal(bench: Bench, token: Any, kind: Kind, **options: Any) -> str:
    """The check that `token` does not pass; the error is of `kind` and shows nothing of the token."""
    with pytest.raises(kind) as caught:
        bench.verify(token, **options)
    if isinstance(token, str) and len(token) > 40:
        assert_hidden(caught.value, token, *(part for part in token.split(".") if len(part) > 20))
    return caught.value.check


def test_an_access_token_passes_and_tells_who_it_is(bench: Bench) -> None:
    claims = bench.verify(access())
    assert isinstance(claims, Claims)
    assert dict(claims) == access_claims()
    assert (claims.sub, claims.username) == ("6b3f8f0a-3d3c-4f57-9c0f-0d7a3c5b2f11", "ada")
    assert (claims.token_use, claims.client_id, claims.issuer) == (TokenUse.ACCESS, CLIENT, issuer(POOL))
    assert claims.groups == ("admins", "users")
    assert claims.scopes == ("aws.cognito.signin.user.admin", "shop/read")
    assert claims.issued_at == datetime.fromtimestamp(NOW - 10, UTC)
    assert claims.expires_at == datetime.fromtimestamp(NOW + 3590, UTC)
    assert claims.auth_time == datetime.fromtimestamp(NOW - 60, UTC)
    assert claims["event_id"] == "event"
    assert len(claims) == len(access_claims())
    assert repr(claims) == f"<Claims of the access token of {claims.sub}>"


def test_an_id_token_passes_and_hides_its_attributes(bench: Bench) -> None:
    bench.make(token_use=TokenUse.ID)
    claims = bench.verify(identity())
    assert claims["email"] == "ada@example.com"
    assert (claims.username, claims.client_id, claims.scopes) == ("ada", CLIENT, ())
    assert "ada@example.com" not in repr(claims)


def test_a_machine_s_token_has_no_user(bench: Bench) -> None:
    token = access(username=..., auth_time=..., cognito__groups=..., sub=CLIENT, version=2)
    claims = bench.verify(token)
    assert (claims.username, claims.auth_time, claims.groups) == (None, None, ())


def test_both_forms_of_aws_s_issuer_pass_in_every_partition(bench: Bench) -> None:
    for form in IssuerForm:
        assert bench.verify(access(iss=issuer(POOL, form))).issuer == issuer(POOL, form)
    verifier = bench.make(user_pool_id="cn-north-1_aB12cDe34")
    assert set(verifier.issuers) == {
        "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_aB12cDe34",
        "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_aB12cDe34",
    }


# The token as text


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", ["RS256"], 5, None])
def test_v01_no_algorithm_but_rs256(bench: Bench, algorithm: object) -> None:
    token = raw({"alg": algorithm, "kid": key().key_id}, json.dumps(access_claims()).encode())
    assert refusal(bench, token, MalformedToken) == "algorithm"
    assert refusal(bench, token.rpartition(".")[0] + ".", MalformedToken)
    assert bench.pool.requests == []


def test_v03_another_rsa_algorithm(bench: Bench) -> None:
    for algorithm in ("RS512", "PS256", "HS256"):
        token = raw({"alg": algorithm, "kid": key().key_id}, json.dumps(access_claims()).encode())
        assert refusal(bench, token, MalformedToken) == "algorithm"


@pytest.mark.parametrize("member", ["jku", "x5u", "x5c", "jwk"])
def test_v07_v08_keys_that_a_token_brings_are_never_fetched_or_used(bench: Bench, member: str) -> None:
    thief = key(1)
    value = {"jwk": thief.public.jwk(), "x5c": ["MIIB"]}.get(member, "https://evil.example.com/jwks.json")
    header = {"alg": "RS256", "kid": key().key_id, member: value}
    assert (
        refusal(bench, raw(header, json.dumps(access_claims()).encode(), thief), WrongSignature)
        == "signature"
    )
    assert [request.url.startswith("https://cognito-idp.") for request in bench.pool.requests] == [True]


@pytest.mark.parametrize("key_id", [..., None, 5, "", "x" * 10_000, "../../keys", "' OR 1=1 --", "a\0b"])
def test_v09_a_key_id_of_no_form_leads_to_no_fetch(bench: Bench, key_id: object) -> None:
    header = {"alg": "RS256"} | ({} if key_id is ... else {"kid": key_id})
    assert refusal(bench, raw(header, b"{}"), MalformedToken) == "key_id"
    assert bench.pool.requests == []


@pytest.mark.parametrize("form", ["Bearer {}", " {}", "{} ", "{}\n", "\ufeff{}"])
def test_v25_what_is_left_on_gets_a_hint(bench: Bench, form: str) -> None:
    with pytest.raises(MalformedToken) as caught:
        bench.verify(form.format(access()))
    if "\ufeff" not in form:
        assert "Bearer" in str(caught.value)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", None, b"a.b.c", 5, ["a.b.c"]])
def test_v27_what_is_no_token(bench: Bench, token: object) -> None:
    assert refusal(bench, token, MalformedToken) in {"type", "shape"}
    assert bench.pool.requests == []


def test_v31_a_token_without_end(bench: Bench) -> None:
    assert refusal(bench, access() + "A" * 5_000_000, MalformedToken) == "length"


def test_a_signature_that_was_touched_or_is_another_s(bench: Bench) -> None:
    header, payload, signature = access().split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert refusal(bench, f"{header}.{payload}.{flipped}", WrongSignature) == "signature"
    other = b64(json.dumps(access_claims(sub="mallory")).encode())
    assert refusal(bench, f"{header}.{other}.{signature}", WrongSignature) == "signature"
    token = raw({"alg": "RS256", "kid": key().key_id}, json.dumps(access_claims()).encode(), key(1))
    assert refusal(bench, token, WrongSignature) == "signature"


def test_a_signed_payload_that_is_no_object(bench: Bench) -> None:
    assert refusal(bench, raw({"alg": "RS256", "kid": key().key_id}, b"[]"), MalformedToken) == "payload"


# The claims


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param({"exp": ...}, "exp", id="v33"),
        pytest.param({"exp": None}, "exp", id="v34-null"),
        pytest.param({"exp": True}, "exp", id="v34-true"),
        pytest.param({"exp": [NOW]}, "exp", id="v34-list"),
        pytest.param({"exp": {}}, "exp", id="v34-object"),
        pytest.param({"exp": str(int(NOW) + 60)}, "exp", id="v35"),
        pytest.param({"nbf": NOW + 1}, "nbf", id="v37-nbf"),
        pytest.param({"iat": NOW + 1}, "iat", id="v37-iat"),
        pytest.param({"iss": ...}, "iss", id="v39-missing"),
        pytest.param({"iss": issuer(POOL) + "/"}, "iss", id="v39-slash"),
        pytest.param({"iss": issuer(POOL)[:-1]}, "iss", id="v39-prefix"),
        pytest.param({"iss": [issuer(POOL)]}, "iss", id="v39-list"),
        pytest.param({"iss": issuer(POOL).upper()}, "iss", id="v39-case"),
        pytest.param({"iss": issuer("us-east-2_aB12cDe34")}, "iss", id="v39-region"),
        pytest.param({"iss": issuer("us-east-1_aB12cDe35")}, "iss", id="v39-pool"),
        pytest.param({"token_use": ...}, "token_use", id="v41-missing"),
        pytest.param({"token_use": "Access"}, "token_use", id="v41-case"),
        pytest.param({"token_use": ["access"]}, "token_use", id="v41-list"),
        pytest.param({"client_id": "another"}, "client_id", id="v42-another"),
        pytest.param({"client_id": ...}, "client_id", id="v42-missing"),
        pytest.param({"client_id": [CLIENT]}, "client_id", id="v42-list"),
        pytest.param({"cognito__groups": "admins"}, "cognito:groups", id="v47-text"),
        pytest.param({"cognito__groups": [["admins"]]}, "cognito:groups", id="v47-nested"),
        pytest.param({"scope": 5}, "scope", id="v46-number"),
        pytest.param({"scope": ["a"]}, "scope", id="v46-list"),
        pytest.param({"sub": 5}, "sub", id="v55-sub"),
        pytest.param({"username": ["ada"]}, "username", id="v55-username"),
        pytest.param({"jti": None}, "jti", id="v55-jti"),
        pytest.param({"iat": "now"}, "iat", id="v55-iat"),
    ],
)
def test_claims_that_are_not_as_they_should_be(bench: Bench, changes: dict[str, Any], check: str) -> None:
    assert refusal(bench, access(**changes), TokenVerificationError) == check


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
def test_v34_numbers_that_are_none(bench: Bench, number: bytes) -> None:
    payload = json.dumps(access_claims(exp=17)).encode().replace(b'"exp": 17', b'"exp": ' + number)
    assert refusal(bench, raw({"alg": "RS256", "kid": key().key_id}, payload), MalformedToken) == "payload"


@pytest.mark.parametrize("value", [-5, True, 10**12])
def test_v34_a_time_that_is_none_is_wrong_not_past(bench: Bench, value: object) -> None:
    assert refusal(bench, access(exp=value), WrongClaim) == "exp"


@pytest.mark.parametrize("leeway", [0, 30])
def test_v36_a_token_ends_at_its_expiry(bench: Bench, leeway: int) -> None:
    bench.make(leeway=leeway)
    token = access(exp=int(NOW), iat=int(NOW) - 60)
    bench.now = NOW + leeway - 1
    assert bench.verify(token)
    for late in (0, 1, 1e9):
        bench.now = NOW + leeway + late
        assert refusal(bench, token, ExpiredToken) == "exp"


@pytest.mark.parametrize("leeway", [-1, 301, float("nan")])
def test_v38_a_leeway_out_of_range(bench: Bench, leeway: float) -> None:
    with pytest.raises(ParameterError, match="leeway"):
        bench.make(leeway=leeway)


def test_v40_the_issuer_chooses_the_keys() -> None:
    other = "us-west-2_Zz98yXw76"
    verifiers = [
        TokenVerifier(pool, client_id=CLIENT, token_use="access", jwks=jwks(signer), clock=lambda: NOW)
        for pool, signer in ((POOL, key()), (other, key(1)))
    ]
    both = MultiPoolVerifier(*verifiers)
    assert both.verify(access(key())).issuer == issuer(POOL)
    assert both.verify(access(key(1), iss=issuer(other))).issuer == issuer(other)
    crossed = raw({"alg": "RS256", "kid": key().key_id}, json.dumps(access_claims()).encode(), key(1))
    with pytest.raises(WrongSignature):
        both.verify(crossed)


def test_v41_one_token_where_the_other_is_due(bench: Bench) -> None:
    assert refusal(bench, identity(), WrongClaim) == "token_use"
    bench.make(token_use="id")
    assert refusal(bench, access(), WrongClaim) == "token_use"
    bench.make(token_use=None)
    assert {bench.verify(token).token_use for token in (access(), identity())} == set(TokenUse)


def test_v42_several_clients_or_any_where_it_is_written_out(bench: Bench) -> None:
    bench.make(client_id=["other", CLIENT])
    assert bench.verify(access())
    bench.make(client_id=None)
    assert bench.verify(access(client_id="whoever")).client_id == "whoever"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"aud": "another"}, "aud"),
        ({"aud": [CLIENT, "another"]}, "aud"),
        ({"aud": [CLIENT]}, "aud"),
        ({"azp": "another"}, "azp"),
    ],
)
def test_v43_an_id_token_for_another_client(bench: Bench, changes: dict[str, Any], check: str) -> None:
    bench.make(token_use="id")
    assert refusal(bench, identity(**changes), WrongClaim) == check


def test_v44_a_resource_that_is_not_ours(bench: Bench) -> None:
    bench.make(audience="https://api.example.com")
    assert bench.verify(access(aud="https://api.example.com"))
    assert refusal(bench, access(aud="https://other.example.com"), WrongClaim) == "aud"
    assert refusal(bench, access(), WrongClaim) == "aud"


def test_v45_client_and_use_must_be_said() -> None:
    with pytest.raises(TypeError, match="client_id"):
        TokenVerifier(POOL, token_use="access")  # type: ignore[call-arg] # what a wrong caller does
    with pytest.raises(TypeError, match="token_use"):
        TokenVerifier(POOL, client_id=CLIENT)  # type: ignore[call-arg] # what a wrong caller does
    nobody: tuple[str | list[str], ...] = ("", [])
    for wrong in nobody:
        with pytest.raises(ParameterError, match="client_id=None"):
            TokenVerifier(POOL, client_id=wrong, token_use="access")
    with pytest.raises(ParameterError, match="token_use"):
        TokenVerifier(POOL, client_id=CLIENT, token_use="refresh")
    with pytest.raises(ParameterError, match="user_pool_id or issuer"):
        TokenVerifier(client_id=CLIENT, token_use="access")
    for argument in ("scopes", "groups"):
        with pytest.raises(ParameterError, match=argument):
            TokenVerifier(POOL, client_id=CLIENT, token_use="access", **{argument: "read"})  # type: ignore[arg-type]


def test_v46_scopes_are_compared_whole(bench: Bench) -> None:
    bench.make(scopes=["shop/read"])
    assert bench.verify(access())
    for scope in (..., "shop/readwrite", "read", "SHOP/READ", ""):
        assert refusal(bench, access(scope=scope), WrongClaim) == "scope"


def test_v47_groups(bench: Bench) -> None:
    bench.make(groups=["admins", "operators"])
    assert bench.verify(access())
    for groups in (..., [], ["users"], "admins"):
        assert refusal(bench, access(cognito__groups=groups), WrongClaim) == "cognito:groups"


def test_v48_at_hash(bench: Bench) -> None:
    bench.make(token_use="id")
    token = access()
    assert bench.verify(identity(access_token=token), access_token=token)
    assert bench.verify(identity(), access_token=token)
    assert refusal(bench, identity(access_token="another"), WrongClaim, access_token=token) == "at_hash"
    assert refusal(bench, identity(at_hash=5), WrongClaim, access_token=token) == "at_hash"


def test_v49_nonce(bench: Bench) -> None:
    bench.make(token_use="id")
    assert bench.verify(identity(), nonce="nonce-1")
    assert refusal(bench, identity(), WrongClaim, nonce="nonce-2") == "nonce"
    assert refusal(bench, identity(nonce=...), WrongClaim, nonce="nonce-1") == "nonce"


def test_v50_a_load_balancer_s_token(bench: Bench) -> None:
    header = {
        "typ": "JWT",
        "kid": "7d4e0c1c-7d9f-4f0c-bb6b-5d9b6c7c9b0e",
        "alg": "ES256",
        "iss": issuer(POOL),
        "client": CLIENT,
        "signer": "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/b",
        "exp": int(NOW) + 60,
    }
    assert refusal(bench, raw(header, json.dumps(access_claims()).encode()), MalformedToken) == "algorithm"
    assert bench.pool.requests == []


def test_v53_a_revoked_session_is_not_seen_here_and_the_docs_say_so(bench: Bench) -> None:
    assert bench.verify(access(origin_jti="revoked"))
    assert "revoked passes" in " ".join((TokenVerifier.__doc__ or "").split())


@pytest.mark.parametrize("flags", [["-O"], ["-O", "-X", "utf8"], []])
@pytest.mark.parametrize("seed", ["0", "4711"])
def test_v56_refusals_do_not_depend_on_optimisation_or_hash_seed(
    flags: list[str], seed: str, tmp_path: Path
) -> None:
    tokens = [access(), access(exp=1), access(client_id="x"), identity(), "a.b.c", access()[:-2] + "AA"]
    (tmp_path / "in.json").write_text(json.dumps({"jwks": jwks(), "tokens": tokens}))
    program = f"""
import json, sys
from userpool.protocol.errors import TokenVerificationError
from userpool.verify import TokenVerifier
given = json.load(open(sys.argv[1]))
verifier = TokenVerifier({POOL!r}, client_id={CLIENT!r}, token_use="access", jwks=given["jwks"], offline=True,
                         clock=lambda: {NOW})
for token in given["tokens"]:
    try:
        verifier.verify(token)
        print("passes")
    except TokenVerificationError as error:
        print(error.check)
"""
    said = subprocess.run(
        [sys.executable, *flags, "-c", program, str(tmp_path / "in.json")],
        env={"PYTHONHASHSEED": seed, "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    assert said == ["passes", "exp", "client_id", "token_use", "encoding", "signature"]


def test_v57_no_key_is_taken_from_the_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGNITO_JWKS", json.dumps(jwks(key(1))))
    bench.make()
    assert refusal(bench, access(key(1)), UnknownKey) == "key_id"


def test_id_claims_are_all_there(bench: Bench) -> None:
    bench.make(token_use="id")
    assert dict(bench.verify(identity())) == id_claims()
