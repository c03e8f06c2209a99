"""The timeline: days and rows, windowed, stable, and with the keyboard."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, KOREAN, PHONE, Look, shot
from tests.browser.tiles import MIDDLE, opened, scroll_down, tiles
from tests.browser.watching import until

MANY = 10_000
TOP = "(element) => element.getBoundingClientRect().top"
_OBSERVED = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SHIFT = "window.shift < 0.001"


def test_images_stand_in_rows_below_their_days(visitor: Visitor, page: Page) -> None:
    visitor.fill(30, days=3)
    opened(page)
    expect(page.get_by_role("heading", name="Yesterday")).to_be_visible()
    expect(page.locator(".days [data-date]").nth(1)).to_be_attached()
    rights = (
        page.locator(".row")
        .first.locator(".tile")
        .evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().right)")
    )
    assert len(rights) > 2
    assert rights == sorted(rights)


def test_of_ten_thousand_images_only_those_in_sight_are_in_the_document(
    visitor: Visitor, page: Page
) -> None:
    visitor.plant(MANY, days=400)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") > 100_000
    for _ in range(5):
        scroll_down(page, 5_000)
        expect(tiles(page).first).to_be_attached()
        assert tiles(page).count() < 250


def test_nothing_jumps_while_it_is_scrolled(visitor: Visitor, page: Page) -> None:
    visitor.plant(2_000, days=100)
    page.add_init_script(_OBSERVED)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    for _ in range(25):
        scroll_down(page, 700)
    for _ in range(25):
        scroll_down(page, -700)
    until(page, SHIFT)


def test_any_date_is_one_click_away(visitor: Visitor, page: Page) -> None:
    visitor.plant(MANY, days=400)
    page.goto("/")
    strip = page.get_by_role("slider", name="Go to a date")
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
    until(page, f"{MIDDLE} !== null")
    year = strip.get_attribute("aria-valuetext") or ""
    assert re.search(r"20\d\d|April|May|June|March|July", year)
    assert page.evaluate("scrollY") > 50_000


def test_what_one_looks_at_stays_while_the_days_above_it_become_known(
    visitor: Visitor, page: Page
) -> None:
    visitor.plant(3_000, days=300)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    until(page, f"{MIDDLE} !== null")
    page.wait_for_timeout(500)
    image = page.locator(f"[data-id='{page.evaluate(MIDDLE)}']")
    before = image.evaluate(TOP)
    page.evaluate("scrollBy(0, -8)")  # the days above are asked for
    page.wait_for_timeout(700)
    assert abs(image.evaluate(TOP) - before - 8) < 2


@pytest.mark.of_files
def test_the_grid_is_one_stop_of_the_tab_key_and_arrows_lead_through_it(
    visitor: Visitor, page: Page
) -> None:
    visitor.fill(40, days=2)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    page.locator("#main").focus()
    assert page.locator(".tile a[tabindex='0']").count() == 1
    page.locator(".tile a[tabindex='0']").focus()
    for key, name in (
        ("ArrowRight", "^2 of 40"),
        ("End", "^40 of 40"),
        ("Home", "^1 of 40"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".tile a:focus")).to_have_accessible_name(re.compile(name))
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tile a:focus")).not_to_have_accessible_name(re.compile("^1 of"))
    page.keyboard.press("ArrowUp")
    expect(page.locator(".tile a:focus")).to_have_accessible_name(re.compile("^[12] of 40"))
    assert page.locator(".tile a[tabindex='0']").count() == 1


def test_the_scrubber_shows_where_one_is(visitor: Visitor, page: Page) -> None:
    visitor.plant(2_000)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()

    def shown() -> float:
        """Where its thumb is painted, of the strip's height."""
        return float(
            page.evaluate(
                "(([strip, thumb]) => (thumb.top - strip.top) / strip.height)("
                "['.scrubber', '.scrubber .thumb']"
                ".map(name => document.querySelector(name).getBoundingClientRect()))"
            )
        )

    assert shown() < 0.1
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    until(page, "document.querySelector('.scrubber').ariaValueNow > 20")
    assert shown() > 0.9


@pytest.mark.of_files
@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_a_date_can_be_dragged_to(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.plant(2_000, days=200)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    box = page.get_by_role("slider", name="Go to a date").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 20, box["y"] + box["height"] * 0.7)
    until(page, "scrollY > 5000")


@pytest.mark.of_files
@pytest.mark.parametrize("look", [KOREAN], ids=str)
def test_it_speaks_korean(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.fill(3, said=lambda _: {"created_at": time.time_ns() // 1000})
    page.goto("/")
    expect(page.get_by_role("heading", name="오늘")).to_be_visible()
    expect(page.get_by_role("link", name="휴지통")).to_be_visible()


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_the_timeline_passes_for_everybody(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.fill(60, days=40)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    until(page, "[...document.images].filter((image) => image.complete).length > 3")
    shot(page, f"timeline {look}")
    assert axe.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
