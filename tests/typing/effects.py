"""A flow says what it yields and what it returns, and a checker holds it to that."""

from userpool.protocol import effects

reveal_type(effects.Now())  # reveals: userpool.protocol.effects.Now
effects.Sleep("soon")  # error: arg-type
