"""A browser that has become somebody else shows nothing of who it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.test_recovery import other, others
from tests.browser.tiles import opened, tiles
from tests.browser.viewer import comes_true
from tests.browser.watching import BROKEN, Watch

__all__ = ["other", "others"]

pytestmark = pytest.mark.of_files


def test_a_cookie_that_is_gone_takes_the_images_with_it(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(3)
    opened(page).first.locator("a").focus()
    page.context.clear_cookies()
    page.keyboard.press("f")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    expect(tiles(page)).to_have_count(0)


def test_the_events_of_somebody_else_are_not_shown_among_ones_own(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    """A link that was opened in another tab, which was closed before it could tell this one."""
    watch.forgive(BROKEN)
    visitor.fill(2, said=lambda _: {"prompt": "my own"})
    opened(page)
    page.context.clear_cookies()
    page.context.request.get("/api/v1/me")
    visitor.fill(1, said=lambda _: {"prompt": "of who it was"})
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()


def test_a_browser_that_changed_before_it_was_known_who_it_was_shows_nothing_of_that(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    page.route("**/api/v1/me", lambda route: route.abort())
    opened(page)
    page.context.clear_cookies()
    page.context.request.get("/api/v1/me")
    page.unroute("**/api/v1/me")
    visitor.fill(1)
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()


def test_the_gallery_that_is_asked_about_is_the_one_that_is_taken_over(
    visitor: Visitor, others: Visitor, page: Page
) -> None:
    """Two links were opened, and what the first is good for comes last."""
    visitor.fill(1)
    links = [who.post("/api/v1/me/links")["url"].partition("#")[2] for who in (others, visitor)]
    held: list[Route] = []
    page.route("**/me/recover", lambda route: held.append(route))
    page.goto("/")
    page.evaluate(f"location.hash = '{links[0]}'")
    comes_true(page, lambda: len(held) == 1)
    page.evaluate(f"location.hash = '{links[1]}'")
    comes_true(page, lambda: len(held) == 2)
    for route in reversed(held):
        with page.expect_response("**/me/recover"):
            route.continue_()
    page.wait_for_timeout(200)
    expect(page.get_by_role("dialog", name="This is your gallery already")).to_be_visible()
