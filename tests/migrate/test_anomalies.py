"""What is not as it should be is named before anything is copied, and never lost in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gallery.blobs import QUARANTINE
from gallery.encoding import encode_sidecar
from gallery.library import Library
from tests.migrate.moves import Move, stored
from tests.samples import NOON, OWNER, THUMBNAIL, ident, pixels, plant, put, record

ODD = record(2)
SIDECAR = ODD.folder.sidecar(ODD.id)


def _no_sidecar(library: Library) -> None:
    library.blobs.put(ODD.image, pixels(2))


def _no_image(library: Library) -> None:
    library.blobs.put(SIDECAR, encode_sidecar(ODD))


def _another_image(library: Library) -> None:
    plant(library.blobs, ODD, b"x" * ODD.bytes)


def _shorter(library: Library) -> None:
    plant(library.blobs, ODD, pixels(2)[:-1])


def _no_json(library: Library) -> None:
    library.blobs.put(SIDECAR, b"{")
    library.blobs.put(ODD.image, pixels(2))


def _of_another_id(library: Library) -> None:
    library.blobs.put(SIDECAR, encode_sidecar(record(3)))


def _twice(library: Library) -> None:
    plant(library.blobs, ODD)
    plant(library.blobs, record(2, at=NOON - 86_400_000_000))


def _strange(library: Library) -> None:
    library.blobs.put(f"{ODD.folder}/holiday.png", pixels(2))


ANOMALIES: dict[str, tuple[Callable[[Library], None], str]] = {
    "an image without sidecar": (_no_sidecar, f"image without sidecar: {ODD.image}"),
    "a sidecar without image": (_no_image, f"sidecar without image: {SIDECAR}"),
    "an image that is another": (_another_image, f"not what its sidecar says: {ODD.image}"),
    "an image that is cut short": (_shorter, f"not what its sidecar says: {ODD.image}"),
    "a sidecar that is no JSON": (_no_json, f"damaged sidecar (not JSON: .*): {SIDECAR}"),
    "a sidecar of another id": (_of_another_id, f"damaged sidecar (id, .*): {SIDECAR}"),
    "an id that is there twice": (_twice, f"its id is also that of .*13/{ODD.id}.json: {SIDECAR}"),
    "a name that is no key": (_strange, f"not a name of ours: {ODD.folder}/holiday.png"),
}


@pytest.mark.parametrize("name", ANOMALIES)
def test_a_plan_names(move: Move, name: str) -> None:
    make, said = ANOMALIES[name]
    put(move.source, 1)
    make(move.source)
    (found,) = move.plan().anomalies
    start, _, end = said.partition(".*")
    assert str(found).startswith(start)
    assert str(found).endswith(end)


UNCOPYABLE = ("a sidecar without image", "an image that is another", "a sidecar that is no JSON")


@pytest.mark.parametrize("name", UNCOPYABLE)
def test_a_strict_copy_ends_there(move: Move, name: str) -> None:
    ANOMALIES[name][0](move.source)
    copied = move.copy()
    assert [found.name for found in copied.anomalies] == [SIDECAR]
    assert stored(move.target) == {}
    assert len(move.copy().anomalies) == 1  # nothing was ticked off


@pytest.mark.parametrize("name", UNCOPYABLE)
def test_another_puts_it_aside_and_goes_on(move: Move, name: str) -> None:
    ANOMALIES[name][0](move.source)
    put(move.source, 1)
    copied = move.copy(policy="quarantine")
    assert copied.outcomes == {"copied": 1}
    assert [found.name for found in copied.anomalies] == [SIDECAR]
    aside = {
        found.key.removeprefix(QUARANTINE): move.target.blobs.read(found.key)
        for found in move.target.blobs.list(QUARANTINE)
    }
    there = {SIDECAR, ODD.image} & stored(move.source).keys()
    assert aside == {key: move.source.blobs.read(key) for key in there}
    report, said = move.verify()
    assert report.exit_code == 1
    assert len(said) == 1


def test_what_lies_in_the_place_of_an_original_is_never_overwritten(move: Move) -> None:
    one = put(move.source)
    move.target.blobs.put(one.image, b"somebody else's")
    copied = move.copy()
    assert "the target has something else there" in copied.anomalies[0].what
    assert move.target.blobs.read(one.image) == b"somebody else's"


def test_an_original_that_arrived_already_is_not_sent_again(move: Move) -> None:
    one = put(move.source)
    move.target.blobs.put(one.image, move.source.blobs.read(one.image))
    before = move.target.blobs.stat(one.image)
    move.copy()
    assert move.target.blobs.stat(one.image) == before
    move.is_equal()


@pytest.mark.parametrize("what", ["its row", "its original", "its sidecar", "its tags there"])
def test_a_difference_that_somebody_makes_on_the_target_is_seen(move: Move, what: str) -> None:
    one = put(move.source)
    move.copy()
    target = move.target
    if what == "its row":
        with target.catalog.lock(OWNER):
            target.catalog.rebuild(OWNER, one.month, [])
    elif what == "its original":
        target.blobs.put(one.image, b"x" * one.bytes)
    elif what == "its sidecar":
        target.blobs.delete(one.folder.sidecar(one.id))
    else:
        target.edit(OWNER, one.id, tags=("there",))
    report, said = move.verify()
    assert (report.exit_code, len(said)) == (1, 1)
    assert said[0].startswith("+" if what == "its sidecar" else "*")


def test_of_a_thumbnail_alone_nothing_is_said(move: Move) -> None:
    move.source.blobs.put(ODD.thumb, THUMBNAIL)
    assert move.plan().anomalies == []
    assert move.verify()[0].signs.total() == 0
    assert ident(2) in ODD.thumb
