"""Secrets of users and clients: in no log, no representation, no error, and not in the database in clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.canary import assert_hidden, canary, found_in, watch
from tests.service.world import TOTP_OPTIONAL, ClientOf, Tokens, World, with_app
from userpool.protocol import operations as ops
from userpool.protocol.errors import ServiceError
from userpool.service import context as contexts
from userpool.service.keyfile import KeySet, SealingKey

KEYS = KeySet().with_sealing(SealingKey(bytes(range(32)), 1.0))


def life(world: World, first: str, second: str) -> tuple[ClientOf, list[str]]:
    """Walk through a user's life; the secrets that came up on the way."""
    pool = world.pool(AutoVerifiedAttributes=["email"], mfa=TOTP_OPTIONAL)
    client = pool.client()
    client.sign_up("ada", first, email="ada@example.com")
    client.call("ConfirmSignUp", Username="ada", ConfirmationCode=world.code())
    tokens: Tokens = client.tokens(client.by_srp("ada", first))
    app = with_app(client, tokens)
    challenge = client.by_password("ada", first)
    later = client.tokens(client.answer(challenge, SOFTWARE_TOKEN_MFA_CODE=app.code()))
    of_programs = programs(client, later.id)
    tokens.call("ChangePassword", PreviousPassword=first, ProposedPassword=second)
    client.call("ForgotPassword", Username="ada")
    client.call("ConfirmForgotPassword", Username="ada", ConfirmationCode=world.code(), Password=first + "x")
    for password in (first, second):
        with pytest.raises(ServiceError) as caught:
            client.by_password("ada", password)
        assert_hidden(caught.value, password)
    with pytest.raises(ServiceError) as caught:
        client.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=str(later.refresh))
    assert_hidden(caught.value, str(later.refresh))
    secret = pool.client(GenerateSecret=True).secret
    held = [tokens.access, tokens.id, tokens.refresh, later.refresh, app.secret, secret, challenge["Session"]]
    return client, [*map(str, held), *of_programs]


def programs(client: ClientOf, subject: str) -> list[str]:
    """What programs are given and give; the secrets among it."""
    pool, scope = client.pool, {"ScopeName": "read", "ScopeDescription": "to read"}
    pool.admin("CreateResourceServer", Identifier="api", Name="API", Scopes=[scope])
    machine, exchanger = (
        pool.client(GenerateSecret=True, ExplicitAuthFlows=[flow], AllowedOAuthScopes=["api/read"])
        for flow in ("ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_TOKEN_EXCHANGE_DELEGATION")
    )
    added = pool.admin("AddUserPoolClientSecret", ClientId=machine.id)["ClientSecretDescriptor"]
    secret = added["ClientSecretValue"]
    pool.admin("ListUserPoolClientSecrets", ClientId=machine.id)
    own = machine.call("GetClientToken", Secret=secret)["ClientAuthenticationResult"]["AccessToken"]
    derived = exchanger.call(
        "GetDerivedToken",
        ClientSecret=exchanger.secret,
        SubjectToken=subject,
        SubjectTokenType="ID_TOKEN",
        ActorToken=own,
        ActorTokenType="ACCESS_TOKEN",
    )
    wrong = exchanger.error("GetDerivedToken", SubjectToken=subject, SubjectTokenType="ID_TOKEN")
    assert_hidden(wrong, subject)
    return [str(machine.secret), secret, str(exchanger.secret), own, derived["IssuedToken"]]


def test_nothing_is_logged(world: World) -> None:
    first, second = canary("first"), canary("second")
    with watch(first, second) as lines:
        _, secrets = life(world, first, second)
    assert any("InitiateAuth" in text for _, text in lines)
    for _, text in lines:
        assert not found_in(text, *secrets)


def test_nothing_is_in_the_database_in_clear(tmp_path: Path) -> None:
    path, first, second = tmp_path / "users.db", canary("first"), canary("second")
    with World(f"sqlite:///{path}", keys=KEYS) as world:
        _, secrets = life(world, first, second)
        codes = [message.code for message in world.outbox()]
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir()).decode("latin-1")
    assert "ada@example.com" in kept  # it is the right file
    assert not found_in(kept, first, second, *secrets)
    for code in codes:
        assert f'"{code}"' not in kept


def test_what_a_handler_is_given_hides_its_secrets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = canary("first"), canary("second")
    seen: list[Any] = []
    for name, handler in list(contexts.HANDLERS.items()):

        def remember(context: Any, call: Any, handler: Any = handler) -> Any:
            seen.append(call)
            answer = handler(context, call)
            seen.append(answer)
            return answer

        monkeypatch.setitem(contexts.HANDLERS, name, remember)
    _, secrets = life(world, first, second)
    assert {one.operation for one in seen if isinstance(one, contexts.Call)} >= {
        ops.SIGN_UP,
        ops.INITIATE_AUTH,
        ops.CHANGE_PASSWORD,
    }
    for one in seen:
        if not isinstance(one, contexts.Call) or "Client" not in one.operation.name:
            assert not found_in(repr(one), first, second, *secrets), type(one)


def test_records_hide_what_they_hold(world: World) -> None:
    first, second = canary("first"), canary("second")
    client, secrets = life(world, first, second)
    user = client.pool.user("ada")
    assert user.password is not None
    assert user.totp is not None
    for thing in (user, user.password, user.totp):
        text = repr(thing)
        assert not found_in(text, first, second, "ada@example.com", *secrets)
        assert repr(user.password.sealed_verifier)[2:20] not in text
