"""A TCP proxy of the tests' own, between a client and a service, that makes things go wrong."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_CHUNK = 1 << 14
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST and not FIN."""


How = Literal["cut", "claimed"]
"""A body that is not all there: it ends too early, or its head says that it is no longer."""

_GO_ON = b"HTTP/1.1 100"
"""Asks for the body of a request, and is no answer to it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a connection whose first bytes ``when`` is true of.

    ``answer`` is sent in place of the service's, which never hears of the request.
    ``delay`` is waited before each piece of the service's answer. ``reset_after`` is how
    many bytes of the answer arrive before the connection is reset: with 0 the request was
    carried out and its reply is lost. ``closed_after`` is the same of one that is closed, as if
    that were all. ``reset_within`` is how many bytes of the request arrive. ``half`` is all
    that arrives of the body of an answer: the connection is closed then, or the head says that
    there is no more. ``times`` is how many connections it befalls.
    """

    when: Callable[[bytes], bool] = lambda _: True
    answer: bytes | None = None
    delay: float = 0.0
    reset_after: int | None = None
    closed_after: int | None = None
    reset_within: int | None = None
    half: How | None = None
    times: int = 1 << 30


def status(code: int, text: str = "Service Unavailable", body: bytes = b"") -> bytes:
    """An HTTP answer, whole."""
    head = f"HTTP/1.1 {code} {text}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


def request(method: str, *parts: str) -> Callable[[bytes], bool]:
    """Whether the first line is of this method and names all ``parts``."""

    def is_it(first: bytes) -> bool:
        line = first.partition(b"\r\n")[0]
        is_named = all(part.encode() in line for part in parts)
        return is_named and line.startswith(method.encode() + b" ")

    return is_it


class Proxy:
    """Listens on ``port``, and passes everything on to the service's ``to``: a port too, or
    the path of a socket."""

    def __init__(self, to: int | Path) -> None:
        self._to = to
        self._fault: Fault | None = None
        self._left = 0
        self._befallen = 0
        self._lock = threading.RLock()  # so that what a fault waits for may cut the connections
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._cut = False
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    # -- what goes wrong --------------------------------------------------------------

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """The fault befalls connections as long as the block lasts, those that are open
        included."""
        with self._lock:
            self._fault, self._left, self._befallen = fault, fault.times, 0
        try:
            yield
        finally:
            with self._lock:
                self._fault = None

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing gets through: open connections end, new ones are reset."""
        self._cut = True
        self.drop()
        try:
            yield
        finally:
            self._cut = False

    def drop(self) -> None:
        """Ends the connections that are open."""
        with self._lock:
            for one in self._open:
                _reset(one)

    @property
    def befallen(self) -> int:
        """How often the last fault struck."""
        return self._befallen

    def close(self) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    # -- connections ------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._cut:
            _reset(client)
            client.close()
            return
        try:
            service = self._connect()
        except OSError:
            _reset(client)
            client.close()
            return
        with self._lock:
            self._open |= {client, service}
        answering = threading.Thread(
            target=self._answers, args=(service, client, relay := _Relay()), daemon=True
        )
        answering.start()
        self._requests(client, service, relay)
        answering.join()
        with self._lock:
            self._open -= {client, service}
        client.close()
        service.close()

    def _connect(self) -> socket.socket:
        if isinstance(self._to, int):
            return socket.create_connection(("127.0.0.1", self._to))
        service = socket.socket(socket.AF_UNIX)
        try:
            service.connect(str(self._to))
        except OSError:
            service.close()
            raise
        return service

    def _requests(self, client: socket.socket, service: socket.socket, relay: _Relay) -> None:
        """Bytes to the service. Each piece that begins a request may meet the fault."""
        with contextlib.suppress(OSError):
            while data := client.recv(_CHUNK):
                fault = self._strikes(data)
                if fault is not None and fault.answer is not None:
                    client.sendall(fault.answer)
                    break
                relay.fault, relay.rest = fault or relay.fault, None
                if fault is not None and fault.reset_within is not None:
                    relay.left = fault.reset_within
                if relay.left is not None:
                    data, relay.left = data[: relay.left], relay.left - len(data)
                service.sendall(data)
                if relay.left is not None and relay.left <= 0:
                    _reset(client)
                    break
        _shut(service)

    def _strikes(self, data: bytes) -> Fault | None:
        with self._lock:
            if self._fault is None or self._left == 0 or not self._fault.when(data):
                return None
            self._left -= 1
            self._befallen += 1
            return self._fault

    def _answers(self, service: socket.socket, client: socket.socket, relay: _Relay) -> None:
        with contextlib.suppress(OSError):
            while data := service.recv(_CHUNK):
                fault = relay.fault
                if fault is not None and fault.delay:
                    time.sleep(fault.delay)
                if fault and not data.startswith(_GO_ON):
                    data = relay.passing(data, fault)
                client.sendall(data)
                if fault and relay.rest == 0:
                    if fault.reset_after is not None:
                        _reset(client)
                    break
        _shut(client)
        _shut(service)


class _Relay:
    """What befalls the connection at present, how much of the answer may pass yet, and how
    much of the request."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.rest: int | None = None
        self.left: int | None = None

    def passing(self, data: bytes, fault: Fault) -> bytes:
        """What arrives of the next piece of the answer."""
        if self.rest is None and fault.half:
            data, self.rest = _halved(data, fault.half)
        elif self.rest is None:
            self.rest = fault.closed_after if fault.reset_after is None else fault.reset_after
        if self.rest is not None:
            data = data[: self.rest]
            self.rest -= len(data)
        return data


def _halved(answer: bytes, how: How) -> tuple[bytes, int | None]:
    """The beginning of an answer, and how many bytes from there on are half its body. One that
    doesn't say how long it is stays whole."""
    head = answer.partition(b"\r\n\r\n")[0]
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    if found is None:
        return answer, None
    half, new = int(found[1]) // 2, head
    if how == "claimed":
        new = b"%b%d%b" % (head[: found.start(1)], half, head[found.end(1) :])
    return new + answer[len(head) :], len(new) + 4 + half


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    _shut(one)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
