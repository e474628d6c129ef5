"""What holds for every test: hypothesis profiles, a clean environment, and no process left behind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import leftovers
from userpool import embedded
from userpool.testing._keys import spare_keys

if TYPE_CHECKING:
    from userpool.crypto.rs256 import SigningKey
    from userpool.service.ports import Triggers

LEFT_BEHIND_GRACE = 5.0
"""Seconds that servers have to end after the last test."""

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config: pytest.Config) -> None:
    # The workers of pytest-xdist inherit the mark from the process that starts them.
    os.environ.setdefault(leftovers.MARK, uuid.uuid4().hex)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return  # a worker: the process that started it looks, once all have ended
    left = leftovers.find(os.environ[leftovers.MARK], grace=LEFT_BEHIND_GRACE)
    if left:
        lines = "\n  ".join(str(process) for process in left)
        print(
            f"\nERROR: the tests left processes behind; end them in the fixture that starts them:\n  {lines}"
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees this machine's own AWS account or userpool settings."""
    for name in list(os.environ):
        keep = name in {"USERPOOL_REQUIRE_ALL", "USERPOOL_VECTORS", leftovers.MARK}
        if name.startswith(("AWS_", "USERPOOL_")) and not keep:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True, scope="session")
def _shared_signing_keys() -> Iterator[None]:
    """Embedded pools share two RSA keys: making them is most of what it takes to make a pool."""
    made = embedded.open_embedded

    def shared(
        path: str | os.PathLike[str] = embedded.MEMORY,
        triggers: Triggers | None = None,
        new_signing_key: Callable[[], SigningKey] | None = None,
    ) -> embedded.Embedded:
        return made(path, triggers, new_signing_key or cycle(spare_keys()).__next__)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "open_embedded", shared)
        yield
