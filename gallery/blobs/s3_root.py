"""The root of a library on an S3-compatible store: its marker, its keys, and the connection.

.gallery/library.json   marks the place and names the library
.gallery/secret         signing keys, newest first, one a line
.gallery/tmp/           objects that nobody needs after some days
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gallery.blobs import Spool
from gallery.blobs.incoming import Incoming
from gallery.blobs.marker import MARKER, SECRET, library_in, marker_of, new_library
from gallery.blobs.s3_bodies import get_part
from gallery.blobs.s3_client import PATIENCE, Patience, Place, new_client, requests, status_of
from gallery.blobs.s3_probe import Abilities, probe
from gallery.errors import GalleryError, NotFound, StartRefused, StorageFull, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

GOOD_SECONDS, BAD_SECONDS = 5.0, 1.0
"""How long a look at the marker counts, when it was right and when it was not."""
MAX_OBJECT_BYTES = 5 << 30
"""What one request can store."""
CONNECTIONS = 32
_PAUSE_SECONDS = 0.1
_ROOT_BYTES = 65_536
"""More than marker and keys have."""


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
        self._closed = False
        self._to_probe = False
        self._lock = threading.Lock()
        self._until = 0.0
        self._away: str | None = None

    def _key(self, key: str) -> str:
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
        return self._client

    @property
    def _s3(self) -> S3Client:
        """The client, of the place that was started."""
        self.check()
        return self.connect()

    def start(self) -> None:
        self._closed, self._to_probe, self._until = False, True, 0.0
        try:
            found = self._marker()
        except Unavailable as error:
            if self._expected is None:
                raise StartRefused(f"{self.place}: {error}") from error
            log.warning("%s cannot be reached: %s", self.place, error)
            return
        if found is None:
            if self._expected is not None:
                log.error("%s has no %s: is it the right bucket?", self.place, MARKER)
                return
            self._make_library(*new_library())
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
            if self._away is not None:
                raise Unavailable(self._away)

    @contextmanager
    def _asking(self, what: str, unclear: type[Unavailable] = Unavailable) -> Iterator[None]:
        """A request of the place. One that fails ends the trust in a look that was right."""
        try:
            with requests(what, unclear):
                yield
        except Unavailable:
            if self._away is None:
                self._until = 0.0
            raise

    def check_now(self) -> None:
        self._until = 0.0
        self.check()

    def _look(self) -> None:
        where = f"{self.place}/{MARKER}"
        try:
            self.library = library_in(self._read_root(MARKER), where, self.library)
        except (NotFound, Unavailable) as error:
            gone = isinstance(error, NotFound)
            self._away = f"{where} is not there" if gone else str(error)
            self._until = time.monotonic() + BAD_SECONDS
            return
        self._away, self._until = None, time.monotonic() + GOOD_SECONDS
        if self._to_probe:
            self._probe()

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

    # -- the library ------------------------------------------------------------------

    def _marker(self) -> bytes | None:
        try:
            return self._read_root(MARKER)
        except NotFound:
            return None

    def _read_root(self, name: str) -> bytes:
        with requests(f"{self.place}/{name}"):
            where = (self.place.bucket, self._key(name))
            return get_part(self.connect(), *where, 0, _ROOT_BYTES, self._patience.attempts)[1]

    def claim(self, library: str, secret: list[str]) -> None:
        try:
            if self._marker() is None:
                self._make_library(library, secret)
            self.library, self._until = library, 0.0
            self.check()
        except Unavailable as error:
            raise StartRefused(f"{self.place}: {error}") from error

    def _make_library(self, library: str, keys: list[str]) -> None:
        """The secret first: a place that is marked has one. Of two processes that do this
        at once on a store without conditions, the last wins; both read back who that was."""
        try:
            self._put_once(SECRET, "".join(f"{key}\n" for key in keys).encode())
            self._put_once(MARKER, marker_of(library))
        except GalleryError as error:
            raise StartRefused(f"cannot make a library in {self.place}: {error}") from error
        time.sleep(_PAUSE_SECONDS)

    def _put_once(self, name: str, body: bytes) -> None:
        """Where nothing is yet. A store that knows no conditions says so, or ignores them:
        a look before is the best that can be done there."""
        client = self.connect()
        where: dict[str, Any] = {"Bucket": self.place.bucket, "Key": self._key(name)}
        try:
            self._read_root(name)
        except NotFound:
            with requests(f"{self.place}/{name}"):
                try:
                    client.put_object(**where, Body=body, IfNoneMatch="*")
                except ClientError as error:
                    if status_of(error) == 501:
                        client.put_object(**where, Body=body)
                    elif status_of(error) not in (409, 412):
                        raise

    def secret(self) -> list[str]:
        self.check()
        return self._read_root(SECRET).decode("ascii").split()

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
