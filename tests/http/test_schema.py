"""The document of the API holds what it says: requests made up from it, checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gallery.api import openapi
from gallery.app import App
from gallery.settings import Settings
from tests import images
from tests.homes import Home
from tests.http.server import Server
from tests.http.site import ADMIN_TOKEN

EXAMPLES = 25
DOCUMENT = openapi.document(App(Settings.model_construct()).routing.operations)
schema = from_dict(DOCUMENT)
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(shared_home: Home) -> Iterator[Server]:
    with shared_home.served(body_seconds=2) as server:
        yield server
        assert "Traceback" not in server.logged()


@dataclass
class Visitor:
    """Somebody with a few images, one of them in the trash, and an operation that has the id of
    an image."""

    cookie: str
    ids: Iterator[str]


@pytest.fixture(scope="module")
def visitor(server: Server) -> Visitor:
    with server.client() as client:
        ids = []
        for number in range(4):
            files = {"file": ("a.png", images.png(seed=number))}
            ids.append(client.post("/api/v1/images", files=files).json()["id"])
        client.post(f"/api/v1/images/{ids[0]}/delete")
        change = {"ids": ids, "action": "favorite", "op": ids[1]}
        client.post("/api/v1/images/bulk", json=change)
        return Visitor(client.cookies["anon_id"], cycle([*ids, "f" * 32]))


def checked(case: Case[Any], url: str, visitor: Visitor, **sent: Any) -> None:
    """Sends the request, about an image that is there, and checks the answer. That whatever
    the document allows is taken cannot be asked of files and their sizes, cursors, times and
    time zones, which it cannot describe."""
    meant = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if meant and "id" in case.path_parameters:
        case.path_parameters["id"] = next(visitor.ids)
    parameters = {parameter.name for parameter in case.operation.query}
    vague = parameters & {"cursor", "tz"} or "multipart/form-data" in str(case.media_type)
    # A filter has a time zone, an announcement a size, and what is said of an image a time.
    vague = vague or case.operation.path.endswith(("/bulk", "/presign-put", "/confirm"))
    excluded: list[Any] = [positive_data_acceptance] if vague else []
    case.call_and_validate(url, excluded_checks=excluded, **sent)


# Event streams do not end: they have tests of their own.
@schema.exclude(path_regex="/admin/|/events").parametrize()
@few
def test_visitors_are_answered_as_the_document_says(
    case: Case[Any], server: Server, visitor: Visitor
) -> None:
    checked(case, server.url, visitor, cookies={"anon_id": visitor.cookie})


@schema.include(path_regex="/admin/").parametrize()
@few
def test_administrators_are_answered_as_the_document_says(
    case: Case[Any], server: Server, visitor: Visitor
) -> None:
    checked(case, server.url, visitor, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})


def test_the_document_that_is_served_is_this_one_and_valid(server: Server) -> None:
    assert httpx.get(f"{server.url}/openapi.json").json() == DOCUMENT
    schema.validate()
