"""What is read of the feed for one stream."""

from __future__ import annotations

from dataclasses import replace

from gallery.changes import change
from gallery.events import Events
from gallery.library import Library
from gallery.threads import Threads
from tests.samples import OWNER, ident, record


def test_large_records_are_written_a_few_at_a_time_and_none_is_left_out(library: Library) -> None:
    """Or readers that take nothing would hold as many records as there are, each."""
    threads = Threads()
    events = Events(library, threads)
    since = library.catalog.changes(None).position
    with library.catalog.lock(OWNER):
        for n in range(20):
            library.catalog.apply(change("put", replace(record(n), prompt="x" * 100_000)))
    stream = events.open(OWNER, since)
    parts = []
    while not stream.level:
        parts.append(stream.next())
    threads.close()
    assert max(map(len, parts)) < 500_000
    assert [b"".join(parts).count(b'"id":"%b","kind"' % ident(n).encode()) for n in range(20)]
    assert b"".join(parts).count(b"event: put\n") == 20
    assert stream.next() == b""
