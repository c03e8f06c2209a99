"""What a preflight finds, and that it leaves nothing behind."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from gallery.blobs.s3.client import Place
from gallery.blobs.s3.place import S3Place
from gallery.findings import skew, tried
from tests import databases, services
from tests.http.server import served
from tests.migrate.moves import fill
from tests.migrate.operator import Operator, states_of, to_services
from tests.samples import eventually
from tests.services.s3 import Store


def _lies(operator: Operator) -> set[str]:
    """All that is there: files, and what the database has."""
    with psycopg.connect(operator.there[1]) as sql:
        tables = sql.execute("SELECT relname FROM pg_class WHERE relnamespace = 2200").fetchall()
    files = (path.relative_to(operator.root) for path in operator.root.rglob("*"))
    kept = {str(path) for path in files if "feed" not in path.parts}
    return kept | {name for (name,) in tables}


def test_a_preflight_finds_all_well_and_leaves_nothing(operator: Operator) -> None:
    store = _store(operator)
    store.keep_versions("Enabled")
    before = _lies(operator)
    found = operator.told("preflight")
    states = states_of(found)
    assert found["failed"] == 0, found
    for what in (
        "the library", "the bucket answers", "the clock of the store", "whose the bucket is",
        "an object can be put", "a part of it can be read", "earlier versions",
        "its version and encoding", "the clock of the database", "every key fits there",
    ):  # fmt: skip
        assert states[what] == "ok", found
    assert _lies(operator) - before == set()
    versions = store.client.list_object_versions(Bucket=store.bucket)
    assert not versions.keys() & {"Versions", "DeleteMarkers"}


def _store(operator: Operator) -> Store:
    """The bucket that the operator names."""
    store = services.s3()
    store.bucket = operator.there[0].split("/")[2]
    return store


def test_a_preflight_after_the_copy_finds_its_own_library(operator: Operator) -> None:
    operator.copied()
    found = operator.told("preflight")
    whose = {one["why"] for one in found["findings"] if one["what"].startswith("whose")}
    assert whose == {"this library's"}


def test_another_librarys_places_are_refused(operator: Operator, tmp_path: Path) -> None:
    stranger = Operator(tmp_path / "stranger", operator.there, operator.here)
    with closing(stranger.opened(operator.there)):
        found = operator.told("preflight", code=1)
    states = states_of(found)
    assert states["whose the bucket is"] == states["whose the database is"] == "failed"
    digest = operator.told("plan")["digest"]
    assert "of another library" in operator.refused("copy", "--plan", digest)


def test_a_bucket_is_not_marked_for_a_database_of_another_library(
    operator: Operator, tmp_path: Path
) -> None:
    stranger = Operator(tmp_path / "stranger", operator.there, operator.here)
    stranger.opened(("file:", operator.there[1])).close()
    digest = operator.told("plan")["digest"]
    assert "of another library" in operator.refused("copy", "--plan", digest)
    assert not [name for name in _store(operator).names() if "library.json" in name]


def test_a_preflight_names_what_is_away(operator: Operator) -> None:
    found = operator.told(
        "preflight", code=1, next_blobs="s3://nobody-made-this/x",
        next_catalog="postgresql://gallery@127.0.0.1:1/none",
    )  # fmt: skip
    states = states_of(found)
    assert states["the bucket answers"] == states["the database answers"] == "failed"
    todo = {one["what"]: one["todo"] for one in found["findings"]}
    assert "gallery bucket init" in todo["the bucket answers"]


def test_a_way_from_services_to_files_is_looked_at_as_well(tmp_path: Path) -> None:
    operator = to_services(tmp_path)
    operator.here, operator.there = operator.there, operator.here
    with services.s3().reached():
        with operator.library() as library:
            fill(library, 2)
        before = {str(path) for path in tmp_path.rglob("*")}
        found = operator.told("preflight")
        assert {str(path) for path in tmp_path.rglob("*")} - before == set()
        assert found["failed"] == 0, found
        assert {one["why"] for one in found["findings"] if one["what"].startswith("whose")} == {
            "nobody's yet: copy makes it this library's"
        }
        (tmp_path / "manifests").mkdir()
        other = '{"format":1,"library":"5d0c6a8e-3f57-4a1c-9a55-0c2f4b1d7e90"}'
        (tmp_path / "manifests" / "library.json").write_text(other)
        states = states_of(operator.told("preflight", code=1))
        assert states[f"whose {tmp_path}/manifests is"] == "failed"


@pytest.mark.each_store
def test_a_rule_that_removes_images_by_age_is_found(tmp_path: Path, store: Store) -> None:
    """Where a server knows such rules."""
    rule: Any = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": store.prefix}}
    rules: Any = {"Rules": [rule | {"Expiration": {"Days": 365}}]}
    expected = "failed"
    try:
        store.client.put_bucket_lifecycle_configuration(
            Bucket=store.bucket, LifecycleConfiguration=rules
        )
    except ClientError:
        expected = "warning"
    with store.reached():
        place = S3Place(Place.parse(store.url), None, presigned=True)
        with closing(place):
            found = {one.what: one.state for one in place.findings()}
    assert found["rules that remove by age"] == expected
    assert found["it can be removed"] == "ok"
    assert store.names() == []


@pytest.mark.parametrize(("seconds", "state"), [(-30, "ok"), (90, "warning"), (-3600, "failed")])
def test_clocks_that_differ_are_worth_a_word(seconds: float, state: str) -> None:
    assert tried("the clock", lambda: skew(seconds, "it")).state == state


def test_a_database_that_cannot_keep_korean_is_refused(operator: Operator) -> None:
    url = databases.database().create("ENCODING 'SQL_ASCII'")
    found = operator.told("preflight", code=1, next_catalog=url)
    assert states_of(found)["its version and encoding"] == "failed"


@contextmanager
def _present(outputs: Path, pid: int, **said: Any) -> Iterator[None]:
    """A server process says this of itself, as long as it lives."""
    path = outputs / ".gallery" / "processes" / f"{pid}-0123abcd"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps({"pid": pid, **said}))
        file.flush()
        yield
    path.unlink()


def test_each_server_process_is_named_with_what_it_is_ready_for(operator: Operator) -> None:
    blobs, catalog = operator.there
    with served(operator.root, next_blobs=blobs, next_catalog=catalog) as server:
        pid = server.process.pid
        eventually(lambda: "not this library's yet" in str(_processes(operator)[pid]["why"]), 20)
        states = states_of(operator.told("preflight"))
        assert states[f"server process {pid}"] == "ok"
        operator.copied()
        eventually(lambda: _processes(operator)[pid]["ready"], 20)
        (found,) = (f for f in operator.told("preflight")["findings"] if str(pid) in f["what"])
        assert found["why"] == "ready"
    assert _processes(operator) == {}


def test_a_process_that_knows_no_other_stores_keeps_the_library_where_it_is(
    operator: Operator,
) -> None:
    operator.copied()
    with _present(operator.root / "outputs", 7, ready=["file: and manifest:"]):
        assert not _processes(operator)[7]["ready"]
        assert states_of(operator.told("preflight"))["server process 7"] == "warning"
        assert "the server process 7 is not ready" in operator.refused("cutover")
    assert operator.told("cutover")["turned"]


def _processes(operator: Operator) -> dict[int, Any]:
    return {one["pid"]: one for one in operator.told("status")["processes"]}
