"""What is acted on is what is seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import PHONE
from tests.browser.test_compare import pair
from tests.browser.viewer import button, comes_true, opened, rest, swipe, tile
from tests.browser.watching import BROKEN, Watch

pytestmark = pytest.mark.of_files


@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_a_button_that_is_pressed_while_a_swipe_ends_is_meant_for_the_image_that_comes(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(3)
    page.goto("/")
    tile(page, images[0]).tap()
    opened(page, images[0])
    rest(page)
    swipe(page, 385, 345, 230, 120, 10)
    page.evaluate("document.querySelector('.viewer-actions [aria-label=Favourite]').click()")
    comes_true(page, lambda: visitor.get("/api/v1/images?favorite=1&count=1")["total"] == 1)
    assert visitor.get(f"/api/v1/images/{images[1]}")["favorite"]


def test_images_that_are_compared_are_not_said_to_be_missing_for_others_that_are(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    first, second = pair(visitor)
    page.goto(f"/compare/{first}/{second}")
    dialog = page.get_by_role("dialog", name="Compare two images")
    expect(dialog.get_by_role("heading", name="What differs")).to_be_visible()
    held: list[Route] = []
    page.route(re.compile(f"images/{'0' * 32}"), lambda route: held.append(route))
    page.evaluate(f"history.pushState(null, '', '/compare/{first}/{'0' * 32}')")
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    comes_true(page, lambda: len(held) == 1)
    page.go_back()
    with page.expect_response(re.compile("images/000")):
        held[0].continue_()
    page.wait_for_timeout(200)
    expect(dialog.get_by_role("heading", name="What differs")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)


def test_an_image_at_the_address_of_another_kind_is_shown_among_its_own(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(3)
    page.goto(f"/inputs/{images[1]}")
    opened(page, images[1])
    expect(page).to_have_url(re.compile(f"/image/{images[1]}$"))
    expect(page.locator(".place")).to_have_text("2 of 3")
    button(page, "Next image").click()
    opened(page, images[2])
