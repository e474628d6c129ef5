"""Sessions of a sign-in as values, and how they are used up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.errors import NotAuthorizedException
from userpool.service.domain.records import SessionUse
from userpool.service.domain.sessions import (
    BLOCK,
    Session,
    Use,
    charge_session,
    consume_session,
    refuse,
)

SESSION = Session(
    id="id",
    pool_id="us-east-1_aaaaaaaaa",
    client_id="client",
    sub="sub",
    username="ada",
    typed="ada@example.com",
    step="SMS_MFA",
    expires_at=100.0,
    data={"code": "c0de"},
)

texts = st.text(max_size=60)


@given(texts, texts, st.dictionaries(texts, texts, max_size=4), st.floats(0, 4e9))
def test_sessions_come_back_as_they_went(
    username: str, typed: str, data: dict[str, str], expires_at: float
) -> None:
    session = Session("i", "p", "c", "s", username, typed, "MFA_SETUP", expires_at, data)
    plain = session.to_bytes()
    assert Session.from_bytes(plain) == session
    assert len(plain) % BLOCK == 0


def test_secrets_do_not_print() -> None:
    for secret in ("ada", "c0de"):
        assert secret not in repr(SESSION)


def test_whom_a_session_is_for() -> None:
    assert all(SESSION.answers_for(name) for name in ("ada", "ada@example.com", "sub"))
    assert not SESSION.answers_for("eve")


def test_expiry_is_sharp() -> None:
    assert not SESSION.expired(99.999)
    assert SESSION.expired(100.0)


def test_attempts_run_out() -> None:
    use: SessionUse | None = None
    for number in range(3):
        use, verdict = charge_session(SESSION, use, 1.0, limit=3)
        assert use is not None
        assert (verdict, use.attempts, use.consumed_at) == (Use.ALLOWED, number + 1, None)
    assert charge_session(SESSION, use, 1.0, limit=3) == (None, Use.EXHAUSTED)


def test_a_session_is_used_once() -> None:
    used, _ = charge_session(SESSION, None, 7.0, limit=1, once=True)
    assert used == SessionUse("id", 1, 7.0, 100.0)
    assert charge_session(SESSION, used, 8.0, limit=9) == (None, Use.USED)
    with pytest.raises(NotAuthorizedException, match="only be used once"):
        consume_session(SESSION, used, 8.0)
    assert consume_session(SESSION, None, 5.0).consumed_at == 5.0


def test_what_is_refused() -> None:
    refuse(Use.ALLOWED)
    with pytest.raises(NotAuthorizedException) as caught:
        refuse(Use.EXHAUSTED)
    assert caught.value.message == "Invalid session for the user."
