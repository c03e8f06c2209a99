"""One image in the viewer: opened, paged through, left, changed, and what goes wrong with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, PHONE, Look, shot
from tests.browser.watching import Watch, until

SAID = {
    "prompt": "a fox asleep in fresh snow",
    "negative_prompt": "blurry",
    "seed": 1234567,
    "model": "dreamshaper_8",
    "tags": ["winter"],
}
FOCUSED = "document.activeElement?.closest('[data-id]')?.dataset.id"
IS_OPEN = """(({ length, ...slides }) => length === 3 &&
    Object.values(slides).every((one) => one.style.display === "block"))(
    document.querySelectorAll(".pswp__item"))"""
"""PhotoSwipe hears keys once it has flown in, and shows the neighbours then."""
SHOWN = ".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)"
NATURAL = f"(() => {{ const i = document.querySelector('{SHOWN}'); return i?.naturalWidth; }})()"


def tile(page: Page, id_: str) -> Locator:
    return page.locator(f'[data-id="{id_}"] a')


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def opened(page: Page, id_: str) -> None:
    """Waits until an image is shown, at its address and ready for keys."""
    expect(page).to_have_url(re.compile(rf"/{id_}$"))
    until(page, IS_OPEN)
    until(page, f"{NATURAL} > 0")


def comes_true(page: Page, claim: Callable[[], bool], seconds: float = 10.0) -> None:
    """What is shown at once, the server does a moment later."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def open_at(page: Page, id_: str) -> None:
    page.goto(f"/image/{id_}")
    opened(page, id_)


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


def test_a_picture_is_zoomed_to_its_own_size_by_button_wheel_and_double_click(
    visitor: Visitor, page: Page
) -> None:
    (id_,) = visitor.fill(1)
    page.set_viewport_size({"width": 500, "height": 400})
    open_at(page, id_)
    width = f"document.querySelector('{SHOWN}').getBoundingClientRect().width"
    fitting = page.evaluate(width)
    natural = page.evaluate(NATURAL)
    assert fitting < natural
    acts: list[Callable[[], None]] = [
        lambda: button(page, "Original size").click(),
        lambda: page.locator(SHOWN).dblclick(),
    ]
    for act in acts:
        act()
        until(page, f"{width} === {natural}")
        expect(button(page, "Original size")).to_have_attribute("aria-pressed", "true")
        act()
        until(page, f"Math.abs({width} - {fitting}) < 1")
    page.mouse.move(250, 200)
    page.mouse.wheel(0, -200)
    until(page, f"{width} > {fitting} * 1.1")


