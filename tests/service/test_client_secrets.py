"""An app client's secrets, one taking the place of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.canary import found_in
from tests.service.world import PASSWORD, ClientOf, PoolOf, World, together
from userpool.crypto.aead import Unsealable
from userpool.protocol.errors import ServiceError
from userpool.protocol.secret_hash import secret_hash, secret_hash_matches
from userpool.service import realm
from userpool.service.sealed import open_client_secrets

GIVEN = "My+own_secret_of_some_length_0123456789"


@pytest.fixture
def client(pool: PoolOf) -> ClientOf:
    return pool.client(GenerateSecret=True)


def add(client: ClientOf, **members: Any) -> dict[str, Any]:
    descriptor: dict[str, Any] = client.pool.admin("AddUserPoolClientSecret", ClientId=client.id, **members)[
        "ClientSecretDescriptor"
    ]
    return descriptor


def listed(client: ClientOf) -> list[dict[str, Any]]:
    secrets: list[dict[str, Any]] = client.pool.admin("ListUserPoolClientSecrets", ClientId=client.id)[
        "ClientSecrets"
    ]
    return secrets


def hashed(client: ClientOf, secret: str, username: str = "ada") -> str:
    return secret_hash(username, client.id, secret)


class TestAdding:
    def test_a_secret_that_is_made_here_is_shown_once(self, client: ClientOf, world: World) -> None:
        first = listed(client)[0]
        world.clock.advance(60)
        added = add(client)
        assert added == {
            "ClientSecretId": f"{client.id}--{int(world.clock.now())}",
            "ClientSecretValue": added["ClientSecretValue"],
            "ClientSecretCreateDate": world.clock.now(),
        }
        assert len(added["ClientSecretValue"]) == 52
        assert added["ClientSecretValue"] != client.secret
        del added["ClientSecretValue"]
        assert listed(client) == [first, added]

    def test_a_secret_of_your_own_is_not_repeated(self, client: ClientOf) -> None:
        added = add(client, ClientSecret=GIVEN)
        assert set(added) == {"ClientSecretId", "ClientSecretCreateDate"}
        assert client.call("SignUp", Username="ada", Password=PASSWORD, SecretHash=hashed(client, GIVEN))

    def test_two_of_one_second_have_two_ids(self, client: ClientOf) -> None:
        added = add(client)
        assert len({one["ClientSecretId"] for one in listed(client)}) == 2
        assert added["ClientSecretId"] == listed(client)[1]["ClientSecretId"]

    def test_a_third_is_refused(self, client: ClientOf, world: World) -> None:
        add(client)
        error = world.error("AddUserPoolClientSecret", UserPoolId=client.pool.id, ClientId=client.id)
        assert error.code == "LimitExceededException"
        assert len(listed(client)) == 2

    def test_of_many_that_are_added_at_once_one_is_taken(self, client: ClientOf) -> None:
        results = together(8, lambda _: add(client))
        refused = [one for one in results if isinstance(one, ServiceError)]
        assert {one.code for one in refused} == {"LimitExceededException"}
        assert len(refused) == 7
        assert len(listed(client)) == 2

    def test_a_public_client_gets_none(self, pool: PoolOf, world: World) -> None:
        public = pool.client()
        error = world.error("AddUserPoolClientSecret", UserPoolId=pool.id, ClientId=public.id)
        assert error.code == "InvalidParameterException"
        assert listed(public) == []

    def test_updating_the_client_keeps_both(self, client: ClientOf) -> None:
        add(client)
        before = listed(client)
        client.pool.admin("UpdateUserPoolClient", ClientId=client.id, ClientName="other")
        assert listed(client) == before

    def test_describing_shows_the_newest(self, client: ClientOf) -> None:
        described = client.pool.admin("DescribeUserPoolClient", ClientId=client.id)["UserPoolClient"]
        assert described["ClientSecret"] == client.secret
        added = add(client)
        described = client.pool.admin("DescribeUserPoolClient", ClientId=client.id)["UserPoolClient"]
        assert described["ClientSecret"] == added["ClientSecretValue"]


class TestDeleting:
    def test_only_the_other_one_is_left(self, client: ClientOf) -> None:
        first, second = listed(client)[0], add(client)
        client.pool.admin(
            "DeleteUserPoolClientSecret", ClientId=client.id, ClientSecretId=first["ClientSecretId"]
        )
        assert [one["ClientSecretId"] for one in listed(client)] == [second["ClientSecretId"]]
        assert client.secret is not None
        old = hashed(client, client.secret)
        error = client.error("SignUp", Username="ada", Password=PASSWORD, SecretHash=old)
        assert error.code == "NotAuthorizedException"
        new = hashed(client, second["ClientSecretValue"])
        assert client.call("SignUp", Username="ada", Password=PASSWORD, SecretHash=new)

    def test_the_last_one_stays(self, client: ClientOf, world: World) -> None:
        only = listed(client)[0]["ClientSecretId"]
        error = world.error(
            "DeleteUserPoolClientSecret",
            UserPoolId=client.pool.id,
            ClientId=client.id,
            ClientSecretId=only,
        )
        assert error.code == "InvalidParameterException"
        assert len(listed(client)) == 1

    def test_what_is_not_there_is_not_found(self, client: ClientOf, world: World) -> None:
        other = client.pool.client(GenerateSecret=True)
        for secret_id in ("none", listed(other)[0]["ClientSecretId"]):
            error = world.error(
                "DeleteUserPoolClientSecret",
                UserPoolId=client.pool.id,
                ClientId=client.id,
                ClientSecretId=secret_id,
            )
            assert error.code == "ResourceNotFoundException"
        assert len(listed(other)) == 1


def test_clients_are_found_in_their_own_pool_only(client: ClientOf, world: World) -> None:
    other = world.pool()
    secret_id = listed(client)[0]["ClientSecretId"]
    for operation, more in (
        ("AddUserPoolClientSecret", {}),
        ("ListUserPoolClientSecrets", {}),
        ("DeleteUserPoolClientSecret", {"ClientSecretId": secret_id}),
    ):
        error = world.error(operation, UserPoolId=other.id, ClientId=client.id, **more)
        assert error.code == "ResourceNotFoundException"
        error = world.error(operation, UserPoolId="us-east-1_none12345", ClientId=client.id, **more)
        assert error.code == "ResourceNotFoundException"


def test_a53_secrets_have_one_page(client: ClientOf, world: World) -> None:
    error = world.error(
        "ListUserPoolClientSecrets", UserPoolId=client.pool.id, ClientId=client.id, NextToken="made-up"
    )
    assert error.code == "InvalidParameterException"


def revoke(client: ClientOf, secret: str) -> None:
    tokens = client.tokens(client.by_password(SECRET_HASH=hashed(client, secret)))
    client.call("RevokeToken", Token=tokens.refresh, ClientSecret=secret)
    assert tokens.error("GetUser").message == "Access Token has been revoked"


def refresh(client: ClientOf, secret: str) -> None:
    tokens = client.tokens(client.by_password(SECRET_HASH=hashed(client, secret)))
    assert client.call("GetTokensFromRefreshToken", RefreshToken=tokens.refresh, ClientSecret=secret)
    parameters = {"REFRESH_TOKEN": tokens.refresh, "SECRET_HASH": hashed(client, secret)}
    assert client.call("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters)


def forget(client: ClientOf, secret: str) -> None:
    known = {"Username": "ada", "SecretHash": hashed(client, secret)}
    client.call("ForgotPassword", **known)
    client.call("ConfirmForgotPassword", **known, ConfirmationCode=client.world.code(), Password=PASSWORD)


def sign_in(client: ClientOf, secret: str) -> None:
    proof = hashed(client, secret)
    assert client.tokens(client.by_password(SECRET_HASH=proof)).access
    attempt = client.srp(SECRET_HASH=proof)
    answer = attempt.answer(SECRET_HASH=hashed(client, secret, attempt.parameters["USER_ID_FOR_SRP"]))
    assert client.tokens(answer).access


@pytest.mark.parametrize("use", [revoke, refresh, forget, sign_in])
def test_a44_while_there_are_two_either_is_good_everywhere(
    client: ClientOf, use: Callable[[ClientOf, str], None]
) -> None:
    assert client.secret is not None
    added = add(client)["ClientSecretValue"]
    client.call(
        "SignUp",
        Username="ada",
        Password=PASSWORD,
        SecretHash=hashed(client, client.secret),
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )
    client.call(
        "ConfirmSignUp",
        Username="ada",
        ConfirmationCode=client.world.code(),
        SecretHash=hashed(client, added),
    )
    for secret in (client.secret, added):
        use(client, secret)


def test_a44_a_third_secret_is_good_nowhere(client: ClientOf) -> None:
    add(client)
    wrong = hashed(client, GIVEN)
    assert client.error("SignUp", Username="ada", Password=PASSWORD, SecretHash=wrong).message == (
        f"Unable to verify secret hash for client {client.id}"
    )
    error = client.error("RevokeToken", Token="x", ClientSecret=GIVEN)
    assert error.code == "UnauthorizedException"


def test_a44_the_first_secret_costs_the_work_of_both(
    client: ClientOf, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(client)["ClientSecretValue"]
    compared: list[str] = []

    def counting(received: str, *rest: str) -> bool:
        compared.append(received)
        return secret_hash_matches(received, *rest)

    monkeypatch.setattr(realm, "secret_hash_matches", counting)
    codes = []
    for secret in (client.secret, added, GIVEN):
        proof = hashed(client, str(secret), "ida")
        parameters = {"USERNAME": "ida", "PASSWORD": PASSWORD, "SECRET_HASH": proof}
        codes.append(
            client.error("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters).code
        )
        assert compared == [proof, proof]
        compared.clear()
    assert codes == ["UserNotFoundException", "UserNotFoundException", "NotAuthorizedException"]


def test_added_secrets_are_sealed_and_hidden(client: ClientOf, world: World) -> None:
    added = add(client)["ClientSecretValue"]
    stored = world.service.context.store.read(lambda reader: reader.client(client.id))
    assert stored is not None
    assert not found_in(repr(stored), added, str(client.secret))
    assert not any(added.encode() in one.sealed for one in stored.secrets)
    # Bound to its id: it opens under no other.
    first, second = stored.secrets
    swapped = replace(stored, secrets=(replace(first, sealed=second.sealed), second))
    with pytest.raises(Unsealable):
        open_client_secrets(world.context.keys, swapped)
