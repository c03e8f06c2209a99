"""What no page may do, whatever a test is about: fail in the console, load from other hosts,
break the Content-Security-Policy."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

BROKEN = "Failed to load resource"
"""What the console says of whatever did not come, to be forgiven where a test keeps it away."""
_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("policy broken: " + event.violatedDirective + " " + event.blockedURI);
});
"""


class Watch:
    """Everything that the pages of a browser have done wrong."""

    def __init__(self, context: BrowserContext, *hosts: str) -> None:
        self._hosts = set(hosts)
        self._forgiven: list[re.Pattern[str]] = []
        self._wrong: list[str] = []
        context.add_init_script(_VIOLATIONS)
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("request", self._asked)

    def forgive(self, pattern: str) -> None:
        """A message of the console that the test brings about, such as for a cut wire."""
        self._forgiven.append(re.compile(pattern))

    def wrong(self) -> list[str]:
        return [text for text in self._wrong if not any(one.search(text) for one in self._forgiven)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._wrong.append(f"{message.text} ({message.location['url']})")

    def _failed(self, error: WebError) -> None:
        self._wrong.append(str(error.error))

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("blob", "data") and url.netloc not in self._hosts:
            self._wrong.append(f"asked of another host: {request.url}")


def until(page: Page, expression: str, seconds: float = 10.0) -> None:
    """Waits until a JavaScript expression is true. Playwright's own ``wait_for_function`` would
    break the policy, which has no eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)
