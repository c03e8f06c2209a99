"""What stays in the inbox: over the quota, not to be read or removed, or left by a crash."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from gallery.keys import inboxed
from gallery.library import Library
from gallery.quota import Quota
from gallery.reconcile import Reconciler
from tests.cli import close, open_library, run
from tests.conformance.stores import PLENTY
from tests.conformance.unprivileged import unprivileged
from tests.images import png
from tests.living import count
from tests.samples import INBOX, NOON, OWNER, drop, in_inbox, only


def test_beyond_the_quota_it_waits(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library.quota = Quota(count=0)
    drop(outputs, f"{INBOX}/a.png", png())
    for _ in range(3):
        walker.run()
    assert caplog.text.count("waits in the inbox") == 1
    assert (count(library), len(in_inbox(outputs))) == (0, 1)
    library.quota = Quota()
    walker.run()
    assert (count(library), in_inbox(outputs)) == (1, [])


class _Killed(BaseException):
    pass


class _DiesBeforeRemoving(FileBlobs):
    def delete(self, key: str) -> None:
        if inboxed(key):
            raise _Killed
        super().delete(key)


def test_a_crash_before_the_file_is_removed_makes_no_second_image(
    library: Library, walker: Reconciler, imaging: Imaging, outputs: Path, manifests: Path
) -> None:
    drop(outputs, f"{INBOX}/a.png", png())
    blobs = _DiesBeforeRemoving(str(outputs), library_of(str(manifests)))
    catalog = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    dying = Library(blobs, catalog, clock=lambda: NOON)
    dying.start()
    with pytest.raises(_Killed):
        Reconciler(dying, imaging, settle=0).run()
    dying.close()
    assert (count(library), len(in_inbox(outputs))) == (1, 1)
    assert ".gallery-taken." in in_inbox(outputs)[0]
    before = only(library)
    library.edit(OWNER, before.id, tags=("kept",))
    walker.run()
    assert (count(library), in_inbox(outputs)) == (1, [])
    assert only(library).tags == ("kept",)


def test_a_file_that_may_not_be_removed_is_taken_in_once(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.parent.chmod(0o550)
    try:
        with unprivileged():
            for _ in range(3):
                walker.run()
    finally:
        path.parent.chmod(0o750)
    assert caplog.text.count("taken in, but stays") == 1
    assert (count(library), len(in_inbox(outputs))) == (1, 1)


def test_what_is_put_into_the_trash_stays_there_though_its_file_stays_in_the_inbox(
    library: Library, imaging: Imaging, outputs: Path
) -> None:
    library.clock = lambda: time.time_ns() // 1000
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.parent.chmod(0o550)
    try:
        with unprivileged():
            for _ in range(3):  # each as if the server had been started anew
                Reconciler(library, imaging, settle=0).run()
                library.trash(OWNER, only(library).id)
    finally:
        path.parent.chmod(0o750)
    assert len(in_inbox(outputs)) == 1


def test_a_file_that_may_not_be_read_waits(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.chmod(0)
    with unprivileged():
        for _ in range(3):
            walker.run()
    assert caplog.text.count("Permission denied") == 1
    path.chmod(0o640)
    walker.run()
    assert (count(library), in_inbox(outputs)) == (1, [])


def test_the_doctor_lists_what_is_left(tmp_path: Path) -> None:
    close(open_library(tmp_path))
    drop(tmp_path / "outputs", f"{INBOX}/notes.txt", b"mine")
    drop(tmp_path / "outputs", f"users/{OWNER}/2026/notes.txt", b"mine")
    report = orjson.loads(run(tmp_path, "doctor", "--json").stdout)
    assert report["discrepancies"] == [
        {"what": "no name of ours", "name": f"users/{OWNER}/2026/notes.txt"},
        {"what": "left in the inbox", "name": f"{INBOX}/notes.txt"},
    ]
