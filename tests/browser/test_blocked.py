"""A browser that keeps nothing for the page, and shares nothing between tabs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.admin import sign_in
from tests.browser.conftest import Visitor
from tests.browser.tiles import opened
from tests.browser.viewer import button
from tests.browser.viewer import opened as shown

pytestmark = pytest.mark.of_files
BLOCKED = """
const refuse = () => { throw new DOMException("denied", "SecurityError"); };
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get: refuse });
window.SharedWorker = class { constructor() { refuse(); } };
"""


def test_images_are_shown_where_nothing_may_be_kept(visitor: Visitor, page: Page) -> None:
    page.add_init_script(BLOCKED)
    (image,) = visitor.fill(1)
    opened(page).first.locator("a").click()
    shown(page, image)
    button(page, "Information").click()
    expect(page.get_by_role("complementary", name="About this image")).to_be_visible()
    visitor.post(f"/api/v1/images/{image}/delete")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()


def test_an_administrator_is_signed_in_where_nothing_may_be_kept(page: Page) -> None:
    page.add_init_script(BLOCKED)
    sign_in(page)
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
