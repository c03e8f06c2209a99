"""What is particular to a bucket: what its servers can do, links, versions, and faults."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gallery.blobs.abilities import Linked, Purpose, SelfMarked
from gallery.blobs.s3 import S3Blobs, listing
from gallery.blobs.s3.client import Patience, Place
from gallery.blobs.s3.probe import Abilities
from gallery.errors import NotFound, StartRefused, StorageFull, Unavailable, Unsure
from gallery.keys import Folder
from tests.samples import OWNER, ident, spooled
from tests.services.documented import documented
from tests.services.proxy import Fault, How, Proxy, request, status
from tests.services.s3 import Store

DAY, ONE = Folder(OWNER, "output", date(2026, 3, 14)), ident(1)
IMAGE, SIDECAR = DAY.image(ONE, "png"), DAY.sidecar(ONE)
pytestmark = pytest.mark.each_store
LIBRARY = "3f0c1d52-8f0e-4a3b-9d51-0a5f2f7d9c11"
STATES: tuple[Literal["Enabled", "Suspended"], ...] = ("Enabled", "Suspended")
SLOW_DOWN = status(503, "Slow Down", b"<Error><Code>SlowDown</Code></Error>")


@pytest.fixture
def blobs(store: Store, tmp_path: Path) -> Iterator[S3Blobs]:
    blobs = store.blobs(tmp_path)
    blobs.start()
    yield blobs
    blobs.close()


@pytest.fixture
def far(store: Store, proxy: Proxy, tmp_path: Path) -> Iterator[S3Blobs]:
    """Started, and reached through the proxy."""
    blobs = store.blobs(tmp_path, port=proxy.port)
    blobs.start()
    yield blobs
    blobs.close()


# -- what it can do ---------------------------------------------------------------------------


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


# -- objects ----------------------------------------------------------------------------------


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


# -- starting ---------------------------------------------------------------------------------


def test_a_bucket_keeps_its_library(store: Store, blobs: S3Blobs, tmp_path: Path) -> None:
    again = store.blobs(tmp_path)
    again.start()
    assert (again.library, again.secret()) == (blobs.library, blobs.secret())
    again.close()


def test_a_bucket_of_another_library_is_refused(
    store: Store, blobs: S3Blobs, tmp_path: Path
) -> None:
    wrong = store.blobs(tmp_path, LIBRARY)
    with pytest.raises(StartRefused, match="another library"):
        wrong.start()
    wrong.close()


def test_a_library_of_a_newer_format_is_refused(store: Store, tmp_path: Path) -> None:
    store.drop(".gallery/library.json", b'{"format":2,"library":"%b"}' % LIBRARY.encode())
    blobs = store.blobs(tmp_path)
    with pytest.raises(StartRefused, match="format 2 is newer"):
        blobs.start()
    blobs.close()


def test_a_bucket_that_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    store.client.delete_bucket(Bucket=store.bucket)
    blobs = store.blobs(tmp_path)
    with pytest.raises(StartRefused, match="NoSuchBucket"):
        blobs.start()
    blobs.close()


def test_an_empty_bucket_is_no_library_that_is_known(store: Store, tmp_path: Path) -> None:
    blobs = store.blobs(tmp_path, LIBRARY)
    blobs.start()
    with pytest.raises(Unavailable, match="is not there"):
        blobs.put(IMAGE, b"pixels")
    assert store.names() == []
    blobs.close()


def test_a_bucket_that_vanishes_proves_nothing(store: Store, blobs: S3Blobs) -> None:
    with pytest.raises(NotFound):
        blobs.stat(IMAGE)
    for name in store.names():
        store.client.delete_object(Bucket=store.bucket, Key=store.prefix + name)
    with pytest.raises(Unavailable):
        blobs.stat(IMAGE)


def test_wrong_credentials_are_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store.server, "secret_key", "wrong")
    blobs = store.blobs(tmp_path, LIBRARY)
    blobs.start()
    with pytest.raises(Unavailable, match="SignatureDoesNotMatch"):
        blobs.check()
    assert "the store refuses its credentials" in caplog.text
    blobs.close()


# -- faults -----------------------------------------------------------------------------------


def test_a_store_that_says_slow_down_is_asked_again(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(answer=SLOW_DOWN, times=1)):
        far.put(IMAGE, b"pixels")
        assert proxy.befallen == 1
    with proxy.broken(Fault(answer=status(500), times=1)):
        assert far.read(IMAGE) == b"pixels"
        assert proxy.befallen == 1


def test_a_store_that_goes_on_failing_is_unavailable(far: S3Blobs, proxy: Proxy) -> None:
    far.put(IMAGE, b"pixels")
    with proxy.broken(Fault(answer=SLOW_DOWN)), pytest.raises(Unavailable, match="SlowDown"):
        far.read(IMAGE)
    with proxy.broken(Fault(answer=status(507))), pytest.raises(StorageFull):
        far.put(IMAGE, b"pixels")
    assert far.read(IMAGE) == b"pixels"


@pytest.mark.parametrize("body", [b"", b"<html>a portal</html>"], ids=["empty", "html"])
def test_an_answer_that_is_no_list_is_no_empty_list(
    far: S3Blobs, proxy: Proxy, body: bytes
) -> None:
    far.put(IMAGE, b"pixels")
    strange = status(200, "OK", body)
    with (
        proxy.broken(Fault(request("GET", "list-type=2"), answer=strange)),
        pytest.raises(Unavailable),
    ):
        list(far.list("users/"))
    assert [found.key for found in far.list("users/")] == [IMAGE]


def test_a_body_that_is_cut_short_is_asked_for_again(far: S3Blobs, proxy: Proxy) -> None:
    body = bytes(range(256)) * 4000
    far.put(IMAGE, body)
    with proxy.broken(Fault(request("GET", ".png"), reset_after=100_000, times=1)):
        assert far.read(IMAGE) == body
        assert proxy.befallen == 1
    with (
        proxy.broken(Fault(request("GET", ".png"), reset_after=100_000)),
        pytest.raises(Unavailable),
    ):
        far.read(IMAGE)


@pytest.mark.parametrize("how", ["cut", "claimed"])
def test_half_a_body_is_never_taken_for_the_whole(far: S3Blobs, proxy: Proxy, how: How) -> None:
    body = bytes(range(256)) * 400
    far.put(IMAGE, body)
    with proxy.broken(Fault(request("GET", ".png"), half=how, times=1)):
        assert far.read(IMAGE) == body
        assert proxy.befallen == 1
    with (
        proxy.broken(Fault(request("GET", ".png"), half=how)),
        pytest.raises(Unavailable),
    ):
        far.read(IMAGE, 1000, 5000)
    assert far.read(IMAGE, 1000, 5000) == body[1000:6000]
    assert far.read(IMAGE, len(body) - 10) == body[-10:]


@pytest.mark.filterwarnings("ignore:tzname")  # half a date is one of the answers
def test_an_answer_that_ends_within_its_head_is_no_empty_object(far: S3Blobs, proxy: Proxy) -> None:
    """Wherever that is."""
    far.put(IMAGE, b"pixels")
    for end in range(20, 420, 40):
        with proxy.broken(Fault(request("GET", ".png"), reset_after=end, times=1)):
            assert far.read(IMAGE) == b"pixels"
            assert proxy.befallen == 1
        with proxy.broken(Fault(request("HEAD", ".png"), reset_after=end, times=1)):
            try:
                assert far.stat(IMAGE).mtime_ns
            except Unavailable:
                assert proxy.befallen == 1


def test_a_put_whose_reply_is_lost_is_sent_again(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(request("PUT"), reset_after=0, times=1)):
        far.put(IMAGE, spooled(far, b"pixels"))
        assert proxy.befallen == 1
    assert far.read(IMAGE) == b"pixels"


def test_a_store_that_hangs_is_given_up(store: Store, proxy: Proxy, tmp_path: Path) -> None:
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(1, 0.3, 1))
    blobs.start()
    with proxy.broken(Fault(delay=1)), pytest.raises(Unavailable, match="Read timeout"):
        blobs.stat(IMAGE)
    blobs.close()


def test_a_commit_whose_reply_is_lost_for_good_is_unsure(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(request("PUT", ".json"), reset_after=0)), pytest.raises(Unsure):
        far.commit(DAY, ONE, b"{}")
    assert far.read(SIDECAR) == b"{}"


def test_a_store_that_was_away_at_the_start_is_found_later(
    store: Store, blobs: S3Blobs, proxy: Proxy, tmp_path: Path
) -> None:
    blobs.put(IMAGE, b"pixels")
    with proxy.cut():
        unknown = store.blobs(tmp_path, port=proxy.port)
        with pytest.raises(StartRefused):
            unknown.start()
        unknown.close()
        late = store.blobs(tmp_path, blobs.library, port=proxy.port)
        late.start()
        with pytest.raises(Unavailable):
            late.read(IMAGE)
    until = time.monotonic() + 10
    while True:
        try:
            assert late.read(IMAGE) == b"pixels"
            break
        except Unavailable:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert late.abilities.sha256
    late.close()
