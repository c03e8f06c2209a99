"""The administrator's page as a whole: for everybody, and with nothing to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.admin import SHOWN, enter, looking_at, noted_usage, sign_in, tiles, trashed
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, KOREAN, Look, shot
from tests.browser.watching import Watch, until
from tests.homes import Home
from tests.http.site import ADMIN_TOKEN

SECTIONS = ("users", "images", "trash", "server", "usage")


@pytest.mark.of_files
def test_an_empty_library_says_so_everywhere(home: Home, browser: Browser, pages: Path) -> None:
    with home.served() as server, looking_at(browser, server) as page:
        sign_in(page)
        expect(page.get_by_role("heading", name="Nobody has images yet")).to_be_visible()
        page.get_by_role("link", name="Images", exact=True).click()
        expect(page.get_by_role("heading", name="No images here")).to_be_visible()
        page.get_by_role("link", name="Trash", exact=True).click()
        page.get_by_role("button", name="Show what would go").click()
        expect(page.get_by_text("Nothing in the trash matches.")).to_be_visible()


@pytest.mark.of_files
def test_all_of_it_can_be_done_with_the_keyboard(visitor: Visitor, page: Page) -> None:
    visitor.fill(2)
    sign_in(page)
    expect(page.locator("main")).to_be_focused()
    page.get_by_label("Find by name").focus()
    page.keyboard.type(visitor.owner)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(tiles(page)).to_have_count(2)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "tile":
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Image")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tiles(page).first).to_be_focused()
    assert visitor.get("/api/v1/trash")["total"] == 0


@pytest.mark.of_files
@pytest.mark.parametrize("look", [KOREAN], ids=str)
def test_it_speaks_korean(visitor: Visitor, page: Page, watch: Watch, look: Look) -> None:
    watch.forgive("status of 401")
    page.goto("/admin")
    assert page.title() == "갤러리 관리"
    enter(page, "틀린 토큰", "관리자 토큰")
    expect(page.get_by_role("alert")).to_contain_text("이 서버의 관리자 토큰이 아닙니다")
    enter(page, ADMIN_TOKEN, "관리자 토큰")
    for name in ("사용자", "이미지", "휴지통", "서버", "디스크 사용량"):
        link = page.get_by_role("navigation").get_by_role("link", name=name, exact=True)
        expect(link).to_be_visible()


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_it_passes_for_everybody(
    shared_home: Home, visitor: Visitor, page: Page, look: Look
) -> None:
    trashed(visitor, 3)
    visitor.fill(12)
    noted_usage(shared_home, 60)
    page.goto("/admin")
    page.wait_for_selector("input")
    shot(page, f"admin token {look}")
    assert axe.violations(page) == []
    page.evaluate(f"sessionStorage.setItem('gallery.admin-token', {ADMIN_TOKEN!r})")
    page.reload()
    for section in SECTIONS:
        of_one = f"?user_id={visitor.owner}" if section in ("images", "trash") else ""
        page.evaluate(f"location.hash = '{section}{of_one}'")
        page.locator(f"nav [aria-current][href^='#{section}']").wait_for()
        if section == "images":
            until(page, f"{SHOWN} === 15")
        if section == "trash":
            page.locator("main form button").click()
            expect(page.locator(".plan .sum")).to_be_visible()
        page.locator("table, .tiles, .chart svg").first.wait_for()
        shot(page, f"admin {section} {look}")
        assert axe.violations(page) == [], section
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), section
    page.evaluate(f"location.hash = 'images?user_id={visitor.owner}'")
    tiles(page).first.click()
    page.locator("dialog img").wait_for()
    shot(page, f"admin image {look}")
    assert axe.violations(page) == []
