"""The ledger of web-platform-tests: complete, and every test that it names exists."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
FILES = tomllib.loads((HERE / "wpt_files.toml").read_text(encoding="utf-8"))
LEDGER = tomllib.loads((HERE / "wpt_ledger.toml").read_text(encoding="utf-8"))
ROWS = [(path, row) for path, entry in LEDGER.items() for row in entry.get("rows", [])]
NAMED = sorted({name for _, row in ROWS for name in row.get("by", [])})


@cache
def functions_of(path):
    """Names of the test functions of a file."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


def test_the_ledger_has_exactly_the_files_that_upstream_has():
    upstream = {f"{folder}/{name}" for folder, names in FILES.items() for name in names}
    assert set(LEDGER) == upstream


def test_every_file_of_the_list_says_where_it_was_read():
    sources = [source for names in FILES.values() for source in names.values()]
    assert all(re.fullmatch(r"(wpt|servo|gecko) [0-9a-f]{10}", source) for source in sources)


@pytest.mark.parametrize("path", LEDGER)
def test_a_file_has_rows_or_says_why_it_has_none(path):
    entry = LEDGER[path]
    assert len(entry) == 1
    ((kind, value),) = entry.items()
    assert kind in {"rows", "support", "removed"}
    assert value
    scripts = (".html", ".window.js", ".any.js", ".worker.js")
    aside = ("/support/", "/resources/", "/iframe-")
    runs = path.endswith(scripts) and not any(part in path for part in aside)
    assert runs or kind != "rows"
    if kind == "support":
        assert not runs, "a file with sub-tests is no support file"


@pytest.mark.parametrize(("path", "row"), ROWS, ids=[f"{path}-{row['shows'][:40]}" for path, row in ROWS])
def test_a_row_says_what_is_shown_and_one_answer(path, row):
    assert row["shows"]
    answers = {"by", "not_here", "due"} & set(row)
    assert len(answers) == 1
    assert row[answers.pop()]
    assert set(row) <= {"shows", "by", "not_here", "due", "times"}
    assert row.get("times", 1) > 0


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name):
    path, _, function = name.partition("::")
    assert (TESTS / path).is_file()
    assert function in functions_of(path)


def test_what_supersedes_a_removed_file_is_there():
    words = " ".join(entry["removed"] for entry in LEDGER.values() if "removed" in entry)
    for name in re.findall(r"(?:superseded by|renamed) (\S+\.(?:html|js))", words):
        assert any(path.endswith(f"/{name}") and "rows" in entry for path, entry in LEDGER.items()), name
