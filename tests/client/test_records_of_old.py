"""What earlier versions have written is read: an example of each kind and version stands in `records/`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.stage import CLIENT, POOL
from userpool import Device, FileStorage, MemoryStorage, SealedStorage
from userpool.client import device_record, record
from userpool.storage import file

RECORDS = Path(__file__).parent / "records"
WRITTEN = {
    "user": record.FORMAT,
    "current": record.FORMAT,
    "device": device_record.FORMAT,
    "device-pointer": device_record.FORMAT,
    "file": file.FORMAT,
    "sealed": 1,
}
"""The version that is written now of each kind."""


def of(kind: str) -> list[Path]:
    """The examples of a kind, the oldest first."""
    return [RECORDS / f"{kind}-{version}.json" for version in range(1, WRITTEN[kind] + 1)]


def content(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def test_each_version_has_its_example() -> None:
    assert {path for kind in WRITTEN for path in of(kind)} == set(RECORDS.iterdir())


@pytest.mark.parametrize("path", of("user"), ids=lambda path: path.stem)
def test_a_user_of_any_version(path: Path) -> None:
    held = record.Keys(POOL, CLIENT).decode(path.read_bytes(), "ada")
    assert held is not None
    assert (held.username, held.sub, held.tokens.refresh_token) == ("ada", "sub-ada", "refresh-1")
    assert (held.drift, held.device_key) == (1.5, "us-east-1_0a1b-2c")
    assert held.id_claims["email"] == "ada@example.com"


@pytest.mark.parametrize("path", of("current"), ids=lambda path: path.stem)
def test_the_mark_of_the_current_user_of_any_version(path: Path) -> None:
    assert record.Keys(POOL, CLIENT).decode_current(path.read_bytes()) == "ada"


@pytest.mark.parametrize("path", of("device"), ids=lambda path: path.stem)
def test_a_device_of_any_version(path: Path) -> None:
    kept = device_record.DeviceRecords(POOL, CLIENT).decode(path.read_bytes())
    names = frozenset({"ada@example.com", "sub-ada"})
    assert kept == device_record.KeptDevice(Device("us-east-1_0a1b-2c", "-group", "drawn"), "ada", names)


@pytest.mark.parametrize("path", of("device-pointer"), ids=lambda path: path.stem)
def test_a_pointer_of_any_version(path: Path) -> None:
    assert device_record.DeviceRecords(POOL, CLIENT).decode(path.read_bytes()) == "ada"


@pytest.mark.parametrize("path", of("file"), ids=lambda path: path.stem)
def test_a_file_of_any_version(path: Path, tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "kept")
    storage.save("ada", b"another")
    (place,) = storage.path.glob("*.json")
    place.write_bytes(path.read_bytes())
    assert (storage.load("ada"), storage.keys()) == (b"token", ["ada"])


@pytest.mark.parametrize("path", of("sealed"), ids=lambda path: path.stem)
def test_a_sealed_record_of_any_version(path: Path) -> None:
    example = content(path)
    below = MemoryStorage()
    below.save(example["key"], base64.b64decode(example["record"]))
    assert SealedStorage(below, base64.b64decode(example["sealed_with"])).load(example["key"]) == b"token"


def test_a_whole_storage_of_old_signs_in(tmp_path: Path) -> None:
    """The examples together, as an earlier program has left them."""
    from tests.client.rotating import Rotating

    service, storage = Rotating(), FileStorage(tmp_path / "kept")
    keys, devices = record.Keys(POOL, CLIENT), device_record.DeviceRecords(POOL, CLIENT)
    service.tokens()
    for key, kind in {
        keys.user("ada"): "user",
        keys.current: "current",
        devices.key("ada"): "device",
        devices.key("ada@example.com"): "device-pointer",
    }.items():
        storage.save(key, of(kind)[0].read_bytes())
    pool = service.pool(storage=storage)
    user = pool.current_user()
    assert user is not None
    service.advance(4000)
    assert user.access_token()
    assert service.refreshes == 1
    assert pool.device("ada@example.com") == Device("us-east-1_0a1b-2c", "-group", "drawn")
