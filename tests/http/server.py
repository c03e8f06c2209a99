"""A real server: a process on a free port of the loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.http.site import ADMIN_TOKEN, SECRET, SERVICE_TOKEN

_START_SECONDS = 30.0


def environment(root: Path, **settings: object) -> dict[str, str]:
    """The process environment of a gallery whose outputs and manifests lie under ``root``."""
    values = {
        "outputs": root / "outputs",
        "manifests": root / "manifests",
        "secret": SECRET,
        "admin_token": ADMIN_TOKEN,
        "service_token": SERVICE_TOKEN,
        "decoders": 1,
    } | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GALLERY_")}
    return kept | {f"GALLERY_{name.upper()}": str(value) for name, value in values.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def logged(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal, and waits for the exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def served(
    root: Path, *, under: Sequence[str] = (), ready: int = 200, port: int | None = None,
    **settings: object,
) -> Iterator[Server]:  # fmt: skip
    """A server whose ``/readyz`` says ``ready``; its process is gone afterwards. ``under``
    is a command that becomes it."""
    port, log = port or free_port(), root / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*under, sys.executable, "-m", "gallery", "serve", "--port", str(port)],
            cwd=root, env=environment(root, **settings), stdout=output, stderr=output,
        )  # fmt: skip
    server = Server(process, port, log)
    try:
        _wait_until(server, ready)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until(server: Server, ready: int) -> None:
    until = time.monotonic() + _START_SECONDS
    transport = httpx.HTTPTransport(retries=0)
    with httpx.Client(base_url=server.url, transport=transport, timeout=5) as client:
        while True:
            assert server.process.poll() is None, server.logged()
            assert time.monotonic() < until, server.logged()
            try:
                if client.get("/readyz").status_code == ready:
                    return
            except httpx.TransportError:
                # Not listening yet: a process that ends, or 50 ms, whichever is first.
                try:
                    server.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
