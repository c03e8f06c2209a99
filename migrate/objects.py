"""What is asked of the objects of either side."""

from __future__ import annotations

import hashlib

from gallery.blobs import BlobStore
from gallery.blobs.abilities import Hashed
from gallery.blobs.incoming import Spool

PIECE = 8 << 20
"""Bytes that are held in memory at once, of each image under way."""


def read_into(spool: Spool, blobs: BlobStore, key: str) -> None:
    """Raises NotFound."""
    while data := blobs.read(key, spool.size, PIECE):
        spool.write(data)


def sha256_of(blobs: BlobStore, key: str) -> str:
    """Of an object, by what the store keeps with it, or by reading it. Raises NotFound."""
    if isinstance(blobs, Hashed) and (known := blobs.sha256_of(key)):
        return known
    return hashed(blobs, key)


def hashed(blobs: BlobStore, key: str) -> str:
    """Of an object's bytes, read now. Raises NotFound."""
    digest, start = hashlib.sha256(), 0
    while data := blobs.read(key, start, PIECE):
        digest.update(data)
        start += len(data)
    return digest.hexdigest()
