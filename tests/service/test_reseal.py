"""A new sealing key takes over: everything is sealed anew, and the old key can go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.service.test_dispatch import call
from tests.service.test_keys import replace_settings
from tests.service.world import OTHER_PASSWORD, PASSWORD
from userpool.crypto.aead import Unsealable
from userpool.service import reseal as module
from userpool.service.app import Service
from userpool.service.context import Context
from userpool.service.devices import open_verifier, seal_verifier
from userpool.service.domain.records import Device, Totp, User
from userpool.service.keyfile import KeySet, SealingKey
from userpool.service.passwords import credentials
from userpool.service.ports import Writer
from userpool.service.sealed import open_client_secrets, open_signing_key
from userpool.service.totp_seeds import open_seed, seal_seed

OLD = SealingKey(bytes(32), 1.0)
NEW = SealingKey(bytes(range(32)), 2.0)


def opened(path: Path, *keys: SealingKey) -> Service:
    return replace_settings(Service.open(f"sqlite:///{path}", keys=KeySet(keys)))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database under the old key, with one of everything, and more than fits one page."""
    monkeypatch.setattr(module, "AT_ONCE", 3)
    path = tmp_path / "users.db"
    with opened(path, OLD) as service:
        pool = call(
            service,
            "CreateUserPool",
            PoolName="p",
            Policies={"PasswordPolicy": {"MinimumLength": 6, "PasswordHistorySize": 3}},
        )["UserPool"]["Id"]
        call(service, "CreateUserPoolClient", UserPoolId=pool, ClientName="a", GenerateSecret=True)
        call(service, "CreateUserPoolClient", UserPoolId=pool, ClientName="b")
        for number in range(7):
            call(
                service,
                "AdminCreateUser",
                UserPoolId=pool,
                Username=f"user{number}",
                UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
                DesiredDeliveryMediums=["EMAIL"],
            )
        for password in (PASSWORD, OTHER_PASSWORD):
            call(
                service,
                "AdminSetUserPassword",
                UserPoolId=pool,
                Username="user0",
                Password=password,
                Permanent=True,
            )
        store, context = service.context.store, service.context
        user = store.read(lambda reader: reader.user_named(pool, ["user0"]))
        assert user is not None
        from dataclasses import replace

        pending = seal_seed(context, user, "OTHER")
        app = Totp(seal_seed(context, user, "SEED"), verified=True, pending=pending)
        with_app = replace(user, totp=app)
        bare = store.read(lambda reader: reader.user_named(pool, ["user1"]))
        assert bare is not None
        store.write(lambda writer: writer.put_user(with_app))
        store.write(lambda writer: writer.put_user(replace(bare, password=None)))
        add_devices(context, user)
    return path


def add_devices(context: Context, user: User) -> None:
    """Give a user four devices, more than fit a page."""

    def add(writer: Writer) -> None:
        for key in map("us-east-1_{}".format, range(4)):
            sealed = seal_verifier(context, user, key, 7)
            writer.add_device(
                Device(user.pool_id, user.sub, key, None, b"salt", sealed, False, 1.0, 1.0, 1.0)
            )

    context.store.write(add)


def check(service: Service) -> None:
    """Everything opens."""
    context, store = service.context, service.context.store
    [pool] = store.read(lambda reader: reader.pools(limit=2, after=None))
    for key in store.read(lambda reader: reader.signing_keys(pool.id)):
        open_signing_key(context.keys, key)
    secrets = [
        open_client_secrets(context.keys, one)
        for one in store.read(lambda reader: reader.clients(pool.id, limit=9, after=None))
    ]
    assert sorted(map(len, secrets)) == [0, 1]
    user = store.read(lambda reader: reader.user_named(pool.id, ["user0"]))
    assert user is not None
    assert credentials(context, pool, user, user.sub, user.username).match(context, OTHER_PASSWORD)
    assert user.totp is not None
    assert open_seed(context, user, user.totp.sealed_secret) == "SEED"
    assert user.totp.pending is not None
    assert open_seed(context, user, user.totp.pending) == "OTHER"
    assert len(service.outbox()) == 7
    for device in store.read(lambda reader: reader.devices(pool.id, user.sub, limit=9, after=None)):
        assert open_verifier(context, device) == 7


def test_everything_is_sealed_anew_once(database: Path) -> None:
    with opened(database, OLD, NEW) as service:
        # Two signing keys, a client, six users with a password, four devices, seven messages.
        assert service.reseal() == 2 + 1 + 6 + 4 + 7
        assert service.reseal() == 0
        check(service)
    with opened(database, NEW) as service:
        check(service)


def test_it_can_be_stopped_and_goes_on_later(database: Path) -> None:
    answers = iter([False, False, True])
    with opened(database, OLD, NEW) as service:
        done = service.reseal(lambda: next(answers))
        assert 0 < done < 20
        assert done + service.reseal() == 20
        check(service)


def test_a_record_whose_key_is_gone_is_not_passed_over(database: Path) -> None:
    with opened(database, OLD, NEW):
        pass  # the root is under the new key from now on
    with opened(database, NEW, SealingKey(os.urandom(32), 3.0)) as service, pytest.raises(Unsealable):
        service.reseal()


def test_what_went_meanwhile_is_left_alone(database: Path) -> None:
    with opened(database, OLD, NEW) as service:
        store, ring = service.context.store, service._ring
        [pool] = store.read(lambda reader: reader.pools(limit=2, after=None))
        clients = store.read(lambda reader: reader.clients(pool.id, limit=9, after=None))
        users = store.read(lambda reader: reader.whole_users(pool.id, limit=9, after=None))
        call(service, "DeleteUserPool", UserPoolId=pool.id)
        assert store.write(module._renew_clients(ring, clients)) == 0
        assert store.write(module._renew_users(ring, users)) == 0
