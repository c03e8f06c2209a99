"""People who may ask any of several server processes."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import httpx

from tests import images
from tests.http.server import Server
from tests.http.site import refused, signed

LIST = "/api/v1/images"


def body(record: Any) -> bytes:
    """The picture that ``Person.upload`` sent for this record."""
    return images.png(seed=record["seed"])


class Person:
    """An owner who asks all servers, and remembers what each image was last said to be.
    Used by one thread; several persons may be the same owner."""

    def __init__(self, servers: Sequence[Server], owner: str | None = None) -> None:
        self.owner = owner or f"anon-{uuid.uuid4().hex}"
        cookie = f"anon_id={signed(self.owner, at=time.time())}"
        self.clients = [server.client(cookie=cookie) for server in servers]
        self.told: dict[str, Any] = {}
        self.gone: dict[str, Any] = {}
        self._uploads = 0

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- changing -------------------------------------------------------------------------

    def post(self, at: int, *, seed: int = 0, **headers: str) -> httpx.Response:
        """Sends a picture, whatever comes of it."""
        meta = f'{{"seed": {seed}, "prompt": "word{uuid.uuid4().hex}"}}'
        files = {"file": ("a.png", images.png(seed=seed))}
        return self.clients[at].post(LIST, files=files, data={"meta": meta}, headers=headers)

    def upload(self, at: int) -> str:
        """The id of another image."""
        self._uploads += 1
        answer = self.post(at, seed=self._uploads)
        assert answer.status_code == 201, answer.text
        return self._tell(answer)

    def edit(self, at: int, id: str) -> None:
        rev = self.told[id]["rev"]
        self._tell(self.clients[at].patch(f"{LIST}/{id}", json={"tags": [f"edit{rev}"]}))

    def trash(self, at: int, id: str) -> None:
        self._tell(self.clients[at].post(f"{LIST}/{id}/delete"))

    def restore(self, at: int, id: str) -> None:
        self._tell(self.clients[at].post(f"{LIST}/{id}/restore"))

    def purge(self, at: int, id: str) -> None:
        answer = self.clients[at].post(f"{LIST}/{id}/purge")
        assert answer.status_code == 204, answer.text
        self.gone[id] = self.told.pop(id)

    def _tell(self, answer: httpx.Response) -> str:
        assert answer.status_code in (200, 201), answer.text
        record = answer.json()
        self.told[record["id"]] = record
        return str(record["id"])

    # -- looking --------------------------------------------------------------------------

    def get(self, at: int, path: str, **query: Any) -> Any:
        answer = self.clients[at].get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sees(self, at: int, id: str) -> None:
        """One image is everywhere, or nowhere, as it was said to be. Bytes come first: no
        other request may have told the server of the change."""
        record = self.told.get(id)
        if record is None:
            self._sees_nothing_of(at, self.gone[id])
            return
        assert self.clients[at].get(record["thumb_url"]).status_code == 200
        assert self.clients[at].get(record["url"]).content == body(record)
        assert self.get(at, f"{LIST}/{id}") == record
        is_active = record["status"] == "active"
        assert (record in self.get(at, LIST, size=200)["items"]) is is_active
        assert (record in self.get(at, "/api/v1/trash", size=200)["items"]) is not is_active
        found = self.get(at, LIST, q=record["prompt"], status=record["status"])
        assert found["items"] == [record]

    def _sees_nothing_of(self, at: int, record: Any) -> None:
        for url in (record["thumb_url"], record["url"], f"{LIST}/{record['id']}"):
            refused(self.clients[at].get(url), 404, "unknown_image")
        for page in (LIST, "/api/v1/trash"):
            items = self.get(at, page, size=200)["items"]
            assert record["id"] not in [item["id"] for item in items]
        assert self.get(at, LIST, q=record["prompt"], count=1)["total"] == 0

    def sees_all(self, at: int) -> None:
        """Every page and sum is made of what this person was told, and of nothing else."""
        active, trash = self._listed("active", "created_at"), self._listed("trash", "deleted_at")
        first = self.get(at, LIST, page=1, size=2)
        assert (first["items"], first["total"]) == (active[:2], len(active))
        assert self.get(at, LIST, page=2, size=2)["items"] == active[2:4]
        if first["next_cursor"]:
            after = self.get(at, LIST, cursor=first["next_cursor"], size=2)
            assert after["items"] == active[2:4]
        assert self.get(at, LIST, size=200)["items"] == active
        assert self.get(at, "/api/v1/trash", size=200)["items"] == trash
        days = self.get(at, "/api/v1/timeline")["days"]
        assert sum(day["count"] for day in days) == len(active)
        me = self.get(at, "/api/v1/me")
        assert me["bytes"] == sum(record["bytes"] for record in active + trash)
        counts = me["counts"]["output"]
        assert (counts["active"], counts["trash"]) == (len(active), len(trash))

    def _listed(self, status: str, by: str) -> list[Any]:
        chosen = [record for record in self.told.values() if record["status"] == status]
        return sorted(chosen, key=lambda record: (record[by], record["id"]), reverse=True)


def state(client: httpx.Client) -> dict[str, Any]:
    """All that an owner can see of their images, with the tags of the pages."""
    paths = [f"{LIST}?size=200", f"{LIST}?page=2&size=3", "/api/v1/trash?size=200"]
    answers = {path: client.get(path) for path in paths}
    found = {path: (answer.headers["etag"], answer.json()) for path, answer in answers.items()}
    sums = {path: client.get(path).json() for path in ("/api/v1/me", "/api/v1/timeline")}
    return found | sums


def workers_of(server: Server) -> list[int]:
    """The ids of the processes that answer for a server of several."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if _is_worker(child)]


def _is_worker(pid: str) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Returns as soon as it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def at_once(*works: Callable[[], None]) -> None:
    """Runs these in threads that begin together; raises what any of them raises."""
    ready = threading.Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        ready.wait(30)
        work()

    with ThreadPoolExecutor(len(works)) as threads:
        list(threads.map(begin, works))
