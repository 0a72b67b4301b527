"""Whether every public name is fully typed as pyright sees it: ``python tools/public_types.py``.

Not for: the library's inside, which is mypy's business. ``pyright --verifytypes`` follows every type that a public
class mentions; what it says of classes that are exported nowhere is left out.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "mediastreams"

# What an editor cannot know. "Partially unknown" only follows from something else, and pyright infers what it calls
# "could be inferred differently": an assignment in __init__ or a descriptor in a class.
ROOT_CAUSES = re.compile(r"(?<!partially) unknown|annotation is missing|[Mm]issing type (argument|parameter)")


def public_names():
    """The names in ``__all__`` of the package and of its public modules."""
    names = set()
    for module in ("__init__.py", "abc.py", "errors.py", "testing/__init__.py"):
        for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                    names |= {text.value for text in ast.walk(node.value) if isinstance(text, ast.Constant)}
    return names


def main():
    """Print what is not typed; return how many there are, at most 1."""
    command = [sys.executable, "-m", "pyright", "--verifytypes", "mediastreams", "--ignoreexternal", "--outputjson"]
    # With --verifytypes pyright looks for packages beside the first python on the path, whatever --pythonpath says.
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False, env=env)
    try:
        report = json.loads(done.stdout)["typeCompleteness"]
    except (ValueError, KeyError):
        print(done.stdout + done.stderr)
        return 1
    names = public_names()
    wrong, seen = 0, set()
    for symbol in report["symbols"]:
        seen.update(names & set(symbol["name"].split(".")))
        path = symbol["name"].split(".")
        if names.isdisjoint(path) or (path[-1].startswith("_") and not path[-1].endswith("__")):
            continue
        messages = [one["message"].splitlines()[0] for one in symbol["diagnostics"]]
        if roots := [message for message in messages if ROOT_CAUSES.search(message)]:
            wrong += 1
            print(f"{symbol['name']}: {roots[0]}")
    print(f"{len(seen)} public names, {wrong} members that are not fully typed")
    if not seen:
        print("pyright saw none of them: is the package installed for", sys.executable)
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
