"""DTLS sessions over wires in memory."""

import asyncio

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from mediastreams.webrtc.transport.dtls_session import DtlsSession, SessionUser

__all__ = []

pytestmark = pytest.mark.may_block("the handshake's arithmetic")


class End:
    """One side; what it sends reaches the other in the loop's next turn, until the wire is cut."""

    def __init__(self):
        self.pair = RTCCertificate.generateCertificate()
        self.events, self.received, self.cut = [], [], False
        self.other = self.session = None

    def meet(self, other):
        self.other = other
        digests = [(one.algorithm, one.value) for one in other.pair.getFingerprints()]
        user = SessionUser(
            self._send,
            lambda: self.events.append("connected"),
            lambda detail, text: self.events.append(detail),
            lambda: self.events.append("closed"),
            self.received.append,
        )
        self.session = DtlsSession(self.pair, user, digests)

    def _send(self, data):
        if self.cut:
            raise ConnectionError("cut")
        asyncio.get_running_loop().call_soon(lambda: self.other.session.take(data))


@pytest.fixture
async def ends():
    """Both sides, connected."""
    near, far = End(), End()
    near.meet(far)
    far.meet(near)
    far.session.start("server")
    near.session.start("client")
    async with asyncio.timeout(10):
        while not (near.session.connected and far.session.connected):
            await asyncio.sleep(0)
    yield near, far
    near.cut = far.cut = True
    near.session.close()
    far.session.close()


async def test_who_closes_tells_the_other(ends):
    near, far = ends
    near.session.send_data(b"hello")
    near.session.close()
    async with asyncio.timeout(10):
        while "closed" not in far.events:
            await asyncio.sleep(0)
    assert far.received == [b"hello"]


async def test_a_session_whose_way_is_broken_closes_all_the_same(ends):
    near, _ = ends
    near.cut = True
    near.session.close()
    assert not near.session.connected
    with pytest.raises(ConnectionError):
        near.session.protect(bytes(12))
