"""Files that are dropped, pasted and picked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.files import REFUSED, UPLOADS, file, give, kept, panel, pick, row
from tests.browser.looks import KOREAN, PHONE
from tests.browser.tiles import tiles
from tests.browser.watching import Watch, until
from tests.images import png
from tests.services.proxy import Fault, Proxy

# -- from everywhere ----------------------------------------------------------------------------


def test_the_first_visit_invites_and_takes_files(visitor: Visitor, page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    expect(page.get_by_text("can be got back for 30 days")).to_be_visible()
    pick(page, file("a.png"), file("b.png", seed=1), button="Choose files")
    expect(tiles(page)).to_have_count(2)
    expect(panel(page)).to_contain_text("2 images uploaded")
    assert {item["original_filename"] for item in kept(visitor)} == {"a.png", "b.png"}
    expect(panel(page)).to_have_count(0)


def test_files_are_dropped_into_the_drawer_that_is_shown(visitor: Visitor, page: Page) -> None:
    page.goto("/inputs")
    give(page, "dragenter", file("a.png"))
    expect(page.get_by_text("Drop to add to Inputs")).to_be_visible()
    give(page, "drop", file("a.png"), file("b.png", seed=1))
    expect(page.get_by_text("Drop to add to Inputs")).to_have_count(0)
    expect(tiles(page)).to_have_count(2)
    assert len(kept(visitor, "input")) == 2
    assert kept(visitor) == []


@pytest.mark.of_files
def test_an_image_is_pasted(visitor: Visitor, page: Page) -> None:
    page.goto("/controls")
    expect(page.get_by_role("heading", name="Control images")).to_be_visible()
    give(page, "paste", file("image.png"))
    expect(tiles(page)).to_have_count(1)
    assert len(kept(visitor, "control")) == 1


@pytest.mark.of_files
def test_many_are_uploaded_three_at_a_time(visitor: Visitor, page: Page, wire: Proxy) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    with wire.broken(Fault(UPLOADS, delay=0.3)):
        pick(page, *(file(f"{number}.png", seed=number) for number in range(12)))
        expect(panel(page).locator("li.sending")).to_have_count(3)
        expect(panel(page).locator("li.waiting")).to_have_count(9)
        panel(page).get_by_role("button", name="Fold the list").click()
        expect(panel(page).get_by_role("listitem")).to_have_count(0)
    expect(tiles(page)).to_have_count(12)


@pytest.mark.of_files
def test_what_one_uploads_does_not_wait_in_the_pill(visitor: Visitor, page: Page) -> None:
    visitor.fill(60, days=30)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    page.mouse.move(500, 400)
    page.mouse.wheel(0, 3_000)
    until(page, "scrollY > 1000")
    pick(page, file("mine.png"))
    expect(panel(page)).to_contain_text("1 image uploaded")
    expect(page.locator(".pill")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    [newest] = (item["id"] for item in kept(visitor) if item["original_filename"] == "mine.png")
    expect(page.locator(f".tile[data-id='{newest}']")).to_be_visible()


@pytest.mark.of_files
@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_uploads_stay_within_the_screen(visitor: Visitor, page: Page) -> None:
    page.goto("/inputs")
    pick(page, file("a.png"), button="Upload to Inputs")
    expect(tiles(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# -- what is refused ------------------------------------------------------------------------------


def test_a_text_that_is_named_as_an_image_is_refused_before_it_is_sent(
    visitor: Visitor, page: Page
) -> None:
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method))
    page.goto("/")
    pick(page, file("notes.png", b"these are only words"), file("good.png"))
    expect(row(page, "notes.png")).to_contain_text("Not a PNG, JPEG or WebP image.")
    expect(tiles(page)).to_have_count(1)
    expect(panel(page)).to_contain_text("1 file not uploaded, 1 image uploaded")
    assert sent.count("POST") == 1
    expect(row(page, "notes.png").get_by_role("button", name="Try again")).to_have_count(0)
    row(page, "notes.png").get_by_role("button", name="Remove from the list").click()
    expect(panel(page)).to_have_count(0)


@pytest.mark.of_files
def test_the_server_says_of_a_damaged_image_why_it_is_refused(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive(REFUSED)
    page.goto("/")
    pick(page, file("broken.png", png(300, 200)[:400]))
    expect(row(page, "broken.png")).to_contain_text("The image is damaged.")
    assert kept(visitor) == []


@pytest.mark.of_files
@pytest.mark.parametrize("look", [KOREAN], ids=str)
def test_reasons_are_given_in_korean(visitor: Visitor, page: Page) -> None:
    page.goto("/")
    give(page, "drop", file("notes.png", b"these are only words"))
    expect(page.get_by_role("region", name="업로드")).to_contain_text(
        "PNG, JPEG, WebP 이미지가 아닙니다."
    )
