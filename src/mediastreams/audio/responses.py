"""Arrays that a node fills: frequency responses of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediastreams.audio.engine import call
from mediastreams.audio.samples import float_samples, float_target
from mediastreams.errors import InvalidAccessError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams.audio.node_options import Numbers

__all__ = ["fill_response"]


def fill_response(
    native: Any,
    kind: str,
    frequency_hz: Numbers,
    mag_response: npt.NDArray[np.float32],
    phase_response: npt.NDArray[np.float32],
) -> None:
    """*getFrequencyResponse*.

    Raises:
        InvalidAccessError: the arrays are not of one length.

    https://webaudio.github.io/web-audio-api/#dom-biquadfilternode-getfrequencyresponse
    """
    where = f"{kind}.get_frequency_response"
    frequencies = float_samples(frequency_hz, f"{where}: frequency_hz")
    magnitudes = float_target(mag_response, f"{where}: mag_response")
    phases = float_target(phase_response, f"{where}: phase_response")
    if not frequencies.shape == magnitudes.shape == phases.shape:
        lengths = f"{frequencies.shape[0]}, {magnitudes.shape[0]} and {phases.shape[0]}"
        raise InvalidAccessError(f"{where}: arrays of {lengths} numbers; they have to be equally long")
    magnitudes[:], phases[:] = call(native.getFrequencyResponse, frequencies.tolist())
