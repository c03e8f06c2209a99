"""An owner with 20 kB of room, on a server that takes files of at most 10 kB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.files import REFUSED, file, kept, panel, pick, row
from tests.browser.tiles import tiles
from tests.browser.watching import Watch
from tests.homes import Home
from tests.http.server import Server
from tests.images import png

pytestmark = pytest.mark.of_files


@pytest.fixture(scope="module")
def server(pages: Path, shared_home: Home) -> Iterator[Server]:
    with shared_home.served(quota_bytes=20_000, max_upload_bytes=10_000) as server:
        yield server


def test_a_file_that_is_too_large_is_not_sent(page: Page) -> None:
    page.goto("/")
    pick(page, file("large.png", png() + bytes(10_000)))
    expect(row(page, "large.png")).to_contain_text("larger than 10 kB")


def test_what_has_no_room_is_tried_again_when_there_is_some(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(REFUSED)
    page.goto("/")
    bodies = [png(seed=number) + bytes(9_400) for number in range(3)]
    pick(page, file("0.png", bodies[0]))
    expect(tiles(page)).to_have_count(1)
    pick(page, file("1.png", bodies[1]))
    expect(tiles(page)).to_have_count(2)
    pick(page, file("2.png", bodies[2]))
    expect(row(page, "2.png")).to_contain_text("There is not enough room for it.")
    expect(page.get_by_role("link", name=re.compile(r"You 9\d%"))).to_be_visible()
    visitor.post(f"/api/v1/images/{kept(visitor)[0]['id']}/delete")
    visitor.post("/api/v1/trash/empty", count=1)
    expect(tiles(page)).to_have_count(1)
    row(page, "2.png").get_by_role("button", name="Try again: 2.png").click()
    expect(tiles(page)).to_have_count(2)
    expect(panel(page)).to_contain_text("uploaded")
