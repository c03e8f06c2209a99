"""``gallery bucket init``: a bucket fit for a library, as far as its server supports it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gallery.blobs.s3.bucket import Step, Wanted, init, of_environment
from gallery.blobs.s3.client import Place
from gallery.errors import StartRefused, Unavailable
from tests.cli import command
from tests.http.server import environment
from tests.services.documented import documented
from tests.services.proxy import Fault, Proxy, request, status
from tests.services.s3 import Store

WANTED = Wanted(origin="https://gallery.example.org", cold_days=90)


def run(store: Store, tmp_path: Path, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        command("bucket", "init", *arguments), cwd=tmp_path, text=True, timeout=60,
        env=environment(tmp_path, **settings) | store.variables(),
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def steps(store: Store) -> list[Step]:
    return list(init(store.client, Place.parse(store.url), WANTED))


STEPS = {
    "Swift": [
        Step("bucket", "was so"),
        Step("no public access", "not supported", "NotImplemented"),
        Step("versions kept", "made"),
        Step("encryption", "not supported", "MalformedXML"),
        Step("access from the site", "not supported", "NotImplemented"),
        Step("removal by age", "not supported", "it does not tell what is set"),
        Step("cold storage", "not supported", "it does not tell what is set"),
    ],
    "Ceph RGW": [
        Step("bucket", "was so"),
        Step("no public access", "not supported", "nobody could write any more: taken back"),
        Step("versions kept", "made"),
        Step("encryption", "not supported", "InvalidArgument"),
        Step("access from the site", "made"),
        Step("removal by age", "made"),
        Step("cold storage", "not supported", "accepted, and not kept as it was sent"),
    ],
}


@pytest.mark.each_store
def test_what_a_server_does_not_support_is_named_and_left_out(store: Store) -> None:
    steps = list(init(store.client, Place.parse(store.url), WANTED))
    assert steps == STEPS[store.server.name]
    said = documented("step", store.server.name)
    assert [(s.name, s.outcome != "not supported") for s in steps] == [
        (name, cell.startswith("yes")) for name, cell in said.items()
    ]
    versions = store.client.get_bucket_versioning(Bucket=store.bucket)
    assert versions["Status"] == "Enabled"
    assert store.names() == []


@pytest.mark.each_store
def test_doing_it_again_changes_nothing(store: Store) -> None:
    place = Place.parse(store.url)
    first, second = (list(init(store.client, place, WANTED)) for _ in range(2))
    assert [(s.name, s.outcome) for s in second] == [
        (s.name, "was so" if s.outcome == "made" else s.outcome) for s in first
    ]


@pytest.mark.each_store
def test_a_site_that_was_only_let_read_is_let_put(store: Store) -> None:
    step = "access from the site"
    outcomes = {step.name: step.outcome for step in steps(store)}
    if outcomes[step] == "not supported":
        return
    read: Any = {"AllowedOrigins": [WANTED.origin], "AllowedMethods": ["GET"]}
    other: Any = {"AllowedOrigins": ["https://other.example.org"], "AllowedMethods": ["GET"]}
    store.client.put_bucket_cors(
        Bucket=store.bucket, CORSConfiguration={"CORSRules": [read, other]}
    )
    assert [s.outcome for s in steps(store) if s.name == step] == ["made"]
    rules = store.client.get_bucket_cors(Bucket=store.bucket)["CORSRules"]
    assert [rule["AllowedOrigins"] for rule in rules] == [
        other["AllowedOrigins"],
        [WANTED.origin],
    ]
    assert "PUT" in rules[1]["AllowedMethods"]


def test_a_bucket_of_an_environment_bears_its_name(store: Store, tmp_path: Path) -> None:
    said = run(store, tmp_path, "--environment", "stage", blobs=store.url)
    lines = said.splitlines()
    assert lines[0] == "bucket: made"
    assert "access from the site: left out (GALLERY_PUBLIC_ORIGIN is not set)" in lines
    assert lines[-1] == f"GALLERY_BLOBS=s3://stage-{store.bucket}/pictures"
    assert store.client.head_bucket(Bucket=f"stage-{store.bucket}")
    again = run(store, tmp_path, "--environment", "stage", blobs=lines[-1].partition("=")[2])
    assert again.splitlines()[0] == "bucket: was so"


def test_an_environments_bucket_is_not_taken_for_another() -> None:
    place = Place("bucket", "x/")
    assert of_environment(place, None) == place
    assert of_environment(place, "dev") == Place("dev-bucket", "x/")
    assert of_environment(Place("dev-bucket", "x/"), "dev") == Place("dev-bucket", "x/")
    with pytest.raises(StartRefused, match="not a bucket of prod"):
        of_environment(Place("dev-bucket", "x/"), "prod")


def test_without_a_bucket_there_is_nothing_to_make(tmp_path: Path) -> None:
    done = subprocess.run(
        command("bucket", "init"), cwd=tmp_path, env=environment(tmp_path), text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "gallery: GALLERY_BLOBS names no bucket\n")


def far(store: Store, proxy: Proxy, tmp_path: Path) -> Iterator[Step]:
    client = store.blobs(tmp_path, port=proxy.port).connect()
    return init(client, Place.parse(store.url), WANTED)


def test_a_step_that_is_forbidden_is_no_step_that_is_unsupported(
    store: Store, proxy: Proxy, tmp_path: Path
) -> None:
    with (
        proxy.broken(Fault(request("PUT", "versioning"), answer=status(403, "Forbidden"))),
        pytest.raises(Unavailable, match="versions kept"),
    ):
        list(far(store, proxy, tmp_path))


def test_a_step_after_which_nobody_can_write_is_taken_back(
    store: Store, proxy: Proxy, tmp_path: Path
) -> None:
    with proxy.broken(Fault(request("PUT", ".gallery/tmp"), answer=status(403, "Forbidden"))):
        steps = {step.name: step for step in far(store, proxy, tmp_path)}
    assert steps["versions kept"].outcome == "not supported"
    assert "taken back" in steps["versions kept"].why
    versions = store.client.get_bucket_versioning(Bucket=store.bucket)
    assert versions["Status"] == "Suspended"


THEIR_AGE: Any = {
    "ID": "accounting",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 90},
}
THEIR_SITE: Any = {"AllowedOrigins": ["https://other.example.org"], "AllowedMethods": ["GET"]}
FAILED = {
    "busy": Fault(answer=status(503)),
    "cut": Fault(closed_after=30),
    "a page": Fault(answer=status(200, "OK", b"<html>a portal</html>")),
}


@pytest.mark.each_store
@pytest.mark.parametrize("fault", FAILED.values(), ids=FAILED)
def test_the_rules_of_others_stay_when_they_cannot_be_read(
    store: Store, proxy: Proxy, tmp_path: Path, fault: Fault
) -> None:
    if store.server.name == "Swift":
        return  # has no such rules
    client = store.client
    where: Any = {"Bucket": store.bucket}
    client.put_bucket_cors(**where, CORSConfiguration={"CORSRules": [THEIR_SITE]})
    client.put_bucket_lifecycle_configuration(
        **where, LifecycleConfiguration={"Rules": [THEIR_AGE]}
    )
    for setting in ("?cors", "?lifecycle"):
        with proxy.broken(replace(fault, when=all_but_the_first(request("GET", setting)))):
            with suppress(Unavailable):
                list(far(store, proxy, tmp_path))
            assert proxy.befallen > 0
        assert client.get_bucket_cors(**where)["CORSRules"][0] == THEIR_SITE
        rules = client.get_bucket_lifecycle_configuration(**where)["Rules"]
        assert "accounting" in [rule["ID"] for rule in rules]


def all_but_the_first(is_it: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    asked = 0

    def is_later(first: bytes) -> bool:
        nonlocal asked
        asked += is_it(first)
        return is_it(first) and asked > 1

    return is_later
