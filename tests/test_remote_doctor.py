"""The doctor of a library in a bucket and a database."""

from __future__ import annotations

import orjson
import pytest

from gallery.library import now_us
from tests.cli import Result
from tests.homes import Apart, fill
from tests.samples import OWNER, ident, plant, put, record
from tests.services.proxy import Proxy


def discrepancies(result: Result) -> set[tuple[str, str]]:
    return {(one["what"], one["name"]) for one in orjson.loads(result.stdout)["discrepancies"]}


def damage(apart: Apart) -> set[tuple[str, str]]:
    """Does one damage of each kind; gives what a doctor must say."""
    store = apart.store
    with apart.library() as library:
        gone, thumbless, shorter, spoiled, edited, lost, doomed, begun, alone = (
            put(library, n) for n in range(1, 10)
        )
        plant(library.blobs, record(20))
        for key in (gone.image, thumbless.thumb, lost.image, lost.thumb):
            library.blobs.delete(key)
        for one in (lost, alone, doomed):
            library.blobs.delete(one.folder.sidecar(one.id))
    store.drop(shorter.image, b"short")
    store.drop(spoiled.folder.sidecar(spoiled.id), b"{")
    text = store.read(edited.folder.sidecar(edited.id))
    edit = text.replace(b'"favorite": false', b'"favorite": true')
    store.drop(edited.folder.sidecar(edited.id), edit)
    store.drop(doomed.folder.mark(doomed.id, "purge"), b"{}")
    store.drop(begun.folder.mark(begun.id, "put"), b"{}")
    strays = [alone.folder.thumb(ident(77)), f"{alone.folder}/notes.txt"]
    strangers = ["readme.txt", "users/nobody", "users/Not an owner/a.png", "backups/2026/a.tar"]
    for name in (*strays, *strangers, f"users/{OWNER}/inbox/b.png"):
        store.drop(name, b"RIFF")
    planted = record(20)
    return {
        ("sidecar without image", gone.image),
        ("no thumbnail", thumbless.thumb),
        (f"5 bytes instead of {shorter.bytes}", shorter.image),
        ("the catalog knows another version", spoiled.folder.sidecar(spoiled.id)),
        ("the catalog knows another version", edited.folder.sidecar(edited.id)),
        ("in the catalog, but its files are gone", lost.image),
        ("left by a purge that did not end", doomed.folder.mark(doomed.id, "purge")),
        ("image without sidecar", doomed.image),
        ("left by a put that did not end", begun.folder.mark(begun.id, "put")),
        ("image without sidecar", alone.image),
        ("thumbnail without image", strays[0]),
        ("no name of ours", strays[1]),
        ("not in the catalog", planted.folder.sidecar(planted.id)),
        ("left in the inbox", f"users/{OWNER}/inbox/b.png"),
        ("no file of an owner", "readme.txt"),
        ("no file of an owner", "users/nobody"),
        ("no file of an owner", "users/Not an owner/"),
        ("no file of an owner", "backups/"),
    }


def test_a_doctor_names_every_discrepancy_of_a_bucket_and_a_database(apart: Apart) -> None:
    expected = damage(apart)
    names, rows = apart.store.names(), apart.rows()
    result = apart.run("doctor", "--json")
    assert (result.returncode, result.stderr) == (1, "")
    found = discrepancies(result)
    assert {one for one in found if not one[0].startswith("damaged sidecar")} == expected
    [(what, _)] = found - expected
    assert what.startswith("damaged sidecar")
    assert (apart.store.names(), apart.rows()) == (names, rows)


def test_a_doctor_who_finds_nothing_there_says_so_and_one_who_cannot_tell_too(
    apart: Apart,
) -> None:
    fill(apart)
    found = apart.run("doctor")
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, "0 discrepancies")
    proxy = Proxy(apart.store.server.port)
    with proxy.cut(), apart.store.reached(proxy.port):
        away = apart.run("doctor")
    proxy.close()
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr.startswith("gallery: ")
    assert len(away.stderr.splitlines()) == 1


def test_what_no_rule_removed_in_its_time_is_left_over(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ".gallery/tmp/upload"
    apart.store.drop(name, b"never confirmed")
    later = now_us() / 1e6 + 8 * 86_400 + 60
    blobs = apart.store.blobs(apart.root / "incoming")
    blobs.start()
    assert list(blobs.leftovers()) == []
    monkeypatch.setattr("time.time", lambda: later)
    assert list(blobs.leftovers()) == [name]
    blobs.close()
