"""What a crash leaves in a bucket, where nothing can be renamed, and what the walk makes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date

import pytest

from gallery.blobs.incoming import Spool
from gallery.blobs.s3 import S3Blobs
from gallery.errors import NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from tests.recovery import EARLY
from tests.samples import OWNER, active, ident, put
from tests.services.proxy import Fault, Proxy, request
from tests.services.s3 import Store

DAY = Folder(OWNER, "output", date(2026, 3, 14))
ROOT = [".gallery/library.json", ".gallery/secret"]
CRASHES = ("stage", "image", "thumb", "commit", "catalog")


class Crash(BaseException):
    """The end of a process, as far as the library can tell."""


def crash(library: Library, at: str, act: Callable[[], object]) -> None:
    """Does something that ends before a put of an image or thumbnail, before the commit,
    or before the catalog hears of it."""
    blobs = library.blobs
    assert isinstance(blobs, S3Blobs)

    def put(key: str, body: bytes | Spool) -> None:
        if ("thumb" if "/thumb/" in key else "image") == at:
            raise Crash
        S3Blobs.put(blobs, key, body)

    def end(*_: object) -> None:
        raise Crash

    with ExitStack() as undo:
        patch = undo.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(blobs, "put", put)
        if at in ("stage", "commit", "delete"):
            patch.setattr(blobs, at, end)
        if at == "catalog":
            patch.setattr(library.catalog, "apply", end)
        with pytest.raises(Crash):
            act()


def left(store: Store) -> list[str]:
    return [name for name in store.names() if name not in ROOT]


# -- puts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", CRASHES)
def test_a_put_that_was_cut_short_is_swept_or_finished(
    store: Store, library: Library, walker: Reconciler, at: str
) -> None:
    crash(library, at, lambda: put(library, 1))
    assert walker.run().damage == []
    committed = at == "catalog"
    assert active(library) == ([1] if committed else [])
    image = [DAY.image(ident(1), "png"), DAY.sidecar(ident(1)), DAY.thumb(ident(1))]
    # A thumbnail alone is nothing to anybody, and put after the image there is none alone.
    assert sorted(left(store)) == (sorted(image) if committed else [])
    put(library, 1)
    assert active(library) == [1]
    assert walker.run() == Walked(images=1)


def test_a_put_that_may_be_under_way_is_left_alone(
    store: Store, library: Library, imaging: Imaging
) -> None:
    crash(library, "commit", lambda: put(library, 1))
    before = store.names()
    assert Reconciler(library, imaging, settle=EARLY).run() == Walked()
    assert store.names() == before


@pytest.mark.parametrize("first", [b"", b"pixels of another"])
def test_a_sidecar_that_nobody_knew_waits_for_the_image_that_it_describes(
    store: Store, library: Library, walker: Reconciler, first: bytes
) -> None:
    crash(library, "catalog", lambda: put(library, 1))
    one = DAY.image(ident(1), "png")
    pixels = store.read(one)
    library.blobs.delete(one)
    if first:
        store.drop(one, first)
    gone = [] if first else [f"{DAY.sidecar(ident(1))}: its image is gone"]
    assert walker.run() == Walked(images=1, damage=gone)
    assert active(library) == []
    store.drop(one, pixels)
    assert walker.run() == Walked(images=1, mended=1)
    assert active(library) == [1]


def test_a_put_whose_commit_was_answered_by_nobody_is_kept(
    store: Store, library: Library, walker: Reconciler, proxy: Proxy
) -> None:
    lost = Fault(request("PUT", ".json"), reset_after=0)
    with proxy.broken(lost), pytest.raises(Unavailable):
        put(library, 1)
    assert active(library) == []
    assert walker.run() == Walked(images=1, mended=1)
    assert active(library) == [1]
    assert store.read(DAY.image(ident(1), "png")) == b"pixels 1"


def test_a_put_that_the_store_would_not_commit_is_swept_at_once(
    store: Store, library: Library, proxy: Proxy
) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    refused = Fault(request("PUT", ".json"), answer=refusal)
    with proxy.broken(refused), pytest.raises(Unavailable):
        put(library, 1)
    assert left(store) == []


def test_a_bucket_that_goes_away_during_a_put_leaves_nothing_in_the_end(
    store: Store, library: Library, walker: Reconciler, proxy: Proxy
) -> None:
    put(library, 1)
    with proxy.cut(), pytest.raises(Unavailable):
        put(library, 2)
    with proxy.cut(), pytest.raises(Unavailable):
        walker.run()
    assert active(library) == [1]
    time.sleep(1.1)
    assert walker.run() == Walked(images=1)
    put(library, 2)
    assert active(library) == [2, 1]


# -- changes and purges -----------------------------------------------------------------------


def test_an_edit_that_was_cut_short_is_adopted(library: Library, walker: Reconciler) -> None:
    put(library, 1)
    crash(library, "catalog", lambda: library.edit(OWNER, ident(1), tags=("new",)))
    assert library.get(OWNER, ident(1)).record.tags == ()
    assert walker.run() == Walked(images=1, mended=1)
    assert library.get(OWNER, ident(1)).record.tags == ("new",)


@pytest.mark.parametrize("at", ["catalog", "delete"])
def test_a_purge_that_was_cut_short_is_finished(
    store: Store, library: Library, walker: Reconciler, at: str
) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    store.keep_versions("Enabled")
    blobs = library.blobs
    assert isinstance(blobs, S3Blobs)
    blobs.start()
    crash(library, at, lambda: library.purge(OWNER, ident(1)))
    assert walker.run().mended == 1
    assert left(store) == []
    with pytest.raises(NotFound):
        library.get(OWNER, ident(1))
