"""What only the operations log on files can meet."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.ops import KEEP_SECONDS, FileOps
from gallery.errors import Unavailable
from gallery.library import Library
from tests.conformance.stores import PLENTY
from tests.samples import OWNER, active, ident, put

OP = ident(7)


@pytest.fixture
def log(manifests: Path) -> FileOps:
    (manifests / "users" / OWNER).mkdir(parents=True)
    return FileOps(str(manifests / "users"))


def journal(manifests: Path) -> Path:
    return manifests / "users" / OWNER / "ops" / f"{OP}.jsonl"


def test_an_entry_that_was_cut_short_never_happened(log: FileOps, manifests: Path) -> None:
    with log.lock(OWNER, OP):
        log.append(OWNER, OP, {"n": 1})
        log.append(OWNER, OP, {"n": 2})
        os.truncate(journal(manifests), journal(manifests).stat().st_size - 3)
        assert [entry["n"] for entry in log.read(OWNER, OP)] == [1]
        log.append(OWNER, OP, {"n": 3})
    assert [entry["n"] for entry in log.read(OWNER, OP)] == [1, 3]


def test_a_spoiled_entry_is_skipped_and_named(
    log: FileOps, manifests: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with log.lock(OWNER, OP):
        for n in (1, 2, 3):
            log.append(OWNER, OP, {"n": n})
    path = journal(manifests)
    path.write_bytes(path.read_bytes().replace(b'{"n":2', b'{"n":8'))
    assert [entry["n"] for entry in log.read(OWNER, OP)] == [1, 3]
    assert f"{path}: line 2 is skipped: checksum" in caplog.text


def test_a_lock_under_which_nothing_was_added_leaves_no_file(log: FileOps, manifests: Path) -> None:
    with log.lock(OWNER, OP):
        assert journal(manifests).exists()
    assert not journal(manifests).exists()


def test_a_journal_that_somebody_is_at_work_on_does_not_expire(
    log: FileOps, manifests: Path
) -> None:
    later = time.time() + KEEP_SECONDS + 60
    with log.lock(OWNER, OP):
        log.append(OWNER, OP, {"n": 1})
        FileOps(str(manifests / "users")).expire(later)
        assert len(log.read(OWNER, OP)) == 1
    log.expire(later)
    assert not journal(manifests).exists()


def test_who_waits_for_a_journal_that_goes_away_gets_a_new_one(
    log: FileOps, manifests: Path
) -> None:
    taken = threading.Event()

    def wait() -> None:
        with log.lock(OWNER, OP):
            log.append(OWNER, OP, {"n": 2})
        taken.set()

    with log.lock(OWNER, OP):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.05)
        assert not taken.is_set()
    assert taken.wait(10)
    thread.join()
    assert [entry["n"] for entry in log.read(OWNER, OP)] == [2]


def test_nobody_gets_a_folder_for_having_asked(log: FileOps, manifests: Path) -> None:
    with pytest.raises(Unavailable), log.lock("somebody", OP):
        pass
    assert [path.name for path in (manifests / "users").iterdir()] == [OWNER]


def test_the_catalog_does_not_take_journals_for_manifests(
    library: Library, manifests: Path
) -> None:
    put(library, 1)
    with library.catalog.ops.lock(OWNER, OP):
        library.catalog.ops.append(OWNER, OP, {"n": 1})
    another = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    another.start(library.blobs.library)
    assert another.months(OWNER) == library.catalog.months(OWNER) == ["2026-03"]
    assert another.owners() == [OWNER]
    another.close()
    assert library.healing.rebuild(OWNER) == 1
    assert active(library) == [1]
    assert journal(manifests).exists()
