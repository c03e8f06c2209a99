"""Uploads into a bucket, with the catalog in Postgres, against decoding and the bare client.

Both services are those of the tests and run on the same cores as the server, so their work is
part of both sides.
"""

from __future__ import annotations

import time

from bench import bare, photos, trees
from bench.client import Uploads, rate
from bench.figures import Figure, interleaved
from bench.part import Run
from bench.servers import gallery
from bench.trees import Tree
from gallery.identity import Identity
from tests import databases, services
from tests.services.s3 import Store

_CLIENTS = 8
_PICTURES = 32
_UPLOADS = 64
_SECRET = "the key that signs while it is measured"


def measure(run: Run) -> list[Figure]:
    store = services.s3()
    try:
        with store.reached():
            return _uploads(run, store, databases.database().create())
    finally:
        services.stop()


def _uploads(run: Run, store: Store, database: str) -> list[Figure]:
    files = photos.make(run.folder / "photos", _PICTURES)
    tree = Tree(run.folder / "bucket", tuple(trees.owners(_CLIENTS)))
    tree.root.mkdir(exist_ok=True)
    apart = _cookies(tree.owners)
    with (
        gallery(
            tree, GALLERY_BLOBS=store.url, GALLERY_CATALOG=database, GALLERY_SECRET=_SECRET
        ) as ours,
        photos.pool(_CLIENTS) as workers,
    ):

        def upload(cookies: list[str], count: int = _UPLOADS) -> float:
            asked = Uploads(ours.port, "/api/v1/images", cookies, files, count)
            return rate(ours, tree.root, asked)

        upload(apart, _CLIENTS * 4)
        bare.rate(workers, files, store.bucket)
        measures = {
            "floor": lambda: bare.rate(workers, files * (_UPLOADS // _PICTURES), store.bucket),
            "8 owners": lambda: upload(apart),
            "one owner": lambda: upload(apart[:1] * _CLIENTS),
        }
        found = interleaved(measures, run.rounds)
    return [
        Figure(f"bucket: 8 clients, {name}", found[name], "/s", found["floor"], at_least=wanted)
        for name, wanted in (("8 owners", 0.75), ("one owner", None))
    ]


def _cookies(owners: tuple[str, ...]) -> list[str]:
    identity = Identity(lambda: [_SECRET], clock=time.time)
    identity.open()
    return [identity.cookie(owner, secure=False).decode().partition(";")[0] for owner in owners]
