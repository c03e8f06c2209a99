"""The scrub of a bucket: objects are compared, and what is away is not damaged."""

from __future__ import annotations

import pytest

from gallery.errors import Unavailable
from gallery.library import Library
from gallery.reading import OBJECT_BLOCK
from gallery.records import Record
from gallery.scrub import RECHECK_SECONDS, scrubbing
from tests.samples import OTHER, active, eventually, ident, put, upload
from tests.scrubbing import Scrubber
from tests.services.proxy import Fault, Proxy, request, status
from tests.services.s3 import Store


@pytest.fixture
def scrubber(library: Library) -> Scrubber:
    return Scrubber(library)


@pytest.fixture
def sizer(library: Library) -> Scrubber:
    """Compares sizes only."""
    return Scrubber(library, whole=False)


def turn(store: Store, one: Record) -> None:
    """Another body of the same size."""
    store.drop(one.image, store.read(one.image)[::-1])


def lose(store: Store, one: Record) -> None:
    store.client.delete_object(Bucket=store.bucket, Key=store.prefix + one.image)


def test_damage_is_named_and_hides_nothing(
    store: Store, library: Library, scrubber: Scrubber
) -> None:
    turned, shorter, lost = put(library, 1), put(library, 2), put(library, 3)
    put(library, 4)
    put(library, 5, owner=OTHER, kind="input")
    turn(store, turned)
    store.drop(shorter.image, b"short")
    lose(store, lost)
    assert scrubber.stretch()
    assert scrubber.damaged == {
        turned.image: "damaged",
        shorter.image: "damaged",
        lost.image: "missing",
    }
    assert (scrubber.state.images, scrubber.state.under_way) == (5, False)
    assert scrubber.read() == 3 * len(b"pixels 1")
    assert active(library) == [4, 3, 2, 1]


def test_a_large_image_is_read_block_by_block(library: Library, scrubber: Scrubber) -> None:
    body = bytes(range(256)) * (OBJECT_BLOCK // 256) * 2 + b"and some more"
    upload(library, body)
    scrubber.stretch()
    assert (scrubber.damaged, scrubber.read()) == ({}, len(body))


def test_a_comparison_of_sizes_reads_no_image(
    store: Store, library: Library, sizer: Scrubber, proxy: Proxy
) -> None:
    turned, shorter, lost = put(library, 1), put(library, 2), put(library, 3)
    turn(store, turned)
    store.drop(shorter.image, b"short")
    lose(store, lost)
    with proxy.broken(Fault(request("GET", ".png"), answer=status(500))):
        sizer.stretch()
        assert proxy.befallen == 0
    assert sizer.damaged == {shorter.image: "damaged", lost.image: "missing"}
    assert (sizer.state.images, sizer.read()) == (3, 0)


def test_what_was_read_and_found_damaged_is_acquitted_by_no_comparison_of_sizes(
    store: Store, library: Library, scrubber: Scrubber, sizer: Scrubber
) -> None:
    one = put(library, 1)
    good = store.read(one.image)
    turn(store, one)
    scrubber.whole_pass()
    sizer.whole_pass()
    sizer.time.now += RECHECK_SECONDS
    sizer.stretch()
    assert sizer.damaged == {one.image: "damaged"}
    store.drop(one.image, good)
    sizer.time.now += RECHECK_SECONDS
    assert sizer.stretch()
    assert sizer.damaged == {}


def test_while_the_bucket_is_away_nothing_is_missing(
    library: Library, scrubber: Scrubber, sizer: Scrubber, proxy: Proxy
) -> None:
    put(library, 1)
    for one in (scrubber, sizer):
        with proxy.cut(), pytest.raises(Unavailable):
            one.stretch()
        assert one.damaged == {}
    eventually(lambda: is_there(library))
    assert scrubber.stretch()
    assert (scrubber.state.images, scrubber.damaged) == (1, {})


def is_there(library: Library) -> bool:
    try:
        library.blobs.check()
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize("whole", [True, False])
def test_a_bucket_that_is_another_one_has_lost_nothing(
    store: Store, library: Library, whole: bool
) -> None:
    """What is found there is found in the listing that was remembered, and gone."""
    one = put(library, 1)
    scrubber = Scrubber(library, whole=whole)
    [(_, key)] = scrubber.scrub._originals.after(None)
    for name in store.names():
        store.client.delete_object(Bucket=store.bucket, Key=store.prefix + name)
    with pytest.raises(Unavailable):
        scrubber.scrub._originals.examine(key)
    assert library.catalog.get(one.owner, one.id) is not None


@pytest.mark.parametrize(("times", "what"), [(2, {}), (1 << 30, {ident(1): "unreadable"})])
def test_one_object_that_cannot_be_fetched_is_unreadable_when_asked_twice(
    library: Library, scrubber: Scrubber, proxy: Proxy, times: int, what: dict[str, str]
) -> None:
    """Each is asked for twice by the client itself."""
    one = put(library, 1)
    put(library, 2)
    with proxy.broken(Fault(request("GET", f"{one.id}.png"), answer=status(500), times=times)):
        scrubber.stretch()
    found = {image.rpartition("/")[2].partition(".")[0]: w for image, w in scrubber.damaged.items()}
    assert found == what
    assert (scrubber.state.images, scrubber.state.under_way) == (2, False)


def test_a_server_compares_sizes_in_a_bucket_unless_it_is_told_to_read(
    store: Store, library: Library
) -> None:
    turn(store, put(library, 1))
    assert scrubbing(library, 0) is None
    sizing, reading = scrubbing(library, None), scrubbing(library, 8)
    assert sizing is not None
    assert reading is not None
    for scrub, found in ((sizing, 0), (reading, 1)):
        scrub._scrub.whole_pass()
        assert len(Scrubber(library).state.damaged) == found
