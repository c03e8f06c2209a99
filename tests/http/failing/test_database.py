"""A server whose database fails in the midst of things, and whose bucket may do so as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from gallery.imaging import Imaging
from tests import homes, images
from tests.databases import Database
from tests.homes import Far
from tests.http.failing.visitor import LIST, away, in_order, listed, send, stored, uploaded
from tests.http.fleet import until
from tests.http.listening import listening
from tests.services.proxy import Fault, Proxy

COMMIT, BEGIN = b"COMMIT", b"BEGIN"


@pytest.fixture
def database(far: Far) -> Proxy:
    return far.database


def lost(what: bytes) -> Fault:
    """The reply to the next such statement."""
    return Fault(lambda data: what in data, reset_after=0, times=1)


# -- the reply to a commit, and a connection in the midst of a transaction ----------------------


@pytest.mark.parametrize("what", [COMMIT, BEGIN], ids=["committed", "not committed"])
def test_an_upload_whose_transaction_broke_off_is_one_image_when_it_is_sent_again(
    far: Far, client: httpx.Client, database: Proxy, what: bytes
) -> None:
    key = uuid.uuid4().hex
    with database.broken(lost(what)):
        away(send(client, key=key))
        assert database.befallen == 1
    assert len(listed(client)) == (what == COMMIT)
    again = send(client, key=key)
    assert again.status_code == 201, again.text
    assert again.headers["idempotency-replayed"] == "true"
    in_order(far, client, again.json()["id"])


@pytest.mark.parametrize("what", [COMMIT, BEGIN], ids=["committed", "not committed"])
def test_an_upload_whose_transaction_broke_off_is_found_by_the_walk(
    far: Far, client: httpx.Client, database: Proxy, imaging: Imaging, what: bytes
) -> None:
    with database.broken(lost(what)):
        away(send(client))
        assert database.befallen == 1
    for _ in range(2):
        far.mend(imaging)
        (id,) = listed(client)
        in_order(far, client, id)


def edit(client: httpx.Client, id: str) -> httpx.Response:
    return client.patch(f"{LIST}/{id}", json={"tags": ["red"]})


def trash(client: httpx.Client, id: str) -> httpx.Response:
    return client.post(f"{LIST}/{id}/delete")


@pytest.mark.parametrize("what", [COMMIT, BEGIN], ids=["committed", "not committed"])
@pytest.mark.parametrize("change", [edit, trash])
@pytest.mark.parametrize("by", ["retry", "walk"])
def test_a_change_whose_transaction_broke_off_is_made_once(
    far: Far, client: httpx.Client, database: Proxy, imaging: Imaging,
    what: bytes, change: Callable[[httpx.Client, str], httpx.Response], by: str,
) -> None:  # fmt: skip
    image = uploaded(client)
    with database.broken(lost(what)):
        away(change(client, image["id"]))
        assert database.befallen == 1
    if by == "walk":
        far.mend(imaging)
    else:
        assert change(client, image["id"]).status_code == 200
    now = client.get(f"{LIST}/{image['id']}").json()
    changed = (["red"], "active") if change is edit else ([], "trash")
    assert (now["rev"], now["tags"], now["status"]) == (2, *changed)
    assert client.get(image["url"]).content == images.png()


@pytest.mark.parametrize("what", [COMMIT, BEGIN], ids=["committed", "not committed"])
@pytest.mark.parametrize("by", ["retry", "walk"])
def test_a_purge_whose_transaction_broke_off_is_finished(
    far: Far, client: httpx.Client, database: Proxy, imaging: Imaging, what: bytes, by: str
) -> None:
    image = uploaded(client)
    trash(client, image["id"]).raise_for_status()
    with database.broken(lost(what)):
        away(client.post(f"{LIST}/{image['id']}/purge"))
        assert database.befallen == 1
    if by == "retry":
        again = client.post(f"{LIST}/{image['id']}/purge").status_code
        assert again == (404 if what == COMMIT else 204)
    far.mend(imaging)
    in_order(far, client)
    assert client.get("/api/v1/trash").json()["items"] == []


# -- a database that is away ------------------------------------------------------------------


def test_while_the_database_is_away_nothing_is_answered_or_changed(
    far: Far, client: httpx.Client, database: Proxy
) -> None:
    image = uploaded(client)
    with database.cut():
        for answer in (
            client.get(LIST),
            client.get(f"{LIST}/{image['id']}"),
            client.get(image["url"]),
            send(client, 1),
            edit(client, image["id"]),
            client.post(f"{LIST}/bulk", json={"ids": [image["id"]], "action": "delete"}),
            client.get("/readyz"),
        ):
            away(answer)
    assert client.get(LIST).json()["items"] == [image]
    in_order(far, client, image["id"])
    assert edit(client, image["id"]).json()["rev"] == 2


def test_connections_that_break_under_load_are_no_reader_s_trouble_for_long(
    client: httpx.Client, database: Proxy
) -> None:
    image = uploaded(client)
    for _ in range(10):
        database.drop()
        until(lambda: client.get(LIST).status_code == 200, 5)
        assert listed(client) == [image["id"]]


def test_a_database_that_is_away_at_the_start_stops_it_in_one_line(
    far: Far, database: Proxy
) -> None:
    line = r"\Agallery: http://\S+\ngallery: GALLERY_CATALOG: [^\n]+\n\Z"
    with database.cut(), pytest.raises(AssertionError, match=line), far.served():
        pass


# -- the bucket at the start ------------------------------------------------------------------


def test_a_bucket_that_is_away_at_the_start_is_waited_for(
    far: Far, client: httpx.Client, imaging: Imaging
) -> None:
    image = uploaded(client)
    with ExitStack() as stack:
        with far.bucket.cut():
            late = stack.enter_context(far.served(ready=503))
            visitor = stack.enter_context(late.client())
            visitor.cookies.update(client.cookies)
            assert listed(visitor) == [image["id"]]
            away(visitor.get(image["url"]))
            away(send(visitor, 1))
        until(lambda: visitor.get("/readyz").status_code == 200)
        assert visitor.get(image["url"]).content == images.png()
        two = uploaded(visitor, 1)
        in_order(far, client, image["id"], two["id"])


# -- both -------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["by its key", "never"])
def test_an_upload_that_loses_the_database_and_then_the_bucket_is_mended(
    far: Far, client: httpx.Client, imaging: Imaging, again: str
) -> None:
    """The sidecar was written; then neither could the row be, nor anything be swept."""
    key = uuid.uuid4().hex
    with ExitStack() as stack:

        def both(data: bytes) -> bool:
            if BEGIN in data:
                stack.enter_context(far.bucket.cut())
                stack.enter_context(far.database.cut())
            return BEGIN in data

        with far.database.broken(Fault(both, reset_after=0, times=1)):
            away(send(client, key=key))
        away(client.get(LIST))
        away(send(client, key=key))
    until(lambda: client.get("/readyz").status_code == 200)
    assert listed(client) == []
    assert len(stored(far, client)) == 3
    if again == "by its key":
        until(lambda: send(client, key=key).status_code == 201)
    far.mend(imaging)
    (id,) = listed(client)
    in_order(far, client, id)


# -- the event stream -------------------------------------------------------------------------


def test_a_stream_lives_through_a_restart_of_the_database(tmp_path: Path) -> None:
    own = Database()
    with (
        homes.far(tmp_path, own) as far,
        far.served() as one,
        far.served() as two,
        one.client() as client,
        two.client() as other,
    ):
        client.get("/api/v1/me")
        other.cookies.update(client.cookies)
        with listening(client) as here, listening(other) as there:
            first = uploaded(client)
            for stream in (here, there):
                assert stream.told(1) == [("put", first["id"], 1)]
            own.stop()
            away(send(client, 1))
            own.start()
            made: list[Any] = [uploaded(client, n) for n in (2, 3)]
            made.append(uploaded(other, 4))
            for stream in (here, there):
                assert stream.told(3) == [("put", image["id"], 1) for image in made]
    own.stop()
