"""People at work on a library that moves, at servers that may be killed and come again."""

from __future__ import annotations

import random
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import httpx

from tests.http.fleet import Person, body
from tests.http.server import Server, served
from tests.http.site import refused
from tests.migrate.real import Ground
from tests.samples import eventually

SERVERS = 2
PEOPLE = 3
_PATIENCE = 60.0
_ENOUGH = 25
"""Images: at that many a person looks at each in a second or two."""


class Worker(Person):
    """Changes images, one after the other, and looks at what came of it: nothing that the
    servers answer may be wrong."""

    acts = 0

    def act(self, rng: random.Random) -> None:
        at, known = rng.randrange(len(self.clients)), sorted(self.told)
        if len(known) < 4 or (len(known) < _ENOUGH and rng.random() < 0.2):
            self.upload(at)
            return
        id = rng.choice(known)
        acts = {"active": [self.edit, self.trash], "trash": [self.restore, self.purge]}
        if rng.random() < 0.5:
            rng.choice(acts[self.told[id]["status"]])(at, id)
        self.sees(at, id)
        if rng.random() < 0.2:
            self.opens_all(at)
            self.sees_all(at)

    def opens_all(self, at: int) -> None:
        """Every link that this person was given leads to what it always led to."""
        client = self.clients[at]
        for record in self.told.values():
            for link in (record["url"], f"{record['url']}?download=1"):
                answer = client.get(link)
                assert (answer.status_code, answer.content) == (200, body(record)), link
            thumb = client.get(record["thumb_url"])
            assert (thumb.status_code, thumb.content[:4]) == (200, b"RIFF")
        for record in self.gone.values():
            refused(client.get(record["url"]), 404, "unknown_image")

    def sees_everything(self) -> None:
        for at in range(len(self.clients)):
            for id in {**self.told, **self.gone}:
                self.sees(at, id)
            self.sees_all(at)


class Reader(Worker):
    """Has a few images, and opens their links all the time."""

    def act(self, rng: random.Random) -> None:
        at = rng.randrange(len(self.clients))
        if len(self.told) < 5:
            self.upload(at)
        else:
            self.opens_all(at)
            self.sees_all(at)


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


class Stubborn(Worker):
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


class Use:
    """People at work, at all servers of a fleet."""

    def __init__(self, fleet: Fleet, people: Sequence[Worker]) -> None:
        self.fleet = fleet
        self._people = people
        self._stop = threading.Event()
        self._working: list[Future[None]] = []

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Raises what any of them found wrong."""
        with ThreadPoolExecutor(len(self._people)) as pool:
            self._working = [pool.submit(self._work, *one) for one in enumerate(self._people)]
            try:
                yield
            finally:
                self._stop.set()
            self._raise_of(self._working)

    def _work(self, number: int, person: Worker) -> None:
        rng = random.Random(number)
        while not self._stop.wait(0.1):
            person.act(rng)
            person.acts += 1

    def goes_on(self) -> None:
        """Each of them has done a few things since."""
        before = [person.acts for person in self._people]

        def gone_on() -> bool:
            self._raise_of(one for one in self._working if one.done())
            now = [person.acts for person in self._people]
            return all(acts > was + 1 for acts, was in zip(now, before, strict=True))

        eventually(gone_on, 2 * _PATIENCE)

    @staticmethod
    def _raise_of(working: Iterable[Future[None]]) -> None:
        for one in working:
            one.result(_PATIENCE)


@contextmanager
def in_use(ground: Ground, who: Sequence[type[Worker]] = (Stubborn,) * PEOPLE) -> Iterator[Use]:
    """People are at work while the block runs, at each server; afterwards everything is as it
    was told to them."""
    with ground.store.reached(), Fleet(ground) as fleet, ExitStack() as stack:
        people = [stack.enter_context(one(fleet.servers)) for one in who]
        use = Use(fleet, people)
        with use.going_on():
            yield use
        for person in people:
            assert len(person.told) > 2
            person.sees_everything()
        assert all("Traceback" not in server.logged() for server in fleet.servers)
