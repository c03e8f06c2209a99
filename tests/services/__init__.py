"""Real services for tests, each started when it is first asked for and stopped at the end."""

from __future__ import annotations

import functools

from tests.services.s3 import Store
from tests.services.swift import Swift


@functools.cache
def swift() -> Swift:
    return Swift()


def s3() -> Store:
    """An object store, with nothing of this test's in it."""
    return Store(swift())


def stop() -> None:
    """Stops what was started."""
    if swift.cache_info().currsize:
        swift().stop()
    swift.cache_clear()
