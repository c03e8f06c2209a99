"""The administrator's page: who has images, and how many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.admin import looking_at, sign_in, tiles
from tests.browser.conftest import Visitor
from tests.homes import Home
from tests.samples import put


def test_users_are_listed_with_what_they_have(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(4)
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    sign_in(page)
    row = page.get_by_role("row", name=visitor.owner)
    figures = row.get_by_role("cell")
    expect(figures.nth(0)).to_have_text("3")
    expect(figures.nth(1)).to_have_text("1")
    expect(figures.nth(2)).to_have_text(re.compile(r"^[\d.]+ [kM]B$"))


def test_a_user_is_found_by_a_part_of_the_name(visitor: Visitor, page: Page) -> None:
    visitor.fill(2)
    sign_in(page)
    part = visitor.owner[8:20]
    page.get_by_label("Find by name").fill(part)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Images of {visitor.owner}")).to_be_visible()
    expect(tiles(page)).to_have_count(2)
    page.go_back()
    expect(page.get_by_label("Find by name")).to_have_value(part)
    page.get_by_label("Find by name").fill("nobody is called that")
    expect(page.get_by_text("No user has that in their name.")).to_be_visible()


def names(page: Page) -> Locator:
    return page.locator("tbody th")


@pytest.mark.of_files
def test_among_many_users_the_one_is_found_that_is_on_no_page_yet(
    home: Home, browser: Browser, pages: Path
) -> None:
    with home.library() as library:
        for n in range(203):
            put(library, n, owner=f"user-{n:03}")
        for n in range(203, 206):
            put(library, n, owner="user-077")
    with home.served() as server, looking_at(browser, server) as page:
        sign_in(page)
        expect(page.get_by_text("203 users", exact=True)).to_be_visible()
        expect(names(page)).to_have_count(200)
        page.get_by_role("link", name="Next page").click()
        expect(names(page)).to_have_text(["user-200", "user-201", "user-202"])
        expect(page.get_by_role("main")).to_be_focused()
        field = page.get_by_label("Find by name")
        field.press_sequentially("R-07")
        expect(page.get_by_text("10 users found")).to_be_visible()
        expect(field).to_be_focused()
        page.get_by_role("link", name="Images").nth(1).click()
        expect(names(page).first).to_have_text("user-077")
        size = page.get_by_role("link", name="Size")
        for name, state in (("user-077", "descending"), ("user-070", "ascending")):
            size.click()
            expect(page.get_by_role("columnheader", name="Size")).to_have_attribute(
                "aria-sort", state
            )
            expect(names(page).first).to_have_text(name)
            expect(size).to_be_focused()
        field.fill("user-203")
        expect(page.get_by_text("No user has that in their name.")).to_be_visible()
        field.fill("")
        expect(names(page)).to_have_count(200)
