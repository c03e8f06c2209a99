"""Addresses that are opened as they are: of images in their drawers, and of nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, Look, shot
from tests.browser.watching import Watch

SAID = {
    "en-US": ("There is no such page", "Go to your gallery"),
    "ko-KR": ("페이지를 찾을 수 없습니다", "내 갤러리로 가기"),
}


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_an_unknown_page_says_so_and_leads_to_the_gallery(
    visitor: Visitor, page: Page, watch: Watch, look: Look
) -> None:
    visitor.fill(3)
    watch.forgive("Failed to load resource.* 404 .*/nonsense")
    title, link = SAID[look.language]
    answer = page.goto("/nonsense")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=2)).to_have_text(title)
    shot(page, f"unknown {look}")
    assert axe.violations(page) == []
    page.get_by_role("link", name=link).click()
    expect(page).to_have_url("/")
    expect(page.locator(".tile")).to_have_count(3)
    page.go_back()
    expect(page.get_by_role("heading", level=2)).to_have_text(title)
    expect(page.locator(".tile")).to_have_count(0)


@pytest.mark.parametrize("drawer", ["inputs", "trash"])
def test_an_image_that_is_open_in_a_drawer_is_open_when_the_page_is_loaded_again(
    visitor: Visitor, page: Page, drawer: str
) -> None:
    (id_,) = visitor.fill(1)
    if drawer == "trash":
        visitor.post(f"/api/v1/images/{id_}/delete")
    else:
        id_ = visitor.post("/api/v1/inputs/copy", id=id_)["id"]
    page.goto(f"/{drawer}")
    page.locator(f".tile[data-id='{id_}']").click()
    expect(page.get_by_role("dialog", name="Image viewer")).to_be_visible()
    expect(page).to_have_url(f"/{drawer}/{id_}")
    page.reload()
    expect(page.get_by_role("dialog", name="Image viewer")).to_be_visible()
    expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
    expect(page.locator(".tile")).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(f"/{drawer}")
    expect(page.get_by_role("dialog", name="Image viewer")).to_have_count(0)
