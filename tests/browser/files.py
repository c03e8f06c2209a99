"""Files that somebody gives to a page, and where it says what became of them."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page

from tests.browser.conftest import Visitor
from tests.browser.watching import BROKEN
from tests.images import png
from tests.services.proxy import request

_GIVE = """([kind, files]) => {
  const data = new DataTransfer();
  for (const [name, type, body] of files) {
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type }));
  }
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""
REFUSED = f"{BROKEN}: the server responded with a status of 4"
UPLOADS = request("POST", "/api/v1/images")


def file(name: str, body: bytes | None = None, seed: int = 0) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": body or png(seed=seed)}


def kept(visitor: Visitor, kind: str = "output") -> Any:
    """What the server has of somebody."""
    return visitor.get(f"/api/v1/images?kind={kind}")["items"]


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Uploads")


def row(page: Page, name: str) -> Locator:
    return panel(page).get_by_role("listitem").filter(has_text=name)


def give(page: Page, how: str, *files: FilePayload) -> None:
    """Drops or pastes: "dragenter", "drop" or "paste"."""
    encoded = [
        (one["name"], one["mimeType"], base64.b64encode(one["buffer"]).decode()) for one in files
    ]
    page.evaluate(_GIVE, [how, encoded])


def pick(page: Page, *files: FilePayload, button: str = "Upload to Images") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files(list(files))
