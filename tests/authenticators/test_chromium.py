"""What a real browser made of such options (vectors/chromium.json says which), and the double beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity

from userpool.crypto.strict import b64url_decode
from userpool.protocol.credential_json import credential_object
from userpool.testing import SoftwareAuthenticator

RECORDED = json.loads((Path(__file__).parent / "vectors" / "chromium.json").read_text())["ceremonies"]
ORIGIN = "http://localhost:8765"
AT_RANDOM = {"clientData.other_keys_can_be_added_here"}
"""Chromium adds it now and then, so that nobody compares client data with a template."""

Ceremony = dict[str, Any]
ceremonies = pytest.mark.parametrize(
    "ceremony", RECORDED, ids=[f"{one['transport']}{one['algorithm']}" for one in RECORDED]
)


def members(credential: dict[str, Any]) -> set[str]:
    """The names of everything in it, those of the client data too."""
    response = credential["response"]
    client_data = json.loads(b64url_decode(response["clientDataJSON"].encode()))
    parts = {"": credential, "response.": response, "clientData.": client_data}
    return {prefix + name for prefix, part in parts.items() for name in part} - AT_RANDOM


def flags(response: dict[str, Any]) -> int:
    return b64url_decode(response["authenticatorData"].encode())[32]


@ceremonies
def test_the_record_is_one(ceremony: Ceremony) -> None:
    server = Fido2Server(PublicKeyCredentialRpEntity(id="localhost", name="localhost"))
    state = {"challenge": ceremony["creation_options"]["challenge"], "user_verification": "required"}
    passkey = server.register_complete(state, ceremony["made"]).credential_data
    assert passkey is not None
    state = {"challenge": ceremony["request_options"]["challenge"], "user_verification": "required"}
    assert server.authenticate_complete(state, [passkey], ceremony["signed"]) == passkey


@ceremonies
def test_what_the_browser_gives_is_taken_as_it_is(ceremony: Ceremony) -> None:
    made, signed = ceremony["made"], ceremony["signed"]
    assert credential_object(json.dumps(made), "attestationObject") == made
    assert credential_object(json.dumps(signed), "signature") == signed


@ceremonies
def test_the_double_gives_what_the_browser_gives(ceremony: Ceremony) -> None:
    made, signed = ceremony["made"], ceremony["signed"]
    double = SoftwareAuthenticator(
        origin=ORIGIN,
        attachment=made["authenticatorAttachment"],
        transports=made["response"]["transports"],
    )
    mine = double.create(ceremony["creation_options"])
    assert members(mine) == members(made)
    assert mine["authenticatorAttachment"] == made["authenticatorAttachment"]
    for member in ("transports", "publicKeyAlgorithm"):
        assert mine["response"][member] == made["response"][member]
    # Whether passkeys are backed up is the make's own affair; everything else is the ceremony's.
    assert flags(mine["response"]) & 0b11000111 == flags(made["response"]) & 0b11000111

    my_signature = double.get({**ceremony["request_options"], "allowCredentials": []})
    assert members(my_signature) == members(signed)
    assert my_signature["response"]["userHandle"] == signed["response"]["userHandle"]
    assert flags(my_signature["response"]) & 0b11000111 == flags(signed["response"]) & 0b11000111
