"""A page says in its title which one it is, in the reader's language."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import DESKTOP, KOREAN, Look
from tests.browser.viewer import open_at, opened
from tests.browser.watching import Watch

TITLES = {
    "en-US": {
        "/": "Gallery",
        "/inputs": "Inputs – Gallery",
        "/controls": "Controls – Gallery",
        "/trash": "Trash – Gallery",
        "/you": "You – Gallery",
        "/nonsense": "Unknown page – Gallery",
        "/compare": "Compare two images – Gallery",
    },
    "ko-KR": {
        "/": "Gallery",
        "/inputs": "입력 – Gallery",
        "/controls": "컨트롤 – Gallery",
        "/trash": "휴지통 – Gallery",
        "/you": "내 정보 – Gallery",
        "/nonsense": "알 수 없는 페이지 – Gallery",
        "/compare": "이미지 두 장 비교 – Gallery",
    },
}
PROMPT = "a fox asleep in fresh snow, watercolour on rough paper, in the light of a late evening"
SHORT = "a fox asleep in fresh snow, watercolour on rough paper, in…"


@pytest.mark.of_files
@pytest.mark.parametrize("look", [DESKTOP, KOREAN], ids=["en", "ko"])
def test_each_page_has_a_title_of_its_own(
    visitor: Visitor, page: Page, watch: Watch, look: Look
) -> None:
    first, second = visitor.fill(2)
    watch.forgive("Failed to load resource.* 404 .*/nonsense")
    for path, title in TITLES[look.language].items():
        page.goto(f"/compare/{first}/{second}" if path == "/compare" else path)
        expect(page).to_have_title(title)


@pytest.mark.of_files
def test_an_open_image_gives_its_name_to_the_page_shortly(visitor: Visitor, page: Page) -> None:
    first, second = visitor.fill(2, said=lambda n: {"prompt": PROMPT if n == 0 else "a cat"})
    open_at(page, first)
    expect(page).to_have_title(f"{SHORT} – Gallery")
    page.keyboard.press("ArrowRight")
    opened(page, second)
    expect(page).to_have_title("a cat – Gallery")
    page.keyboard.press("Escape")
    expect(page).to_have_title("Gallery")
    page.get_by_role("link", name="Trash").click()
    expect(page).to_have_title("Trash – Gallery")
