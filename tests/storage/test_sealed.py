"""Records that only their key opens: in any storage, and in files under a key of the keyring."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError

from tests.canary import assert_hidden, canary
from userpool import MissingExtra, ParameterError, StorageError
from userpool.storage.file import FileStorage
from userpool.storage.keyring import KeyringStorage
from userpool.storage.memory import MemoryStorage
from userpool.storage.sealed import KEY_BYTES, SealedStorage

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES


def test_what_is_kept_is_not_in_the_clear() -> None:
    secret = canary("token")
    below = MemoryStorage()
    storage = SealedStorage(below, OLD)
    storage.save("ada", secret.encode())
    assert secret.encode() not in (below.load("ada") or b"")
    assert storage.load("ada") == secret.encode()
    assert_hidden(storage, OLD.decode())


def test_s11_a_record_that_was_changed_or_moved_counts_as_absent() -> None:
    below = MemoryStorage()
    storage = SealedStorage(below, OLD)
    storage.save("ada", b"tokens")
    sealed = below.load("ada") or b""
    for place in range(len(sealed)):
        below.save("ada", sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        assert storage.load("ada") is None
    for end in range(len(sealed)):
        below.save("ada", sealed[:end])
        assert storage.load("ada") is None
    below.save("bob", sealed)
    assert storage.load("bob") is None


def test_a_key_is_replaced_while_the_old_one_still_opens() -> None:
    below = MemoryStorage()
    SealedStorage(below, OLD).save("ada", b"tokens")
    both = SealedStorage(below, [OLD, NEW])
    assert both.load("ada") == b"tokens"
    assert SealedStorage(below, NEW).load("ada") is None
    both.save("ada", b"tokens")
    assert SealedStorage(below, NEW).load("ada") == b"tokens"


@pytest.mark.parametrize("keys", [b"", b"short", [], [OLD, b"short"]])
def test_a_key_of_another_length_is_refused(keys: bytes | list[bytes]) -> None:
    with pytest.raises(ParameterError, match="32 random bytes"):
        SealedStorage(MemoryStorage(), keys)


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A keyring of this test."""
    entries: dict[tuple[str, str], str] = {}
    monkeypatch.setattr("keyring.get_password", lambda *entry: entries.get(entry))
    monkeypatch.setattr("keyring.set_password", lambda *entry: entries.update({entry[:2]: entry[2]}))
    monkeypatch.setattr("keyring.delete_password", lambda *entry: entries.pop(entry))
    return entries


def test_s10_the_keyring_holds_a_key_and_the_files_the_ciphertext(
    ring: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    storage = KeyringStorage(tmp_path / "kept", service="shop")
    storage.save("ada", b"t" * 20_000)
    ((service, name),) = ring
    assert (service, name) == ("shop", str(tmp_path / "kept"))
    assert len(ring[service, name]) < 100
    assert b"tttt" not in (FileStorage(tmp_path / "kept").load("ada") or b"")
    assert KeyringStorage(tmp_path / "kept", service="shop").load("ada") == b"t" * 20_000
    assert KeyringStorage(tmp_path / "kept").load("ada") is None
    storage.forget_key()
    assert ("shop", str(tmp_path / "kept")) not in ring
    storage.forget_key()
    assert storage.load("ada") is None


def test_s09_without_a_keyring_there_is_an_error_and_nothing_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody: Any = vars(keyring.backends.fail)["Keyring"]()
    monkeypatch.setattr("keyring.core._keyring_backend", nobody)
    storage = KeyringStorage(tmp_path / "kept")
    assert storage.load("ada") is None
    with pytest.raises(StorageError, match="without a keyring use FileStorage"):
        storage.save("ada", b"tokens")
    with pytest.raises(StorageError):
        storage.forget_key()
    assert FileStorage(tmp_path / "kept").load("ada") is None


def test_s09_a_locked_keyring_is_an_error_and_not_a_sign_out(
    ring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    KeyringStorage(tmp_path / "kept").save("ada", b"tokens")

    def locked(*entry: str) -> str:
        raise KeyringLocked

    monkeypatch.setattr("keyring.get_password", locked)
    with pytest.raises(StorageError, match="KeyringLocked"):
        KeyringStorage(tmp_path / "kept").load("ada")


def test_an_entry_that_cannot_be_removed(
    ring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = KeyringStorage(tmp_path / "kept")
    storage.save("ada", b"tokens")

    def refused(*entry: str) -> None:
        raise PasswordDeleteError

    monkeypatch.setattr("keyring.delete_password", refused)
    with pytest.raises(StorageError, match="PasswordDeleteError"):
        storage.forget_key()


@pytest.mark.parametrize("text", ["", "not base64", "AAAA"])
def test_an_entry_that_is_no_key_is_not_used(
    ring: dict[tuple[str, str], str], tmp_path: Path, text: str
) -> None:
    ring["userpool", str(tmp_path / "kept")] = text
    with pytest.raises(StorageError, match="something else than a key"):
        KeyringStorage(tmp_path / "kept").save("ada", b"tokens")


def test_two_programs_that_start_at_once_make_one_key(
    ring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second finds no key when it looks first, and the other's when it has the lock."""
    first, second = (KeyringStorage(tmp_path / "kept") for _ in range(2))

    def absent_at_first(*entry: str) -> None:
        monkeypatch.setattr("keyring.get_password", lambda *entry: ring.get(entry))
        first.save("ada", b"tokens")

    monkeypatch.setattr("keyring.get_password", absent_at_first)
    second.save("bob", b"tokens")
    assert len(ring) == 1
    assert KeyringStorage(tmp_path / "kept").load("ada") == b"tokens"
    assert KeyringStorage(tmp_path / "kept").load("bob") == b"tokens"


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["keyring"] = None
from userpool.storage.keyring import KeyringStorage
try:
    KeyringStorage(sys.argv[1])
except ImportError as error:
    assert "userpool[keyring]" in str(error)
else:
    sys.exit("it went on without")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert MissingExtra("keyring", "x").extra == "keyring"
