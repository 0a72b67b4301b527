"""Web servers of the tests that can be away, and servers that answer as no server should; on free ports, on threads."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time

__all__ = ["FileServer", "rude"]


class _Listener:
    """Takes connections on one port, each on a thread of its own, from `begin` to `end`, as often as wanted."""

    def __init__(self):
        self.port = 0
        self.asked = []
        self._lock = threading.Lock()
        self._begun = False

    def begin(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=16, reuse_port=False)
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._connections, self._threads = set(), []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        self._begun = True

    def end(self):
        """Break off everything, and let nobody in."""
        if not self._begun:
            return
        self._begun = False
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.end()

    def _accept(self):
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                found = connection.recv(4096)
                if not found:
                    return
                request += found
            self.asked.append(request.decode())
            self.answer(connection, request.decode())
        with self._lock:
            self._connections.discard(connection)

    def answer(self, connection, request):
        raise NotImplementedError


class FileServer(_Listener):
    """One file at any path. ``rate``: bytes a second; ``cut``: where every answer breaks off; ``status``: instead."""

    def __init__(self, data, *, ranged=True, rate=None, tag='"1"', cut=None):
        super().__init__()
        self.data, self.ranged, self.rate, self.tag, self.cut = data, ranged, rate, tag, cut
        self.status = None
        self.sent = 0

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def answer(self, connection, request):
        if self.status is not None:
            connection.sendall(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        match = re.search(r"Range: bytes=(\d+)-", request)
        begin = int(match[1]) if match and self.ranged else 0
        total = len(self.data)
        head = "HTTP/1.1 206 Partial\r\n" if match and self.ranged else "HTTP/1.1 200 OK\r\n"
        if match and self.ranged:
            head += f"Content-Range: bytes {begin}-{total - 1}/{total}\r\nAccept-Ranges: bytes\r\n"
        connection.sendall(f"{head}ETag: {self.tag}\r\nContent-Length: {total - begin}\r\n\r\n".encode())
        end = total if self.cut is None else min(self.cut, total)
        step = 4096 if self.rate is None else max(1, self.rate // 50)
        for first in range(begin, end, step):
            piece = self.data[first : min(first + step, end)]
            connection.sendall(piece)
            self.sent += len(piece)
            if self.rate is not None and self._over.wait(0.02):
                return


class _Rude(_Listener):
    def __init__(self, behave):
        super().__init__()
        self._behave = behave

    def answer(self, connection, request):
        self._behave(self, connection, request)

    def pause(self, seconds):
        """Wait; true when it is over."""
        return self._over.wait(seconds)

    def drip(self, connection, data, seconds):
        for byte in data:
            connection.sendall(bytes([byte]))
            if self.pause(seconds):
                return

    def pour(self, connection, data, seconds=30):
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._over.is_set():
            connection.sendall(data)


def rude(behave):
    """A server for which ``behave(server, connection, request)`` answers."""
    return _Rude(behave)
