"""Images are selected as people know it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, PHONE, Look, shot
from tests.browser.tiles import (
    are_drawn,
    bar,
    becomes,
    check,
    focused,
    ids,
    opened,
    tile,
)
from tests.browser.watching import until


def press(page: Page, image: str, seconds: float) -> None:
    """With a finger."""
    box = tile(page, image).bounding_box()
    assert box is not None
    finger = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    wire = page.context.new_cdp_session(page)
    wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    page.wait_for_timeout(seconds * 1000)
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_checks_that_the_mouse_finds_select_and_the_bar_counts_them(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(8)
    opened(page)
    expect(bar(page)).to_have_count(0)
    for image in images[:2]:
        check(tile(page, image))
    sizes = [visitor.get(f"/api/v1/images/{image}")["bytes"] for image in images[:2]]
    expect(bar(page)).to_contain_text("2 selected")
    expect(bar(page)).to_contain_text(f"{round(sum(sizes) / 1000, 1):g} kB")
    expect(tile(page, images[0])).to_have_attribute("aria-selected", "true")
    expect(page.locator("[role=status]").filter(has_text="2 selected")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(bar(page)).to_have_count(0)


def test_while_some_are_selected_a_click_selects_and_opens_nothing(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(6)
    opened(page)
    tile(page, images[1]).locator("a").click(modifiers=["Control"])
    tile(page, images[3]).locator("a").click()
    expect(bar(page)).to_contain_text("2 selected")
    tile(page, images[1]).locator("a").click()
    expect(bar(page)).to_contain_text("1 selected")
    assert page.url.endswith("/")
    tile(page, images[3]).locator("a").click()
    tile(page, images[3]).locator("a").click()
    assert page.url.endswith(f"/image/{images[3]}")


@pytest.mark.of_files
def test_a_range_takes_in_images_that_were_never_in_sight(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(700, days=3)
    opened(page)
    check(tile(page, images[2]))
    tile(page, images[2]).locator("a").focus()
    page.keyboard.press("End")
    last = tile(page, images[-1])
    expect(last.locator("a")).to_be_focused(timeout=20_000)
    last.locator("a").click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("698 selected")
    page.keyboard.press("Home")
    expect(tile(page, images[2])).to_have_attribute("aria-selected", "true", timeout=20_000)
    expect(tile(page, images[1])).to_have_attribute("aria-selected", "false")


@pytest.mark.of_files
def test_a_day_is_selected_whole_also_what_is_not_loaded(visitor: Visitor, page: Page) -> None:
    visitor.fill(450, days=0.001)
    opened(page)
    day = page.locator(".day").first
    day.hover()
    box = day.get_by_role("checkbox", name="Select all:").first
    count = min(
        450, sum(one["count"] for one in visitor.get("/api/v1/timeline?tz=UTC")["days"][:1])
    )
    box.click()
    expect(bar(page)).to_contain_text(f"{count} selected")
    expect(box).to_have_attribute("aria-checked", "true")
    box.click()
    expect(bar(page)).to_have_count(0)


def test_a_rubber_band_selects_what_it_touches_and_scrolls_at_the_edge(
    visitor: Visitor, page: Page
) -> None:
    visitor.fill(150, days=0.001)
    opened(page)
    page.wait_for_timeout(300)
    first = ids(page)[0]
    start = tile(page, first).bounding_box()
    assert start is not None
    page.mouse.move(start["x"] + 5, start["y"] + start["height"] - 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 300, start["y"] + start["height"] + 60, steps=5)
    expect(page.locator(".band")).to_have_count(1)
    expect(tile(page, first)).to_have_attribute("aria-selected", "true")
    shot(page, "selection band")
    some = page.locator(".tile[aria-selected=true]").count()
    assert 2 <= some < len(ids(page))
    page.mouse.move(1000, 795)
    until(page, "scrollY > 900")
    page.mouse.up()
    expect(page.locator(".band")).to_have_count(0)
    assert page.url.endswith("/")
    selected = int(bar(page).locator(".selected").inner_text().split()[0])
    assert selected > some + 5
    page.keyboard.down("Alt")
    page.mouse.move(1000, 700)
    page.mouse.down()
    page.mouse.move(900, 300, steps=5)
    page.mouse.up()
    page.keyboard.up("Alt")
    expect(bar(page).locator(".selected")).not_to_contain_text(f"{selected} selected")


@pytest.mark.of_files
@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_a_long_press_selects_on_a_phone(visitor: Visitor, page: Page, look: Look) -> None:
    images = visitor.fill(6)
    opened(page)
    press(page, images[0], 0.8)
    expect(bar(page)).to_contain_text("1 selected")
    press(page, images[1], 0.05)
    expect(bar(page)).to_contain_text("2 selected")
    shot(page, "selection phone")
    assert page.url.endswith("/")
    expect(bar(page).get_by_role("button", name="Move to the trash")).to_be_in_viewport(ratio=1)


def test_new_images_that_wait_to_be_shown_are_not_meant(visitor: Visitor, page: Page) -> None:
    visitor.fill(60, days=0.001)
    opened(page)
    page.evaluate("scrollTo(0, 900)")
    page.wait_for_timeout(200)
    (new,) = visitor.fill(1)
    expect(page.locator(".pill")).to_be_visible()
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("All 60 selected")
    bar(page).get_by_role("button", name="Move to the trash").click()
    expect(tile(page, new)).to_be_visible()
    becomes(page, lambda: visitor.get("/api/v1/trash")["total"], 60)
    assert visitor.get(f"/api/v1/images/{new}")["status"] == "active"


def test_the_selection_survives_scrolling_and_ends_with_the_page(
    visitor: Visitor, page: Page
) -> None:
    images = visitor.fill(300, days=3)
    opened(page)
    check(tile(page, images[0]))
    page.evaluate("scrollTo(0, 4000)")
    expect(tile(page, images[0])).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    expect(tile(page, images[0])).to_have_attribute("aria-selected", "true")
    page.get_by_role("link", name="Inputs").click()
    expect(bar(page)).to_have_count(0)
    page.get_by_role("link", name="Images", exact=True).click()
    expect(tile(page, images[0])).to_have_attribute("aria-selected", "false")


def test_what_is_gone_elsewhere_is_no_longer_selected(visitor: Visitor, page: Page) -> None:
    images = visitor.fill(4)
    opened(page)
    for image in images[:2]:
        check(tile(page, image))
    visitor.post(f"/api/v1/images/{images[0]}/delete")
    expect(bar(page)).to_contain_text("1 selected")


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
def test_a_selection_does_not_stand_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look
) -> None:
    images = visitor.fill(12)
    opened(page)
    are_drawn(page, images)
    tile(page, images[0]).locator("a").focus()
    for following in images[1:4]:
        page.keyboard.press("x")
        page.keyboard.press("ArrowRight")
        focused(page, following)
    expect(bar(page)).to_contain_text("3")
    shot(page, f"selection {look}")
    assert axe.violations(page) == []
    page.keyboard.press("t")
    expect(page.get_by_role("dialog")).to_be_visible()
    shot(page, f"selection tags {look}")
    assert axe.violations(page) == []
