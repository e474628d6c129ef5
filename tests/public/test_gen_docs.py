"""The tables of the documents are made from what they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import called, gen_docs
from userpool.protocol import operations as ops
from userpool.service import operations as service_operations
from userpool.service.context import HANDLERS


def test_a_table_is_put_where_its_mark_is_and_what_stands_around_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(gen_docs.TABLES, "errors", lambda: "| a |\n")
    page = "before\n<!-- table: errors -->\nold\n<!-- end of table -->\nafter\n"
    made = gen_docs.made(page)
    assert made == "before\n<!-- table: errors -->\n\n| a |\n\n<!-- end of table -->\nafter\n"
    assert gen_docs.made(made) == made


def test_a_mark_that_names_no_table_fails() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        gen_docs.made("<!-- table: nonsense -->\n<!-- end of table -->\n")


def test_the_check_names_the_stale_page_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gen_docs, "ROOT", tmp_path)
    monkeypatch.setattr(gen_docs, "DOCS", tmp_path / "docs")
    monkeypatch.setitem(gen_docs.TABLES, "errors", lambda: "new")
    page = tmp_path / "docs" / "errors.md"
    page.parent.mkdir()
    page.write_text("<!-- table: errors -->\nold\n<!-- end of table -->\n")
    assert gen_docs.main(["--check"]) == 1
    assert "docs/errors.md: run `make generate`" in capsys.readouterr().err
    assert "old" in page.read_text()
    assert gen_docs.main([]) == 0
    assert gen_docs.main(["--check"]) == 0
    assert "new" in page.read_text()


def test_every_operation_has_its_row() -> None:
    matrix = gen_docs.operation_matrix()
    assert all(f"| {name} | " in matrix for name in (*ops.IDP, *ops.IDENTITY))
    assert "| SignUp | anybody | `UserPool.sign_up` | yes | `tests/service/test_" in matrix
    assert "| GetId | anybody | `Identity.identity_id` | not yet |  |" in matrix


def test_every_operation_of_the_service_is_called_by_a_test() -> None:
    service_operations.load()
    assert {name for name in HANDLERS if not called.by_operation()[name]} == set()


def test_calls_are_read_and_mentions_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called, "TESTS", tmp_path / "tests")
    for number, line in enumerate(
        (
            "boto.get_user(AccessToken=token); world.call('GetUser', token)",
            "world.call(ops.GET_USER, token)",
            "client.get_user()",
            "get_user()",
            "expected = ['GetUser', boto.get_user]; call(AccessToken='GetUser')",
        )
    ):
        path = tmp_path / "tests" / "service" / f"test_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line)
    called.by_operation.cache_clear()
    try:
        assert called.by_operation()["GetUser"] == {
            "tests/service/test_0.py": 2,
            "tests/service/test_1.py": 1,
            "tests/service/test_2.py": 1,
            "tests/service/test_3.py": 1,
        }
        assert called.shown("GetUser") == (
            "`tests/service/test_0.py`, `tests/service/test_1.py`, `tests/service/test_2.py` and 1 more"
        )
        assert called.shown("SignUp") == "none"
    finally:
        called.by_operation.cache_clear()


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("c01_c28_a_number_of_zero", ["C-01", "C-28"], "a number of zero"),
        ("A17_2000_parallel_guesses", ["A-17"], "2000 parallel guesses"),
        ("a_name_with_a12_inside", [], "a name with a12 inside"),
    ],
)
def test_the_numbers_of_bad_cases_are_read_off_the_front_of_a_name(
    name: str, numbers: list[str], words: str
) -> None:
    assert gen_docs._case(name) == (numbers, words)


def test_cells_cannot_break_a_table() -> None:
    assert gen_docs.table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |\n"
