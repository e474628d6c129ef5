"""The public face: what `userpool` exports, lazily, and each name from one place."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import userpool

SOURCE = Path(userpool.__file__).read_text(encoding="utf-8")


def declared() -> dict[str, str]:
    """What the page tells the type checkers: name -> module."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {alias.asname or alias.name: node.module or "" for alias in node.names}
    return found


def test_type_checkers_and_programs_are_told_the_same() -> None:
    told = declared()
    assert told.pop("__version__") == "_version"
    assert told == userpool._HOME_OF
    assert set(userpool.__all__) == {"__version__", *told}
    assert len(userpool.__all__) == len(set(userpool.__all__))


@pytest.mark.parametrize("name", userpool.__all__)
def test_each_name_resolves_and_says_what_it_is(name: str) -> None:
    thing = getattr(userpool, name)
    if inspect.isclass(thing):
        assert inspect.getdoc(thing)
        assert thing.__module__.startswith("userpool.")
    assert userpool.__dict__[name] is thing, "once it was used it is found at once"


def test_every_error_of_the_contract_can_be_had() -> None:
    assert userpool.errors.NotAuthorizedException is userpool.NotAuthorizedException
    assert issubclass(userpool.errors.GroupExistsException, userpool.ServiceError)


def test_errors_is_a_module_to_import_from() -> None:
    program = (
        "from userpool.errors import GroupExistsException, UserPoolError; import userpool; "
        "import userpool.errors as e; assert userpool.errors is e; "
        "print(issubclass(GroupExistsException, UserPoolError))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "True"


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Userpool'"):
        userpool.Userpool  # noqa: B018 - that is the test
    assert not hasattr(userpool, "nothing")


def test_dir_lists_what_is_public() -> None:
    assert dir(userpool) == sorted(userpool.__all__)


def test_a_star_brings_what_is_public() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from userpool import *; print(UserPool.__name__, SignedIn.__name__)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["UserPool", "SignedIn"]


@pytest.mark.parametrize(
    "pair",
    [
        (name.removeprefix("Async"), name)
        for name in userpool.__all__
        if name.startswith("Async") and inspect.isclass(getattr(userpool, name))
    ],
    ids=lambda pair: pair[0],
)
def test_both_faces_have_the_same_methods(pair: tuple[str, str]) -> None:
    def methods(name: str) -> set[str]:
        return {each for each in dir(getattr(userpool, name)) if not each.startswith("_")}

    assert methods(pair[1]) - methods(pair[0]) <= {"aclose", "asend"}, (
        "Python's and our own names for what waits"
    )
    assert methods(pair[0]) - methods(pair[1]) <= {"close", "send"}
    for name in methods(pair[0]) & methods(pair[1]):
        sync, later = (inspect.getdoc(getattr(getattr(userpool, face), name)) for face in pair)
        assert (sync is None) == (later is None), name


def test_a_pool_can_be_made_without_what_only_calls_need() -> None:
    heavy = ("httpx2", "msgspec", "gmpy2", "cryptography", "boto3", "userpool.service")
    program = (
        "import sys, userpool\n"
        "userpool.UserPool('us-east-1_aB12cDe34', client_id='client')\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
