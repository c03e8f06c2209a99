"""A library moves from a bucket to another."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gallery.blobs.s3.client import PATIENCE, new_client
from tests import databases, services
from tests.migrate.moves import fill
from tests.migrate.operator import IMAGES, Operator, states_of
from tests.samples import OWNER, ident
from tests.services.proxy import Proxy
from tests.services.s3 import Store


def _keys(store: Store) -> dict[str, str]:
    etags = store.etags()
    return {key: etag for key, etag in etags.items() if key.startswith("users/")}


def _between(root: Path, old: Store, to: str) -> Operator:
    here, there = databases.database().create(), databases.database().create()
    return Operator(root, (old.url, here), (to, there))


def _moves(operator: Operator, old: Store, new: Store) -> None:
    with old.reached():
        with operator.library() as library:
            fill(library, IMAGES)
        assert states_of(operator.told("preflight"))["the bucket answers"] == "ok"
        operator.copied()
        with operator.library() as library:
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


@pytest.mark.parametrize("what", ["bucket", "database"])
def test_a_store_that_is_named_twice_is_refused_by_its_name(tmp_path: Path, what: str) -> None:
    old = services.s3()
    operator = _between(tmp_path, old, services.s3().url)
    with old.reached():
        with operator.library():
            pass
        if what == "bucket":
            twice = {"next_blobs": f"{old.url}/"}
        else:
            twice = {"next_catalog": operator.here[1].replace("postgresql://", "postgres://")}
        assert "name both" in operator.refused("plan", **twice)


def test_a_store_that_is_named_twice_is_refused_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a cleanup would take what the library lives on for what it left."""
    old, new = services.s3(), services.s3()
    config = tmp_path / "aws"
    config.write_text(
        f"[profile alias]\nregion = {old.server.region}\n"
        f"endpoint_url = http://localhost:{old.server.port}\n"
        f"aws_access_key_id = {old.server.access_key}\n"
        f"aws_secret_access_key = {old.server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    operator = _between(tmp_path, old, new.url)
    with old.reached():
        with operator.library() as library:
            fill(library, IMAGES)
        before = old.names()
        named: list[tuple[dict[str, Any], str]] = [
            ({"next_blobs": old.url.replace("s3://", "s3://alias@")}, "are one place"),
            ({"next_catalog": f"{operator.here[1]}&application_name=alias"}, "are one database"),
        ]
        for twice, why in named:
            run = ("--run", why)
            digest = operator.told("plan", *run, **twice)["digest"]
            assert why in operator.refused("copy", "--plan", digest, *run, **twice)
        assert old.names() == before
        assert _keys(new) == {}
        operator.copied()
        operator.told("cutover")


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
