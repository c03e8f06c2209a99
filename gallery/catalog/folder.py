"""The catalog's folder: whose it is, and which owners and months have manifests there.

    manifests/library.json                  names the library
    manifests/users/{owner}/{month}.jsonl   see ``shard``
    manifests/users/{owner}/ops/            see ``ops``
    manifests/begun/                        see ``begun``
    manifests/feed/                         see ``feed``
    manifests/.lock                         held while library.json is made
    manifests/**/*.lock                     see ``locks`` and ``notes``
    manifests/scrub.json, clock, …          see ``notes``

The folder may be on a volume that is away. Nothing is made in its place then, and a file that
isn't found there says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import orjson

from gallery import keys
from gallery.durable import fsync_folder, locked, replace_file
from gallery.errors import NotFound, StartRefused, Unavailable, storage

FORMAT = 1


class ManifestFolder:
    """``library`` is the one that it was claimed for."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.users = os.path.join(root, "users")
        self.library = ""
        self._marker = _marker(root)

    def claim(self, library: str) -> None:
        """Makes what is missing. Raises StartRefused when the folder is another library's."""
        self.library = library
        os.makedirs(self.users, exist_ok=True)
        with locked(os.path.join(self.root, ".lock")):
            known = library_of(self.root)
            if known is None:
                marker = orjson.dumps({"format": FORMAT, "library": library}) + b"\n"
                replace_file(self._marker, marker)
        if known not in (None, library):
            raise StartRefused(f"{self.root} is of library {known}, the images of {library}")

    def is_there(self) -> bool:
        return library_of(self.root) == self.library

    def check(self) -> None:
        """Raises Unavailable when this is not the library's folder, which may not be mounted."""
        if not self.is_there():
            raise Unavailable(f"{self.root} is away")

    def check_marker(self) -> None:
        """A file that isn't there says nothing when the volume isn't there either."""
        if not os.path.exists(self._marker):
            raise Unavailable(f"{self._marker} is away")

    def owners(self) -> list[str]:
        """Who has a folder, in byte order."""
        with storage(self.users, ours=True), os.scandir(self.users) as entries:
            folders = (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
            return sorted(name for name in folders if keys.is_owner(name))

    def months(self, owner: str) -> list[str]:
        """The months that an owner has manifests of, ascending."""
        try:
            with storage(self.users):
                names = os.listdir(self.of_owner(owner))
        except NotFound:
            self.check_marker()
            return []
        months = (n.removesuffix(".jsonl") for n in names if n.endswith(".jsonl"))
        return sorted(m for m in months if keys.is_month(m))

    def of_owner(self, owner: str) -> str:
        return os.path.join(self.users, owner)

    def path(self, owner: str, month: str) -> str:
        """A manifest's."""
        return os.path.join(self.users, owner, f"{month}.jsonl")

    def make_owner(self, owner: str) -> None:
        """Only where the library still is: a volume that is away is not filled anew."""
        self.check()
        os.makedirs(self.of_owner(owner), exist_ok=True)
        fsync_folder(self.users)

    def lines(self, owner: str, month: str) -> int:
        """How many a manifest has, without its header."""
        path = self.path(owner, month)
        with storage(path, ours=True), open(path, "rb") as file:
            return sum(1 for _ in file) - 1

    def mentioning(self, owner: str, id: str) -> Iterator[str]:
        """The months in whose manifests the id occurs, whatever is said of it."""
        needle = f'"id":"{id}"'.encode()
        for month in self.months(owner):
            path = self.path(owner, month)
            with storage(path), open(path, "rb") as file:
                found = any(needle in line for line in file)
            if found:
                yield month


def library_of(root: str) -> str | None:
    """The library that the manifests under ``root`` are of; None when they know none.
    Raises StartRefused when that cannot be told."""
    path = _marker(root)
    try:
        with open(path, "rb") as file:
            return str(orjson.loads(file.read(65_536))["library"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartRefused(f"{path} cannot be read: {error}") from error


def _marker(root: str) -> str:
    return os.path.join(root, "library.json")
