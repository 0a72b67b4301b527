"""The command's arguments, its exit codes, and its one-line errors.

Not for: doing anything; each command has a file, imported when it is called, so that ``--help`` is quick.

Exit codes: 0 done · 1 it failed (the line on stderr says why and what helps) · 2 wrong arguments · 3 there is no
such device · 4 the device or file refuses: busy, denied, or without the settings that were asked for · 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Sequence
from typing import Final

from mediastreams.cli.webrtc_arguments import add_publish, add_serve, add_view
from mediastreams.errors import (
    DOMException,
    NotAllowedError,
    NotFoundError,
    NotReadableError,
    OverconstrainedError,
)

__all__ = ["main"]

_EXIT_CODES: Final = (
    (NotFoundError, 3),
    ((NotReadableError, NotAllowedError, OverconstrainedError), 4),
    ((DOMException, OSError, ImportError), 1),
    ((ValueError, TypeError), 2),  # values that only the library could judge
)


_EXAMPLES: Final = """examples:
  mediastreams devices
  mediastreams record out.mp4 --seconds 10
  mediastreams record out.webm --camera logi --constraints width=1280
  mediastreams record talk.mkv --screen --microphone headset
  mediastreams record cam-%03d.mp4 --segment 60 --keep 60
  mediastreams record small.webm --input film.mp4 --constraints width=640 --constraints height=360
  mediastreams snapshot now.png
  mediastreams levels --microphone headset
  mediastreams serve
  mediastreams publish https://live.example/whip/room --token SECRET
  mediastreams view https://live.example/whep/room --record call.mkv

`mediastreams COMMAND --help` tells the options of a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "×" is no reason to fail
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError as error:  # the reader of our output has gone, `mediastreams devices | head`
        if error.filename is not None:  # not of our output, but of a recording
            print(f"mediastreams: {_sentence(error)}", file=sys.stderr)
            return 1
        sys.stderr.close()
        return 0
    except Exception as error:
        for kinds, code in _EXIT_CODES:
            if isinstance(error, kinds):
                print(f"mediastreams: {_sentence(error)}", file=sys.stderr)
                return code
        raise


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    filename = getattr(error, "filename", None)
    return f"{filename}: {error.strerror}" if isinstance(error, OSError) and error.strerror and filename else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mediastreams",
        description="Cameras, microphones, screens and files, as the browser's MediaStream.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    devices = commands.add_parser("devices", help="list cameras, microphones, speakers and screens")
    devices.add_argument("--json", action="store_true", help="as JSON, with all modes")
    devices.add_argument("--fake", action="store_true", help="the fake devices")
    devices.set_defaults(run=_devices)

    record = commands.add_parser("record", help="record to a file", description="Record a stream until Ctrl+C.")
    record.add_argument("target", metavar="FILE", help="the suffix names the format: .webm .mp4 .mkv .ogg .wav .flac …")
    record.add_argument("--seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    record.add_argument("--mime-type", metavar="TYPE", help='the format, for instance video/webm;codecs="vp9,opus"')
    record.add_argument("--video-bitrate", type=_bits, metavar="B", help="bits per second: 2500000 or 2.5M")
    record.add_argument("--audio-bitrate", type=_bits, metavar="B", help="bits per second: 96000 or 96k")
    record.add_argument(
        "--encoder",
        action="append",
        default=[],
        metavar="K=V",
        help="an option of FFmpeg's encoder: preset=fast, audio.vbr=off",
    )
    record.add_argument("--title", metavar="TEXT", help="the file's title")
    record.add_argument(
        "--metadata", action="append", default=[], metavar="K=V", help="what else the file says of itself: artist=…"
    )
    record.add_argument(
        "--segment",
        type=_segment,
        metavar="S|SIZE",
        help="another file after so many seconds or bytes (60, 500M); FILE is a pattern: a-%%03d.mp4, %%H-%%M.mkv",
    )
    record.add_argument("--keep", type=_files, metavar="N", help="remove older segments, so that N remain")
    record.add_argument("--quiet", "-q", action="store_true", help="no progress and no summary")
    _add_source(record)
    record.set_defaults(run=_record)

    snapshot = commands.add_parser("snapshot", help="take one picture")
    snapshot.add_argument("target", metavar="FILE", help="a .png or .jpg file")
    snapshot.add_argument(
        "--after", type=_delay, default=0.5, metavar="S", help="let the camera adjust for so long (0.5)"
    )
    snapshot.add_argument("--quiet", "-q", action="store_true", help="no summary")
    _add_source(snapshot)
    snapshot.set_defaults(run=_snapshot)

    levels = commands.add_parser("levels", help="show how loud it is", description="Show a meter until Ctrl+C.")
    levels.add_argument("--seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    _add_source(levels)
    levels.set_defaults(run=_levels)

    for add in (add_publish, add_view, add_serve):
        add(commands, _add_source)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    """The options that say what to take the stream from; the same for every command that takes one."""
    group = parser.add_argument_group("source", "the default camera and microphone unless said otherwise")
    group.add_argument("--camera", metavar="NAME", help="a camera by part of its label or id; 'none' for no picture")
    group.add_argument("--microphone", metavar="NAME", help="a microphone, likewise; 'none' for no sound")
    group.add_argument(
        "--screen",
        nargs="?",
        const="",
        metavar="NAME",
        help="a screen or window instead of a camera, without a microphone unless --microphone names one",
    )
    group.add_argument("--input", metavar="FILE|URL", help="a media file or address instead of devices")
    group.add_argument("--fake", action="store_true", help="the fake camera and microphone")
    group.add_argument("--fake-if-none", action="store_true", help="the fake ones for those that are missing")
    group.add_argument(
        "--constraints",
        action="append",
        default=[],
        metavar="K=V|JSON",
        help='width=1280, frame_rate.min=24, facing_mode=user, or \'{"video": {"width": {"exact": 640}}}\'',
    )


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _delay(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _bits(text: str) -> int:
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    value = _number(text if factor == 1 else text[:-1]) * factor
    if not 1 <= value < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bits per second, such as 2500000, 2.5M or 96k")
    return round(value)


def _segment(text: str) -> tuple[float | None, int | None]:
    """Seconds, or bytes where the number has a unit."""
    factor = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}.get(text[-1:].lower(), 0)
    value = _number(text[:-1] if factor else text)
    if not 0 < value < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of seconds, such as 60, nor of bytes: 500M, 4G")
    return (None, max(1, round(value * factor))) if factor else (value, None)


def _files(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of files")
    return int(text)


def _number(text: str) -> float:
    """A number; NaN, which lies in no range, for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that reads files."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(message=f"mediastreams {version('mediastreams')}\n")


def _devices(options: argparse.Namespace) -> int:
    from mediastreams.cli.devices import devices

    return devices(as_json=options.json, fake=options.fake)


def _record(options: argparse.Namespace) -> int:
    from mediastreams.cli.record import record

    return record(options)


def _snapshot(options: argparse.Namespace) -> int:
    from mediastreams.cli.snapshot import snapshot

    return snapshot(options)


def _levels(options: argparse.Namespace) -> int:
    from mediastreams.cli.levels import levels

    return levels(options)
