"""The arguments of ``publish``, ``view`` and ``serve``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    _Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

__all__ = ["add_publish", "add_serve", "add_view", "token_of"]

_TOKEN_VARIABLE: Final = "MEDIASTREAMS_TOKEN"  # noqa: S105 - its name: other users of a machine can see arguments
_AddSource: TypeAlias = Callable[[argparse.ArgumentParser], None]


def add_publish(commands: _Commands, add_source: _AddSource) -> None:
    """``mediastreams publish URL``."""
    parser = commands.add_parser(
        "publish",
        help="send a stream to a media server (WHIP)",
        description="Send a stream to a WHIP endpoint until Ctrl+C.",
    )
    parser.add_argument("url", metavar="URL", help="the server's WHIP endpoint")
    _add_client(parser)
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing but errors")
    add_source(parser)
    parser.set_defaults(run=_publish)


def add_view(commands: _Commands, _add_source: _AddSource) -> None:
    """``mediastreams view URL``."""
    parser = commands.add_parser(
        "view",
        help="show or record a stream of a media server (WHEP)",
        description="Show a WHEP endpoint's stream in a window, or record it, until Ctrl+C.",
    )
    parser.add_argument("url", metavar="URL", help="the server's WHEP endpoint")
    _add_client(parser)
    parser.add_argument("--record", metavar="FILE", help="write a file instead of opening a window")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    parser.add_argument("--mute", action="store_true", help="open the window without sound")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress and no summary")
    parser.set_defaults(run=_view)


def add_serve(commands: _Commands, add_source: _AddSource) -> None:
    """``mediastreams serve``."""
    parser = commands.add_parser(
        "serve",
        help="show a stream on a page of this machine",
        description="Show a stream to browsers and WHEP players until Ctrl+C; take cameras by WHIP.",
    )
    parser.add_argument("--port", type=_port, default=0, metavar="P", help="any free one unless said")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="H",
        help="this machine only unless said; 0.0.0.0: every network it is in",
    )
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--token", metavar="T", help=f"what viewers must know, or {_TOKEN_VARIABLE}; for other hosts one is made up"
    )
    token.add_argument("--no-token", action="store_true", help="everybody who reaches the host may look")
    parser.add_argument("--tls", action="store_true", help="https with a certificate made here, of which browsers warn")
    parser.add_argument("--certificate", metavar="FILE", help="https with this certificate …")
    parser.add_argument("--key", metavar="FILE", help="… and its key")
    parser.add_argument(
        "--ingest",
        action="store_true",
        help="show a camera that is sent here (WHIP; a phone's by --qr) instead of one of here",
    )
    parser.add_argument("--qr", action="store_true", help="show the address as a code for a phone's camera")
    parser.add_argument("--max-viewers", type=_count, default=50, metavar="N", help="at the same time (50)")
    add_source(parser)
    parser.set_defaults(run=_serve)


def _add_client(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token", metavar="T", help=f"the bearer token, or {_TOKEN_VARIABLE} in the environment")
    parser.add_argument("--fingerprint", metavar="SHA256", help="trust the server's certificate by its fingerprint")


def token_of(options: argparse.Namespace) -> str | None:
    """The token of the arguments, or of the environment."""
    return options.token or os.environ.get(_TOKEN_VARIABLE) or None


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of viewers")
    return int(text)


def _publish(options: argparse.Namespace) -> int:
    from mediastreams.cli.publish import publish

    return publish(options)


def _view(options: argparse.Namespace) -> int:
    from mediastreams.cli.view import view

    return view(options)


def _serve(options: argparse.Namespace) -> int:
    from mediastreams.cli.serve import serve

    return serve(options)
