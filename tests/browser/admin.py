"""What tests of the administrator's page share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP
from tests.browser.watching import Watch
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
