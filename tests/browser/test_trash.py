"""What is deleted can be had back: at once, or from the trash, as long as it is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, Look, shot
from tests.browser.tiles import (
    TILE,
    are_drawn,
    bar,
    becomes,
    check,
    ids,
    opened,
    says_all,
    tile,
    toast,
)
from tests.browser.viewer import comes_true
from tests.browser.watching import Watch
from tests.services.proxy import Fault, Proxy, request

NOT_THERE = r"net::ERR|status of 409"
UNSURE = "It isn’t known whether anything was changed."


def trashed(visitor: Visitor) -> int:
    return int(visitor.get("/api/v1/trash")["total"])


def delete(visitor: Visitor, images: list[str]) -> None:
    visitor.post("/api/v1/images/bulk", action="delete", ids=images)


def test_a_deleted_image_is_gone_at_once_and_undo_brings_it_back(
    visitor: Visitor, page: Page
) -> None:
    first, *_ = visitor.fill(6)
    opened(page)
    check(tile(page, first))
    bar(page).get_by_role("button", name="Move to the trash").click()
    expect(tile(page, first)).to_have_count(0)
    expect(bar(page)).to_have_count(0)
    toast(page, "1 image moved to the trash").get_by_role("button", name="Undo").click()
    expect(tile(page, first)).to_have_count(1)
    expect(page.locator(".toast")).to_have_count(0)
    becomes(page, lambda: trashed(visitor), 0)


@pytest.mark.of_files
def test_a_deleted_thousand_comes_back_with_one_undo(visitor: Visitor, page: Page) -> None:
    visitor.fill(1000)
    opened(page)
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("All 1,000 selected")
    bar(page).get_by_role("button", name="Move to the trash").click()
    expect(page.locator(TILE)).to_have_count(0)
    undo = toast(page, "1,000 images moved to the trash").get_by_role("button", name="Undo")
    undo.click()
    expect(toast(page, "Undone")).to_be_visible(timeout=60_000)
    says_all(page, 1000)
    assert (trashed(visitor), len(visitor.get("/api/v1/images?size=200")["items"])) == (0, 200)


def test_what_could_not_be_deleted_is_put_back_and_said(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(NOT_THERE)
    watch.forgive("status of 404")
    images = visitor.fill(4)
    opened(page)
    are_drawn(page, images)
    for image in images[:2]:
        check(tile(page, image))
    with wire.cut():
        bar(page).get_by_role("button", name="Move to the trash").click()
        expect(page.locator(TILE)).to_have_count(2)
        expect(toast(page, UNSURE + " The server can’t be reached.")).to_be_visible()
        are_drawn(page, images)
    assert trashed(visitor) == 0
    page.keyboard.press("Control+z")
    expect(toast(page, "There is nothing to undo")).to_be_visible()
    expect(page.locator(TILE)).to_have_count(4)


@pytest.mark.parametrize(("count", "path"), [(1, "/delete"), (2, "/images/bulk")])
def test_what_was_deleted_although_its_answer_was_lost_is_gone_and_undo_brings_it_back(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch, count: int, path: str
) -> None:
    watch.forgive(NOT_THERE)
    images = visitor.fill(4)
    opened(page)
    for image in images[:count]:
        check(tile(page, image))
    with wire.broken(Fault(request("POST", path), reset_after=0)):
        bar(page).get_by_role("button", name="Move to the trash").click()
        expect(toast(page, UNSURE)).to_be_visible()
    expect(page.locator(TILE)).to_have_count(4 - count)
    assert trashed(visitor) == count
    toast(page, UNSURE).get_by_role("button", name="Undo").click()
    if count > 1:  # what became of one shows
        expect(toast(page, "Undone")).to_be_visible()
    expect(page.locator(TILE)).to_have_count(4)
    becomes(page, lambda: trashed(visitor), 0)


def test_two_deletions_are_undone_one_after_the_other(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(5)
    opened(page)
    for image in images[:2]:
        tile(page, image).locator("a").focus()
        page.keyboard.press("Delete")
        expect(tile(page, image)).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(tile(page, images[1])).to_have_count(1)
    expect(tile(page, images[0])).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(tile(page, images[0])).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(toast(page, "There is nothing to undo")).to_be_visible()


def test_two_changes_of_the_same_images_are_undone_one_after_the_other(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(4)
    opened(page)
    for image in images[:2]:
        check(tile(page, image))
    page.keyboard.press("f")
    expect(toast(page, "2 images added to the favourites")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.locator(TILE)).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator(TILE)).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(page.locator(".heart")).to_have_count(0)
    comes_true(page, lambda: hearts_and_deleted(visitor) == (0, 0))
    expect(page.get_by_text("The others have changed since")).to_have_count(0)


def hearts_and_deleted(visitor: Visitor) -> tuple[int, int]:
    hearts = visitor.get("/api/v1/images?favorite=1&count=1")["total"]
    return hearts, trashed(visitor)


def test_the_trash_says_how_long_things_stay(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(5)
    delete(visitor, images[3:])
    opened(page, "/trash")
    expect(page.locator("main")).to_contain_text("stays here for 30 days")
    expect(page.locator(".day h2")).to_have_text("30 days left")
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=27))
    opened(page, "/trash")
    expect(page.locator(".day h2")).to_have_text("3 days left")
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=30))
    opened(page, "/trash")
    expect(page.locator(".day h2")).to_have_text("Goes today")


def test_an_image_is_restored_from_the_trash_and_undo_puts_it_there_again(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(5)
    delete(visitor, images[:3])
    opened(page, "/trash")
    check(tile(page, images[1]))
    bar(page).get_by_role("button", name="Restore").click()
    expect(tile(page, images[1])).to_have_count(0)
    expect(page.locator(TILE)).to_have_count(2)
    toast(page, "1 image restored").get_by_role("button", name="Undo").click()
    expect(tile(page, images[1])).to_have_count(1)
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("All 3 selected")
    bar(page).get_by_role("button", name="Restore").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.get_by_role("link", name="Images", exact=True).click()
    expect(page.locator(TILE)).to_have_count(5, timeout=20_000)


def test_nothing_is_deleted_for_ever_unless_that_is_confirmed(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    delete(visitor, images)
    opened(page, "/trash")
    tile(page, images[0]).locator("a").focus()
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete for ever?")
    expect(dialog).to_be_visible()
    shot(page, "trash purge")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(TILE)).to_have_count(3)
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Delete for ever").click()
    expect(tile(page, images[0])).to_have_count(0)
    expect(toast(page, "1 image deleted for ever")).to_be_visible()
    becomes(page, lambda: trashed(visitor), 2)


def test_the_trash_is_emptied_only_with_its_count_typed(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(7)
    delete(visitor, images[:3])
    opened(page, "/trash")
    page.get_by_role("button", name="Empty the trash").click()
    dialog = page.get_by_role("dialog", name="Delete 3 images for ever?")
    button = dialog.get_by_role("button", name="Empty the trash")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill("33")
    expect(button).to_be_disabled()
    page.keyboard.press("Enter")
    dialog.get_by_role("textbox").fill("3")
    delete(visitor, images[3:4])  # elsewhere, meanwhile
    now = page.get_by_role("dialog", name="Delete 4 images for ever?")
    expect(now.get_by_role("button", name="Empty the trash")).to_be_disabled()
    assert trashed(visitor) == 4
    now.get_by_role("textbox").fill("4")
    now.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    expect(toast(page, "4 images deleted for ever")).to_be_visible()
    assert (trashed(visitor), visitor.get("/api/v1/me")["count"]) == (0, 3)


def test_a_trash_that_has_changed_unseen_is_not_emptied(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(NOT_THERE)
    delete(visitor, visitor.fill(3))

    def late(route: Route) -> None:
        """As if one had come that the page has not heard of yet."""
        route.continue_(post_data='{"count": 2}')

    page.route("**/trash/empty", late)
    opened(page, "/trash")
    page.get_by_role("button", name="Empty the trash").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("3")
    dialog.get_by_role("button", name="Empty the trash").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "The trash has changed: it holds 3 images now."
    )
    expect(page.locator(TILE)).to_have_count(3)
    assert trashed(visitor) == 3


@pytest.mark.of_files
def test_of_thousands_in_the_trash_only_those_in_sight_are_drawn(
    visitor: Visitor, page: Page
) -> None:
    delete(visitor, visitor.fill(1200))
    opened(page, "/trash")
    says_all(page, 1200)
    assert len(ids(page)) < 150
    page.locator(TILE).first.locator("a").focus()
    page.keyboard.press("End")
    last = visitor.get("/api/v1/trash?size=200&page=6")["items"][-1]["id"]
    expect(tile(page, last).locator("a")).to_be_focused(timeout=20_000)
    assert len(ids(page)) < 150


def test_what_is_deleted_elsewhere_appears_in_the_trash(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    page.goto("/trash")
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    visitor.post(f"/api/v1/images/{images[0]}/delete")
    expect(tile(page, images[0])).to_have_count(1)
    visitor.post(f"/api/v1/images/{images[0]}/restore")
    expect(page.locator(TILE)).to_have_count(0)


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_nothing_in_the_trash_stands_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look
) -> None:
    page.goto("/trash")
    page.wait_for_selector("h2")
    shot(page, f"trash empty {look}")
    assert axe.violations(page) == []
    delete(visitor, visitor.fill(9))
    opened(page, "/trash")
    page.wait_for_timeout(300)
    shot(page, f"trash {look}")
    assert axe.violations(page) == []
    page.locator("button.danger").click()
    shot(page, f"trash emptying {look}")
    assert axe.violations(page) == []
