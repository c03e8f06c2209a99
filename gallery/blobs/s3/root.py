"""The root of a library on an S3-compatible store: the connection, and whether what it leads
to is still the place that was started."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from gallery.blobs.incoming import Incoming, Spool
from gallery.blobs.marker import MARKER, SECRET, library_in, new_library
from gallery.blobs.s3.client import PATIENCE, SILENT, Patience, Place, new_client, requests
from gallery.blobs.s3.founding import found, read
from gallery.blobs.s3.probe import Abilities, probe
from gallery.errors import GalleryError, NotFound, StartRefused, StorageFull, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

GOOD_SECONDS, BAD_SECONDS = 5.0, 1.0
"""How long a look at the marker counts, when it was right and when it was not."""
MAX_OBJECT_BYTES = 5 << 30
"""What one request can store."""
CONNECTIONS = 32


class Root:
    """The part of BlobStore that is about the whole of a place.

    ``expected`` is the library that the catalog belongs to: with it, a place without its
    marker is another bucket than meant, and never made anew. Bodies on their way in wait in
    the local folder ``incoming``.
    """

    def __init__(
        self,
        place: Place,
        incoming: str,
        expected: str | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        self.place = place
        self.library = expected or ""
        self.abilities = Abilities()
        self._expected = expected
        self._patience = patience
        self._incoming = Incoming(incoming, durable=False)
        self._client: S3Client | None = None
        self._closed = self._is_hurried = False
        self._to_probe = False
        self._lock = threading.Lock()
        self._known = self._until = 0.0
        """When the last look says how it was, and until when that counts."""
        self._away: str | None = None

    def name(self, key: str) -> str:
        return self.place.prefix + key

    # -- the connection ---------------------------------------------------------------

    def connect(self) -> S3Client:
        """The client, whatever it reaches."""
        if self._closed:
            raise Unavailable("the store is closed")
        if self._client is None:
            self._client = new_client(
                self._patience, connections=CONNECTIONS, profile=self.place.profile
            )
            self._client.meta.events.register("needs-retry.s3", self._end_tries)
        return self._client

    @property
    def client(self) -> S3Client:
        """The client, of the place that was started."""
        self.check()
        return self.connect()

    def start(self) -> None:
        self._closed = self._is_hurried = False
        self._to_probe, self._until = True, 0.0
        try:
            marker = self._marker()
        except Unavailable as error:
            if self._expected is None:
                raise StartRefused(f"{self.place}: {error}") from error
            log.warning("%s cannot be reached: %s", self.place, error)
            return
        if marker is None:
            if self._expected is not None:
                log.error("%s has no %s: is it the right bucket?", self.place, MARKER)
                return
            found(self, *new_library())
        try:
            self.check()
        except Unavailable as error:
            raise StartRefused(str(error)) from error
        self.keep_room()

    def close(self) -> None:
        self._closed = True  # at once: who waits for the lock does not look any more
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def check(self) -> None:
        """Looks at the marker now and then: each request of its own would notice a store
        that is away, but not a bucket that is another one."""
        with self._lock:
            if time.monotonic() >= self._until or self._closed:
                self._look()
            self._raise_if_away()

    def check_now(self) -> None:
        asked = time.monotonic()
        with self._lock:
            if self._known <= asked:
                self._look()
            self._raise_if_away()

    def _raise_if_away(self) -> None:
        if self._away is not None:
            raise Unavailable(self._away)

    @contextmanager
    def asking(self, what: str, unclear: type[Unavailable] = Unavailable) -> Iterator[None]:
        """A request of the place. One that fails ends the trust in a look that was right."""
        try:
            with requests(what, unclear):
                yield
        except Unavailable:
            if self._away is None:
                self._until = 0.0
            raise

    def _look(self) -> None:
        """Who was right when it began may be away when it has ended; who was away then, is."""
        where, self._known = f"{self.place}/{MARKER}", time.monotonic()
        try:
            self.library = library_in(self._seen_marker(), where, self.library)
        except (NotFound, Unavailable) as error:
            gone = isinstance(error, NotFound)
            self._away = f"{where} is not there" if gone else str(error)
            self._known = time.monotonic()
            self._until = self._known + BAD_SECONDS
            return
        self._away, self._until = None, time.monotonic() + GOOD_SECONDS
        if self._to_probe:
            self._probe()

    def _seen_marker(self) -> bytes:
        """In a hurry, a store that says nothing is found out sooner."""
        client = self.connect()
        if not self._is_hurried:
            return read(self, MARKER, client)
        hurried, profile = self._patience.hurried(), self.place.profile
        with closing(new_client(hurried, connections=1, profile=profile)) as client:
            return read(self, MARKER, client)

    def _probe(self) -> None:
        try:
            self.abilities = probe(self.connect(), self.place)
        except GalleryError as error:
            log.warning("%s cannot be probed, so nothing is relied on: %s", self.place, error)
            return
        self._to_probe = False
        log.info("%s: %s", self.place, self.abilities)
        if not self.abilities.private:
            log.error("%s can be read by anybody; see gallery bucket init", self.place)

    # -- being in a hurry ---------------------------------------------------------------

    def hurry(self) -> None:
        self._is_hurried = True
        self._until = 0.0  # who asks for more learns first whether anybody answers

    def is_worth_a_try(self, tries: int, error: Exception) -> bool:
        """What failed quickly may well succeed quickly, also in a hurry."""
        return tries < self._patience.attempts and not (
            self._is_hurried and isinstance(error, SILENT)
        )

    def _end_tries(self, attempts: int, caught_exception: Exception | None, **_: Any) -> None:
        """Of botocore's own. Raising is the only way: its handler has its say as well."""
        if caught_exception is not None and not self.is_worth_a_try(attempts, caught_exception):
            raise caught_exception

    # -- the library ------------------------------------------------------------------

    def _marker(self) -> bytes | None:
        try:
            return read(self, MARKER, self.connect())
        except NotFound:
            return None

    def claim(self, library: str, secret: list[str]) -> None:
        try:
            if self._marker() is None:
                found(self, library, secret)
            self.library, self._until = library, 0.0
            self.check()
        except Unavailable as error:
            raise StartRefused(f"{self.place}: {error}") from error

    def secret(self) -> list[str]:
        self.check()
        return read(self, SECRET, self.connect()).decode("ascii").split()

    # -- room -------------------------------------------------------------------------

    def room(self, size: int) -> None:
        self.check()
        if size > MAX_OBJECT_BYTES:
            raise StorageFull(f"{size} bytes are more than one request can store")

    def make_room(self) -> bool:
        """There is no reserve: what is in a bucket can be removed without any."""
        return False

    def keep_room(self) -> None:
        self._incoming.sweep()

    def spool(self) -> Spool:
        self.check()
        return self._incoming.spool()
