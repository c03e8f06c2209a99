"""After the turn: what is owed to where the library lived before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery import commands, generation
from gallery.errors import Moved
from gallery.generation import Generation, Stores
from gallery.settings import load
from tests import images
from tests.http.fleet import LIST, Person
from tests.http.server import Server
from tests.migrate.after import Living, purged, reached
from tests.samples import eventually, put

SECONDS = 30.0
TESTS = 8
"""That want a person."""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with reached(tmp_path_factory.mktemp("moved")) as moved:
        yield moved


@pytest.fixture(scope="module")
def server(moved: Living) -> Iterator[Server]:
    """Of a library that was moved to the bucket."""
    with moved.served() as server:
        yield server


@pytest.fixture(scope="module")
def people(moved: Living, server: Server) -> Iterator[list[Person]]:
    """They have three images each, which were moved."""
    people = [Person([server]) for _ in range(TESTS)]
    for person in people:
        for _ in range(3):
            person.upload(0)
    moved.move()
    yield list(people)
    for person in people:
        person.close()


@pytest.fixture
def person(people: list[Person]) -> Person:
    """One of them, for this test alone."""
    return people.pop()


def _metric(server: Server, name: str) -> float:
    with server.client() as client:
        text = client.get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    return float(lines[name])


# -- purges -------------------------------------------------------------------------------------


def test_what_is_purged_goes_from_the_old_tree_too(moved: Living, person: Person) -> None:
    assert len(moved.files(next(iter(person.told)))) == 3
    id = purged(person)
    eventually(lambda: moved.files(id) == [], SECONDS)
    assert moved.objects(id) == []
    for other in person.told:
        assert len(moved.files(other)) == 3
    moved.ok("follow")
    assert moved.ok("verify", "--owner", person.owner)["signs"]["="] == 2


# -- fallback reads -----------------------------------------------------------------------------


def test_a_lost_original_is_read_where_it_was_before_and_counted(
    moved: Living, server: Server, person: Person
) -> None:
    before = _metric(server, "gallery_fallback_reads_total")
    record: Any = next(iter(person.told.values()))
    moved.store.remove(record["url"].removeprefix("/outputs/"))
    person.sees(0, record["id"])
    eventually(lambda: _metric(server, "gallery_fallback_reads_total") == before + 1)
    assert "is lost: it was read where the library lived before" in server.logged()
    part = person.clients[0].get(record["url"], headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, images.png(seed=record["seed"])[2:6])


def test_another_body_is_never_given_for_it(moved: Living, person: Person) -> None:
    record: Any = next(iter(person.told.values()))
    key = record["url"].removeprefix("/outputs/")
    moved.store.remove(key)
    (moved.outputs / key).write_bytes(b"another")
    assert person.clients[0].get(record["url"]).status_code == 404


def test_nothing_is_read_of_an_image_that_was_purged(
    moved: Living, server: Server, person: Person
) -> None:
    before = _metric(server, "gallery_fallback_reads_total")
    kept = {path: path.read_bytes() for id in person.told for path in moved.files(id)}
    id = purged(person)
    eventually(lambda: moved.files(id) == [], SECONDS)
    for path, body in kept.items():
        path.write_bytes(body)
    assert person.clients[0].get(person.gone[id]["url"]).status_code == 404
    assert _metric(server, "gallery_fallback_reads_total") == before


# -- what is dropped ----------------------------------------------------------------------------


def test_an_image_dropped_at_a_key_is_taken_into_the_bucket(moved: Living, person: Person) -> None:
    id, body = "0f" * 16, images.png(seed=77)
    path = moved.dropped(f"users/{person.owner}/inputs/2026/03/14/{id}.png", body)
    eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
    record = person.get(0, f"{LIST}/{id}")
    assert record["kind"] == "input"
    assert record["url"] == f"/outputs/{path.relative_to(moved.outputs)}"
    assert person.clients[0].get(record["url"]).content == body
    assert person.clients[0].get(record["thumb_url"]).status_code == 200
    eventually(lambda: moved.files(id, "") == [], SECONDS)
    assert moved.ok("follow")["changes"] > 0
    assert path.read_bytes() == body
    assert moved.ok("verify", "--owner", person.owner)["signs"]["="] == 4


def test_one_with_a_sidecar_keeps_what_that_says(moved: Living, person: Person) -> None:
    id, place = "0e" * 16, f"users/{person.owner}/2026/03/14/"
    sample = next(iter(person.told))
    (sidecar,) = (path for path in moved.files(sample) if path.suffix == ".json")
    said = orjson.loads(sidecar.read_bytes()) | {
        "id": id,
        "created_at": "2026-03-14T01:02:03.000000Z",
        "thumb": f"{place}thumb/{id}.webp",
        "prompt": "as it was said",
    }
    moved.dropped(f"{place}{id}.json", orjson.dumps(said))
    moved.dropped(f"{place}{id}.png", images.png(seed=person.told[sample]["seed"]))
    eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
    record = person.get(0, f"{LIST}/{id}")
    assert (record["prompt"], record["created_at"]) == (said["prompt"], said["created_at"])
    eventually(lambda: moved.files(id, "") == [], SECONDS)


def test_what_is_no_image_stays_where_it_is(moved: Living, person: Person) -> None:
    place = f"users/{person.owner}/2026/03/14/"
    path = moved.dropped(f"{place}{'0b' * 16}.png", b"\x89PNG\r\n\x1a\n IEND\xaeB`\x82")
    one = "0a" * 16
    moved.dropped(f"{place}{one}.png", images.png(seed=81))
    eventually(lambda: person.clients[0].get(f"{LIST}/{one}").status_code == 200, SECONDS)
    assert path.exists()
    assert person.clients[0].get(f"{LIST}/{'0b' * 16}").status_code == 404


# -- commands -----------------------------------------------------------------------------------


def test_commands_work_where_the_library_lives(moved: Living, person: Person) -> None:
    folder = moved.root / "past"
    folder.mkdir()
    (folder / "one.png").write_bytes(images.png(seed=90))
    done = moved.run("import", str(folder), "--owner", person.owner, module="gallery")
    assert done.returncode == 0, done.stderr.decode()
    assert len(person.get(0, LIST)["items"]) == 4


def test_one_that_was_begun_before_the_turn_changes_nothing_after_it(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    settings = load(outputs=outputs, manifests=tmp_path / "manifests")
    with commands.opened(settings) as library:
        put(library, 1)
        record = generation.record_of(settings)
        record.write(Generation(1, Stores("s3://there/x", "postgresql://there/x")))
        with pytest.raises(Moved):
            put(library, 2)
        record.write(Generation(2, Stores.of(settings)))
        put(library, 2)
