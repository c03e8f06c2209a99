"""Two server processes over one database: the same gallery, from either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests import databases, images
from tests.cli import run
from tests.http.listening import listening
from tests.http.server import Server, served
from tests.samples import eventually


@pytest.fixture(scope="module")
def url() -> str:
    return databases.database().create()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="module")
def one(root: Path, url: str) -> Iterator[Server]:
    with served(root, catalog=url) as server:
        yield server
        assert "Traceback" not in server.logged()


@pytest.fixture(scope="module")
def two(root: Path, url: str, one: Server) -> Iterator[Server]:
    with served(root, catalog=url) as server:
        yield server
        assert "Traceback" not in server.logged()


@pytest.fixture
def pair(one: Server, two: Server) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """A visitor of both, with one cookie."""
    with one.client() as first, two.client() as second:
        first.get("/api/v1/me")
        second.cookies.update(first.cookies)
        yield first, second


def _upload(client: httpx.Client, seed: int = 0) -> Any:
    response = client.post("/api/v1/images", files={"file": ("a.png", images.png(seed=seed))})
    assert response.status_code == 201, response.text
    return response.json()


def _listed(client: httpx.Client, path: str = "/api/v1/images") -> list[str]:
    return [item["id"] for item in client.get(path).raise_for_status().json()["items"]]


def test_what_one_has_answered_the_other_shows(pair: tuple[httpx.Client, httpx.Client]) -> None:
    first, second = pair
    for seed in range(5):
        image = _upload(first, seed)
        assert image["id"] in _listed(second)
        assert second.get(image["thumb_url"]).status_code == 200
        second.post(f"/api/v1/images/{image['id']}/delete").raise_for_status()
        assert image["id"] not in _listed(first)
        assert image["id"] in _listed(first, "/api/v1/trash")
        first.post(f"/api/v1/images/{image['id']}/purge").raise_for_status()
        assert second.get(f"/api/v1/images/{image['id']}").status_code == 404
        assert second.get(image["thumb_url"]).status_code == 404
        assert second.get(image["url"]).status_code == 404


def test_a_page_that_has_not_changed_is_not_sent_again(
    pair: tuple[httpx.Client, httpx.Client],
) -> None:
    first, second = pair
    _upload(first)
    tag = first.get("/api/v1/images").headers["etag"]
    unchanged = {"if-none-match": tag}
    assert second.get("/api/v1/images", headers=unchanged).status_code == 304
    _upload(second, 1)
    assert first.get("/api/v1/images", headers=unchanged).status_code == 200


def test_many_images_are_changed_and_changed_back(pair: tuple[httpx.Client, httpx.Client]) -> None:
    first, second = pair
    ids = [_upload(first, seed)["id"] for seed in range(3)]
    answer = (
        first.post("/api/v1/images/bulk", json={"ids": ids, "action": "delete"})
        .raise_for_status()
        .json()
    )
    assert _listed(second) == []
    second.post(f"/api/v1/ops/{answer['op']}/undo").raise_for_status()
    assert sorted(_listed(first)) == sorted(ids)


def test_a_stream_tells_what_the_other_process_did(
    pair: tuple[httpx.Client, httpx.Client],
) -> None:
    first, second = pair
    with listening(second) as stream:
        image = _upload(first)
        assert stream.told(1) == [("put", image["id"], 1)]


@pytest.mark.parametrize("by", ["rebuild", "the start"])
def test_a_lost_database_is_made_again_from_the_sidecars(tmp_path: Path, by: str) -> None:
    url = databases.database().create()
    with served(tmp_path, catalog=url) as server, server.client() as client:
        client.get("/api/v1/me")
        ids = [_upload(client, seed)["id"] for seed in range(3)]
        client.post(f"/api/v1/images/{ids[0]}/delete").raise_for_status()
        before, cookies = client.get("/api/v1/images").json(), client.cookies
    with psycopg.connect(url, autocommit=True) as sql:
        sql.execute("TRUNCATE images, owners, counters, quarters, changes")
    if by == "rebuild":
        rebuilt = run(tmp_path, "rebuild", catalog=url)
        assert rebuilt.returncode == 0, rebuilt.stderr
        checked = run(tmp_path, "doctor", catalog=url)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    with served(tmp_path, catalog=url) as server, server.client() as client:
        client.cookies.update(cookies)
        assert client.get("/api/v1/images").json() == before
        assert _listed(client, "/api/v1/trash") == ids[:1]


def test_a_volume_that_is_away_signs_nobody_out(tmp_path: Path) -> None:
    url, no_secret = databases.database().create(), ("env", "-u", "GALLERY_SECRET")
    with served(tmp_path, under=no_secret, catalog=url) as server, server.client() as client:
        owner, cookies = client.get("/api/v1/me").json()["owner"], client.cookies
    (tmp_path / "outputs").rename(tmp_path / "unplugged")
    with (
        served(tmp_path, under=no_secret, ready=503, catalog=url) as server,
        server.client() as client,
    ):
        client.cookies.update(cookies)
        assert client.get("/api/v1/me").json()["owner"] == owner


def test_while_the_database_is_away_nothing_is_answered_wrongly(tmp_path: Path) -> None:
    own = databases.Database()
    with served(tmp_path, catalog=own.create()) as server, server.client() as client:
        client.get("/api/v1/me")
        image = _upload(client)
        own.stop()
        for path in ("/api/v1/images", f"/api/v1/images/{image['id']}", "/api/v1/me"):
            away = client.get(path)
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        file = {"file": ("a.png", images.png(seed=7))}
        assert client.post("/api/v1/images", files=file).status_code == 503
        own.start()
        eventually(lambda: client.get("/api/v1/images").status_code == 200)
        assert _listed(client) == [image["id"]]
        assert _upload(client, 7)["id"] in _listed(client)
        assert "Traceback" not in server.logged()
