"""python -m bench.editor OUTPUTS MANIFESTS OWNER RATE

Edits an owner's newest image so many times a second, until it is terminated. Prints a line
when it has begun.
"""

from __future__ import annotations

import itertools
import sys
import time

import orjson

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.library import Library


def main() -> None:
    outputs, manifests, owner, rate = sys.argv[1:]
    library = Library(FileBlobs(outputs), ManifestCatalog(manifests, memory_bytes=16 << 20))
    library.start()
    id = orjson.loads(library.page(Query(owner, size=1)).items[0])["id"]
    began = time.monotonic()
    for turn in itertools.count():
        library.edit(owner, id, tags=(f"turn {turn} of {began}",))
        if turn == 0:
            print("begun", flush=True)
        time.sleep(max(0.0, began + turn / float(rate) - time.monotonic()))


if __name__ == "__main__":
    main()
