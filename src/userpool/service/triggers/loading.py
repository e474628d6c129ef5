"""Finding triggers by name, for a service that is started by a command."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from ..ports import Triggers


class TriggersError(Exception):
    """The triggers cannot be had; the text says why and what to do."""


def load_triggers(name: str) -> Triggers:
    """The triggers that `name`, of the form `module:object`, means. The working directory is looked at first.

    Raises:
        TriggersError: there is no such module or object, or it is no triggers.
    """
    module, found, attribute = name.partition(":")
    if not (module and found and attribute):
        raise TriggersError(f"{name} names no triggers: write module:object, such as triggers:triggers.")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        triggers: object = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise TriggersError(f"{error}: it is looked for in {here} and where Python finds modules.") from error
    except AttributeError as error:
        raise TriggersError(f"There is no {attribute} in the module {module}.") from error
    if not (callable(getattr(triggers, "has", None)) and callable(getattr(triggers, "invoke", None))):
        raise TriggersError(f"{name} is no triggers: make it with userpool.service.triggers.Triggers(…).")
    return triggers  # type: ignore[return-value]  # it has the methods: just looked
