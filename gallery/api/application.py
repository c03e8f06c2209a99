"""The browser application: what Vite built of ``gallery/web``, as it is served."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.api.services import Services, set_cookie
from gallery.blobs import Linked
from gallery.errors import NotFound, Unavailable

_LISTS = ("/trash", "/inputs", "/controls")
PATHS = (
    *_LISTS,
    *(f"{path}/{{id}}" for path in _LISTS),
    "/you",
    "/image/{id}",
    "/compare/{a}/{b}",
)
"""Places within the application. All answer with its one page, as ``/`` does."""

_CSP = (
    "default-src 'self'; img-src 'self' blob: data:{images}; connect-src 'self'{hosts}; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# Not those of the machine, which may not know that a script is one.
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
_GUARDS = {"referrer-policy": "same-origin", "x-content-type-options": "nosniff"}
_NOT_BUILT = """\
This gallery was installed without its pages. Its API is at /api/v1.
To have the pages, install the package again without SKIP_GALLERY_WEB set.
이 갤러리는 화면 없이 설치되었습니다. SKIP_GALLERY_WEB 없이 다시 설치하면 화면이 나타납니다.
"""


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    zipped: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Built:
    """The pages by name, and what they load by name."""

    pages: dict[str, bytes] = field(default_factory=dict)
    assets: dict[str, _Asset] = field(default_factory=dict)


def read(dist: Traversable) -> Built:
    """What was built; nothing where nothing was."""
    if not dist.is_dir():
        return Built()
    pages = {entry.name: entry for entry in dist.iterdir() if entry.name.endswith(".html")}
    assets = [entry for entry in (dist / "assets").iterdir() if entry.is_file()]
    return Built(
        {name: entry.read_bytes() for name, entry in pages.items()},
        {entry.name: _asset(entry.name, entry.read_bytes()) for entry in assets},
    )


def _asset(name: str, body: bytes) -> _Asset:
    headers = {
        **_GUARDS,
        # Its name changes with its content.
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": _CSP.format(images="", hosts=""),
        "content-type": _TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
        "vary": "accept-encoding",
    }
    return _Asset(body, gzip.compress(body, mtime=0), headers)


class Application:
    """The pages, and what they load. Both are read once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._built = read(files("gallery") / "web" / "dist")

    async def page(self, request: Request) -> Response:
        """The application, with an identity for who has none."""
        _, cookie = self._services.identify(request)
        return set_cookie(await self._page("index.html"), cookie)

    async def admin(self, request: Request) -> Response:  # noqa: ARG002 - the same for all
        """The administrator's page, which asks for the token itself."""
        return await self._page("admin.html")

    async def asset(self, request: Request) -> Response:
        asset = self._built.assets.get(request.path_params["name"])
        if asset is None:
            raise NotFound("There is no such file")
        if not _TAKES_GZIP.search(request.headers.get("accept-encoding", "")):
            return Response(asset.body, 200, asset.headers)
        return Response(asset.zipped, 200, asset.headers | {"content-encoding": "gzip"})

    async def _page(self, name: str) -> Response:
        body = self._built.pages.get(name)
        if body is None:
            return Response(_NOT_BUILT, 503, {**_GUARDS, "cache-control": "no-store"}, "text/plain")
        headers = {
            **_GUARDS,
            "cache-control": "no-cache",
            "content-security-policy": await self._services.threads.read(self._policy),
        }
        return Response(body, 200, headers, "text/html")

    def _policy(self) -> str:
        """Images may come from where links lead, and be sent to where uploads are announced."""
        blobs, links = self._services.library.blobs, self._services.links
        sent_to = blobs if self._services.settings.direct_uploads else None
        images = _origins(links.origin if links else None)
        uploads = _origins(sent_to.origin if isinstance(sent_to, Linked) else None)
        hosts = "".join(f" {host}" for host in sorted({*images, *uploads}))
        return _CSP.format(images="".join(f" {host}" for host in images), hosts=hosts)

    def routes(self) -> list[Route]:
        """Beside ``/``, which the API's documents name."""
        return [
            *(Route(path, self.page) for path in PATHS),
            Route("/admin", self.admin),
            Route("/assets/{name}", self.asset),
        ]


def _origins(asked: Callable[[], str] | None) -> list[str]:
    """None while the store is away."""
    with suppress(Unavailable):
        return [asked()] if asked else []
    return []
