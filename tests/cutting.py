"""A proxy before a database that keeps an answer to itself, and then is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Cutting:
    """Passes everything on between its own socket in ``folder`` and the server's."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._server = str(server / ".s.PGSQL.5432")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._after: bytes | None = None

    def cut_after(self, request: bytes) -> None:
        """The next request that contains this reaches the server, its answer nobody."""
        self._after = request

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            cut = threading.Event()
            back = threading.Thread(target=_pass_back, args=(server, client, cut))
            back.start()
            with suppress(OSError):
                while data := client.recv(65536):
                    if self._after is not None and self._after in data:
                        self._after = None
                        cut.set()
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _pass_back(server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            if cut.is_set():
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(data)


@contextmanager
def cutting(folder: Path, server: Path) -> Iterator[Cutting]:
    proxy = Cutting(folder, server)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    yield proxy
    proxy.close()
    thread.join()
