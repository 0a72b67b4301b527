"""A USB webcam made of software, plugged into this kernel over USB/IP (``vhci_hcd``).

The kernel's own ``uvcvideo`` drives it: Motion JPEG and YUYV, serial number, zoom, pan, tilt, focus, exposure,
white balance, a privacy shutter. Written from the USB Video Class 1.0 specification and
https://docs.kernel.org/usb/usbip_protocol.html. One thread answers the kernel; pictures go out over a bulk endpoint.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

__all__ = ["UsbCamera"]

VHCI = Path("/sys/devices/platform/vhci_hcd.0")
HIGH_SPEED = 3
SIZES = [(640, 480), (1280, 720), (320, 240)]
RATES = [30, 15, 5]
RAW_SIZES = [(640, 480), (320, 240)]
RAW_RATES = [30, 10]
YUY2_GUID = bytes.fromhex("5955593200001000800000aa00389b71")
STALL, CONNECTION_RESET = -32, -104
SUBMIT, UNLINK, SUBMITTED, UNLINKED = 1, 2, 3, 4
MASTER, VIDEO = 0, 1  # interfaces
TERMINAL, PROCESSING, OUTPUT = 1, 2, 3  # entities of the video function

CONTROLS = {  # (entity, selector): format, minimum, maximum, resolution, default
    (TERMINAL, 0x02): ("<B", [1], [8], [0x09], [8]),  # exposure mode: a bitmap of manual and aperture priority
    (TERMINAL, 0x04): ("<I", [3], [2047], [1], [250]),
    (TERMINAL, 0x06): ("<H", [0], [250], [5], [0]),
    (TERMINAL, 0x08): ("<B", [0], [1], [1], [1]),
    (TERMINAL, 0x0B): ("<H", [100], [500], [1], [100]),
    (TERMINAL, 0x0D): ("<ii", [-36000, -36000], [36000, 36000], [3600, 3600], [0, 0]),
    (TERMINAL, 0x11): ("<B", [0], [1], [1], [0]),
    (PROCESSING, 0x02): ("<h", [-64], [64], [1], [0]),
    (PROCESSING, 0x03): ("<H", [0], [95], [1], [32]),
    (PROCESSING, 0x07): ("<H", [0], [100], [1], [64]),
    (PROCESSING, 0x08): ("<H", [1], [7], [1], [2]),
    (PROCESSING, 0x0A): ("<H", [2800], [6500], [10], [4600]),
    (PROCESSING, 0x0B): ("<B", [0], [1], [1], [1]),
}
PRIVACY = (TERMINAL, 0x11)
TERMINAL_BITS = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 11 | 1 << 17 | 1 << 18
PROCESSING_BITS = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 12


def _block(*fields: bytes | int) -> bytes:
    """A descriptor: its length, then the fields (numbers are single bytes)."""
    body = b"".join(bytes([field]) if isinstance(field, int) else field for field in fields)
    return bytes([len(body) + 1]) + body


def u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _frames(subtype: int, sizes: list[tuple[int, int]], rates: list[int]) -> bytes:
    blocks = b""
    for index, (width, height) in enumerate(sizes, 1):
        bits = width * height * 16
        intervals = b"".join(u32(10_000_000 // rate) for rate in rates)
        blocks += _block(
            *(0x24, subtype, index, 0, u16(width), u16(height), u32(bits * rates[-1]), u32(bits * rates[0])),
            *(u32(width * height * 2), u32(10_000_000 // rates[0]), len(rates), intervals),
        )
    return blocks


def _configuration() -> bytes:
    units = _block(
        0x24, 0x02, TERMINAL, u16(0x0201), 0, 0, u16(0), u16(0), u16(0), 3, TERMINAL_BITS.to_bytes(3, "little")
    )
    units += _block(0x24, 0x05, PROCESSING, TERMINAL, u16(0), 2, u16(PROCESSING_BITS), 0)
    units += _block(0x24, 0x03, OUTPUT, u16(0x0101), 0, PROCESSING, 0)
    control = _block(0x24, 0x01, u16(0x0100), u16(13 + len(units)), u32(48_000_000), 1, VIDEO) + units
    colours = _block(0x24, 0x0D, 1, 1, 4)
    formats = _block(0x24, 0x06, 1, len(SIZES), 1, 1, 0, 0, 0, 0) + _frames(0x07, SIZES, RATES) + colours
    formats += _block(0x24, 0x04, 2, len(RAW_SIZES), YUY2_GUID, 16, 1, 0, 0, 0, 0)
    formats += _frames(0x05, RAW_SIZES, RAW_RATES) + colours
    header = _block(0x24, 0x01, 2, u16(15 + len(formats)), 0x81, 0, OUTPUT, 0, 0, 0, 1, 0, 0)
    body = _block(0x0B, MASTER, 2, 0x0E, 3, 0, 2)
    body += _block(0x04, MASTER, 0, 0, 0x0E, 1, 0, 2) + control
    body += _block(0x04, VIDEO, 0, 1, 0x0E, 2, 0, 0) + header + formats
    body += _block(0x05, 0x81, 0x02, u16(512), 0)
    return _block(0x02, u16(9 + len(body)), 2, 1, 0, 0x80, 250) + body


class UsbCamera:
    """One camera on port ``port``; a context manager. ``serial`` ends in its by-id name."""

    def __init__(self, port: int = 0, serial: str = "LAB0001", product: str = "Lab Webcam") -> None:
        self.silent = False
        """Sends nothing while true."""
        self.spoil: str | None = None
        """``"cut"``: pictures end half-way; ``"noise"``: they are no JPEG at all."""
        self.values = {key: list(row[4]) for key, row in CONTROLS.items()}
        self._port = port
        self._strings = ["", "Lab", product, serial]
        self._probe = self._agreed(1, 1, 10_000_000 // RATES[0])
        self._waiting: deque[tuple[int, int]] = deque()  # bulk requests the kernel has out: sequence number, length
        self._lock = threading.Lock()
        self._pictures: dict[tuple[int, int, int], list[bytes]] = {}
        self._stopping = threading.Event()

    def __enter__(self):
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            (VHCI / "attach").write_text(f"{self._port} {theirs.fileno()} {0x10001 + self._port} {HIGH_SPEED}")
        self._threads = [threading.Thread(target=target, name="lab-usb") for target in (self._answer, self._film)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Pull the cable. Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        (VHCI / "detach").write_text(str(self._port))
        self._ours.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._ours.close()

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._ours.recv(count - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def _answer(self) -> None:
        """Serve the kernel's requests until the cable is pulled."""
        try:
            while True:
                command, sequence, _, inward, endpoint = struct.unpack(">5I", self._receive(20))
                rest = self._receive(28)
                if command == UNLINK:
                    self._unlink(sequence, struct.unpack_from(">I", rest)[0])
                    continue
                length = struct.unpack_from(">5i", rest)[1]
                data = b"" if inward else self._receive(length)
                if endpoint:
                    with self._lock:
                        self._waiting.append((sequence, length))
                else:
                    self._control(sequence, rest[20:], length, data)
        except OSError:
            return

    def _unlink(self, sequence: int, victim: int) -> None:
        with self._lock:
            there = [entry for entry in self._waiting if entry[0] == victim]
            for entry in there:
                self._waiting.remove(entry)
            status = CONNECTION_RESET if there else 0
            self._ours.sendall(struct.pack(">5Ii24x", UNLINKED, sequence, 0, 0, 0, status))

    def _reply(self, sequence: int, data: bytes = b"", *, status: int = 0, sent: int | None = None) -> None:
        length = len(data) if sent is None else sent
        self._ours.sendall(struct.pack(">5IiiiiI8x", SUBMITTED, sequence, 0, 0, 0, status, length, 0, 0, 0) + data)

    def _control(self, sequence: int, setup: bytes, length: int, data: bytes) -> None:
        kind, request, value, index, _ = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0x20:
            answer = self._class_request(request, value >> 8, index, data)
        else:
            answer = self._standard_request(kind, request, value)
        with self._lock:
            if answer is None:
                self._reply(sequence, status=STALL)
            elif kind & 0x80:
                self._reply(sequence, answer[:length])
            else:
                self._reply(sequence, sent=length)

    def _standard_request(self, kind: int, request: int, value: int) -> bytes | None:
        if request != 0x06:  # everything else is accepted; GET_STATUS and its kind answer two zero bytes
            return bytes(2) if kind & 0x80 else b""
        which, number = value >> 8, value & 0xFF
        if which == 1:
            return _block(0x01, u16(0x0200), 0xEF, 2, 1, 64, u16(0x1209), u16(0x0CA7), u16(0x0100), 1, 2, 3, 1)
        if which == 2:
            return _configuration()
        if which == 3 and number < len(self._strings):
            text = self._strings[number].encode("utf-16-le") if number else u16(0x0409)
            return _block(0x03, text)
        return None

    def _class_request(self, request: int, selector: int, index: int, data: bytes) -> bytes | None:
        if index & 0xFF == VIDEO:
            return self._negotiate(request, data)
        key = (index >> 8, selector)
        if key not in CONTROLS:
            return None
        form, minimum, maximum, resolution, default = CONTROLS[key]
        if request == 0x01:
            self.values[key] = list(struct.unpack(form, data))
            return b""
        if request == 0x85:
            return u16(struct.calcsize(form))
        if request == 0x86:
            return b"\x0b" if key == PRIVACY else b"\x03"  # the shutter moves by itself: not to be cached
        values = {0x81: self.values[key], 0x82: minimum, 0x83: maximum, 0x84: resolution, 0x87: default}.get(request)
        return None if values is None else struct.pack(form, *values)

    def _negotiate(self, request: int, data: bytes) -> bytes | None:
        if request == 0x01:
            form, frame = max(1, data[2]), max(1, data[3])
            self._probe = self._agreed(form, frame, int.from_bytes(data[4:8], "little"))
            return b""
        return {0x85: u16(26), 0x86: b"\x03"}.get(request, self._probe)

    def _agreed(self, form: int, frame: int, interval: int) -> bytes:
        sizes, rates = (SIZES, RATES) if form == 1 else (RAW_SIZES, RAW_RATES)
        width, height = sizes[min(frame, len(sizes)) - 1]
        nearest = min((10_000_000 // rate for rate in rates), key=lambda offered: abs(offered - interval))
        largest = width * height * 2
        return struct.pack("<HBBIHHHHHII", 0, form, frame, nearest, 0, 0, 0, 0, 0, largest, largest + 64)

    def _film(self) -> None:
        """Send pictures while the kernel asks for them."""
        toggle, count = 0, 0
        try:
            while not self._stopping.is_set():
                form, frame, interval = struct.unpack_from("<2xBBI", self._probe)
                if self._waiting and not self.silent:
                    toggle ^= 1
                    count += 1
                    self._send(bytes([2, 0x82 | toggle]) + self._picture(form, frame, count))
                self._stopping.wait(interval / 1e7)
        except OSError:
            return

    def _send(self, payload: bytes) -> None:
        """One payload in pieces as long as the kernel's requests; the last is shorter, which ends it."""
        place = 0
        while not self._stopping.is_set():
            with self._lock:
                if self._waiting:
                    sequence, length = self._waiting.popleft()
                    piece = payload[place : place + length]
                    place += length
                    self._reply(sequence, piece)
                    if len(piece) < length:
                        return
                    continue
            time.sleep(0.001)
            if not self._waiting and place == 0:
                return  # the stream was stopped

    def _picture(self, form: int, frame: int, count: int) -> bytes:
        width, height = (SIZES if form == 1 else RAW_SIZES)[frame - 1]
        key = (form, width, count % 4)
        if key not in self._pictures:
            made = av.VideoFrame.from_ndarray(_bars(width, height, count % 4), format="rgb24")
            self._pictures[key] = _jpeg(made) if form == 1 else made.reformat(format="yuyv422").to_ndarray().tobytes()
        data = self._pictures[key]
        if self.spoil == "cut":
            return data[: len(data) // 2]
        return b"\x55" * len(data) if self.spoil == "noise" else data


def _bars(width: int, height: int, place: int) -> np.ndarray:
    """Colour bars with a white block that moves along the bottom."""
    colours = np.array([[191 * (bar >> bit & 1) for bit in (1, 2, 0)] for bar in range(7, -1, -1)], np.uint8)
    image = np.repeat(colours[np.arange(width) * 8 // width][None], height, axis=0).copy()
    image[height * 7 // 8 :, width * place // 4 : width * (place + 1) // 4] = 255
    return image


def _jpeg(frame: av.VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj422p"
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"qmin": "2", "qmax": "3"}
    packets = encoder.encode(frame.reformat(format="yuvj422p"))
    packets += encoder.encode(None)
    return bytes(packets[0])
