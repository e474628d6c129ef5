"""The stores that the contract suite runs over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import running_postgres
from userpool.service.ports import Store
from userpool.service.store import open_store


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(
    params=["memory", "file", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "postgresql":
        store = open_store(request.getfixturevalue("postgres_url"))
        store.reset()
    else:
        store = open_store(
            "sqlite:///:memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/users.db"
        )
    try:
        yield store
    finally:
        store.close()
