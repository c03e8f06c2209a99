"""What is said while the server or its storage cannot be reached."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor
from tests.browser.looks import KOREAN
from tests.browser.tiles import tiles
from tests.browser.watching import BROKEN, Watch
from tests.services.proxy import Fault, Proxy, request, status


def test_it_is_said_that_the_server_is_gone_and_that_it_is_back(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    page.goto("/")
    expect(tiles(page)).to_have_count(2)
    with wire.cut():
        expect(page.get_by_text("The server can’t be reached.")).to_be_visible()
        assert axe.violations(page) == []
    expect(page.get_by_text("Connected again")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("The server can’t be reached.")).to_have_count(0)


@pytest.mark.of_files
def test_a_page_that_could_not_load_does_so_when_the_server_is_back(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    page.goto("/you")
    expect(page.get_by_role("heading", name="Room")).to_be_visible()
    with wire.cut():
        page.get_by_role("link", name="Images", exact=True).click()
        expect(page.get_by_role("heading", name="The images can’t be shown")).to_be_visible()
    expect(tiles(page)).to_have_count(2, timeout=20_000)


@pytest.mark.of_files
def test_a_page_waits_for_storage_that_is_away(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    away = status(503, body=b'{"code":"unavailable","detail":"The storage is away"}')
    with wire.broken(Fault(request("GET", "/api/v1/timeline"), answer=away)):
        page.goto("/")
        expect(page.get_by_role("heading", name="The images can’t be shown")).to_be_visible()
        expect(page.get_by_text("Trying again…")).to_be_visible()
        assert axe.violations(page) == []
    expect(tiles(page)).to_have_count(2, timeout=20_000)
    expect(page.get_by_text("Connected again")).to_be_visible()


@pytest.mark.of_files
@pytest.mark.parametrize("look", [KOREAN], ids=str)
def test_being_offline_is_said_in_korean(visitor: Visitor, page: Page, watch: Watch) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    page.goto("/")
    expect(tiles(page)).to_have_count(2)
    visitor.context.set_offline(True)
    expect(page.get_by_text("오프라인입니다.")).to_be_visible()
    visitor.context.set_offline(False)
    expect(page.get_by_text("다시 연결되었습니다")).to_be_visible()