def test_each_value_is_copied_with_a_click(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_at(page, id_)
    button(page, "Information").click()
    about = page.get_by_role("complementary", name="About this image")
    for name, text in {
        "Prompt": SAID["prompt"],
        "Seed": "1234567",
        "Negative prompt": "blurry",
    }.items():
        about.get_by_title(f"Copy: {name}", exact=True).click()
        expect(page.get_by_role("status").filter(has_text=f"Copied: {name}").last).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text


def test_values_are_copied_where_browsers_hide_the_clipboard(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    open_at(page, id_)
    button(page, "Information").click()
    page.get_by_title("Copy: Prompt", exact=True).click()
    expect(page.get_by_text("Copied: Prompt")).to_be_visible()
    page.get_by_label("Add a tag").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Add a tag")).to_have_value(str(SAID["prompt"]))


def test_the_drawer_stays_open_from_image_to_image_and_after_a_reload(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3, said=lambda number: {"prompt": f"fox number {number}"})
    open_at(page, ids[0])
    button(page, "Information").click()
    expect(page.get_by_text("fox number 0", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("fox number 1", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("fox number 1", exact=True)).to_be_visible()
    button(page, "Close").click()
    page.reload()
    opened(page, ids[1])
    expect(page.get_by_role("complementary")).to_have_count(0)


def test_tags_are_added_and_taken_off(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    field = page.get_by_label("Add a tag")
    for tag in ("fox", "snow"):
        field.fill(tag)
        field.press("Enter")
    expect(button(page, "Remove tag: snow")).to_be_visible()
    button(page, "Remove tag: winter").click()
    expect(button(page, "Remove tag: winter")).to_have_count(0)
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{id_}")["tags"] == ["fox", "snow"])


def test_tags_that_were_changed_elsewhere_meanwhile_are_kept_and_shown(
    visitor: Visitor, page: Page
) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    elsewhere = {"action": "tag", "ids": [id_], "tags": ["theirs"]}

    def meanwhile(route: Route) -> None:
        visitor.post("/api/v1/images/bulk", **elsewhere)
        route.continue_()

    page.route(f"**/api/v1/images/{id_}", meanwhile, times=1)
    page.get_by_label("Add a tag").fill("mine")
    page.get_by_label("Add a tag").press("Enter")
    expect(page.get_by_text("It was changed elsewhere meanwhile.")).to_be_visible()
    expect(button(page, "Remove tag: theirs")).to_be_visible()
    expect(button(page, "Remove tag: mine")).to_have_count(0)
    assert visitor.get(f"/api/v1/images/{id_}")["tags"] == ["winter", "theirs"]


def test_a_favourite_is_one_everywhere(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(3)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Favourite").click()
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page.locator(f'[data-id="{ids[1]}"] .heart')).to_be_visible()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{ids[1]}")["favorite"] is True)


def test_an_image_that_no_longer_matches_the_filter_stays_until_one_goes_on(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3, said=lambda _: {"favorite": True})
    page.goto(f"/image/{ids[1]}?favorite=1")
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    until(page, f"{NATURAL} > 0")
    button(page, "Favourite").click()
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(ids[2]))
    expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[0]))


def test_after_a_delete_the_next_image_is_shown_and_undo_brings_it_back(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(4)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Delete").click()
    opened(page, ids[2])
    expect(page.get_by_text("2 of 3", exact=True)).to_be_visible()
    button(page, "Undo").click()
    expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[1]))
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{ids[1]}")["status"] == "active")


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


def test_what_is_typed_as_a_tag_is_no_key_of_the_viewer(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(2)
    open_at(page, ids[0])
    button(page, "Information").click()
    page.get_by_label("Add a tag").press_sequentially("fizz")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Add a tag")).to_have_value("")
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(ids[0]))


def test_an_image_of_the_trash_is_restored_or_deleted_for_ever_in_the_viewer(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(3)
    visitor.post("/api/v1/images/bulk", action="delete", ids=ids)
    page.goto("/trash")
    shown = page.locator("main [data-id]").first.get_attribute("data-id")
    page.locator("main [data-id] a").first.click()
    until(page, IS_OPEN)
    expect(page.get_by_text("1 of 3", exact=True)).to_be_visible()
    button(page, "Restore").click()
    expect(page.get_by_text("1 of 2", exact=True)).to_be_visible()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{shown}")["status"] == "active")
    button(page, "Delete for ever").click()
    page.locator("dialog").get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
    comes_true(page, lambda: visitor.get("/api/v1/trash")["total"] == 1)


def test_after_the_last_image_was_deleted_the_viewer_is_gone(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(2)
    page.goto("/")
    tile(page, ids[1]).click()
    opened(page, ids[1])
    button(page, "Delete").click()
    opened(page, ids[0])
    button(page, "Delete").click()
    expect(page.get_by_text("Your gallery starts here")).to_be_visible()
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator("[inert]")).to_have_count(0)


def test_an_image_that_is_deleted_elsewhere_gives_way_to_the_next(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(4)
    page.goto("/")
    tile(page, ids[0]).click()
    opened(page, ids[0])
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    opened(page, ids[1])
    expect(page.get_by_text("This is the next one")).to_be_visible()
    expect(page.get_by_text("1 of 3", exact=True)).to_be_visible()


def test_images_that_come_and_go_before_it_leave_the_shown_one_alone(
    visitor: Visitor, page: Page
) -> None:
    ids = visitor.fill(6)
    page.goto("/")
    tile(page, ids[3]).click()
    opened(page, ids[3])
    before = page.locator(SHOWN).element_handle()
    visitor.post(f"/api/v1/images/{ids[0]}/delete")
    expect(page.get_by_text("3 of 5", exact=True)).to_be_visible()
    visitor.post(f"/api/v1/images/{ids[4]}/delete")
    expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(ids[3]))
    assert before is not None
    assert before.evaluate("(image) => image.isConnected")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(ids[5]))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(ids[2]))


