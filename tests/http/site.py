"""An application on a temporary folder, and the people who visit it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import orjson
from itsdangerous import TimestampSigner

from gallery.app import App
from gallery.jobs import Jobs
from gallery.settings import Settings
from tests import databases, images
from tests.services.s3 import Store

ADMIN_TOKEN = "an administrator's token"
SERVICE_TOKEN = "a pipeline's own token"
SECRET = "the key that signs in tests"
_OF_JOBS = {"ballast", "clock", "jobs.lock", "jobs.json", "scrub.json", "scrub.lock", "usage.json"}
"""What the periodic jobs may write at any time."""


class Site:
    """``root`` holds outputs and manifests. Settings that tests don't name are small. With
    ``store`` the blobs lie there, and the environment must lead to it."""

    def __init__(self, root: Path, *, store: Store | None = None, **settings: Any) -> None:
        self.outputs, self.manifests = root / "outputs", root / "manifests"
        self._store = store
        if store is not None:
            settings["blobs"] = store.url
        values: dict[str, Any] = {
            "outputs": self.outputs,
            "manifests": self.manifests,
            "secret": (SECRET,),
            "admin_token": ADMIN_TOKEN,
            "service_token": SERVICE_TOKEN,
            "max_pixels": 1_000_000,
            "decoders": 1,
        }
        self.settings = Settings(**values | settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        """The lifespan, as a server runs it."""
        self.app = await asyncio.to_thread(App, self.settings)
        to_app: asyncio.Queue[Any] = asyncio.Queue()
        from_app: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.create_task(self.app({"type": "lifespan"}, to_app.get, from_app.put))
        await to_app.put({"type": "lifespan.startup"})
        answer = await from_app.get()
        assert answer["type"] == "lifespan.startup.complete", answer
        try:
            yield self
        finally:
            await to_app.put({"type": "lifespan.shutdown"})
            await life

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Somebody with an empty cookie jar."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url="http://gallery.test", headers=headers
        )

    def admin(self) -> httpx.AsyncClient:
        return self.client(authorization=f"Bearer {ADMIN_TOKEN}")

    def service(self) -> httpx.AsyncClient:
        return self.client(authorization=f"Bearer {SERVICE_TOKEN}")

    def jobs(self) -> Jobs:
        """The periodic ones, which a running site has."""
        jobs = self.app.background.jobs
        assert jobs is not None
        return jobs

    def files(self) -> dict[str, str]:
        """Every file that is kept, with a hash of its content."""
        return {
            str(path.relative_to(top.parent)): hashlib.sha256(path.read_bytes()).hexdigest()
            for top in (self.outputs, self.manifests)
            for path in top.rglob("*")
            if path.is_file() and path.name.removesuffix(".new") not in _OF_JOBS
        }

    def kept(self) -> dict[str, str]:
        """Every file, object and row that is kept, with a hash of its content."""
        found = self.files()
        if self._store is not None:
            found |= self._store.etags()
        if self.settings.catalog.startswith("postgresql:"):
            found |= databases.kept(self.settings.catalog)
        return found

    def names(self) -> list[str]:
        """What lies where the images are, whatever it is."""
        if self._store is not None:
            return self._store.names()
        top = self.outputs
        return [str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()]

    def read(self, url: str, *, suffix: str | None = None) -> bytes:
        """What lies behind a url that a record gave, or beside it with another suffix."""
        key = _key(url, suffix)
        return self._store.read(key) if self._store else (self.outputs / key).read_bytes()

    def write(self, url: str, body: bytes, *, suffix: str | None = None) -> None:
        """As somebody might who has nothing to do with the gallery."""
        key = _key(url, suffix)
        if self._store:
            self._store.drop(key, body)
        else:
            (self.outputs / key).write_bytes(body)

    def remove(self, url: str, *, suffix: str | None = None) -> None:
        """Likewise."""
        key = _key(url, suffix)
        if self._store:
            self._store.remove(key)
        else:
            (self.outputs / key).unlink()

    def on_disk(self, url: str) -> Path:
        """The file behind a url that a record gave."""
        return self.outputs / url.removeprefix("/outputs/")


def _key(url: str, suffix: str | None) -> str:
    key = PurePosixPath(url.removeprefix("/outputs/"))
    return str(key if suffix is None else key.with_suffix(suffix))


async def upload(
    client: httpx.AsyncClient,
    data: bytes | None = None,
    *,
    to: str = "/api/v1/images",
    name: str = "picture.png",
    headers: dict[str, str] | None = None,
    owner: str | None = None,
    **meta: Any,
) -> httpx.Response:
    """Sends an image, a small PNG unless ``data`` is given, saying ``meta`` of it."""
    form = {"meta": orjson.dumps(meta).decode()} if meta else {}
    if owner is not None:
        form["owner"] = owner
    files = {"file": (name, images.png() if data is None else data)}
    return await client.post(to, files=files, data=form, headers=headers)


async def uploaded(client: httpx.AsyncClient, data: bytes | None = None, **said: Any) -> Any:
    """The record of an image that was taken in."""
    response = await upload(client, data, **said)
    assert response.status_code == 201, response.text
    return response.json()


async def trashed(client: httpx.AsyncClient, **said: Any) -> Any:
    """The record of an image that was taken in and moved to the trash."""
    record = await uploaded(client, **said)
    response = await client.post(f"/api/v1/images/{record['id']}/delete")
    assert response.status_code == 200, response.text
    return response.json()


async def listed(client: httpx.AsyncClient, path: str = "/api/v1/images", **query: Any) -> Any:
    """The ids on a page."""
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


def refused(response: httpx.Response, status: int, code: str) -> None:
    """The response is a problem with this status and code."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:gallery:problem:{code}"
    assert problem["title"]
    assert problem["detail"]


def policy_of(response: httpx.Response) -> dict[str, list[str]]:
    """What its Content-Security-Policy allows, by directive."""
    rules = [rule.split() for rule in response.headers["content-security-policy"].split("; ")]
    return {name: allowed for name, *allowed in rules}


def signed(value: str, *, secret: str = SECRET, at: float, salt: str = "gallery.anon_id") -> str:
    """What a server with that secret would have signed at that time."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(at)

    return Then(secret, salt=salt).sign(value).decode()
