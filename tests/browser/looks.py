"""Who looks at the pages: with which language, theme and size of screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

SHOTS = Path(__file__).parents[2] / ".screenshots"


@dataclass(frozen=True, slots=True)
class Look:
    language: str = "en-US"
    theme: Literal["light", "dark"] = "light"
    width: int = 1280
    height: int = 800
    time_zone: str = "UTC"
    is_phone: bool = False
    reduced_motion: bool = False

    def __str__(self) -> str:
        size = "phone" if self.is_phone else "desktop"
        return f"{self.language[:2]}-{self.theme}-{size}"

    def context(self, browser: Browser, base_url: str) -> BrowserContext:
        """A browser of somebody's own, with no cookies."""
        return browser.new_context(
            base_url=base_url,
            locale=self.language,
            timezone_id=self.time_zone,
            color_scheme=self.theme,
            viewport={"width": self.width, "height": self.height},
            has_touch=self.is_phone,
            is_mobile=self.is_phone,
            reduced_motion="reduce" if self.reduced_motion else "no-preference",
            accept_downloads=True,
        )


DESKTOP = Look()
PHONE = Look(width=390, height=844, is_phone=True)
KOREAN = Look(language="ko-KR", time_zone="Asia/Seoul")
EACH = [
    Look(language, theme, width, height, zone, is_phone)
    for language, zone in (("en-US", "UTC"), ("ko-KR", "Asia/Seoul"))
    for theme in ("light", "dark")
    for width, height, is_phone in ((1280, 800, False), (390, 844, True))
]
"""Both languages, themes and sizes."""


def shot(page: Page, name: str) -> Path:
    """A picture of what can be seen, in a folder that git ignores."""
    SHOTS.mkdir(exist_ok=True)
    path = SHOTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}.png"
    page.screenshot(path=path, animations="disabled")
    return path
