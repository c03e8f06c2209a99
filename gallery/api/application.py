"""The browser application: what Vite built of ``gallery/web``, as it is served."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, compile_path

from gallery import keys
from gallery.api.services import Services, set_cookie
from gallery.blobs.abilities import Linked
from gallery.errors import NotFound, Unavailable

PATHS = (
    *("/trash", "/inputs", "/controls", "/you", "/compare/{a}/{b}"),
    *("/image/{id}", "/inputs/{id}", "/controls/{id}", "/trash/{id}"),
)
"""Places within the application. All answer with its one page, as ``/`` does."""
_PLACES = [compile_path(path)[0] for path in (*PATHS, "/admin")]
_OF_PROGRAMS = ("api", "assets", "outputs")

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
        """The application, with an identity for who has none. Where an id is none, there is no
        such page."""
        if not all(map(keys.is_id, request.path_params.values())):
            return await self.unknown(request)
        return await self._identified(request, 200)

    async def unknown(self, request: Request) -> Response:
        """Where there is nothing, but for a slash too many: a person is told so by the
        application, which knows its places as well as ``PATHS`` do, and a program by a problem.
        Raises HTTPException."""
        if place := _without_slash(request):
            return RedirectResponse(place, 308, {**_GUARDS, "cache-control": "no-cache"})
        if not (self._built.pages and _is_of_person(request)):
            raise HTTPException(404)
        return await self._identified(request, 404)

    async def _identified(self, request: Request, status: int) -> Response:
        _, cookie = self._services.identify(request)
        return set_cookie(await self._page("index.html", status), cookie)

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

    async def _page(self, name: str, status: int = 200) -> Response:
        body = self._built.pages.get(name)
        if body is None:
            return Response(_NOT_BUILT, 503, {**_GUARDS, "cache-control": "no-store"}, "text/plain")
        headers = {
            **_GUARDS,
            "cache-control": "no-cache",
            "content-security-policy": await self._services.threads.read(self._policy),
        }
        return Response(body, status, headers, "text/html")

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


def _without_slash(request: Request) -> str | None:
    """The place that is meant, where a slash stands behind it."""
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    if request.method not in ("GET", "HEAD") or not path.endswith("/"):
        return None
    path = path[:-1]
    found = next(filter(None, (place.match(path) for place in _PLACES)), None)
    if found is None or not all(map(keys.is_id, found.groupdict().values())):
        return None
    return f"{path}?{query}" if query else path


def _is_of_person(request: Request) -> bool:
    """Whether a browser asks for a page of its own: it prefers HTML, which a program doesn't
    that takes anything, and nothing but programs asks for what lies below some folders."""
    folder = request.scope["path"].removeprefix("/").partition("/")[0]
    if request.method not in ("GET", "HEAD") or folder in _OF_PROGRAMS:
        return False
    weights = _weights(",".join(request.headers.getlist("accept")))
    others = (weights.get(kind, 0) for kind in ("application/json", "application/problem+json"))
    return weights.get("text/html", 0) > max(others)


def _weights(accept: str) -> dict[str, float]:
    """How much each media type of an Accept header is wanted; those that make no sense not at
    all."""
    found = {}
    for part in accept.lower().split(","):
        kind, *parameters = (one.strip() for one in part.split(";"))
        wanted = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
        with suppress(ValueError):
            found[kind] = float(wanted[0]) if wanted else 1.0
    return found


def _origins(asked: Callable[[], str] | None) -> list[str]:
    """None while the store is away."""
    with suppress(Unavailable):
        return [asked()] if asked else []
    return []
