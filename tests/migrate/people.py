"""People at work on a library that moves, at servers that may be killed and come again."""

from __future__ import annotations

import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import httpx

from tests.http.fleet import Person
from tests.http.server import Server, served
from tests.migrate.real import Ground

SERVERS = 2
PEOPLE = 3
_PATIENCE = 60.0


class Insisting(httpx.Client):
    """Asks again when a connection fails, and for no other reason."""

    retried = False

    def request(self, *arguments: Any, **more: Any) -> httpx.Response:
        until, self.retried = time.monotonic() + _PATIENCE, False
        while True:
            try:
                return super().request(*arguments, **more)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            self.retried = True
            time.sleep(0.05)


class Stubborn(Person):
    """Sends what was not answered once more; an upload with its Idempotency-Key."""

    def __init__(self, servers: Sequence[Server]) -> None:
        super().__init__(servers)
        insisting = [_insisting(client) for client in self.clients]
        self.clients, self._insisting = [*insisting], insisting

    def upload(self, at: int) -> str:
        self._uploads += 1
        answer = self.post(at, seed=self._uploads, **{"idempotency-key": uuid.uuid4().hex})
        return self._tell(answer)

    def purge(self, at: int, id: str) -> None:
        answer = self.clients[at].post(f"/api/v1/images/{id}/purge")
        is_gone = answer.status_code == 404 and self._insisting[at].retried
        assert answer.status_code == 204 or is_gone, answer.text
        self.gone[id] = self.told.pop(id)

    def act(self, rng: random.Random) -> None:
        """Changes something, and looks."""
        at, known = rng.randrange(len(self.clients)), sorted(self.told)
        if len(known) < 4 or rng.random() < 0.2:
            self.upload(at)
            return
        id = rng.choice(known)
        acts = {"active": [self.edit, self.trash], "trash": [self.restore, self.purge]}
        if rng.random() < 0.5:
            rng.choice(acts[self.told[id]["status"]])(at, id)
        self.sees(at, id)

    def sees_everything(self) -> None:
        for at in range(len(self.clients)):
            for id in {**self.told, **self.gone}:
                self.sees(at, id)
            self.sees_all(at)


def _insisting(client: httpx.Client) -> Insisting:
    client.close()
    return Insisting(base_url=client.base_url, headers=client.headers, timeout=60)


class Fleet:
    """Server processes, of which each may be killed and started again at its port."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._stack = ExitStack()
        self.servers: list[Server] = []

    def __enter__(self) -> Fleet:
        with ThreadPoolExecutor(SERVERS) as threads:
            starts = [threads.submit(self._started) for _ in range(SERVERS)]
            self.servers += [start.result() for start in starts]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def served(self, **options: Any) -> AbstractContextManager[Server]:
        return served(self._ground.root, **self._ground.settings, **options)

    def _started(self, **options: Any) -> Server:
        return self._stack.enter_context(self.served(**options))

    def kill(self, number: int) -> None:
        """And start another in its place."""
        port = self.servers[number].port
        self.servers[number].end(signal.SIGKILL)
        self.servers[number] = self._started(port=port)


@contextmanager
def in_use(ground: Ground) -> Iterator[Fleet]:
    """People are at work while the block runs, at each server; afterwards everything is as it
    was told to them."""
    stop = threading.Event()

    def work(number: int, person: Stubborn) -> None:
        rng = random.Random(number)
        while not stop.wait(0.1):
            person.act(rng)

    with ground.store.reached(), Fleet(ground) as fleet, ExitStack() as stack:
        people = [Stubborn(fleet.servers) for _ in range(PEOPLE)]
        for person in people:
            stack.callback(person.close)
        with ThreadPoolExecutor(PEOPLE) as pool:
            working = [pool.submit(work, *one) for one in enumerate(people)]
            try:
                yield fleet
            finally:
                stop.set()
            for one in working:
                one.result(_PATIENCE)
        for person in people:
            assert len(person.told) > 2
            person.sees_everything()
        assert all("Traceback" not in server.logged() for server in fleet.servers)
