"""What happens while nobody listens is seen all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_live import streams
from tests.browser.tiles import opened, tiles
from tests.browser.watching import BROKEN, Watch
from tests.samples import eventually
from tests.services.proxy import Fault, Proxy, request, status

pytestmark = pytest.mark.of_files


def test_what_was_missed_is_asked_for_when_the_stream_has_no_place_to_go_on_from(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    """A refusal ends a stream for good, and until then it has told nothing."""
    watch.forgive(BROKEN)
    visitor.fill(2)
    before = streams(visitor)
    opened(page)
    eventually(lambda: streams(visitor) > before)
    busy = status(503, body=b'{"code":"busy","detail":"There are too many streams"}')
    with wire.broken(Fault(request("GET", "/api/v1/events"), answer=busy)):
        wire.drop()
        eventually(lambda: wire.befallen > 0)
        visitor.fill(1, said=lambda _: {"prompt": "made meanwhile"})
    expect(page.get_by_role("link", name="made meanwhile")).to_be_visible(timeout=40_000)


def test_what_came_between_the_list_and_the_stream_is_seen(
    visitor: Visitor, page: Page, wire: Proxy, watch: Watch
) -> None:
    watch.forgive(BROKEN)
    visitor.fill(2)
    busy = status(503, body=b'{"code":"busy","detail":"There are too many streams"}')
    with wire.broken(Fault(request("GET", "/api/v1/events"), answer=busy)):
        opened(page)
        expect(tiles(page)).to_have_count(2)
        eventually(lambda: wire.befallen > 0)
        visitor.fill(1, said=lambda _: {"prompt": "made just then"})
    expect(page.get_by_role("link", name="made just then")).to_be_visible(timeout=20_000)
