"""Filters that can't be, as somebody may have written them into a URL."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP, KOREAN, Look, shot
from tests.browser.tiles import tiles
from tests.browser.watching import Watch

SAID = {
    "en-US": ("These filters can’t be used", "Clear all filters"),
    "ko-KR": ("쓸 수 없는 필터입니다", "필터 모두 지우기"),
}


@pytest.mark.of_files
@pytest.mark.parametrize("look", [DESKTOP, KOREAN], ids=["en", "ko"])
def test_filters_that_nothing_can_match_are_said_so_and_can_be_cleared(
    visitor: Visitor, page: Page, watch: Watch, look: Look
) -> None:
    visitor.fill(3)
    watch.forgive("Failed to load resource.* 400 ")
    title, clear = SAID[look.language]
    page.goto("/?from=2026-03-02&to=2026-03-01")
    expect(page.get_by_role("heading", level=2)).to_have_text(title)
    shot(page, f"filters refused {look}")
    expect(page.locator(".notice")).not_to_contain_text("from_date")
    expect(page.locator(".notice button")).to_have_count(1)
    page.get_by_role("button", name=clear, exact=True).click()
    expect(page).to_have_url("/")
    expect(tiles(page)).to_have_count(3)


@pytest.mark.of_files
@pytest.mark.parametrize("query", ["ratio=abc", f"tag={'a' * 101}", "from=0000-01-01"])
def test_what_no_filter_can_be_is_left_out(visitor: Visitor, page: Page, query: str) -> None:
    visitor.fill(3)
    page.goto(f"/?{query}")
    expect(tiles(page)).to_have_count(3)
