"""A window of 320 pixels, as small phones have it, and pages that were made four times as large:
nothing is cut off, and no word is broken in its middle."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import Look, shot

pytestmark = [
    pytest.mark.of_files,
    pytest.mark.parametrize(
        "look",
        [
            Look("en-US", width=320, height=640, is_phone=True),
            Look("ko-KR", width=320, height=640, time_zone="Asia/Seoul", is_phone=True),
        ],
        ids=["en", "ko"],
    ),
]
WRONG = """() => {
  const [wrong, LONGEST] = [[], 20];
  const UNSEEN = ".unseen, .skip, .tabs, .deeds, .active-filters, [aria-hidden=true]";
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the window");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(UNSEEN)) continue;
    for (const { index, 0: word } of node.data.matchAll(/\\S+/g)) {
      if (word.length > LONGEST) continue;
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const boxes = [...range.getClientRects()].filter(({ width }) => width > 0);
      if (new Set(boxes.map(({ top }) => Math.round(top))).size > 1) wrong.push(`broken: ${word}`);
      if (boxes.some(({ left, right }) => left < -1 || right > innerWidth + 1)) {
        wrong.push(`cut: ${word}`);
      }
    }
  }
  return wrong;
}"""
PLACEHOLDER = """(field) => {
  const { paddingLeft, paddingRight, font } = getComputedStyle(field);
  const context = document.createElement("canvas").getContext("2d");
  context.font = font;
  const { width } = context.measureText(field.placeholder);
  return width + parseFloat(paddingLeft) + parseFloat(paddingRight);
}"""
SAID = {
    "prompt": "a fox asleep in fresh snow, watercolour",
    "negative_prompt": "blurry",
    "seed": 2_147_483_647,
    "model": "dreamshaper_8",
    "tags": ["winter"],
}


def is_right(page: Page, name: str, look: Look) -> None:
    page.wait_for_timeout(300)  # until nothing moves
    shot(page, f"narrow {name} {look}")
    assert page.evaluate(WRONG) == []


@pytest.mark.parametrize("path", ["/", "/inputs", "/controls", "/trash", "/you"])
def test_the_first_visit_fits(visitor: Visitor, page: Page, look: Look, path: str) -> None:
    page.goto(path)
    expect(page.locator("main h2").first).to_be_visible()
    is_right(page, f"first {path}", look)


@pytest.mark.parametrize("path", ["/", "/trash", "/you", "/?q=fox&favorite=0&ratio=16:9"])
def test_a_page_fits(visitor: Visitor, page: Page, look: Look, path: str) -> None:
    ids = visitor.fill(12, said=lambda _: SAID)
    visitor.post("/api/v1/images/bulk", action="delete", ids=ids[:3])
    visitor.post("/api/v1/me/links", name="my phone")
    page.goto(path)
    expect(page.locator(".tile[data-id], .links li, .notice").first).to_be_visible()
    is_right(page, path, look)
    here = page.locator(".tabs [aria-current]")
    assert here.evaluate("one => one.getBoundingClientRect().right") <= look.width


def test_what_is_to_be_typed_is_said_in_full(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.fill(1)
    page.goto("/")
    field = page.get_by_role("searchbox")
    expect(field).to_be_visible()
    assert field.evaluate(PLACEHOLDER) <= field.evaluate("one => one.clientWidth")


def test_what_lies_over_a_page_fits(visitor: Visitor, page: Page, look: Look) -> None:
    first, second, *_ = visitor.fill(12, said=lambda number: SAID | {"seed": number})
    page.goto(f"/image/{first}")
    expect(page.locator(".viewer-actions")).to_be_visible()
    is_right(page, "viewer", look)
    page.locator(".viewer-actions button").nth(2).click()
    expect(page.locator(".marked")).to_be_visible()
    is_right(page, "marked", look)
    page.keyboard.press("i")
    expect(page.locator(".info")).to_be_visible()
    is_right(page, "info", look)
    page.goto(f"/compare/{first}/{second}")
    expect(page.locator(".differences table")).to_be_visible()
    is_right(page, "compare", look)


def test_what_is_asked_fits(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.fill(12, said=lambda _: SAID)
    page.goto("/")
    tile = page.locator(".tile[data-id] a").first
    for key, what in (("?", "sheet"), ("g", "date"), ("t", "tags")):
        tile.focus()
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        is_right(page, what, look)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(page.locator(".selection")).to_be_visible()
    is_right(page, "selection", look)
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_be_visible()
    is_right(page, "toast", look)
