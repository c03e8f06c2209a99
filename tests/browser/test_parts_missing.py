"""Parts of the application come when they are shown, and may not come: offline, or after the
server has become a newer one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.tiles import opened, tiles
from tests.browser.viewer import opened as shown
from tests.browser.watching import BROKEN, Watch

pytestmark = pytest.mark.of_files


def test_an_image_whose_viewer_does_not_come_is_opened_once_it_does(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(f"{BROKEN}|dynamically imported")
    (image,) = visitor.fill(1)
    opened(page)
    page.route("**/assets/Viewer-*.js", lambda route: route.abort())
    tiles(page).first.locator("a").click()
    dialog = page.get_by_role("dialog", name="This can’t be shown")
    expect(dialog).to_be_visible()
    page.unroute("**/assets/Viewer-*.js")
    dialog.get_by_role("button", name="Load the page again").click()
    shown(page, image)


def test_what_is_there_can_be_used_when_a_part_does_not_come(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(f"{BROKEN}|dynamically imported")
    visitor.fill(2)
    opened(page)
    page.route("**/assets/TrashPage-*.js", lambda route: route.abort())
    page.get_by_role("link", name="Trash").click()
    dialog = page.get_by_role("dialog", name="This can’t be shown")
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Images", exact=True).click()
    expect(tiles(page)).to_have_count(2)
