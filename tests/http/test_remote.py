"""Servers over a bucket and a database: what they know lies there, and nothing with them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gallery.draft import DAY_US
from gallery.library import now_us
from tests import images
from tests.http.fleet import fleet, until
from tests.http.server import Server, served
from tests.http.site import SECRET, signed
from tests.remote import Remote
from tests.samples import OTHER, OWNER, put, upload
from tests.services.proxy import Proxy

NO_SECRET = ("env", "-u", "GALLERY_SECRET")
KEYS = "SELECT body FROM notes WHERE name = 'signing keys'"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


@pytest.fixture
def proxy(remote: Remote) -> Iterator[Proxy]:
    """What stands between the bucket and who is told of it."""
    proxy = Proxy(remote.store.server.port)
    yield proxy
    proxy.close()


@contextmanager
def serving(remote: Remote, proxy: Proxy | None = None, **more: Any) -> Iterator[Server]:
    """A server whose keys are the library's own."""
    with (
        remote.store.reached(proxy.port if proxy else None),
        served(
            remote.folder, under=NO_SECRET, blobs=remote.store.url, catalog=remote.url, **more
        ) as server,
    ):
        yield server
        assert "Traceback" not in server.logged()


@contextmanager
def two(remote: Remote) -> Iterator[list[Server]]:
    """Machines of their own, as far as a folder is one."""
    with remote.store.reached():
        for name in ("one", "two"):
            (remote.folder / name).mkdir()
        with (
            served(remote.folder / "one", blobs=remote.store.url, catalog=remote.url) as one,
            served(remote.folder / "two", blobs=remote.store.url, catalog=remote.url) as other,
        ):
            yield [one, other]


def visit(server: Server, cookies: httpx.Cookies | None = None) -> tuple[str, httpx.Cookies]:
    """Who the server says that this is, and the cookies to come back with."""
    with server.client() as client:
        client.cookies.update(cookies or {})
        return client.get("/api/v1/me").raise_for_status().json()["owner"], client.cookies


def keys_in(remote: Remote) -> bytes | None:
    with psycopg.connect(remote.url) as sql:
        found = sql.execute(KEYS).fetchone()
    return None if found is None else bytes(found[0])


# -- the keys that sign -----------------------------------------------------------------------


def test_a_bucket_that_is_away_signs_nobody_out(remote: Remote, proxy: Proxy) -> None:
    with serving(remote, proxy) as server:
        owner, cookies = visit(server)
        with server.client() as client:
            client.cookies.update(cookies)
            answer = client.post("/api/v1/images", files={"file": ("a.png", images.png())})
            assert answer.status_code == 201
    with serving(remote, proxy) as server, proxy.cut():
        assert visit(server, cookies)[0] == owner
    with proxy.cut(), serving(remote, proxy, ready=503) as server:
        assert visit(server, cookies)[0] == owner
        assert visit(server)[0] != owner
        with server.client() as client:
            client.cookies.update(cookies)
            assert len(client.get("/api/v1/images").json()["items"]) == 1
        for key in remote.store.read(".gallery/secret").decode().split():
            assert key not in server.logged()


def test_a_database_that_was_lost_has_the_keys_again_from_the_bucket(remote: Remote) -> None:
    with serving(remote) as server:
        owner, cookies = visit(server)
    remote.lose_database()
    with serving(remote) as server:
        assert visit(server, cookies)[0] == owner
    assert keys_in(remote) == remote.store.read(".gallery/secret").strip()


def test_servers_that_start_together_agree_on_the_keys(remote: Remote) -> None:
    with remote.library():
        pass
    each: dict[str, Any] = {"under": NO_SECRET, "blobs": remote.store.url, "catalog": remote.url}
    with remote.store.reached(), fleet(remote.folder, each, each) as servers:
        owner, cookies = visit(servers[0])
        assert visit(servers[1], cookies)[0] == owner


def test_keys_that_are_set_go_before_all_and_are_kept_nowhere(remote: Remote) -> None:
    with (
        remote.store.reached(),
        served(remote.folder, blobs=remote.store.url, catalog=remote.url) as server,
        server.client(cookie=f"anon_id={signed(OTHER, at=now_us() / 1e6)}") as client,
    ):
        assert client.get("/api/v1/me").json()["owner"] == OTHER
    assert keys_in(remote) is None
    assert SECRET.encode() not in remote.store.read(".gallery/secret")


# -- nothing of its own -----------------------------------------------------------------------


def test_a_server_leaves_nothing_on_its_machine(remote: Remote) -> None:
    with serving(remote) as server:
        _, cookies = visit(server)
        with server.client() as client:
            client.cookies.update(cookies)
            client.post("/api/v1/images", files={"file": ("a.png", images.png())})
        until(lambda: "walked" in server.logged())
    assert remote.files() == [str(server.log)]
    assert not (remote.folder / "manifests").exists()


def test_a_database_that_was_filled_in_part_is_filled_by_the_walk(remote: Remote) -> None:
    with remote.library() as library:
        put(library, 1)
        put(library, 2, owner=OTHER)
    before = remote.rows()
    remote.lose_database()
    with remote.library() as library:
        library.rebuild(OWNER)
    assert len(remote.rows()) == 1
    with serving(remote):
        until(lambda: remote.rows() == before)


# -- one of them at a time --------------------------------------------------------------------


def test_retention_runs_on_one_of_them(remote: Remote) -> None:
    with remote.library() as library:
        now = now_us()
        old = [
            upload(library, b"pixels %d" % n, created_at=now - 50 * DAY_US).entry.record
            for n in range(5)
        ]
        library.clock = lambda: now - 40 * DAY_US
        for one in old:
            library.trash(OWNER, one.id)
    with two(remote) as servers:
        until(lambda: remote.rows() == {})
        until(lambda: any("retention purged" in server.logged() for server in servers))
        assert sorted(server.logged().count("retention purged") for server in servers) == [0, 1]


def test_another_machine_takes_over_when_one_dies(remote: Remote) -> None:
    with two(remote) as servers:
        until(lambda: any("walked" in server.logged() for server in servers))
        leader, other = sorted(servers, key=lambda server: "walked" not in server.logged())
        assert "walked" not in other.logged()
        leader.end(signal.SIGKILL)
        until(lambda: "walked" in other.logged())
        assert "nothing is purged" not in other.logged()
