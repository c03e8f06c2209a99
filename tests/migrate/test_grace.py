"""After the turn: what is owed to where the library lived before."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.migrate.after import Living, purged
from tests.samples import eventually, put

SECONDS = 30.0
TESTS = 8
"""That want a person."""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Living]:
    """A library that has not moved yet."""
    with _living(tmp_path) as living:
        yield living


@contextmanager
def _living(folder: Path) -> Iterator[Living]:
    living = Living(folder)
    with living.store.reached():
        yield living


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with _living(tmp_path_factory.mktemp("moved")) as living:
        yield living


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


def test_what_is_purged_after_a_way_back_goes_from_the_bucket_too(fresh: Living) -> None:
    id, body = "0f" * 16, images.png(seed=77)
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        path = _dropped(fresh, f"users/{person.owner}/2026/03/14/{id}.png", body)
        eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        record = person.get(0, f"{LIST}/{id}")
        fresh.turn("rollback")
        assert person.get(0, f"{LIST}/{id}") == record
        assert path.read_bytes() == body
        gone = purged(person)
        eventually(lambda: fresh.objects(gone) == [], SECONDS)
        assert fresh.files(gone) == []
        assert len(fresh.objects(next(iter(person.told)))) == 3
        assert fresh.rows("SELECT count(*) FROM images") == [(3,)]
        assert fresh.ok("verify")["signs"]["="] == 3


def test_a_process_that_is_killed_leaves_the_rest_to_the_next(fresh: Living) -> None:
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        id = purged(person)
        server.end(signal.SIGKILL)
    assert fresh.objects(id) == []
    with fresh.served():
        eventually(lambda: fresh.files(id) == [], SECONDS)
    assert {len(fresh.files(other)) for other in person.told} == {3}


def test_where_the_feed_no_longer_tells_the_months_are_compared(fresh: Living) -> None:
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        server.end(signal.SIGKILL)
    with fresh.served() as server, Person([server], person.owner) as again:
        again.told = dict(person.told)
        lost = """{"position": "no.1.position", "whole": true}"""
        fresh.rows(f"UPDATE notes SET body = '{lost}' WHERE name = 'purges.json' RETURNING 1")
        id = purged(again)
        eventually(lambda: fresh.files(id) == [], SECONDS)
        assert {len(fresh.files(other)) for other in again.told} == {3}


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


def _dropped(moved: Living, place: str, body: bytes) -> Path:
    """As a generator writes it: under another name first."""
    path = moved.outputs / place
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(".unfinished")
    unfinished.write_bytes(body)
    os.rename(unfinished, path)
    return path


def test_an_image_dropped_at_a_key_is_taken_into_the_bucket(moved: Living, person: Person) -> None:
    id, body = "0f" * 16, images.png(seed=77)
    path = _dropped(moved, f"users/{person.owner}/inputs/2026/03/14/{id}.png", body)
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
    _dropped(moved, f"{place}{id}.json", orjson.dumps(said))
    _dropped(moved, f"{place}{id}.png", images.png(seed=person.told[sample]["seed"]))
    eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
    record = person.get(0, f"{LIST}/{id}")
    assert (record["prompt"], record["created_at"]) == (said["prompt"], said["created_at"])
    eventually(lambda: moved.files(id, "") == [], SECONDS)


def test_what_is_purged_does_not_come_back_from_where_it_was_dropped(fresh: Living) -> None:
    id = "0d" * 16
    with fresh.served() as server, Person([server]) as person:
        person.upload(0)
        fresh.move()
        _dropped(fresh, f"users/{person.owner}/2026/03/14/{id}.png", images.png(seed=78))
        eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        person.told = {id: person.get(0, f"{LIST}/{id}")}
        assert purged(person) == id
        server.end(signal.SIGKILL)
    with fresh.served() as again, Person([again], person.owner) as later:
        name = "holiday.png"
        inboxed = _dropped(fresh, f"users/{person.owner}/inbox/{name}", images.png(seed=79))
        eventually(lambda: name in str(later.get(0, LIST)), SECONDS)
        eventually(lambda: not inboxed.exists(), SECONDS)
        assert later.clients[0].get(f"{LIST}/{id}").status_code == 404
        assert fresh.objects(id) == []


def test_what_a_process_that_was_killed_had_set_aside_is_taken_in(fresh: Living) -> None:
    id = "0c" * 16
    with fresh.served() as server, Person([server]) as person:
        person.upload(0)
        fresh.move()
        server.end(signal.SIGKILL)
    place = f".gallery/dropped/users/{person.owner}/2026/03/14/{id}.png"
    path = _dropped(fresh, place, images.png(seed=80))
    with fresh.served() as server, Person([server], person.owner) as later:
        eventually(lambda: later.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        eventually(lambda: not path.exists(), SECONDS)


def test_what_is_no_image_stays_where_it_is(moved: Living, person: Person) -> None:
    place = f"users/{person.owner}/2026/03/14/"
    path = _dropped(moved, f"{place}{'0b' * 16}.png", b"\x89PNG\r\n\x1a\n IEND\xaeB`\x82")
    one = "0a" * 16
    _dropped(moved, f"{place}{one}.png", images.png(seed=81))
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
