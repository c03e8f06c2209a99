"""Where blocking work runs: threads for reading, others for changing, so that writers who
wait for an owner's lock never keep a reader waiting, and a few for changes of many images,
which keep neither waiting. Bytes have threads of their own: a store that says nothing keeps
them for as long as it is waited for, and lists go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Bounded pools. Awaiting a call gives its result or raises what it raised."""

    def __init__(
        self, *, readers: int = 8, fetchers: int = 16, writers: int = 16, bulk: int = 2
    ) -> None:
        self._readers = ThreadPoolExecutor(readers, "read")
        self._fetchers = ThreadPoolExecutor(fetchers, "fetch")
        self._writers = ThreadPoolExecutor(writers, "write")
        self._bulk = ThreadPoolExecutor(bulk, "bulk")

    async def read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._readers, call, *args, **kwargs)

    async def fetch(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._fetchers, call, *args, **kwargs)

    async def write(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._writers, call, *args, **kwargs)

    async def bulk(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._bulk, call, *args, **kwargs)

    async def _run(
        self, pool: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Waits for what is running."""
        self._readers.shutdown()
        self._fetchers.shutdown()
        self._writers.shutdown()
        self._bulk.shutdown()
