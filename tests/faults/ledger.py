"""The promise, in one place: what was answered is so, what was not is before or after.

A ``Visitor`` writes down what each of their images may be: one state once an answer came, two
while it is not known whether the change was made. ``checks`` compares that with a server, and
with the files.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tests.http.server import Server
from tests.http.site import signed
from tests.images import chunk, png

T = TypeVar("T")
State = tuple[str, tuple[str, ...]]
"""Status and tags."""
ABSENT: State = ("absent", ())
NEW: State = ("active", ())
REFUSALS = {403, 404, 409, 412, 503, 507}
"""What a fault may look like to a visitor. 500 would be a fault of ours."""
_numbers = itertools.count()


def picture() -> bytes:
    """An image that nobody else has."""
    whole = png(seed=next(_numbers))
    cut = whole.rindex(b"IEND") - 4
    return whole[:cut] + chunk(b"teSt", random.randbytes(2_000)) + whole[cut:]


@dataclass
class Item:
    """An image as its owner knows it, by its content."""

    owner: str
    body: bytes
    may: set[State]
    id: str = ""

    @property
    def state(self) -> State | None:
        """None as long as it isn't known."""
        return next(iter(self.may)) if len(self.may) == 1 else None


@dataclass
class Ledger:
    items: list[Item] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    """How often each status was answered; 0 is no answer."""

    def of(self, owner: str) -> list[Item]:
        return [item for item in self.items if item.owner == owner]

    def owners(self) -> list[str]:
        return sorted({item.owner for item in self.items})


class Visitor:
    """Changes images of one owner, and writes into the ledger what was answered."""

    def __init__(self, server: Server, ledger: Ledger, owner: str) -> None:
        self.client = client_of(server, owner)
        self.ledger = ledger
        self.owner = owner

    def upload(self, body: bytes | None = None) -> Item | None:
        """The image, if it was taken."""
        item = Item(self.owner, body or picture(), {ABSENT})
        self.ledger.items.append(item)
        answer = self._ask(
            item, NEW, "POST", "/api/v1/images", files={"file": ("a.png", item.body)}
        )
        if answer is None or not answer.is_success:
            return None
        item.id = answer.json()["id"]
        return item

    def uploaded(self, count: int = 1) -> list[Item]:
        """So many images, all taken."""
        found = [self.upload() for _ in range(count)]
        assert all(found), self.ledger.statuses
        return [item for item in found if item]

    def change(self, item: Item, action: str) -> int:
        """Edits, trashes, restores or purges; gives the status, 0 for no answer."""
        assert item.state is not None
        status, tags = item.state
        url = f"/api/v1/images/{item.id}"
        if action == "edit":
            tags = (f"tag-{next(_numbers)}",)
            answer = self._ask(item, (status, tags), "PATCH", url, json={"tags": tags})
        else:
            becomes = {"delete": "trash", "restore": "active", "purge": "absent"}[action]
            after = ABSENT if becomes == "absent" else (becomes, tags)
            answer = self._ask(item, after, "POST", f"{url}/{action}")
        return answer.status_code if answer else 0

    def _ask(
        self, item: Item, after: State, method: str, path: str, **more: Any
    ) -> httpx.Response | None:
        item.may = item.may | {after}
        try:
            answer = self.client.request(method, path, **more)
        except httpx.TransportError:
            self.ledger.statuses[0] += 1
            return None
        self.ledger.statuses[answer.status_code] += 1
        if answer.is_success:
            item.may = {after}
        else:
            check_refusal(answer)
        return answer


@contextmanager
def visiting(server: Server, ledger: Ledger, *owners: str) -> Iterator[list[Visitor]]:
    """A visitor for each name; several of one owner are one owner in several windows."""
    visitors = [Visitor(server, ledger, owner) for owner in owners]
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.client.close()


def check_refusal(answer: httpx.Response) -> None:
    """It says what is the matter, to people and to programs."""
    assert answer.status_code in REFUSALS, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["code"]
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0


def client_of(server: Server, owner: str) -> httpx.Client:
    client = server.client()
    client.cookies.set("anon_id", signed(owner, at=time.time()))
    return client


# -- under load -------------------------------------------------------------------------------


def stir(visitor: Visitor, stop: threading.Event) -> None:
    """Uploads and changes images at random, those alone whose state is known."""
    mine: list[Item] = []
    while not stop.is_set():
        known = [item for item in mine if item.state not in (None, ABSENT)]
        if len(known) < 4 or random.random() < 0.3:
            item = visitor.upload()
            mine += [item] if item else []
            status = 201 if item else 0
        else:
            item = random.choice(known)
            in_trash = item.state is not None and item.state[0] == "trash"
            after = ("restore", "purge", "purge") if in_trash else ("edit", "delete", "delete")
            status = visitor.change(item, random.choice(after))
        if not 200 <= status < 300:
            stop.wait(0.02)


@contextmanager
def load(visitors: list[Visitor]) -> Iterator[None]:
    """All of them at work while the block runs."""
    with at_work(stir, visitors):
        yield


@contextmanager
def at_work(work: Callable[[T, threading.Event], None], workers: Sequence[T]) -> Iterator[None]:
    """Each in a thread of its own, until the block ends. What went wrong in them is raised."""
    stop = threading.Event()
    failures: list[Exception] = []

    def working(worker: T) -> None:
        try:
            work(worker, stop)
        except Exception as error:  # noqa: BLE001 - raised again, outside of the thread
            failures.append(error)

    threads = [threading.Thread(target=working, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise ExceptionGroup("at work", failures)


def wait_for(what: str, condition: Any, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.02)
