"""Folders opened by their whole path at once, with no link followed on the way.

Linux has a call for it (openat2, since 5.6); elsewhere, and where a sandbox forbids it, a
path is walked folder by folder. One call in place of six is most of what a small read or
write costs: at each a thread gives up the interpreter, and waits to have it back.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENAT2 = 437
"""The same number on every architecture."""
_NO_LINKS, _BENEATH = 0x04, 0x08
_HOW = struct.pack("QQQ", FOLDER, 0, _NO_LINKS | _BENEATH)


def open_folder(root: str, path: str) -> int | None:
    """A descriptor of the folder at ``path`` below ``root``; None when it could not be had
    in one call, for whatever reason: who walks the path will learn it. ``path`` has no
    empty parts."""
    name = os.fsencode(path) or b"."
    if _syscall is None or b"\0" in name:
        return None
    top = os.open(root, FOLDER & ~os.O_NOFOLLOW)
    try:
        found = _syscall(_OPENAT2, top, name, _HOW, len(_HOW))
    finally:
        os.close(top)
    return found if found >= 0 else None


def _system_call() -> ctypes._NamedFuncPointer | None:
    if sys.platform != "linux":
        return None
    call = ctypes.CDLL(None).syscall
    call.argtypes = (
        ctypes.c_long,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
    )
    call.restype = ctypes.c_long
    return call


_syscall = _system_call()
