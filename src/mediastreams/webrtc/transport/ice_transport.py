"""`RTCIceTransport`: the way to the peer, across generations.

Not for: one generation (``ice_generation.py``).

Rules of the file: a restart makes a new generation, while packets go on by the old one; that is closed when the new one
has a pair. States change on the loop, in the task that fires the event.

https://w3c.github.io/webrtc-pc/#rtcicetransport
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, Self

import aioice

from mediastreams._rules.candidate_lines import read_candidate
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import start_task
from mediastreams.webrtc.dictionaries import RTCIceParameters
from mediastreams.webrtc.enums import RTCIceComponent, RTCIceGathererState, RTCIceRole, RTCIceTransportState
from mediastreams.webrtc.ice_candidate import RTCIceCandidate, RTCIceCandidatePair
from mediastreams.webrtc.transport.ice_generation import IceGeneration, Server, Timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.webrtc.transport.ice_generation import IceGeneration as _Generation

__all__ = ["IceWatcher", "RTCIceTransport"]

_MOST_TOLD: Final = 1000  # candidates of a peer that are remembered for the program
_MOST_EARLY: Final = 200  # of a generation that has not begun
_MOST_GENERATIONS: Final = 4  # that have not begun


class IceWatcher(Protocol):
    """Who is told: the connection."""

    def ice_candidate(self, candidate: RTCIceCandidate, text: str) -> None:
        """A local candidate was found; an empty one ends those of a generation."""

    def ice_error(self, url: str, code: int, text: str) -> None:
        """A server gave none."""

    def ice_changed(self) -> None:
        """A state changed."""


@public
class RTCIceTransport(EventTarget):
    """How packets reach the peer, and by which pair of candidates. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcicetransport
    """

    __init__ = illegal_constructor("Read RTCDtlsTransport.ice_transport.")

    onstatechange = event_handler("statechange")
    ongatheringstatechange = event_handler("gatheringstatechange")
    onselectedcandidatepairchange = event_handler("selectedcandidatepairchange")

    _timing: ClassVar[Timing] = Timing()

    _watcher: IceWatcher
    _role: RTCIceRole
    _state: RTCIceTransportState
    _gathering_state: RTCIceGathererState
    _active: IceGeneration | None
    _pending: IceGeneration | None

    @classmethod
    def _create(cls, watcher: IceWatcher) -> Self:
        """*Create an RTCIceTransport*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcicetransport
        """
        transport = cls.__new__(cls)
        EventTarget.__init__(transport)
        transport._watcher = watcher
        transport._role = RTCIceRole.UNKNOWN  # [[IceRole]]
        transport._state = RTCIceTransportState.NEW  # [[IceTransportState]]
        transport._gathering_state = RTCIceGathererState.NEW  # [[IceGathererState]]
        transport._selected = None  # [[SelectedCandidatePair]]
        transport._section = ("", 0)  # mid and index that candidates are told of with
        transport._active = transport._pending = None  # the one that carries packets; the one that is to
        transport._remote = None
        transport._early = {}
        transport._remote_told = []
        transport._on_data = None
        transport._expired = False  # the peer's consent to be sent anything (RFC 7675)
        transport._tasks = {}
        return transport

    _selected: RTCIceCandidatePair | None
    _section: tuple[str, int]
    _remote: tuple[str, str, bool] | None
    _early: dict[str, list[aioice.Candidate | None]]
    _remote_told: list[tuple[str, RTCIceCandidate]]
    _on_data: Callable[[bytes], object] | None
    _expired: bool
    _tasks: dict[IceGeneration, list[asyncio.Task[object]]]

    # --- the standard ---------------------------------------------------------------------------------------------

    @property
    def role(self) -> RTCIceRole:
        """Who nominates pairs."""
        return self._role

    @property
    def component(self) -> RTCIceComponent:
        """Always RTP: RTCP goes the same way."""
        return RTCIceComponent.RTP

    @property
    def state(self) -> RTCIceTransportState:
        """How the way is."""
        return self._state

    @property
    def gathering_state(self) -> RTCIceGathererState:
        """How far the gathering is."""
        return self._gathering_state

    def get_local_candidates(self) -> list[RTCIceCandidate]:
        """List our candidates of the newest generation."""
        generation = self._newest
        return [] if generation is None else [self._public(one, generation) for one in generation.local_candidates]

    def get_remote_candidates(self) -> list[RTCIceCandidate]:
        """List the peer's candidates of the newest generation."""
        ufrag = None if self._remote is None else self._remote[0]
        return [candidate for known, candidate in self._remote_told if known == ufrag]

    def get_selected_candidate_pair(self) -> RTCIceCandidatePair | None:
        """The pair that carries packets."""
        return self._selected

    def get_local_parameters(self) -> RTCIceParameters | None:
        """Our ufrag and password."""
        generation = self._newest
        if generation is None:
            return None
        return RTCIceParameters(username_fragment=generation.local_username, password=generation.local_password)

    def get_remote_parameters(self) -> RTCIceParameters | None:
        """The peer's ufrag and password."""
        if self._remote is None:
            return None
        return RTCIceParameters(username_fragment=self._remote[0], password=self._remote[1])

    def __repr__(self) -> str:
        return f"<RTCIceTransport {self._state} {self._role}>"

    # --- for negotiation ------------------------------------------------------------------------------------------

    @property
    def _newest(self) -> IceGeneration | None:
        return self._pending or self._active

    @property
    def _round_trip(self) -> float | None:
        return None if self._active is None else self._active.round_trip

    def _set_role(self, role: RTCIceRole) -> None:
        if self._role is RTCIceRole.UNKNOWN:
            self._role = role

    def _set_local(self, username: str, password: str, servers: list[Server], *, relay_only: bool) -> None:
        """Use these credentials of ours: of the generation there is, or of a new one, which begins to gather."""
        newest = self._newest
        if newest is not None and newest.local_username == username:
            return
        self._drop_pending()
        self._pending = generation = IceGeneration(
            controlling=self._role is RTCIceRole.CONTROLLING,
            username=username,
            password=password,
            relay_only=relay_only,
            timing=self._timing,
            on_data=self._receive,
            on_silence=self._silent,
            on_candidate=self._found,
            on_error=self._failed_to_gather,
        )
        self._tasks[generation] = []
        self._gather(generation, servers)

    def _gather(self, generation: IceGeneration, servers: list[Server]) -> None:
        self._set_gathering_state(RTCIceGathererState.GATHERING)
        self._run(generation, self._gather_all(generation, servers))

    async def _gather_all(self, generation: IceGeneration, servers: list[Server]) -> None:
        await generation.gather(servers)
        if generation is self._newest:
            mid, index = self._section
            end = RTCIceCandidate(sdp_mid=mid, sdp_m_line_index=index, username_fragment=generation.local_username)
            self._watcher.ice_candidate(end, "")
            self._set_gathering_state(RTCIceGathererState.COMPLETE)

    def _set_remote(self, username: str, password: str, *, lite: bool) -> None:
        """Use these credentials of the peer, with our newest generation or the one that comes."""
        self._remote = (username, password, lite)

    def _connect(self) -> None:
        """Begin the checks of a new generation, once both sides' credentials are known."""
        generation, remote = self._pending, self._remote
        if generation is None or remote is None or generation.remote_username is not None:
            return
        username, password, lite = remote
        generation.remote_username, generation.remote_password = username, password
        if lite:
            generation.ice_controlling = True
        for candidate in self._early.pop(username, ()):
            generation.add_remote(candidate)
        if self._state is not RTCIceTransportState.CONNECTED:
            self._set_state(RTCIceTransportState.CHECKING)
        self._run(generation, self._establish(generation, username, password, lite=lite))

    async def _establish(self, generation: IceGeneration, username: str, password: str, *, lite: bool) -> None:
        try:
            await generation.establish(username, password, lite=lite)
        except ConnectionError:
            if generation is self._pending and self._state is not RTCIceTransportState.CLOSED:
                self._give_up()
            return
        if generation is not self._pending:
            return
        before, self._active, self._pending = self._active, generation, None
        self._expired = False
        self._role = RTCIceRole.CONTROLLING if generation.ice_controlling else RTCIceRole.CONTROLLED
        if before is not None:
            self._close_generation(before)
        self._select()
        self._set_state(RTCIceTransportState.CONNECTED)

    def _give_up(self) -> None:
        if self._active is None or self._state in {RTCIceTransportState.CHECKING, RTCIceTransportState.DISCONNECTED}:
            self._set_state(RTCIceTransportState.FAILED)

    def _add_remote_candidate(self, ufrag: str, candidate: RTCIceCandidate | None) -> None:
        """Take a candidate of the peer's generation ``ufrag``; ``None``: it has no more.

        DEVIATION: candidates of TCP are taken, but not used.
        """
        parsed: aioice.Candidate | None = None
        if candidate is not None:
            line = read_candidate(candidate.candidate)
            if line is None or line.component != 1 or line.transport != "udp":
                return
            parsed = aioice.Candidate(
                foundation=line.foundation,
                component=1,
                transport="udp",
                priority=line.priority,
                host=line.address,
                port=line.port,
                type=line.type,
                related_address=line.related_address,
                related_port=line.related_port,
            )
            self._remote_told.append((ufrag, candidate))
            del self._remote_told[:-_MOST_TOLD]
        for generation in (self._pending, self._active):
            if generation is not None and generation.remote_username == ufrag:
                generation.add_remote(parsed)
                return
        waiting = self._early.setdefault(ufrag, [])
        if len(waiting) < _MOST_EARLY:
            waiting.append(parsed)
        while len(self._early) > _MOST_GENERATIONS:
            del self._early[next(iter(self._early))]

    def _roll_back(self) -> None:
        """Take back a generation that was offered and never used."""
        if self._pending is not None and self._pending.remote_username is None:
            self._drop_pending()
            self._set_gathering_state(RTCIceGathererState.NEW if self._active is None else RTCIceGathererState.COMPLETE)

    def _drop_pending(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            self._close_generation(pending)

    # --- packets --------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> bool:
        """Send a packet now; whether there is a way."""
        generation = self._active
        return generation is not None and not self._expired and generation.send_now(data)

    def _receive(self, data: bytes) -> None:
        if self._on_data is not None and self._state is not RTCIceTransportState.CLOSED:
            self._on_data(data)

    def _silent(self, generation: IceGeneration, seconds: float) -> None:
        if generation is not self._active or self._state in {RTCIceTransportState.CLOSED, RTCIceTransportState.FAILED}:
            return
        if seconds >= self._timing.failed_after:
            self._expired = True
            self._set_state(RTCIceTransportState.FAILED)
        elif seconds >= self._timing.disconnected_after:
            if self._state is RTCIceTransportState.CONNECTED:
                self._set_state(RTCIceTransportState.DISCONNECTED)
        elif self._state is RTCIceTransportState.DISCONNECTED:
            self._set_state(RTCIceTransportState.CONNECTED)
        self._select()

    # --- news -----------------------------------------------------------------------------------------------------

    def _found(self, generation: IceGeneration, candidate: aioice.Candidate, server: Server | None) -> None:
        if generation is self._newest:
            public_one = self._public(candidate, generation, server)
            self._watcher.ice_candidate(public_one, candidate.to_sdp())

    def _failed_to_gather(self, generation: IceGeneration, url: str, code: int, text: str) -> None:
        if generation is self._newest:
            self._watcher.ice_error(url, code, text)

    def _public(
        self, candidate: aioice.Candidate, generation: _Generation, server: Server | None = None
    ) -> RTCIceCandidate:
        mid, index = self._section
        ufrag = generation.local_username
        relay = None
        if server is not None and server.address.is_turn:
            relay = "tls" if server.address.scheme == "turns" else server.address.transport
        return RTCIceCandidate(
            candidate=f"candidate:{candidate.to_sdp()} ufrag {ufrag}",
            sdp_mid=mid,
            sdp_m_line_index=index,
            username_fragment=ufrag,
            relay_protocol=relay,
            url=None if server is None else server.url,
        )

    def _select(self) -> None:
        """*Change the selected candidate pair*, if it has.

        https://w3c.github.io/webrtc-pc/#dfn-change-the-selected-candidate-pair-and-state
        """
        generation = self._active
        pair = None if generation is None else generation.pair
        if generation is None or pair is None:
            return
        local = self._public(pair.local_candidate, generation)
        mid, index = self._section
        remote = RTCIceCandidate(
            candidate=f"candidate:{pair.remote_candidate.to_sdp()}",
            sdp_mid=mid,
            sdp_m_line_index=index,
            username_fragment=generation.remote_username,
        )
        old = self._selected
        if old is None or (old.local.candidate, old.remote.candidate) != (local.candidate, remote.candidate):
            self._selected = RTCIceCandidatePair._of(local, remote)
            fire_event(self, "selectedcandidatepairchange")

    def _set_state(self, state: RTCIceTransportState) -> None:
        if state is not self._state and self._state is not RTCIceTransportState.CLOSED:
            self._state = state
            self._watcher.ice_changed()
            fire_event(self, "statechange")

    def _set_gathering_state(self, state: RTCIceGathererState) -> None:
        if state is not self._gathering_state:
            self._gathering_state = state
            fire_event(self, "gatheringstatechange")
            self._watcher.ice_changed()

    # --- the end --------------------------------------------------------------------------------------------------

    def _run(self, generation: IceGeneration, work: object) -> None:
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks[generation].append(task)

    def _close_generation(self, generation: IceGeneration) -> None:
        tasks = self._tasks.pop(generation, [])
        here = asyncio.current_task()
        for task in tasks:
            if task is not here:
                task.cancel()
        start_task(generation.close(), "closing of an ICE generation")

    async def _close(self) -> None:
        """Close all sockets."""
        generations = [one for one in (self._pending, self._active) if one is not None]
        self._pending = self._active = None
        for generation in generations:
            for task in self._tasks.pop(generation, []):
                task.cancel()
        for generation in generations:
            await generation.close()
