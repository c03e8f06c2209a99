"""Health, metrics, the document of the API, and what isn't there at all."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.homes import Home
from tests.http.site import Site, refused, uploaded

pytestmark = pytest.mark.anyio


async def test_a_running_server_is_healthy_and_ready(site: Site) -> None:
    async with site.client() as client:
        for path in ("/healthz", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
            assert (await client.head(path)).status_code == 200


async def counted(client: httpx.AsyncClient) -> dict[tuple[str, str, str], float]:
    """Requests that were answered, by method, route and status."""
    text = (await client.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["process_resident_memory_bytes"].samples[0].value > 0
    return {
        (s.labels["method"], s.labels["route"], s.labels["status"]): s.value
        for s in families["gallery_requests"].samples
        if s.name == "gallery_requests_total"
    }


async def test_metrics_count_requests_by_route_and_never_by_what_a_client_makes_up(
    visitor: httpx.AsyncClient,
) -> None:
    record = await uploaded(visitor)
    await visitor.get(record["url"])
    await visitor.get(f"/api/v1/images/{record['id']}")
    await visitor.get("/api/v1/images?page=0")
    for _ in range(2):
        await visitor.get("/made/up")
        await visitor.post("/made/up/too", headers={"origin": "https://evil.test"})
    counts = await counted(visitor)
    assert counts["POST", "/api/v1/images", "201"] == 1
    assert counts["GET", "/outputs/{key}", "200"] == 1
    assert counts["GET", "/api/v1/images/{id}", "200"] == 1
    assert counts["GET", "/api/v1/images", "400"] == 1
    assert counts["GET", "other", "404"] == 2
    assert counts["POST", "other", "403"] == 2
    assert not [route for _, route, _ in counts if "made" in route or record["id"] in route]


@pytest.mark.of_files
async def test_metrics_tell_how_much_room_is_left(visitor: httpx.AsyncClient) -> None:
    text = (await visitor.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["gallery_free_bytes"].samples[0].value > 0


@pytest.mark.of_files
@pytest.mark.parametrize(("mib", "scrubs"), [(8, True), (0, False)])
async def test_a_server_scrubs_while_it_runs_unless_it_is_told_not_to(
    home: Home, mib: int, scrubs: bool
) -> None:
    def threads() -> set[str]:
        return {thread.name for thread in threading.enumerate()}

    async with home.site(scrub_mib=mib).running():
        assert ("scrub" in threads()) is scrubs
    assert "scrub" not in threads()


async def test_the_document_describes_every_route(site: Site) -> None:
    async with site.client() as client:
        answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    described = {(m.upper(), path) for path, one in document["paths"].items() for m in one}
    assert described == {
        *{("GET", f"/{path}") for path in ("", "healthz", "readyz", "metrics", "openapi.json")},
        *{("GET", f"/api/v1/{path}") for path in ("images", "trash", "me", "timeline", "facets")},
        *{("GET", "/api/v1/me/links"), ("POST", "/api/v1/me/links")},
        *{("DELETE", "/api/v1/me/links/{id}"), ("POST", "/api/v1/me/recover")},
        *{("POST", f"/api/v1/storage/{path}") for path in ("presign-put", "confirm")},
        ("PUT", "/api/v1/storage/uploads/{token}"),
        *{("GET", f"/api/v1/admin/{path}") for path in ("users", "images")},
        *{("GET", f"/api/v1/admin/{path}") for path in ("health", "jobs", "usage")},
        *{("GET", f"/api/v1/{drawer}") for drawer in ("inputs", "controls")},
        *{("GET", path) for path in ("/api/v1/images/{id}", "/outputs/{key}")},
        *{("PATCH", "/api/v1/images/{id}"), ("POST", "/api/v1/images")},
        *{("POST", f"/api/v1/images/{{id}}/{verb}") for verb in ("delete", "restore", "purge")},
        *{("POST", f"/api/v1/admin/images/{{id}}/{verb}") for verb in ("delete", "restore")},
        *{("POST", f"/api/v1/{path}") for path in ("trash/empty", "admin/purge-trash")},
        *{("POST", "/api/v1/images/bulk"), ("POST", "/api/v1/ops/{id}/undo")},
        *{("GET", "/api/v1/ops/{id}"), ("GET", "/api/v1/events")},
        *{
            ("POST", f"/api/v1/{drawer}/{path}")
            for drawer in ("inputs", "controls")
            for path in ("upload", "copy", "{id}/delete", "{id}/restore")
        },
    }
    ids = [
        operation["operationId"] for one in document["paths"].values() for operation in one.values()
    ]
    assert len(set(ids)) == len(ids)


async def test_every_reference_of_the_document_leads_somewhere(site: Site) -> None:
    async with site.client() as client:
        document = (await client.get("/openapi.json")).json()

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if "$ref" in part else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    schemas = document["components"]["schemas"]
    found = references(document)
    assert found
    assert {name.rpartition("/")[2] for name in found} <= schemas.keys()
    assert {name.rpartition("/")[0] for name in found} == {"#/components/schemas"}


@pytest.mark.parametrize("path", ["/api/v2/images", "/api/v1", "/api/v1/images/", "/assets/", "/x"])
async def test_an_unknown_path_is_a_problem(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status_code == 404
    refused(answer, 404, answer.json()["code"])
    assert answer.json()["code"] in ("unknown_path", "unknown_image", "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/images", {"GET", "HEAD", "POST"}),
        ("PUT", f"/api/v1/images/{'a' * 32}", {"GET", "HEAD", "PATCH"}),
        ("GET", "/api/v1/trash/empty", {"POST"}),
        ("POST", "/outputs/users/x", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("OPTIONS", "/api/v1/me", {"GET", "HEAD"}),
        ("PROPFIND", "/", {"GET", "HEAD"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    visitor: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await visitor.request(method, path)
    refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/api/v1/images", "/api/v1/trash", "/outputs/users/a/2026/01/01"])
async def test_a_fault_of_the_server_is_a_problem_that_tells_nothing(
    site: Site, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(site.app.library, "page", broken)
    monkeypatch.setattr(site.app.identity, "visitor", broken)
    answer = await visitor.get(path)
    refused(answer, 500, "internal")
    assert "secret" not in answer.text
    counts = await counted(visitor)
    assert sum(n for (_, _, status), n in counts.items() if status == "500") == 1


async def test_a_call_that_would_block_the_event_loop_raises(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    """So the other tests of this package would fail if one did."""
    for blocking in (
        lambda: site.app.library.blobs.read("users/a/2026/01/01/x.png"),
        lambda: site.app.library.catalog.lock("member-1").__enter__(),
        site.app.library.blobs.spool,
    ):
        with pytest.raises(Exception, match="Blocking call"):
            blocking()
