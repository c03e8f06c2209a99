"""Files dropped beside real servers: listed, whatever happened to the server meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests import images
from tests.http.server import Server, served
from tests.http.site import ADMIN_TOKEN
from tests.living import until
from tests.samples import ident

OWNER = "kim"


def drop(root: Path, n: int, day: str = "2026/03/14") -> None:
    path = root / "outputs" / "users" / OWNER / day / f"{ident(n)}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(images.png(seed=n))


def ids(server: Server) -> set[int]:
    with server.client(authorization=f"Bearer {ADMIN_TOKEN}") as client:
        answer = client.get("/api/v1/admin/images", params={"user_id": OWNER})
        assert answer.status_code == 200, answer.text
        return {int(item["id"], 16) for item in answer.json()["items"]}


def test_a_file_dropped_beside_a_running_server_is_listed(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        drop(tmp_path, 1)
        until(lambda: ids(server) == {1})
        drop(tmp_path, 2)
        drop(tmp_path, 3, "2026/03/15")
        until(lambda: ids(server) == {1, 2, 3})


def test_what_was_dropped_while_no_server_ran_is_listed(tmp_path: Path) -> None:
    drop(tmp_path, 1)
    inbox = tmp_path / "outputs" / "users" / OWNER / "inbox"
    inbox.mkdir()
    (inbox / "a.png").write_bytes(images.png())
    with served(tmp_path) as server:
        until(lambda: len(ids(server)) == 2)
        assert 1 in ids(server)


def test_when_more_happens_than_the_kernel_can_tell_nothing_is_missed(tmp_path: Path) -> None:
    drop(tmp_path, 1)
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with served(tmp_path) as server:
        until(lambda: ids(server) == {1})
        folder = tmp_path / "outputs" / "users" / OWNER / "2026/03/14"
        server.process.send_signal(signal.SIGSTOP)
        for number in range(limit // 2 + 100):  # made and closed, two events each
            os.close(os.open(folder / f"note-{number}", os.O_CREAT | os.O_WRONLY))
        drop(tmp_path, 2)
        drop(tmp_path, 3, "2026/04/01")
        server.process.send_signal(signal.SIGCONT)
        until(lambda: ids(server) == {1, 2, 3})
        drop(tmp_path, 4, "2026/04/01")
        until(lambda: ids(server) == {1, 2, 3, 4})
        assert server.logged().count("more happened than the kernel could tell") == 1


def test_another_server_takes_over_when_the_one_that_watched_dies(tmp_path: Path) -> None:
    drop(tmp_path, 1)
    with served(tmp_path) as first:
        until(lambda: ids(first) == {1})
        with served(tmp_path) as second:
            drop(tmp_path, 2)
            until(lambda: ids(second) == {1, 2})
            first.end(signal.SIGKILL)
            drop(tmp_path, 3)
            until(lambda: ids(second) == {1, 2, 3})
