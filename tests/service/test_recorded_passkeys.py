"""Passkeys that a browser made and signed with, as it sent them (tests/service/recorded)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from userpool.crypto.strict import b64url_decode
from userpool.service.domain.ceremony import CREATE, GET, Expected, fault_in
from userpool.service.webauthn import read_made, read_signed, read_text

RECORDED = json.loads((Path(__file__).parent / "recorded" / "chromium.json").read_text())
CREDENTIALS: dict[str, dict[str, Any]] = RECORDED["credentials"]


def expected(kind: str, challenge: str) -> Expected:
    return Expected(kind, RECORDED["rp_id"], b64url_decode(challenge.encode()), verification=True)


@pytest.mark.parametrize("transport", CREDENTIALS)
def test_what_chromium_sends_is_taken(transport: str) -> None:
    one = CREDENTIALS[transport]
    made = read_made(one["registered"]["credential"])
    assert fault_in(made.client, made.authenticator, expected(CREATE, one["registered"]["challenge"])) is None
    assert transport in made.transports
    assert made.attachment == ("platform" if transport == "internal" else "cross-platform")

    signed = read_signed(read_text(json.dumps(one["signed"]["credential"])))
    assert fault_in(signed.client, signed.authenticator, expected(GET, one["signed"]["challenge"])) is None
    assert signed.credential_id == made.credential_id
    assert signed.fits(made.public_key)
    assert signed.authenticator.sign_count > made.authenticator.sign_count
    assert (
        signed.authenticator.backup_eligible == made.authenticator.backup_eligible == (transport == "hybrid")
    )


def test_signatures_of_one_passkey_do_not_fit_another() -> None:
    keys = {name: read_made(one["registered"]["credential"]).public_key for name, one in CREDENTIALS.items()}
    for name, one in CREDENTIALS.items():
        signed = read_signed(one["signed"]["credential"])
        assert [other for other, key in keys.items() if signed.fits(key)] == [name]
