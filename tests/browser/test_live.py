"""The timeline is live: what happens elsewhere is seen, and nothing moves for it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.tiles import MIDDLE, scroll_down, tiles
from tests.browser.watching import Watch
from tests.images import png
from tests.samples import eventually
from tests.services.proxy import Proxy


def upload(visitor: Visitor, prompt: str) -> None:
    """From somewhere else."""
    answer = visitor.context.request.post(
        "/api/v1/images",
        multipart={
            "file": {"name": "new.png", "mimeType": "image/png", "buffer": png()},
            "meta": f'{{"prompt":"{prompt}"}}',
        },
    )
    assert answer.ok, answer.text()


def streams(visitor: Visitor) -> float:
    text = visitor.context.request.get("/metrics").text()
    found = re.search(r"^gallery_event_streams (\S+)", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_new_image_is_there_at_once_for_who_looks_at_the_newest(
    visitor: Visitor, page: Page
) -> None:
    visitor.fill(3)
    page.goto("/")
    expect(tiles(page)).to_have_count(3)
    upload(visitor, "a heron at dawn")
    expect(page.get_by_role("link", name="a heron at dawn")).to_be_visible()
    expect(page.locator(".pill")).to_have_count(0)


def test_new_images_wait_while_one_looks_further_down(visitor: Visitor, page: Page) -> None:
    visitor.fill(60, days=4)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    scroll_down(page, 900)
    before = page.evaluate(MIDDLE)
    upload(visitor, "the first")
    upload(visitor, "the second")
    pill = page.get_by_role("button", name="Show 2 new images")
    expect(pill).to_be_visible()
    assert page.evaluate(MIDDLE) == before
    pill.click()
    expect(page.get_by_role("link", name="the second")).to_be_visible()
    expect(pill).to_have_count(0)


def test_tabs_share_one_stream_and_all_are_told(visitor: Visitor, page: Page) -> None:
    visitor.fill(3)
    before = streams(visitor)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto("/")
        expect(tiles(tab)).to_have_count(3)
    eventually(lambda: streams(visitor) > before)
    assert streams(visitor) == before + 1
    upload(visitor, "seen twice")
    for tab in (page, other):
        expect(tab.get_by_role("link", name="seen twice")).to_be_visible()


def test_after_a_break_it_hears_what_happened_meanwhile(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive("ERR_|Failed to load")
    visitor.fill(3)
    page.goto("/")
    expect(tiles(page)).to_have_count(3)
    with wire.cut():
        expect(page.get_by_text("The server can’t be reached.")).to_be_visible(timeout=20_000)
        visitor.fill(1, said=lambda _: {"prompt": "made meanwhile"})
    expect(page.get_by_role("link", name="made meanwhile")).to_be_visible(timeout=40_000)
    expect(page.get_by_text("The server can’t be reached.")).to_have_count(0)


@pytest.mark.of_files
def test_what_was_changed_in_bulk_elsewhere_is_seen(visitor: Visitor, page: Page) -> None:
    visitor.fill(6)
    page.goto("/")
    expect(tiles(page)).to_have_count(6)
    visitor.post("/api/v1/images/bulk", action="favorite", filter={})
    expect(page.locator(".tile .heart")).to_have_count(6)
    visitor.post("/api/v1/images/bulk", action="delete", filter={})
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()


@pytest.mark.of_files
def test_images_that_were_never_looked_at_are_counted_right_when_they_go_and_come(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(450, days=0.001)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    grid = page.get_by_role("grid")
    for _ in range(2):
        visitor.post(f"/api/v1/images/{ids[440]}/delete")
        expect(grid).to_have_accessible_name("Timeline, 449 images")
        visitor.post(f"/api/v1/images/{ids[440]}/restore")
        expect(grid).to_have_accessible_name("Timeline, 450 images")
