"""The drawers for inputs and controls, and what is copied to them from the gallery."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.files import file, give, kept
from tests.browser.looks import EACH, Look, shot
from tests.browser.tiles import bar, becomes, opened, tiles, toast
from tests.browser.watching import Watch


def test_images_are_copied_from_the_gallery(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(70, said=lambda number: {"prompt": f"picture {number}"})
    page.goto("/inputs")
    page.get_by_role("main").get_by_role("button", name="Copy from Images").click()
    dialog = page.get_by_role("dialog", name="Copy to Inputs")
    picks = dialog.locator(".pick")
    expect(picks).to_have_count(60)
    dialog.get_by_role("button", name="Show more").click()
    expect(picks).to_have_count(70)
    dialog.get_by_role("searchbox").fill("picture 69")
    expect(picks).to_have_count(1)
    picks.first.click()
    dialog.get_by_role("searchbox").fill("picture 68")
    expect(picks).to_have_attribute("aria-label", "picture 68")
    picks.first.click()
    dialog.get_by_role("button", name="Copy 2 images").click()
    expect(dialog).to_have_count(0)
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_text("2 images copied to Inputs")).to_be_visible()
    assert {item["parents"][0] for item in kept(visitor, "input")} == {ids[68], ids[69]}


def test_more_to_copy_is_asked_for_again_after_it_failed(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(r"net::ERR")
    visitor.fill(70)
    page.goto("/inputs")
    page.get_by_role("main").get_by_role("button", name="Copy from Images").click()
    dialog = page.get_by_role("dialog", name="Copy to Inputs")
    expect(dialog.locator(".pick")).to_have_count(60)
    page.route("**/api/v1/images?*", lambda route: route.abort())
    dialog.get_by_role("button", name="Show more").click()
    expect(dialog).to_contain_text("be reached")
    page.unroute("**/api/v1/images?*")
    dialog.get_by_role("button", name="Show more").click()
    expect(dialog.locator(".pick")).to_have_count(70)


def test_a_search_for_what_to_copy_that_failed_is_tried_again(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(r"net::ERR")
    visitor.fill(70, said=lambda number: {"prompt": f"picture {number}"})
    page.goto("/inputs")
    page.get_by_role("main").get_by_role("button", name="Copy from Images").click()
    dialog = page.get_by_role("dialog", name="Copy to Inputs")
    expect(dialog.locator(".pick")).to_have_count(60)
    page.route("**/api/v1/images?*", lambda route: route.abort())
    dialog.get_by_role("searchbox").fill("picture 69")
    expect(dialog).to_contain_text("be reached")
    expect(dialog.get_by_role("button", name="Show more")).to_have_count(0)
    page.unroute("**/api/v1/images?*")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.locator(".pick")).to_have_count(1)


@pytest.mark.of_files
def test_what_is_selected_is_copied_to_a_drawer(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    for at in (0, 1):
        tiles(page).nth(at).hover()
        tiles(page).nth(at).get_by_role("checkbox").click()
    page.get_by_role("button", name="Copy to…").click()
    page.get_by_role("dialog").get_by_role("button", name="Controls").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url("/controls")
    expect(tiles(page)).to_have_count(2)
    assert [item["parents"] for item in kept(visitor, "control")] == [[ids[0]], [ids[1]]]


@pytest.mark.of_files
def test_it_is_said_that_nothing_was_copied_of_a_page_that_was_left_meanwhile(
    visitor: Visitor, page: Page
) -> None:
    visitor.fill(90, days=30)
    opened(page)
    page.keyboard.press("Control+a")
    held: list[Route] = []
    page.route("**/api/v1/images?*from_date*", lambda route: held.append(route))
    bar(page).get_by_role("button", name="Copy to…").click()
    page.get_by_role("dialog").get_by_role("button", name="Inputs").click()
    becomes(page, lambda: bool(held), True)
    page.get_by_role("link", name="You").click()
    expect(toast(page, "Nothing was done.")).to_be_visible()
    assert kept(visitor, "input") == []


@pytest.mark.of_files
def test_the_dialog_for_copies_is_used_with_the_keyboard(visitor: Visitor, page: Page) -> None:
    visitor.fill(3)
    page.goto("/controls")
    button = page.get_by_role("banner").get_by_role("button", name="Copy from Images")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Copy to Controls")
    expect(dialog.locator(".pick")).to_have_count(3)
    dialog.locator(".pick").first.focus()
    page.keyboard.press("Space")
    expect(dialog.locator(".pick").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    assert kept(visitor, "control") == []


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_uploads_and_drawers_stand_in_nobodys_way(visitor: Visitor, page: Page, look: Look) -> None:
    page.goto("/inputs")
    expect(page.locator(".first")).to_be_visible()
    assert axe.violations(page) == []
    give(page, "drop", file("notes.png", b"words"))
    expect(page.locator(".uploads li.failed")).to_have_count(1)
    shot(page, f"uploads {look}")
    assert axe.violations(page) == []
    visitor.fill(3)
    page.locator(".first .actions button").nth(1).click()
    expect(page.locator(".pick")).to_have_count(3)
    shot(page, f"copies {look}")
    assert axe.violations(page) == []
