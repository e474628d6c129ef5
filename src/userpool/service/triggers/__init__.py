"""Functions of your own that take part in sign-ups and sign-ins, as Cognito's Lambda triggers do.

from userpool.service.triggers import Triggers

triggers = Triggers(pre_sign_up=only_colleagues, define_auth_challenge=define, …)
with Service.open(triggers=triggers) as service:
    ...
"""

from .functions import Function, Triggers

__all__ = ["Function", "Triggers"]
