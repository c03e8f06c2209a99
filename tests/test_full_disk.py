"""When there is no room, or the process ends, in the middle of something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.draft import Draft
from gallery.errors import (
    GalleryError,
    StorageFull,
    Unprocessable,
)
from gallery.library import Library
from tests.samples import (
    NOON,
    OWNER,
    ident,
    inspection,
    spooled,
    upload,
)


def sidecar_of(library: Library, id: str) -> dict[str, Any]:
    there = library.get(OWNER, id).record
    data: dict[str, Any] = orjson.loads(library.blobs.read(there.folder.sidecar(id)))
    return data


class Interrupted(BaseException):
    """The process ends here."""


class Breaking(FileBlobs):
    """Files that call ``fail`` with what is about to be written."""

    fail: Callable[[str], None] = staticmethod(lambda _: None)

    def put(self, key: str, body: Any) -> None:
        self.fail(key.rpartition(".")[2])
        super().put(key, body)

    def replace(self, folder: Any, id: str, sidecar: bytes) -> Any:
        self.fail("replace")
        return super().replace(folder, id, sidecar)

    def make_room(self) -> bool:
        self.fail = lambda _: None
        return super().make_room()


class Forgetful(ManifestCatalog):
    """Manifests that a process which dies no longer writes to."""

    dying = False

    def apply(self, change: Any) -> None:
        if self.dying:
            raise Interrupted
        super().apply(change)


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[tuple[Library, Breaking, Forgetful]]:
    blobs = Breaking(str(tmp_path / "outputs"))
    catalog = Forgetful(str(tmp_path / "manifests"), memory_bytes=64 << 20)
    library = Library(blobs, catalog, clock=lambda: NOON)
    library.start()
    yield library, blobs, catalog
    library.close()


Fragile = tuple[Library, Breaking, Forgetful]


def failing(blobs: Breaking, what: str, error: GalleryError) -> None:
    def fail(now: str) -> None:
        if now == what:
            raise error

    blobs.fail = fail


@pytest.mark.parametrize("what", ["png", "webp"])
def test_a_put_that_fails_leaves_nothing(fragile: Fragile, what: str) -> None:
    library, blobs, _ = fragile
    failing(blobs, what, StorageFull())
    with pytest.raises(StorageFull):
        upload(library)
    assert list(blobs.list("users/")) == []
    assert library.page(Query(OWNER)).total == 0


def test_a_put_repeated_before_the_walk_does_not_harm_the_first(fragile: Fragile) -> None:
    """The first was committed, but the catalog hasn't heard of it: the process died."""
    library, blobs, catalog = fragile
    catalog.dying = True
    with pytest.raises(Interrupted):
        upload(library, id=ident(1), prompt="first")
    catalog.dying = False
    failing(blobs, "webp", StorageFull())
    stored = upload(library, id=ident(1), prompt="first")
    assert stored.repeated
    assert blobs.read(stored.entry.record.image) == b"pixels"
    with pytest.raises(Unprocessable):
        upload(library, b"other", id=ident(1))


def test_an_upload_beyond_the_low_water_mark_is_refused(library: Library) -> None:
    spool = spooled(library.blobs, b"x")
    spool.size = 1 << 60
    with closing_spool(spool), pytest.raises(StorageFull):
        library.put(Draft(OWNER), spool, inspection())
    assert list(library.blobs.list("users/")) == []


def closing_spool(spool: Any) -> closing[Any]:
    spool.close = spool.discard
    return closing(spool)


@pytest.mark.parametrize("act", ["edit", "trash", "restore", "purge"])
def test_a_full_disk_keeps_small_changes_possible(fragile: Fragile, act: str) -> None:
    library, blobs, _ = fragile
    blobs.keep_room()
    upload(library, id=ident(1))
    if act in ("restore", "purge"):
        library.trash(OWNER, ident(1))
    failing(blobs, "replace", StorageFull())
    acts: dict[str, Callable[[], Any]] = {
        "edit": lambda: library.edit(OWNER, ident(1), favorite=True),
        "trash": lambda: library.trash(OWNER, ident(1)),
        "restore": lambda: library.restore(OWNER, ident(1)),
        "purge": lambda: library.purge(OWNER, ident(1)),
    }
    acts[act]()
    if act == "purge":
        assert list(blobs.list("users/")) == []
    else:
        assert not Path(blobs.root, ".gallery/ballast").exists()
        assert sidecar_of(library, ident(1))["rev"] == library.get(OWNER, ident(1)).record.rev > 1


def test_a_full_disk_without_ballast_says_so(fragile: Fragile) -> None:
    library, blobs, _ = fragile
    upload(library, id=ident(1))
    blobs.make_room()
    failing(blobs, "replace", StorageFull())
    with pytest.raises(StorageFull):
        library.trash(OWNER, ident(1))
    assert library.get(OWNER, ident(1)).record.status == "active"
