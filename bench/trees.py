"""Libraries to measure on, made up but shaped like real ones.

Sidecars have prompts of some 200 characters in English and Korean; images and thumbnails
are empty files except where a part asks for bytes.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import multiprocessing
import os
import random
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.draft import DAY_US
from gallery.encoding import encode_sidecar
from gallery.identity import Identity
from gallery.records import Record, Seen, to_us

_COMMON = (
    "cinematic lighting", "highly detailed", "soft focus", "volumetric fog", "golden hour",
    "수묵화", "따뜻한 색감", "부드러운 빛", "oil on canvas", "35mm film",
)  # fmt: skip
_SIZES = {"1:1": (1024, 1024), "3:2": (1216, 832), "16:9": (1344, 768)}
_LATIN = ("la", "mor", "ven", "tis", "ka", "ru", "shel", "dro", "min", "pa", "gor", "eth")
_HANGUL = tuple("가나다라마바사아자차카타파하한글숲별강산달빛꽃")
VOCABULARY = 4_000


@dataclass(frozen=True)
class Tree:
    """A library on disk."""

    root: Path
    owners: tuple[str, ...]

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def manifests(self) -> Path:
        return self.root / "manifests"

    @cached_property
    def _identity(self) -> Identity:
        blobs = FileBlobs(str(self.outputs))
        identity = Identity(blobs.secret, clock=time.time)
        identity.open()
        return identity

    def cookie(self, owner: str) -> str:
        """The Cookie header of a visitor who is this owner."""
        return self._identity.cookie(owner, secure=False).decode().partition(";")[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """An owner's images of one month, ``month`` before October 2025, over its first ``days``.
    ``image`` and ``thumb`` are the sizes of their files."""

    owner: str
    month: int
    images: int
    image: int = 0
    thumb: int = 0
    days: int = 28


def word(number: int) -> str:
    """A made-up word, always the same for a number; every third one is Korean."""
    rng = random.Random(number)
    if number % 3 == 0:
        return "".join(rng.choices(_HANGUL, k=rng.randint(2, 4))) + _HANGUL[number % 23]
    return "".join(rng.choices(_LATIN, k=rng.randint(2, 4))) + _LATIN[number % 12]


def fresh(root: Path, plans: list[Plan]) -> Tree:
    """A library that has not been written to. Where it lives is written down in it, so one that
    was moved earlier is of no use."""
    shutil.rmtree(root, ignore_errors=True)
    return make(root, plans)


def make(root: Path, plans: list[Plan]) -> Tree:
    """Writes a library in several processes, or finds it as it was written before."""
    tree = Tree(root, tuple(dict.fromkeys(plan.owner for plan in plans)))
    done = root / "done"
    if not done.exists():
        blobs = FileBlobs(str(tree.outputs))
        blobs.start()
        ManifestCatalog(str(tree.manifests), memory_bytes=1 << 20).start(blobs.library)
        context = multiprocessing.get_context("spawn")
        cores = len(os.sched_getaffinity(0))
        with concurrent.futures.ProcessPoolExecutor(
            cores, context, _open, (tree, blobs.library)
        ) as pool:
            for _ in pool.map(_write, plans, chunksize=4):
                pass
        os.sync()
        done.touch()
    return tree


def owners(count: int) -> list[str]:
    return [f"anon-{hashlib.md5(b'%d' % n).hexdigest()}" for n in range(count)]


_target: tuple[Tree, ManifestCatalog] | None = None


def _open(tree: Tree, library: str) -> None:
    global _target
    catalog = ManifestCatalog(str(tree.manifests), memory_bytes=16 << 20)
    catalog.start(library)
    _target = tree, catalog


def _write(plan: Plan) -> None:
    assert _target is not None
    tree, catalog = _target
    by_month: dict[str, list[tuple[Record, Seen]]] = {}
    for record in records(plan):
        found = record if not plan.image else _with_bytes(tree, record, plan)
        by_month.setdefault(record.month, []).append((found, _write_files(tree, found, plan)))
    for month, pairs in by_month.items():
        with catalog.lock(plan.owner):
            catalog.rebuild(plan.owner, month, pairs)


def _write_files(tree: Tree, record: Record, plan: Plan) -> Seen:
    base = tree.outputs
    folder = base / str(record.folder)
    (folder / "thumb").mkdir(parents=True, exist_ok=True)
    if not plan.image:
        os.close(os.open(base / record.image, os.O_CREAT | os.O_WRONLY, 0o640))
    thumb = b"" if not plan.thumb else _riff(record.id, plan.thumb)
    (base / record.thumb).write_bytes(thumb)
    sidecar = base / record.folder.sidecar(record.id)
    sidecar.write_bytes(encode_sidecar(record))
    info = sidecar.stat()
    return Seen(info.st_size, info.st_mtime_ns)


def _with_bytes(tree: Tree, record: Record, plan: Plan) -> Record:
    """An image file of noise: these are sent, and never decoded."""
    body = random.Random(record.id).randbytes(plan.image)
    path = tree.outputs / record.image
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return replace(record, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())


def _riff(seed: str, size: int) -> bytes:
    """What passes for a whole WebP file by its first bytes."""
    body = b"WEBP" + random.Random(seed).randbytes(size - 12)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def records(plan: Plan) -> Iterator[Record]:
    """The images of a plan, oldest first."""
    rng = random.Random(f"{plan.owner} {plan.month}")
    start = _month_start(plan.month)
    step = plan.days * DAY_US // max(plan.images, 1)
    for number in range(plan.images):
        yield _record(plan.owner, start + number * step + rng.randrange(step), rng)


def _month_start(ago: int) -> int:
    year, month = divmod(2025 * 12 + 9 - ago, 12)
    return to_us(f"{year}-{month + 1:02}-01T00:00:00Z")


def _record(owner: str, created_at: int, rng: random.Random) -> Record:
    id = uuid.UUID(int=rng.getrandbits(128), version=4).hex
    seed = rng.getrandbits(48)
    ratio = rng.choice(tuple(_SIZES))
    width, height = _SIZES[ratio]
    record = Record(
        id=id, owner=owner, kind="output", workflow_id=f"flow-{rng.randrange(7)}",
        aspect_ratio=ratio, seed=seed, prompt=_prompt(rng),
        original_filename=f"ComfyUI_{seed % 100_000:05}_.png", mime="image/png",
        bytes=1_600_000 + rng.randrange(100_000), sha256=f"{rng.getrandbits(256):064x}",
        created_at=created_at, status="active", thumb="", tags=("portrait",)[: rng.randrange(2)],
        favorite=rng.random() < 0.02, width=width, height=height,
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj", rev=0, model="sd_xl_base_1.0", source="comfyui",
    )  # fmt: skip
    return replace(record, thumb=record.folder.thumb(id))


def _prompt(rng: random.Random) -> str:
    """Some 200 characters; low numbers are common words, high ones rare."""
    parts = [rng.choice(_COMMON), rng.choice(_COMMON)]
    while sum(map(len, parts)) < 170:
        parts.append(word(int(VOCABULARY * rng.random() ** 2)))
    return " ".join(parts)
