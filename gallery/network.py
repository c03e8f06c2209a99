"""Which folders lie on a file system that other machines may write to as well.

Processes agree by ``flock`` and by the size of a file that another has just appended to.
Both are the business of one kernel. Where a server or another machine has a part in it,
sizes are remembered for seconds (nfs, cifs, 9p, afs), locks reach no further than this
machine (sshfs, many 9p and virtiofs servers), or nobody has tried it here (the cluster file
systems, which promise both, at the price of a round trip for each). One process alone needs
neither.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

MOUNTS = "/proc/self/mountinfo"
SHARED = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf",
    "virtiofs", "vmhgfs",
))  # fmt: skip
LOCAL_FUSE = frozenset(("bindfs", "encfs", "fuse-overlayfs", "gocryptfs", "mergerfs", "ntfs-3g"))
"""Of the file systems in user space, those that are over local ones. Of any other, nobody
can tell what is behind it."""


def shared(path: str) -> str:
    """The type of the network file system that ``path`` lies on, or is to be made on; ""
    when it is a local one, or cannot be told."""
    kind = kind_of(path)
    is_fuse, _, program = kind.partition(".")
    if kind in SHARED or (is_fuse == "fuse" and program not in LOCAL_FUSE):
        return kind
    return ""


def kind_of(path: str) -> str:
    """The type of the file system at ``path``: that of the innermost mount, and of the last
    where several lie over each other."""
    real, found, length = os.path.realpath(path), "", -1
    for point, kind in _mounts():
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= length:
            found, length = kind, len(point)
    return found


def _mounts() -> Iterator[tuple[str, str]]:
    """Mount points and types, in the order of mounting."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        if after and len(fields := before.split(" ")) > 4:
            yield _unescaped(fields[4]), after.split(" ")[0]


def _unescaped(text: str) -> str:
    """Blanks, tabs, line feeds and backslashes stand there in octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
