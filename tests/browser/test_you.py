"""Whose gallery it is, and the room that is taken."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, Look, shot


def test_the_page_says_what_is_kept_and_for_how_long(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(5)
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    visitor.post("/api/v1/inputs/copy", id=ids[1])
    page.goto("/you")
    table = page.get_by_role("table")
    expect(table.get_by_role("row").filter(has_text="Images").nth(1)).to_contain_text("51")
    expect(table.get_by_role("row").filter(has_text="Inputs")).to_contain_text("10")
    expect(table.get_by_role("row").filter(has_text="All")).to_contain_text("61")
    expect(page.get_by_text("stays in the trash for 30 days")).to_be_visible()
    page.get_by_role("link", name="Look into the trash").click()
    expect(page).to_have_url("/trash")


@pytest.mark.of_files
def test_who_has_nothing_is_told_when_there_will_be_a_link(visitor: Visitor, page: Page) -> None:
    page.goto("/you")
    expect(page.get_by_text("As soon as you have an image")).to_be_visible()
    expect(page.get_by_role("button", name="Make a recovery link")).to_have_count(0)


@pytest.mark.of_files
def test_the_page_leads_to_the_keys(visitor: Visitor, page: Page) -> None:
    visitor.fill(1)
    page.goto("/you")
    page.get_by_role("button", name="Show all keys").click()
    expect(page.get_by_role("dialog")).to_contain_text("Search")


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_the_page_stands_in_nobodys_way(visitor: Visitor, page: Page, look: Look) -> None:
    visitor.fill(3)
    visitor.post("/api/v1/me/links", name="my phone")
    page.goto("/you")
    expect(page.locator(".links li")).to_have_count(1)
    page.locator(".make button").click()
    expect(page.locator(".made")).to_be_visible()
    shot(page, f"you {look}")
    assert axe.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
