"""Two images compared: chosen one after the other, laid over each other or side by side."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, PHONE, Look, shot
from tests.browser.watching import Watch, until

PAIR: list[dict[str, Any]] = [
    {"prompt": "a fox asleep in fresh snow, watercolour", "seed": 1, "model": "dreamshaper_8"},
    {"prompt": "a cat asleep in fresh snow", "seed": 2, "model": "dreamshaper_8"},
]
LOADED = (
    "((all) => all.length > 1 && all.every((one) => one.naturalWidth > 0))"
    "([...document.querySelectorAll('.compare img')])"
)


def pair(visitor: Visitor) -> tuple[str, str]:
    first, second = visitor.fill(2, said=lambda number: PAIR[number])
    return first, second


def comparison(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Compare two images")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_one_image_is_chosen_in_the_viewer_and_the_next_compared_with_it(
    visitor: Visitor, page: Page
) -> None:
    first, second = pair(visitor)
    page.goto("/")
    page.locator(f'[data-id="{first}"] a').click()
    button(page, "Compare with…").click()
    expect(page.get_by_text("Open another image to compare it with this one")).to_be_visible()
    button(page, "Next image").click()
    expect(page).to_have_url(re.compile(f"/image/{second}"))
    button(page, "Compare").click()
    expect(page).to_have_url(re.compile(f"/compare/{first}/{second}"))
    expect(comparison(page)).to_be_focused()
    expect(page.locator(".pswp")).to_have_count(0)
    button(page, "Back").click()
    expect(page).to_have_url(re.compile(f"/image/{second}"))
    expect(page.get_by_role("dialog", name="Image viewer")).to_be_visible()


def test_the_divider_is_moved_by_keys(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    divider = page.get_by_role("slider", name="How much of the first image is shown")
    expect(divider).to_have_attribute("aria-valuenow", "50")
    divider.focus()
    for key, value in (
        ("ArrowRight", "52"),
        ("ArrowLeft", "50"),
        ("PageUp", "60"),
        ("PageDown", "50"),
        ("End", "100"),
        ("Home", "0"),
    ):
        page.keyboard.press(key)
        expect(divider).to_have_attribute("aria-valuenow", value)


def test_the_divider_is_dragged(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    divider = page.get_by_role("slider", name="How much of the first image is shown")
    box = page.locator(".divided").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    expect(divider).to_have_attribute("aria-valuenow", "30")
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40)
    expect(divider).to_have_attribute("aria-valuenow", "80")
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 40)
    expect(divider).to_have_attribute("aria-valuenow", "80")


def test_two_images_stand_side_by_side(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    button(page, "Side by side").click()
    expect(page.get_by_role("figure")).to_have_count(2)
    expect(page.get_by_role("slider", name="How much")).to_have_count(0)
    until(page, LOADED)
    boxes = [one.bounding_box() for one in page.get_by_role("figure").all()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"], abs=1)


def test_the_table_has_what_differs_and_marks_the_words(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    rows = comparison(page).get_by_role("rowheader")
    expect(rows.filter(has_text="Seed")).to_have_count(1)
    expect(rows.filter(has_text="Model")).to_have_count(0)
    expect(comparison(page).get_by_role("deletion")).to_have_text(["fox", ", watercolour"])
    expect(comparison(page).get_by_role("insertion")).to_have_text(["cat"])


def test_swapped_they_are_at_the_address_of_the_other_order(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    button(page, "Swap").click()
    expect(page).to_have_url(re.compile(f"/compare/{second}/{first}"))
    expect(comparison(page).get_by_role("deletion")).to_have_text(["cat"])


def test_escape_leads_back_to_the_gallery(visitor: Visitor, page: Page) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    expect(comparison(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    expect(comparison(page)).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)


@pytest.mark.parametrize("known", [0, 1])
def test_of_images_that_are_not_there_it_is_said_with_the_way_to_the_gallery(
    visitor: Visitor, page: Page, watch: Watch, known: int
) -> None:
    watch.forgive("Failed to load resource")
    ids = [*pair(visitor)[:known], "0" * 32, "1" * 32][:2]
    page.goto(f"/compare/{'/'.join(ids)}")
    expect(page.get_by_role("alert")).to_contain_text("may have been deleted for ever")
    expect(button(page, "Try again")).to_have_count(0)
    expect(button(page, "Swap")).to_have_count(0)
    assert axe.violations(page) == []
    page.get_by_role("link", name="To the gallery").click()
    expect(page).to_have_url(re.compile("/$"))
    expect(comparison(page)).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)


@pytest.mark.of_files
def test_an_image_that_is_deleted_for_ever_while_it_is_compared_is_gone(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive("Failed to load resource")  # its thumbnail, which may just be under way
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    until(page, LOADED)
    for how in ("delete", "purge"):
        assert visitor.context.request.post(f"/api/v1/images/{second}/{how}").ok
    expect(page.get_by_role("alert")).to_contain_text("There is nothing to compare")
    button(page, "Back").click()
    expect(page).to_have_url(re.compile("/$"))


@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_they_stand_one_above_the_other(
    visitor: Visitor, page: Page, look: Look
) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    button(page, "Side by side").click()
    expect(page.get_by_role("figure")).to_have_count(2)
    until(page, LOADED)
    boxes = [one.bounding_box() for one in page.get_by_role("figure").all()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] == boxes[1]["x"]
    assert boxes[0]["y"] < boxes[1]["y"]
    assert page.evaluate("document.querySelector('.compare').scrollWidth") <= look.width


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_nothing_in_a_comparison_stands_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look
) -> None:
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    page.wait_for_selector(".differences table")
    until(page, LOADED)
    shot(page, f"compare {look}")
    assert axe.violations(page) == []
    page.get_by_role("button", name=re.compile("Side by side|나란히")).click()
    until(page, LOADED)
    shot(page, f"compare beside {look}")
    assert axe.violations(page) == []
