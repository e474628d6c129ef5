"""Signing and verifying tokens beside the bare signature, and beside PyJWT, joserfc and cognitojwt where they
are installed.

python benchmarks/tokens.py [ROUNDS]

Microseconds each, medians of rounds in turn in this one process, and the ratio to the yardstick of the group.
The floor of a verification is what no verifier can leave out: the token's parts decoded, its signature
checked and its claims decoded, once each and with no other check.
"""

from __future__ import annotations

import base64
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from userpool.crypto import jws, rs256
from userpool.crypto.jwks import PublicKeys
from userpool.crypto.rs256 import SigningKey
from userpool.protocol.tokens import (
    Issue,
    SignInFacts,
    TokenUse,
    access_token_claims,
    check_claims,
    issuer,
)
from userpool.verify import TokenVerifier

BATCH = 50
ISSUER = issuer("us-east-1_aB12cDe34")
CLIENT = "7ghr5379orhbo88d52vphda6s9"
NOW = int(time.time())
KEY = SigningKey.generate()
KEYS = PublicKeys.from_jwks({"keys": [KEY.public.jwk()]})
CLAIMS = access_token_claims(
    SignInFacts(
        issuer=ISSUER,
        client_id=CLIENT,
        sub="11111111-2222-3333-4444-555555555555",
        username="ada",
        auth_time=NOW,
        origin_jti="66666666-7777-8888-9999-000000000000",
        event_id="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        groups=("readers", "writers"),
    ),
    Issue(at=NOW, lifetime=3600, jti="ffffffff-0000-1111-2222-333333333333"),
)
TOKEN = KEY.sign(CLAIMS)


def measure(title: str, works: dict[str, Callable[[], object]], rounds: int) -> None:
    """Time each work in turn, `rounds` times, and print medians; the first is the yardstick."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(BATCH):
                work()
            times[name].append((time.process_time() - start) / BATCH)
    yardstick = statistics.median(next(iter(times.values())))
    print(f"\n{title}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:58}{median * 1e6:9.1f} us{1 / median:10.0f}/s{median / yardstick:8.2f}")


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def floor() -> Callable[[], object]:
    public = KEY.public._key
    padding, digest = PKCS1v15(), SHA256()

    def work() -> object:
        signing_input, _, signature = TOKEN.rpartition(".")
        public.verify(unpadded(signature), signing_input.encode(), padding, digest)
        return json.loads(unpadded(signing_input.partition(".")[2]))

    return work


def bare_check() -> Callable[[], object]:
    parsed = jws.parse(TOKEN)
    return lambda: (KEY.public.check(parsed.signature, parsed.signing_input), json.loads(parsed.payload))


def ours_with_claims() -> object:
    return check_claims(ours(), issuer=ISSUER, client_id=CLIENT, token_use=TokenUse.ACCESS, now=NOW)


def ours() -> dict[str, Any]:
    parsed = jws.parse(TOKEN)
    return rs256.verify(parsed, KEYS[parsed.key_id])


def verifier() -> Callable[[], object]:
    pool = ISSUER.rpartition("/")[2]
    whole = TokenVerifier(pool, client_id=CLIENT, token_use="access", jwks=KEYS.jwks(), offline=True)
    return lambda: whole.verify(TOKEN)


def bare_signing() -> Callable[[], object]:
    private = KEY._key
    padding, digest = PKCS1v15(), SHA256()

    def work() -> object:
        body = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode())
        return base64.urlsafe_b64encode(private.sign(body, padding, digest))

    return work


def peers() -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    pem = KEY.to_pem()
    try:
        jwt: Any = importlib.import_module("jwt")
    except ImportError:
        print("PyJWT is not installed here, so it is not measured: pip install pyjwt")
    else:
        public = KEY.public._key
        found["PyJWT, key ready, issuer and expiry checked"] = lambda: jwt.decode(
            TOKEN, public, algorithms=["RS256"], issuer=ISSUER
        )
    try:
        jose: Any = importlib.import_module("joserfc.jwt")
        jwk: Any = importlib.import_module("joserfc.jwk")
    except ImportError:
        print("joserfc is not installed here, so it is not measured: pip install joserfc")
    else:
        key = jwk.RSAKey.import_key(pem)
        registry = jose.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER})

        def with_joserfc() -> None:
            registry.validate(jose.decode(TOKEN, key, algorithms=["RS256"]).claims)

        found["joserfc, key ready, issuer and expiry checked"] = with_joserfc
    try:
        cognitojwt: Any = importlib.import_module("cognitojwt.jwt_sync")
    except ImportError:
        print("cognitojwt is not installed here, so it is not measured: pip install 'cognitojwt[sync]'")
    else:
        pool_id = ISSUER.rpartition("/")[2]
        region = pool_id.partition("_")[0]
        cognitojwt.get_keys = lambda url: KEYS.jwks()["keys"]  # at hand, as with the others
        found["cognitojwt, keys at hand, client and expiry checked"] = lambda: cognitojwt.decode(
            TOKEN, region, pool_id, CLIENT
        )
    return found


def main(rounds: int) -> None:
    print(f"An access token of {len(TOKEN)} characters, RSA-2048.")
    measure(
        "Verification",
        {
            "yardstick: parts decoded, signature, one JSON decode": floor(),
            "signature and JSON alone, parts already decoded": bare_check(),
            "userpool: strict parts, header, key, signature, payload": ours,
            "userpool: the same and all claims checked": ours_with_claims,
            "userpool: TokenVerifier, keys at hand": verifier(),
            **peers(),
        },
        rounds,
    )
    measure(
        "Signing",
        {
            "yardstick: one JSON encode and the signature": bare_signing(),
            "userpool": lambda: KEY.sign(CLAIMS),
        },
        rounds,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
