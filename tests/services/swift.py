"""A real S3 server for tests: OpenStack Swift with its s3api, four processes on loopback.

Each is a fork of this file run as a program, ``python -m tests.services.swift FOLDER``,
which ends them when its standard input does: also when the tests were killed.
"""

from __future__ import annotations

import getpass
import http.client
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.services.ports import free_ports

_START_SECONDS = 60.0
_LAYERS = ("object", "container", "account")
_PIPELINE = [
    *("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "s3api", "tempauth"),
    *("copy", "slo", "dlo", "versioned_writes", "symlink", "proxy-server"),
]
_OPTIONS = {
    "s3api": "location = us-east-1\n",
    "tempauth": "user_test_tester = testing .admin\n",
    "versioned_writes": "allow_object_versioning = true\n",
}
_HASHING = """[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = only
default = yes
"""


class Swift:
    """The server, once it answers. ``stop`` ends it and removes what it stored."""

    name = "Swift"
    access_key, secret_key, region = "test:tester", "testing", "us-east-1"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gallery-swift-"))
        self._ports = ports = free_ports(1 + len(_LAYERS))
        self.port = ports[0]
        program = [sys.executable, "-W", "ignore", "-m", "tests.services.swift", str(self.folder)]
        # In a process of its own: Swift's libraries have something against forks later on.
        subprocess.run([*program, *map(str, ports)], check=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                program,
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"SWIFT_DIR": str(self.folder / "etc")},
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def _answers(self) -> bool:
        """The proxy is well before the others listen, and then has nothing to store in."""
        for port in self._ports[1:]:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthcheck")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _configure(folder: Path, ports: list[int]) -> None:
    from swift.common.ring import RingBuilder

    etc = folder / "etc"
    etc.mkdir()
    (folder / "devices" / "d1").mkdir(parents=True)
    (etc / "swift.conf").write_text(_HASHING)
    for layer, port in zip(_LAYERS, ports[1:], strict=True):
        ring = RingBuilder(2, 1, 0)
        device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "device": "d1", "weight": 1}
        ring.add_dev(device | {"port": port})
        ring.rebalance()
        ring.get_ring().save(str(etc / f"{layer}.ring.gz"))
        app = f"[app:{layer}-server]\nuse = egg:swift#{layer}\n"
        text = _common(folder, port) + f"[pipeline:main]\npipeline = {layer}-server\n" + app
        (etc / f"{layer}.conf").write_text(text)
    (etc / "proxy.conf").write_text(_common(folder, ports[0]) + _proxy())


def _common(folder: Path, port: int) -> str:
    # Container updates are waited for, so that a listing never lags behind.
    return (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nuser = {getpass.getuser()}\n"
        f"swift_dir = {folder}/etc\ndevices = {folder}/devices\nmount_check = false\n"
        "disable_fallocate = true\nworkers = 0\nlog_level = WARNING\n"
        "container_update_timeout = 30\n"
    )


def _proxy() -> str:
    filters = (f"[filter:{f}]\nuse = egg:swift#{f}\n{_OPTIONS.get(f, '')}" for f in _PIPELINE[:-1])
    return (
        f"[pipeline:main]\npipeline = {' '.join(_PIPELINE)}\n[app:proxy-server]\n"
        "use = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
    ) + "".join(filters)


def main(folder: Path) -> None:
    pids = []
    for layer in (*_LAYERS, "proxy"):
        if (pid := os.fork()) == 0:
            name = {"object": "obj"}.get(layer, layer)
            sys.argv = [layer, str(folder / "etc" / f"{layer}.conf")]
            sys.exit(importlib.import_module(f"swift.{name}.server").main())
        pids.append(pid)
    sys.stdin.read()
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    folder, *ports = sys.argv[1:]
    if ports:
        _configure(Path(folder), [int(port) for port in ports])
    else:
        main(Path(folder))
