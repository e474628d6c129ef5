"""The public face: every name is there, is explained, and has one home."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

import userpool

NAMES = sorted(set(userpool.__all__) - {"__version__"})


def test_every_public_name_resolves() -> None:
    missing = [name for name in userpool.__all__ if not hasattr(userpool, name)]
    assert missing == []
    assert len(set(userpool.__all__)) == len(userpool.__all__)


def test_the_names_are_seen_by_completion_and_star_import() -> None:
    assert set(userpool.__all__) <= set(dir(userpool))
    namespace: dict[str, object] = {}
    exec("from userpool import *", namespace)
    assert set(NAMES) <= set(namespace)


def test_an_unknown_name_is_refused_as_python_does() -> None:
    assert not hasattr(userpool, "NoSuchName")


def test_every_public_name_has_one_home() -> None:
    homeless = []
    for name in NAMES:
        thing = getattr(userpool, name)
        if isinstance(thing, type) or inspect.isfunction(thing):
            home = sys.modules[thing.__module__]
            if not thing.__module__.startswith("userpool") or getattr(home, name, None) is not thing:
                homeless.append(f"{name} in {thing.__module__}")
    assert homeless == []


def test_the_only_module_among_the_names_is_the_one_of_all_errors() -> None:
    assert [name for name in NAMES if isinstance(getattr(userpool, name), ModuleType)] == ["errors"]


def test_every_public_class_method_and_function_says_what_it_does() -> None:
    silent = []
    for name in NAMES:
        thing = getattr(userpool, name)
        if not (isinstance(thing, type) or inspect.isfunction(thing)):
            continue
        # A dataclass without a docstring gets its own signature for one.
        if not thing.__doc__ or thing.__doc__.startswith(f"{name}("):
            silent.append(name)
        for member, value in vars(thing).items():
            callable_ = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if not member.startswith("_") and inspect.isfunction(callable_) and not inspect.getdoc(callable_):
                silent.append(f"{name}.{member}")
    assert silent == []
