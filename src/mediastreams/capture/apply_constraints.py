"""The *ApplyConstraints algorithm* on a live track, and what a track does when its source changes by itself.

Not for: selecting settings (``_rules/select_settings.py``), or bringing the device there (``track_source.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mediastreams._engine.source import Demand
from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.select_settings import Overconstrained, select_settings
from mediastreams._rules.serving import serves
from mediastreams._webidl.tasks import in_parallel, queue_task
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.capture.track_source import adapt, scaled_target
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._rules.constraints import Constraints
    from mediastreams._rules.values import DeviceModel, Mode, Settings
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["apply_constraints", "follow_source", "settings_satisfying", "turn_of"]


async def apply_constraints(track: MediaStreamTrack, new_constraints: Mapping[str, Any] | None) -> None:
    """*The applyConstraints template method*, its parallel part. ``None``: the constraints stay, the defaults changed.

    Raises:
        OverconstrainedError: nothing satisfies the new constraints; the existing ones remain.

    https://w3c.github.io/mediacapture-main/#dom-constrainablepattern-applyconstraints
    """
    # 4. In parallel, in the order of the calls.
    async with turn_of(track):
        source, constraints = track._source, track._constraints if new_constraints is None else new_constraints
        # ApplyConstraints 1-2. Select, or fail with the constraint's name.
        parsed = parse_constraints(track.kind, constraints, display=source.display)
        model = source.selectable
        if track._hinted:
            model = replace(model, defaults={**model.defaults, **track._hinted})
        selected = _selected(model, parsed, track._settings)
        track._applications += 1
        number = track._applications

        def commit(settings: Settings) -> None:
            # 4.3. Both slots at once. A track that ended meanwhile keeps what it ended with, and what a later call
            # has done stands.
            if track.ready_state is MediaStreamTrackState.LIVE and number >= track._committed:
                track._committed = number
                track._constraints = dict(constraints)
                track._settings = dict(settings)
                track._configuration = None

        # ApplyConstraints 3. Apply in a single operation, off the loop: a device may have to be reopened. Whoever
        # cancels the wait does not cancel the device: the slots follow what was done.
        settings = await in_parallel(
            source.configure_for,
            track._feed,
            selected,
            parsed,
            abandoned=lambda settings: queue_task(track._owner, commit, settings),
        )
        commit(settings)


def turn_of(track: MediaStreamTrack) -> asyncio.Lock:
    """Give the lock that puts a track's calls to its device in order.

    A track may outlive its loop, and a lock belongs to one.
    """
    loop = asyncio.get_running_loop()
    if track._applying is None or track._applying[0] is not loop:
        track._applying = (loop, asyncio.Lock())
    return track._applying[1]


def settings_satisfying(
    model: DeviceModel, constraints: Mapping[str, Any], *, display: bool, current: Settings | None = None
) -> Settings:
    """Select settings of one source.

    Raises:
        OverconstrainedError: there are none.
    """
    return _selected(model, parse_constraints(model.kind, constraints, display=display), current)


def _selected(model: DeviceModel, parsed: Constraints, current: Settings | None) -> Settings:
    selected = select_settings([model], parsed, current=current)
    if isinstance(selected, Overconstrained):
        raise OverconstrainedError(selected.constraint, selected.message)
    return selected.settings


def follow_source(track: MediaStreamTrack, mode: Mode, *, by_itself: bool = False) -> Settings:
    """Choose new settings because the source has changed its mode by itself or for another track.

    Settings that the new mode still serves stay; scaled, if they have to be for another track's sake. Else they are
    selected again under the track's constraints, and if those cannot be met any more, without them: the frames come
    as they come. A track that shows a source as it is follows it when it changes ``by_itself`` (a window that is
    resized, a generator whose pictures grow). Any thread.

    https://w3c.github.io/mediacapture-main/#dfn-applyconstraints-algorithm (the paragraph on choosing new settings)
    """
    source, feed = track._source, track._feed
    settings: Settings = feed.target
    if not by_itself and not (settings and serves(mode, settings)):
        settings = scaled_target(Demand(feed.target, feed.constraints))
    if not settings or not serves(mode, settings):
        model = source.model_in(mode)
        try:
            settings = settings_satisfying(model, track._constraints, display=source.display, current=settings)
        except OverconstrainedError:
            settings = settings_satisfying(model, {}, display=source.display)
    adapt(feed, mode, settings, source.model)
    return settings
