"""Which URLs open a store, and what the others are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.store.examples import POOL, add_pool
from userpool.service.ports import StoreError
from userpool.service.store import open_store


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_memory_database(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    add_pool(store)
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_relative_and_absolute_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///here.db")
    add_pool(store)
    store.close()
    store = open_store(f"sqlite:///{tmp_path}/here.db")
    assert store.read(lambda r: r.pool(POOL.id)) == POOL
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "users.db",
        "mysql://localhost/users",
        "sqlite://users.db",
        "sqlite:///users.db?mode=ro",
        "postgres://localhost/users",
        "oracle+cx://u:p4ssw0rd@localhost/users",
    ],
)
def test_other_urls_are_told_what_to_write(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///users\.db.*postgresql://") as caught:
        open_store(url)
    assert "p4ssw0rd" not in str(caught.value)


def test_postgresql_without_its_driver_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install .*psycopg"):
        open_store("postgresql://localhost/users")
