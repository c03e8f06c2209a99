"""The administrator's page: images of a user, and purging."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gallery.draft import DAY_US
from tests.browser import pictures
from tests.browser.admin import SHOWN, looking_at, sign_in, tiles, trashed
from tests.browser.conftest import Visitor
from tests.browser.pictures import Picture
from tests.browser.watching import Watch, until
from tests.homes import Apart

_URLS = """
window.urls = new Set();
const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (blob) => {
  const url = createObjectURL.call(URL, blob);
  window.urls.add(url);
  return url;
};
URL.revokeObjectURL = (url) => {
  window.urls.delete(url);
  revokeObjectURL.call(URL, url);
};
"""


# -- images of a user -----------------------------------------------------------------------


def test_images_of_a_user_are_shown_with_the_trash_a_page_after_the_other(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(64)
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    sign_in(page, f"#images?user_id={visitor.owner}")
    expect(page.get_by_text("60 of 64 shown")).to_be_visible()
    expect(tiles(page).locator(".badge")).to_have_count(1)
    until(page, f"{SHOWN} === 60")
    page.get_by_role("button", name="Show more").click()
    expect(tiles(page)).to_have_count(64)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    page.get_by_label("With trash").uncheck()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("60 of 63 shown")).to_be_visible()


@pytest.mark.of_files
def test_images_can_be_narrowed_to_dates(visitor: Visitor, page: Page) -> None:
    last = int(datetime(2026, 3, 14, 12, tzinfo=UTC).timestamp()) * 1_000_000
    visitor.fill(10, said=lambda n: {"created_at": last - n * DAY_US})
    sign_in(page, f"#images?user_id={visitor.owner}")
    expect(tiles(page)).to_have_count(10)
    day = "2026-03-10"
    page.get_by_label("From", exact=True).fill(day)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(tiles(page)).to_have_count(5)
    page.get_by_label("To", exact=True).fill(day)
    page.keyboard.press("Enter")
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("link", name="All dates").click()
    expect(tiles(page)).to_have_count(10)
    expect(page.get_by_label("From", exact=True)).to_have_value("")


@pytest.mark.of_files
def test_thumbnails_that_are_no_longer_shown_take_no_memory(visitor: Visitor, page: Page) -> None:
    visitor.fill(20)
    page.add_init_script(_URLS)
    sign_in(page, f"#images?user_id={visitor.owner}")
    until(page, "window.urls.size === 20")
    page.get_by_role("link", name="Server").click()
    until(page, "window.urls.size === 0")


@pytest.mark.of_files
def test_a_thumbnail_that_cannot_be_shown_is_said_to_be_so(visitor: Visitor, page: Page) -> None:
    visitor.fill(1)
    page.route("**/thumb/*", lambda route: route.fulfill(body=b"?", content_type="image/webp"))
    sign_in(page, f"#images?user_id={visitor.owner}")
    expect(tiles(page)).to_contain_text("The thumbnail cannot be shown.")


def test_thumbnails_are_shown_where_visitors_are_sent_to_the_bucket(
    apart: Apart, browser: Browser, pages: Path, drawn: list[Picture]
) -> None:
    """The page asks no other host, which need not let it."""
    pictures.fill(apart, "kim", drawn, 2, 1, lambda _: {})
    with apart.served(delivery="presigned") as server, looking_at(browser, server) as page:
        sign_in(page, "#images?user_id=kim")
        until(page, f"{SHOWN} === 2")


def test_an_image_is_moved_to_the_trash_and_brought_back(visitor: Visitor, page: Page) -> None:
    [id] = visitor.fill(1, said=lambda _: {"prompt": "a heron at dawn"})
    sign_in(page, f"#images?user_id={visitor.owner}")
    tile = page.get_by_role("button", name="a heron at dawn")
    tile.click()
    dialog = page.get_by_role("dialog", name="Image")
    expect(dialog.get_by_text(id)).to_be_visible()
    dialog.get_by_role("button", name="Move to trash").click()
    expect(tile).to_have_accessible_name(re.compile("Trash$"))
    expect(tile).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(tile).not_to_have_accessible_name(re.compile("Trash$"))
    assert visitor.get(f"/api/v1/images/{id}")["status"] == "active"

    visitor.post(f"/api/v1/images/{id}/delete")
    page.reload()
    tile.click()
    expect(dialog.get_by_text("Purged after")).to_be_visible()
    dialog.get_by_role("button", name="Restore").click()
    expect(tile).not_to_have_accessible_name(re.compile("Trash$"))
    assert visitor.get(f"/api/v1/images/{id}")["status"] == "active"


@pytest.mark.of_files
def test_an_image_that_was_purged_meanwhile_is_said_to_be_gone(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive("status of 404")
    [id] = visitor.fill(1)
    sign_in(page, f"#images?user_id={visitor.owner}")
    until(page, f"{SHOWN} === 1")
    visitor.post(f"/api/v1/images/{id}/delete")
    assert visitor.context.request.post(f"/api/v1/images/{id}/purge").ok
    tiles(page).click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("This image is no longer here.")).to_be_visible()


# -- purging --------------------------------------------------------------------------------


def test_trash_is_purged_once_its_plan_was_seen_and_the_count_typed(
    visitor: Visitor, page: Page
) -> None:
    trashed(visitor, 3)
    sign_in(page, f"#images?user_id={visitor.owner}")
    page.get_by_role("link", name="Purge their trash").click()
    page.get_by_role("button", name="Show what would go").click()
    expect(page.get_by_role("heading", name="What would go")).to_be_focused()
    expect(page.get_by_text(re.compile(r"3 images \([\d.]+ [kM]B\) of 1 user"))).to_be_visible()
    purge = page.get_by_role("button", name="Delete for ever")
    for text in ("", "2", "3x"):
        page.get_by_label("Type 3").fill(text)
        expect(purge).to_be_disabled()
    page.get_by_label("Type 3").fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 images deleted for ever.")).to_be_visible()
    assert visitor.get("/api/v1/trash")["total"] == 0


def test_when_the_trash_changed_since_the_plan_nothing_goes_and_the_new_plan_is_shown(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive("status of 409")
    trashed(visitor, 2)
    sign_in(page, f"#trash?user_id={visitor.owner}")
    page.get_by_role("button", name="Show what would go").click()
    page.get_by_label("Type 2").fill("2")
    [more] = visitor.fill(1)
    visitor.post(f"/api/v1/images/{more}/delete")
    page.get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_role("alert")).to_contain_text("The trash has changed meanwhile")
    assert visitor.get("/api/v1/trash")["total"] == 3
    page.get_by_label("Type 3").fill("3")
    page.get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_text("3 images deleted for ever.")).to_be_visible()


@pytest.mark.of_files
def test_younger_trash_and_that_of_others_is_not_in_the_plan(visitor: Visitor, page: Page) -> None:
    trashed(visitor, 1)
    sign_in(page, f"#trash?user_id={visitor.owner}")
    page.get_by_label("In the trash for at least").fill("1")
    page.get_by_role("button", name="Show what would go").click()
    expect(page.get_by_text("Nothing in the trash matches.")).to_be_visible()
    page.get_by_label("In the trash for at least").fill("0")
    expect(page.get_by_text("Nothing in the trash matches.")).to_have_count(0)
    page.get_by_label("User (empty: everybody)").fill("somebody-else")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing in the trash matches.")).to_be_visible()