def test_what_is_edited_elsewhere_shows_in_the_drawer(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    expect(button(page, "Remove tag: winter")).to_be_visible()
    visitor.post("/api/v1/images/bulk", action="tag", ids=[id_], tags=["theirs"])
    expect(button(page, "Remove tag: theirs")).to_be_visible()


def test_a_missing_original_is_said_and_tried_again(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive("Failed to load resource")
    ids = visitor.fill(2)
    original = f"**/{ids[0]}.*"
    page.route(original, lambda route: route.fulfill(status=404))
    page.route("**/thumb/*", lambda route: route.continue_())
    page.goto(f"/image/{ids[0]}")
    expect(page.get_by_role("alert")).to_contain_text("The image can’t be shown")
    expect(page.get_by_text("Loading…")).to_have_count(0)
    page.unroute(original)
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    opened(page, ids[0])
    expect(page.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    opened(page, ids[1])


def test_a_link_past_the_server_that_has_run_out_is_replaced_by_the_server_itself(
    visitor: Visitor, page: Page, watch: Watch
) -> None:
    watch.forgive("Failed to load resource")
    ids = visitor.fill(2)

    def with_links(route: Route) -> None:
        answer: dict[str, Any] = route.fetch().json()
        for one in answer.get("items", [answer]):
            one["direct_url"] = "/outputs/has-run-out.png"
        route.fulfill(json=answer)

    page.route("**/api/v1/images?*", with_links)
    page.goto("/")
    tile(page, ids[0]).click()
    opened(page, ids[0])
    assert page.locator(SHOWN).get_attribute("src") != "/outputs/has-run-out.png"
    page.keyboard.press("ArrowRight")
    opened(page, ids[1])


def test_the_original_is_downloaded_under_its_own_name(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: {"original_filename": "fox.jpg"})
    open_at(page, id_)
    with page.expect_download() as download:
        button(page, "Download").click()
    assert download.value.suggested_filename == "fox.jpg"


def test_an_image_is_copied_to_a_drawer_from_the_viewer(visitor: Visitor, page: Page) -> None:
    ids = visitor.fill(2)
    open_at(page, ids[1])
    button(page, "Copy to…").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.mouse.click(20, 400)
    expect(page.locator("dialog[open]")).to_have_count(0)
    button(page, "Copy to…").click()
    page.locator("dialog").get_by_role("button", name="Controls").click()
    expect(page.get_by_text("1 image copied to Controls")).to_be_visible()
    expect(page).to_have_url(re.compile(ids[1]))
    expect(button(page, "Copy to…")).to_be_focused()
    button(page, "Show").click()
    expect(page).to_have_url(re.compile("/controls$"))
    expect(page.locator(".pswp")).to_have_count(0)
    [copied] = visitor.get("/api/v1/images?kind=control")["items"]
    assert copied["parents"] == [ids[1]]
    tile(page, copied["id"]).click()
    opened(page, copied["id"])
    expect(button(page, "Copy to…")).to_have_count(0)


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
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *xs: int) -> None:
        points = [{"x": x, "y": 400} for x in xs]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(20)

    def swipe(first: int, *others: int) -> None:
        send("touchStart", first)
        for x in others:
            send("touchMove", x)
        send("touchEnd")

    swipe(340, 260, 160, 60)
    opened(page, ids[1])
    page.wait_for_timeout(500)  # until it is at rest
    swipe(60, 160, 260, 340)
    opened(page, ids[0])


@pytest.mark.of_files
@pytest.mark.parametrize("look", [Look(reduced_motion=True)], ids=["calm"])
def test_nothing_moves_for_whoever_wants_no_motion(
    visitor: Visitor, page: Page, look: Look
) -> None:
    ids = visitor.fill(2)
    page.route(f"**/{ids[0]}.*", lambda _: None)
    page.goto(f"/image/{ids[0]}")
    expect(page.get_by_text("Loading…")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    page.unroute_all(behavior="ignoreErrors")


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
