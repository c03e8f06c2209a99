"""What the drawer of the viewer says of an image: copied, tagged, and level with others."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.viewer import (
    SAID,
    button,
    comes_true,
    open_at,
    opened,
)


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


def test_edits_of_tags_are_undone_one_after_the_other(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    field = page.get_by_label("Add a tag")
    field.fill("fox")
    field.press("Enter")
    button(page, "Remove tag: winter").click()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{id_}")["tags"] == ["fox"])
    expect(button(page, "Remove tag: winter")).to_have_count(0)
    field.press("Escape")
    page.keyboard.press("Control+z")
    expect(button(page, "Remove tag: winter")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(button(page, "Remove tag: fox")).to_have_count(0)
    assert visitor.get(f"/api/v1/images/{id_}")["tags"] == ["winter"]


def test_a_tag_that_is_added_before_the_heart_was_answered_is_taken(
    visitor: Visitor, page: Page
) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    field = page.get_by_label("Add a tag")
    late: list[Route] = []
    page.route(f"**/api/v1/images/{id_}", lambda route: late.append(route), times=1)
    button(page, "Favourite").click()
    field.fill("fox")
    field.press("Enter")
    comes_true(page, lambda: bool(late))
    late[0].continue_()
    comes_true(page, lambda: visitor.get(f"/api/v1/images/{id_}")["tags"] == ["winter", "fox"])
    expect(button(page, "Remove tag: fox")).to_be_visible()
    expect(button(page, "Favourite")).to_have_attribute("aria-pressed", "true")


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


def test_what_is_edited_elsewhere_shows_in_the_drawer(visitor: Visitor, page: Page) -> None:
    (id_,) = visitor.fill(1, said=lambda _: SAID)
    open_at(page, id_)
    button(page, "Information").click()
    expect(button(page, "Remove tag: winter")).to_be_visible()
    visitor.post("/api/v1/images/bulk", action="tag", ids=[id_], tags=["theirs"])
    expect(button(page, "Remove tag: theirs")).to_be_visible()
