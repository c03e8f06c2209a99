"""One image in the viewer: opened, paged through and left, with the mouse, keys or a finger."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, PHONE, Look, shot
from tests.browser.tiles import FOCUSED
from tests.browser.viewer import (
    IS_OPEN,
    SAID,
    button,
    open_at,
    opened,
    rest,
    swipe,
    tile,
)
from tests.browser.watching import Watch, until

SPARING = """{
  const take = history.replaceState.bind(history);
  let left = 5;
  window.rested = () => (left = Infinity);
  history.replaceState = (...all) => {
    if (left-- > 0) return take(...all);
    if (%s) throw new DOMException("replaceState() more than 5 times", "SecurityError");
  };
}"""
"""A browser that takes but a few changes of the address until it has rested, and may not say so."""


def test_enter_opens_an_image_and_presses_nothing_in_it(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(8)
    page.goto("/")
    tile(page, ids[2]).focus()
    page.keyboard.press("Enter")
    opened(page, ids[2])
    expect(page.get_by_role("dialog", name="Image viewer")).to_be_focused()
    expect(page.get_by_text("3 of 8", exact=True)).to_be_visible()
    assert visitor.get("/api/v1/me")["counts"]["output"]["active"] == 8


def test_back_returns_to_the_same_place_and_focus(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(60)
    page.goto("/")
    expect(tile(page, ids[0])).to_be_visible()
    page.mouse.wheel(0, 700)
    until(page, "scrollY > 500")
    page.wait_for_timeout(300)  # until it is at rest
    chosen = page.evaluate(
        "[...document.querySelectorAll('.tile[data-id]')].find((one) =>"
        " one.getBoundingClientRect().top > 200).dataset.id"
    )
    top = f"document.querySelector('[data-id=\"{chosen}\"]').getBoundingClientRect().top"
    before = page.evaluate(top)
    tile(page, chosen).click()
    opened(page, chosen)
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{chosen}'")
    assert abs(page.evaluate(top) - before) < 1
    expect(page.locator(".pswp")).to_have_count(0)


def test_escape_leaves_at_the_image_that_was_shown_last(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(60)
    page.goto("/")
    tile(page, ids[0]).click()
    opened(page, ids[0])
    for step in range(1, 31):
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(ids[step]))
    opened(page, ids[30])
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{ids[30]}'")
    expect(tile(page, ids[30])).to_be_in_viewport()


def test_escape_after_a_reload_goes_back_to_the_page_that_it_was_opened_from(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(8)
    page.goto("/")
    tile(page, ids[2]).click()
    opened(page, ids[2])
    page.reload()
    opened(page, ids[2])
    expect(tile(page, ids[2])).to_be_attached()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{ids[2]}'")
    page.go_back()
    expect(page).to_have_url("about:blank")


@pytest.mark.of_files
def test_escape_after_reloads_of_an_address_stays_with_the_gallery(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3)
    open_at(page, ids[1])
    page.reload()
    opened(page, ids[1])
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    expect(page.locator(".pswp")).to_have_count(0)


def test_next_and_previous_go_on_where_a_page_of_the_list_ends(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.plant(450, days=1)
    newest = [one["id"] for one in visitor.get("/api/v1/images?size=200")["items"]]
    page.goto("/")
    tile(page, newest[0]).click()
    until(page, IS_OPEN)
    for _ in range(205):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(5)
    expect(page.get_by_text("206 of 450", exact=True)).to_be_visible()
    after = page.url.rsplit("/", 1)[1]
    assert after in ids
    assert after not in newest
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(newest[199]))


@pytest.mark.of_files
@pytest.mark.parametrize("says", ["true", "false"])
def test_paging_is_faster_than_the_history_of_a_browser(
    visitor: Visitor, page: Page, says: str
) -> None:
    ids = visitor.fill(20)
    page.add_init_script(SPARING % says)
    page.goto("/")
    tile(page, ids[0]).click()
    until(page, IS_OPEN)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("13 of 20", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(ids[5]))
    page.evaluate("rested()")
    opened(page, ids[12])
    page.reload()
    opened(page, ids[12])
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{ids[12]}'")


def test_an_address_of_an_image_leads_to_it_and_to_its_neighbours(
    visitor: Visitor, page: Page
) -> None:
    visitor.plant(1_500, days=2)
    pages = (visitor.get(f"/api/v1/images?size=200&page={at}")["items"] for at in (4, 5))
    ids = [one["id"] for part in pages for one in part]
    page.goto(f"/image/{ids[150]}")
    expect(page.get_by_text("751 of 1,500", exact=True)).to_be_visible()
    until(page, IS_OPEN)
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(ids[151]))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[149]))
    button(page, "Back").click()
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{ids[149]}'")


def test_an_address_of_no_image_says_so_and_leads_back(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    visitor.fill(2)
    watch.forgive("Failed to load resource")
    page.goto(f"/image/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such image")
    expect(page.get_by_text("1 of 1")).to_have_count(0)
    expect(button(page, "Try again")).to_have_count(0)
    assert axe.violations(page) == []
    page.get_by_role("link", name="To the gallery").click()
    expect(page).to_have_url(re.compile("/$"))
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)


@pytest.mark.parametrize("kind", ["input", "control", "trash"])
def test_an_image_of_another_page_is_still_there_after_a_reload(
    visitor: Visitor, page: Page, kind: str
) -> None:
    [id_] = visitor.fill(1, said=lambda _: {} if kind == "trash" else {"kind": kind})
    if kind == "trash":
        visitor.post(f"/api/v1/images/{id_}/delete")
    name = "trash" if kind == "trash" else f"{kind}s"
    page.goto(f"/{name}")
    tile(page, id_).click()
    opened(page, id_)
    page.reload()
    opened(page, id_)
    expect(page).to_have_url(f"/{name}/{id_}")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"/{name}")


def test_everything_is_done_by_keys_alone(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(4, said=lambda _: SAID)
    page.goto("/")
    tile(page, ids[0]).focus()
    page.keyboard.press("Enter")
    opened(page, ids[0])
    page.keyboard.press("f")
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="About this image")).to_be_visible()
    page.keyboard.press("z")
    expect(button(page, "Original size")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    expect(button(page, "Original size")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Delete")
    opened(page, ids[1])
    page.keyboard.press("Control+z")
    expect(page.get_by_text("2 of 4", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/$"))
    until(page, f"{FOCUSED} === '{ids[1]}'")


def test_tab_stays_in_the_viewer_and_its_notes(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    tile(page, ids[0]).click()
    opened(page, ids[0])
    button(page, "Information").click()
    where = "document.activeElement?.closest('.pswp, .toasts, body > *')?.className ?? 'body'"
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(str(page.evaluate(where)).split(" ", maxsplit=1)[0])
    assert seen <= {"pswp", "toasts", "body"}
    assert "pswp" in seen


@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_a_swipe_leads_on(visitor: Visitor, page: Page, look: Look) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    tile(page, ids[0]).tap()
    opened(page, ids[0])
    rest(page)
    swipe(page, 385, 345, 230, 120, 10)
    opened(page, ids[1])
    rest(page)
    swipe(page, 10, 50, 160, 275, 385)
    opened(page, ids[0])


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_nothing_in_the_viewer_stands_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look
) -> None:
    ids = visitor.fill(5, said=lambda _: SAID)
    open_at(page, ids[1])
    shot(page, f"viewer {look}")
    assert axe.violations(page) == []
    page.get_by_role("button", name=re.compile("^(Information|정보)$")).click()
    page.wait_for_timeout(300)
    shot(page, f"viewer drawer {look}")
    assert axe.violations(page) == []
