"""The commands of a move as an operator meets them, on real stores."""

from __future__ import annotations

import fcntl
import json
import re
import signal
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from botocore.exceptions import ClientError

import migrate.__main__
from gallery.blobs.s3_client import PATIENCE, Place, new_client
from gallery.blobs.s3_place import S3Place
from gallery.findings import skew, tried
from gallery.library import Library
from tests import databases, services
from tests.http.server import served
from tests.migrate.moves import fill
from tests.migrate.operator import ROOT, Operator, to_services
from tests.samples import OTHER, OWNER, eventually, ident, pixels, upload
from tests.services.proxy import Proxy
from tests.services.s3 import Store

IMAGES = 6


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = to_services(tmp_path)
    with services.s3().reached():
        with closing(operator.opened(operator.here)) as library:
            fill(library, IMAGES)
        yield operator


def _here(operator: Operator) -> closing[Library]:
    return closing(operator.opened(operator.here))


def _states(found: Any) -> dict[str, str]:
    return {one["what"]: one["state"] for one in found["findings"]}


def _brought() -> dict[str, str]:
    """The commands that the package brings, as they will be when it is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["entry-points"]["gallery.commands"])


def test_the_package_brings_the_commands() -> None:
    ((name, value),) = _brought().items()
    assert name == "migrate"
    assert EntryPoint(name, value, "gallery.commands").load() is migrate.__main__.cli


def test_every_command_explains_itself_and_answers_programs() -> None:
    cli = migrate.__main__.cli
    assert isinstance(cli, click.Group)
    for name, command in cli.commands.items():
        assert command.help
        assert "as_json" in {parameter.name for parameter in command.params}, name


def test_the_package_and_the_program_have_the_same_commands(operator: Operator) -> None:
    installed = operator.root / "installed"
    about = installed / "gallery-9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gallery\nVersion: 9\n")
    ((name, value),) = _brought().items()
    (about / "entry_points.txt").write_text(f"[gallery.commands]\n{name} = {value}\n")
    for program in (["migrate"], ["gallery", "migrate"]):
        done = operator.types_in_a_shell(*program, "plan", "--json", path=str(installed))
        assert json.loads(done.stdout)["images"] == IMAGES, done.stderr
        wrong = [*program, "copy", "--plan", "0" * 12, "--json"]
        refused = operator.types_in_a_shell(*wrong, path=str(installed))
        assert (refused.returncode, refused.stdout) == (2, "")
        (line,) = refused.stderr.splitlines()
        assert re.fullmatch(
            "gallery: the plan is [0-9a-f]{12} now, not 0{12}: look at it again", line
        )


def test_a_whole_move_and_each_step_once_more(operator: Operator) -> None:
    assert operator.told("status")["phase"] == "not planned"
    plan = operator.told("plan")
    assert (plan["images"], len(plan["owners"]), plan["anomalies"]) == (IMAGES, 2, [])
    assert plan["reading"] > 0
    assert plan["writing"] > 0
    assert operator.told("status")["phase"] == "planned"
    again = operator.told("plan")
    assert operator.told("copy", "--plan", again["digest"])["outcomes"] == {"copied": IMAGES}
    assert operator.told("copy", "--plan", again["digest"])["outcomes"] == {}
    with _here(operator) as library:
        library.trash(OWNER, ident(1))
    lag = operator.told("status")["lag"]
    assert (lag["changes"], lag["why"]) == (1, None)
    assert operator.told("follow")["changes"] == 1
    assert operator.told("follow")["changes"] == 0
    told = operator.told("verify")
    assert told["root"] == told["target_root"]
    there = operator.told("cutover")
    assert there["turned"]
    assert not operator.told("cutover")["turned"]
    status = operator.told("status")
    assert (status["phase"], status["turns"]) == ("turned, in grace", 1)
    assert status["verify"]["exit_code"] == 0
    assert operator.told("rollback")["turned"]
    assert operator.told("status")["phase"] == "following"


def test_a_person_reads_lines(operator: Operator) -> None:
    said = operator.types("plan").stdout
    assert f"all: {IMAGES:9} images" in said
    digest = said.split()[-1]
    assert said.endswith(f"to copy it: gallery migrate copy --plan {digest}\n")
    copied = operator.types("copy", "--plan", digest)
    assert copied.stdout == f"{IMAGES} copied\n"
    assert f"copied: {IMAGES} images of {IMAGES}, " in copied.stderr
    assert operator.types("verify").stdout.startswith(
        f"={IMAGES} *0 +0 -0 !0; {2 * IMAGES} hashed\n"
    )
    assert "phase: following, 0 changes and 0 s behind" in operator.types("status").stdout


def test_what_cannot_be_done_is_one_line(operator: Operator) -> None:
    assert "make a plan first" in operator.refused("copy", "--plan", "0" * 12)
    operator.told("plan")
    assert "look at it again" in operator.refused("copy", "--plan", "0" * 12)
    assert "copy is what makes it" in operator.refused("follow")
    assert "copy is what makes it" in operator.refused("verify")
    assert "is nobody's name" in operator.refused("verify", "--owner", "../kim")
    assert "name both" in operator.refused("plan", next_blobs="file:")


def test_a_command_that_waits_can_be_told_to_stop_and_typed_again(operator: Operator) -> None:
    assert operator.told("pause") == {"paused": True}
    with operator.typing("plan", "--json") as process:
        eventually(lambda: operator.told("status")["at_work"], 20)
        assert operator.told("status")["paused"]
        assert "another process works" in operator.refused("plan")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines() == ["gallery: it was stopped; the same command goes on with it"]
    assert operator.told("resume") == {"paused": False}
    assert operator.told("plan")["images"] == IMAGES


def test_a_part_can_be_copied_first(operator: Operator) -> None:
    digest = operator.told("plan")["digest"]
    part = operator.told("copy", "--plan", digest, "--owner", OTHER)["outcomes"]
    status = operator.told("status")
    assert (status["phase"], status["lag"]) == ("copying", None)
    assert 0 < status["copied"] < 100
    operator.told("verify", "--owner", OTHER)
    assert operator.told("verify", code=1)["signs"]["+"] == IMAGES - part["copied"]
    rest = operator.told("copy", "--plan", digest)["outcomes"]
    assert rest["copied"] == IMAGES - part["copied"]
    assert operator.told("status")["phase"] == "following"


# -- preflight ------------------------------------------------------------------------------


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
    states = _states(found)
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
    states = _states(found)
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
    states = _states(found)
    assert states["the bucket answers"] == states["the database answers"] == "failed"
    todo = {one["what"]: one["todo"] for one in found["findings"]}
    assert "gallery bucket init" in todo["the bucket answers"]


def test_a_way_from_services_to_files_is_looked_at_as_well(tmp_path: Path) -> None:
    operator = to_services(tmp_path)
    operator.here, operator.there = operator.there, operator.here
    with services.s3().reached():
        with _here(operator) as library:
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
        states = _states(operator.told("preflight", code=1))
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
    assert _states(found)["its version and encoding"] == "failed"


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
        states = _states(operator.told("preflight"))
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
        assert _states(operator.told("preflight"))["server process 7"] == "warning"
        assert "the server process 7 is not ready" in operator.refused("cutover")
    assert operator.told("cutover")["turned"]


def _processes(operator: Operator) -> dict[int, Any]:
    return {one["pid"]: one for one in operator.told("status")["processes"]}


# -- the plan, once more --------------------------------------------------------------------


def test_what_changed_between_two_plans_is_brought(operator: Operator) -> None:
    operator.copied()
    with _here(operator) as library:
        library.edit(OWNER, ident(1), tags=("between",))
        library.trash(OWNER, ident(2))
        library.purge(OWNER, ident(2))
    digest = operator.told("plan")["digest"]
    operator.told("copy", "--plan", digest)
    operator.told("follow")
    operator.told("verify")


def test_what_the_feed_forgot_is_brought_by_another_plan_and_copy(operator: Operator) -> None:
    operator.copied()
    with _here(operator) as library:
        library.edit(OWNER, ident(1), tags=("between",))
        library.trash(OWNER, ident(2))
        library.purge(OWNER, ident(2))
        upload(library, pixels(9), id=ident(9))
    for segment in (operator.root / "manifests" / "feed").iterdir():
        segment.unlink()
    assert "make a plan and copy once more" in operator.refused("follow")
    operator.copied()
    operator.told("follow")
    operator.told("verify")


def test_a_move_that_was_made_is_not_planned_again_by_mistake(operator: Operator) -> None:
    operator.copied()
    operator.told("cutover")
    assert "this move is made" in operator.refused("plan")


def test_thousands_of_owners_are_ten_lines(operator: Operator) -> None:
    with _here(operator) as library:
        for n in range(20):
            upload(library, pixels(n), owner=f"owner-{n}", id=ident(100 + n))
    said = operator.types("plan").stdout.splitlines()
    assert sum(line.startswith("owner ") for line in said) == 11
    assert any(line.endswith("… and 12 more, all in plan.json") for line in said)


# -- from a bucket to another ---------------------------------------------------------------


def _keys(store: Store) -> dict[str, str]:
    etags = store.etags()
    return {key: etag for key, etag in etags.items() if key.startswith("users/")}


def _between(root: Path, old: Store, to: str) -> Operator:
    here, there = databases.database().create(), databases.database().create()
    return Operator(root, (old.url, here), (to, there))


def _moves(operator: Operator, old: Store, new: Store) -> None:
    with old.reached():
        with _here(operator) as library:
            fill(library, IMAGES)
        assert _states(operator.told("preflight"))["the bucket answers"] == "ok"
        operator.copied()
        with _here(operator) as library:
            library.edit(OWNER, ident(1), tags=("late",))
            library.trash(OWNER, ident(2))
            library.purge(OWNER, ident(2))
        assert operator.told("follow")["changes"] == 3
        assert operator.told("cutover")["lives"].startswith(operator.there[0])
        operator.told("verify")
    assert len(_keys(new)) == 3 * (IMAGES - 1)
    assert _keys(new) == _keys(old)


def test_a_library_moves_from_a_bucket_to_another_with_its_keys(tmp_path: Path) -> None:
    old, new = services.s3(), services.s3()
    _moves(_between(tmp_path, old, new.url), old, new)


def test_the_other_bucket_may_have_an_endpoint_and_keys_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = services.s3(), services.s3()
    proxy = Proxy(new.server.port)
    config = tmp_path / "aws"
    config.write_text(
        f"[profile other]\nregion = {new.server.region}\n"
        f"endpoint_url = http://127.0.0.1:{proxy.port}\n"
        f"aws_access_key_id = {new.server.access_key}\n"
        f"aws_secret_access_key = {new.server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with closing(proxy):
        _moves(_between(tmp_path, old, new.url.replace("s3://", "s3://other@")), old, new)
        with old.reached():
            client = new_client(PATIENCE, connections=1, profile="other")
            assert client.meta.endpoint_url == f"http://127.0.0.1:{proxy.port}"
            assert new_client(PATIENCE, connections=1).meta.endpoint_url != client.meta.endpoint_url
