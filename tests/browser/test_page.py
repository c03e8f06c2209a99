"""The pages load on each backend, and hold what every page has to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import EACH, Look, shot
from tests.browser.viewer import comes_true
from tests.browser.watching import Watch, until
from tests.services.proxy import Proxy

IMAGES = 24
LOADED = "[...document.images].filter((image) => image.complete && image.naturalWidth).length"


def test_the_page_shows_the_thumbnails_of_whoever_comes(visitor: Visitor, page: Page) -> None:
    visitor.fill(IMAGES)
    page.goto("/")
    expect(page.get_by_role("grid")).to_have_accessible_name(f"Timeline, {IMAGES} images")
    until(page, f"{LOADED} > 3")


def test_a_gallery_of_thousands_is_planted_in_seconds_and_has_thumbnails(
    visitor: Visitor, page: Page
) -> None:
    visitor.plant(3_000)
    assert visitor.get("/api/v1/images?size=1")["total"] == 3_000
    page.goto("/")
    until(page, f"{LOADED} > 3")


def test_a_wire_that_is_cut_leads_nowhere_until_it_is_mended(
    wire: Proxy, page: Page, watch: Watch
) -> None:
    watch.forgive("Failed to (load resource|fetch)")
    reached = "fetch('/api/v1/me').then(() => true, () => false)"
    page.goto("/")
    with wire.cut():
        assert page.evaluate(reached) is False
    assert page.evaluate(reached) is True


@pytest.mark.of_files
@pytest.mark.parametrize("look", EACH, ids=str)
@pytest.mark.parametrize("path", ["/", "/admin"])
def test_nothing_stands_in_the_way_of_assistive_technology(
    visitor: Visitor, page: Page, look: Look, path: str
) -> None:
    visitor.fill(3)
    page.goto(path)
    page.wait_for_selector("h1", state="attached")
    shot(page, f"{path} {look}")
    assert axe.violations(page) == []


@pytest.mark.of_files
def test_a_page_that_loads_from_elsewhere_or_breaks_the_policy_is_noticed(
    page: Page, watch: Watch
) -> None:
    page.goto("/")
    assert watch.wrong() == []
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    expected = "policy broken: connect-src", "policy broken: style-src-attr", "thrown"
    comes_true(page, lambda: all(each in " ".join(watch.wrong()) for each in expected))
    watch.forgive("")


@pytest.mark.of_files
def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any(text.startswith("button-name") for text in axe.violations(page))
