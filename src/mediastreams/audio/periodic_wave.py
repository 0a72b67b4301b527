"""`PeriodicWave`: the shape of an oscillation, by its partials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.node_options import PERIODIC_WAVE_OPTIONS
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import PeriodicWaveOptions

__all__ = ["PeriodicWave"]


@public
class PeriodicWave:
    """The shape of an oscillation: cosine and sine terms, from the constant one (which counts as 0) on.

    https://webaudio.github.io/web-audio-api/#PeriodicWave
    """

    def __init__(
        self,
        context: BaseAudioContext,
        options: PeriodicWaveOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one; without any terms a sine.

        Raises:
            DOMException: IndexSizeError, fewer than two terms, or not as many of both kinds.

        https://webaudio.github.io/web-audio-api/#dom-periodicwave-periodicwave
        """
        from mediastreams.audio.base_audio_context import BaseAudioContext

        if not isinstance(context, BaseAudioContext):
            raise wrong_type("PeriodicWave: context", "a BaseAudioContext", context)
        given = PERIODIC_WAVE_OPTIONS.convert(merge_arguments(options, members, "PeriodicWave"), "PeriodicWave")
        for name, value in given.items():
            check(("PeriodicWave",), name, value, "PeriodicWave")
        if {"real", "imag"} <= set(given) and len(given["real"]) != len(given["imag"]):
            raise DOMException(
                f"PeriodicWave: {len(given['real'])} real and {len(given['imag'])} imaginary terms", "IndexSizeError"
            )
        self._native = call(engine().PeriodicWave, context._native, for_engine(given))

    def __repr__(self) -> str:
        return "<PeriodicWave>"
