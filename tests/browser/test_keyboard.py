"""Everything can be done with the keyboard, of whatever layout, and the keys can be looked up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, Look, shot
from tests.browser.tiles import (
    FOCUSED,
    TILE,
    are_drawn,
    bar,
    becomes,
    focused,
    ids,
    opened,
    tile,
    toast,
)
from tests.browser.watching import Watch, until


def korean(page: Page, key: str, code: str) -> None:
    """A key as a browser tells of it while a Korean layout is active."""
    wire = page.context.new_cdp_session(page)
    for kind in ("rawKeyDown", "keyUp"):
        wire.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code})


def sheet(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Keyboard")


def is_favorite(visitor: Visitor, image: str) -> bool:
    return bool(visitor.get(f"/api/v1/images/{image}")["favorite"])


def test_images_are_found_selected_deleted_and_had_back_by_keys_alone(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(12)
    opened(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED):
            break
    focused(page, images[0])
    page.keyboard.press("ArrowRight")
    focused(page, images[1])
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    focused(page, images[2])
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("2 selected")
    page.keyboard.press("Delete")
    expect(tile(page, images[1])).to_have_count(0)
    expect(bar(page)).to_have_count(0)
    focused(page, images[3])
    page.keyboard.press("Control+z")
    expect(tile(page, images[1])).to_have_count(1)
    expect(toast(page, "Undone")).to_be_visible()
    are_drawn(page, images)
    becomes(page, lambda: visitor.get("/api/v1/trash")["total"], 0)


def test_shift_and_arrows_select_on_the_way(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(8, days=0.001)
    opened(page)
    tile(page, images[1]).locator("a").focus()
    for at in (2, 3):
        page.keyboard.press("Shift+ArrowRight")
        focused(page, images[at])
    expect(bar(page)).to_contain_text("3 selected")
    page.keyboard.press("Shift+x")
    expect(bar(page)).to_contain_text("8 selected")


def test_keys_do_their_work_on_the_image_that_has_the_focus(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(4)
    opened(page)
    tile(page, images[1]).locator("a").focus()
    page.keyboard.press("f")
    expect(tile(page, images[1]).locator(".heart")).to_have_count(1)
    with page.expect_download() as download:
        page.keyboard.press("Shift+D")
    name = visitor.get(f"/api/v1/images/{images[1]}")["original_filename"]
    assert download.value.suggested_filename == name
    becomes(page, lambda: is_favorite(visitor, images[1]), True)
    page.keyboard.press("f")
    expect(tile(page, images[1]).locator(".heart")).to_have_count(0)


def test_the_keys_are_the_same_on_a_korean_keyboard(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(4)
    opened(page)
    tile(page, images[2]).locator("a").focus()
    korean(page, "ㄹ", "KeyF")
    expect(tile(page, images[2]).locator(".heart")).to_have_count(1)
    korean(page, "Process", "KeyX")
    expect(bar(page)).to_contain_text("1 selected")


def test_in_the_trash_r_restores(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    visitor.post(f"/api/v1/images/{images[0]}/delete")
    opened(page, "/trash")
    tile(page, images[0]).locator("a").focus()
    page.keyboard.press("r")
    expect(page.locator(TILE)).to_have_count(0)
    expect(toast(page, "1 image restored")).to_be_visible()


def test_keys_do_nothing_while_one_types(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(4)
    opened(page)
    are_drawn(page, images)
    tile(page, images[0]).locator("a").focus()
    page.keyboard.press("t")
    field = page.get_by_role("dialog", name="Tags of 1 image").get_by_role("textbox")
    expect(field).to_be_focused()
    page.keyboard.type("fix g")
    page.keyboard.press("Delete")
    expect(field).to_have_value("fix g")
    page.keyboard.press("Escape")
    focused(page, images[0])
    expect(bar(page)).to_have_count(0)
    assert ids(page) == images
    assert not any(is_favorite(visitor, image) for image in images)


def test_g_goes_to_a_date(visitor: Visitor, page: Page) -> None:
    visitor.fill(400, days=60)
    opened(page)
    days = visitor.get("/api/v1/timeline?tz=UTC")["days"]
    wanted = days[40]["date"]
    page.keyboard.press("g")
    dialog = page.get_by_role("dialog", name="Go to a date")
    dialog.get_by_label("Day").fill(wanted)
    page.keyboard.press("Enter")
    until(page, f"document.activeElement.closest('.day')?.dataset.date === '{wanted}'")


def test_g_goes_nowhere_below_two_images_that_are_compared(visitor: Visitor, page: Page) -> None:
    first, second = visitor.fill(2)
    page.goto(f"/compare/{first}/{second}")
    expect(page.locator(".differences table")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("?")
    expect(sheet(page)).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(1)


@pytest.mark.parametrize("drawer", ["image", "trash"])
def test_where_there_is_no_image_its_keys_do_nothing(
    visitor: Visitor, page: Page, watch: Watch, drawer: str
) -> None:
    images = visitor.fill(3)
    visitor.post(f"/api/v1/images/{images[0]}/delete")
    watch.forgive("Failed to load resource.* 404 .*/images/0")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.method))
    page.goto(f"/{drawer}/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such image")
    for key in ("f", "x", "t", "r", "z", "Shift+D", "Delete", "Delete"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    expect(page).to_have_url(f"/{drawer}/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such image")
    expect(page.locator("dialog[open], .toast, .selection")).to_have_count(0)
    assert set(asked) == {"GET"}
    assert visitor.get("/api/v1/trash")["total"] == 1


def test_the_sheet_shows_the_keys_and_gives_the_focus_back(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(3)
    opened(page)
    tile(page, images[1]).locator("a").focus()
    page.keyboard.press("?")
    expect(sheet(page)).to_be_visible()
    for key in ("Esc", "Space", "Shift + D", "Ctrl + Z", "Del", "/"):
        expect(sheet(page).get_by_text(key, exact=True)).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || "
            "document.activeElement.closest('dialog') !== null"
        )
    page.keyboard.press("Escape")
    expect(sheet(page)).to_have_count(0)
    focused(page, images[1])


def test_single_keys_can_be_switched_off_and_stay_so(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(4)
    opened(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    sheet(page).get_by_role("switch").uncheck()
    shot(page, "keyboard single keys off")
    page.keyboard.press("Escape")
    for _ in range(2):
        tile(page, images[0]).locator("a").focus()
        page.keyboard.press("x")
        page.keyboard.press("f")
        page.keyboard.press("?")
        page.keyboard.press("Space")
        expect(bar(page)).to_contain_text("1 selected")
        expect(sheet(page)).to_have_count(0)
        opened(page)
    tile(page, images[0]).locator("a").focus()
    page.keyboard.press("Delete")
    expect(tile(page, images[0])).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(tile(page, images[0])).to_have_count(1)
    assert not is_favorite(visitor, images[0])


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_nothing_on_the_sheet_stands_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look
) -> None:
    visitor.fill(3)
    opened(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(200)
    shot(page, f"keyboard {look}")
    assert axe.violations(page) == []
