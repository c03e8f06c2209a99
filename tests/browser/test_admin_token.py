"""The administrator's token: asked for once, kept for the tab, and refused in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.admin import enter, looking_at, sign_in
from tests.browser.watching import Watch
from tests.homes import Home
from tests.http.site import ADMIN_TOKEN, SERVICE_TOKEN

UNSET = ("env", "-u", "GALLERY_ADMIN_TOKEN")


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
