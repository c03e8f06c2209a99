"""What has the focus goes when it is pressed: the focus stays with what one looks at."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.files import UPLOADS, file, panel, pick, row
from tests.browser.test_live import upload
from tests.browser.tiles import bar, check, opened, scroll_down, tile, tiles, toast
from tests.browser.viewer import open_at
from tests.browser.watching import BROKEN, Watch
from tests.services.proxy import Fault, Proxy

pytestmark = pytest.mark.of_files


def press(button: Locator) -> None:
    button.focus()
    button.press("Enter")
    expect(button).to_have_count(0)


def delete(page: Page, image: str) -> None:
    tile(page, image).locator("a").focus()
    page.keyboard.press("Delete")
    expect(toast(page, "moved to the trash")).to_be_visible()


def test_from_new_images_to_the_newest(visitor: Visitor, page: Page) -> None:
    visitor.fill(60, days=4)
    opened(page)
    scroll_down(page, 900)
    upload(visitor, "the first")
    upload(visitor, "the second")
    press(page.get_by_role("button", name="Show 2 new images"))
    expect(page.get_by_role("link", name="the second")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="the first")).to_be_focused()


@pytest.mark.parametrize("name", ["Clear all", "Remove the filter: #none", "Clear all filters"])
def test_from_the_filters_to_what_they_hid(visitor: Visitor, page: Page, name: str) -> None:
    visitor.fill(3)
    page.goto("/?tag=none")
    expect(page.get_by_role("heading", name="No images match")).to_be_visible()
    press(page.get_by_role("button", name=name, exact=True))
    expect(tiles(page)).to_have_count(3)
    expect(page.get_by_role("main")).to_be_focused()


def test_from_a_link_to_the_name_of_the_next(visitor: Visitor, page: Page) -> None:
    visitor.fill(1)
    page.goto("/you")
    page.get_by_role("button", name="Make a recovery link").click()
    press(page.get_by_role("button", name="I have kept it"))
    expect(page.get_by_role("textbox")).to_be_focused()


@pytest.mark.parametrize("name", ["Clear the selection", "Move to the trash"])
def test_from_a_selection_to_the_page(visitor: Visitor, page: Page, name: str) -> None:
    images = visitor.fill(3)
    opened(page)
    check(tile(page, images[0]))
    press(bar(page).get_by_role("button", name=name))
    expect(page.get_by_role("main")).to_be_focused()


def test_from_a_button_that_a_press_gives_no_focus_to_the_page(
    visitor: Visitor, page: Page
) -> None:
    """As in Safari."""
    images = visitor.fill(3)
    opened(page)
    check(tile(page, images[0]))
    page.evaluate(
        """addEventListener("mousedown", (event) => {
            event.preventDefault();
            document.activeElement.blur();
        })"""
    )
    bar(page).get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("name", ["Undo", "Close"])
def test_from_a_note_to_the_page(visitor: Visitor, page: Page, name: str) -> None:
    images = visitor.fill(3)
    opened(page)
    delete(page, images[0])
    note = toast(page, "moved to the trash").get_by_role("button", name=name)
    press(note)
    expect(page.get_by_role("main")).to_be_focused()


def test_from_a_note_to_the_viewer_above_the_page(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    open_at(page, images[0])
    page.keyboard.press("Delete")
    press(toast(page, "moved to the trash").get_by_role("button", name="Undo"))
    expect(page.get_by_role("dialog", name="Image viewer")).to_be_focused()


def test_from_an_upload_to_the_page(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    page.goto("/")
    with wire.broken(Fault(UPLOADS, delay=5.0)):
        pick(page, file("a.png"))
        expect(panel(page).locator("li.sending")).to_have_count(1)
        press(row(page, "a.png").get_by_role("button", name="Cancel: a.png"))
        expect(page.get_by_role("main")).to_be_focused()


def test_a_note_that_goes_by_itself_leaves_the_focus_where_one_types(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(3)
    page.clock.install()
    opened(page)
    delete(page, images[0])
    page.keyboard.press("/")
    page.clock.run_for(10_000)
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_be_focused()
