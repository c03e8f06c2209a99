"""How long a change takes to reach a subscriber who is connected to another process."""

from __future__ import annotations

import http.client
import itertools
import statistics
import threading
import time
from contextlib import closing
from queue import Empty, SimpleQueue

import orjson

from bench import trees
from bench.figures import Figure
from bench.load import Client, Get
from bench.part import Run
from bench.servers import Failed, Server, gallery
from bench.trees import Plan

_CHANGES = 20
_PAUSE = 0.02
_PATIENCE = 30.0


def measure(run: Run) -> list[Figure]:
    owner = trees.owners(1)[0]
    tree = trees.make(run.folder / "events", [Plan(owner, 0, 100)])
    cookie = {"Cookie": tree.cookie(owner)}
    with gallery(tree) as writer, gallery(tree, walks=False) as other:
        page = Client(writer).json(Get("/api/v1/images?size=50", cookie))
        editor = _Editor(writer, cookie, [item["id"] for item in page["items"]])
        count = _CHANGES * run.rounds
        near = sorted(editor.reaches(_Subscriber(writer, cookie), count))
        far = sorted(editor.reaches(_Subscriber(other, cookie), count))
    name = "events: a change reaches a subscriber"
    return [
        Figure(f"{name} of its process", statistics.median(near), "ms"),
        Figure(f"{name} of another", statistics.median(far), "ms", at_most=100),
        Figure(f"{name} of another, 99 %", far[len(far) * 99 // 100], "ms"),
    ]


class _Subscriber:
    """Follows the owner's events in a thread that ends with the server."""

    def __init__(self, server: Server, cookie: dict[str, str]) -> None:
        self.came: SimpleQueue[tuple[float, str]] = SimpleQueue()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE)
        connection.request("GET", "/api/v1/events", headers=cookie)
        self._answer = connection.getresponse()
        if self._answer.status != 200:
            raise Failed(f"/api/v1/events: {self._answer.status}\n{server.tail()}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with closing(self._answer):
            while line := self._answer.readline():
                if line.startswith(b"data:"):
                    data = orjson.loads(line.removeprefix(b"data:"))
                    self.came.put((time.perf_counter(), str(data.get("id", ""))))

    def when(self, id: str) -> float:
        """When the image's event came. Raises Failed."""
        try:
            while (found := self.came.get(timeout=_PATIENCE))[1] != id:
                pass
        except Empty as error:
            raise Failed(f"no event of {id} in {_PATIENCE:g} s") from error
        return found[0]


class _Editor:
    """Edits images at one server."""

    def __init__(self, server: Server, cookie: dict[str, str], ids: list[str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._headers = cookie | {"Content-Type": "application/json"}
        self._ids = itertools.cycle(ids)
        self._turns = itertools.count(time.time_ns())

    def reaches(self, subscriber: _Subscriber, count: int) -> list[float]:
        """Milliseconds from sending each change, which is made durable in between, until
        the subscriber has its event."""
        times = []
        for _ in range(count):
            id, body = next(self._ids), orjson.dumps({"tags": [str(next(self._turns))]})
            began = time.perf_counter()
            self._connection.request("PATCH", f"/api/v1/images/{id}", body, self._headers)
            answer = self._connection.getresponse()
            if answer.read() and answer.status != 200:
                raise Failed(f"editing {id}: {answer.status}")
            times.append((subscriber.when(id) - began) * 1_000)
            time.sleep(_PAUSE)
        return times
