"""Words and filters: they stand in the URL, and what is shown is what they find."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from gallery.draft import DAY_US
from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, KOREAN, PHONE, Look, shot
from tests.browser.tiles import tiles

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PROMPTS = ("a fox asleep in snow", "a fox in the rain", "a lighthouse", "달빛 아래 호랑이")


def said(number: int) -> dict[str, Any]:
    """The first has each word once, the tags and workflows differ in how many have them."""
    return {
        "prompt": PROMPTS[number % 4],
        "tags": ["night"] if number < 2 else ["day", "long ago"],
        "workflow_id": f"flow-{number % 2}",
        "favorite": number == 0,
        "created_at": int(NOON.timestamp()) * 1_000_000 - number * DAY_US,
    }


@pytest.fixture
def look() -> Look:
    """All eight days in sight."""
    return Look(height=2400)


@pytest.fixture
def filled(visitor: Visitor) -> Visitor:
    """Eight images of as many days, the first of today."""
    visitor.context.clock.install(time=NOON)
    visitor.fill(8, said=said)
    return visitor


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox")


def found(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="found")


def filters(page: Page) -> Locator:
    """What is in the menu, opened."""
    page.get_by_role("button", name="Add a filter").click()
    return page.get_by_role("dialog", name="Filters")


def test_words_find_images_as_they_are_typed(filled: Visitor, page: Page) -> None:
    page.goto("/")
    expect(tiles(page)).to_have_count(8)
    field(page).press_sequentially("fox", delay=20)
    expect(found(page)).to_have_text("4 images found")
    expect(tiles(page)).to_have_count(4)
    expect(page).to_have_url("/?q=fox")
    field(page).press_sequentially(" -snow", delay=20)
    expect(tiles(page)).to_have_count(2)
    expect(field(page)).to_be_focused()
    expect(page).to_have_url(re.compile("-snow$"))  # which has as many images as "-s"
    page.reload()
    expect(field(page)).to_have_value("fox -snow")
    expect(tiles(page)).to_have_count(2)


@pytest.mark.of_files
def test_back_leads_from_words_to_what_was_shown_before_them(filled: Visitor, page: Page) -> None:
    page.goto("/")
    before = page.evaluate("history.length")
    for letter in "fox":
        field(page).press(letter)
        page.wait_for_timeout(300)
    expect(found(page)).to_have_text("4 images found")
    assert page.evaluate("history.length") == before + 1
    page.go_back()
    expect(page).to_have_url("/")
    expect(field(page)).to_have_value("")
    page.go_forward()
    expect(page).to_have_url("/?q=fox")
    expect(field(page)).to_have_value("fox")


def test_a_filter_is_chosen_from_what_there_is(filled: Visitor, page: Page) -> None:
    page.goto("/")
    filters(page).get_by_role("button", name="night 2").click()
    expect(page).to_have_url("/?tag=night")
    expect(tiles(page)).to_have_count(2)
    filters(page).get_by_role("button", name="flow-1 4").click()
    expect(page).to_have_url("/?tag=night&workflow=flow-1")
    expect(found(page)).to_have_text("1 image found")
    page.go_back()
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Remove the filter: #night").click()
    expect(page).to_have_url("/")
    expect(tiles(page)).to_have_count(8)


@pytest.mark.of_files
def test_favourites_ratios_and_dates_are_filters(filled: Visitor, page: Page) -> None:
    page.goto("/")
    filters(page).get_by_role("button", name="Favourites").click()
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Clear all", exact=True).click()
    expect(tiles(page)).to_have_count(8)

    menu = filters(page)
    ratio = menu.get_by_role("region", name="Aspect ratio").get_by_role("button").first
    count = int((ratio.locator(".count").text_content() or "").strip())
    ratio.click()
    expect(tiles(page)).to_have_count(count)
    page.get_by_role("button", name="Clear all", exact=True).click()

    filters(page).get_by_role("button", name="Last 7 days").click()
    expect(found(page)).to_have_text("7 images found")
    page.get_by_role("button", name="Clear all", exact=True).click()

    menu = filters(page)
    menu.get_by_role("button", name="Today").click()
    expect(tiles(page)).to_have_count(1)
    day = page.evaluate("new URL(location).searchParams.get('from')")
    filters(page).get_by_label("To").fill("")
    expect(page).to_have_url(f"/?from={day}")
    expect(page.get_by_role("button", name="Remove the filter: Since")).to_be_visible()


@pytest.mark.of_files
def test_a_tag_that_is_not_offered_can_be_typed(filled: Visitor, page: Page) -> None:
    page.goto("/")
    menu = filters(page)
    tag = menu.get_by_label("Tag: type or choose")
    tag.fill("long")
    tags = menu.get_by_role("region", name="Tag")
    expect(tags.get_by_role("button")).to_have_text(["long ago6"])
    tag.fill("nobody's")
    expect(tags.get_by_role("button")).to_have_count(0)
    tag.press("Enter")
    expect(page.get_by_role("button", name="Remove the filter: #nobody's")).to_be_visible()
    expect(page.get_by_role("heading", name="No images match")).to_be_visible()
    expect(found(page)).to_have_text("Nothing found")
    page.get_by_role("button", name="Clear all filters").click()
    expect(tiles(page)).to_have_count(8)


@pytest.mark.of_files
def test_backspace_takes_filters_away(filled: Visitor, page: Page) -> None:
    page.goto("/?tag=day&workflow=flow-0&favorite=0")
    expect(tiles(page)).to_have_count(3)
    field(page).focus()
    page.keyboard.press("Backspace")
    expect(page).to_have_url("/?tag=day&workflow=flow-0")
    page.get_by_role("button", name="Remove the filter: #day").focus()
    page.keyboard.press("Backspace")
    expect(page).to_have_url("/?workflow=flow-0")
    expect(page.get_by_role("button", name="Remove the filter: Workflow")).to_be_focused()


@pytest.mark.of_files
def test_words_are_not_taken_for_a_filter_by_backspace(filled: Visitor, page: Page) -> None:
    page.goto("/?tag=night&q=fox")
    expect(tiles(page)).to_have_count(2)
    field(page).press("End")
    for _ in "fox":
        field(page).press("Backspace")
    expect(page).to_have_url("/?tag=night")
    expect(tiles(page)).to_have_count(2)


@pytest.mark.of_files
def test_the_menu_is_left_by_escape_and_gives_the_focus_back(filled: Visitor, page: Page) -> None:
    page.goto("/")
    button = page.get_by_role("button", name="Add a filter")
    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="Filters")
    expect(menu.get_by_role("button", name="Favourites")).to_be_focused()
    expect(page).to_have_url("/")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.of_files
def test_a_key_leads_to_the_field(filled: Visitor, page: Page) -> None:
    page.goto("/?q=fox")
    expect(tiles(page)).to_have_count(4)
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("rain")
    expect(page).to_have_url("/?q=rain")
    expect(tiles(page)).to_have_count(2)


@pytest.mark.of_files
def test_another_page_begins_without_the_words_of_the_last(filled: Visitor, page: Page) -> None:
    page.goto("/?q=fox&tag=night")
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("link", name="Inputs").click()
    expect(page).to_have_url("/inputs")
    expect(field(page)).to_have_value("")
    page.go_back()
    expect(field(page)).to_have_value("fox")
    expect(tiles(page)).to_have_count(2)


@pytest.mark.of_files
@pytest.mark.parametrize("look", [KOREAN], ids=str)
def test_korean_words_are_found(filled: Visitor, page: Page) -> None:
    page.goto("/")
    field(page).press_sequentially("호랑", delay=20)
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="찾았습니다")).to_have_text(
        "이미지 2장을 찾았습니다"
    )


@pytest.mark.of_files
@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_the_bar_and_its_filters_stay_within_the_screen(
    filled: Visitor, page: Page
) -> None:
    page.goto("/?q=fox&tag=night&from=2020-01-01&workflow=flow-0&favorite=1")
    expect(tiles(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bar = page.get_by_role("banner").bounding_box()
    heading = page.get_by_role("heading", name="Today").bounding_box()
    assert bar
    assert heading
    assert bar["height"] < 180
    assert heading["y"] >= bar["height"]
    filters(page).get_by_role("button", name="Favourites").tap()
    expect(page).to_have_url("/?q=fox&from=2020-01-01&tag=night&workflow=flow-0")


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_search_stands_in_nobodys_way(filled: Visitor, page: Page, look: Look) -> None:
    page.goto("/?q=fox&tag=night")
    expect(tiles(page)).to_have_count(2)
    assert axe.violations(page) == []
    page.locator("[popovertarget=filters]").click()
    expect(page.locator(".filters .choices button").nth(4)).to_be_visible()
    shot(page, f"filters {look}")
    assert axe.violations(page) == []
