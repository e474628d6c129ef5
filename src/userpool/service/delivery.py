"""Sending codes: what is kept of a code, the sealed message that carries it, and what the caller is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from userpool.protocol.shapes import idp

from .context import Context
from .domain.codes import DIGITS, LIFETIME, RANDOM_BYTES, Delivery, code_identity, new_code
from .domain.records import Code, CodePurpose, Message, User
from .messages.outbox import Purpose, compose
from .ports import Writer


@dataclass(frozen=True, slots=True)
class Parcel:
    """A code on its way: the message to store in the transaction that makes the code good, and to send
    after.
    """

    message: Message
    code: str = field(repr=False)

    def send(self, context: Context) -> None:
        """Hand it over. Call it when the transaction is durable.

        Raises:
            CodeDeliveryFailureException: it cannot be delivered; the code stays good and can be asked for
                again.
        """
        context.messages.send(self.message, self.code)


@dataclass(frozen=True, slots=True)
class Posted:
    """A code of one purpose: its record, and its parcel."""

    record: Code
    parcel: Parcel

    def store(self, writer: Writer) -> None:
        """Make the code good, in place of an older one."""
        writer.put_code(self.record)
        writer.add_message(self.parcel.message)


def draw_code(context: Context, digits: int = DIGITS) -> str:
    """A new code of so many digits."""
    return new_code(context.random(RANDOM_BYTES), digits)


def code_hash(context: Context, pool_id: str, sub: str, purpose: str, delivery: Delivery, code: str) -> bytes:
    """The keyed hash of a code, bound to its user, purpose and the address that it was sent to."""
    return context.keys.digest("code", code_identity(pool_id, sub, purpose, delivery, code))


def pack(
    context: Context, user: User, delivery: Delivery, purpose: Purpose, code: str, expires_at: float
) -> Parcel:
    """Seal a code into a message."""
    message = compose(
        context.keys,
        context.random,
        pool_id=user.pool_id,
        username=user.username,
        to=delivery.to,
        medium=delivery.medium,
        purpose=purpose,
        code=code,
        now=context.clock.now(),
        expires_at=expires_at,
    )
    return Parcel(message, code)


def post(
    context: Context,
    user: User,
    delivery: Delivery,
    purpose: CodePurpose,
    *,
    shown: Purpose | None = None,
) -> Posted:
    """Make a code for what `delivery` leads to.

    Args:
        context: the world.
        user: whose it is.
        delivery: where it goes; a right answer speaks for this attribute.
        purpose: what it is good for.
        shown: what the outbox calls it, where that is not the purpose's name.
    """
    now, code = context.clock.now(), draw_code(context)
    expires_at = now + LIFETIME[purpose]
    record = Code(
        pool_id=user.pool_id,
        sub=user.sub,
        purpose=purpose,
        attribute=delivery.attribute,
        hash=code_hash(context, user.pool_id, user.sub, purpose, delivery, code),
        created_at=now,
        expires_at=expires_at,
    )
    return Posted(record, pack(context, user, delivery, shown or Purpose(purpose.value), code, expires_at))


def details(delivery: Delivery) -> idp.CodeDeliveryDetailsType:
    """What the caller is told: the medium and a masked address."""
    return idp.CodeDeliveryDetailsType(
        destination=delivery.masked,
        delivery_medium=delivery.medium,
        attribute_name=delivery.attribute,
    )
