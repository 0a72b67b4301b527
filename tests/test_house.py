"""The house itself: import floors, shop windows, file sizes, labels, where threads and loops may meet."""

import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "mediastreams"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Files above 500 lines, each with its reason.
LARGE = {
    "__init__.py": "the list of all public names, written by a tool",
    "_backends/ffmpeg/movie.py": "one thread and its whole life; what is live, and reading and decoding, are elsewhere",
    "capture/media_stream_track.py": "one interface of the standard, some forty members; its algorithms are elsewhere",
    "elements/media_element.py": "one interface of the standard, with some fifty members; its algorithms are elsewhere",
    "webrtc/peer_connection.py": "one interface of the standard, with some fifty members; its algorithms are elsewhere",
}

# Names that stay out of __all__ though they are public: they would hide builtins of the same name.
HIDING_BUILTINS = {"errors.py": {"SyntaxError", "TimeoutError"}}

# The only files where threads and event loops meet.
CROSSINGS = {"_webidl/tasks.py", "_engine/worker.py"}


def _name(path):
    return path.relative_to(PACKAGE).as_posix()


def _source(path):
    return path.read_text(encoding="utf-8")


@functools.cache
def _code(path):
    """The source without strings and comments."""
    return ast.unparse(_without_docstrings(ast.parse(_source(path))))


def _without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return tree


def _exports(tree):
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return node.value
    return None


def test_imports_go_down_only():
    command = [
        shutil.which("lint-imports", path=Path(sys.executable).parent) or "lint-imports",
        "--no-logo",
        "--no-cache",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is_and_what_it_exports(path):
    tree = ast.parse(_source(path))
    assert ast.get_docstring(tree), "no docstring at the head"
    if len(tree.body) == 1:
        return  # a folder's head that exports nothing
    exports = _exports(tree)
    assert exports is not None, "no __all__"
    if not isinstance(exports, ast.List):
        assert path.name == "__init__.py", "__all__ is no list of strings"  # a lazy shop window may compute it
        return
    names = [ast.literal_eval(element) for element in exports.elts]
    assert len(names) == len(set(names)), "__all__ has a name twice"  # its order is ruff's business (RUF022)
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }
    missing = defined - set(names) - HIDING_BUILTINS.get(_name(path), set())
    assert not missing, f"public but not in __all__: {sorted(missing)}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_file_is_one_room(path):
    lines = _source(path).count("\n")
    if _name(path) in LARGE:
        assert lines > 500, f"{_name(path)} is small again: take it off the list"
    else:
        assert lines <= 500, f"{lines} lines: split it, or give the reason in LARGE"


def test_threads_and_loops_meet_in_two_files_only():
    crossing = re.compile(r"\b(call_soon_threadsafe|run_coroutine_threadsafe|run_in_executor|to_thread)\b")
    found = {_name(path) for path in MODULES if crossing.search(_code(path))}
    assert found <= CROSSINGS, found - CROSSINGS


def test_the_system_is_asked_for_in_the_back_ends_only():
    asks = re.compile(r"\b(sys\.platform|os\.name|platform\.system)\b")
    found = {_name(path) for path in MODULES if asks.search(_code(path))}
    assert not {name for name in found if not name.startswith("_backends/")} - {"_engine/registry.py"}


def test_nobody_looks_at_the_wall_clock():
    asks = re.compile(r"\btime\.time(_ns)?\(")
    assert [_name(path) for path in MODULES if asks.search(_code(path))] == []


def test_nobody_calls_a_frames_own_conversions():
    calls = re.compile(r"\.reformat\(|\.av\.to_(ndarray|image|rgb)\(")
    assert [_name(path) for path in MODULES if calls.search(_code(path)) and "reformatter" not in _code(path)] == []


def test_importing_the_library_loads_neither_av_nor_numpy():
    probe = (
        "import sys; before = set(sys.modules); import mediastreams; new = set(sys.modules) - before;"
        "print(sorted(new & {'av', 'numpy', 'PIL', 'mss', 'miniaudio', 'pulsectl', 'importlib.metadata'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_list_of_deviations_is_what_the_source_says():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import labels
    finally:
        sys.path.remove(str(ROOT / "tools"))
    page = ROOT / "docs" / "spec" / "deviations.md"
    assert page.read_text(encoding="utf-8") == labels.render(labels.collect()), "run python tools/labels.py"


def test_the_makefile_knows_the_tasks_of_the_script():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    script = _source(ROOT / "tools" / "dev.py")
    tasks = set(re.findall(r'^    "(\w+)": "', script.split("TASKS = {")[1].split("}")[0], re.MULTILINE))
    assert targets == tasks


SYSTEMS = [
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
]


@pytest.fixture(scope="module")
def resolve():
    """Ask uv what `pip install .` would take for a system and a Python, from binaries only."""
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    environment = {"UV_SYSTEM_CERTS": "1", "MACOSX_DEPLOYMENT_TARGET": "14.0", **os.environ}

    def ask(system, python, requirements="pyproject.toml"):
        options = ["--quiet", "--no-header", "--no-annotate", "--only-binary", ":all:", "--no-python-downloads"]
        command = [
            uv,
            "pip",
            "compile",
            *options,
            "--python-platform",
            system,
            "--python-version",
            python,
            requirements,
        ]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and re.search(r"error sending request|Failed to fetch|dns error|offline", done.stderr):
            if os.environ.get("CI") == "true":
                pytest.fail(f"the package registry cannot be reached: {done.stderr}", pytrace=False)
            pytest.skip("the package registry cannot be reached")
        return done

    return ask


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_library_installs_from_binaries_alone(resolve, system):
    classifiers = tomllib.loads(_source(ROOT / "pyproject.toml"))["project"]["classifiers"]
    versions = [text.rpartition(" ")[2] for text in classifiers if re.search(r":: 3\.\d+$", text)]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    for python in versions:
        done = resolve(system, python)
        assert done.returncode == 0, f"{system}, Python {python}: {done.stderr}"
        assert re.search(r"^av==", done.stdout, re.MULTILINE)


def test_the_proof_of_binaries_can_fail(resolve, tmp_path):
    wanted = tmp_path / "requirements.in"
    wanted.write_text("miniaudio\n", encoding="utf-8")
    assert "no usable wheels" in resolve("aarch64-manylinux_2_28", "3.12", str(wanted)).stderr
