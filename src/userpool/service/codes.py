"""Using codes up: once each, even when two answers come at the same time or the clock goes back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .context import Context
from .delivery import code_hash
from .domain.codes import Delivery, Verdict, judge, refusal
from .domain.records import Code, CodePurpose, User
from .names import ADDRESSES
from .ports import Reader, Writer


def newest_code(reader: Reader, pool_id: str, sub: str, purpose: CodePurpose) -> Code | None:
    """The code of one purpose that was sent last, to whichever address."""
    codes = [reader.code(pool_id, sub, purpose, attribute) for attribute in ADDRESSES]
    return max((code for code in codes if code), key=lambda code: code.created_at, default=None)


def sent_to(code: Code | None, user: User | None) -> tuple[str, str]:
    """The attribute that a code was sent to, and the user's address in it now; texts without a code or a
    user too, so that the same is done for them.
    """
    if code is None or user is None:
        return "", ""
    return code.attribute, user.attributes.get(code.attribute, "")


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that somebody shows, for one purpose."""

    pool_id: str
    sub: str
    purpose: CodePurpose
    code: str = field(repr=False)

    def hash(self, context: Context, attribute: str, address: str) -> bytes:
        """What a code that was sent to `address` must have as its keyed hash."""
        delivery = Delivery(attribute, address)
        return code_hash(context, self.pool_id, self.sub, self.purpose, delivery, self.code)

    def judge(self, context: Context, code: Code | None, address: str) -> Verdict:
        """What the offer is worth against the stored code; an expired one is used up by being asked for.

        Args:
            context: the world.
            code: as stored, or `None`.
            address: where a code for this user goes now; a code that went elsewhere is wrong.
        """
        attribute = "" if code is None else code.attribute
        verdict = judge(code, self.hash(context, attribute, address), context.clock.now())
        _burn_expired(context, code)
        return verdict

    def use(self, context: Context, writer: Writer, attribute: str, address: str) -> None:
        """Use the code up in the transaction that its right answer leads to.

        Raises:
            ExpiredCodeException: a faster answer used it, another code took its place, or the address
                changed.
        """
        code = writer.code(self.pool_id, self.sub, self.purpose, attribute)
        # Whether it came in time was judged when it was shown: only its use is looked at again.
        if code is None or judge(code, self.hash(context, attribute, address), 0.0) is not Verdict.RIGHT:
            raise refusal(Verdict.DEAD)
        writer.put_code(replace(code, used_at=context.clock.now()))


def _burn_expired(context: Context, code: Code | None) -> None:
    """Use an expired code up when somebody shows it, so that it stays expired should the clock go back."""
    now = context.clock.now()
    if code is None or code.used_at is not None or now < code.expires_at:
        return
    burnt = replace(code, used_at=now)

    def burn(writer: Writer) -> None:
        if writer.code(code.pool_id, code.sub, code.purpose, code.attribute) == code:
            writer.put_code(burnt)

    context.store.write(burn)
