"""Taking in a folder of somebody's past work: what lies there is copied, and never touched.

An image's id follows from its bytes and its owner. So a run that was killed anywhere is
gone on with by running it again: what is there already is found, and what was half done
is done over it. Quotas are for visitors and don't count here.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BufferedReader

import orjson

from gallery.blobs.incoming import Spool
from gallery.catalog.query import Query
from gallery.draft import Draft, shown_name
from gallery.errors import Unprocessable, UnsupportedImage, storage
from gallery.imaging import Imaging
from gallery.imaging.sniff import HEAD_BYTES, mime_of
from gallery.keys import Kind, id_for
from gallery.library import Library
from gallery.source import NO_FILE, Summary

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_COPY = 1 << 20


class Import:
    """One owner's import, into ``summary``, which is right at any time. If that is of a dry
    run, files are only looked at. ``done`` is called for each file."""

    def __init__(
        self, library: Library, imaging: Imaging, owner: str, kind: Kind, summary: Summary,
        done: Callable[[], None],
    ) -> None:  # fmt: skip
        self._library = library
        self._imaging = imaging
        self._owner = owner
        self._kind = kind
        self._summary = summary
        self._done = done
        self._known = set(self._stored())
        self._sizes = {size for size, _ in self._known}
        self._counting = threading.Lock()
        self._committing = threading.Lock()
        self._stopped = threading.Event()

    def run(self, paths: list[str], threads: int) -> None:
        """Takes in these files, some at a time: while one is decoded, others are read or
        committed. Raises StorageFull and Unavailable, when the files that were under way
        are in or out."""
        waiting = iter(paths)
        with ThreadPoolExecutor(threads, "import") as pool:
            works = [pool.submit(self._work, waiting) for _ in range(threads)]
            try:
                for work in works:
                    work.result()
            finally:
                self._stopped.set()

    def _work(self, waiting: Iterator[str]) -> None:
        try:
            while not self._stopped.is_set():
                with self._counting:
                    path = next(waiting, None)
                if path is None:
                    return
                self._take(path)
        except BaseException:
            self._stopped.set()
            raise

    def _take(self, path: str) -> None:
        size, left = None, None
        try:
            size = self._bytes_of(path)
        except UnsupportedImage as error:
            left = str(error), False
        except Unprocessable as error:
            left = str(error), True
        except OSError as error:
            left = str(error.strerror), True
        with self._counting:
            if left is not None:
                self._summary.leave_out(path, left[0], failed=left[1])
            elif size is None:
                self._summary.skipped += 1
            else:
                self._summary.imported += 1
                self._summary.bytes += size
            self._done()

    def _bytes_of(self, path: str) -> int | None:
        """Takes in a file; gives its size, or None when the owner has it already."""
        with open(path, "rb", opener=lambda name, _: os.open(name, _READ)) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise UnsupportedImage(NO_FILE)
            if mime_of(os.pread(file.fileno(), HEAD_BYTES, 0)) is None:
                raise UnsupportedImage
            if self._summary.dry_run:
                return self._would_take(file, path, before.st_size)
            # Nearly every size is of one image only: few files are read twice for this.
            size = before.st_size
            if size in self._sizes and (size, _sha256(file)) in self._known:
                return None
            return self._copied(file, before)

    def _would_take(self, file: BufferedReader, path: str, size: int) -> int | None:
        sha256 = _sha256(file)
        if (size, sha256) in self._known:
            return None
        self._imaging.inspect(path).result()
        return size if self._learn(size, sha256) else None

    def _copied(self, file: BufferedReader, before: os.stat_result) -> int | None:
        self._library.blobs.room(before.st_size)
        spool = self._library.blobs.spool()
        try:
            while block := file.read(_COPY):
                with storage(spool.path):
                    spool.write(block)
            after = os.fstat(file.fileno())
            if (spool.size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise Unprocessable("it changed while it was read")
            return self._put(spool, os.path.basename(file.name), before.st_mtime_ns // 1000)
        finally:
            spool.discard()

    def _put(self, spool: Spool, name: str, mtime_us: int) -> int | None:
        inspecting = self._imaging.inspect(spool.path)
        with storage(spool.path):
            spool.sync()
        inspection = inspecting.result()
        library = self._library
        draft = Draft(
            self._owner,
            self._kind,
            id_for(library.blobs.library, self._owner, f"import {self._kind} {spool.sha256}"),
            created_at=max(0, min(mtime_us, library.clock())),
            original_filename=shown_name(os.fsencode(name).decode("utf-8", "replace")),
        )
        with self._committing:  # here: who waits for the owner's lock is one of ours only
            stored = library.put(draft, spool, inspection)
        self._learn(spool.size, spool.sha256)
        return None if stored.repeated else spool.size

    def _learn(self, size: int, sha256: str) -> bool:
        """Whether the image was new."""
        with self._counting:
            before = len(self._known)
            self._known.add((size, sha256))
            self._sizes.add(size)
            return len(self._known) > before

    def _stored(self) -> Iterator[tuple[int, str]]:
        """Size and sha256 of all that the owner has of this kind, trash included."""
        library = self._library
        query = Query(self._owner, ("active", "trash"), (self._kind,), size=500)
        while True:
            page = library.healing.asked(partial(library.catalog.page, query))
            for record in orjson.loads(b"[%b]" % b",".join(page.items)):
                yield record["bytes"], record["sha256"]
            if page.next_cursor is None:
                return
            query = query.after(page.next_cursor)


def _sha256(file: BufferedReader) -> str:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest
