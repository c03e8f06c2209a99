"""Objects of a bucket: what they say of themselves, and the links that lead to them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gallery.blobs.abilities import Linked, Purpose, SelfMarked
from gallery.blobs.s3 import S3Blobs, listing
from gallery.errors import NotFound
from gallery.keys import Folder
from tests.conformance.stores import LIBRARY
from tests.samples import OWNER, ident, spooled
from tests.services.s3 import Store

DAY, ONE = Folder(OWNER, "output", date(2026, 3, 14)), ident(1)
IMAGE, SIDECAR = DAY.image(ONE, "png"), DAY.sidecar(ONE)
pytestmark = pytest.mark.each_store


def test_an_object_says_what_it_is(store: Store, blobs: S3Blobs) -> None:
    blobs.put(IMAGE, spooled(blobs, b"pixels"))
    blobs.put(DAY.thumb(ONE), b"thumb")
    blobs.commit(DAY, ONE, b"{}")
    for key, mime, caching in (
        (IMAGE, "image/png", "private, max-age=31536000, immutable"),
        (DAY.thumb(ONE), "image/webp", "private, max-age=86400"),
        (SIDECAR, "application/json", "no-store"),
    ):
        found = store.client.head_object(Bucket=store.bucket, Key=store.prefix + key)
        assert (found["ContentType"], found["CacheControl"]) == (mime, caching)
        assert len(found["Metadata"]["sha256"]) == 64


def test_a_sidecar_replaced_twice_within_a_second_is_seen_to_differ(blobs: S3Blobs) -> None:
    first = blobs.commit(DAY, ONE, b"{1}")
    second = blobs.replace(DAY, ONE, b"{2}")
    assert first != second
    assert blobs.replace(DAY, ONE, b"{1}") == first
    (listed,) = blobs.list(SIDECAR)
    looked = blobs.stat(SIDECAR)
    assert (listed.size, listed.mtime_ns) == (first.size, first.mtime_ns)
    assert (looked.size, looked.mtime_ns) == (first.size, first.mtime_ns)
    assert first.mtime_ns < 1 << 63


def test_a_list_of_several_pages_is_whole(blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    names = [f"users/{owner}/x" for owner in ("anna", "bert", "carl", "dora", "emil")]
    for name in names:
        blobs.put(name, b"")
    assert [found.key for found in blobs.list("users/")] == names
    assert list(blobs.owners()) == ["anna", "bert", "carl", "dora", "emil"]


def test_an_image_says_that_a_put_of_this_library_wrote_it(store: Store, blobs: S3Blobs) -> None:
    assert isinstance(blobs, SelfMarked)
    before = int(time.time())
    blobs.put(IMAGE, b"pixels")
    written = blobs.put_at(IMAGE)
    assert written is not None
    assert before <= written <= time.time()
    store.drop(DAY.image(ident(2), "png"), b"pixels")
    assert blobs.put_at(DAY.image(ident(2), "png")) is None
    with pytest.raises(NotFound):
        blobs.put_at(DAY.image(ident(3), "png"))
    name: dict[str, Any] = {"Bucket": store.bucket, "Key": store.prefix + IMAGE}
    store.client.put_object(**name, Metadata={"gallery-put": f"{LIBRARY} 1234567890"})
    assert blobs.put_at(IMAGE) is None


def test_no_version_of_a_doomed_sidecar_is_left(store: Store, blobs: S3Blobs) -> None:
    store.keep_versions("Enabled")
    blobs.abilities = replace(blobs.abilities, versioning="on")
    for body in (b"{1}", b"{22}", b"{333}"):
        blobs.replace(DAY, ONE, body)
    blobs.put(SIDECAR + "x", b"another")
    blobs.doom(DAY, ONE)
    found = store.client.list_object_versions(Bucket=store.bucket, Prefix=store.prefix + SIDECAR)
    assert [version["Key"] for version in found["Versions"]] == [store.prefix + SIDECAR + "x"]
    assert "DeleteMarkers" not in found


# -- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("view", 3600), ("download", 86_400), ("embed", 604_800)]
)
def test_a_link_lasts_as_long_as_its_purpose_wants(
    blobs: S3Blobs, purpose: Purpose, seconds: int
) -> None:
    assert isinstance(blobs, Linked)
    blobs.put(IMAGE, b"pixels")
    url = blobs.presigned(IMAGE, purpose)
    assert url is not None
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == [str(seconds)]
    answer = httpx.get(url)
    assert (answer.content, answer.headers["content-type"]) == (b"pixels", "image/png")


def test_a_link_can_name_a_download(blobs: S3Blobs) -> None:
    blobs.put(IMAGE, b"pixels")
    name = "attachment; filename=\"_.png\"; filename*=UTF-8''%EB%8B%A4%EB%A6%AC.png"
    url = blobs.presigned(IMAGE, "download", disposition=name)
    assert url is not None
    assert httpx.get(url).headers["content-disposition"] == name
    blobs.abilities = replace(blobs.abilities, disposition=False)
    assert blobs.presigned(IMAGE, "download", disposition=name) is None
    url = blobs.presigned(IMAGE, "view")
    assert url is not None
    assert "response-content" not in url
    assert httpx.get(url).content == b"pixels"
    blobs.abilities = replace(blobs.abilities, presigned=False, disposition=True)
    assert blobs.presigned(IMAGE, "view") is None


def test_a_link_begins_with_the_origin_of_the_store(blobs: S3Blobs) -> None:
    url = blobs.presigned(IMAGE, "view")
    assert url is not None
    assert url.startswith(f"{blobs.origin()}/")
    assert urlsplit(blobs.origin()).path == ""


def test_a_link_says_the_type_whatever_the_object_says(store: Store, blobs: S3Blobs) -> None:
    for key, mime in ((IMAGE, "image/png"), (DAY.thumb(ONE), "image/webp")):
        store.client.put_object(
            Bucket=store.bucket, Key=store.prefix + key, Body=b"pixels", ContentType="text/html"
        )
        url = blobs.presigned(key, "view")
        assert url is not None
        assert httpx.get(url).headers["content-type"] == mime


def test_a_link_that_was_altered_leads_nowhere(blobs: S3Blobs) -> None:
    blobs.put(IMAGE, b"pixels")
    blobs.put(SIDECAR, b"{}")
    url = blobs.presigned(IMAGE, "view")
    assert url is not None
    for wrong in (url.replace(".png", ".json"), url.replace("3600", "9600"), url.split("?")[0]):
        assert 400 <= httpx.get(wrong).status_code < 500
