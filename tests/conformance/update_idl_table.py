"""Bring ``idl_table.toml`` up to date, from the IDL files of webref or from the package.

    python tests/conformance/update_idl_table.py IDL_FOLDER    definitions anew; marks and reasons are kept
    python tests/conformance/update_idl_table.py --land        what is *due* and exists becomes *here*

The folder is ``ed/idl`` of https://github.com/w3c/webref, or the npm package ``@webref/idl`` unpacked. What is new in
the IDL comes in as *due*. Marks: *here*; *due* (to come, must not exist yet); *not-here* with a reason. A member
without a mark has its definition's.
"""

import inspect
import json
import re
import sys
import tomllib
from pathlib import Path

from mediastreams._webidl.names import to_python

TABLE = Path(__file__).with_name("idl_table.toml")

WHOLE = [
    "mediacapture-streams",
    "mediacapture-extensions",
    "mst-content-hint",
    "screen-capture",
    "mediacapture-transform",
    "mediacapture-fromelement",
    "mediastream-recording",
    "image-capture",
    "audio-output",
    "media-playback-quality",
    "permissions",
    "webrtc",
    "webaudio",
]
"""Specifications of the family."""

PARTS = {
    "dom": ["Event", "EventInit", "EventTarget", "EventListener", "EventListenerOptions", "AddEventListenerOptions"],
    "webidl": ["DOMException"],
    "html": ["HTMLMediaElement", "HTMLAudioElement", "HTMLVideoElement", "HTMLCanvasElement"],
    "websockets": ["BinaryType"],
    "picture-in-picture": [
        "Document",
        "HTMLVideoElement",
        "PictureInPictureEvent",
        "PictureInPictureEventInit",
        "PictureInPictureWindow",
    ],
    "webcodecs": [
        "AudioData",
        "AudioDataCopyToOptions",
        "AudioDataInit",
        "AudioSampleFormat",
        "PlaneLayout",
        "VideoColorSpace",
        "VideoColorSpaceInit",
        "VideoFrame",
        "VideoFrameBufferInit",
        "VideoFrameCopyToOptions",
        "VideoFrameInit",
        "VideoPixelFormat",
    ],
    "geometry": ["DOMRectReadOnly", "DOMRectInit"],
    "FileAPI": [
        "Blob",
        "BlobPropertyBag",
        "EndingType",
        "File",
        "FileList",
        "FilePropertyBag",
        "FileReader",
        "FileReaderSync",
        "URL",
    ],
    "url": ["URL"],
}
"""What the family stands on."""

PYTHON_NAMES = {f"HTML{name}": name for name in ("MediaElement", "AudioElement", "VideoElement", "CanvasElement")}

_TOKEN = re.compile(r'"[^"]*"|\.\.\.|-?\d[\w.+-]*|[A-Za-z_][\w-]*|\S')
_OPENING, _CLOSING = "([{<", ")]}>"


def python_name(idl_name):
    """Spell a name as the package does."""
    return PYTHON_NAMES.get(idl_name) or to_python(idl_name)


# --- reading IDL ---------------------------------------------------------------------------------------------------


def tokens_of(text):
    return _TOKEN.findall(re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL))


def split(tokens, separator):
    """Split at a separator that stands in no bracket; a last empty part is no part."""
    parts, depth = [[]], 0
    for token in tokens:
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts if parts[-1] else parts[:-1]


def without_attributes(tokens):
    """Take away the extended attributes at the beginning: ``[SameObject]``."""
    while tokens and tokens[0] == "[":
        tokens = tokens[closing(tokens, 0) + 1 :]
    return tokens


