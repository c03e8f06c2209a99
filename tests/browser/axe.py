"""axe-core, which finds what assistive technology would stumble over."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_SOURCE = Path(__file__).parents[2] / "gallery/web/node_modules/axe-core/axe.min.js"
_RUN = """async () => (await axe.run()).violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target}\\n${failureSummary}`))"""


@cache
def _source() -> str:
    return _SOURCE.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands. Evaluated and not loaded, so that the page's own
    policy need not let it in."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN)
    return found
