"""The floor of a rebuild: every sidecar found, read and parsed by four processes.

python -m bench.sidecars USERS    prints how many there are
"""

from __future__ import annotations

import multiprocessing
import os
import sys

import orjson

READERS = 4


def read_all(users: str) -> int:
    owners = [entry.path for entry in os.scandir(users)]
    with multiprocessing.get_context("spawn").Pool(READERS) as pool:
        return sum(pool.imap_unordered(read_owner, owners))


def read_owner(path: str) -> int:
    found = 0
    for folder, _, names in os.walk(path):
        for name in names:
            if name.endswith(".json"):
                with open(os.path.join(folder, name), "rb") as file:
                    found += "id" in orjson.loads(file.read())
    return found


if __name__ == "__main__":
    print(read_all(sys.argv[1]))
