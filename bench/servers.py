"""The processes that are measured: started on free loopback ports, stopped by their ids."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.trees import Tree

REPOSITORY = Path(__file__).resolve().parents[1]
_START_SECONDS = 30.0
_STOP_SECONDS = 45.0


class Missing(Exception):
    """A program that a part needs isn't installed."""


class Failed(Exception):
    """Something that is measured did not work; the message says what."""


def program(name: str) -> str:
    """The path of an installed program. Raises Missing."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"{name} is not installed (Debian: apt-get install nginx-light wrk)")
    return path


def environment(**more: str) -> dict[str, str]:
    """Ours without the person's own gallery settings, and with this repository's code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GALLERY_")}
    return kept | {"PYTHONPATH": str(REPOSITORY)} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server process and where its stderr goes."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, text: str, seconds: float) -> None:
        """Returns when ``text`` stands in the log. Raises Failed."""
        end = time.monotonic() + seconds
        while text not in self.log.read_text(errors="replace"):
            if time.monotonic() > end:
                raise Failed(f"{text!r} did not appear in {seconds:g} s:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]


@contextmanager
def spawned(
    command: Sequence[str], port: int, folder: Path, env: Mapping[str, str]
) -> Iterator[Server]:
    """A server process, perhaps not yet listening; stopped at the end."""
    log = folder / f"{Path(command[0]).name}-{port}.log"
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL
        )
    try:
        yield Server(port, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(
    command: Sequence[str], port: int, folder: Path, env: Mapping[str, str]
) -> Iterator[Server]:
    """A server process that listens. Raises Failed."""
    with spawned(command, port, folder, env) as server:
        end = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if server.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"{command[0]} does not listen:\n{server.tail()}")
            time.sleep(0.01)
        yield server


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gallery_command(tree: Tree, port: int) -> list[str]:
    """``gallery serve`` as users run it."""
    return [
        *(sys.executable, "-m", "gallery", "serve", "--port", str(port)),
        *("--outputs", str(tree.outputs), "--manifests", str(tree.manifests)),
    ]


@contextmanager
def gallery(
    tree: Tree, *, walks: bool = True, core: int | None = None, **settings: str
) -> Iterator[Server]:
    """Our server, when it has ended the walk that it begins with (which of several on one
    tree only the first does); kept to one ``core`` if that is named."""
    port = free_port()
    env = environment(**settings)
    with running([*pinned(core), *gallery_command(tree, port)], port, tree.root, env) as server:
        if walks:
            server.wait_for("walked", 120)
        yield server


def pinned(core: int | None) -> list[str]:
    """What goes before a command to keep it, with all its threads, to one core."""
    return [] if core is None else [program("taskset"), "-c", str(core)]


@contextmanager
def floor(app: str, folder: Path, **env: str) -> Iterator[Server]:
    """One of ``bench.floors``, run as our server is."""
    port = free_port()
    command = [sys.executable, "-m", "bench.floors", app, str(port)]
    with running(command, port, folder, environment(**env)) as server:
        yield server


_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.error warn;
{user}
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  types {{ image/webp webp; image/png png; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  upstream app {{ server 127.0.0.1:{app}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location /outputs/ {{ alias {outputs}/; }}
    location /accel/ {{ internal; alias {outputs}/; }}
    location /proxied/ {{
      proxy_pass http://app/; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


@contextmanager
def nginx(tree: Tree, app: int = 9) -> Iterator[Server]:
    """nginx with one worker: the files under /outputs/, the server on port ``app`` under
    /proxied/, and an internal /accel/ for its X-Accel-Redirect."""
    port = free_port()
    config = tree.root / f"nginx-{port}.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(
        _NGINX.format(folder=tree.root, user=user, port=port, app=app, outputs=tree.outputs)
    )
    command = [program("nginx"), "-p", str(tree.root), "-c", str(config)]
    with running(command, port, tree.root, environment()) as server:
        yield server
