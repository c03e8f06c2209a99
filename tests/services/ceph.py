"""A second S3 server for tests, where it is installed: Ceph's RADOS gateway, with one monitor
and one store of objects behind it (Debian: radosgw, ceph-mon, ceph-osd).

All three are children of this file run as a program, ``python -m tests.services.ceph FOLDER
PORT…``, which ends them when its standard input does: also when the tests were killed.
"""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.ports import free_ports

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw")
_START_SECONDS = 90.0
_READY = "ready\n"
_CONF = """[global]
fsid = {fsid}
mon_initial_members = a
mon_host = {monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = {folder}/keyring
run_dir = {folder}
admin_socket = ""
log_file = {folder}/$name.log
mon_data = {folder}/mon
osd_data = {folder}/osd
rgw_data = {folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{port}
# One copy of everything, in few pieces.
osd_pool_default_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
# A sparse file, and no more memory than it accepts.
bluestore_block_size = 8589934592
osd_memory_target = 939524096
# Each pool that the gateway makes waits for the monitor.
paxos_propose_interval = 0.05
paxos_min_wait = 0.02
# The disk of a developer may be nearly full.
mon_data_avail_warn = 1
mon_data_avail_crit = 1
"""
_KEYS = {
    "mon.": ("--cap", "mon", "allow *"),
    "client.admin": ("--cap", "mon", "allow *", "--cap", "osd", "allow *"),
    "osd.0": ("--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"),
}


def installed() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


class Ceph:
    """The server, once it answers. ``stop`` ends it and removes what it stored."""

    name = "Ceph RGW"
    access_key, secret_key, region = "tests", "testing", "us-east-1"

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="gallery-ceph-"))
        ports = free_ports(3)
        self.port = ports[0]
        program = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.services.ceph",
            str(folder),
            *map(str, ports),
        ]
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        if self._process.stdout.readline() != _READY:
            raise RuntimeError("Ceph did not start")

    def stop(self) -> None:
        self._process.communicate()


class _Cluster:
    def __init__(self, folder: Path, ports: list[int]) -> None:
        self._folder = folder
        self._port, *monitor = ports
        self._monitor = "[v2:127.0.0.1:{},v1:127.0.0.1:{}]".format(*monitor)
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "log").open("ab")

    def start(self) -> None:
        fsid, disk = str(uuid.uuid4()), str(uuid.uuid4())
        for name in ("mon", "osd", "rgw"):
            (self._folder / name).mkdir()
        text = _CONF.format(
            fsid=fsid, monitor=self._monitor, folder=self._folder, port=self._port
        )  # fmt: skip
        (self._folder / "ceph.conf").write_text(text)
        keyring, monmap = f"{self._folder}/keyring", f"{self._folder}/monmap"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", self._monitor, monmap)
        for name, caps in _KEYS.items():
            new = () if name != "mon." else ("--create-keyring",)
            self._run("ceph-authtool", *new, keyring, "--gen-key", "-n", name, *caps)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._daemon("ceph-mon", "-i", "a")
        self._run("ceph", "--connect-timeout", "30", "osd", "new", disk)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._daemon("ceph-osd", "-i", "0")
        self._daemon("radosgw", "-n", "client.admin")
        self._wait(self._answers)
        self._run(
            "radosgw-admin", "user", "create", "--uid", "tests", "--display-name", "tests",
            "--access-key", Ceph.access_key, "--secret-key", Ceph.secret_key,
        )  # fmt: skip

    def stop(self) -> None:
        """Nothing of it is needed any more, so nothing is put in order first."""
        for daemon in self._daemons:
            daemon.kill()
            daemon.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            self._command(program, *arguments),
            check=True, timeout=_START_SECONDS, stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=self._log,
        )  # fmt: skip

    def _daemon(self, program: str, *arguments: str) -> None:
        command = self._command(program, "-f", *arguments)
        quiet: Any = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
        self._daemons.append(subprocess.Popen(command, **quiet))

    def _command(self, program: str, *arguments: str) -> list[str]:
        needs_none = program in ("monmaptool", "ceph-authtool")
        conf = [] if needs_none else ["-c", f"{self._folder}/ceph.conf"]
        return [program, *conf, *arguments]

    def _wait(self, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not ready():
            if time.monotonic() > until or any(one.poll() is not None for one in self._daemons):
                raise RuntimeError((self._folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def main(folder: Path, ports: list[int]) -> None:
    cluster = _Cluster(folder, ports)
    try:
        cluster.start()
        sys.stdout.write(_READY)
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        cluster.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(port) for port in sys.argv[2:]])
