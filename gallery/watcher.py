"""The watcher: has what others change in the tree looked at, as soon as it happens.

A folder is watched before it is listed, and what is listed then counts as changed, so that
nothing falls between the two; this goes for the whole tree (which the walk lists) as for each
new folder. Where the kernel cannot tell what happened, because its queue overflowed or there
are no more watches, everything is walked. Nothing is missed; it is only found later.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator

from gallery import inotify, keys
from gallery.blobs.abilities import LocalFiles
from gallery.inotify import Event, Inotify
from gallery.looks import Looks
from gallery.reconcile import Thing

log = logging.getLogger(__name__)

TOP = "users"
CHECK_SECONDS = 0.5
BLIND_SECONDS = 10.0
_EVENT_SECONDS = 0.1
"""A change is looked at so long after it was seen: most are the first of several."""
_MARK_SECONDS = 2.0
"""A mark is the gallery's own; only one that stays means anything."""
_UNWATCHABLE = (
    errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG,
)  # fmt: skip
_NEW = inotify.CREATE | inotify.MOVED_TO


class Watcher:
    """A thread that reads what happens, and notes what is to be looked at."""

    def __init__(self, files: LocalFiles, looks: Looks[Thing]) -> None:
        self._looks = looks
        self._root = files.root
        self._stop = threading.Event()
        self.must_walk = threading.Event()
        """Set when something may have changed that nobody saw."""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._woken, self._waker = os.pipe()
        self._blind = False

    def start(self) -> None:
        """Once, however often it is called: from when this process leads."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """Returns when nothing of it runs any more."""
        self._stop.set()
        os.write(self._waker, b"\0")
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._woken)
        os.close(self._waker)

    def wants_walk(self) -> bool:
        """Whether something may have changed unseen, since this was asked last."""
        if not self.must_walk.is_set():
            return False
        self.must_walk.clear()
        return True

    # -- watching -----------------------------------------------------------------------------

    def _run(self) -> None:
        if _place(self._root) is None:
            self.must_walk.set()  # for what can be told without it
        while not self._stop.is_set():
            try:
                if (place := _place(self._root)) is None:
                    self._stop.wait(CHECK_SECONDS)
                else:
                    self._watch(place)
            except OSError as error:
                self._cannot_see(error)
            except Exception:
                log.exception("the watcher failed; it begins anew")
                self._cannot_see(OSError(errno.EIO, "it failed"))

    def _watch(self, place: Place) -> None:
        """Until it is stopped, or the tree is another. Raises OSError when it cannot."""
        kernel = Inotify(self._woken)
        try:
            tree = Tree(kernel, self._root)
            for _ in tree.enter(TOP):  # the walk lists the files
                if self._stop.is_set():
                    return
            self._sees()
            while not self._stop.is_set() and _place(self._root) == place:
                for event in kernel.read(CHECK_SECONDS):
                    self._event(tree, event)
        finally:
            kernel.close()
        if not self._stop.is_set():
            log.warning("%s/%s went away or is another now: watched anew", self._root, TOP)

    def _sees(self) -> None:
        if self._blind:
            log.info("everything is watched again")
        self._blind = False
        self.must_walk.set()

    def _cannot_see(self, error: OSError) -> None:
        if not self._blind:
            log.warning(
                "not all can be watched, so all is walked every %d s: %s%s",
                *(BLIND_SECONDS, error, _ADVICE.get(error.errno or 0, "")),
            )
        self._blind = True
        self.must_walk.set()
        self._stop.wait(BLIND_SECONDS)

    # -- what happened ------------------------------------------------------------------------

    def _event(self, tree: Tree, event: Event) -> None:
        if event.mask & inotify.OVERFLOW:
            log.warning("more happened than the kernel could tell: all is walked")
            for _ in tree.enter(TOP):
                pass
            self.must_walk.set()
            return
        path = tree.path(event)
        if path is None:
            return
        if not event.mask & inotify.IS_FOLDER:
            self._note(path)
        elif event.mask & inotify.MOVED_FROM:
            tree.leave(path)
            self.must_walk.set()
        elif event.mask & _NEW or not tree.has(path):
            for file in tree.enter(path):
                self._note(file)

    def _note(self, path: str) -> None:
        key = keys.parse(path)
        if key is None:
            if file := keys.inboxed(path):
                self._looks.note(file, _EVENT_SECONDS)
        elif key.role in ("image", "sidecar"):
            self._looks.note((key.folder, key.id), _EVENT_SECONDS)
        elif key.role != "thumb":
            self._looks.note((key.folder, key.id), _MARK_SECONDS)


_ADVICE = {
    errno.ENOSPC: " (raise fs.inotify.max_user_watches)",
    errno.EMFILE: " (raise fs.inotify.max_user_instances)",
}


class Tree:
    """The folders that are watched, by their paths below the root."""

    def __init__(self, kernel: Inotify, root: str) -> None:
        self._kernel = kernel
        self._root = root
        self._paths: dict[int, str] = {}
        self._watches: dict[str, int] = {}

    def has(self, folder: str) -> bool:
        return folder in self._watches

    def path(self, event: Event) -> str | None:
        """Where it happened; None where nobody watches any more."""
        folder = self._paths.get(event.watch)
        if folder is None or event.name == "":
            if event.mask & inotify.IGNORED:
                self._forget(event.watch)
            return None
        return f"{folder}/{event.name}"

    def enter(self, top: str) -> Iterator[str]:
        """Watches a folder and those below it; gives the files that lie there by now.
        Raises OSError when there are no watches left."""
        waiting = [top] if keys.is_on_the_way(top) else []
        while waiting:
            folder = waiting.pop()
            for name, is_folder in self._watched(folder):
                path = f"{folder}/{name}"
                if not is_folder:
                    yield path
                elif keys.is_on_the_way(path):
                    waiting.append(path)

    def _watched(self, folder: str) -> list[tuple[str, bool]]:
        """What lies in a folder, names and whether they are folders; from here on it is
        watched. Nothing in one that is gone, or closed: if it opens, that is an event."""
        path = os.path.join(self._root, folder)
        try:
            watch = self._kernel.add(path)
            self._paths[watch] = folder
            self._watches[folder] = watch
            with os.scandir(path) as entries:
                return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            if error.errno not in _UNWATCHABLE:
                raise
        return []

    def leave(self, top: str) -> None:
        """A folder was moved away, and what is below it."""
        below = f"{top}/"
        gone = [at for at in self._watches if at == top or at.startswith(below)]
        for folder in gone:
            watch = self._watches[folder]
            self._kernel.remove(watch)
            self._forget(watch)

    def _forget(self, watch: int) -> None:
        folder = self._paths.pop(watch, None)
        if folder is not None and self._watches.get(folder) == watch:
            del self._watches[folder]


Place = tuple[int, int, tuple[str, ...]]


def _place(root: str) -> Place | None:
    """Which folder the users' is, and what is mounted in the tree; None if it isn't there."""
    try:
        found = os.stat(os.path.join(root, TOP))
        below = f" {_escaped(os.path.realpath(root))}/"
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mounted = tuple(line for line in file if below in line)
    except OSError:
        return None
    return found.st_dev, found.st_ino, mounted


def _escaped(path: str) -> str:
    """As the kernel writes paths into its list of mounts."""
    return "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in path)
