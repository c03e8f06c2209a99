"""Uploads in three steps, as a program does them that knows only what it was told."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from tests import images
from tests.http.site import Site

PRESIGN, CONFIRM = "/api/v1/storage/presign-put", "/api/v1/storage/confirm"
PNG = images.png()
SAME_SIZE = PNG[:-1] + bytes([PNG[-1] ^ 1])
"""Another body, as long as that."""
SALT = "gallery.upload"
"""What the server's key is mixed with to sign an announcement."""


def announcement(data: bytes = PNG, **said: Any) -> dict[str, Any]:
    """What is said of a body before it is sent."""
    sha256 = hashlib.sha256(data).hexdigest()
    return {"name": "a.png", "type": "image/png", "size": len(data), "sha256": sha256} | said


async def announced(client: httpx.AsyncClient, data: bytes = PNG, **said: Any) -> Any:
    response = await client.post(PRESIGN, json=announcement(data, **said))
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def put(site: Site, to: Any, data: Any = PNG, **headers: str) -> httpx.Response:
    """By a client without cookies, to wherever it was told."""
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(mounts={"http://gallery.test": transport}) as client:
        return await client.request(
            to["method"], to["url"], content=data, headers=to["headers"] | headers
        )


async def sent(site: Site, client: httpx.AsyncClient, data: bytes = PNG, **said: Any) -> Any:
    """Announced and put, and not yet confirmed."""
    to = await announced(client, data, **said)
    response = await put(site, to, data)
    assert response.status_code in (200, 204), response.text
    return to


async def confirm(client: httpx.AsyncClient, to: Any, **meta: Any) -> httpx.Response:
    return await client.post(CONFIRM, json={"upload": to["upload"], "meta": meta})


async def confirmed(client: httpx.AsyncClient, to: Any, **meta: Any) -> Any:
    response = await confirm(client, to, **meta)
    assert response.status_code == 201, response.text
    return response.json()


def is_by_the_server(to: dict[str, str]) -> bool:
    """Whether the body goes by way of the server."""
    return to["url"].startswith("http://gallery.test/")


def waiting(site: Site, owner: str = "") -> list[str]:
    """The names of the bodies that wait for being confirmed."""
    return [name for name in site.names() if name.startswith(f".gallery/tmp/uploads/{owner}")]


async def owner_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/api/v1/me")).json()["owner"])
