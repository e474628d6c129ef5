"""The pool in this very process."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.client.helpers import PASSWORD, fresh_name
from userpool import MissingExtra, NotAuthorizedException, ParameterError, SignedIn, StorageError, UserPool
from userpool.embedded import FLOWS, EmbeddedUserPool


def test_it_is_made_with_the_flows_that_a_program_needs() -> None:
    with UserPool.embedded() as pool:
        assert isinstance(pool, EmbeddedUserPool)
        client = pool.admin.describe_user_pool_client(pool.client_id)
        assert set(client.explicit_auth_flows or ()) == set(FLOWS)
        described = pool.admin.describe_user_pool()
        assert described.auto_verified_attributes == ["email"]
        assert described.mfa_configuration in (None, "OFF")


def test_two_memory_pools_do_not_meet() -> None:
    with UserPool.embedded() as first, UserPool.embedded() as second:
        name = fresh_name()
        first.sign_up(name, PASSWORD)
        second.sign_up(name, PASSWORD)
        assert first.user_pool_id != second.user_pool_id


def test_threads_share_a_memory_pool() -> None:
    with UserPool.embedded() as pool:
        names = [fresh_name() for _ in range(8)]
        threads = [threading.Thread(target=pool.sign_up, args=(name, PASSWORD)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert {user.username for user in pool.admin.users()} == set(names)


def test_a_file_keeps_its_users(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    with UserPool.embedded(path) as pool:
        pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        pool.confirm_sign_up("ada", pool.outbox.code())
        ids = pool.user_pool_id, pool.client_id
        pool.admin.create_user_pool("another")
        pool.admin.create_user_pool_client("another")
    with UserPool.embedded(str(path)) as pool:
        assert (pool.user_pool_id, pool.client_id) == ids
        assert isinstance(pool.sign_in("ada", PASSWORD), SignedIn)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_database_and_key_are_its_owner_s_alone(tmp_path: Path) -> None:
    with UserPool.embedded(tmp_path / "users.db"):
        pass
    for name in ("users.db", "users.db.keys"):
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600


def test_a_database_without_its_key_is_not_opened(tmp_path: Path) -> None:
    with UserPool.embedded(tmp_path / "users.db"):
        pass
    (tmp_path / "users.db.keys").unlink()
    with pytest.raises(StorageError, match="put its copy back"):
        UserPool.embedded(tmp_path / "users.db")
    assert not (tmp_path / "users.db.keys").exists()
    (tmp_path / "users.db.keys").write_text("{}")
    (tmp_path / "users.db.keys").chmod(0o600)
    with pytest.raises(StorageError, match="key file"):
        UserPool.embedded(tmp_path / "users.db")


def test_a_key_of_another_database_is_refused(tmp_path: Path) -> None:
    for name in ("one.db", "two.db"):
        with UserPool.embedded(tmp_path / name):
            pass
    (tmp_path / "two.db.keys").replace(tmp_path / "one.db.keys")
    with pytest.raises(StorageError, match="sealed with other keys"):
        UserPool.embedded(tmp_path / "one.db")


def test_a_pool_that_cannot_be_made_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    def refuse(admin: object) -> str:
        raise ParameterError("no")

    monkeypatch.setattr("userpool.embedded._pool", refuse)
    monkeypatch.setattr("userpool.service.app.Service.close", lambda service: closed.append(True))
    with pytest.raises(ParameterError, match="no"):
        UserPool.embedded()
    assert closed == [True]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="make it first"):
        UserPool.embedded(tmp_path / "nowhere" / "users.db")


def test_a_missing_service_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "userpool.service.app", None)
    with pytest.raises(MissingExtra, match=r"pip install 'userpool\[service\]'"):
        UserPool.embedded()


def test_the_outbox_shows_what_was_sent() -> None:
    with UserPool.embedded() as pool:
        with pytest.raises(LookupError, match="no message"):
            pool.outbox.code()
        pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        pool.sign_up("bob", PASSWORD, {"email": "bob@example.com"})
        assert [message.username for message in pool.outbox.messages()] == ["ada", "bob"]
        (message,) = pool.outbox.messages("ada@example.com")
        assert (message.medium, message.to) == ("EMAIL", "ada@example.com")
        assert pool.outbox.code("ada@example.com") == message.code
        with pytest.raises(LookupError, match="eve@"):
            pool.outbox.code("eve@example.com")


def test_the_clock_can_be_moved_and_put_back() -> None:
    with UserPool.embedded() as pool:
        pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        pool.confirm_sign_up("ada", pool.outbox.code())
        step = pool.sign_in("ada", PASSWORD)
        assert isinstance(step, SignedIn)
        pool.clock.advance(40 * 86400)
        with pytest.raises(Exception, match="sign in again"):
            step.user.get_user()
        pool.clock.reset()
        assert isinstance(pool.sign_in("ada", PASSWORD), SignedIn)
        with pytest.raises(NotAuthorizedException):
            pool.sign_in("ada", "wrong")
