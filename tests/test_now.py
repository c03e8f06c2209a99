"""Pages below the ring that are answered on the event loop are the pages that any thread
would have given."""

from __future__ import annotations

import os
from dataclasses import replace

import orjson
import pytest

from gallery.catalog import Page
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from tests.conftest import Open
from tests.samples import NOON, OWNER, SECOND, apply, record

DAY_US = 86_400 * SECOND
TYPES = ("image/png", "image/jpeg", "image/webp")


def as_json(page: Page) -> object:
    return orjson.loads(b"[%b]" % b",".join(page.items)), page.total, page.next_cursor, page.version


@pytest.fixture
def catalog(opened: Open) -> ManifestCatalog:
    """60 images of three types and five months; one with an older writer's thumbnail, and
    prompts that look like what is cut out of the lines."""
    catalog = opened(ring=0)
    for n in range(60):
        prompt = f'{n} ","mime":"image/gif","thumb":"users/x/thumb/y.webp" "record":{{한국어'
        one = record(n, at=NOON + n * 2 * DAY_US, prompt=prompt, mime=TYPES[n % 3])
        if n == 30:
            one = replace(one, thumb=one.thumb.replace(".webp", ".jpg"))
        apply(catalog, "put", replace(one, extra={"x": {"thumb": "users/x/thumb/z.webp"}}))
    return catalog


def test_each_page_is_the_one_that_a_thread_gives(catalog: ManifestCatalog) -> None:
    for size in (1, 7, 20, 60, 100):
        for number in range(1, 60 // size + 3):
            query = Query(OWNER, size=size, page=number)
            expected = catalog.page(query)
            found = catalog.page_now(query)
            assert found is not None, query
            assert as_json(found) == as_json(expected), query


def test_each_page_after_a_cursor_is_too(catalog: ManifestCatalog) -> None:
    query = Query(OWNER, size=7)
    page = catalog.page(query)
    pages = 1
    while page.next_cursor:
        query = query.after(page.next_cursor)
        page = catalog.page(query)
        found = catalog.page_now(query)
        assert found is not None
        assert as_json(found) == as_json(page)
        pages += 1
    assert pages == 9


def test_a_file_that_somebody_else_wrote_to_is_left_to_a_thread(catalog: ManifestCatalog) -> None:
    query = Query(OWNER, size=7)
    catalog.page(query)
    assert catalog.page_now(query) is not None
    for month in catalog.months(OWNER):
        os.utime(catalog.mirror.held.folder.path(OWNER, month), ns=(1, 1))
    assert catalog.page_now(query) is None
    assert len(catalog.page(query).items) == 7
