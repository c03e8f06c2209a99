"""Links that open a gallery in another browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import axe, pictures
from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP
from tests.browser.pictures import Picture
from tests.browser.tiles import tiles
from tests.browser.watching import BROKEN, Watch
from tests.homes import Home

LINK = "#recover=anon-"


def make_link(page: Page, name: str = "my phone") -> str:
    page.goto("/you")
    page.get_by_label("What it is for").fill(name)
    page.get_by_role("button", name="Make a recovery link").click()
    made = page.get_by_label("Your recovery link")
    expect(made).to_be_focused()
    return made.input_value()


@pytest.fixture
def other(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """Another browser, with a cookie of its own."""
    with DESKTOP.context(browser, site) as context:
        context.request.get("/api/v1/me")
        yield context


@pytest.fixture
def others(other: BrowserContext, shared_home: Home, drawn: list[Picture]) -> Visitor:
    """Who sits there, with one image."""
    owner = other.request.get("/api/v1/me").json()["owner"]
    pictures.fill(shared_home, owner, drawn, 1, 1, lambda _: {})
    return Visitor(other, owner, shared_home, drawn)


def test_a_link_opens_the_gallery_in_another_browser(
    visitor: Visitor, page: Page, other: BrowserContext
) -> None:
    visitor.fill(3)
    url = make_link(page)
    assert LINK in url
    there = other.new_page()
    there.goto("/")
    elsewhere = other.new_page()
    elsewhere.goto("/inputs")
    there.goto(url)
    dialog = there.get_by_role("dialog", name="Take over this gallery?")
    expect(dialog).to_contain_text("3 images")
    expect(dialog).not_to_contain_text("stays behind")
    expect(there).to_have_url("/")
    dialog.get_by_role("button", name="Take over").click()
    expect(tiles(there)).to_have_count(3)
    there.reload()
    expect(tiles(there)).to_have_count(3)
    elsewhere.get_by_role("link", name="Images", exact=True).click()
    expect(tiles(elsewhere)).to_have_count(3)

    visitor.fill(1)
    for tab in (there, elsewhere):
        expect(tiles(tab)).to_have_count(4)
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="my phone")).to_contain_text("last used")


def test_a_gallery_is_not_lost_for_another_without_a_word(
    visitor: Visitor, page: Page, others: Visitor
) -> None:
    visitor.fill(3)
    url = make_link(page)
    there = others.context.new_page()
    there.goto(url)
    dialog = there.get_by_role("dialog", name="Take over this gallery?")
    expect(dialog).to_contain_text("with 1 image")
    expect(dialog).to_contain_text("No link leads back to it")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert axe.violations(there) == []
    there.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tiles(there)).to_have_count(1)

    there.goto(url)
    there.get_by_role("button", name="First make a link").click()
    expect(there).to_have_url("/you")
    back = make_link(there)
    there.goto(url)
    expect(dialog).to_contain_text("1 link leads back to it.")
    dialog.get_by_role("button", name="Take over").click()
    expect(tiles(there)).to_have_count(3)
    there.goto(back)
    dialog.get_by_role("button", name="Take over").click()
    expect(tiles(there)).to_have_count(1)


def test_a_link_is_shown_once_and_can_be_revoked(
    visitor: Visitor, page: Page, other: BrowserContext
) -> None:
    visitor.fill(1)
    url = make_link(page, "lent out")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == url
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_label("Your recovery link")).to_have_count(0)

    page.reload()
    page.get_by_role("button", name="Revoke: lent out").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("There are none yet.")).to_be_visible()
    expect(page.get_by_text("Revoked: lent out")).to_be_visible()
    expect(page.get_by_role("main")).to_be_focused()
    there = other.new_page()
    there.goto(url)
    expect(there.get_by_role("dialog", name="This link is not valid")).to_be_visible()


@pytest.mark.of_files
def test_a_link_that_could_not_be_revoked_is_still_shown(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(1)
    url = make_link(page)
    away = {"code": "unavailable", "detail": "The storage is away"}
    page.route("**/me/links/*", lambda route: route.fulfill(status=503, json=away))
    page.get_by_role("button", name="Revoke: my phone").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The storage is away for now.")).to_be_visible()
    expect(page.get_by_label("Your recovery link")).to_have_value(url)


@pytest.mark.of_files
def test_ones_own_link_changes_nothing(visitor: Visitor, page: Page, watch: Watch) -> None:
    watch.forgive(BROKEN)
    visitor.fill(1)
    url = make_link(page)
    page.goto(url)
    page.get_by_role("dialog", name="This is your gallery already").get_by_text("OK").click()
    expect(tiles(page)).to_have_count(1)
    page.goto("/#recover=nonsense")
    expect(page.get_by_role("dialog", name="This link is not valid")).to_be_visible()


@pytest.mark.of_files
def test_a_link_opens_in_a_tab_that_is_there_already(
    visitor: Visitor, page: Page, other: BrowserContext
) -> None:
    visitor.fill(2)
    url = make_link(page)
    there = other.new_page()
    there.goto("/")
    expect(there.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    there.evaluate("(hash) => { location.hash = hash }", url.partition("#")[2])
    there.get_by_role("button", name="Take over").click()
    expect(tiles(there)).to_have_count(2)
