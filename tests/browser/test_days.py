"""Days begin at midnight where one is, also while the page is open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looks import Look
from tests.browser.tiles import opened

pytestmark = pytest.mark.of_files


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000_000)


def test_todays_images_are_yesterdays_after_midnight(visitor: Visitor, page: Page) -> None:
    visitor.fill(1, said=lambda _: {"created_at": at("2026-03-14T20:00:00Z")})
    page.clock.install(time=datetime(2026, 3, 14, 23, 50, tzinfo=UTC))
    opened(page)
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    page.clock.fast_forward("20:00")
    expect(page.get_by_role("heading", name="Yesterday")).to_be_visible()
    expect(page.get_by_role("heading", name="Today")).to_have_count(0)


@pytest.mark.parametrize("look", [Look(time_zone="Europe/Berlin")], ids=str)
def test_yesterday_is_the_day_before_also_when_that_had_23_hours(
    visitor: Visitor, page: Page
) -> None:
    times = ["2026-03-29T10:00:00Z", "2026-03-28T10:00:00Z"]
    visitor.fill(2, said=lambda n: {"created_at": at(times[n])})
    page.clock.install(time=datetime(2026, 3, 29, 22, 30, tzinfo=UTC))
    opened(page)
    sections = page.locator(".days [data-date]")
    expect(sections.first).to_have_attribute("data-date", "2026-03-29")
    expect(sections.first.get_by_role("heading")).to_have_text("Yesterday")
