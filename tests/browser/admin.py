"""What tests of the administrator's page share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import orjson
from playwright.sync_api import Browser, Locator, Page, expect

from gallery import usage
from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP
from tests.browser.watching import Watch
from tests.homes import Home
from tests.http.server import Server
from tests.http.site import ADMIN_TOKEN

SHOWN = "[...document.querySelectorAll('.tile img')].filter((one) => one.naturalWidth).length"


def enter(page: Page, token: str, label: str = "Administrator’s token") -> None:
    page.get_by_label(label).fill(token)
    page.keyboard.press("Enter")


def sign_in(page: Page, place: str = "") -> None:
    page.goto(f"/admin{place}")
    enter(page, ADMIN_TOKEN)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def tiles(page: Page) -> Locator:
    return page.locator(".tile")


@contextmanager
def looking_at(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of a server that a test has for itself."""
    with DESKTOP.context(browser, server.url) as context:
        watch = Watch(context, server.url.removeprefix("http://"))
        watch.forgive("status of 401")
        yield context.new_page()
        assert watch.wrong() == []


def trashed(visitor: Visitor, count: int) -> list[str]:
    ids = visitor.fill(count)
    visitor.post("/api/v1/images/bulk", op=f"{count:032x}", action="delete", ids=ids)
    return ids


def noted_usage(home: Home, days: int) -> None:
    """As if a server had run for so many days, but for one of them; of today it says itself."""
    now = datetime.now(UTC).date()
    known = {
        (now - timedelta(days=n)).isoformat(): {
            "owners": 2, "images": 900 - n, "trash": n % 7, "bytes": 1_600_000_000 - n * 20_000_000,
        }
        for n in range(days) if n != 3
    }  # fmt: skip
    with home.library() as library:
        library.catalog.notes.write(usage.NAME, orjson.dumps(known))
