"""The original of an image in the viewer: zoomed, downloaded, and had when it does not come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import Look
from tests.browser.viewer import (
    NATURAL,
    SHOWN,
    button,
    open_at,
    opened,
    tile,
)
from tests.browser.watching import Watch, until


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
@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_an_image_that_is_known_late_is_shown_where_it_lies_by_then(
    visitor: Visitor, page: Page, seconds: float
) -> None:
    ids = visitor.fill(5)

    def late(route: Route) -> None:
        time.sleep(seconds)
        route.continue_()

    page.route(re.compile(rf"/api/v1/images/{ids[2]}\?"), late)
    open_at(page, ids[2])
    expect(page.get_by_text("3 of 5", exact=True)).to_be_visible()
