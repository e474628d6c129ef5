"""What tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.world import ClientOf, PoolOf, World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


@pytest.fixture
def pool(world: World) -> PoolOf:
    return world.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def client(pool: PoolOf) -> ClientOf:
    return pool.client()


@pytest.fixture
def hiding(pool: PoolOf) -> ClientOf:
    """A client that does not tell which users exist."""
    return pool.client(PreventUserExistenceErrors="ENABLED")
