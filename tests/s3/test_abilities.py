"""What a bucket's server can do, which is found out at the start, and what names a place."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from gallery.blobs.s3 import S3Blobs
from gallery.blobs.s3.client import Place
from gallery.blobs.s3.probe import Abilities
from gallery.errors import StartRefused, Unavailable
from gallery.keys import Folder
from tests.samples import OWNER, ident, spooled
from tests.services.documented import documented
from tests.services.s3 import Store

IMAGE = Folder(OWNER, "output", date(2026, 3, 14)).image(ident(1), "png")
pytestmark = pytest.mark.each_store
STATES: tuple[Literal["Enabled", "Suspended"], ...] = ("Enabled", "Suspended")


def found(store: Store, folder: Path) -> dict[str, str]:
    """The same, as a library says it at its start."""
    blobs = store.blobs(folder)
    blobs.start()
    blobs.close()
    return dict(ability.split(" ") for ability in str(blobs.abilities).split(", "))


def test_a_server_can_do_what_the_documents_say(store: Store, tmp_path: Path) -> None:
    said = documented("ability", store.server.name)
    assert said.pop("versioning") == "as set"
    # Where it isn't atomic, a race may still happen to have one winner.
    seen = [found(store, tmp_path)]
    while seen[-1]["conditional_put"] != said["conditional_put"] and len(seen) < 20:
        seen.append(found(store, tmp_path))
    assert seen[-1] == said | {"versioning": "off"}


def test_abilities_are_found_out_at_the_start(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gallery")
    blobs = store.blobs(tmp_path)
    blobs.start()
    assert blobs.abilities != Abilities()
    (line,) = [r.getMessage() for r in caplog.records if "sha256 yes" in r.getMessage()]
    assert line == f"{store.url}: {blobs.abilities}"
    assert store.names() == [".gallery/library.json", ".gallery/secret"]
    blobs.close()


def test_a_bucket_whose_versions_are_kept_is_known(store: Store, tmp_path: Path) -> None:
    found = []
    for state in STATES:
        store.keep_versions(state)
        blobs = store.blobs(tmp_path)
        blobs.start()
        found.append(blobs.abilities.versioning)
        blobs.close()
    assert found == ["on", "suspended"]


def test_what_the_store_does_not_compare_is_read_back(blobs: S3Blobs) -> None:
    for abilities in (Abilities(), Abilities(md5=True), Abilities(sha256=True)):
        blobs.abilities = abilities
        blobs.put(IMAGE, spooled(blobs, b"pixels"))
        assert blobs.read(IMAGE) == b"pixels"
    blobs.abilities = Abilities()
    spool = spooled(blobs, b"pixels")
    Path(spool.path).write_bytes(b"rotten")
    with pytest.raises(Unavailable, match="another body"):
        blobs.put(IMAGE, spool)


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://a.b-c/x/Y_1", "a.b-c", "x/Y_1/"),
    ],
)
def test_a_place_is_a_bucket_and_a_prefix(url: str, bucket: str, prefix: str) -> None:
    assert Place.parse(url) == Place(bucket, prefix)
    assert str(Place.parse(url)) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["s3://", "s3:bucket", "s3://B", "s3://bucket//x", "s3://bucket/../x", "s3://bucket/ä"]
)
def test_what_is_no_place_is_refused(url: str) -> None:
    with pytest.raises(StartRefused, match="GALLERY_BLOBS"):
        Place.parse(url)
