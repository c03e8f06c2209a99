"""The viewer as tests find it: an image is opened in it, shown, and known to be so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import until

SAID = {
    "prompt": "a fox asleep in fresh snow",
    "negative_prompt": "blurry",
    "seed": 1234567,
    "model": "dreamshaper_8",
    "tags": ["winter"],
}
IS_OPEN = """(({ length, ...slides }) => length === 3 &&
    Object.values(slides).every((one) => one.style.display === "block"))(
    document.querySelectorAll(".pswp__item"))"""
"""PhotoSwipe hears keys once it has flown in, and shows the neighbours then."""
SHOWN = ".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)"
NATURAL = f"(() => {{ const i = document.querySelector('{SHOWN}'); return i?.naturalWidth; }})()"


def tile(page: Page, id_: str) -> Locator:
    return page.locator(f'[data-id="{id_}"] a')


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def opened(page: Page, id_: str) -> None:
    """Waits until an image is shown, at its address and ready for keys."""
    expect(page).to_have_url(re.compile(rf"/{id_}$"))
    until(page, IS_OPEN)
    until(page, f"{NATURAL} > 0")


def comes_true(page: Page, claim: Callable[[], bool], seconds: float = 10.0) -> None:
    """What is shown at once, the server does a moment later."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def open_at(page: Page, id_: str) -> None:
    page.goto(f"/image/{id_}")
    opened(page, id_)


def rest(page: Page) -> None:
    """Waits until nothing slides any more: only then is a swipe one of its own."""
    before, place = None, "document.querySelector('.pswp__container').style.transform"
    while (now := page.evaluate(place)) != before:
        before = now
        page.wait_for_timeout(250)


def swipe(page: Page, *xs: int) -> None:
    """A finger that comes down at the first place and is lifted at the last. The page draws
    between: what moved within one frame alone is no swipe to it. Nor is what is slow, which it
    may be here, unless it goes over more than half of the window."""
    touch = page.context.new_cdp_session(page)
    for kind, x in (("touchStart", xs[0]), *(("touchMove", x) for x in xs[1:])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 400}]})
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 10)))")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
