"""The bar at the top takes one row in every window that is no phone's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP, KOREAN, Look, shot

WIDTHS = (1920, 1366, 1280, 1024)
TOPS = """[...document.querySelectorAll(".bar > :not(.unseen)")]
    .filter((one) => one.checkVisibility())
    .map((one) => one.getBoundingClientRect())
    .map(({ top, height }) => Math.round(top + height / 2))"""


@pytest.mark.of_files
@pytest.mark.parametrize("look", [DESKTOP, KOREAN], ids=["en", "ko"])
@pytest.mark.parametrize("path", ["/", "/inputs"])
def test_the_bar_is_one_row(visitor: Visitor, page: Page, look: Look, path: str) -> None:
    ids = visitor.fill(12)
    visitor.post("/api/v1/inputs/copy", id=ids[0])
    visitor.post("/api/v1/images/bulk", action="delete", ids=ids[1:3])
    page.goto(path)
    expect(page.locator(".tabs .count").first).to_be_visible()
    expect(page.locator(".tile[data-id]").first).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        shot(page, f"bar {path} {width} {look}")
        tops = page.evaluate(TOPS)
        assert len(tops) >= 4
        assert max(tops) - min(tops) <= 1, width
