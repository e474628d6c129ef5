"""Threads, tasks and three processes on one store, with a service that fails in between: one refresh for each
expiry, nobody signed out, no token lost.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.client.crowd import Failing, Program, storage_at
from tests.client.rotating import Rotating
from userpool import AuthFlow, SignedIn

PROGRAMS = ("threads", "two pools", "tasks")
LATER = 4000.0
FAULTS = 7


@pytest.fixture(autouse=True)
def own_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a storage of this process does to the keyring's functions is undone."""
    import keyring

    monkeypatch.setattr("keyring.get_password", keyring.get_password)


@pytest.mark.parametrize(("kind", "rounds"), [("file", 20), ("sealed", 5), ("keyring", 5)])
def test_r05_r07_ten_thousand_calls_of_three_processes_refresh_once_an_expiry(
    tmp_path: Path, kind: str, rounds: int
) -> None:
    service = Failing(seed=rounds)
    folder = tmp_path / "kept"
    pool = Rotating.pool(service, storage=storage_at(kind, str(folder)))
    assert isinstance(pool.sign_in("ada", "x", auth_flow=AuthFlow.PASSWORD), SignedIn)
    total: Counter[str] = Counter()
    programs: list[Program] = []
    with service.on_a_port() as port:
        try:
            programs += [Program(each, kind, folder, port) for each in PROGRAMS]
            for number in range(rounds):
                service.advance(LATER)
                service.faults_left = FAULTS
                for program in programs:
                    program.begin(service.now, service.passed, 176)
                told = [program.end() for program in programs]
                tokens = {token for one in told for token in one["tokens"]}
                assert len(tokens) == 1, "all have the same token, and it is good"
                assert "" not in tokens
                assert (service.refreshes, len(service.delivered)) == (number + 1, number + 1)
                for one in told:
                    total += Counter(one["tally"])
        finally:
            codes = [program.close() for program in programs]
    assert codes == [0, 0, 0]
    assert total["out"] == 0, total
    assert total.total() >= rounds * 500
    assert set(total) > {"ok"}, "faults reached the callers too"
    assert all(service.seen[fault] for fault in ("500", "429", "late", "cut", "lost")), service.seen
    user = pool.current_user()
    assert user is not None
    assert user.tokens().refresh_token == service.delivered[-1]
    assert service.delivered[-1] in service.alive
