"""Worker processes that may die of a job without any other job noticing.

pebble runs the processes and enforces the time limit, which counts from when a worker
takes the job up. What it lacks is added here: it gives up for good when an idle worker
dies, and forgets what was waiting; so every job is remembered until it is answered, and
handed to a fresh pool if need be.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessPool

from gallery.errors import GalleryError, Unavailable, Unprocessable
from gallery.imaging import worker

_P = ParamSpec("_P")
_T = TypeVar("_T")

# How many pools a job may see break before it is given up, for it may be the reason.
_MAX_TRIES = 3
# Jobs after which a worker makes room for a new one, should a decoder leak.
_MAX_TASKS = 2000


@dataclass(eq=False)
class _Job:
    call: Callable[..., Any]
    args: tuple[Any, ...]
    answer: Future[Any] = field(default_factory=Future)
    tries: int = 0


class Pool:
    """Runs functions in ``workers`` processes, each job in one process at a time."""

    def __init__(self, *, workers: int, memory_bytes: int, seconds: float) -> None:
        self._workers = workers
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._pool: Future[ProcessPool] | None = None
        self._jobs: set[_Job] = set()

    def start(self) -> None:
        """Bring the workers up in the background."""
        with self._lock:
            if self._pool is None:
                self._pool = self._launch(None)

    def close(self) -> None:
        """End the workers and fail what is unfinished with Unavailable."""
        with self._lock:
            pool, self._pool = self._pool, None
            jobs = list(self._jobs)
        for job in jobs:
            self._fail(job, Unavailable("The server is stopping"))
        if pool is not None:
            _stop(pool)

    def submit(self, call: Callable[_P, _T], *args: _P.args, **_none: _P.kwargs) -> Future[_T]:
        """Have a worker call ``call``, which must be importable by its name."""
        job = _Job(call, args)
        with self._lock:
            pool = self._pool
            self._jobs.add(job)
        if pool is None:
            self._fail(job, Unavailable("The image workers are not running"))
        else:
            pool.add_done_callback(partial(self._hand_over, job))
        return job.answer

    def _launch(self, broken: Future[ProcessPool] | None) -> Future[ProcessPool]:
        """A pool that is coming up, once what is left of the ``broken`` one has gone."""
        started: Future[ProcessPool] = Future()

        def launch() -> None:
            if broken is not None:
                _stop(broken)
            try:
                started.set_result(self._new_pool())
            except (OSError, EOFError, RuntimeError) as error:
                started.set_exception(error)

        threading.Thread(target=launch, name="imaging-start", daemon=True).start()
        return started

    def _new_pool(self) -> ProcessPool:
        multiprocessing.get_context("forkserver").set_forkserver_preload(worker.PRELOAD)
        pool = ProcessPool(
            max_workers=self._workers,
            max_tasks=_MAX_TASKS,
            initializer=worker.prepare,
            initargs=(self._memory_bytes, self._seconds),
            context=_Context(),
        )
        if not pool.active:  # asking is what starts it
            raise BrokenProcessPool("The image workers did not start")
        return pool

    def _hand_over(self, job: _Job, started: Future[ProcessPool]) -> None:
        if job.answer.cancelled():
            self._forget(job)
            return
        try:
            ran = started.result().schedule(job.call, args=job.args, timeout=self._seconds)
        except (OSError, EOFError, RuntimeError):
            self._replace(started)
        else:
            ran.add_done_callback(partial(self._finish, job, started))

    def _finish(self, job: _Job, started: Future[ProcessPool], ran: Future[Any]) -> None:
        error = CancelledError() if ran.cancelled() else ran.exception()
        if isinstance(error, BrokenProcessPool):
            self._replace(started)
        elif error is not None:
            self._fail(job, _answer_to(error))
        elif self._forget(job):
            job.answer.set_result(ran.result())

    def _replace(self, broken: Future[ProcessPool]) -> None:
        """Hand every job of a broken pool to a new one, unless that has been done."""
        with self._lock:
            if self._pool is not broken:
                return
            fresh = self._pool = self._launch(broken)
            jobs = list(self._jobs)
        for job in jobs:
            job.tries += 1
            if job.tries < _MAX_TRIES:
                fresh.add_done_callback(partial(self._hand_over, job))
            else:
                self._fail(job, Unavailable("The image workers keep failing"))

    def _fail(self, job: _Job, error: GalleryError) -> None:
        if self._forget(job):
            job.answer.set_exception(error)

    def _forget(self, job: _Job) -> bool:
        """Whether the job still wants an answer, which the caller must then give."""
        with self._lock:
            if job not in self._jobs:
                return False
            self._jobs.remove(job)
        return job.answer.set_running_or_notify_cancel()


def _answer_to(error: BaseException) -> GalleryError:
    if isinstance(error, GalleryError):
        return error
    if isinstance(error, CancelledError):
        return Unavailable("The server is stopping")
    # A time limit, a dead worker, or memory that ran out between two decoders.
    return Unprocessable("The image takes too much to decode", code="image_too_costly")


def _stop(started: Future[ProcessPool]) -> None:
    with suppress(OSError, EOFError, RuntimeError, InvalidStateError):
        pool: Any = started.result()
        pool.stop()
        pool.join()


class _Process(ForkServerProcess):
    """A process that does not import the server's main module a second time.

    A child is told of the module behind ``__main__`` in order to import it. There is
    nothing in it for a worker, and a main module without a guard would start a server.
    """

    _launching = threading.Lock()

    def start(self) -> None:
        with self._launching:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class _Context(ForkServerContext):
    """Forking the server itself would copy its threads' locks, held or not."""

    Process = _Process
