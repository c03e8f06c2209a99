"""What a visitor does at a server whose bucket or database fails, and what must be so then."""

from __future__ import annotations

from typing import Any

import httpx

from tests import images
from tests.homes import Far
from tests.http.site import refused

LIST = "/api/v1/images"


def send(
    client: httpx.Client, seed: int = 0, body: bytes | None = None, key: str | None = None
) -> httpx.Response:
    files = {"file": ("a.png", images.png(seed=seed) if body is None else body)}
    return client.post(LIST, files=files, headers={"idempotency-key": key} if key else {})


def uploaded(client: httpx.Client, seed: int = 0, body: bytes | None = None) -> Any:
    answer = send(client, seed, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(client: httpx.Client) -> list[str]:
    return [item["id"] for item in client.get(LIST).raise_for_status().json()["items"]]


def away(answer: httpx.Response) -> None:
    refused(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


def stored(far: Far, client: httpx.Client) -> list[str]:
    """The names of this visitor's objects, without folders."""
    me = client.get("/api/v1/me").json()["owner"]
    names = (name.split("/") for name in far.store.names())
    return sorted(name[-1] for name in names if name[1] == me)


def in_order(far: Far, client: httpx.Client, *ids: str) -> None:
    """These images are there, whole, and nothing else is."""
    assert sorted(listed(client)) == sorted(ids)
    names = [f"{id}.{ext}" for id in ids for ext in ("json", "png", "webp")]
    assert stored(far, client) == sorted(names)
    for item in client.get(LIST).json()["items"]:
        assert len(client.get(item["url"]).content) == item["bytes"]
