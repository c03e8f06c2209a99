"""Links past the server: how long one is given again, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gallery.errors import NotFound
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.links import Cdn, Link, Links
from gallery.records import Record
from gallery.thumbnails import Thumbnails
from tests import images
from tests.samples import record, upload

CDN = Cdn("https://cdn.test/pictures")
MINUTE = 60


class Clock:
    """Set by hand, in minutes."""

    minutes = 0.0

    def __call__(self) -> float:
        return self.minutes * MINUTE


def given(links: Links, clock: Clock, minutes: float, of: Record) -> float:
    """For how many minutes the link that is given at that time still lives."""
    clock.minutes = minutes
    link = links.find(of, of.image, "view")
    assert link is not None
    return link.left(clock()) / MINUTE


def test_a_link_is_given_again_until_half_of_its_life_is_over(library: Library) -> None:
    links = Links(CDN, library.thumbnails, memory_bytes=1 << 20, clock=(clock := Clock()))
    one, two = record(1), record(2)
    assert [given(links, clock, minute, one) for minute in (0, 10, 29)] == [60, 50, 31]
    assert given(links, clock, 29, two) == 60
    assert [given(links, clock, minute, one) for minute in (30, 31)] == [60, 59]


def test_a_link_of_a_time_that_is_yet_to_come_is_not_trusted(library: Library) -> None:
    links = Links(CDN, library.thumbnails, memory_bytes=1 << 20, clock=(clock := Clock()))
    assert [given(links, clock, minute, record(1)) for minute in (20, 10, 15)] == [60, 60, 55]


def test_only_so_many_links_are_remembered(library: Library) -> None:
    links = Links(CDN, library.thumbnails, memory_bytes=4_000, clock=(clock := Clock()))
    for number in (1, 2, 3):
        assert given(links, clock, 0, record(number)) == 60
    assert [given(links, clock, 10, record(n)) for n in (3, 2, 1)] == [50, 50, 60]


def test_a_key_stands_in_a_url_as_urls_are_written() -> None:
    assert CDN.presigned("users/me/a b?c#d%é.png", "view") == (
        "https://cdn.test/pictures/users/me/a%20b%3Fc%23d%25%C3%A9.png"
    )


@pytest.mark.parametrize(
    ("base", "origin"),
    [
        ("https://cdn.test", "https://cdn.test"),
        ("https://cdn.test:8443/a/b", "https://cdn.test:8443"),
        ("http://[::1]:9000/a", "http://[::1]:9000"),
    ],
)
def test_the_origin_of_a_cdn_is_its_url_without_the_path(base: str, origin: str) -> None:
    assert Cdn(base).origin() == origin


# -- thumbnails -------------------------------------------------------------------------------


@pytest.fixture
def links(library: Library, imaging: Imaging) -> Links:
    return Links(CDN, Thumbnails(library.blobs, imaging), memory_bytes=1 << 20)


def test_a_thumbnail_is_looked_for_once_until_its_image_changes(
    library: Library, links: Links
) -> None:
    one = upload(library, images.png()).entry.record
    library.blobs.delete(one.thumb)
    assert isinstance(links.find(one, one.thumb, "view"), Link)
    made = library.blobs.read(one.thumb)
    assert made[8:12] == b"WEBP"
    library.blobs.delete(one.image)
    assert isinstance(links.find(one, one.thumb, "view"), Link)
    library.blobs.delete(one.thumb)
    assert isinstance(links.find(one, one.thumb, "embed"), Link)
    for changed in ((one.owner, one.id), ("", "")):
        links.forget(*changed)
        with pytest.raises(NotFound):
            links.find(one, one.thumb, "embed")


def test_what_was_made_again_under_another_key_has_no_link(library: Library, links: Links) -> None:
    """An older writer's thumbnail is a JPEG, and those of this software are not."""
    one = upload(library, images.png()).entry.record
    older = replace(one, thumb=one.thumb.replace(".webp", ".jpg"))
    library.blobs.delete(one.thumb)
    for _ in range(2):
        assert links.find(older, older.thumb, "view") is None
    assert library.blobs.read(one.thumb)[8:12] == b"WEBP"
