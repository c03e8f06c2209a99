"""What a file is, by its first bytes: never by its name."""

from __future__ import annotations

HEAD_BYTES = 12
"""As many of them as it takes."""


def mime_of(head: bytes) -> str | None:
    """The media type of a file that begins so; None if it is none of ours."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return None
