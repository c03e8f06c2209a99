"""Images as they lie on a page, and what is selected of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import until

TILE = ".tile[data-id]"
FOCUSED = "document.activeElement?.closest('[data-id]')?.dataset.id"
MIDDLE = """[300, 340, 380, 420, 460, 500]
    .map((y) => document.elementFromPoint(500, y)?.closest("[data-id]")?.dataset.id)
    .find(Boolean) ?? null"""
"""The image in the middle of the window: the first that is no heading or end of a row there."""


def tiles(page: Page) -> Locator:
    return page.locator(TILE)


def opened(page: Page, path: str = "/") -> Locator:
    """The tiles of a page whose images are there."""
    page.goto(path)
    expect(tiles(page).first).to_be_visible()
    return tiles(page)


def ids(page: Page) -> list[str]:
    """Of the tiles that are drawn, in their order."""
    found: list[str] = page.locator(TILE).evaluate_all("all => all.map(one => one.dataset.id)")
    return found


def are_drawn(page: Page, images: list[str]) -> None:
    """Waits until these are, and no others."""
    until(page, f"[...document.querySelectorAll('{TILE}')].map((one) => one.dataset.id).join()"
          f" === '{','.join(images)}'")  # fmt: skip


def tile(page: Page, image: str) -> Locator:
    return page.locator(f".tile[data-id='{image}']")


def focused(page: Page, image: str) -> None:
    """Waits until an image has the focus."""
    until(page, f"{FOCUSED} === '{image}'")


def scroll_down(page: Page, pixels: int) -> None:
    page.mouse.move(500, 400)
    page.mouse.wheel(0, pixels)
    page.wait_for_timeout(300)


def check(tile: Locator) -> None:
    tile.hover()
    tile.locator(".check").click()


def bar(page: Page) -> Locator:
    return page.locator(".selection")


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast").filter(has_text=re.compile(re.escape(text)))


def says_all(page: Page, total: int) -> None:
    """Waits until the timeline says that it has so many images."""
    until(
        page,
        f"document.querySelector('[role=grid]')?.getAttribute('aria-label')?.includes('{total:,}')",
    )


def becomes(page: Page, ask: Callable[[], object], wanted: object) -> None:
    """Waits until the server's answer is this one: pages show what they have asked for at once."""
    end = time.monotonic() + 60
    while (got := ask()) != wanted:
        assert time.monotonic() < end, f"{got!r} and not {wanted!r}"
        page.wait_for_timeout(50)
