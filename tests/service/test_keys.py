"""Keys from outside the database: their file, the environment, and the ring that they make."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.canary import assert_hidden
from userpool.crypto.aead import Unsealable
from userpool.crypto.rs256 import SigningKey as Signer
from userpool.service import keyfile
from userpool.service.app import Service
from userpool.service.keyfile import AdminKey, KeyFileError, KeySet, SealingKey
from userpool.service.keys import KeyRing, open_ring
from userpool.service.sealed import SpareKeys
from userpool.service.store import open_store

FIRST = SealingKey(bytes(range(32)), 1.0)
SECOND = SealingKey(bytes(range(1, 33)), 2.0)


def made(name: str = "ops") -> AdminKey:
    return AdminKey.generate(os.urandom, 5.0, name=name, operations=("Admin*", "ListUsers"))


# ---------------------------------------------------------------- the file


def test_a_key_file_keeps_what_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "userpool.keys"
    keys = KeySet().with_sealing(FIRST).with_sealing(SECOND).with_admin(made()).with_admin(made("two"))
    keyfile.save(file, keys)
    assert keyfile.load(file) == keys
    keyfile.save(file, keys.without_admin(keys.admin[0].access_key_id, 9.0))
    assert [key.revoked_at for key in keyfile.load(file).admin] == [9.0, None]
    assert os.listdir(tmp_path) == ["userpool.keys"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other file permissions")
def test_only_its_owner_can_read_a_key_file(tmp_path: Path) -> None:
    file = tmp_path / "userpool.keys"
    keyfile.save(file, KeySet(sealing=(FIRST,)))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keyfile.load(file)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("not json", "not a key file"),
        ("[]", "not a whole key file"),
        ("{}", "not a whole key file"),
        ('{"version": 1, "sealing": [{}], "admin": []}', "not a whole key file"),
        ('{"version": 1, "sealing": [{"key": "short", "created_at": 1}], "admin": []}', "32 bytes"),
        ('{"version": 1, "sealing": [{"key": "!!", "created_at": 1}], "admin": []}', "32 bytes"),
        ('{"version": 2}', "newer userpool"),
    ],
)
def test_files_that_are_no_key_files(tmp_path: Path, content: str, text: str) -> None:
    file = tmp_path / "userpool.keys"
    file.touch(0o600)
    file.write_text(content)
    with pytest.raises(KeyFileError, match=text):
        keyfile.load(file)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="userpool keys create"):
        keyfile.load(tmp_path / "none")
    with pytest.raises(KeyFileError, match=r"cannot be read|not a plain file"):
        keyfile.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in the file system here")
def test_a_device_is_no_key_file() -> None:
    with pytest.raises(KeyFileError, match="not a plain file"):
        keyfile.load("/dev/zero")


def test_a_failed_save_leaves_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "userpool.keys"
    keyfile.save(file, KeySet(sealing=(FIRST,)))

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        keyfile.save(file, KeySet(sealing=(SECOND,)))
    assert keyfile.load(file).sealing == (FIRST,)
    assert os.listdir(tmp_path) == ["userpool.keys"]


# ---------------------------------------------------------------- keys


def test_new_keys_are_new_and_hidden() -> None:
    assert len({made().access_key_id for _ in range(50)}) == 50
    key, sealing = made(), SealingKey.generate(os.urandom, 1.0)
    assert key.access_key_id.startswith("UPAK")
    assert len(key.access_key_id) == 20
    assert len(key.secret) == 40
    assert_hidden(KeySet((sealing,), (key,)), key.secret, sealing.text)


def test_a_key_is_for_the_operations_that_it_names() -> None:
    key = made()
    assert key.allows("AdminCreateUser")
    assert key.allows("ListUsers")
    assert not key.allows("CreateUserPool")
    assert AdminKey("id", "secret").allows("CreateUserPool")


def test_a_revoked_key_is_not_found() -> None:
    key = made()
    keys = KeySet(admin=(key,))
    assert keys.admin_key(key.access_key_id) == key
    revoked = keys.without_admin(key.access_key_id, 7.0)
    assert revoked.admin_key(key.access_key_id) is None
    assert revoked.admin_keys_in_use == ()
    with pytest.raises(KeyFileError, match="keys list"):
        revoked.without_admin(key.access_key_id, 8.0)


def test_the_sealing_key_in_use_is_not_revoked() -> None:
    keys = KeySet(sealing=(FIRST, SECOND))
    assert keys.without_sealing(FIRST.id) == keys.without_sealing(FIRST.text) == KeySet(sealing=(SECOND,))
    with pytest.raises(KeyFileError, match="in use"):
        keys.without_sealing(SECOND.id)
    for wrong in ("", "no such", FIRST.text[:8]):
        with pytest.raises(KeyFileError, match="no such sealing key"):
            keys.without_sealing(wrong)


def test_keys_from_the_environment() -> None:
    environment = {
        keyfile.SEALING_KEY: f"{SECOND.text}, {FIRST.text}=",
        keyfile.ADMIN_KEY_ID: "UPAKFROMTHEENVIRONME",
        keyfile.ADMIN_KEY_SECRET: "secret",
    }
    keys = keyfile.from_environment(environment)
    assert [key.secret for key in keys.sealing] == [FIRST.secret, SECOND.secret]
    assert keys.admin[0].access_key_id == "UPAKFROMTHEENVIRONME"
    assert keyfile.from_environment({}) == KeySet()
    with pytest.raises(KeyFileError, match="together"):
        keyfile.from_environment({keyfile.ADMIN_KEY_ID: "x"})
    with pytest.raises(KeyFileError, match="32 bytes") as caught:
        keyfile.from_environment({keyfile.SEALING_KEY: "c2VjcmV0"})
    assert "c2VjcmV0" not in str(caught.value)
    both = keyfile.merge([KeySet((FIRST,)), keys])
    assert len(both.sealing) == 3
    assert len(both.admin) == 1


# ---------------------------------------------------------------- the ring


def opened(path: Path, *keys: SealingKey) -> KeyRing:
    store = open_store(f"sqlite:///{path}")
    try:
        return open_ring(store, KeySet(keys), os.urandom)
    finally:
        store.close()


def test_a_database_knows_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    ring = opened(path, FIRST)
    sealed = ring.seal("label", b"secret", b"context")
    assert opened(path, FIRST).open("label", sealed, b"context") == b"secret"
    with pytest.raises(KeyFileError, match="other keys"):
        opened(path, SECOND)
    with pytest.raises(KeyFileError, match="no sealing key"):
        opened(path)
    for label, context in (("other", b"context"), ("label", b"other")):
        with pytest.raises(Unsealable):
            ring.open(label, sealed, context)


def test_hashes_stay_the_same_when_sealing_keys_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    before = opened(path, FIRST)
    digest = before.digest("code", b"123456")
    sealed = before.seal("label", b"secret", b"")
    both = opened(path, FIRST, SECOND)
    assert both.digest("code", b"123456") == digest
    assert both.digest("salt", b"123456") != digest
    assert both.open("label", sealed, b"") == b"secret"
    after = opened(path, SECOND)
    assert after.digest("code", b"123456") == digest
    with pytest.raises(Unsealable):
        after.open("label", sealed, b"")


def test_two_that_open_a_new_database_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'users.db'}"
    store = open_store(url)
    barrier = threading.Barrier(4)
    digests: list[bytes] = []

    def race() -> None:
        barrier.wait()
        digests.append(open_ring(store, KeySet((FIRST,)), os.urandom).digest("x", b"y"))

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(set(digests)) == 1
    assert len(digests) == 4


def test_a_database_on_disk_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="userpool keys create"):
        Service.open(f"sqlite:///{tmp_path / 'users.db'}")
    keys = KeySet((FIRST,))
    with Service.open(f"sqlite:///{tmp_path / 'users.db'}", keys=keys) as service:
        service.reset()
    with Service.open(f"sqlite:///{tmp_path / 'users.db'}", keys=keys) as service:
        assert service.outbox() == []
    with pytest.raises(KeyFileError, match="other keys"):
        Service.open(f"sqlite:///{tmp_path / 'users.db'}", keys=KeySet((SECOND,)))


def test_nothing_secret_lies_in_the_file_in_clear(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    with Service.open(f"sqlite:///{path}", keys=KeySet((FIRST,))) as service:
        from tests.service.test_dispatch import call

        open_service = replace_settings(service)
        pool = call(open_service, "CreateUserPool", PoolName="p")["UserPool"]["Id"]
        client = call(
            open_service, "CreateUserPoolClient", UserPoolId=pool, ClientName="c", GenerateSecret=True
        )["UserPoolClient"]
        call(
            open_service,
            "AdminCreateUser",
            UserPoolId=pool,
            Username="ada",
            TemporaryPassword="Plain-text-7",
            UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
            DesiredDeliveryMediums=["EMAIL"],
        )
        assert service.outbox()[0].code == "Plain-text-7"
    data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"ada@example.com" in data
    assert b"Plain-text-7" not in data
    assert client["ClientSecret"].encode() not in data
    assert b"PRIVATE KEY" not in data


def replace_settings(service: Service) -> Service:
    """The same service for callers who do not sign."""
    from dataclasses import replace

    from userpool.service.access_sigv4 import AdminAccess
    from userpool.service.context import Settings
    from userpool.service.dispatch import Dispatcher

    settings = Settings(signed_admin=False)
    context = replace(service.context, settings=settings)
    service._dispatcher = Dispatcher(context, AdminAccess(KeySet(), settings, context.clock), service.reset)
    return service


# ---------------------------------------------------------------- spare keys


def test_spare_keys_are_ready_and_given_once() -> None:
    made: list[Signer] = []
    enough = threading.Event()

    def make() -> Signer:
        made.append(Signer.generate())
        if len(made) == 3:
            enough.set()
        return made[-1]

    spare = SpareKeys(2, make)
    first = spare()
    second = spare()
    assert first is not second
    assert enough.wait(60)
    spare.close()
    assert {first, second} <= set(made)


def test_without_spares_each_is_made_when_asked_for() -> None:
    key = Signer.generate()
    spare = SpareKeys(0, lambda: key)
    assert spare() is key
    spare.close()


def test_a_key_file_is_plain_json(tmp_path: Path) -> None:
    file = tmp_path / "userpool.keys"
    keyfile.save(file, KeySet((FIRST,), (made(),)))
    data = json.loads(file.read_text())
    assert set(data) == {"version", "sealing", "admin"}
    assert data["sealing"][0]["key"] == FIRST.text
