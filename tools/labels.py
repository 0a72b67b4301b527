"""Collect the labels of deviations from the source into ``docs/spec/deviations.md``: ``python tools/labels.py``.

Not for: deciding what deserves a label (CONTRIBUTING does). A label reaches from its word to the end of the paragraph.
"""

import ast
import io
import re
import sys
import textwrap
import tokenize
from pathlib import Path

__all__ = ["collect", "render"]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "mediastreams"
TARGET = ROOT / "docs" / "spec" / "deviations.md"
LABELS = {
    "DEVIATION": "Differences on purpose",
    "NOT-HERE": "What has no meaning outside a page",
    "SPEC-ISSUE": "Where a text contradicts itself or its tests",
    "FAST-PATH": "Optimisations, with their measurement",
}
PATTERN = re.compile(
    r"\b(" + "|".join(LABELS) + r"): +(\S.*?)(?=\n\s*\n|\Z|\s(?:" + "|".join(LABELS) + r"): )", re.DOTALL
)


def paragraphs(source):
    """Give ``(line, text)`` of each docstring or other string statement, and of each block of comment lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    block, start, last = [], 0, -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last + 1:
                if block:
                    yield start, "\n".join(block)
                block, start = [], token.start[0]
            block.append(token.string.lstrip("# ").rstrip())
            last = token.start[0]
    if block:
        yield start, "\n".join(block)


def owner_of(tree, line):
    """Name the innermost class or function around a line, dotted; "" at module level."""
    names = []
    node = tree
    while True:
        inner = [
            child
            for child in ast.walk(node)
            if child is not node
            and isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and child.lineno <= line <= child.end_lineno
        ]
        if not inner:
            return ".".join(names)
        node = min(inner, key=lambda child: child.lineno)
        names.append(node.name)


def collect(folder=SOURCE):
    """Give ``{label: [(path, owner, text)]}`` in order of path and line."""
    found = {label: [] for label in LABELS}
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        for line, text in sorted(paragraphs(source)):
            for label, meaning in PATTERN.findall(text):
                name = path.relative_to(folder.parent).as_posix()
                found[label].append((name, owner_of(tree, line), " ".join(meaning.split())))
    return found


def render(found):
    """Write the page."""
    lines = [
        "# Where this library and the standards part",
        "",
        "Made by `python tools/labels.py` from the labels in the source; a test compares. Do not edit.",
    ]
    for label, title in LABELS.items():
        lines += ["", f"## {title} (`{label}`)", ""]
        for path, owner, text in found[label]:
            place = f"`{path}`" + (f", `{owner}`" if owner else "")
            lines += textwrap.wrap(
                f"* {place}: {text}", 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
        if not found[label]:
            lines.append("None.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(render(collect()), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {sum(map(len, collect().values()))} labels")
    sys.exit(0)
