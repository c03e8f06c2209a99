"""What is selected is changed, downloaded or compared together."""

from __future__ import annotations

from functools import partial
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import shot
from tests.browser.tiles import bar, becomes, check, opened, tile, toast
from tests.browser.watching import until


def active(visitor: Visitor, **filters: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found: dict[str, Any] = visitor.get(f"/api/v1/images?count=1&size=200&{query}")
    return found


def tags_of(visitor: Visitor, image: str) -> set[str]:
    return set(visitor.get(f"/api/v1/images/{image}")["tags"])


def test_all_that_match_are_changed_but_those_left_out(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(60, days=4, said=lambda n: {"tags": ["even"]} if n % 2 == 0 else {})
    opened(page)
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("All 60 selected")
    tile(page, images[3]).locator("a").click()
    expect(bar(page)).to_contain_text("59 selected")
    bar(page).get_by_role("button", name="Favourite").click()
    expect(toast(page, "59 images added to the favourites")).to_be_visible()
    becomes(page, lambda: active(visitor, favorite="1")["total"], 59)
    assert not visitor.get(f"/api/v1/images/{images[3]}")["favorite"]
    page.keyboard.press("Control+z")
    expect(toast(page, "Undone")).to_be_visible(timeout=20_000)
    assert active(visitor, favorite="1")["total"] == 0


def test_tags_are_added_and_taken_away_together(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(5, said=lambda _: {"tags": ["old"]})
    opened(page)
    for image in images[:3]:
        check(tile(page, image))
    bar(page).get_by_role("button", name="Tags").click()
    dialog = page.get_by_role("dialog", name="Tags of 3 images")
    dialog.get_by_role("button", name="Take away: old").click()
    expect(dialog.get_by_role("button", name="Take away: old")).to_have_count(0)
    dialog.get_by_role("textbox").fill("fox, 겨울 숲")
    shot(page, "selection tags")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(toast(page, "3 images tagged")).to_be_visible()
    for image in images[:3]:
        becomes(page, partial(tags_of, visitor, image), {"fox", "겨울 숲"})
    assert visitor.get(f"/api/v1/images/{images[3]}")["tags"] == ["old"]


def test_a_tag_that_is_too_long_is_said_before_it_is_sent(visitor: Visitor, page: Page) -> None:
    visitor.fill(1)
    opened(page).first.locator("a").focus()
    page.keyboard.press("t")
    page.keyboard.insert_text("x" * 101)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("up to 100 characters")
    expect(dialog.get_by_role("button", name="Add")).to_be_disabled()
    page.keyboard.press("Backspace")
    expect(dialog.get_by_role("button", name="Add")).to_be_enabled()


def test_several_images_are_downloaded_one_after_the_other(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    names = {visitor.get(f"/api/v1/images/{one}")["original_filename"] for one in images[:2]}
    opened(page)
    for image in images[:2]:
        check(tile(page, image))
    got: list[str] = []
    page.on("download", lambda download: got.append(download.suggested_filename))
    with page.expect_download():
        bar(page).get_by_role("button", name="Download").click()
    expect(toast(page, "Downloading 2 files")).to_be_visible()
    for _ in range(100):
        if len(got) == 2:
            break
        page.wait_for_timeout(50)
    assert set(got) == names


def test_two_images_are_compared(visitor: Visitor, page: Page) -> None:
    first, second, third = visitor.fill(3)
    opened(page)
    check(tile(page, first))
    compare = bar(page).get_by_role("button", name="Compare")
    expect(compare).to_have_count(0)
    check(tile(page, second))
    expect(compare).to_have_count(1)
    check(tile(page, third))
    expect(compare).to_have_count(0)
    check(tile(page, third))
    expect(compare).to_have_count(1)
    page.keyboard.press("c")
    until(page, f"location.pathname === '/compare/{first}/{second}'")
