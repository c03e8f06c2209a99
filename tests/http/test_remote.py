"""Servers over a bucket and a database: what they know lies there, and nothing with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from gallery.draft import DAY_US
from gallery.library import now_us
from tests import images
from tests.homes import Apart, Far
from tests.http.fleet import until
from tests.http.server import Server
from tests.http.site import SECRET, signed
from tests.samples import OTHER, OWNER, put, upload

NO_SECRET = ("env", "-u", "GALLERY_SECRET")
KEYS = "SELECT body FROM notes WHERE name = 'signing keys'"


@contextmanager
def serving(home: Apart, **more: Any) -> Iterator[Server]:
    """A server whose keys are the library's own."""
    with home.served(under=NO_SECRET, **more) as server:
        yield server
        assert "Traceback" not in server.logged()


def visit(server: Server, cookies: httpx.Cookies | None = None) -> tuple[str, httpx.Cookies]:
    """Who the server says that this is, and the cookies to come back with."""
    with server.client() as client:
        client.cookies.update(cookies or {})
        return client.get("/api/v1/me").raise_for_status().json()["owner"], client.cookies


def keys_in(apart: Apart) -> bytes | None:
    with psycopg.connect(apart.catalog) as sql:
        found = sql.execute(KEYS).fetchone()
    return None if found is None else bytes(found[0])


# -- the keys that sign -----------------------------------------------------------------------


def test_a_bucket_that_is_away_signs_nobody_out(far: Far) -> None:
    with serving(far) as server:
        owner, cookies = visit(server)
        with server.client() as client:
            client.cookies.update(cookies)
            answer = client.post("/api/v1/images", files={"file": ("a.png", images.png())})
            assert answer.status_code == 201
    with serving(far) as server, far.bucket.cut():
        assert visit(server, cookies)[0] == owner
    with far.bucket.cut(), serving(far, ready=503) as server:
        assert visit(server, cookies)[0] == owner
        assert visit(server)[0] != owner
        with server.client() as client:
            client.cookies.update(cookies)
            assert len(client.get("/api/v1/images").json()["items"]) == 1
        for key in far.store.read(".gallery/secret").decode().split():
            assert key not in server.logged()


def test_a_database_that_was_lost_has_the_keys_again_from_the_bucket(apart: Apart) -> None:
    with serving(apart) as server:
        owner, cookies = visit(server)
    apart.lose_database()
    with serving(apart) as server:
        assert visit(server, cookies)[0] == owner
    assert keys_in(apart) == apart.store.read(".gallery/secret").strip()


def test_servers_that_start_together_agree_on_the_keys(apart: Apart) -> None:
    with apart.fleet({}, {}, under=NO_SECRET) as servers:
        owner, cookies = visit(servers[0])
        assert visit(servers[1], cookies)[0] == owner


def test_keys_that_are_set_go_before_all_and_are_kept_nowhere(apart: Apart) -> None:
    with (
        apart.served() as server,
        server.client(cookie=f"anon_id={signed(OTHER, at=now_us() / 1e6)}") as client,
    ):
        assert client.get("/api/v1/me").json()["owner"] == OTHER
    assert keys_in(apart) is None
    assert SECRET.encode() not in apart.store.read(".gallery/secret")


# -- nothing of its own -----------------------------------------------------------------------


def test_a_server_leaves_nothing_on_its_machine(apart: Apart) -> None:
    with serving(apart) as server:
        _, cookies = visit(server)
        with server.client() as client:
            client.cookies.update(cookies)
            client.post("/api/v1/images", files={"file": ("a.png", images.png())})
        until(lambda: "walked" in server.logged())
    assert apart.files() == [str(server.log)]
    assert not (server.log.parent / "manifests").exists()


def test_a_database_that_was_filled_in_part_is_filled_by_the_walk(apart: Apart) -> None:
    with apart.library() as library:
        put(library, 1)
        put(library, 2, owner=OTHER)
    before = apart.rows()
    apart.lose_database()
    with apart.library() as library:
        library.healing.rebuild(OWNER)
    assert len(apart.rows()) == 1
    with serving(apart):
        until(lambda: apart.rows() == before)


# -- one of them at a time --------------------------------------------------------------------


def test_retention_runs_on_one_of_them(apart: Apart) -> None:
    with apart.library() as library:
        now = now_us()
        old = [
            upload(library, b"pixels %d" % n, created_at=now - 50 * DAY_US).entry.record
            for n in range(5)
        ]
        library.clock = lambda: now - 40 * DAY_US
        for one in old:
            library.trash(OWNER, one.id)
    with apart.fleet({}, {}) as servers:
        until(lambda: apart.rows() == {})
        until(lambda: any("retention purged" in server.logged() for server in servers))
        assert sorted(server.logged().count("retention purged") for server in servers) == [0, 1]
