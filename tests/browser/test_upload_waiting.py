"""Uploads whose connection breaks, or that are given up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.files import UPLOADS, file, kept, panel, pick, row
from tests.browser.tiles import tiles
from tests.browser.watching import BROKEN, Watch
from tests.homes import Home
from tests.services.proxy import Fault, Proxy


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
