"""A server whose bucket fails in all the ways that a network has."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from gallery.imaging import Imaging
from tests import images
from tests.homes import Far
from tests.http.failing.visitor import LIST, away, in_order, listed, send, uploaded
from tests.http.fleet import until
from tests.http.site import ADMIN_TOKEN
from tests.services.proxy import Fault, Proxy, request, status

SLOW_DOWN = status(503, "Slow Down", b"<Error><Code>SlowDown</Code></Error>")
BROKEN = status(500, "Internal Server Error")
LARGE = images.png() + bytes(range(256)) * 8000
"""More than a socket's buffers hold."""


@pytest.fixture
def bucket(far: Far) -> Proxy:
    return far.bucket


# -- answers that are no help -----------------------------------------------------------------


@pytest.mark.parametrize("answer", [SLOW_DOWN, BROKEN], ids=["503", "500"])
@pytest.mark.parametrize("part", [".png", ".webp", ".json"])
def test_an_upload_is_stored_once_when_the_store_fails_once(
    far: Far, client: httpx.Client, bucket: Proxy, answer: bytes, part: str
) -> None:
    with bucket.broken(Fault(request("PUT", part), answer=answer, times=1)):
        image = uploaded(client)
        assert bucket.befallen == 1
    in_order(far, client, image["id"])


@pytest.mark.parametrize("answer", [SLOW_DOWN, BROKEN], ids=["503", "500"])
def test_bytes_arrive_when_the_store_fails_once(
    client: httpx.Client, bucket: Proxy, answer: bytes
) -> None:
    image = uploaded(client)
    with bucket.broken(Fault(request("GET", ".png"), answer=answer, times=1)):
        assert client.get(image["url"]).content == images.png()
        assert bucket.befallen == 1


@pytest.mark.parametrize("answer", [SLOW_DOWN, BROKEN], ids=["503", "500"])
def test_a_store_that_goes_on_failing_costs_nothing_but_time(
    far: Far, client: httpx.Client, bucket: Proxy, answer: bytes, imaging: Imaging
) -> None:
    image = uploaded(client)
    with bucket.broken(Fault(answer=answer)):
        away(send(client, 1))
        away(client.get(image["url"]))
        away(client.patch(f"{LIST}/{image['id']}", json={"favorite": True}))
        away(client.post(f"{LIST}/{image['id']}/delete"))
        assert client.get(LIST).json()["items"] == [image]
    until(lambda: client.get("/readyz").status_code == 200)
    assert client.get(LIST).json()["items"] == [image]
    in_order(far, client, image["id"])


# -- connections that break -------------------------------------------------------------------


def test_an_original_that_breaks_off_is_asked_for_again(
    client: httpx.Client, bucket: Proxy
) -> None:
    image = uploaded(client, body=LARGE)
    with bucket.broken(Fault(request("GET", ".png"), reset_after=500_000, times=1)):
        assert client.get(image["url"]).content == LARGE
        assert bucket.befallen == 1


def test_an_original_that_always_breaks_off_is_not_there_and_never_half(
    client: httpx.Client, bucket: Proxy
) -> None:
    image = uploaded(client, body=LARGE)
    with bucket.broken(Fault(request("GET", ".png"), reset_after=500_000)):
        away(client.get(image["url"]))
    assert client.get(image["url"]).content == LARGE


def test_an_upload_that_breaks_off_within_is_sent_again(
    far: Far, client: httpx.Client, bucket: Proxy
) -> None:
    with bucket.broken(Fault(request("PUT", ".png"), reset_within=500_000, times=1)):
        image = uploaded(client, body=LARGE)
        assert bucket.befallen == 1
    in_order(far, client, image["id"])
    assert client.get(image["url"]).content == LARGE


@pytest.mark.parametrize("part", [".png", ".webp", ".json"])
def test_an_upload_that_always_breaks_off_within_leaves_nothing(
    far: Far, client: httpx.Client, bucket: Proxy, part: str, imaging: Imaging
) -> None:
    with bucket.broken(Fault(request("PUT", part), reset_within=100)):
        away(send(client, body=LARGE))
    far.mend(imaging)
    in_order(far, client)


# -- replies that are lost --------------------------------------------------------------------


@pytest.mark.parametrize("part", [".png", ".webp", ".json"])
def test_an_upload_whose_reply_was_lost_is_one_image_when_it_is_sent_again_by_its_key(
    far: Far, client: httpx.Client, bucket: Proxy, part: str
) -> None:
    key = uuid.uuid4().hex
    with bucket.broken(Fault(request("PUT", part), reset_after=0)):
        away(send(client, key=key))
    until(lambda: client.get("/readyz").status_code == 200)
    again = send(client, key=key)
    assert again.status_code == 201, again.text
    assert ("idempotency-replayed" in again.headers) is (part == ".json")
    in_order(far, client, again.json()["id"])


