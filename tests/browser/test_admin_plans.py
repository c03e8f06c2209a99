"""What would be purged is what the form says, whatever answers come late."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.admin import sign_in, trashed
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.of_files


def test_a_plan_that_comes_after_the_form_was_changed_is_not_shown(
    visitor: Visitor, page: Page
) -> None:
    trashed(visitor, 2)
    sign_in(page, "#trash")
    held: list[Route] = []
    page.route("**/purge-trash?*", lambda route: held.append(route))
    page.get_by_role("button", name="Show what would go").click()
    page.get_by_label("User (empty: everybody)").fill("kim")
    with page.expect_response("**/purge-trash?*"):
        held[0].continue_()
    page.wait_for_timeout(200)
    expect(page.get_by_role("heading", name="What would go")).to_have_count(0)
    page.unroute("**/purge-trash?*")
    page.get_by_role("button", name="Show what would go").click()
    expect(page.get_by_text("Nothing in the trash matches.")).to_be_visible()


def test_at_a_place_that_is_none_it_is_said(page: Page) -> None:
    sign_in(page, "#nonsense")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("heading", name="Users")).to_have_count(0)
    page.get_by_role("link", name="Users").click()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
