"""Images that are changed in the viewer, or elsewhere while it shows them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.viewer import (
    IS_OPEN,
    NATURAL,
    SHOWN,
    button,
    comes_true,
    open_at,
    opened,
    tile,
)
from tests.browser.watching import until


def test_a_favourite_is_one_everywhere(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Favourite").click()
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page.locator(f'[data-id="{ids[1]}"] .heart')).to_be_visible()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{ids[1]}")["favorite"] is True)


def test_an_image_that_no_longer_matches_the_filter_stays_until_one_goes_on(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3, said=lambda _: {"favorite": True})
    page.goto(f"/image/{ids[1]}?favorite=1")
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    until(page, f"{NATURAL} > 0")
    button(page, "Favourite").click()
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(ids[2]))
    expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[0]))


def test_after_a_delete_the_next_image_is_shown_and_undo_brings_it_back(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(4)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Delete").click()
    opened(page, ids[2])
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    button(page, "Undo").click()
    expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[1]))
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{ids[1]}")["status"] == "active")


def test_an_image_of_the_trash_is_restored_or_deleted_for_ever_in_the_viewer(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3)
    visitor.post("/api/v1/images/bulk", action="delete", ids=ids)
    page.goto("/trash")
    shown = page.locator("main [data-id]").first.get_attribute("data-id")
    page.locator("main [data-id] a").first.click()
    until(page, IS_OPEN)
    expect(page.get_by_text("1 of 3", exact=True)).to_be_visible()
    button(page, "Restore").click()
    expect(page.get_by_text("1 of 2", exact=True)).to_be_visible()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{shown}")["status"] == "active")
    button(page, "Delete for ever").click()
    page.locator("dialog").get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
    comes_true(page, lambda: visitor.get("/api/v1/trash")["total"] == 1)


def test_after_the_last_image_was_deleted_the_viewer_is_gone(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(2)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Delete").click()
    opened(page, ids[0])
    button(page, "Delete").click()
    expect(page.get_by_text("Your gallery starts here")).to_be_visible()
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)


def test_an_image_that_is_deleted_elsewhere_gives_way_to_the_next(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(4)
    page.goto("/")
    tile(page, ids[0]).click()
    opened(page, ids[0])
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    opened(page, ids[1])
    expect(page.get_by_text("This is the next one")).to_be_visible()
    expect(page.get_by_text("1 of 3", exact=True)).to_be_visible()


def test_images_that_come_and_go_before_it_leave_the_shown_one_alone(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(6)
    page.goto("/")
    tile(page, ids[3]).click()
    opened(page, ids[3])
    before = page.locator(SHOWN).element_handle()
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    expect(page.get_by_text("3 of 5", exact=True)).to_be_visible()
    visitor.post(f"/api/v1/images/{ids[4]}/delete")
    expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(ids[3]))
    assert before is not None
    assert before.evaluate("(image) => image.isConnected")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(ids[5]))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[2]))


def test_an_image_is_copied_to_a_drawer_from_the_viewer(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(2)
    open_at(page, ids[1])
    button(page, "Copy to…").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.mouse.click(20, 400)
    expect(page.locator("dialog[open]")).to_have_count(0)
    button(page, "Copy to…").click()
    page.locator("dialog").get_by_role("button", name="Controls").click()
    expect(page.get_by_text("1 image copied to Controls")).to_be_visible()
    expect(page).to_have_url(re.compile(ids[1]))
    expect(button(page, "Copy to…")).to_be_focused()
    button(page, "Show").click()
    expect(page).to_have_url(re.compile("/controls$"))
    expect(page.locator(".pswp")).to_have_count(0)
    [copied] = visitor.get("/api/v1/images?kind=control")["items"]
    assert copied["parents"] == [ids[1]]
    tile(page, copied["id"]).click()
    opened(page, copied["id"])
    expect(button(page, "Copy to…")).to_have_count(0)