@pytest.mark.parametrize("part", [".png", ".webp", ".json"])
def test_an_upload_whose_reply_was_lost_is_found_by_the_walk_if_it_was_committed(
    far: Far, client: httpx.Client, bucket: Proxy, imaging: Imaging, part: str
) -> None:
    with bucket.broken(Fault(request("PUT", part), reset_after=0)):
        away(send(client))
    far.mend(imaging)
    ids = listed(client)
    assert len(ids) == (part == ".json")
    in_order(far, client, *ids)
    far.mend(imaging)
    in_order(far, client, *ids)


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_change_whose_reply_was_lost_is_shown_after_a_retry_or_the_walk(
    far: Far, client: httpx.Client, bucket: Proxy, imaging: Imaging, change: str
) -> None:
    def make(image: Any) -> httpx.Response:
        if change == "edit":
            return client.patch(f"{LIST}/{image['id']}", json={"tags": ["red"]})
        return client.post(f"{LIST}/{image['id']}/delete")

    for by in ("retry", "walk"):
        image = uploaded(client)
        with bucket.broken(Fault(request("PUT", ".json"), reset_after=0)):
            away(make(image))
        until(lambda: client.get("/readyz").status_code == 200)
        if by == "walk":
            far.mend(imaging)
            now = client.get(f"{LIST}/{image['id']}").json()
        else:
            now = make(image).json()
        assert (now["rev"], now["tags"], now["status"]) == (
            (2, ["red"], "active") if change == "edit" else (2, [], "trash")
        )


def test_a_purge_whose_replies_were_lost_is_finished(
    far: Far, client: httpx.Client, bucket: Proxy, imaging: Imaging
) -> None:
    for what in ("PUT", "DELETE"):
        image = uploaded(client)
        client.post(f"{LIST}/{image['id']}/delete").raise_for_status()
        with bucket.broken(Fault(request(what), reset_after=0)):
            away(client.post(f"{LIST}/{image['id']}/purge"))
        until(lambda: client.get("/readyz").status_code == 200)
        again = client.post(f"{LIST}/{image['id']}/purge")
        assert again.status_code in (204, 404)
        far.mend(imaging)
        in_order(far, client)
        assert client.get(f"{LIST}/{image['id']}").status_code == 404


# -- a bucket that is away --------------------------------------------------------------------


def test_while_the_bucket_is_away_lists_go_on(
    far: Far, client: httpx.Client, bucket: Proxy, imaging: Imaging
) -> None:
    image = uploaded(client)
    with bucket.cut():
        away(send(client, 1))
        away(client.get(image["url"]))
        away(client.post(f"{LIST}/{image['id']}/delete"))
        away(client.get("/readyz"))
        assert listed(client) == [image["id"]]
        assert client.get(LIST, params={"q": "word"}).status_code == 200
        assert client.get("/api/v1/me").json()["count"] == 1
    until(lambda: client.get(image["url"]).status_code == 200)
    two = uploaded(client, 1)
    far.mend(imaging)
    in_order(far, client, image["id"], two["id"])


def test_health_says_that_the_bucket_is_away_as_soon_as_it_is(
    client: httpx.Client, bucket: Proxy
) -> None:
    """That all was well a moment ago is no answer."""
    admin = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    for reachable in (True, False, True):
        with nullcontext() if reachable else bucket.cut():
            health = client.get("/api/v1/admin/health", headers=admin).json()
        assert health["storage"]["reachable"] is reachable
        assert (health["storage"]["why"] is None) is reachable
        assert (health["quarantined"] is None) is not reachable


def test_while_the_bucket_says_nothing_lists_go_on(client: httpx.Client, bucket: Proxy) -> None:
    """As many people wait for bytes as the server has threads for it, and more."""
    image = uploaded(client, body=LARGE)
    with ThreadPoolExecutor(20) as threads:
        with bucket.broken(Fault(delay=30)):
            waiting = [threads.submit(client.get, image["url"]) for _ in range(20)]
            until(lambda: bucket.befallen > 0)
            time.sleep(0.5)
            answer = client.get(LIST, timeout=10)
            assert answer.json()["items"] == [image]
            assert not any(one.done() for one in waiting)
        bucket.drop()
        # Whose tries are used up by then is told to come again.
        assert {one.result().status_code for one in waiting} <= {200, 503}
        until(lambda: client.get(image["url"]).content == LARGE)
