"""Write the heads of the package, of ``webrtc`` and of ``audio``: every name that is public, lazily imported.

``python tools/shop_window.py`` writes them, ``--check`` says whether they are up to date. Public is what ``@public``
has put under ``mediastreams`` (its ``__module__`` says so), every exception, and the entry points below. What is in
``webrtc/`` or ``audio/`` is also found there, with entry points of its own.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "mediastreams"
ENTRY_POINTS = {
    "media_devices": "capture.navigator",
    "mix": "transform.mix",
    "navigator": "capture.navigator",
    "open": "elements.open",
    "record": "recording.record",
    "wall_time": "_engine.clock",
}
WEBRTC_ENTRY_POINTS = {
    "Publication": "whip.publish",
    "PublicationState": "whip.publish",
    "Server": "whip.server",
    "StreamEvent": "whip.stream_event",
    "as_aiortc": "aiortc_tracks",
    "from_aiortc": "aiortc_tracks",
    "publish": "whip.publish",
    "serve": "whip.serve",
    "subscribe": "whip.subscribe",
}
BESIDE_BUILTINS = {"SyntaxError": "errors", "TimeoutError": "errors"}
"""There, but not for ``import *``: they would hide the builtins."""
AUDIO_ENTRY_POINTS: dict[str, str] = {}
FROM_BELOW = {"webrtc": ("MessageEvent", "MessageEventInit")}
"""Names of lower floors that belong to a room's chapter, too."""
PARTS = ("abc", "audio", "errors", "testing", "webrtc")
HEAD = '''"""Media Capture and Streams for Python: the browser's ``MediaStream``, outside the browser.

``import mediastreams as ms`` costs little: a name is imported when it is first used. Written by
``tools/shop_window.py``; a test compares it with the IDL table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
{imports}

__all__ = [
{names}
]

_HOME = {{
{homes}
}}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        if name in {parts}:
            return import_module(f"mediastreams.{{name}}")
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams' has no attribute {{name!r}}")
        value = globals()[name] = getattr(import_module(f"mediastreams.{{home}}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({{*globals(), *_HOME, *{parts}}})
'''

ROOM_HEAD = '''"""{title}

A name is imported when it is first used. Written by ``tools/shop_window.py``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
{imports}

__all__ = [
{names}
]

_HOME = {{
{homes}
}}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams.{room}' has no attribute {{name!r}}")
        value = globals()[name] = getattr(import_module(f"mediastreams.{{home}}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({{*globals(), *_HOME}})
'''
ROOMS = {
    "audio": (
        "Web Audio: graphs of sound, in real time and in memory (extra ``mediastreams[audio]``).",
        AUDIO_ENTRY_POINTS,
    ),
    "webrtc": ("WebRTC: streams from and to network peers (extra ``mediastreams[webrtc]``).", WEBRTC_ENTRY_POINTS),
}


def public_names() -> dict[str, str]:
    """Name → module, read from the source without importing it."""
    found = {name: home for name, home in ENTRY_POINTS.items() if (PACKAGE / f"{home.replace('.', '/')}.py").exists()}
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if relative.name == "__init__.py" or relative.parts[0] in ("testing", "cli"):
            continue
        home = ".".join(relative.with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if home == "errors":
            exports = next(
                node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
            )  # type: ignore[attr-defined]
            found.update(dict.fromkeys(ast.literal_eval(exports.value), home))
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and any(
                isinstance(mark, ast.Name) and mark.id == "public" for mark in node.decorator_list
            ):
                found[node.name] = home
    return found


def text() -> str:
    """What the file should be."""
    homes = public_names()
    modules: dict[str, list[str]] = {}
    for name, home in homes.items():
        modules.setdefault(home, []).append(name)
    imports = "\n".join(
        f"    from mediastreams.{home} import {name}" for home in sorted(modules) for name in sorted(modules[home])
    )
    imports += "".join(f"\n    from mediastreams import {part} as {part}" for part in PARTS)
    imports += "".join(
        f"\n    from mediastreams.{home} import {name} as {name}" for name, home in BESIDE_BUILTINS.items()
    )
    ordered = sorted(homes)
    everything = homes | BESIDE_BUILTINS
    return tidy(
        HEAD.format(
            imports=imports,
            names="\n".join(f'    "{name}",' for name in ordered),
            homes="\n".join(f'    "{name}": "{everything[name]}",' for name in sorted(everything)),
            parts=repr(PARTS),
        )
    )


def room_text(room: str) -> str:
    """What the ``__init__.py`` of a room should be that is a module of its own."""
    folder = PACKAGE / room
    title, entry_points = ROOMS[room]
    homes = {
        name: f"{room}.{home}"
        for name, home in entry_points.items()
        if (folder / f"{home.replace('.', '/')}.py").exists()
    }
    shown = FROM_BELOW.get(room, ())
    homes |= {name: home for name, home in public_names().items() if home.startswith(f"{room}.") or name in shown}
    ordered = sorted(homes)
    return tidy(
        ROOM_HEAD.format(
            title=title,
            room=room,
            imports="\n".join(f"    from mediastreams.{homes[name]} import {name}" for name in ordered),
            names="\n".join(f'    "{name}",' for name in ordered),
            homes="\n".join(f'    "{name}": "{homes[name]}",' for name in ordered),
        ),
        folder,
    )


def tidy(code: str, folder: Path = PACKAGE) -> str:
    """Sort the imports and names and lay the text out, as ruff wants them."""
    for arguments in (["check", "--quiet", "--select", "I,RUF022", "--fix"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(folder / "__init__.py"), "-"]
        code = subprocess.run(command, input=code, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return code


def main() -> int:
    wanted = {PACKAGE / "__init__.py": text()} | {PACKAGE / room / "__init__.py": room_text(room) for room in ROOMS}
    if "--check" in sys.argv:
        old = [path for path, content in wanted.items() if path.read_text(encoding="utf-8") != content]
        for path in old:
            print(f"{path.relative_to(ROOT)} is not up to date: python tools/shop_window.py")
        return 1 if old else 0
    for path, content in wanted.items():
        path.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
