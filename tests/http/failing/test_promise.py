"""The promise under random faults of everything: nothing that was acknowledged is lost, nothing
is doubled, and nobody sees what isn't theirs.

Several people work at two servers over a bucket and a database, while what stands between
makes things go wrong, and one of the servers is killed and started again.
"""

from __future__ import annotations

import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from gallery.imaging import Imaging
from tests import homes
from tests.faults.checks import check_answers, listed, names_of
from tests.faults.ledger import (
    ABSENT,
    NEW,
    Item,
    Ledger,
    Visitor,
    at_work,
    client_of,
    picture,
    wait_for,
)
from tests.homes import Far
from tests.http.server import Server
from tests.services.proxy import Fault, Proxy, request, status

OWNERS = ("kim", "kim", "lee", "park")
ROUNDS = 9
WRONG_SECONDS = 0.3
UPLOADS = 5
"""Each time something goes wrong for a while, and then nothing does until more than so many
were answered. A server asks a bucket that was away again after a second."""
KILLED_IN = 4
TRIES, PAUSE_SECONDS = 40, 0.1


class Person:
    """Somebody who decides by ``seed`` what to do next, and asks either server. Some of their
    uploads have a key, and are sent again until they are answered."""

    def __init__(self, servers: Sequence[Server], ledger: Ledger, owner: str, seed: str) -> None:
        self._random = random.Random(seed)
        self._owner = owner
        self._ledger = ledger
        self._at = [Visitor(server, ledger, owner) for server in servers]
        self._gone: list[Visitor] = []
        self._mine: list[Item] = []

    def close(self) -> None:
        for visitor in self._at + self._gone:
            visitor.client.close()

    def moved(self, number: int, server: Server) -> None:
        """This server has come in another's place, whom a request may still be waiting for."""
        self._gone.append(self._at[number])
        self._at[number] = Visitor(server, self._ledger, self._owner)

    def step(self) -> bool:
        """Whether it went well."""
        known = [item for item in self._mine if item.state not in (None, ABSENT)]
        visitor = self._random.choice(self._at)
        kind, which = self._random.random(), self._random.random()
        if len(known) < 4 or kind < 0.2:
            return self._keep(visitor.upload())
        if kind < 0.4:
            return self._keep(self._insist())
        item = known[int(which * len(known))]
        in_trash = item.state is not None and item.state[0] == "trash"
        after = ("restore", "purge", "purge") if in_trash else ("edit", "edit", "delete")
        return visitor.change(item, self._random.choice(after)) in (200, 204)

    def _keep(self, item: Item | None) -> bool:
        self._mine += [item] if item else []
        return item is not None

    def _insist(self) -> Item | None:
        """The same upload again and again, at any server."""
        item, key = Item(self._owner, picture(), {ABSENT}), {"idempotency-key": uuid.uuid4().hex}
        self._ledger.items.append(item)
        files = {"file": ("a.png", item.body)}
        for _ in range(TRIES):
            visitor = self._random.choice(self._at)
            answer = visitor._ask(item, NEW, "POST", "/api/v1/images", files=files, headers=key)
            if answer is not None and answer.is_success:
                item.id = answer.json()["id"]
                return item
            time.sleep(PAUSE_SECONDS)
        return None


def faults(far: Far) -> list[Callable[[], AbstractContextManager[None]]]:
    """What may go wrong, each as likely as the others."""
    bucket, database = far.bucket, far.database

    @contextmanager
    def dropped(proxy: Proxy) -> Iterator[None]:
        proxy.drop()
        yield

    def in_bucket(fault: Fault) -> Callable[[], AbstractContextManager[None]]:
        return lambda: bucket.broken(fault)

    def in_database(fault: Fault) -> Callable[[], AbstractContextManager[None]]:
        return lambda: database.broken(fault)

    return [
        bucket.cut,
        database.cut,
        lambda: dropped(bucket),
        lambda: dropped(database),
        in_bucket(Fault(answer=status(503))),
        in_bucket(Fault(request("PUT"), answer=status(500), times=2)),
        in_bucket(Fault(request("PUT", ".json"), reset_after=0)),
        in_bucket(Fault(request("PUT", ".png"), reset_after=0, times=3)),
        in_bucket(Fault(request("PUT"), reset_within=200)),
        in_bucket(Fault(request("DELETE"), reset_after=0)),
        in_bucket(Fault(delay=0.1)),
        in_database(Fault(lambda data: b"COMMIT" in data, reset_after=0, times=2)),
        in_database(Fault(lambda data: b"BEGIN" in data, reset_after=0, times=2)),
    ]


def work(person: Person, stop: threading.Event) -> None:
    while not stop.is_set():
        person.step() or stop.wait(PAUSE_SECONDS)


def test_the_promise_is_kept_whatever_goes_wrong(tmp_path: Path, imaging: Imaging) -> None:
    ledger, decide = Ledger(), random.Random("what goes wrong")
    with homes.far(tmp_path) as far, ExitStack() as stack:
        one, two = (stack.enter_context(far.served()) for _ in range(2))
        people = [
            Person((one, two), ledger, owner, f"person {number}")
            for number, owner in enumerate(OWNERS)
        ]
        with at_work(work, people):
            for number in range(ROUNDS):
                with decide.choice(faults(far))():
                    time.sleep(WRONG_SECONDS)
                taken = ledger.statuses[201]
                wait_for("uploads", lambda taken=taken: ledger.statuses[201] > taken + UPLOADS)
                if number == KILLED_IN:
                    one.end(signal.SIGKILL)
                    new = stack.enter_context(far.served())
                    for person in people:
                        person.moved(0, new)
        for person in people:
            person.close()
        assert ledger.statuses[503] > 0
        settle(far, new, two, imaging)
        records = check_answers(ledger, two)
        check_same(two, new)
        check_objects(far, records)
        check_strangers(two, records)
        doctor = far.run("doctor")
        assert doctor.returncode == 0, doctor.stdout


def settle(far: Far, one: Server, two: Server, imaging: Imaging) -> None:
    """Everything can be reached again, and has been walked."""
    for server in (one, two):
        with server.client() as client:
            wait_for("a server", lambda: client.get("/readyz").status_code == 200)
    far.mend(imaging)


def check_objects(far: Far, records: list[dict[str, object]]) -> None:
    """Each image has its sidecar, which says the same, and nothing else lies there."""
    expected = names_of(records, far.store.read)
    assert {name for name in far.store.names() if name.startswith("users/")} == expected


def check_same(one: Server, two: Server) -> None:
    """Both list the same."""
    for owner in sorted(set(OWNERS)):
        with client_of(one, owner) as here, client_of(two, owner) as there:
            assert listed(here) == listed(there)


def check_strangers(server: Server, records: list[dict[str, object]]) -> None:
    """Nobody gets at what is another's, by any of its names."""
    for visitor in ("kim", "nobody"):
        with client_of(server, visitor) as client:
            for record in (record for record in records if record["owner"] != visitor):
                own = (record["url"], record["thumb_url"], f"/api/v1/images/{record['id']}")
                assert {client.get(str(url)).status_code for url in own} == {404}
