"""Thumbnails and originals against nginx with one worker on the same files."""

from __future__ import annotations

import json
from collections.abc import Callable

from bench import trees
from bench.figures import Figure, Measure, interleaved
from bench.load import Client, Get, rate
from bench.part import Run
from bench.servers import Failed, Server, gallery, nginx
from bench.trees import Plan, Tree

_THUMBS, _THUMB_BYTES = 500, 10_000
_ORIGINALS, _ORIGINAL_BYTES = 20, 1_600_000
_RANGE = {"Range": f"bytes=100-{_ORIGINAL_BYTES - 101}"}


def measure(run: Run) -> list[Figure]:
    small, large = trees.owners(2)
    plans = [
        Plan(small, 0, _THUMBS, image=1_000, thumb=_THUMB_BYTES),
        Plan(large, 0, _ORIGINALS, image=_ORIGINAL_BYTES, thumb=_THUMB_BYTES),
    ]
    tree = trees.make(run.folder / "bytes", plans)
    with (
        gallery(tree) as plain,
        gallery(tree, walks=False, GALLERY_ACCEL_PREFIX="/accel") as accel,
        nginx(tree, app=accel.port) as base,
    ):
        return _figures(run, tree, plain, base)


def _figures(run: Run, tree: Tree, ours: Server, base: Server) -> list[Figure]:
    small, large = tree.owners
    thumbs = _urls(ours, tree, small, "thumb_url", {})
    ranges = _urls(ours, tree, large, "url", _RANGE)
    wholes = _urls(ours, tree, large, "url", {})
    proxied = [Get(f"/proxied{get.path}", get.headers) for get in wholes]
    for get, via in zip(wholes, proxied, strict=True):
        if Client(base).get(via)[2] != Client(base).get(get)[2]:
            raise Failed("X-Accel-Redirect does not give the same bytes")
    etagged = [Get(g.path, g.headers | {"If-None-Match": _etag(ours, g)}) for g in thumbs]

    def of(server: Server, gets: list[Get]) -> Measure:
        return lambda: rate(server, gets, run.seconds)

    pairs: dict[str, tuple[Callable[[], float], Callable[[], float], float | None]] = {
        "thumbnails of 10 KB": (of(base, thumbs), of(ours, thumbs), 0.4),
        "thumbnails, 304": (of(base, thumbs), of(ours, etagged), None),
        "originals of 1.6 MB, Range": (of(base, ranges), of(ours, ranges), 0.6),
        "originals of 1.6 MB, whole": (of(base, wholes), of(ours, wholes), None),
        "originals by X-Accel-Redirect": (of(base, wholes), of(base, proxied), 0.8),
    }
    figures = []
    for name, (floor, mine, target) in pairs.items():
        found = interleaved({"floor": floor, "ours": mine}, run.rounds)
        figures.append(
            Figure(f"bytes: {name}", found["ours"], "req/s", found["floor"], at_least=target)
        )
    return figures


def _urls(server: Server, tree: Tree, owner: str, field: str, headers: dict[str, str]) -> list[Get]:
    """Requests for what an owner has, as the list names it."""
    client, cookie = Client(server), {"Cookie": tree.cookie(owner)}
    items: list[dict[str, str]] = []
    cursor: str | None = ""
    while cursor is not None and len(items) < 10_000:
        page = client.json(Get(f"/api/v1/images?size=200&cursor={cursor}", cookie))
        items += page["items"]
        cursor = page["next_cursor"]
    return [Get(item[field], cookie | headers) for item in items]


def _etag(server: Server, get: Get) -> str:
    status, headers, _ = Client(server).get(get)
    if status != 200:
        raise Failed(f"{json.dumps(get.path)}: {status}")
    return headers["etag"]
