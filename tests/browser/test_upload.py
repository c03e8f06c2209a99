"""Files that are dropped, pasted and picked, and the drawers that they go to."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.files import REFUSED, file, give, panel, pick, row, tiles
from tests.browser.looks import EACH, KOREAN, PHONE, Look, shot
from tests.browser.watching import Watch, until
from tests.homes import Home
from tests.images import png
from tests.services.proxy import Fault, Proxy, request

BROKEN = "Failed to load resource"
UPLOADS = request("POST", "/api/v1/images")


def kept(visitor: Visitor, kind: str = "output") -> Any:
    return visitor.get(f"/api/v1/images?kind={kind}")["items"]


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


# -- a connection that breaks ---------------------------------------------------------------------


def test_uploads_wait_for_the_server_and_go_on_by_themselves(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    with wire.cut():
        pick(page, file("a.png"), file("b.png", seed=1))
        expect(panel(page)).to_contain_text("Uploads go on by themselves when it is back.")
        expect(panel(page).locator("li.waiting")).to_have_count(2)
    expect(tiles(page)).to_have_count(2, timeout=20_000)
    assert len(kept(visitor)) == 2


@pytest.mark.of_files
def test_uploads_wait_for_the_storage_and_go_on_by_themselves(
    visitor: Visitor, page: Page, watch: Watch, shared_home: Home
) -> None:
    watch.forgive(BROKEN)
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    outputs = shared_home.root / "outputs"
    away = outputs.rename(shared_home.root / "away")
    pick(page, file("a.png"))
    expect(panel(page)).to_contain_text("The storage is away for now.")
    away.rename(outputs)
    expect(tiles(page)).to_have_count(1, timeout=20_000)
    assert len(kept(visitor)) == 1


def test_a_lost_answer_makes_no_second_image(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    with wire.broken(Fault(UPLOADS, reset_after=0, times=1)):
        pick(page, file("a.png"))
        expect(panel(page)).to_contain_text("1 image uploaded", timeout=20_000)
        assert wire.befallen == 1
    expect(tiles(page)).to_have_count(1)
    assert len(kept(visitor)) == 1


@pytest.mark.of_files
def test_an_upload_can_be_cancelled_and_is_asked_for_before_the_page_is_left(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    page.goto("/")
    expect(page.get_by_role("heading", name="Your gallery starts here")).to_be_visible()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with wire.broken(Fault(UPLOADS, delay=5.0)):
        pick(page, file("a.png"), file("b.png", seed=1))
        expect(panel(page).locator("li.sending")).to_have_count(2)
        page.close(run_before_unload=True)
        row(page, "a.png").get_by_role("button", name="Cancel: a.png").click()
        row(page, "b.png").get_by_role("button", name="Cancel: b.png").click()
        expect(panel(page)).to_have_count(0)
    assert asked == ["beforeunload"]


# -- the drawers ----------------------------------------------------------------------------------


def test_images_are_copied_from_the_gallery(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(70, said=lambda number: {"prompt": f"picture {number}"})
    page.goto("/inputs")
    page.get_by_role("main").get_by_role("button", name="Copy from Images").click()
    dialog = page.get_by_role("dialog", name="Copy to Inputs")
    picks = dialog.locator(".pick")
    expect(picks).to_have_count(60)
    dialog.get_by_role("button", name="Show more").click()
    expect(picks).to_have_count(70)
    dialog.get_by_role("searchbox").fill("picture 69")
    expect(picks).to_have_count(1)
    picks.first.click()
    dialog.get_by_role("searchbox").fill("picture 68")
    expect(picks).to_have_attribute("aria-label", "picture 68")
    picks.first.click()
    dialog.get_by_role("button", name="Copy 2 images").click()
    expect(dialog).to_have_count(0)
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_text("2 images copied to Inputs")).to_be_visible()
    assert {item["parents"][0] for item in kept(visitor, "input")} == {ids[68], ids[69]}


@pytest.mark.of_files
def test_what_is_selected_is_copied_to_a_drawer(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    for at in (0, 1):
        tiles(page).nth(at).hover()
        tiles(page).nth(at).get_by_role("checkbox").click()
    page.get_by_role("button", name="Copy to…").click()
    page.get_by_role("dialog").get_by_role("button", name="Controls").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url("/controls")
    expect(tiles(page)).to_have_count(2)
    assert [item["parents"] for item in kept(visitor, "control")] == [[ids[0]], [ids[1]]]


@pytest.mark.of_files
def test_the_dialog_for_copies_is_used_with_the_keyboard(visitor: Visitor, page: Page) -> None:
    visitor.fill(3)
    page.goto("/controls")
    button = page.get_by_role("banner").get_by_role("button", name="Copy from Images")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Copy to Controls")
    expect(dialog.locator(".pick")).to_have_count(3)
    dialog.locator(".pick").first.focus()
    page.keyboard.press("Space")
    expect(dialog.locator(".pick").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    assert kept(visitor, "control") == []


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_uploads_and_drawers_stand_in_nobodys_way(visitor: Visitor, page: Page, look: Look) -> None:
    page.goto("/inputs")
    expect(page.locator(".first")).to_be_visible()
    assert axe.violations(page) == []
    give(page, "drop", file("notes.png", b"words"))
    expect(page.locator(".uploads li.failed")).to_have_count(1)
    shot(page, f"uploads {look}")
    assert axe.violations(page) == []
    visitor.fill(3)
    page.locator(".first .actions button").nth(1).click()
    expect(page.locator(".pick")).to_have_count(3)
    shot(page, f"copies {look}")
    assert axe.violations(page) == []


@pytest.mark.of_files
@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_uploads_stay_within_the_screen(visitor: Visitor, page: Page) -> None:
    page.goto("/inputs")
    pick(page, file("a.png"), button="Upload to Inputs")
    expect(tiles(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
