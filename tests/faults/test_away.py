"""Storage that goes away under load and comes back: said so, nothing changed, no restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.checks import check_answers, check_healed, listed
from tests.faults.ledger import Ledger, check_refusal, client_of, load, visiting, wait_for
from tests.faults.machine import Bound, bound, needed, run, strace
from tests.http.server import Server, served

OWNERS = ["kim", "kim", "yuna"]
LACKING_POWER = ("--bounding-set=-dac_override,-dac_read_search",)
"""So that root, too, is refused."""


@contextmanager
def gone(there: Bound) -> Iterator[None]:
    """Unmounted; what is left is an empty folder, and stays one."""
    there.unmount()
    yield
    assert list(there.at.iterdir()) == []
    there.mount()


@contextmanager
def moved(there: Bound) -> Iterator[None]:
    """Not even a folder is left."""
    there.unmount()
    there.at.rmdir()
    yield
    assert not there.at.exists()
    there.at.mkdir()
    there.mount()


@contextmanager
def read_only(there: Bound) -> Iterator[None]:
    def remounted() -> bool:
        with suppress(AssertionError):  # busy, as long as somebody writes
            run("mount", "-o", "remount,bind,ro", there.at)
            return True
        return False

    wait_for("a read-only remount", remounted)
    yield
    run("mount", "-o", "remount,bind,rw", there.at)


def is_ready(server: Server) -> int:
    with server.client() as client:
        answer = client.get("/readyz")
    if answer.status_code != 200:
        check_refusal(answer)
    return answer.status_code


@pytest.mark.parametrize("name", ["outputs", "manifests"])
@pytest.mark.parametrize("fault", [gone, moved])
def test_a_volume_that_vanishes_under_load_comes_back_by_itself(
    tmp_path: Path, name: str, fault: Callable[[Bound], AbstractContextManager[None]]
) -> None:
    ledger = Ledger()
    with bound(tmp_path / "volume", tmp_path / name) as volume:
        with served(tmp_path) as server, visiting(server, ledger, *OWNERS) as visitors:
            with load(visitors):
                time.sleep(1)
                with fault(volume):
                    wait_for("503", lambda: is_ready(server) == 503)
                    before = ledger.statuses[503]
                    wait_for("refusals", lambda: ledger.statuses[503] > before + 10)
                taken = ledger.statuses[201]
                wait_for("uploads again", lambda: ledger.statuses[201] > taken + 10)
            assert is_ready(server) == 200
            assert not ledger.statuses[0]
            check_answers(ledger, server)
        check_healed(ledger, tmp_path)


def test_a_volume_that_becomes_read_only_under_load_is_written_to_again_when_it_can_be(
    tmp_path: Path,
) -> None:
    ledger = Ledger()
    with bound(tmp_path / "volume", tmp_path / "outputs") as volume:
        with served(tmp_path) as server, visiting(server, ledger, *OWNERS) as visitors:
            with load(visitors):
                time.sleep(1)
                with read_only(volume):
                    before = ledger.statuses[503]
                    wait_for("refusals", lambda: ledger.statuses[503] > before + 10)
                    with client_of(server, "kim") as client:
                        for record in listed(client)[:5]:
                            assert client.get(record["url"]).status_code in (200, 404)
                taken = ledger.statuses[201]
                wait_for("uploads again", lambda: ledger.statuses[201] > taken + 10)
            assert not ledger.statuses[0]
            check_answers(ledger, server)
        check_healed(ledger, tmp_path)


def filled(root: Path, ledger: Ledger) -> None:
    with served(root) as server, visiting(server, ledger, "kim") as [visitor]:
        visitor.uploaded(3)


def test_images_that_are_absent_at_the_start_are_waited_for(tmp_path: Path) -> None:
    ledger = Ledger()
    with bound(tmp_path / "volume", tmp_path / "outputs") as volume:
        filled(tmp_path, ledger)
        volume.unmount()
        with served(tmp_path, ready=503) as server:
            with visiting(server, ledger, "kim") as [visitor]:
                assert visitor.upload() is None
                assert visitor.change(ledger.items[0], "delete") == 503
            assert list(volume.at.iterdir()) == []
            volume.mount()
            assert is_ready(server) == 200
            check_answers(ledger, server)
        check_healed(ledger, tmp_path)


def test_manifests_that_are_absent_at_the_start_are_made_anew(tmp_path: Path) -> None:
    ledger = Ledger()
    with bound(tmp_path / "volume", tmp_path / "manifests") as volume:
        filled(tmp_path, ledger)
        volume.unmount()
        with served(tmp_path) as server, visiting(server, ledger, "kim") as [visitor]:
            check_answers(ledger, server)
            visitor.uploaded(2)
            visitor.change(ledger.items[0], "delete")
        volume.mount()  # and these are older than the tree
        check_healed(ledger, tmp_path)


def test_when_both_are_absent_at_the_start_the_volume_is_not_mixed_with_what_was_made(
    tmp_path: Path,
) -> None:
    """Nothing tells that there should be a library: see RequiresMountsFor in the docs."""
    ledger, elsewhere = Ledger(), Ledger()
    names = ("outputs", "manifests")
    with ExitStack() as stack:
        volumes = [stack.enter_context(bound(tmp_path / f"v-{n}", tmp_path / n)) for n in names]
        filled(tmp_path, ledger)
        for volume in volumes:
            volume.unmount()
        with served(tmp_path) as server, visiting(server, elsewhere, "kim") as [visitor]:
            visitor.uploaded(1)
            for volume in volumes:
                volume.mount()
            assert is_ready(server) == 503
            assert visitor.upload() is None
        check_healed(ledger, tmp_path)


@pytest.mark.parametrize("call", ["fsync,fdatasync", "write", "pread64,preadv2", "renameat"])
def test_a_disk_that_fails_for_a_while_is_said_so_and_used_again(tmp_path: Path, call: str) -> None:
    ledger = Ledger()
    with served(tmp_path) as server, visiting(server, ledger, *OWNERS) as visitors:
        for visitor in visitors:
            visitor.uploaded(2)
        paths = [*tree_of(tmp_path / "outputs"), *tree_of(tmp_path / "manifests")]
        only = [option for path in paths for option in ("-P", str(path))]
        inject = f"inject={call}:error=EIO"
        with load(visitors):
            with strace(server.process.pid, "-o", "/dev/null", *only, "-e", inject):
                before = ledger.statuses[503]
                wait_for("refusals", lambda: ledger.statuses[503] > before + 5)
            taken = ledger.statuses[201]
            wait_for("uploads again", lambda: ledger.statuses[201] > taken + 10)
        check_answers(ledger, server)
    check_healed(ledger, tmp_path)


def tree_of(top: Path) -> list[Path]:
    return [top, *top.rglob("*")]


def test_a_folder_that_cannot_be_read_is_its_owners_trouble_alone(tmp_path: Path) -> None:
    ledger = Ledger()
    under = [needed("setpriv"), *LACKING_POWER]
    with (
        served(tmp_path, under=under) as server,
        visiting(server, ledger, "kim", "yuna") as [kim, yuna],
    ):
        kim.uploaded(3)
        yuna.uploaded(3)
    closed = tmp_path / "outputs" / "users" / "kim"
    for item, folder in enumerate((closed, next(closed.glob("*/*/*")))):
        folder.chmod(0)
        with served(tmp_path, under=under) as server:
            with visiting(server, ledger, "kim", "yuna") as [kim, yuna]:
                assert kim.upload() is None
                assert kim.change(ledger.of("kim")[item], "edit") == 503
                assert len(listed(kim.client)) == 3
                yuna.uploaded(1)
                assert yuna.change(ledger.of("yuna")[0], "edit") == 200
            folder.chmod(0o750)
            check_answers(ledger, server)
    check_healed(ledger, tmp_path)
