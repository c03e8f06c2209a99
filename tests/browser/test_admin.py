"""The administrator's page: the token, users, the server, disk use, and all for everybody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from gallery import usage
from tests.browser import axe
from tests.browser.admin import SHOWN, enter, looking_at, sign_in, tiles, trashed
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, KOREAN, Look, shot
from tests.browser.watching import Watch, until
from tests.homes import Home
from tests.http.site import ADMIN_TOKEN, SERVICE_TOKEN
from tests.samples import put
from tests.services.proxy import Proxy

UNSET = ("env", "-u", "GALLERY_ADMIN_TOKEN")
SECTIONS = ("users", "images", "trash", "server", "usage")


# -- the token ------------------------------------------------------------------------------


@pytest.mark.of_files
def test_the_token_is_asked_for_once_and_kept_for_the_tab_alone(page: Page) -> None:
    sign_in(page)
    assert ADMIN_TOKEN[:8] not in page.url
    page.reload()
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    other = page.context.new_page()
    other.goto("/admin")
    expect(other.get_by_label("Administrator’s token")).to_be_focused()


@pytest.mark.of_files
def test_signing_out_forgets_the_token(page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Administrator’s token")).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    expect(page.get_by_label("Administrator’s token")).to_have_value("")


@pytest.mark.of_files
@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("not the token", "This is not the administrator’s token"),
        ("관리자의 토큰입니다", "This is not the administrator’s token"),
        (SERVICE_TOKEN, "This is the token of pipelines"),
        ("  ", "Enter the token."),
    ],
    ids=["wrong", "not ASCII", "of pipelines", "none"],
)
def test_a_token_that_is_not_the_administrators_is_said_to_be_so(
    page: Page, watch: Watch, token: str, answer: str
) -> None:
    watch.forgive("status of 40[13]")
    page.goto("/admin")
    enter(page, token)
    expect(page.get_by_role("alert")).to_contain_text(answer)
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.of_files
def test_a_token_may_have_any_letters(home: Home, browser: Browser, pages: Path) -> None:
    token = "갤러리를 맡아 돌보는 사람의 토큰"
    with home.served(admin_token=token) as server, looking_at(browser, server) as page:
        page.goto("/admin")
        enter(page, token)
        expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()


@pytest.mark.of_files
def test_without_a_token_set_it_is_said_what_to_set(
    home: Home, browser: Browser, pages: Path
) -> None:
    with home.served(under=UNSET) as server, looking_at(browser, server) as page:
        page.goto("/admin")
        enter(page, ADMIN_TOKEN)
        expect(page.get_by_role("alert")).to_contain_text("set it to 16 characters or more")


@pytest.mark.of_files
def test_a_token_that_was_changed_meanwhile_is_asked_for_again(page: Page, watch: Watch) -> None:
    watch.forgive("status of 401")
    sign_in(page)
    page.evaluate("sessionStorage.setItem('gallery.admin-token', 'that of last week')")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("This is not the administrator’s token")
    enter(page, ADMIN_TOKEN)
    expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()


# -- users ----------------------------------------------------------------------------------


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
    page.get_by_label("Filter by name").fill(part)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Images of {visitor.owner}")).to_be_visible()
    expect(tiles(page)).to_have_count(2)
    page.go_back()
    page.get_by_label("Filter by name").fill("nobody is called that")
    expect(page.get_by_text("No user on this page")).to_be_visible()


@pytest.mark.of_files
def test_users_come_in_pages(home: Home, browser: Browser, pages: Path) -> None:
    with home.library() as library:
        for n in range(203):
            put(library, n, owner=f"user-{n:03}")
    with home.served() as server, looking_at(browser, server) as page:
        sign_in(page)
        expect(page.locator("tbody tr")).to_have_count(200)
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("tbody tr")).to_have_count(3)
        page.get_by_label("Filter by name").fill("user-202")
        expect(page.get_by_text("1 of 203 users. The filter looks at this page")).to_be_visible()
        page.get_by_role("link", name="Previous page").click()
        expect(page.get_by_text("Page 1 of 2")).to_be_visible()


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


# -- the server, and disk use ---------------------------------------------------------------


def test_the_server_tells_how_it_is_and_what_its_jobs_did(page: Page) -> None:
    sign_in(page, "#server")
    stores = page.locator("dd", has_text=re.compile("^reachable"))
    expect(stores).to_have_count(2)
    expect(page.get_by_text("0 damaged, 0 missing, 0 unreadable")).to_be_visible()
    walk = page.get_by_role("row", name="Comparing files and lists")
    expect(walk).to_contain_text("mended: 0")
    page.get_by_role("button", name="Refresh").click()
    expect(stores).to_have_count(2)


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


def noted_usage(home: Home, days: int) -> None:
    """As if a server had run for so many days, but for one of them."""
    now = datetime.now(UTC).date()
    known = {
        (now - timedelta(days=n)).isoformat(): {
            "owners": 2, "images": 900 - n, "trash": n % 7, "bytes": 1_600_000_000 - n * 20_000_000,
        }
        for n in range(days) if n != 3
    }  # fmt: skip
    with home.library() as library:
        library.catalog.notes.write(usage.NAME, orjson.dumps(known))


def test_disk_use_is_a_chart_and_a_table(shared_home: Home, visitor: Visitor, page: Page) -> None:
    noted_usage(shared_home, 20)
    sign_in(page, "#usage")
    chart = page.get_by_role("img", name="Disk use by day")
    expect(chart).to_have_accessible_name(re.compile(r"1\.6 GB on"))
    expect(page.locator(".line")).to_have_count(2)
    chart.hover(position={"x": 80, "y": 100})
    expect(page.locator("figcaption")).to_contain_text("1.2 GB")
    page.get_by_text("As a table").click()
    expect(page.locator("tbody tr")).to_have_count(19)
    page.get_by_label("Time").select_option("Last 30 days")
    expect(page).to_have_url(re.compile("#usage\\?days=30$"))


# -- everywhere -----------------------------------------------------------------------------


def test_a_server_that_is_gone_is_said_to_be_and_asked_again(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive("ERR_")
    visitor.fill(1)
    sign_in(page)
    with wire.cut():
        page.get_by_role("link", name="Server").click()
        expect(page.get_by_text("The server can’t be reached.").first).to_be_visible()
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text("reachable", exact=True).first).to_be_visible()


@pytest.mark.of_files
def test_all_of_it_can_be_done_with_the_keyboard(visitor: Visitor, page: Page) -> None:
    visitor.fill(2)
    sign_in(page)
    expect(page.locator("main")).to_be_focused()
    page.get_by_label("Filter by name").focus()
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
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


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
