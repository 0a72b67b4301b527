"""The recipes: every command of ours is one that the command takes, every program is one that Python and we take."""

import ast
import inspect
import re
import shlex
from pathlib import Path

import pytest

import mediastreams as ms
from mediastreams.cli.main import _parser

RECIPES = sorted((Path(__file__).resolve().parents[2] / "docs" / "recipes").glob("*.md"))
FUNCTIONS = {f"ms.webrtc.{name}": getattr(ms.webrtc, name) for name in ("publish", "subscribe", "serve")}
FUNCTIONS |= {"ms.record": ms.record}


@pytest.fixture(params=RECIPES, ids=lambda path: path.stem)
def recipe(request):
    return request.param.read_text(encoding="utf-8")


def test_its_commands_are_taken(recipe):
    lines = re.findall(r"^mediastreams .*$", recipe, re.MULTILINE)
    assert lines
    for line in lines:
        assert _parser().parse_args(shlex.split(line)[1:]).run


def test_its_programs_call_what_there_is_with_arguments_that_there_are(recipe):
    for program in re.findall(r"```python\n(.*?)```", recipe, re.DOTALL):
        compile(program, "a recipe", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for call in ast.walk(ast.parse(program)):
            if isinstance(call, ast.Call) and (function := FUNCTIONS.get(ast.unparse(call.func))):
                arguments = dict.fromkeys(keyword.arg for keyword in call.keywords)
                inspect.signature(function).bind(*call.args, **arguments)


def test_a_recipe_links_to_what_there_is(recipe):
    root = Path(__file__).resolve().parents[2]
    for path in re.findall(r"\((?!http)([^)]+\.md)\)", recipe) + re.findall(r"`(tests/[^`]+)`", recipe):
        assert (root / path).exists() or (root / "docs" / "recipes" / path).exists()