def closing(tokens, start):
    """Find the bracket that closes the one at ``start``."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index] in _OPENING) - (tokens[index] in _CLOSING)
        if depth == 0:
            return index
    raise ValueError(f"no end of {tokens[start : start + 5]}")


def type_of(tokens):
    return re.sub(r"\s*([<>(),?\[\]])\s*", r"\1", " ".join(tokens)).replace(")or", ") or")


def read_arguments(tokens):
    """Write arguments as names: ``constraints?`` is optional, ``parts...`` takes any number."""
    found = []
    for argument in map(without_attributes, split(tokens, ",")):
        declared = split(argument, "=")[0]
        mark = "?" if declared[0] == "optional" else "..." if "..." in declared else ""
        found.append(declared[-1].lstrip("_") + mark)
    return found


def read_interface_member(tokens):
    """Read one member of an interface: its name and description, or nothing for what has no name."""
    tokens = without_attributes(tokens)
    if tokens[0] == "constructor":
        return "constructor", {"what": "constructor", "arguments": [read_arguments(tokens[2:-1])]}
    if tokens[0] == "const":
        return tokens[-3], {"what": "constant", "value": int(tokens[-1], 0)}
    if tokens[0] in {"getter", "setter", "stringifier", "iterable", "maplike", "setlike", "async"}:
        return None
    if "attribute" in tokens[:3]:
        start = tokens.index("attribute")
        member = {"what": "attribute", "type": type_of(without_attributes(tokens[start + 1 : -1]))}
        if "readonly" in tokens[:start]:
            member["readonly"] = True
        return tokens[-1], member
    start = next(
        index for index in range(len(tokens)) if tokens[index] == "(" and closing(tokens, index) + 1 == len(tokens)
    )
    static = tokens[0] == "static"
    member = {"what": "static operation" if static else "operation"}
    member["type"] = type_of(tokens[static : start - 1])
    member["arguments"] = [read_arguments(tokens[start + 1 : -1])]
    return tokens[start - 1], member


def read_dictionary_member(tokens):
    tokens = without_attributes(tokens)
    required = tokens[0] == "required"
    declared, *default = split(without_attributes(tokens[required:]), "=")
    member = {"what": "member", "type": type_of(declared[:-1])}
    if required:
        member["required"] = True
    if default:
        member["default"] = type_of(default[0]).strip('"')
    return declared[-1], member


def read_definitions(text):
    """Read the definitions of a file: name, kind, parent and members of each."""
    for definition in split(tokens_of(text), ";"):
        tokens = [token for token in without_attributes(definition) if token != "partial"]
        tokens = without_attributes(tokens)
        callback = tokens[0] == "callback"
        tokens = tokens[callback:]
        if tokens[0] not in {"interface", "dictionary", "enum"} or tokens[1] == "mixin" or "{" not in tokens:
            continue
        what, name = tokens[:2]
        start = tokens.index("{")
        found = {"what": f"callback {what}" if callback else what}
        if tokens[2] == ":":
            found["inherits"] = tokens[3]
        body = tokens[start + 1 : -1]
        if what == "enum":
            found["values"] = [token.strip('"') for token in body if token != ","]
        else:
            read = read_dictionary_member if what == "dictionary" else read_interface_member
            found["members"] = [member for member in map(read, split(body, ";")) if member]
        yield name, found


def read_family(folder):
    """Read every definition of the family; partial ones are put together, members keep their origin."""
    table = {}
    for spec in [*WHOLE, *PARTS]:
        for name, found in read_definitions((folder / f"{spec}.idl").read_text(encoding="utf-8")):
            if spec in PARTS and name not in PARTS[spec]:
                continue
            entry = table.setdefault(name, {"what": found["what"], "spec": spec})
            # The one that is not partial stands in the specification that owns the name; ours come first.
            if "inherits" in found:
                entry["inherits"] = found["inherits"]
            if "values" in found:
                entry["values"] = found["values"]
                continue
            members = entry.setdefault("members", {})
            for member_name, member in found["members"]:
                if "successCallback" in str(member.get("arguments")) and spec == "webrtc":
                    continue  # the legacy forms, which are optional
                if member_name in members and "arguments" in member:
                    members[member_name]["arguments"] += member["arguments"]
                elif spec == entry["spec"]:
                    members[member_name] = member
                else:
                    members[member_name] = {**member, "spec": spec}
    return dict(sorted(table.items()))


# --- marks ---------------------------------------------------------------------------------------------------------


def keep_marks(new, old):
    """Carry marks and reasons over; what is new is due."""
    for name, entry in new.items():
        before = old.get(name, {"mark": "due"})
        entry.update({key: before[key] for key in ("mark", "reason") if key in before})
        known = before.get("members", {})
        for member_name, member in entry.get("members", {}).items():
            if member_name in known:
                member.update({key: known[member_name][key] for key in ("mark", "reason") if key in known[member_name]})
            elif entry["mark"] == "here":
                member["mark"] = "due"


def mark_of(entry, member=None):
    """Give the mark of a definition, or of one of its members."""
    return (member or entry).get("mark", entry["mark"])


def exists(package, name, member_name=None):
    """Whether the package has a definition, or a member of it."""
    if python_name(name) not in getattr(package, "__all__", ()):
        return False
    if member_name is None:
        return True
    cls = getattr(package, python_name(name))
    if member_name == "constructor":
        return "illegal_constructor" not in getattr(cls.__init__, "__qualname__", "")
    missing = object()
    spelled = to_python(member_name)
    return inspect.getattr_static(cls, spelled, missing) is not missing or spelled in getattr(
        cls, "__annotations__", {}
    )


def land(table):
    """Mark as *here* what is *due* and exists."""
    import mediastreams

    for name, entry in table.items():
        members = entry.get("members", {})
        was = entry["mark"]
        if was == "due" and exists(mediastreams, name):
            entry["mark"] = "here"
            print(f"here: {name}")
        for member_name, member in members.items():
            if was != "not-here" and member.get("mark", was) == "due":
                if entry["mark"] == "here" and exists(mediastreams, name, member_name):
                    member.pop("mark", None)
                    print(f"here: {name}.{member_name}")
                elif entry["mark"] == "here":
                    member["mark"] = "due"


# --- the file ------------------------------------------------------------------------------------------------------


def written(value):
    """Write a value on one line of TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {written(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def write_table(table):
    lines = [
        "# The family's IDL, and what of it is here. Made by update_idl_table.py; by hand only marks and reasons:",
        '# mark = "here" | "due" (to come, does not exist yet) | "not-here" with a reason. A member without a mark has',
        "# that of its definition. Arguments are one list per overload.",
    ]
    for name, entry in table.items():
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {written(value)}" for key, value in entry.items() if key != "members"]
        if entry.get("members"):
            lines.append(f"[{name}.members]")
            lines += [f"{key} = {written(member)}" for key, member in entry["members"].items()]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_table():
    return tomllib.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    old = read_table()
    if arguments[0] == "--land":
        table = old
        land(table)
    else:
        table = read_family(Path(arguments[0]))
        keep_marks(table, old)
    write_table(table)
    print(f"{len(table)} definitions, {sum(len(entry.get('members', {})) for entry in table.values())} members")


if __name__ == "__main__":
    main(sys.argv[1:])
