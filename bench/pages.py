"""The browser application on large libraries, in Chromium: how soon images are seen, and whether
anything stutters, jumps or grows while one scrolls through all of them."""

from __future__ import annotations

import io
import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bench import trees
from bench.figures import Figure
from bench.part import Run
from bench.servers import Failed, environment, free_port, gallery_command, program, running
from bench.trees import Plan, Tree

_MONTHS = 20
_A_DAY = 60_000
_THUMBNAILS = 24
_WINDOW = {"width": 1280, "height": 800}
_ENOUGH = 8
"""Thumbnails that fill the window."""
_PAINT_SECONDS = 20
_STEPS, _BREAK_MS = 200, 40
_OBSERVE = """
window.seen = { shift: 0, long: [], painted: null };
const observe = (type, note) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) note(entry);
}).observe({ type, buffered: true });
observe("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
observe("longtask", (entry) => seen.long.push(entry.duration));
let loaded = 0;
document.addEventListener("load", ({ target }) => {
  if (target.localName !== "img" || ++loaded !== %d) return;
  requestAnimationFrame(() => setTimeout(() => { seen.painted ??= performance.now(); }));
}, true);
"""


def measure(run: Run) -> list[Figure]:
    owner = trees.owners(1)[0]
    many = [Plan(owner, month, run.images // _MONTHS) for month in range(_MONTHS)]
    years = _with_thumbnails(trees.make(run.folder / "pages", many))
    a_day = min(run.images, _A_DAY)
    day = _with_thumbnails(trees.make(run.folder / "day", [Plan(owner, 0, a_day, days=1)]))
    name = f"{run.images:,} images"
    with _opened(years) as (page, url):
        painted = statistics.median(_first_paint(page, url) for _ in range(run.rounds))
        walked = _scrolled(page)
    with _opened(day) as (page, url):
        _first_paint(page, url)
        in_day = _scrolled(page)
    return [
        Figure(f"pages: first thumbnails, {name}", painted / 1000, "s", at_most=1.0),
        *walked.figures(name),
        *in_day.figures(f"{a_day:,} of one day"),
    ]


def _with_thumbnails(tree: Tree) -> Tree:
    """Real thumbnails: a few, under many names."""
    done = tree.root / "thumbnails"
    if done.exists():
        return tree
    done.mkdir()
    for number in range(_THUMBNAILS):
        (done / f"{number}.webp").write_bytes(_thumbnail(number))
    for number, thumb in enumerate(sorted(tree.outputs.glob("users/*/*/*/*/thumb/*.webp"))):
        thumb.unlink()
        os.link(done / f"{number % _THUMBNAILS}.webp", thumb)
    return tree


def _thumbnail(number: int) -> bytes:
    noise = Image.effect_noise((384, 288), 40 + number)
    colour = Image.new("RGB", noise.size, (7 * number, 255 - 9 * number, 120))
    mixed = Image.blend(colour, noise.convert("RGB"), 0.4)
    file = io.BytesIO()
    mixed.save(file, "WEBP", quality=70)
    return file.getvalue()


@contextmanager
def _opened(tree: Tree) -> Iterator[tuple[Page, str]]:
    """A server of a library, and a window of its owner's browser."""
    port = free_port()
    name, _, value = tree.cookie(tree.owners[0]).partition("=")
    command = gallery_command(tree, port)
    with running(command, port, tree.root, environment()) as server, sync_playwright() as play:
        server.wait_for("walked", 300)
        browser = play.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
        )
        context = browser.new_context(viewport=_WINDOW)  # type: ignore[arg-type] # a dict is one
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
        context.add_init_script(_OBSERVE % _ENOUGH)
        yield context.new_page(), server.url
        browser.close()


def _first_paint(page: Page, url: str) -> float:
    """Milliseconds from navigation until the window is full of thumbnails."""
    page.goto(url)
    for _ in range(_PAINT_SECONDS * 20):
        if painted := page.evaluate("seen.painted"):  # waiting in the page is not allowed to it
            return float(painted)
        page.wait_for_timeout(50)
    raise Failed(f"{url} shows no thumbnails after {_PAINT_SECONDS} s")


class _Scroll:
    """What was noticed on the way."""

    def __init__(self, longest: float, shift: float, first: float, last: float) -> None:
        self._longest = longest
        self._shift = shift
        self._memory = first, last

    def figures(self, name: str) -> list[Figure]:
        first, last = self._memory
        return [
            Figure(f"pages: longest task, scrolling {name}", self._longest, "ms", at_most=50.0),
            Figure(f"pages: layout shift, {name}", self._shift, "", at_most=0.001),
            Figure(f"pages: memory at the start, {name}", first, "MiB"),
            Figure(f"pages: memory when all was scrolled, {name}", last, "MiB", at_most=150.0),
        ]


def _scrolled(page: Page) -> _Scroll:
    """By the wheel for a while, as people do, and then to the end in long strides."""
    first = _memory(page)
    page.evaluate("seen.long = []; seen.shift = 0")
    page.mouse.move(600, 400)
    for _ in range(_STEPS):
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(_BREAK_MS)
    height = page.evaluate("document.documentElement.scrollHeight")
    for step in range(_STEPS):
        page.evaluate(f"scrollTo(0, {height * (step + 1) // _STEPS})")
        page.wait_for_timeout(4 * _BREAK_MS)
    noticed = page.evaluate("({ long: Math.max(0, ...seen.long), shift: seen.shift })")
    return _Scroll(noticed["long"], noticed["shift"], first, _memory(page))


def _memory(page: Page) -> float:
    page.evaluate("gc()")
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / (1 << 20)
