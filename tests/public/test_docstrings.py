"""Docstrings as a reader, an editor and the reference see them: every argument named, an entry a line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.public.tree import handwritten, shown

ENTRY = 4
CONTINUED = 8

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def documented(tree: ast.Module) -> Iterator[tuple[Documented, str]]:
    """Functions and classes that have a docstring, with it."""
    for node in ast.walk(tree):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node, text


def section(docstring: str, title: str) -> list[str]:
    """The lines under `title:`, up to the first that is not indented."""
    _, _, rest = f"\n{docstring}\n".partition(f"\n{title}:\n")
    lines = rest.splitlines()
    end = next((n for n, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return [line for line in lines[:end] if line]


def parameters(node: Documented) -> set[str]:
    """The parameters of a function, or of a class as it is called."""
    if isinstance(node, ast.ClassDef):
        makers = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
        return parameters(makers[0]) if makers else set()
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {argument.arg for argument in every if argument is not None} - {"self", "cls"}


def faults(source: str) -> Iterator[str]:
    for node, text in documented(ast.parse(source)):
        arguments = section(text, "Args")
        for line in arguments + section(text, "Raises"):
            indent = len(line) - len(line.lstrip())
            if indent not in (ENTRY, CONTINUED) or (indent == ENTRY and ": " not in line):
                yield f"{node.name}: {line.strip()!r} begins no entry; indent what goes on by four more"
        named = {line.split(":")[0].strip() for line in arguments if line[ENTRY] != " "}
        wanted = parameters(node)
        if named and wanted and named != wanted:
            yield f"{node.name}: {sorted(named ^ wanted)} are arguments or documented, not both"


def test_docstrings_name_the_arguments_that_there_are_an_entry_a_line() -> None:
    found = [f"{shown(path)}: {fault}" for path in handwritten() for fault in faults(path.read_text())]
    assert found == []


def test_a_docstring_that_was_wrapped_as_one_paragraph_is_found() -> None:
    source = '''
def greet(name, twice):
    """Greet.

    Args:
        name: whom. twice: whether
        to do it again.
    """
'''
    assert [fault.partition(":")[0] for fault in faults(source)] == ["greet", "greet"]
    assert not list(
        faults(source.replace(". twice", ".\n        twice").replace("    to do", "        to do"))
    )
