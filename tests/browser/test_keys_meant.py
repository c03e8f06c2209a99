"""Keys act on what has the focus, and the focus is nowhere but where one has put it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.tiles import focused, opened, tiles

pytestmark = pytest.mark.of_files


def test_words_that_are_typed_keep_the_focus_when_an_image_had_it_before(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(3, days=0.001, said=lambda n: {"prompt": f"a fox {n}"})
    opened(page).first.locator("a").focus()
    page.keyboard.press("ArrowRight")
    focused(page, images[1])
    page.keyboard.press("/")
    page.keyboard.type("fox")
    expect(page).to_have_url("/?q=fox")
    expect(tiles(page)).to_have_count(3)
    page.wait_for_timeout(700)
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_page_begins_at_its_top_wherever_the_keyboard_was_on_another(
    visitor: Visitor, page: Page
) -> None:
    visitor.fill(60, days=0.001)
    opened(page).first.locator("a").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(700)
    assert page.evaluate("scrollY") > 0
    page.get_by_role("link", name="You").click()
    expect(page.get_by_role("heading", name="Room")).to_be_visible()
    page.get_by_role("link", name="Images", exact=True).click()
    expect(tiles(page).first).to_be_visible()
    page.wait_for_timeout(700)
    assert page.evaluate("scrollY") == 0
