"""Parts of an image: Range, If-Range, and what isn't either."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import images
from tests.http.site import Site, uploaded

pytestmark = [pytest.mark.anyio, pytest.mark.each_store]


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


DATA = images.png() + bytes(range(256)) * 8
SIZE = len(DATA)


@pytest.fixture
async def record(visitor: httpx.AsyncClient) -> Any:
    return await uploaded(visitor, DATA)


PARTS = {
    "bytes=0-0": (0, 1),
    "bytes=0-99": (0, 100),
    "bytes=100-": (100, SIZE),
    "bytes=-7": (SIZE - 7, SIZE),
    f"bytes=-{SIZE + 100}": (0, SIZE),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    f"bytes=5-{SIZE + 100}": (5, SIZE),
    "bytes=0-": (0, SIZE),
    "BYTES=3-4": (3, 5),
    "bytes = 3-4": (3, 5),
}
IGNORED = [
    "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=--5", "bytes=1-2-3",
    "bytes=+1-2", "bytes=0-1,4-5", "bytes=0-1,", "items=0-1", "0-1", "", "bytes=0x1-2",
    f"bytes=0-{'9' * 5_000}", f"bytes={'9' * 5_000}-", "bytes=٠-١",
]  # fmt: skip
UNSATISFIABLE = [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", f"bytes={'9' * 30}-"]


@pytest.mark.parametrize("header", PARTS)
async def test_a_range_is_answered_with_just_that_part(
    visitor: httpx.AsyncClient, record: Any, header: str
) -> None:
    start, end = PARTS[header]
    answer = await visitor.get(record["url"], headers={"range": header})
    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["etag"] == f'"{record["sha256"]}"'
    head = await visitor.head(record["url"], headers={"range": header})
    assert (head.status_code, head.content) == (206, b"")
    assert head.headers == answer.headers


@pytest.mark.parametrize("header", IGNORED, ids=lambda header: header[:20])
async def test_what_is_not_one_range_is_ignored(
    visitor: httpx.AsyncClient, record: Any, header: str
) -> None:
    answer = await visitor.get(record["url"], headers={b"range": header.encode()})
    assert (answer.status_code, answer.content) == (200, DATA)
    assert "content-range" not in answer.headers


@pytest.mark.parametrize("header", UNSATISFIABLE, ids=lambda header: header[:20])
async def test_a_range_beyond_the_end_is_416(
    visitor: httpx.AsyncClient, record: Any, header: str
) -> None:
    answer = await visitor.get(record["url"], headers={"range": header})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


async def test_a_thumbnail_has_ranges_too(visitor: httpx.AsyncClient, record: Any) -> None:
    whole = await visitor.get(record["thumb_url"])
    part = await visitor.get(record["thumb_url"], headers={"range": "bytes=8-11"})
    assert (part.status_code, part.content) == (206, b"WEBP")
    assert part.headers["content-range"] == f"bytes 8-11/{len(whole.content)}"
    assert part.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("url", ["url", "thumb_url"])
async def test_a_range_of_another_version_gets_the_whole(
    visitor: httpx.AsyncClient, record: Any, url: str
) -> None:
    whole = await visitor.get(record[url])
    wanted = {"range": "bytes=0-3"}
    same = {"if-range": whole.headers["etag"]}
    assert (await visitor.get(record[url], headers=wanted | same)).status_code == 206
    for other in ('"other"', f"W/{whole.headers['etag']}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        answer = await visitor.get(record[url], headers=wanted | {"if-range": other})
        assert (answer.status_code, answer.content) == (200, whole.content)


async def test_a_part_that_the_client_has_is_not_sent_again(
    visitor: httpx.AsyncClient, record: Any
) -> None:
    headers = {"range": "bytes=0-3", "if-none-match": f'"{record["sha256"]}"'}
    assert (await visitor.get(record["url"], headers=headers)).status_code == 304


async def test_a_download_can_be_resumed(visitor: httpx.AsyncClient, record: Any) -> None:
    url = record["url"] + "?download=1"
    answer = await visitor.get(url, headers={"range": "bytes=100-"})
    assert (answer.status_code, answer.content) == (206, DATA[100:])
    assert answer.headers["content-disposition"].startswith("attachment")
