"""People with browsers: a headless Chromium, at a real server on one backend after the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import pictures
from tests.browser.looks import DESKTOP, Look, shot
from tests.browser.pictures import Picture, Said
from tests.browser.watching import Watch
from tests.homes import Home
from tests.http.server import Server
from tests.services.proxy import Proxy

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 10.0
"""How long a page may take until it is as a test expects."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Pictures the page where a test failed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None and not page.is_closed():
        report.sections.append(("page", str(shot(page, f"failed {item.name}"))))
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    assert program is not None, f"needs one of {', '.join(_CHROMIUM)}"
    return program


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    return pictures.drawn(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def server(pages: Path, shared_home: Home) -> Iterator[Server]:
    """One for the tests of a module, which each have visitors of their own."""
    with shared_home.served() as server:
        yield server
        logged = server.logged()
        assert "Traceback" not in logged, logged


@pytest.fixture
def wire(server: Server) -> Iterator[Proxy]:
    """What the pages reach the server through, in a test that asks for it: it can be cut."""
    wire = Proxy(server.port)
    yield wire
    wire.close()


@pytest.fixture
def site(request: pytest.FixtureRequest, server: Server) -> str:
    """Where the pages are."""
    if "wire" in request.fixturenames:
        return f"http://127.0.0.1:{request.getfixturevalue('wire').port}"
    return server.url


@pytest.fixture
def look() -> Look:
    """Tests are parametrized with others."""
    return DESKTOP


@pytest.fixture
def context(browser: Browser, site: str, look: Look) -> Iterator[BrowserContext]:
    """Somebody's browser. Its pages are its tabs."""
    with look.context(browser, site) as context:
        context.set_default_timeout(_SECONDS * 1000)
        yield context


@pytest.fixture
def watch(context: BrowserContext, site: str) -> Iterator[Watch]:
    """Fails a test whose pages did what none may do."""
    watch = Watch(context, site.removeprefix("http://"))
    yield watch
    assert watch.wrong() == []


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """Their first tab, still empty."""
    return context.new_page()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sits at the browser. What they do by way of the API is done beside the pages."""

    context: BrowserContext
    owner: str
    _home: Home
    _drawn: list[Picture]

    def fill(self, count: int, *, days: float = 5, said: Said = lambda _: {}) -> list[str]:
        """Images of theirs, over the last days; see ``pictures.fill``."""
        return pictures.fill(self._home, self.owner, self._drawn, count, days, said)

    def plant(self, count: int, *, days: float = 30, said: Said = lambda _: {}) -> list[str]:
        """Thousands of images, for looking at and not for changing; see ``pictures.plant``."""
        return pictures.plant(self._home, self.owner, self._drawn, count, days, said)

    def get(self, path: str) -> Any:
        answer = self.context.request.get(path)
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.context.request.post(path, data=body)
        assert answer.ok, answer.text()
        return answer.json()


@pytest.fixture
def visitor(context: BrowserContext, shared_home: Home, drawn: list[Picture]) -> Visitor:
    """Somebody with a cookie and an empty gallery."""
    me = context.request.get("/api/v1/me").json()
    return Visitor(context, me["owner"], shared_home, drawn)
