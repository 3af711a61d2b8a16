"""The page of edge cases is whole, and each test that it names exists."""

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs/edge-cases.md"
CASES = range(1, 73)
ROW = re.compile(r"^\| (\d+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")
NO_TEST = re.compile(r"^Not in this version: .+\.$")


def rows() -> list[tuple[int, str, str, str]]:
    """(number, case, what happens, shown by)."""
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [(int(number), case.strip(), outcome.strip(), shown.strip()) for number, case, outcome, shown in found]


@functools.cache
def functions_of(file: str) -> frozenset[str]:
    """Names of the test functions of a file under tests/; empty where there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.parse(path.read_text()).body if isinstance(node, functions))


def test_every_case_has_one_row() -> None:
    assert sorted(number for number, *_ in rows()) == list(CASES)


def test_every_line_of_the_tables_is_read() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\|\s*\d", line)]
    assert len(lines) == len(rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_a_case_has_an_outcome_and_either_tests_that_exist_or_a_reason(row: tuple[int, str, str, str]) -> None:
    number, case, outcome, shown = row
    assert case, number
    assert outcome, number
    named = TEST.findall(shown)
    if not named:
        assert NO_TEST.match(shown), f"case {number} names no test and gives no reason: {shown!r}"
    assert TEST.sub("", shown).strip(", ") == "" or not named, f"case {number}: {shown!r}"
    assert all(name.startswith("test_") for _, name in named)
    missing = [f"{file}::{name}" for file, name in named if name not in functions_of(file)]
    assert missing == []
