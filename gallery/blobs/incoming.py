"""Bodies on their way in: a folder of temporary files, on a local disk."""

from __future__ import annotations

import contextlib
import os
import time

from gallery.blobs import Spool
from gallery.errors import storage

INCOMING_SECONDS = 86_400.0


class Incoming:
    """``durable`` says whether a synced spool is on the disk: a store that takes the file
    itself needs that, one that sends it elsewhere does not."""

    def __init__(self, folder: str, *, durable: bool) -> None:
        self.folder = folder
        self._durable = durable

    def spool(self) -> Spool:
        with storage(self.folder):
            try:
                return Spool(self.folder, durable=self._durable)
            except FileNotFoundError:
                os.makedirs(self.folder, exist_ok=True)
                return Spool(self.folder, durable=self._durable)

    def sweep(self) -> None:
        """Bodies of a server that was killed. Another process may be receiving: only old
        ones are dead for certain."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > INCOMING_SECONDS:
                    os.unlink(entry.path)
