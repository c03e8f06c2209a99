"""Scrollbars that take room beside the page, as most desktops have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import shot
from tests.browser.watching import until

pytestmark = pytest.mark.of_files
IMAGES = 60
RIGHT = "(name) => document.querySelector(name).getBoundingClientRect().right"
BOXES = """() => [".bar", ".tile", ".scrubber"].map((name) =>
    Object.values(document.querySelector(name).getBoundingClientRect().toJSON()).join())"""


@pytest.fixture(scope="module")
def browser(browser: Browser, chromium: str) -> Iterator[Browser]:
    """One with the scrollbars that Playwright hides."""
    hidden = ["--hide-scrollbars"]
    own = browser.browser_type.launch(executable_path=chromium, ignore_default_args=hidden)
    yield own
    own.close()


def opened(page: Page, visitor: Visitor) -> list[str]:
    ids = visitor.fill(IMAGES, days=40)
    page.goto("/")
    expect(page.locator(f".tile[data-id='{ids[0]}'] img")).to_be_visible()
    expect(page.locator(".scrubber")).to_be_visible()
    assert page.evaluate("innerWidth - document.documentElement.clientWidth") > 0
    return ids


def test_the_viewer_and_its_drawer_reach_the_edge_and_the_page_below_stays(
    visitor: Visitor, page: Page
) -> None:
    ids = opened(page, visitor)
    before = page.evaluate(BOXES)
    page.locator(f".tile[data-id='{ids[0]}'] a").click()
    expect(page.locator(".pswp")).to_be_visible()
    assert page.evaluate(RIGHT, ".pswp") == 1280
    assert page.evaluate(BOXES) == before
    page.keyboard.press("i")
    expect(page.locator(".info")).to_be_visible()
    assert page.evaluate(RIGHT, ".info") == 1280
    shot(page, "scrollbars viewer")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator(".pswp")).to_have_count(0)
    until(page, "innerWidth > document.documentElement.clientWidth")
    assert page.evaluate(BOXES) == before


@pytest.mark.parametrize("path", ["/compare/{}/{}", "/image/{}"])
def test_a_page_below_that_is_not_yet_long_is_as_wide_as_it_will_be(
    visitor: Visitor, page: Page, path: str
) -> None:
    ids = visitor.fill(2)
    page.goto("/")
    width = page.locator(".bar").evaluate("one => one.offsetWidth")
    assert width < 1280
    page.goto(path.format(*ids))
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.locator(".bar").evaluate("one => one.offsetWidth") == width


def test_a_comparison_reaches_the_edge(visitor: Visitor, page: Page) -> None:
    first, second, *_ = opened(page, visitor)
    before = page.evaluate(BOXES)
    page.goto(f"/compare/{first}/{second}")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(f".tile[data-id='{first}'] img")).to_be_attached()
    assert page.evaluate(RIGHT, ".compare") == 1280
    assert page.evaluate(BOXES) == before
    shot(page, "scrollbars compare")
