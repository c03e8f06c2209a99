"""Edits at a steady rate, in a process of its own, over kept connections.

python -m bench.patches SPEC    says when it has begun; on SIGTERM prints what was answered

An edit is due at its moment, whether the ones before were answered or not, so what it waited
for counts from there.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
import uvloop

from bench.client import answered
from bench.load import save
from bench.servers import Failed, environment

_CONNECTIONS = 32
_STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Edits:
    """So many edits a second of these images in turn (each a cookie and an id), at these
    servers in turn."""

    ports: list[int]
    images: list[tuple[str, str]]
    rate: float


@dataclass(slots=True)
class Answers:
    """When each edit was due (seconds since 1970), and how long its answer took from there."""

    due: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def rate(self, since: float, until: float) -> float:
        """Of those that were answered in this time."""
        ended = (due + took for due, took in zip(self.due, self.took, strict=True))
        return sum(since <= at < until for at in ended) / (until - since)

    def longest(self, since: float, until: float) -> float:
        """Of those that were due in this time."""
        both = zip(self.due, self.took, strict=True)
        return max((took for due, took in both if since <= due < until), default=0.0)


@contextmanager
def going_on(folder: Path, edits: Edits) -> Iterator[Answers]:
    """While the block runs; what it gives is filled in afterwards. Raises Failed."""
    spec, answers = save(folder / "edits.json", asdict(edits)), Answers()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.patches", str(spec)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield answers
    finally:
        process.terminate()
        out, complained = process.communicate(timeout=_STOP_SECONDS)
    if process.returncode:
        raise Failed(f"editing: {complained.decode()[-1_000:]}")
    told = orjson.loads(out)
    answers.due, answers.took = told["due"], told["took"]


class _Editor:
    def __init__(self, edits: Edits) -> None:
        self._edits = edits
        self._numbers = itertools.count()
        self._began = time.time()
        self._ended = False
        self.answers = Answers()

    def end(self) -> None:
        self._ended = True

    async def run(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.end)
        print("begun", flush=True)
        async with asyncio.TaskGroup() as connections:
            for number in range(_CONNECTIONS):
                port = self._edits.ports[number % len(self._edits.ports)]
                connections.create_task(self._connection(port))

    async def _connection(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        while not self._ended:
            number = next(self._numbers)
            due = self._began + number / self._edits.rate
            await asyncio.sleep(due - time.time())
            writer.write(self._request(number))
            await answered(reader, 200)
            self.answers.due.append(due)
            self.answers.took.append(time.time() - due)
        writer.close()

    def _request(self, number: int) -> bytes:
        cookie, id = self._edits.images[number % len(self._edits.images)]
        body = orjson.dumps({"tags": [f"edit {number}"]})
        return (
            b"PATCH /api/v1/images/%b HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        ) % (id.encode(), cookie.encode(), len(body), body)


def main() -> None:
    editor = _Editor(Edits(**orjson.loads(Path(sys.argv[1]).read_bytes())))
    uvloop.run(editor.run())
    print(orjson.dumps(asdict(editor.answers)).decode())


if __name__ == "__main__":
    main()
