"""A kernel that has no more watches to give: everything is found all the same."""

from __future__ import annotations

from pathlib import Path

from tests.http.server import served
from tests.http.test_watched import drop, ids
from tests.living import until

LIMIT = "/proc/sys/user/max_inotify_watches"


def limited(watches: int, raised: Path) -> list[str]:
    """A command under which there are so few watches, until the file ``raised`` is there, or as
    long as it runs."""
    waiting = f"while kill -0 $$ && [ ! -e {raised} ]; do sleep 0.1; done"
    until_raised = f"{waiting}; echo 10000 > {LIMIT}"
    script = f'echo {watches} > {LIMIT}; ({until_raised}) & exec "$@"'
    return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]


def test_without_enough_watches_at_the_start_all_is_walked(tmp_path: Path) -> None:
    raised = tmp_path / "raised"
    drop(tmp_path, 1)
    try:
        with served(tmp_path, under=limited(3, raised)) as server:
            until(lambda: ids(server) == {1})
            drop(tmp_path, 2)
            until(lambda: ids(server) == {1, 2})
            assert server.logged().count("not all can be watched") == 1
            assert "raise fs.inotify.max_user_watches" in server.logged()
            raised.touch()
            until(lambda: "everything is watched again" in server.logged())
            drop(tmp_path, 3)
            until(lambda: ids(server) == {1, 2, 3})
    finally:
        raised.touch()


def test_when_the_watches_run_out_in_a_new_folder_all_is_walked(tmp_path: Path) -> None:
    raised = tmp_path / "raised"
    drop(tmp_path, 1)
    try:
        with served(tmp_path, under=limited(7, raised)) as server:
            until(lambda: ids(server) == {1})
            for n in range(2, 9):
                drop(tmp_path, n, f"2026/03/{n:02}")
            until(lambda: ids(server) == set(range(1, 9)))
            assert server.logged().count("not all can be watched") == 1
    finally:
        raised.touch()
