"""Where a visitor is sent to for bytes that the server need not send."""

from __future__ import annotations

import time

from gallery.api.served import Headers, attachment, record_at
from gallery.blobs.abilities import Purpose
from gallery.catalog import Immediate
from gallery.library import Library
from gallery.links import Link, Links
from gallery.remembered import Memory
from gallery.threads import Threads

ASKED_AGAIN = 1800
"""Seconds that a redirect is kept at most: what it leads to may become void before its time,
with the key that signed it."""
_WEIGHT = 500


class Redirects:
    """The links that answers lead to. Those for viewing are remembered, in ``memory_bytes``,
    until their image changes."""

    def __init__(
        self, library: Library, links: Links, threads: Threads, *, memory_bytes: int
    ) -> None:
        self._library = library
        self._links = links
        self._threads = threads
        self._memory: Memory[Link] = Memory(memory_bytes)
        self._immediate = library.catalog if isinstance(library.catalog, Immediate) else None

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have. From any thread."""
        self._links.forget(owner, id)
        self._memory.forget(owner, id)

    async def find(self, key: str, query: bytes) -> Link | None:
        """None when the server is to send the bytes. Raises NotFound and Unavailable."""
        purpose = purpose_of(query)
        # Asked first: what is found in memory after that is as new as the answer.
        if purpose == "view" and self._immediate is not None and self._immediate.fresh():
            link = self._memory.get(key)
            if link is not None and link.is_young(time.time()):
                return link
        return await self._threads.fetch(self._look_up, key, purpose)

    def _look_up(self, key: str, purpose: Purpose) -> Link | None:
        changes = self._memory.changes
        record = record_at(self._library, key)
        if purpose != "view":
            name = attachment(record, key) if purpose == "download" else None
            return self._links.find(record, key, purpose, name)
        link = self._links.find(record, key, purpose)
        if link is not None:
            self._memory.keep(key, (record.owner, record.id), link, _WEIGHT, changes)
        return link


def purpose_of(query: bytes) -> Purpose:
    """What the bytes are wanted for, as a query string says."""
    if not query:
        return "view"
    asked = query.split(b"&")
    return "download" if b"download=1" in asked else "embed" if b"embed=1" in asked else "view"


def headers_to(link: Link) -> Headers:
    """The browser may keep the redirect for as long as the link surely lives, and for the same
    visitor; who is led to isn't told from where."""
    seconds = max(0, min(int(link.left(time.time()) / 2), ASKED_AGAIN))
    return [
        (b"location", link.url.encode()),
        (b"cache-control", b"private, max-age=%d" % seconds),
        (b"vary", b"cookie, authorization"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"0"),
    ]
