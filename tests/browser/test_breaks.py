"""A break heals by itself: what failed meanwhile is there again, and what was meant still is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.tiles import opened, tiles, toast
from tests.browser.viewer import comes_true
from tests.browser.watching import BROKEN, Watch, until
from tests.services.proxy import Proxy

pytestmark = pytest.mark.of_files
SHOWN = "[...document.querySelectorAll('.tile img')].filter((one) => one.naturalWidth).length"


def test_thumbnails_that_did_not_come_do_when_the_server_is_back(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    page.route("**/thumb/*", lambda route: route.abort())
    opened(page)
    expect(page.locator(".tile .broken")).to_have_count(2)
    page.unroute("**/thumb/*")
    with wire.cut():
        expect(page.get_by_text("The server can’t be reached.")).to_be_visible()
    until(page, f"{SHOWN} === 2", seconds=20)


def test_the_trash_that_could_not_load_does_so_when_the_server_is_back(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    images = visitor.fill(2)
    visitor.post("/api/v1/images/bulk", action="delete", ids=images)
    page.goto("/trash")
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("link", name="Inputs").click()
    with wire.cut():
        page.get_by_role("link", name="Trash").click()
        expect(page.get_by_role("heading", name="The images can’t be shown")).to_be_visible()
    expect(tiles(page)).to_have_count(2, timeout=20_000)


def test_an_undo_that_did_not_come_through_can_be_tried_again(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    (image,) = visitor.fill(1)
    opened(page).first.locator("a").focus()
    page.keyboard.press("Delete")
    expect(toast(page, "1 image moved to the trash")).to_be_visible()
    page.route("**/restore", lambda route: route.abort())
    page.keyboard.press("Control+z")
    failed = toast(page, "The server can’t be reached.")
    expect(failed).to_be_visible()
    page.unroute("**/restore")
    failed.get_by_role("button", name="Undo").click()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{image}")["status"] == "active")
    expect(tiles(page)).to_have_count(1)


def test_a_page_is_not_left_unasked_while_a_change_is_on_its_way(
    visitor: Visitor, page: Page
) -> None:
    """It is shown as done already."""
    images = visitor.fill(2)
    held: list[Route] = []
    page.route("**/delete", lambda route: held.append(route))
    opened(page).first.locator("a").click()
    page.keyboard.press("Escape")
    tiles(page).first.locator("a").focus()
    page.keyboard.press("Delete")
    expect(tiles(page)).to_have_count(1)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    held[0].continue_()
    comes_true(page, lambda: visitor.get("/api/v1/images")["total"] == len(images) - 1)
