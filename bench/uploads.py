"""Durable uploads against decoding alone, and reading a body against reading a raw one."""

from __future__ import annotations

import shutil

from bench import photos, trees
from bench.client import Uploads, rate
from bench.figures import Figure, interleaved
from bench.part import Run
from bench.servers import Server, floor, gallery
from bench.trees import Plan

_CLIENTS = 8
_PICTURES = 32
_UPLOADS = 128
_BODIES = 320
_PATH = "/api/v1/images"


def measure(run: Run) -> list[Figure]:
    return [*_bodies(run), *_uploads(run)]


def _uploads(run: Run) -> list[Figure]:
    files = photos.make(run.folder / "photos", _PICTURES)
    shutil.rmtree(run.folder / "uploads", ignore_errors=True)
    owners = trees.owners(_CLIENTS)
    tree = trees.make(run.folder / "uploads", [Plan(owner, 0, 1) for owner in owners])
    apart = [tree.cookie(owner) for owner in owners]
    together = apart[:1] * _CLIENTS
    scratch = run.folder / "scratch"
    scratch.mkdir(exist_ok=True)
    with gallery(tree) as ours, photos.pool() as workers:

        def upload(cookies: list[str], count: int = _UPLOADS) -> float:
            return rate(ours, tree.root, Uploads(ours.port, _PATH, cookies, files, count))

        upload(apart, _CLIENTS * 4)
        photos.floor_rate(workers, files, scratch)
        measures = {
            "floor": lambda: photos.floor_rate(workers, files * (_UPLOADS // _PICTURES), scratch),
            "8 owners": lambda: upload(apart),
            "one owner": lambda: upload(together),
        }
        found = interleaved(measures, run.rounds)
    shutil.rmtree(tree.root)
    return [
        Figure(f"uploads: 8 clients, {name}", found[name], "/s", found["floor"], at_least=0.75)
        for name in ("8 owners", "one owner")
    ]


def _bodies(run: Run) -> list[Figure]:
    files = photos.make(run.folder / "photos", _PICTURES)
    with (
        floor("body", run.folder) as raw,
        floor("multipart", run.folder) as parsed,
    ):

        def send(server: Server, *, multipart: bool) -> float:
            cookies = ["anon_id=bench"] * _CLIENTS
            asked = Uploads(server.port, _PATH, cookies, files, _BODIES, multipart)
            return rate(server, run.folder, asked)

        measures = {
            "floor": lambda: send(raw, multipart=False),
            "ours": lambda: send(parsed, multipart=True),
        }
        interleaved(measures, 1)
        found = interleaved(measures, run.rounds)
    name = "uploads: body read, hashed, written"
    return [Figure(name, found["ours"], "/s", found["floor"], at_least=0.8)]
