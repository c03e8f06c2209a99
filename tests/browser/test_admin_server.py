"""The administrator's page: how the server is, and the disk use day by day."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import pictures
from tests.browser.admin import looking_at, noted_usage, sign_in
from tests.browser.conftest import Visitor
from tests.browser.pictures import Picture
from tests.browser.viewer import comes_true
from tests.browser.watching import Watch
from tests.homes import Home
from tests.services.proxy import Proxy


def test_the_server_tells_how_it_is_and_what_its_jobs_did(page: Page) -> None:
    sign_in(page, "#server")
    stores = page.locator("dd", has_text=re.compile("^reachable"))
    expect(stores).to_have_count(2)
    expect(page.get_by_text("0 damaged, 0 missing, 0 unreadable")).to_be_visible()
    walk = page.get_by_role("row", name="Comparing files and lists")

    def walked() -> bool:
        """A server that has just begun may not have, yet."""
        page.get_by_role("button", name="Refresh").click()
        expect(stores).to_have_count(2)
        return walk.count() == 1

    comes_true(page, walked)
    expect(walk).to_contain_text("mended: 0")


@pytest.mark.of_files
def test_a_store_that_is_away_is_said_to_be_and_why(
    home: Home, browser: Browser, pages: Path
) -> None:
    with home.served() as server, looking_at(browser, server) as page:
        sign_in(page, "#server")
        expect(page.get_by_text("reachable", exact=True)).to_have_count(2)
        marker = home.root / "outputs/.gallery/library.json"
        marker.rename(marker.with_suffix(".away"))
        page.get_by_role("button", name="Refresh").click()
        expect(page.get_by_text("away", exact=True)).to_have_count(1)
        expect(page.locator("dd .wrong")).not_to_be_empty()


def test_a_server_that_is_gone_is_said_to_be_and_asked_again(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive("ERR_")
    visitor.fill(1)
    sign_in(page)
    with wire.cut():
        page.get_by_role("link", name="Server").click()
        expect(page.get_by_role("heading", name="Periodic jobs")).to_be_visible()
        expect(page.get_by_text("The server can’t be reached.")).to_have_count(2)
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text("reachable", exact=True).first).to_be_visible()


def test_disk_use_is_a_chart_and_a_table(shared_home: Home, visitor: Visitor, page: Page) -> None:
    noted_usage(shared_home, 20)
    sign_in(page, "#usage")
    chart = page.get_by_role("img", name="Disk use by day")
    expect(chart).to_have_accessible_name(
        re.compile(r"1\.2 GB on .*, [\d.]+ [kM]B on .* every day")
    )
    expect(page.locator(".line")).to_have_count(2)
    chart.hover(position={"x": 80, "y": 100})
    expect(page.locator("figcaption")).to_contain_text("1.2 GB")
    page.get_by_text("As a table").click()
    expect(page.locator("tbody tr")).to_have_count(19)
    page.get_by_label("Time").select_option("Last 30 days")
    expect(page).to_have_url(re.compile("#usage\\?days=30$"))


@pytest.mark.of_files
def test_disk_use_is_shown_as_soon_as_there_is_any(
    home: Home, browser: Browser, pages: Path, drawn: list[Picture]
) -> None:
    with home.served() as server, looking_at(browser, server) as page:
        sign_in(page, "#usage")
        expect(page.locator("figcaption")).to_contain_text("0 kB")
        pictures.fill(home, "kim", drawn, 3, 1, lambda _: {})
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("figcaption")).to_contain_text(re.compile(r"[1-9][\d.]* [kM]B"))
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody tr").get_by_role("cell").nth(1)).to_have_text("3")
