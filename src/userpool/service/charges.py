"""Charging attempts: each is counted, and the count is durable, before anything is compared.

One counter locks all that takes a password or a second factor, on every path; it bears no name in clear,
and an unknown user has one too. Quotas count calls an hour.
"""

from __future__ import annotations

from userpool.protocol.errors import LimitExceededException, NotAuthorizedException, ServiceError

from .context import Context
from .domain.lockout import Quota, charge_password, charge_quota, refund_password
from .domain.sessions import Session, Use, charge_session
from .domain.sessions import refuse as refuse_session
from .ports import Writer


def lock_key(context: Context, pool_id: str, sub: str) -> str:
    """The key of the counter that locks a user."""
    return _key(context, "password", pool_id, sub)


def charge_proof(
    context: Context,
    pool_id: str,
    sub: str,
    session: Session | None = None,
    *,
    limit: int = 1,
    once: bool = False,
) -> None:
    """Count one attempt to prove something, and one answer to the session that it belongs to.

    Args:
        context: the world.
        pool_id: the user's pool.
        sub: the user's, or the one that an unknown user seems to have.
        session: the challenge that is answered, if one is.
        limit: answers that the session takes.
        once: this answer uses the session up, right or wrong.

    Raises:
        NotAuthorizedException: the session is used up, or the user is locked. Neither counts as an attempt.
    """
    key = lock_key(context, pool_id, sub)
    # Left when the call is over: right proofs that come at once must not lock their user.
    context.turnstile.enter(key)
    now = context.clock.now()

    def charge(writer: Writer) -> tuple[Use, bool]:
        use = None
        if session is not None:
            use, verdict = charge_session(
                session, writer.session_use(session.id), now, limit=limit, once=once
            )
            if use is None:
                return verdict, True
        attempts = charge_password(writer.attempts(key), key, now)
        if attempts is None:
            return Use.ALLOWED, False
        if use is not None:
            writer.put_session_use(use)
        writer.put_attempts(attempts)
        return Use.ALLOWED, True

    use, unlocked = context.store.write(charge)
    refuse_session(use)
    if not unlocked:
        raise NotAuthorizedException("Password attempts exceeded")


def charge_answer(context: Context, session: Session, *, limit: int) -> None:
    """Count one answer to a session that proves neither a password nor a second factor.

    Raises:
        NotAuthorizedException: the session is used up.
    """
    now = context.clock.now()

    def charge(writer: Writer) -> Use:
        use, verdict = charge_session(session, writer.session_use(session.id), now, limit=limit)
        if use is not None:
            writer.put_session_use(use)
        return verdict

    refuse_session(context.store.write(charge))


def refund_proof(writer: Writer, key: str) -> None:
    """Take one charge back: the proof was right, and the sign-in goes on."""
    left = refund_password(writer.attempts(key))
    if left is None:
        writer.delete_attempts(key)
    else:
        writer.put_attempts(left)


def give_back(context: Context, pool_id: str, sub: str) -> None:
    """Take one charge back in a transaction of its own: the proof was right, and something else refuses."""
    key = lock_key(context, pool_id, sub)
    context.store.write(lambda writer: refund_proof(writer, key))


def quota_key(context: Context, quota: Quota, pool_id: str, sub: str) -> str:
    """The key of the counter of one kind of call of one user."""
    return _key(context, quota.name, pool_id, sub)


def charge_call(
    context: Context,
    quota: Quota,
    pool_id: str,
    sub: str,
    error: type[ServiceError] = LimitExceededException,
) -> None:
    """Count one call against its hourly quota.

    Raises:
        LimitExceededException: the quota is used up; the call does not count. An operation that does not
            declare this one gives another as `error`.
    """
    key, now = quota_key(context, quota, pool_id, sub), context.clock.now()

    def charge(writer: Writer) -> bool:
        attempts = charge_quota(quota, writer.attempts(key), key, now)
        if attempts is not None:
            writer.put_attempts(attempts)
        return attempts is not None

    if not context.store.write(charge):
        raise error("Attempt limit exceeded, please try after some time.")


def _key(context: Context, kind: str, pool_id: str, sub: str) -> str:
    return f"{kind}:{context.keys.digest('attempts', f'{kind}|{pool_id}|{sub}'.encode()).hex()}"
