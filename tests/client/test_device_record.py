"""What is stored of a device, and where it is found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import assert_hidden, canary
from tests.client.rotating import Rotating
from tests.flows.stage import CLIENT, POOL
from userpool import Device, MemoryStorage, StorageBusy, StorageError, StorageWarning, UserPool
from userpool.client._sync.devices import Devices
from userpool.client.device_record import FORMAT, DeviceRecords, KeptDevice, names_of
from userpool.client.record import Keys

RECORDS = DeviceRecords(POOL, CLIENT)
DEVICE = Device("us-east-1_1111", "-group", "password")
OTHER = Device("us-east-1_2222", "-group", "password")
KEPT = KeptDevice(DEVICE, "ada", frozenset({"ada@example.com", "sub-ada"}))
DATA = RECORDS.encode(KEPT)


def kept_in(storage: MemoryStorage) -> Devices:
    pool: UserPool = Rotating().pool(storage=storage)
    return pool._devices


def test_a_record_gives_back_the_device_or_where_it_is() -> None:
    assert RECORDS.decode(DATA) == KEPT
    assert RECORDS.decode(RECORDS.encode_pointer("ada")) == "ada"


def test_records_of_others_have_other_keys() -> None:
    other = DeviceRecords(POOL, "otherclient")
    session = Keys(POOL, CLIENT)
    names = {RECORDS.key("ada"), RECORDS.key("bob"), other.key("ada"), session.user("ada"), session.current}
    assert len(names) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"version": FORMAT + 1},
        {"client_id": "otherclient"},
        {"user_pool_id": "eu-west-1_aB12cDe34"},
        {"username": None},
        {"names": "ada"},
        {"device": None},
        {"device": {}},
        {"device": {**DEVICE.to_dict(), "version": 2}},
    ],
)
def test_what_is_no_whole_record_of_this_client_counts_as_absent(change: dict[str, Any]) -> None:
    assert RECORDS.decode(json.dumps({**json.loads(DATA), **change}).encode()) is None


@given(st.binary(max_size=200) | st.sampled_from([DATA]).map(lambda data: data[: len(data) // 2]))
def test_noise_counts_as_absent(data: bytes) -> None:
    assert RECORDS.decode(data) is None


def test_nothing_is_absent() -> None:
    assert RECORDS.decode(None) is None
    assert RECORDS.decode(b"[" * 100_000) is None


@given(st.text(), st.text(), st.text(), st.text(), st.frozensets(st.text()))
def test_whatever_is_written_is_read_back(
    key: str, group: str, password: str, username: str, names: frozenset[str]
) -> None:
    kept = KeptDevice(Device(key or "k", group or "g", password or "p"), username, names)
    assert RECORDS.decode(RECORDS.encode(kept)) == kept


def test_c27_a_record_prints_neither_password_nor_names() -> None:
    secret = canary("device-password")
    assert_hidden(KeptDevice(Device("k", secret, secret), "ada", frozenset({secret})), secret)


def test_the_names_are_those_that_the_user_may_type() -> None:
    claims = {
        "sub": "sub-ada",
        "cognito:username": "ada",
        "preferred_username": "countess",
        "email": "ada@example.com",
        "email_verified": True,
        "phone_number": "+12025550123",
        "phone_number_verified": "true",
    }
    assert names_of(claims) == {"sub-ada", "ada", "countess", "ada@example.com", "+12025550123"}
    unverified = {**claims, "email_verified": False, "phone_number_verified": "false", "sub": 5}
    assert names_of(unverified) == {"ada", "countess"}
    assert names_of({}) == set()


# Kept, found, dropped.


def test_a_device_is_found_by_each_of_its_names_and_dropped_by_any() -> None:
    storage = MemoryStorage()
    devices = kept_in(storage)
    devices.keep(DEVICE, "ada", ["ada@example.com", "ada", "x" * 129])
    assert devices.find("ada") == devices.find("ada@example.com") == DEVICE
    assert len(storage.keys()) == 2
    devices.drop("ada@example.com")
    assert storage.keys() == []


def test_a_name_is_found_in_any_case() -> None:
    devices = kept_in(MemoryStorage())
    devices.keep(DEVICE, "Ada", ["Ada@Example.com"])
    for name in ("Ada", "ada", "ADA", "ada@example.com", "ADA@EXAMPLE.COM"):
        assert devices.find(name) == DEVICE
    devices.keep(OTHER, "ada")
    assert (devices.find("ada"), devices.find("Ada")) == (OTHER, DEVICE), "where the pool tells them apart"
    devices.drop("ADA@example.com")
    assert (devices.find("ada"), devices.find("Ada")) == (OTHER, OTHER)


def test_a_new_device_takes_the_place_of_the_old_and_of_names_that_are_no_more() -> None:
    storage = MemoryStorage()
    devices = kept_in(storage)
    devices.keep(DEVICE, "ada", ["old@example.com", "sub-ada"])
    devices.keep(OTHER, "ada", ["new@example.com", "sub-ada"])
    assert devices.find("old@example.com") is None
    assert devices.find("new@example.com") == devices.find("sub-ada") == OTHER
    assert len(storage.keys()) == 3


def test_a_name_is_not_taken_from_another_user() -> None:
    """One user's preferred user name may be what another's device lies under, or pass from one to another."""
    devices = kept_in(MemoryStorage())
    devices.keep(DEVICE, "bob")
    devices.keep(OTHER, "ada", ["bob", "shared"])
    assert devices.find("bob") == DEVICE
    devices.keep(DEVICE, "bob", ["shared"])
    assert devices.find("shared") == DEVICE
    devices.drop("ada")
    assert devices.find("shared") == DEVICE, "it points to bob by now"


def test_what_was_replaced_meanwhile_is_not_dropped() -> None:
    devices = kept_in(MemoryStorage())
    devices.keep(OTHER, "ada", ["ada@example.com"])
    devices.drop("ada@example.com", DEVICE.key)
    assert devices.find("ada@example.com") == OTHER
    devices.drop("nobody", DEVICE.key)


def test_what_is_gone_by_the_time_of_the_lock_is_no_error() -> None:
    storage = MemoryStorage()
    devices = kept_in(storage)
    devices.keep(DEVICE, "ada")
    load, looks = storage.load, 0

    def vanishing(key: str) -> bytes | None:
        nonlocal looks
        looks += 1
        return load(key) if looks == 1 else None

    storage.load = vanishing  # type: ignore[method-assign]  # a storage that changes under our hands
    devices.drop("ada")
    assert looks == 2


def test_a_pointer_that_points_to_a_pointer_finds_nothing() -> None:
    storage = MemoryStorage()
    storage.save(RECORDS.key("a"), RECORDS.encode_pointer("b"))
    storage.save(RECORDS.key("b"), RECORDS.encode_pointer("a"))
    assert kept_in(storage).find("a") is None


# A storage that does not work.


class Broken(MemoryStorage):
    """Fails at what is said of devices."""

    def __init__(self, *what: str) -> None:
        super().__init__()
        self.what = what

    def load(self, key: str) -> bytes | None:
        self._fail("load", key)
        return super().load(key)

    def save(self, key: str, data: bytes) -> None:
        self._fail("save", key)
        super().save(key, data)

    def delete(self, key: str) -> None:
        self._fail("delete", key)
        super().delete(key)

    def _fail(self, what: str, key: str) -> None:
        if what in self.what and "/devices/" in key:
            raise StorageBusy("the disk is on fire")


def test_a_storage_that_cannot_be_read_stops_no_sign_in() -> None:
    service = Rotating()
    step = service.pool(storage=Broken("load")).sign_in("ada", "x", auth_flow="USER_PASSWORD_AUTH")
    assert step.user.username == "ada"  # type: ignore[union-attr]  # nothing else is asked
    with pytest.raises(StorageError):
        service.pool(storage=Broken("load")).device("ada")


def test_a_device_that_cannot_be_kept_is_warned_of() -> None:
    from tests.flows.device_service import METADATA
    from tests.flows.stage import signed_in
    from userpool.testing.scripted import answer

    service = Rotating()
    service.instead = [answer(signed_in("ada", **METADATA)), answer({})]
    with pytest.warns(StorageWarning, match="not as the service has it: the disk is on fire"):
        step = service.pool(storage=Broken("save")).sign_in("ada", "x", auth_flow="USER_PASSWORD_AUTH")
    assert step.new_device.confirmed  # type: ignore[union-attr]  # the sign-in is a good one
    with pytest.raises(StorageError):
        service.pool(storage=Broken("save")).keep_device("ada", DEVICE)


def test_a_forgotten_device_that_cannot_be_dropped_is_warned_of() -> None:
    from tests.flows.device_service import UNKNOWN

    service, storage = Rotating(), Broken("delete")
    pool = service.pool(storage=storage)
    pool.keep_device("ada", DEVICE)
    service.instead = [UNKNOWN]
    with pytest.warns(StorageWarning, match="the disk is on fire"):
        step = pool.sign_in("ada", "x", auth_flow="USER_PASSWORD_AUTH")
    assert step.device_forgotten  # type: ignore[union-attr]  # signed in all the same
    with pytest.raises(StorageError):
        pool.drop_device("ada")
