"""Bad uploads: each a problem that names itself, and nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

from gallery.api import receive
from tests import images
from tests.homes import Home
from tests.http.site import Site, refused, upload, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


PNG = images.png()
GIF = images.saved(images.picture().convert("P"), "GIF")
BOUNDARY = "boundary"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, data: bytes, *, filename: str | None = None, more: str = "") -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{more}\r\n'
    return head.encode() + data + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
FILE = part("file", PNG, filename="a.png")
DAMAGED: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 415, "unsupported_image"),
    "text": (b"not an image at all" * 9, 415, "unsupported_image"),
    "a GIF": (GIF, 415, "unsupported_image"),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "unsupported_image"),
    "a signature alone": (PNG[:8], 422, "damaged_image"),
    "a truncated PNG": (images.truncated(images.png(300, 300)), 422, "damaged_image"),
    "a truncated JPEG": (images.truncated(images.jpeg(300, 300)), 422, "damaged_image"),
    "a truncated WebP": (images.truncated(images.webp(300, 300)), 422, "damaged_image"),
    "a wrong checksum": (PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:], 422, "damaged_image"),
    "too many pixels": (images.png_bomb(1_001, 1_000), 422, "too_many_pixels"),
    "a bomb": (images.png_bomb(30_000, 2), 201, ""),
}
BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "bad_body"),
    "no part": (END, 400, "file_missing"),
    "no file": (part("meta", b"{}") + END, 400, "file_missing"),
    "no end": (FILE, 400, "bad_body"),
    "cut within the file": (FILE[:150], 400, "bad_body"),
    "not multipart at all": (PNG, 400, "bad_body"),
    "another boundary": (FILE.replace(b"--boundary", b"--another") + END, 400, "file_missing"),
    "two files": (FILE + FILE + END, 400, "unexpected_part"),
    "two metas": (FILE + part("meta", b"{}") * 2 + END, 400, "unexpected_part"),
    "an unknown field": (FILE + part("colour", b"red") + END, 400, "unexpected_part"),
    "a nameless part": (FILE + part("", b"red") + END, 400, "unexpected_part"),
    "too many parts": (
        b"".join(part(f"p{n}", b"") for n in range(9)) + END,
        400,
        "unexpected_part",
    ),
    "endless headers": (part("file", PNG, more="X-A: b\r\n" * 5_000) + END, 400, "too_many_parts"),
    "a long header": (
        part("file", PNG, more=f"X: {'y' * 99_999}\r\n") + END,
        400,
        "too_many_parts",
    ),
    "a large field": (FILE + part("meta", b" " * 300_000) + END, 413, "field_too_large"),
    "meta first, and bad": (part("meta", b"{") + FILE + END, 400, "bad_meta"),
}
METAS: list[bytes] = [
    b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"seed": -1}', b'{"seed": 18446744073709551616}',
    b'{"seed": "x"}', b'{"prompt": 7}', b'{"prompt": "' + b"x" * 20_001 + b'"}',
    b'{"tags": "night"}', b'{"tags": [""]}', b'{"tags": [" "]}', b'{"parents": ["x"]}',
    b'{"favorite": "often"}', b'{"aspect_ratio": "wide"}', b'{"model": ""}', b'{"unknown": 1}',
    b'{"id": "' + b"a" * 32 + b'"}', b'{"owner": "member-1"}', b'{"prompt": "\\ud800"}',
    b"[" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name, case in DAMAGED.items() if case[1] != 201])
@pytest.mark.parametrize("path", ["/api/v1/images", "/api/v1/inputs/upload"])
async def test_what_is_no_whole_image_is_refused_and_nothing_kept(
    site: Site, visitor: httpx.AsyncClient, name: str, path: str
) -> None:
    data, status, code = DAMAGED[name]
    await uploaded(visitor)
    before = site.kept()
    refused(await upload(visitor, data, to=path), status, code)
    assert site.kept() == before


@pytest.mark.parametrize("name", BODIES)
async def test_what_is_no_upload_is_refused_and_nothing_kept(
    site: Site, visitor: httpx.AsyncClient, name: str
) -> None:
    body, status, code = BODIES[name]
    before = site.kept()
    answer = await visitor.post("/api/v1/images", content=body, headers=MULTIPART)
    refused(answer, status, code)
    assert site.kept() == before


@pytest.mark.parametrize("meta", METAS, ids=lambda meta: meta[:24].decode("latin-1"))
async def test_malformed_meta_is_refused_and_nothing_kept(
    site: Site, visitor: httpx.AsyncClient, meta: bytes
) -> None:
    before = site.kept()
    files = {"file": ("a.png", PNG), "meta": (None, meta)}
    refused(await visitor.post("/api/v1/images", files=files), 400, "bad_meta")
    assert site.kept() == before


@pytest.mark.parametrize(
    "kind", ["", "application/json", "image/png", "multipart/form-data",
             "multipart/mixed; boundary=x", 'multipart/form-data; boundary=""']
)  # fmt: skip
async def test_an_upload_is_multipart_form_data(visitor: httpx.AsyncClient, kind: str) -> None:
    headers = {"content-type": kind}
    answer = await visitor.post("/api/v1/images", content=FILE + END, headers=headers)
    refused(answer, 415, "not_multipart")


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_bad_idempotency_key_is_refused(
    site: Site, visitor: httpx.AsyncClient, key: str
) -> None:
    before = site.kept()
    answer = await upload(visitor, headers={"idempotency-key": key})
    refused(answer, 400, "bad_idempotency_key")
    assert site.kept() == before


async def test_a_wide_image_within_the_limit_of_pixels_is_taken(visitor: httpx.AsyncClient) -> None:
    data, status, _ = DAMAGED["a bomb"]
    assert (await upload(visitor, data)).status_code == status


class Counted:
    """A body that notes how much of it was asked for."""

    def __init__(self, chunks: int) -> None:
        self.chunks, self.sent = chunks, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield part("file", b"", filename="a.png")[:-2]
        while self.sent < self.chunks:
            self.sent += 1
            yield b"x" * 65_536


@pytest.fixture
async def small(home: Home) -> AsyncIterator[Site]:
    """A site that takes 200,000 bytes, and waits 50 ms for more of them."""
    async with home.site(max_upload_bytes=200_000, body_seconds=0.05).running() as site:
        yield site


async def test_a_body_that_says_it_is_too_large_is_refused_unread(small: Site) -> None:
    body, before = Counted(1_000), small.kept()
    headers = MULTIPART | {"content-length": "10000000"}
    async with small.client() as client:
        answer = await client.post("/api/v1/images", content=body, headers=headers)
    refused(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert small.kept() == before
    assert body.sent == 0


async def test_a_body_that_grows_too_large_is_cut_off(small: Site) -> None:
    body, before = Counted(1_000), small.kept()
    async with small.client() as client:
        answer = await client.post("/api/v1/images", content=body, headers=MULTIPART)
    refused(answer, 413, "body_too_large")
    assert small.kept() == before
    assert body.sent < body.chunks // 10


async def test_a_body_that_stops_coming_is_given_up(small: Site) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield FILE[:100]
        await asyncio.Event().wait()

    before = small.kept()
    async with small.client() as client:
        answer = await client.post("/api/v1/images", content=stalling(), headers=MULTIPART)
    refused(answer, 408, "body_timeout")
    assert answer.headers["connection"] == "close"
    assert small.kept() == before


async def test_the_largest_image_that_is_allowed_is_taken(home: Home) -> None:
    data = images.png()
    async with (
        home.site(max_upload_bytes=len(data)).running() as site,
        site.client() as client,
    ):
        assert (await upload(client, data)).status_code == 201
        refused(await upload(client, data + b"\0"), 413, "body_too_large")


async def test_a_body_that_comes_in_drops_is_given_up(
    small: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield FILE[:100]
        while True:
            await asyncio.sleep(0.005)
            yield b"x"

    monkeypatch.setattr(receive, "SLOWEST", 100 << 20)
    before = small.kept()
    async with small.client() as client:
        answer = await client.post("/api/v1/images", content=dripping(), headers=MULTIPART)
    refused(answer, 408, "body_timeout")
    assert small.kept() == before


async def test_a_bad_upload_spoils_no_other(site: Site, visitor: httpx.AsyncClient) -> None:
    bad = [upload(visitor, data) for data, status, _ in DAMAGED.values() if status != 201]
    answers = await asyncio.gather(*bad, *(upload(visitor, PNG) for _ in range(4)))
    assert [answer.status_code for answer in answers[-4:]] == [201] * 4
    assert all(400 <= answer.status_code < 500 for answer in answers[:-4])
    assert orjson.loads((await visitor.get("/api/v1/images")).content)["total"] == 4
